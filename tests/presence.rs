//! Presence: readers of every transport join under a name, and readers of every transport see it.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::websocket::{open_websocket, read_frame};
use support::{Server, messages, read_until, wait_until};

/// Begins to read feed `a`: the connection stays open while the value lives.
fn websocket(server: &Server, query: &str) -> TcpStream {
    open_websocket(server, &format!("/feeds/a/ws?{query}"), "").0
}

fn open_stream(server: &Server, query: &str) -> TcpStream {
    server
        .open_until(&format!("/feeds/a/sse?{query}"), "", "retry: 2000\n\n")
        .0
}

fn members(server: &Server) -> Vec<String> {
    let body = server.get("/feeds/a/members").body;
    let body: serde_json::Value = serde_json::from_str(&body).expect(&body);
    serde_json::from_value(body["members"].clone()).expect("a list of names")
}

/// A message in short: its author, and its kind or text.
fn told(json: &str) -> String {
    let message: serde_json::Value = serde_json::from_str(json).expect(json);
    let what = message["kind"].as_str().or(message["text"].as_str());
    format!("{} {}", message["from"].as_str().unwrap(), what.unwrap())
}

fn story(server: &Server) -> Vec<String> {
    let history = server.history("a");
    history.iter().map(|json| told(json)).collect()
}

/// Waits until the history has as many messages as expected, and compares them.
fn wait_for_story(server: &Server, expected: &[&str]) {
    wait_until("the whole story is told", || {
        story(server).len() >= expected.len()
    });
    assert_eq!(story(server), expected);
}

