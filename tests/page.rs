//! The classroom page in Chromium: in one window, in several of one browser, and after a restart.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use serde_json::{Value, json};

use support::browser::Browser;
use support::curl::{get, post};
use support::{Server, metric, wait_until};
use wslab::transport::Transport;

mod support;

/// What the page's cards show.
const CARDS: &str = r"
    return [...document.querySelectorAll('section[data-transport]')].map((card) => ({
        transport: card.dataset.transport,
        state: card.querySelector('[data-state]').dataset.state,
        count: card.querySelector('[data-count]').textContent,
        missed: card.querySelector('[data-missed]').textContent,
        latency: card.querySelector('[data-latency]').textContent,
        newest: card.querySelector('ol[data-messages] li')?.textContent ?? '',
        lines: [...card.querySelectorAll('ol[data-messages] li')].map((li) => li.textContent),
        markup: card.querySelectorAll('ol[data-messages] b').length,
    }));";

/// Waits until there is a card for each transport, and each fulfils `good`.
fn wait_for_cards(browser: &Browser, what: &str, good: impl Fn(&Value) -> bool) {
    let transports = Transport::CHOICES.map(Transport::name);
    browser.wait_for(what, CARDS, |cards| {
        let cards = cards.as_array().expect("a list of cards");
        let names = cards.iter().map(|card| &card["transport"]);
        names.eq(transports) && cards.iter().all(&good)
    });
}

#[test]
fn shows_a_message_over_all_transports() {
    let server = Server::start(&[]);
    let browser = Browser::open(&server.at("/"));
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    // The page's WebSocket gives a name, so that its join is the first message on every card.
    wait_for_cards(&browser, "its own join", |card| {
        let newest = card["newest"].as_str().unwrap_or_default();
        card["count"] == "1" && newest.ends_with(" joined")
    });
    wait_for_members(&browser, |here| {
        here.starts_with("Here (1): guest-") && here.ends_with(" (you)")
    });
    let url = server.at("/feeds/lobby/messages");
    let posted = post(
        &url,
        "application/json",
        r#"{"from":"bob","text":"from outside"}"#,
    );
    assert_eq!(posted.status, 201);
    wait_for_cards(&browser, "message from outside", |card| {
        let newest = card["newest"].as_str().unwrap_or_default();
        card["count"] == "2" && newest.ends_with("bob: from outside")
    });

    let text = "Olá, <b>bold</b> & \"so on\"";
    browser.write("#name", "maria");
    browser.write("#text", text);
    browser.click("#composer button");
    // With the new name the guest leaves and maria joins.
    wait_for_cards(&browser, "message of maria", |card| {
        let lines = card["lines"].as_array().expect("a list of lines");
        let mut lines = lines.iter().filter_map(Value::as_str);
        let latency = card["latency"].as_str().unwrap_or_default();
        let shown = lines.any(|line| line.ends_with(&format!("maria: {text}")));
        card["count"] == "5" && shown && card["markup"] == 0 && latency.contains("ms")
    });
    assert_eq!(
        browser.run("return document.querySelector('#error').hidden"),
        true
    );
    assert_eq!(
        browser.run("return document.querySelector('#text').value"),
        ""
    );
    // Maria is a member now, and the page shows joins and leaves.
    wait_for_members(&browser, |here| here == "Here (1): maria (you)");
    let bob = server.at("/feeds/lobby/poll?user=bob%3Cb%3E&interval_ms=300");
    assert_eq!(get(&bob).status, 200);
    wait_for_members(&browser, |here| here == "Here (2): bob<b>, maria (you)");
    wait_for_members(&browser, |here| here == "Here (1): maria (you)");
    assert_eq!(browser.errors(), Vec::<Value>::new());
    let feed = get(&server.at("/feeds/lobby/poll?after=2")).json();
    assert_eq!(feed["messages"][0]["from"], "maria");
    assert_eq!(feed["messages"][0]["text"], text);
}

/// Waits until the page's line of members fulfils `good`; it is empty where there is none.
fn wait_for_members(browser: &Browser, good: impl Fn(&str) -> bool) {
    let script = "const line = document.querySelector('#members');
        return line.hidden ? '' : line.textContent";
    browser.wait_for("members", script, |here| here.as_str().is_some_and(&good));
}

