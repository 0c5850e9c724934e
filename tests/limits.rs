//! The limits of a server, each set by a flag, and the answers at each limit.

mod support;

use std::io::{Read, Write};
use std::time::Instant;

use support::process::{text, wslab};
use support::results::Results;
use support::websocket::{close_code, frame, open_websocket, read_frame};
use support::{JSON, Server, ask};

/// A text frame.
fn text_frame(json: &str) -> Vec<u8> {
    frame(0x81, json.as_bytes())
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn a_message_is_as_long_as_max_message_says() {
    let server = Server::start(&["--max-message", "60", "--presence", "off"]);
    let body = |bytes: usize| {
        let wrapping = r#"{"from":"a","text":""}"#.len();
        format!(
            r#"{{"from":"a","text":"{}"}}"#,
            "x".repeat(bytes - wrapping)
        )
    };
    let post = |body: &str| server.exchange("POST", "/feeds/a/messages", JSON, body);
    assert_eq!(post(&body(60)).status, 201);
    let refused = post(&body(61));
    refused.assert(413, &["at most 60 bytes"]);
    let (mut stream, _) = open_websocket(&server, "/feeds/a/ws?user=a", "");
    stream.write_all(&text_frame(&body(61))).unwrap();
    assert_eq!(close_code(&mut stream), 1009);
}

#[test]
fn a_head_is_as_long_as_max_header_says() {
    for (flags, bytes) in [(&[][..], 16 << 10), (&["--max-header", "2000"], 2_000)] {
        let server = Server::start(flags);
        let padded = |length: usize| {
            let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nPadding: ";
            let padding = "x".repeat(length - head.len() - 4);
            ask(&mut server.connect(), &format!("{head}{padding}\r\n\r\n"))
        };
        assert!(padded(bytes - 1).starts_with("http/1.1 200 "));
        assert!(padded(bytes + 500).starts_with("http/1.1 431 "));
    }
}

#[test]
fn a_request_that_dribbles_in_is_cut_off() {
    let server = Server::start(&["--header-timeout", "100ms", "--idle-timeout", "1h"]);
    let mut silent = server.connect();
    let mut half = server.connect();
    write!(half, "GET /healthz HTTP/1.1\r\nHost:").unwrap();
    let (mut second, _) = server.open_until("/healthz", "", "}");
    write!(second, "GET /heal").unwrap();
    for cut in [&mut silent, &mut half, &mut second] {
        assert_eq!(cut.read(&mut [0]).unwrap(), 0);
    }
    let mut slow = server.connect();
    let head =
        format!("POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 40\r\n\r\n{{");
    let answer = ask(&mut slow, &head);
    assert!(answer.starts_with("http/1.1 408 "), "{answer}");
}

#[test]
fn who_rests_or_waits_is_not_cut_off_before_its_time() {
    let server = Server::start(&["--header-timeout", "50ms", "--idle-timeout", "1h"]);
    let (mut resting, _) = server.open_until("/healthz", "", "}");
    // Its bytes are counted for another transport now.
    ask(
        &mut resting,
        "GET /feeds/%61/poll HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    support::read_until(&mut resting, "}");
    let (mut socket, _) = open_websocket(&server, "/feeds/a/ws", "");
    let held = server.get("/feeds/a/long-poll?after=0&hold_ms=300");
    assert_eq!(held.status, 200);
    assert!(ask(&mut resting, HEALTH).starts_with("http/1.1 200 "));
    server.publish("a", "alice", "oi");
    assert_eq!(read_frame(&mut socket).0, 0x81);

    let server = Server::start(&["--header-timeout", "1h", "--idle-timeout", "100ms"]);
    let (mut idle, _) = server.open_until("/healthz", "", "}");
    assert_eq!(
        idle.read(&mut [0]).unwrap(),
        0,
        "an hour's head, but no rest"
    );
}

#[test]
fn one_address_has_so_many_connections_and_others_have_theirs() {
    let server = Server::start(&["--max-clients-per-address", "2"]);
    let mut first = server.connect_from([127, 0, 0, 1]);
    ask(&mut first, HEALTH);
    let (_second, _) = open_websocket(&server, "/feeds/a/ws", "");
    let refused = server.get("/healthz");
    refused.assert(503, &["\r\nretry-after: 5\r\n", "your address has all"]);
    let mut other = server.connect_from([127, 0, 0, 2]);
    assert!(ask(&mut other, HEALTH).starts_with("http/1.1 200 "));
    drop(first);
    support::wait_until("a place is free again", || {
        server.get("/healthz").status == 200
    });
}

#[test]
fn a_crowd_of_names_from_one_address_joins_no_faster_than_it_may_publish() {
    let server = Server::start(&["--publish-rate", "1"]);
    let began = Instant::now();
    for name in 0..100 {
        let answer = server.get(&format!("/feeds/a/poll?user=u{name}"));
        assert_eq!(answer.status, 200, "it reads all the same");
    }
    let (_socket, _) = open_websocket(&server, "/feeds/a/ws?user=u100", "");
    let (_stream, _) = server.open_until("/feeds/a/sse?user=u101", "", "\r\n\r\n");
    let joins = server.history("a").len() as u64;
    assert!(
        (1..=began.elapsed().as_secs() + 1).contains(&joins),
        "{joins}"
    );
}

#[test]
fn an_address_that_publishes_too_fast_is_told_to_wait() {
    let server = Server::start(&["--publish-rate", "1"]);
    let body = r#"{"from":"a","text":"oi"}"#;
    let post = || server.exchange("POST", "/feeds/a/messages", JSON, body);
    // Of 100 in a row, two come within a second even on a slow machine.
    let refused = (0..100).map(|_| post()).find(|answer| answer.status != 201);
    let refused = refused.expect("too fast");
    refused.assert(429, &["\r\nretry-after: 1\r\n", "1 messages a second"]);
    let length = body.len();
    let request = format!(
        "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: {length}\r\n\r\n{body}"
    );
    let other = ask(&mut server.connect_from([127, 0, 0, 2]), &request);
    assert!(other.starts_with("http/1.1 201 "), "{other}");

    let (mut socket, _) = open_websocket(&server, "/feeds/b/ws?user=a", "");
    let many = text_frame(r#"{"text":"oi"}"#).repeat(100);
    socket.write_all(&many).unwrap();
    let mut last = read_frame(&mut socket);
    while last.0 == 0x81 {
        last = read_frame(&mut socket);
    }
    assert_eq!((last.0, &last.1[..2]), (0x88, &1008u16.to_be_bytes()[..]));
}

#[test]
fn intervals_are_as_their_flags_say() {
    let flags = [
        "--max-hold",
        "20ms",
        "--heartbeat",
        "20ms",
        "--ping",
        "50ms",
    ];
    let server = Server::start(&flags);
    let poll = server.get("/feeds/a/long-poll?after=0&hold_ms=3600000");
    assert!(
        poll.body.starts_with(r#"{"messages":[],"last":0,"#),
        "{}",
        poll.body
    );
    let beats = "retry: 2000\n\n\r\n3\r\n:\n\n\r\n3\r\n:\n\n\r\n";
    server.open_until("/feeds/a/sse", "", beats);
    let (mut socket, _) = open_websocket(&server, "/feeds/a/ws", "");
    assert_eq!(read_frame(&mut socket), (0x89, vec![]));
    socket.write_all(&frame(0x8a, b"")).unwrap();
    assert_eq!(
        read_frame(&mut socket),
        (0x89, vec![]),
        "it answered: go on"
    );
    assert_eq!(socket.read(&mut [0]).unwrap(), 0, "it did not answer");
}

#[test]
fn feeds_are_as_many_as_max_feeds_says() {
    let server = Server::start(&["--max-feeds", "2"]);
    let readers =
        ["a", "b"].map(|feed| open_websocket(&server, &format!("/feeds/{feed}/ws"), "").0);
    let post = |feed: &str| {
        let path = format!("/feeds/{feed}/messages");
        server.exchange("POST", &path, JSON, r#"{"from":"a","text":"oi"}"#)
    };
    for refused in [
        post("c"),
        server.get("/feeds/c/sse"),
        server.get("/feeds/c/long-poll"),
    ] {
        refused.assert(
            409,
            &["holds 2 feeds", "idle for 3 s", "\r\nretry-after: 1\r\n"],
        );
    }
    for feed in ["a", "lobby", "system", "sensors"] {
        assert_eq!(post(feed).status, 201, "{feed}");
    }
    drop(readers);
    support::wait_until("an idle feed makes room", || post("c").status == 201);
}

#[test]
fn asking_for_feeds_that_do_not_exist_makes_none() {
    let server = Server::start(&["--max-feeds", "2", "--feed", "turma"]);
    let begins = r#"{"messages":[],"last":0,"#;
    for number in 0..50 {
        for path in ["poll", "poll?after=0", "messages"] {
            let answer = server.get(&format!("/feeds/f{number}/{path}"));
            answer.assert(200, &[begins]);
        }
        let members = server.get(&format!("/feeds/f{number}/members"));
        members.assert(200, &[r#"{"members":[],"#]);
    }
    let reset = server.get("/feeds/f0/poll?after=7").body;
    assert!(reset.ends_with(r#","missed":0}"#), "{reset}");
    let feeds = |server: &Server| support::metric(&server.get("/metrics").body, "wslab_feeds");
    assert_eq!(feeds(&server), 4, "lobby, system, sensors and turma");
    // A subscriber that came before the first message gets it.
    let (mut stream, _) = server.open_until("/feeds/new/sse", "", "retry: 2000\n\n\r\n");
    server.publish("new", "alice", "first");
    support::read_until(&mut stream, "first");
    assert_eq!(feeds(&server), 5);
}

#[test]
fn one_client_takes_not_all_places_for_members() {
    let server = Server::start(&[]);
    let mut stream = server.connect();
    for name in 0..300 {
        let path = format!("/feeds/f{name}/poll?user=u{name}");
        ask(
            &mut stream,
            &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"),
        );
    }
    let mut other = server.connect_from([127, 0, 0, 2]);
    let path = "/feeds/lobby/poll?user=zoe";
    ask(
        &mut other,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"),
    );
    let members = server.get("/feeds/lobby/members").body;
    assert!(members.starts_with(r#"{"members":["zoe"],"#), "{members}");
}

/// A short run of eight feeds against a server; its status, and what it said.
fn run_eight_feeds(server: &Server, results: &Results) -> (Option<i32>, String) {
    let url = server.url();
    let mut run = vec!["run", "--target", &url, "--feeds", "8", "--clients", "8"];
    run.extend(["--transport", "sse", "--rate", "20", "--repeats", "1"]);
    run.extend(["--warm-up", "100ms", "--window", "500ms"]);
    let output = results.wslab(&run);
    let said = text(&output.stderr) + &text(&output.stdout);
    (output.status.code(), said)
}

#[test]
fn a_run_has_room_for_its_feeds_right_after_another_one() {
    let server = Server::start(&["--max-feeds", "10"]);
    for _ in 0..2 {
        let results = Results::new();
        let (status, said) = run_eight_feeds(&server, &results);
        assert_eq!(status, Some(0), "{said}");
        assert_ne!(results.trials(1)[0]["verdict"], "INVALID", "{said}");
    }
}

#[test]
fn a_run_makes_no_room_by_the_feeds_of_a_class_that_reads_and_says_so() {
    let server = Server::start(&["--max-feeds", "10"]);
    let _class = ["a", "b", "c"].map(|feed| {
        let path = format!("/feeds/{feed}/sse");
        server.open_until(&path, "", "retry: 2000\n\n").0
    });
    let (status, said) = run_eight_feeds(&server, &Results::new());
    assert_eq!(status, Some(1), "{said}");
    for part in ["no room for 8 feeds", "--max-feeds", "idle for 3 s"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn bounds_that_are_none_are_told_at_once() {
    for (flags, says) in [
        (["--max-header", "100"], "between 1KiB and 256KiB"),
        (["--max-message", "0"], "between 1 and 16MiB"),
        (["--max-clients", "0"], "between 1 and 2M"),
        (["--publish-rate", "0"], "between 1 and 1M"),
        (["--idle-timeout", "0s"], "between 1ms and 1 day"),
        (["--ping", "often"], "write a time such as 500ms"),
    ] {
        let output = wslab(&[&["serve"], &flags[..]].concat()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(says), "{flags:?}: {error}");
    }
}
