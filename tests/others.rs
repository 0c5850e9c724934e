//! The real server with other programs' clients: curl, Python's websockets, and Chromium.
//!
//! Our own server and client could share an error; these clients do not.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use support::Server;
use support::browser::{Browser, Page};
use support::curl::{Answer, curl, get, post};
use support::process::{Process, command};
use support::results::{Results, number};
use wslab::transport::Transport;

mod support;

/// Quotes, a line end, characters outside ASCII and outside the BMP, and markup.
const AWKWARD: &str = "a \"quoted\"\r\nline\t\u{2028} ãé 🌍 </script> \\ & data: x";

/// Publishes with curl; returns the message's number.
fn publish(server: &Server, from: &str, text: &str) -> u64 {
    let body = json!({"from": from, "text": text, "intended_at_ns": 7}).to_string();
    let url = server.at("/feeds/feed/messages");
    let answer = post(&url, "application/json", &body);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["seq"].as_u64().expect("a number")
}

/// A server whose feed `feed` holds messages of bob.
fn server_with(messages: u64) -> Server {
    let server = Server::start(&[]);
    for seq in 1..=messages {
        assert_eq!(publish(&server, "bob", &format!("message {seq}")), seq);
    }
    server
}

/// Runs a case of `others/websocket.py`; returns the lines that it prints.
fn websocket_py(case: &str, server: &Server) -> Vec<String> {
    // Debian's Python, which its package python3-websockets belongs to.
    let mut python = command("/usr/bin/python3");
    python
        .args(["-I", "-X", "utf8"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/others/websocket.py"
        ))
        .args([case, &format!("ws://{}", server.address)]);
    Process::start(python).lines()
}

/// The lines of a stream up to the next blank one, as (field, value) pairs.
fn event(stream: &Process) -> Vec<(String, String)> {
    let lines = std::iter::from_fn(|| Some(stream.line()).filter(|line| !line.is_empty()));
    let field = |line: String| {
        let (field, value) = line.split_once(':').expect("a field, or a comment");
        (field.to_owned(), value.trim_start().to_owned())
    };
    lines.map(field).collect()
}

/// Reads one message of a stream: its id and its JSON.
fn message(stream: &Process) -> (String, String) {
    let mut event = event(stream).into_iter();
    match (event.next(), event.next(), event.next()) {
        (Some((id, seq)), Some((data, json)), None) if id == "id" && data == "data" => (seq, json),
        other => panic!("not a message: {other:?}"),
    }
}

/// Opens a stream with curl and checks how it begins.
fn open_stream(url: &str, headers: &[&str]) -> Process {
    let mut curl = curl(url);
    for header in headers {
        curl.args(["-H", header]);
    }
    let stream = Process::start(curl);
    let head = Answer::head(&stream);
    assert_eq!(head.status, 200, "{head:?}");
    assert_eq!(head.header("content-type"), "text/event-stream");
    assert_eq!(head.header("cache-control"), "no-store");
    assert_eq!(head.header("x-accel-buffering"), "no");
    let first = event(&stream);
    assert_eq!(first[0].0, "retry", "{first:?}");
    assert_eq!(first.len(), 1, "{first:?}");
    stream
}

#[test]
fn curl_publishes_polls_and_reads_history() {
    let server = server_with(5);
    let poll = get(&server.at("/feeds/feed/poll?after=3"));
    assert_eq!((poll.status, poll.seqs()), (200, vec![4, 5]));
    assert_eq!(poll.header("content-type"), "application/json");
    assert_eq!(poll.json()["last"], 5);
    let message = &poll.json()["messages"][0];
    assert_eq!(message["from"], "bob");
    assert_eq!(message["text"], "message 4");
    assert_eq!(message["intended_at_ns"], 7);
    assert!(message["published_at_ns"].as_u64() > Some(0), "{message}");
    for up_to_date in ["/feeds/feed/poll?after=5", "/feeds/feed/poll"] {
        let poll = get(&server.at(up_to_date));
        assert_eq!((poll.status, poll.seqs()), (200, vec![]), "{up_to_date}");
        assert_eq!(poll.json()["last"], 5, "{up_to_date}");
    }
    for (query, expected) in [
        ("", vec![1, 2, 3, 4, 5]),
        ("?limit=2", vec![4, 5]),
        ("?limit=2&before=4", vec![2, 3]),
        ("?before=1", vec![]),
    ] {
        let history = get(&server.at(&format!("/feeds/feed/messages{query}")));
        assert_eq!((history.status, history.seqs()), (200, expected), "{query}");
        assert_eq!(history.json()["last"], 5, "{query}");
    }
    assert_eq!(get(&server.at("/healthz")).json()["status"], "ok");
}