#[test]
fn shows_no_members_where_none_are_kept() {
    let server = Server::start(&["--presence", "off"]);
    let browser = Browser::open(&server.at("/"));
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    browser.write("#text", "oi");
    browser.click("#composer button");
    wait_for_cards(&browser, "message", |card| card["count"] == "1");
    wait_for_members(&browser, str::is_empty);
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn hands_the_pages_token_on() {
    let server = Server::start(&["--token", "s3cret"]);
    let browser = Browser::open(&server.at("/?token=s3cret"));
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    let help = browser.run("return document.querySelector('footer a').href");
    let help = get(help.as_str().unwrap());
    assert_eq!(help.status, 200, "{help:?}");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

/// Sends a text by the page's form.
fn send(browser: &Browser, text: &str) {
    browser.write("#text", text);
    browser.click("#composer button");
}

/// Waits until every card shows each of these texts.
fn wait_for_texts(browser: &Browser, texts: &[String]) {
    wait_for_cards(browser, "card with all texts", |card| {
        let lines = card["lines"].as_array().expect("a list of lines");
        let shown = |text: &String| {
            let mut lines = lines.iter().filter_map(Value::as_str);
            lines.any(|line| line.ends_with(&format!(": {text}")))
        };
        texts.iter().all(shown)
    });
}

/// Connections that the server has open for a transport.
fn open_connections(server: &Server, transport: Transport) -> u64 {
    let name = format!(r#"wslab_connections{{transport="{}"}}"#, transport.name());
    metric(&get(&server.at("/metrics")).body, &name)
}

/// A browser opens six connections to a server over HTTP/1.1, for all of its windows together.
fn four_windows_load_send_and_show(kind: &str, server: &Server) -> (Browser, [Value; 4]) {
    let page = server.at("/");
    let browser = Browser::open(&page);
    let first = browser.window();
    let more: [Value; 3] = std::array::from_fn(|_| {
        wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
        browser.open_in_new(kind, &page)
    });
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    let [second, third, fourth] = more;
    let windows = [first, second, third, fourth];
    let texts = ["one", "two", "three", "four"].map(str::to_owned);
    for (window, text) in windows.iter().zip(&texts) {
        browser.switch_to(window);
        send(&browser, text);
        wait_for_texts(&browser, std::slice::from_ref(text));
    }
    for window in &windows {
        browser.switch_to(window);
        wait_for_texts(&browser, &texts);
        // None was sent twice, none is counted twice.
        wait_for_cards(&browser, "four messages", |card| card["count"] == "4");
        assert_eq!(browser.errors(), Vec::<Value>::new());
    }
    for (transport, open) in [
        (Transport::Sse, 1),
        (Transport::Ndjson, 1),
        (Transport::WebSocket, 4),
    ] {
        let name = transport.name();
        assert_eq!(open_connections(server, transport), open, "{name}");
    }
    (browser, windows)
}

#[test]
fn four_tabs_of_one_browser_load_send_and_show() {
    let server = Server::start(&["--presence", "off"]);
    four_windows_load_send_and_show("tab", &server);
}

/// The address by which others reach this machine, if it has one.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // This sends nothing.
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback())
}

/// In a hall the page comes from `http://192.168.…`. That is no secure context, in which a browser
/// withholds some functions.
#[test]
fn four_windows_side_by_side_load_send_and_show() {
    let address = own_address();
    let ip = address.unwrap_or(Ipv4Addr::LOCALHOST.into());
    let server = Server::start_at(&format!("{ip}:0"), &["--presence", "off"]);
    let (browser, windows) = four_windows_load_send_and_show("window", &server);
    if address.is_some() {
        assert_eq!(browser.run("return isSecureContext"), false);
    }
    // The last one reads for all; hidden, it leaves that to another one.
    browser.switch_to(&windows[3]);
    browser.minimize();
    browser.switch_to(&windows[0]);
    send(&browser, "five");
    wait_for_texts(&browser, &["five".to_owned()]);
    browser.switch_to(&windows[3]);
    browser.restore();
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    wait_for_texts(&browser, &["four".to_owned(), "five".to_owned()]);
    // So does one that closes.
    browser.close();
    browser.switch_to(&windows[1]);
    send(&browser, "six");
    browser.switch_to(&windows[0]);
    wait_for_texts(&browser, &["six".to_owned()]);
    // One that crashes can't, and is missed after a while.
    browser.switch_to(&windows[1]);
    browser.crash();
    server.publish("lobby", "bob", "seven");
    browser.switch_to(&windows[0]);
    wait_for_texts(&browser, &["seven".to_owned()]);
}

#[test]
fn windows_of_two_feeds_take_turns_and_lose_nothing() {
    let server = Server::start(&["--presence", "off"]);
    let browser = Browser::open(&server.at("/"));
    let first = browser.window();
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    let second = browser.open_in_new("window", &server.at("/?feed=sensors"));
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    browser.switch_to(&first);
    wait_for_cards(&browser, "live and paused cards", |card| {
        let holds = ["long-polling", "sse", "ndjson"];
        let holds = holds.contains(&card["transport"].as_str().unwrap());
        card["state"] == if holds { "paused" } else { "live" }
    });
    send(&browser, "one");
    let script = "return document.querySelector('#text').value";
    browser.wait_for("sent message", script, |text| text == "");
    browser.click("h1");
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    wait_for_texts(&browser, &["one".to_owned()]);
    browser.switch_to(&second);
    send(&browser, "two");
    browser.click("h1");
    wait_for_texts(&browser, &["two".to_owned()]);
    wait_for_cards(&browser, "one message", |card| card["count"] == "1");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn a_page_that_opens_later_shows_what_was_said_on_all_cards() {
    let server = Server::start(&["--presence", "off"]);
    for text in ["one", "two"] {
        server.publish("lobby", "bob", text);
    }
    let browser = Browser::open(&server.at("/"));
    wait_for_cards(&browser, "history", |card| {
        card["state"] == "live"
            && card["count"] == "0"
            && card["lines"] == json!(["historybob: two", "historybob: one"])
    });
}

#[test]
fn after_a_restart_the_cards_count_together_and_say_what_was_missed() {
    let server = Server::start(&["--presence", "off"]);
    let browser = Browser::open(&server.at("/"));
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    let poll_every = |ms| {
        browser.run(&format!(
            "const interval = document.querySelector('#interval');
            interval.value = {ms};
            interval.dispatchEvent(new Event('change'));"
        ));
    };
    // The next short poll comes long after the message.
    poll_every(10_000);
    let count = |card: &Value, expected: &str| {
        card["count"] == expected || card["transport"] == "short-polling"
    };
    server.publish("lobby", "bob", "before");
    wait_for_cards(&browser, "message before", |card| count(card, "1"));
    let server = server.restart(&["--presence", "off"]);
    poll_every(250);
    server.publish("lobby", "bob", "after");
    wait_for_cards(&browser, "message after", |card| {
        let missed = match card["transport"].as_str() {
            Some("short-polling") => "0, 1 before it began anew",
            _ => "0",
        };
        card["count"] == "1" && card["missed"] == missed
    });
    wait_for_texts(&browser, &["after".to_owned()]);
}

#[test]
fn what_was_not_sent_is_told_until_it_is_mended() {
    let server = Server::start(&["--presence", "off"]);
    let browser = Browser::open(&server.at("/"));
    wait_for_cards(&browser, "live cards", |card| card["state"] == "live");
    let told = "const line = document.querySelector('#error');
        return line.hidden ? '' : line.textContent";
    send(&browser, " ");
    browser.wait_for("refusal", told, |text| {
        text.as_str().unwrap().starts_with("Not sent: ")
    });
    browser.write("#text", "x");
    assert_eq!(browser.run(told), "");
    let address = server.address.clone();
    drop(server);
    send(&browser, "one");
    browser.wait_for("loss", told, |text| {
        text == "Not sent: the server can’t be reached"
    });
    let _server = Server::start_at(&address, &["--presence", "off"]);
    browser.click("#composer button");
    wait_for_texts(&browser, &["one".to_owned()]);
    assert_eq!(browser.run(told), "");
}

/// Over the address of a hall, a browser does not say which site caused a request.
#[test]
fn a_page_of_another_site_joins_nothing_and_the_servers_own_does() {
    let address = own_address();
    let ip = address.unwrap_or(Ipv4Addr::LOCALHOST.into());
    let at = format!("{ip}:0");
    let (server, other) = (Server::start_at(&at, &[]), Server::start_at(&at, &[]));
    // It has no policy that keeps it from others.
    let browser = Browser::open(&other.at("/help"));
    let join = |name: &str| {
        let url = server.at(&format!("/feeds/lobby/poll?user={name}"));
        format!(
            "for (const policy of ['no-referrer', 'unsafe-url', '']) {{
            const image = new Image();
            image.referrerPolicy = policy;
            image.src = `{url}${{policy}}`;
        }}
        return fetch('{url}fetched', {{ mode: 'no-cors', referrerPolicy: 'no-referrer' }})
            .then(() => open('{url}opened', '_blank', 'noreferrer'));"
        )
    };
    browser.run(&join("evil"));
    let requests = r#"wslab_requests_total{transport="short-polling",engine="fast"}"#;
    wait_until("the other page has asked", || {
        metric(&get(&server.at("/metrics")).body, requests) >= 4
    });
    assert_eq!(
        get(&server.at("/feeds/lobby/members")).body,
        r#"{"members":[]}"#
    );
    browser.run(&format!("location = '{}'", server.at("/")));
    wait_for_members(&browser, |here| here.starts_with("Here (1): guest-"));
    let own = "new EventSource('feeds/lobby/sse?user=source');
        return fetch('feeds/lobby/poll?user=poll').then((answer) => answer.status);";
    assert_eq!(browser.run(own), 200);
    wait_for_members(&browser, |here| {
        here.starts_with("Here (3): ") && here.contains("poll, source")
    });
}
