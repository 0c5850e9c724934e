//! The race, the first page, in Chromium: all transports at once in one window.

use serde_json::{Value, json};

use support::browser::{Browser, Page};
use support::curl::{get, post};
use support::looks::{assert_readable, show};
use support::process::{Process, wslab};
use support::race::{LANES, click_each, number, set, wait_for_lanes, wait_until_live};
use support::{Server, metric};
use wslab::transport::Transport;

mod support;

#[test]
fn every_message_comes_over_all_transports_and_its_latency_is_shown() {
    let server = Server::start(&[]);
    let browser = Browser::open(&server.at("/?feed=lobby&lang=en"));
    wait_until_live(&browser);
    // A feed that exists is read alone: the page publishes nothing into it.
    for _ in 0..3 {
        let url = server.at("/feeds/lobby/messages");
        let posted = post(&url, "application/json", r#"{"from":"bob","text":"oi"}"#);
        assert_eq!(posted.status, 201);
    }
    wait_for_lanes(&browser, "three messages", |lane| {
        let timed = lane["last"].as_str().unwrap().ends_with("s");
        lane["received"] == "3" && lane["missed"] == "0" && timed
    });
    browser.wait_for("the state of each connection", LANES, |lanes| {
        let of = |name: &str| {
            let mut lanes = lanes.as_array().unwrap().iter();
            lanes.find(|lane| lane["transport"] == name).unwrap()["ready"].clone()
        };
        of("sse") == "OPEN"
            && of("websocket") == "OPEN"
            && of("ndjson") == "fetch: reading the body"
            && of("long-polling") == "fetch: held"
    });
    assert_eq!(browser.errors(), Vec::<Value>::new());
    assert!(server.history("lobby").len() == 3);
}

#[test]
fn the_servers_count_of_the_same_connections_stands_beside_what_the_page_has_seen() {
    let server = Server::start(&[]);
    let browser = Browser::open(&server.at("/?lang=en"));
    set(&browser, "rate", "10");
    set(&browser, "interval", "250");
    let kilobytes = |text: &Value| text.as_str().unwrap().contains("kB");
    wait_for_lanes(&browser, "counts", |lane| {
        kilobytes(&lane["down"]) && number(&lane["up"]) > 0 && number(&lane["received"]) > 20
    });
    let mark = "return performance.getEntriesByType('resource')
        .map(({ name }) => new URL(name).searchParams.get('mark')).find(Boolean)";
    let mark = browser.run(mark);
    let counted = get(&server.at(&format!("/connections?mark={}", mark.as_str().unwrap())));
    let seen = browser.run(
        "const sums = {};
        for (const { name, encodedBodySize } of performance.getEntriesByType('resource')) {
            const endpoint = new URL(name).pathname.split('/').pop();
            sums[endpoint] = (sums[endpoint] ?? 0) + encodedBodySize;
        }
        return sums",
    );
    // Each poll has a head, of some 150 bytes down and 500 up.
    let polls = counted.json()["short-polling"].clone();
    let bodies = seen["poll"].as_u64().unwrap();
    assert!(
        polls["written_bytes"].as_u64().unwrap() > bodies,
        "{polls} {seen}"
    );
    assert!(polls["read_bytes"].as_u64().unwrap() > polls["written_bytes"].as_u64().unwrap() / 4);
    // A stream has one head, of some hundred bytes up.
    for stream in ["sse", "ndjson", "websocket"] {
        let up = counted.json()[stream]["read_bytes"].as_u64().unwrap();
        assert!((200..2_000).contains(&up), "{stream}: {up}");
    }
    // Another visit has none of them, and what is no number is explained.
    let other = get(&server.at("/connections?mark=1")).json();
    assert_eq!(other["sse"], json!({"read_bytes": 0, "written_bytes": 0}));
    assert_eq!(get(&server.at("/connections?mark=x")).status, 400);
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

/// The page races over a feed that it fills itself.
#[test]
fn says_which_is_late_and_why_from_one_clock() {
    let server = Server::start(&[]);
    let browser = Browser::open(&server.at("/?lang=en"));
    set(&browser, "rate", "5");
    set(&browser, "interval", "5000");
    let answer = "return document.querySelector('#answer').textContent";
    browser.wait_for("the answer", answer, |answer| {
        let answer = answer.as_str().unwrap();
        answer.starts_with("Short polling is ") && answer.contains("late: it asks every 5 s.")
    });
    let clock = "return document.querySelector('#clock').textContent";
    browser.wait_for("the clock", clock, |clock| {
        clock.as_str().unwrap().contains("give or take ")
    });
    // The clock of the page agrees with the server's, within the error that it states.
    let agrees = browser.run(
        r"const said = document.querySelector('#clock').textContent.replaceAll(',', '');
        const [, offset_s, error_ms] = /plus ([\d.-]+).s give or take ([\d.]+).ms/.exec(said);
        const agrees = async () => {
            const from = performance.now();
            const { now_ns } = await (await fetch('/clock')).json();
            const to = performance.now(), at = now_ns / 1e6 - offset_s * 1000;
            // Both are shown in steps of 0.1 ms.
            const error = Number(error_ms) + 0.1;
            return from - error <= at && at <= to + error;
        };
        return agrees();",
    );
    assert_eq!(agrees, true);
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn what_is_cut_or_paused_resumes_and_has_lost_nothing() {
    let server = Server::start(&[]);
    let browser = Browser::open(&server.at("/?lang=en"));
    set(&browser, "rate", "10");
    set(&browser, "interval", "250");
    wait_until_live(&browser);
    wait_for_lanes(&browser, "messages", |lane| number(&lane["received"]) > 5);
    click_each(&browser, "cut");
    wait_for_lanes(&browser, "cut lanes", |lane| lane["state"] == "cut");
    let open = |transport: Transport| {
        let name = format!(r#"wslab_connections{{transport="{}"}}"#, transport.name());
        metric(&get(&server.at("/metrics")).body, &name)
    };
    support::wait_until("the connections have ended", || {
        open(Transport::Sse) + open(Transport::Ndjson) + open(Transport::WebSocket) == 0
    });
    wait_until_live(&browser);
    let caught_up = |lane: &Value| lane["received"].as_str().unwrap().contains("caught up");
    wait_for_lanes(&browser, "what was published meanwhile", caught_up);
    click_each(&browser, "pause");
    wait_for_lanes(&browser, "paused lanes", |lane| lane["state"] == "paused");
    let paused = browser.run(LANES);
    let published = "return document.querySelectorAll('[data-received]').length";
    browser.run(published);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(browser.run(LANES), paused, "they do not read");
    click_each(&browser, "pause");
    wait_until_live(&browser);
    // Then nothing more is published, so that all come to the same number.
    let feed = browser.run("return document.querySelector('#feed').textContent");
    set(&browser, "rate", "0.0001");
    let feed = feed.as_str().unwrap().to_owned();
    browser.wait_for("equal lanes", LANES, |lanes| {
        let lanes = lanes.as_array().unwrap();
        // The first message made the feed, before the lanes began.
        let last = server.history(&feed).len().min(50);
        let sums = lanes.iter().map(|lane| number(&lane["received"]));
        let first = number(&lanes[0]["received"]);
        last > 0 && first > 15 && sums.clone().all(|sum| sum == first)
    });
    wait_for_lanes(&browser, "nothing missed", |lane| lane["missed"] == "0");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn a_restart_is_survived_and_what_was_lost_is_counted() {
    let server = Server::start(&["--presence", "off"]);
    let browser = Browser::open(&server.at("/?feed=lobby&lang=en"));
    wait_until_live(&browser);
    // The next short poll comes long after the message.
    set(&browser, "interval", "10000");
    std::thread::sleep(std::time::Duration::from_millis(300));
    server.publish("lobby", "bob", "before");
    let count = |lane: &Value, expected: &str| {
        lane["received"] == expected || lane["transport"] == "short-polling"
    };
    wait_for_lanes(&browser, "message before", |lane| count(lane, "1"));
    let server = server.restart(&["--presence", "off"]);
    set(&browser, "interval", "250");
    server.publish("lobby", "bob", "after");
    wait_for_lanes(&browser, "message after", |lane| {
        let expected = match lane["transport"].as_str() {
            Some("short-polling") => ("1", "1"),
            _ => ("2", "0"),
        };
        let received = lane["received"]
            .as_str()
            .unwrap()
            .split(',')
            .next()
            .unwrap();
        (received, lane["missed"].as_str().unwrap()) == expected
    });
}

#[test]
fn of_two_windows_one_runs_the_race_and_the_other_says_why_not() {
    let server = Server::start(&[]);
    let browser = Browser::open(&server.at("/?lang=en"));
    let first = browser.window();
    wait_until_live(&browser);
    let second = browser.open_in_new("window", &server.at("/?lang=en"));
    wait_until_live(&browser);
    let told = "const told = document.querySelector('#turn');
        return told.hidden ? '' : told.textContent";
    browser.switch_to(&first);
    browser.wait_for("why it waits", told, |told| {
        told.as_str().unwrap().contains("six connections")
    });
    wait_for_lanes(&browser, "waiting lanes", |lane| lane["state"] == "waiting");
    browser.click("#turn button");
    wait_until_live(&browser);
    browser.wait_for("no reason", told, |told| told == "");
    browser.switch_to(&second);
    wait_for_lanes(&browser, "waiting lanes", |lane| lane["state"] == "waiting");
    // It takes its turn when the other one closes.
    browser.switch_to(&first);
    browser.close();
    browser.switch_to(&second);
    wait_until_live(&browser);
    wait_for_lanes(&browser, "nothing missed", |lane| lane["missed"] == "0");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn hands_the_pages_token_on() {
    let server = Server::start(&["--token", "s3cret"]);
    assert_eq!(get(&server.at("/")).status, 401);
    let browser = Browser::open(&server.at("/?token=s3cret"));
    wait_until_live(&browser);
    let help = browser.run("return document.querySelector('#help').href");
    let help = get(help.as_str().unwrap());
    assert_eq!(help.status, 200, "{help:?}");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn looks_right_on_projectors_and_phones_in_light_and_dark_and_in_both_languages() {
    let server = Server::start(&[]);
    let browser = Browser::open("about:blank");
    for (language, title) in [("en", "Race – wslab"), ("pt", "Corrida – wslab")] {
        for (size, scheme) in [
            ((1280, 720), "light"),
            ((1280, 720), "dark"),
            ((390, 844), "light"),
        ] {
            show(&browser, size, scheme);
            browser.go(&server.at(&format!("/?lang={language}")));
            wait_until_live(&browser);
            wait_for_lanes(&browser, "messages", |lane| number(&lane["received"]) > 0);
            let looks = format!("{language} {size:?} {scheme}");
            assert!(assert_readable(&browser, &looks) > 50, "{looks}");
            assert_eq!(browser.run("return document.title"), title);
            // They fill a projector's screen, even where the figures of each take two lines.
            let height = "return document.querySelector('#lanes').clientHeight";
            let height = browser.run(height).as_f64().unwrap();
            assert!(size.0 < 1280 || height <= 600.0, "{looks}: {height}");
        }
        assert_eq!(browser.errors(), Vec::<Value>::new(), "{language}");
    }
}

#[test]
fn a_visitor_changes_the_language_and_it_is_remembered() {
    let server = Server::start(&["--lang", "pt"]);
    let browser = Browser::open(&server.at("/"));
    let language = "return document.documentElement.lang";
    browser.wait_for("Portuguese", language, |language| language == "pt-BR");
    browser.click(".languages [lang=en]");
    browser.wait_for("English", language, |language| language == "en");
    browser.go(&server.at("/"));
    browser.wait_for("English", language, |language| language == "en");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}

#[test]
fn draws_once_a_second_where_motion_is_to_be_reduced() {
    let server = Server::start(&[]);
    let browser = Browser::open("about:blank");
    let features = json!([{"name": "prefers-reduced-motion", "value": "reduce"}]);
    browser.cdp(
        "Emulation.setEmulatedMedia",
        json!({ "features": features }),
    );
    browser.go(&server.at("/"));
    wait_until_live(&browser);
    browser.run(
        "const clear = CanvasRenderingContext2D.prototype.clearRect;
        window.drawn = 0;
        CanvasRenderingContext2D.prototype.clearRect = function (...box) {
            window.drawn += 1;
            return clear.apply(this, box);
        };",
    );
    std::thread::sleep(std::time::Duration::from_secs(2));
    // Five lanes and the plot.
    let drawn = browser.run("return window.drawn").as_u64().unwrap();
    assert!((6..=18).contains(&drawn), "{drawn}");
}

/// Nothing within a page runs but what the server serves, it loads from no other host, and it is
/// small.
#[test]
fn loads_little_and_from_this_server_alone() {
    let server = Server::start(&[]);
    let page = get(&server.at("/"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!page.body.contains("style=") && !page.body.contains("<script>"));
    let browser = Browser::open(&server.at("/"));
    wait_until_live(&browser);
    let loaded = browser.run(
        "const files = performance.getEntriesByType('resource').map(({ name }) => new URL(name));
        const sizes = performance.getEntriesByType('resource').map((one) => one.transferSize);
        return {
            foreign: files.filter(({ host }) => host !== location.host).length,
            bytes: sizes.reduce((sum, size) => sum + size, 0),
        };",
    );
    assert_eq!(loaded["foreign"], 0);
    assert!(loaded["bytes"].as_u64().unwrap() < 100_000, "{loaded}");
    let ran = "const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        document.body.append(script);
        return window.injected ?? false";
    assert_eq!(browser.run(ran), false);
}

/// A browser has six connections to a server for all of its pages.
#[test]
fn a_page_needs_at_most_five_connections_while_it_loads_and_runs() {
    let class = [
        "demo",
        "--bind",
        "127.0.0.1:0",
        "--no-open",
        "--log",
        "warn",
    ];
    let server = Server::of(Process::start(wslab(&class)));
    let sum = |name: &str| -> u64 {
        let metrics = get(&server.at("/metrics")).body;
        let of_transports = metrics.lines().filter(|line| line.starts_with(name));
        let values = of_transports.map(|line| line.rsplit_once(' ').unwrap().1);
        values.map(|value| value.parse::<u64>().unwrap()).sum()
    };
    let before = sum("wslab_connections_accepted_total{");
    let browser = Browser::open(&server.at("/?lang=en"));
    set(&browser, "rate", "10");
    set(&browser, "interval", "250");
    wait_for_lanes(&browser, "messages and counts", |lane| {
        number(&lane["received"]) > 20 && lane["up"] != "–"
    });
    // The last one is this test's own.
    let accepted = sum("wslab_connections_accepted_total{") - before - 1;
    assert!(accepted <= 5, "{accepted}");
    assert_eq!(sum("wslab_connections{") - 1, 5, "one for each transport");
    assert_eq!(browser.errors(), Vec::<Value>::new());
}
