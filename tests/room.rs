//! The chat and the echo in Chromium: windows that read by different transports.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use serde_json::{Value, json};

use support::browser::{Browser, Page};
use support::curl::get;
use support::looks::{assert_readable, show};
use support::{Server, metric, wait_until};

mod support;

/// The lines of the chat, without their times.
const LINES: &str = r"
    return [...document.querySelectorAll('#log li')].map((li) => {
        const line = li.cloneNode(true);
        line.querySelector('time')?.remove();
        return line.textContent;
    });";

fn room(server: &Server, user: &str, transport: &str) -> String {
    server.at(&format!("/room?lang=en&user={user}&transport={transport}"))
}

fn wait_until_live(browser: &Browser) {
    let state = "return document.querySelector('#state').dataset.state ?? ''";
    browser.wait_for("live chat", state, |state| state == "live");
}

/// Waits until the chat shows these lines of people, in this order.
fn wait_for_lines(browser: &Browser, expected: &[&str]) {
    browser.wait_for("lines", LINES, |lines| {
        let lines = lines.as_array().expect("a list").iter();
        let said = lines
            .filter_map(Value::as_str)
            .filter(|line| line.contains(": "));
        said.eq(expected.iter().copied())
    });
}

fn wait_for_line(browser: &Browser, expected: &str) {
    browser.wait_for(expected, LINES, |lines| {
        lines.as_array().unwrap().contains(&expected.into())
    });
}

/// Waits until the list of members fulfils `good`; it is empty where there is none.
fn wait_for_members(browser: &Browser, good: impl Fn(&str) -> bool) {
    let script = "const here = document.querySelector('#members');
        return here.hidden ? '' : here.textContent";
    browser.wait_for("members", script, |here| here.as_str().is_some_and(&good));
}

fn send(browser: &Browser, text: &str) {
    browser.write("#text", text);
    browser.click("#composer button");
    let empty = "return document.querySelector('#text').value";
    browser.wait_for("sent message", empty, |text| text == "");
}

