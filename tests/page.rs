//! The classroom page in Chromium.

use serde_json::{Value, json};

use support::Server;
use support::browser::Browser;
use support::curl::{get, post};
use wslab::transport::Transport;

mod support;

/// What the page's cards show.
const CARDS: &str = r"
    return [...document.querySelectorAll('section[data-transport]')].map((card) => ({
        transport: card.dataset.transport,
        state: card.querySelector('[data-state]').dataset.state,
        count: card.querySelector('[data-count]').textContent,
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
    assert_eq!(browser.errors(), Vec::<Value>::new());
}