#[test]
fn curl_is_told_what_to_change() {
    let server = server_with(1);
    let url = server.at("/feeds/feed/messages");
    let long = json!({"from": "alice", "text": "x".repeat(64 << 10)}).to_string();
    let json = "application/json";
    for (status, content_type, body) in [
        (415, "text/plain", r#"{"from":"alice","text":"oi"}"#),
        (413, json, &long),
        (422, json, r#"{"from":"alice","text":" \n "}"#),
        (422, json, r#"{"from":"  ","text":"oi"}"#),
        (422, json, r#"{"from":"alice"}"#),
        (422, json, r#"{"from":"alice","text":7}"#),
    ] {
        let answer = post(&url, content_type, body);
        assert_refused(&answer, status);
    }
    assert_refused(&get(&server.at("/feeds/feed/nothing")), 404);
    assert_refused(&get(&server.at("/nothing")), 404);
    for (method, path, allowed) in [
        ("DELETE", "/feeds/feed/messages", "POST"),
        ("DELETE", "/feeds/feed/messages", "GET"),
        ("POST", "/feeds/feed/poll", "GET"),
        ("PUT", "/feeds/feed/sse", "GET"),
    ] {
        let mut curl = curl(&server.at(path));
        curl.args(["-X", method]);
        let answer = Answer::whole(Process::start(curl));
        assert_refused(&answer, 405);
        let mut allow = answer.header("allow").split(',').map(str::trim);
        assert!(allow.any(|method| method == allowed), "{answer:?}");
    }
    let poll = get(&server.at("/feeds/feed/poll?after=0"));
    assert_eq!(poll.seqs(), [1], "nothing that was refused is in the feed");
}

fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    let json = answer.json();
    let error = json["error"].as_str().expect("an error says what it is");
    assert!(!error.is_empty());
}

#[test]
fn a_long_poll_of_curl_is_held_until_there_is_a_message() {
    let server = Server::start(&["--max-hold", "1h"]);
    publish(&server, "bob", "message 1");
    // The hold is longer than this test waits, so that only a message answers the poll. Without
    // `after` only a message that is published after the request can.
    let url = server.at("/feeds/feed/long-poll?hold_ms=3600000");
    let mut held = Process::start(curl(&url));
    let mut last = 1;
    while !held.is_over() {
        last = publish(&server, "bob", "wake up");
    }
    let answer = Answer::whole(held);
    let seqs = answer.seqs();
    assert_eq!(answer.status, 200);
    assert!(
        seqs.first() > Some(&1) && seqs.last() <= Some(&last),
        "{seqs:?}"
    );
    assert_eq!(answer.json()["last"], *seqs.last().unwrap());

    let url = format!("/feeds/feed/long-poll?after={}&hold_ms=3600000", last - 1);
    assert_eq!(
        get(&server.at(&url)).seqs(),
        [last],
        "what waits is answered at once"
    );
}

#[test]
fn a_long_poll_of_curl_is_answered_empty_when_its_hold_ends() {
    let server = server_with(2);
    let started = Instant::now();
    let answer = get(&server.at("/feeds/feed/long-poll?after=2&hold_ms=400"));
    assert!(
        started.elapsed() >= Duration::from_millis(400),
        "it was not held"
    );
    assert_eq!((answer.status, answer.seqs()), (200, vec![]));
    assert_eq!(answer.json()["last"], 2);
    assert_eq!(answer.json().get("missed"), None);
}

#[test]
fn curl_reads_an_event_stream_and_resumes_it() {
    let server = server_with(2);
    let stream = open_stream(&server.at("/feeds/feed/sse?after=1"), &[]);
    let (id, json) = message(&stream);
    let json: Value = serde_json::from_str(&json).expect("data is JSON");
    assert_eq!(
        (&json["seq"], &json["text"]),
        (&json!(2), &json!("message 2"))
    );
    for seq in [3, 4] {
        assert_eq!(publish(&server, "alice", AWKWARD), seq);
        let (_, json) = message(&stream);
        let json: Value = serde_json::from_str(&json).expect("data is JSON");
        assert_eq!(
            (&json["seq"], &json["text"]),
            (&json!(seq), &json!(AWKWARD))
        );
    }

    // A browser reconnects with its last id, and with the `after` of its first request.
    let resume = format!("Last-Event-ID: {id}");
    let resumed = open_stream(&server.at("/feeds/feed/sse?after=0"), &[&resume]);
    let (id, _) = message(&resumed);
    assert_eq!(id.split('-').next(), Some("3"));

    let lost = open_stream(
        &server.at("/feeds/feed/sse"),
        &["Last-Event-ID: not a cursor"],
    );
    let reset = event(&lost);
    assert!(
        reset.contains(&("event".to_owned(), "reset".to_owned())),
        "{reset:?}"
    );

    let lobby = open_stream(&server.at("/events"), &[]);
    let url = server.at("/feeds/lobby/messages");
    let body = r#"{"from":"alice","text":"oi"}"#;
    assert_eq!(
        post(&url, "application/json; charset=utf-8", body).status,
        201
    );
    let (id, _) = message(&lobby);
    assert_eq!(id.split('-').next(), Some("1"));
}

#[test]
fn python_websockets_reads_publishes_and_leaves() {
    let server = server_with(2);
    websocket_py("conversation", &server);
    let published = get(&server.at("/feeds/feed/poll?after=2"));
    let messages = &published.json()["messages"];
    assert_eq!(published.seqs()[..2], [3, 4], "a join, and what it was for");
    assert_eq!(messages[0]["kind"], "join");
    assert_eq!(messages[1]["from"], "alice");
    websocket_py("lobby", &server);
}

#[test]
fn python_websockets_gets_its_echo() {
    websocket_py("echo", &server_with(0));
}

#[test]
fn python_websockets_is_told_why_it_is_closed() {
    let server = server_with(0);
    websocket_py("refusals", &server);
    let poll = get(&server.at("/feeds/feed/poll?after=0"));
    let json = poll.json();
    let mut messages = json["messages"].as_array().expect("a list").iter();
    assert!(
        messages.all(|message| message["kind"].is_string()),
        "nothing that was refused is in the feed: {json}"
    );
}

#[test]
fn a_message_is_the_same_bytes_on_every_transport() {
    /// The messages of a response, byte by byte.
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        messages: Vec<&'a RawValue>,
    }
    let server = Server::start(&[]);
    publish(&server, "José \"Zé\" <ze@example>", AWKWARD);
    let polled = |path: &str| {
        let answer = get(&server.at(path));
        let body: Body = serde_json::from_str(&answer.body).expect("a poll's body");
        assert_eq!(body.messages.len(), 1, "{answer:?}");
        body.messages[0].get().to_owned()
    };
    let short = polled("/feeds/feed/poll?after=0");
    assert!(short.starts_with(r#"{"seq":1,"from":""#), "{short}");
    assert_eq!(short, polled("/feeds/feed/long-poll?after=0"));
    assert_eq!(short, polled("/feeds/feed/messages"));
    let stream = open_stream(&server.at("/feeds/feed/sse?after=0"), &[]);
    assert_eq!(short, message(&stream).1);
    assert_eq!(websocket_py("read", &server), [short]);
}

/// Other HdrHistogram tools read the same percentiles from `latency.hlog` as the table has.
#[test]
fn hdrhistograms_own_reader_finds_the_tables_percentiles() {
    let results = Results::new();
    let short = "run --clients 20 --rate 20 --warm-up 200ms --window 1s --poll-interval 100ms \
                 --drain 20s --quiet";
    let output = results.wslab(&short.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{output:?}");
    let run = results.run();
    let mut python = command("/usr/bin/python3");
    python
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/others/hlog.py"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-python"))
        .arg(run.join("latency.hlog"));
    let lines = Process::start(python).lines();
    let trials = results.trials(Transport::CHOICES.len());
    assert_eq!(lines.len(), trials.len());
    for (line, trial) in lines.iter().zip(trials) {
        let read: Value = serde_json::from_str(line).unwrap();
        assert_eq!(read["tag"], format!("{}-20-t1", trial["transport"]));
        assert_eq!(read["count"].as_f64(), Some(number(&trial, "delivered")));
        for percentile in ["p50", "p90", "p99"] {
            let ns = number(&trial, &format!("latency_{percentile}_us")) * 1e3;
            // The file holds three digits.
            let apart = read[percentile].as_f64().unwrap() / ns - 1.0;
            assert!(apart.abs() < 0.002, "{percentile}: {read} and {ns} ns");
        }
    }
}

/// Publishes and reads on every transport, from any page.
const VISIT: &str = r#"
    const [base, token] = [BASE, TOKEN];
    window.told = {};
    const at = (path, more = '') => `${base}/feeds/a/${path}?token=${token}${more}`;
    const tell = (name) => [(ok) => { told[name] = ok; }, () => { told[name] = 'kept out'; }];
    const json = (url, init) => fetch(url, init).then((answer) => answer.json());
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
    const body = JSON.stringify({ from: 'alice', text: 'oi' });
    json(`${base}/feeds/a/messages`, { method: 'POST', headers, body })
        .then((answer) => answer.seq).then(...tell('post'));
    json(at('poll', '&after=0')).then((answer) => answer.messages[0].seq).then(...tell('poll'));
    const stream = new EventSource(at('sse', '&after=0'));
    const [heard, lost] = tell('sse');
    stream.onmessage = (event) => { heard(JSON.parse(event.data).seq); stream.close(); };
    stream.onerror = () => { lost(); stream.close(); };
    const socket = new WebSocket(at('ws', '&after=0').replace('http', 'ws'));
    const [read, shut] = tell('websocket');
    socket.onmessage = (event) => { read(JSON.parse(event.data).seq); socket.close(); };
    socket.onerror = shut;"#;

#[test]
fn chromium_lets_a_page_of_elsewhere_in_only_where_it_is_welcome() {
    let elsewhere = Server::start(&[]);
    let browser = Browser::open(&elsewhere.at("/healthz"));
    let visit = |server: &Server| {
        let base = json!(server.at("")).to_string();
        let script = VISIT.replace("BASE", &base).replace("TOKEN", "'s3cret'");
        browser.run(&script);
        browser.wait_for("four outcomes", "return window.told", |told| {
            told.as_object().is_some_and(|told| told.len() == 4)
        });
        browser.run("return window.told")
    };
    let url = elsewhere.at("");
    let flags = ["--token", "s3cret", "--allow-origin", &url];
    let welcoming = Server::start(&flags);
    let first = r#"{"from":"bob","text":"first"}"#;
    let path = "/feeds/a/messages?token=s3cret";
    assert_eq!(
        post(&welcoming.at(path), "application/json", first).status,
        201
    );
    let told = json!({"post": 2, "poll": 1, "sse": 1, "websocket": 1});
    assert_eq!(visit(&welcoming), told);

    let closed = Server::start(&["--token", "s3cret"]);
    assert_eq!(
        post(&closed.at(path), "application/json", first).status,
        201
    );
    let out = "kept out";
    let told = json!({"post": out, "poll": out, "sse": out, "websocket": out});
    assert_eq!(visit(&closed), told);
    let poll = get(&closed.at("/feeds/a/poll?after=0&token=s3cret"));
    assert_eq!(poll.seqs(), [1], "nothing was written");
}