#[test]
fn four_windows_on_four_transports_agree_and_show_by_what_each_came() {
    let server = Server::start(&[]);
    let people = [
        ("ana", "short-polling", "short polling"),
        ("bia", "long-polling", "long polling"),
        ("caio", "sse", "SSE"),
        ("davi", "websocket", "WebSocket"),
    ];
    let browser = Browser::open(&room(&server, people[0].0, people[0].1));
    let mut windows = vec![browser.window()];
    wait_until_live(&browser);
    for (user, transport, _) in &people[1..] {
        windows.push(browser.open_in_new("window", &room(&server, user, transport)));
        wait_until_live(&browser);
    }
    let text = "Olá, <b>bold</b> & \"so on\"";
    let mut lines = Vec::new();
    for (window, (user, ..)) in windows.iter().zip(&people) {
        browser.switch_to(window);
        send(&browser, text);
        lines.push(format!("{user}: {text}"));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        wait_for_lines(&browser, &lines);
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    for (window, (user, ..)) in windows.iter().zip(&people) {
        browser.switch_to(window);
        wait_for_lines(&browser, &lines);
        wait_for_members(&browser, |here| {
            let shown = people.map(|(name, _, title)| {
                let you = if name == *user { " (you)" } else { "" };
                here.contains(&format!("{name}{you}{title}"))
            });
            here.starts_with("Here (4):") && shown == [true; 4]
        });
        assert_eq!(
            browser.run("return document.querySelectorAll('#log b').length"),
            0
        );
        assert_eq!(browser.errors(), Vec::<Value>::new());
    }
    // A window that comes later shows what was said before it.
    browser.open_in_new("window", &room(&server, "eva", "ndjson"));
    wait_until_live(&browser);
    wait_for_lines(&browser, &lines);
    // What a WebSocket sends needs no request.
    let posts = r#"wslab_requests_total{transport="other",engine="general"}"#;
    let metrics = get(&server.at("/metrics")).body;
    assert!(metric(&metrics, posts) > 0);
}

#[test]
fn a_window_changes_its_transport_and_loses_nothing() {
    let server = Server::start(&["--leave-after", "1ms"]);
    let browser = Browser::open(&room(&server, "ana", "sse"));
    wait_until_live(&browser);
    wait_for_members(&browser, |here| here == "Here (1): ana (you)SSE");
    server.publish("lobby", "bob", "one");
    wait_for_lines(&browser, &["bob: one"]);
    browser.run("document.querySelector('#transport').value = 'websocket'");
    browser.write("#name", "ana maria");
    browser.click("#join button");
    wait_for_members(&browser, |here| {
        here == "Here (1): ana maria (you)WebSocket"
    });
    server.publish("lobby", "bob", "two");
    wait_for_lines(&browser, &["bob: one", "bob: two"]);
    wait_for_line(&browser, "ana left");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn a_restart_is_survived_and_told() {
    for transport in ["long-polling", "websocket"] {
        let server = Server::start(&["--presence", "off"]);
        let browser = Browser::open(&room(&server, "ana", transport));
        wait_until_live(&browser);
        send(&browser, "before");
        wait_for_lines(&browser, &["ana: before"]);
        let server = server.restart(&["--presence", "off"]);
        server.publish("lobby", "bob", "after");
        browser.wait_for("both messages and what happened", LINES, |lines| {
            let lines = lines.as_array().unwrap();
            let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
            lines.len() == 3
                && lines[0] == "ana: before"
                && lines[1].starts_with("The server was restarted: the 1 message before")
                && lines[2] == "bob: after"
        });
        wait_until_live(&browser);
        send(&browser, "again");
        wait_for_line(&browser, "ana: again");
    }
}

#[test]
fn what_is_wrong_with_a_name_or_a_message_is_told() {
    let server = Server::start(&["--presence", "off", "--max-message", "1KiB"]);
    let told = "const told = document.querySelector('#told');
        return told.hidden ? '' : told.textContent";
    let browser = Browser::open(&server.at("/room?lang=en&transport=sse"));
    let loaded = "return document.title";
    browser.wait_for("the page", loaded, |title| title == "Chat – wslab");
    browser.write("#text", "oi");
    browser.click("#composer button");
    browser.wait_for("to enter first", told, |told| {
        told.as_str().unwrap().contains("first")
    });
    browser.write("#name", "a\u{200b}b");
    browser.click("#join button");
    browser.wait_for("a refused name", told, |told| told != "" && told != "first");
    browser.write("#name", "ana");
    browser.click("#join button");
    wait_until_live(&browser);
    browser.wait_for("no refusal", told, |told| told == "");
    // Without members there is no list of them, and no error.
    wait_for_members(&browser, str::is_empty);
    browser.run("document.querySelector('#text').value = 'x'.repeat(2000)");
    browser.click("#composer button");
    browser.wait_for("too long", told, |told| {
        told.as_str()
            .unwrap()
            .starts_with("Not sent: a message has at most 1024 bytes")
    });
    let address = server.address.clone();
    drop(server);
    browser.wait_for(
        "the loss",
        "return document.querySelector('#state').dataset.state",
        |state| state == "offline",
    );
    let _server = Server::start_at(&address, &["--presence", "off"]);
    wait_until_live(&browser);
}

/// Six connections to a server, for all windows of a browser: what is sent needs one of them.
#[test]
fn a_window_that_would_take_the_last_connection_says_so() {
    let server = Server::start(&["--presence", "off"]);
    let browser = Browser::open(&room(&server, "w0", "sse"));
    wait_until_live(&browser);
    for number in 1..5 {
        browser.open_in_new("tab", &room(&server, &format!("w{number}"), "ndjson"));
        wait_until_live(&browser);
    }
    browser.open_in_new("tab", &room(&server, "w5", "sse"));
    let told = "return document.querySelector('#told').textContent";
    browser.wait_for("why not", told, |told| {
        told.as_str().unwrap().contains("opens six")
    });
    // A WebSocket is none of the six; and all send.
    browser.run("document.querySelector('#transport').value = 'websocket'");
    browser.click("#join button");
    wait_until_live(&browser);
    browser.open_in_new("tab", &server.at("/?lang=en"));
    let why = "return document.querySelector('#why').textContent";
    browser.wait_for("why no race", why, |why| {
        why.as_str().unwrap().contains("not enough")
    });
}

/// The address by which others reach this machine, if it has one.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // This sends nothing.
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback())
}