#[test]
fn joins_and_leaves_are_messages_that_every_transport_carries() {
    let server = Server::start(&["--leave-after", "1ms"]);
    let mut stream = open_stream(&server, "after=0");
    let mut socket = websocket(&server, "after=0");
    let carol = websocket(&server, "user=carol");
    wait_for_story(&server, &["carol join"]);
    assert_eq!(members(&server), ["carol"]);
    drop(carol);
    wait_for_story(&server, &["carol join", "carol leave"]);
    assert_eq!(members(&server), Vec::<String>::new());

    let history = server.history("a");
    assert!(
        history[0].starts_with(r#"{"seq":1,"from":"carol","text":"","intended_at_ns":0,"#)
            && history[0].ends_with(r#","kind":"join"}"#),
        "{}",
        history[0]
    );
    for path in ["poll?after=0", "long-poll?after=0"] {
        let body = server.get(&format!("/feeds/a/{path}")).body;
        assert_eq!(messages(&body), history, "{path}");
    }
    for json in &history {
        read_until(&mut stream, &format!("data: {json}\n\n"));
        assert_eq!(read_frame(&mut socket), (0x81, json.clone().into_bytes()));
    }
}

#[test]
fn readers_of_every_transport_are_members_once_until_their_last_connection_ends() {
    let server = Server::start(&["--leave-after", "1ms"]);
    let stream = open_stream(&server, "user=alice");
    let socket = websocket(&server, "user=%20alice%20");
    let mut bob = server.connect();
    write!(
        bob,
        "GET /feeds/a/long-poll?user=bob&after=9&interval_ms=500 HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    .unwrap();
    read_until(&mut bob, "\"missed\":0}"); // 9 is ahead of the feed, which is answered at once
    let after = format!("after=2-{}", server.epoch());
    write!(
        bob,
        "GET /feeds/a/long-poll?user=bob&{after}&interval_ms=500 HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    .unwrap();
    let poll = server.get("/feeds/a/poll?after=0&user=carol&interval_ms=500");
    let seen: Vec<_> = messages(&poll.body).iter().map(|json| told(json)).collect();
    assert_eq!(seen, ["alice join", "bob join", "carol join"]);
    // Carol polls no more. Bob's long poll was answered with her join, and he does not ask again.
    wait_until("bob and carol have missed three polls", || {
        members(&server) == ["alice"]
    });
    drop(stream);
    websocket(&server, "user=dora");
    wait_until("dora came and went", || {
        story(&server)
            .last()
            .is_some_and(|last| last == "dora leave")
    });
    assert_eq!(members(&server), ["alice"], "on her WebSocket");
    drop(socket);
    wait_until("alice leaves", || members(&server).is_empty());
    let all = story(&server);
    let of = |name| all.iter().filter(|told| told.starts_with(name)).count();
    let counts = ["alice", "bob", "carol", "dora"].map(of);
    assert_eq!(counts, [2, 2, 2, 2], "one join and one leave each: {all:?}");
}

#[test]
fn a_page_that_is_loaded_again_neither_leaves_nor_joins() {
    let server = Server::start(&["--leave-after", "3s"]);
    for _ in 0..3 {
        drop(open_stream(&server, "user=alice"));
        drop(websocket(&server, "user=alice"));
    }
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(members(&server), ["alice"]);
    assert_eq!(story(&server), ["alice join"]);
    wait_for_story(&server, &["alice join", "alice leave"]);
}

#[test]
fn joins_and_leaves_push_no_text_out_of_the_history() {
    let server = Server::start(&["--history", "5", "--leave-after", "1ms"]);
    for text in 1..=3 {
        server.publish("a", "alice", &format!("text {text}"));
    }
    for name in 0..20 {
        server.get(&format!("/feeds/a/poll?user=u{name}&interval_ms=60000"));
    }
    server.publish("a", "alice", "text 4");
    let texts = |story: Vec<String>| -> Vec<String> {
        let text = |told: &String| told.contains("text");
        story.into_iter().filter(text).collect()
    };
    let all: Vec<_> = (1..=4).map(|text| format!("alice text {text}")).collect();
    assert_eq!(texts(story(&server)), all);
    let page = server.get("/feeds/a/messages?limit=2").body;
    assert!(page.ends_with(r#","more":true}"#), "{page}");
    let page = messages(&page).iter().map(|json| told(json)).collect();
    assert_eq!(texts(page), all[2..], "a short page has texts first");

    // A reader of all is told of the joins that are gone, and its numbers have no hole else.
    let (mut after, mut seen, mut missed) = (0, Vec::new(), 0);
    while after < 24 {
        let body = server.get(&format!("/feeds/a/poll?after={after}")).body;
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        let gone = json["missed"].as_u64().unwrap_or_default();
        let seqs = json["messages"].as_array().unwrap().iter();
        let seqs: Vec<_> = seqs
            .map(|message| message["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(seqs.first(), Some(&(after + gone + 1)), "{body}");
        after = json["last"].as_u64().unwrap();
        missed += gone;
        seen.extend(seqs);
    }
    assert_eq!((missed, seen), (15, vec![1, 2, 3, 19, 20, 21, 22, 23, 24]));
}

#[test]
fn a_held_long_poll_that_is_cut_off_ends_in_a_leave() {
    let server = Server::start(&[]);
    let after = format!("after=1-{}", server.epoch());
    let path = format!("/feeds/a/long-poll?user=bob&{after}&interval_ms=1");
    let held = server.open(&path, "");
    wait_for_story(&server, &["bob join"]);
    assert_eq!(members(&server), ["bob"]);
    drop(held);
    wait_for_story(&server, &["bob join", "bob leave"]);
}

#[test]
fn a_member_whose_websocket_answers_no_pings_leaves_though_it_never_closed() {
    let server = Server::start(&["--ping", "50ms", "--leave-after", "1ms"]);
    let mut silent = websocket(&server, "user=alice");
    wait_for_story(&server, &["alice join", "alice leave"]);
    assert_eq!(members(&server), Vec::<String>::new());
    let mut seen = Vec::new();
    silent
        .read_to_end(&mut seen)
        .expect("the server has closed it");
    assert!(seen.ends_with(b"\x89\x00"), "it was pinged: {seen:x?}");
}

#[test]
fn nobody_is_announced_without_a_name_or_where_presence_is_off() {
    let server = Server::start(&[]);
    let _anonymous = (open_stream(&server, ""), websocket(&server, ""));
    server.get("/feeds/a/poll");
    server.publish("a", "alice", "oi");
    assert_eq!(story(&server), ["alice oi"], "who only writes is no member");
    assert_eq!(members(&server), Vec::<String>::new());
    for path in ["poll", "long-poll", "sse"] {
        let answer = server.get(&format!("/feeds/a/{path}?user=a%07b"));
        answer.assert(422, &["1 to 32 characters"]);
    }
    server.get("/feeds/a/ws?user=bob").assert(400, &["upgrade"]);
    let mut old = server.connect();
    let handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let line = "GET /feeds/a/ws?user=bob HTTP/1.0";
    write!(old, "{line}\r\nHost: x\r\n{handshake}").unwrap();
    let mut answer = String::new();
    old.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 400 "), "{answer}");
    let unchanged = story(&server);
    assert_eq!(unchanged, ["alice oi"], "a refused reader is no member");

    let off = Server::start(&["--presence", "off"]);
    let _named = (open_stream(&off, "user=a"), websocket(&off, "user=b"));
    off.get("/feeds/a/poll?user=c");
    off.publish("a", "alice", "oi");
    assert_eq!(story(&off), ["alice oi"]);
    let answer = off.get("/feeds/a/members");
    answer.assert(404, &["--presence on"]);
}

/// A page of another site can make its visitor's browser ask for an image, with any query.
#[test]
fn a_page_of_another_site_joins_nothing() {
    let server = Server::start(&["--allow-origin", "https://lab.example.org"]);
    let path = |user: &str| format!("/feeds/a/poll?user={user}");
    // The second name goes to the other engine.
    for user in ["carol", "c%61rol"] {
        for site in ["cross-site", "same-site"] {
            let site = format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Dest: image\r\n");
            server
                .exchange("GET", &path(user), &site, "")
                .assert(200, &["[]"]);
            let (stream, _) = server.open_until(
                &format!("/feeds/a/sse?user={user}"),
                &site,
                "retry: 2000\n\n",
            );
            assert!(members(&server).is_empty() && story(&server).is_empty());
            drop(stream);
        }
    }
    let allowed = "Sec-Fetch-Site: cross-site\r\nOrigin: https://lab.example.org\r\n";
    for (user, headers) in [
        ("dave", allowed),
        ("erin", "Sec-Fetch-Site: same-origin\r\n"),
        ("frank", "Sec-Fetch-Site: none\r\n"),
    ] {
        server
            .exchange("GET", &path(user), headers, "")
            .assert(200, &[]);
    }
    assert_eq!(members(&server), ["dave", "erin", "frank"]);
}

#[test]
fn joins_of_one_address_are_paced_and_its_reads_are_not() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    let started = std::time::Instant::now();
    for number in 0..300 {
        let path = format!("/feeds/a/poll?after=0&user=n{number}");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    }
    for _ in 0..300 {
        let head = read_until(&mut stream, "\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let length = head.split_once("content-length: ").unwrap().1;
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        stream.read_exact(&mut vec![0; length]).unwrap();
    }
    let joined = members(&server).len();
    let allowed = 201 + 20 * started.elapsed().as_secs_f64().ceil() as usize;
    assert!((200..=allowed).contains(&joined), "{joined} joined");
    // Another address joins all the same.
    let mut other = server.connect_from([127, 0, 0, 2]);
    write!(
        other,
        "GET /feeds/a/poll?user=zoe HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    .unwrap();
    read_until(&mut other, "\r\n\r\n");
    assert!(members(&server).contains(&"zoe".to_owned()));
}

#[test]
fn a_stream_whose_join_comes_too_early_joins_later() {
    let server = Server::start(&["--publish-rate", "1"]);
    let _streams = [
        open_stream(&server, "user=a"),
        open_stream(&server, "user=b"),
        websocket(&server, "user=c"),
    ];
    wait_until("all have joined", || members(&server) == ["a", "b", "c"]);
    assert_eq!(story(&server).len(), 3, "once each");
}

/// Joins and leaves are kept less long than texts that are rarer.
#[test]
fn a_reader_is_told_where_only_joins_and_leaves_are_gone() {
    let server = Server::start(&["--history", "3"]);
    for text in ["one", "two", "three"] {
        for name in 0..4 {
            server.get(&format!(
                "/feeds/a/poll?user={text}{name}&interval_ms=60000"
            ));
        }
        server.publish("a", "alice", text);
    }
    let gone = r#""missed":4,"missed_texts":0,"#;
    let poll = server.get("/feeds/a/poll?after=0").body;
    assert!(
        poll.ends_with(r#","missed":4,"missed_texts":0,"more":true}"#),
        "{poll}"
    );
    let (_, events) = server.open_until("/feeds/a/sse?after=0", "", r#""three""#);
    let (_, lines) = server.open_until("/feeds/a/stream?after=0", "", r#""three""#);
    for all in [events, lines] {
        assert!(all.contains(gone), "{all}");
        for text in ["one", "two", "three"] {
            assert_eq!(
                all.matches(&format!(r#""text":"{text}""#)).count(),
                1,
                "{all}"
            );
        }
    }
    // The oldest text goes.
    server.publish("a", "alice", "four");
    let poll = server.get("/feeds/a/poll?after=0").body;
    assert!(poll.contains(r#","missed":9,"more":true}"#), "{poll}");
}

#[test]
fn members_are_listed_with_the_transports_by_which_they_read() {
    let server = Server::start(&["--leave-after", "1ms"]);
    let socket = websocket(&server, "user=carol");
    let _stream = open_stream(&server, "user=carol");
    let poll = "/feeds/a/poll?user=bob&interval_ms=60000";
    server.get(poll).assert(200, &[]);
    let transports = || {
        let body = server.get("/feeds/a/members").body;
        serde_json::from_str::<serde_json::Value>(&body).expect(&body)["transports"].clone()
    };
    let both = serde_json::json!({"bob": ["short-polling"], "carol": ["websocket", "sse"]});
    wait_until("both are there", || transports() == both);
    drop(socket);
    let one = serde_json::json!({"bob": ["short-polling"], "carol": ["sse"]});
    wait_until("the WebSocket has ended", || transports() == one);
}