/// Over the address of a hall, which is no secure context, a browser does not say which site caused
/// a request, and withholds some functions.
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
        get(&server.at("/feeds/lobby/members")).json()["members"],
        json!([])
    );
    // The other page has no icon.
    browser.errors();
    for transport in ["sse", "websocket"] {
        browser.go(&room(&server, "ana", transport));
        wait_until_live(&browser);
        if address.is_some() {
            assert_eq!(browser.run("return isSecureContext"), false);
        }
        wait_for_members(&browser, |here| here.starts_with("Here (1): ana (you)"));
    }
    let own = "new EventSource('feeds/lobby/sse?user=source');
        return fetch('feeds/lobby/poll?user=poll').then((answer) => answer.status);";
    assert_eq!(browser.run(own), 200);
    wait_for_members(&browser, |here| here.starts_with("Here (3):"));
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

/// The lines that the echo's script has written, without their times.
const OUTPUT: &str = r"
    return [...document.querySelectorAll('#output li')].map((li) =>
        li.textContent.replace(/^[^ ]* s */, ''));";

fn run_script(browser: &Browser, script: &str) {
    let code = Value::from(script);
    browser.run(&format!("document.querySelector('#code').value = {code}"));
    browser.click("#run");
}

#[test]
fn the_lectures_script_runs_against_the_echo_and_can_be_changed() {
    let server = Server::start(&["--token", "s3cret"]);
    let browser = Browser::open(&server.at("/sample?lang=en&token=s3cret"));
    let loaded = "return document.querySelector('#code').value";
    browser.wait_for("the script", loaded, |code| {
        code.as_str().unwrap().contains("onclose")
    });
    browser.click("#run");
    let whole = json!([
        "onopen",
        "onmessage: Hello!",
        "onclose: 1000 done",
        "wasClean: true"
    ]);
    browser.wait_for("the whole story", OUTPUT, |lines| *lines == whole);
    assert_eq!(browser.errors(), Vec::<Value>::new());
    let sample = browser.run(loaded);
    let sample = sample.as_str().unwrap();
    // Too long a message.
    run_script(&browser, &sample.replace("'Hello!'", "'x'.repeat(70000)"));
    browser.wait_for("code 1009", OUTPUT, |lines| {
        lines[1]
            .as_str()
            .is_some_and(|line| line.starts_with("onclose: 1009 "))
    });
    // No such address.
    run_script(&browser, &sample.replace("/echo", "/nothing"));
    browser.wait_for("code 1006", OUTPUT, |lines| {
        lines[0] == "onerror"
            && lines[1]
                .as_str()
                .is_some_and(|line| line.starts_with("onclose: 1006"))
    });
    // What is no script says where; what never ends is ended; markup stays text.
    run_script(&browser, "console.log('<b>x</b>');\n\nlet = ;");
    browser.wait_for("the place", OUTPUT, |lines| {
        lines[0]
            .as_str()
            .is_some_and(|line| line.starts_with("line 3: "))
    });
    run_script(&browser, "console.log('<b>x</b>'); for (;;);");
    browser.wait_for("text", OUTPUT, |lines| *lines == json!(["<b>x</b>"]));
    browser.click("#stop");
    browser.wait_for("the end", OUTPUT, |lines| {
        lines[1]
            .as_str()
            .is_some_and(|line| line.starts_with("stopped"))
    });
    // It sees nothing of the page, and no other host.
    run_script(
        &browser,
        "console.log(typeof document, typeof localStorage);
        fetch('http://127.0.0.1:1/').catch((error) => console.log(error.name));",
    );
    let apart = json!(["undefined undefined", "TypeError"]);
    browser.wait_for("a script apart", OUTPUT, |lines| *lines == apart);
    let refused = browser.errors();
    let policy = refused.iter().any(|one| {
        one["message"]
            .as_str()
            .unwrap()
            .contains("Content Security Policy")
    });
    assert!(policy, "{refused:?}");
}

#[test]
fn look_right_on_projectors_and_phones_in_light_and_dark_and_in_both_languages() {
    let server = Server::start(&[]);
    let browser = Browser::open("about:blank");
    for page in ["/room?user=ana&transport=sse&lang=", "/sample?lang="] {
        for language in ["en", "pt"] {
            for (size, scheme) in [((1280, 720), "light"), ((390, 844), "dark")] {
                show(&browser, size, scheme);
                let page = server.at(&format!("{page}{language}"));
                browser.go(&page);
                let ready = "return document.querySelectorAll('nav a').length > 0
                    && !document.querySelector('[data-text]:empty')";
                browser.wait_for("texts", ready, |ready| ready == true);
                assert!(assert_readable(&browser, &page) > 8, "{page} {scheme}");
            }
        }
        assert_eq!(browser.errors(), Vec::<Value>::new());
    }
}
