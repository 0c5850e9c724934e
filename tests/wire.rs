//! The server's wire formats, byte by byte, over real sockets.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use support::websocket::{UPGRADE, close_code, frame, open_websocket, read_frame};
use support::{Server, messages, read_until, wait_until};

#[test]
fn a_poll_is_these_bytes() {
    let server = Server::start(&[]);
    let empty = server.get("/feeds/a/poll");
    let epoch = server.epoch();
    assert_eq!(epoch.len(), 4, "{epoch}");
    let nothing = |last| format!(r#"{{"messages":[],"last":{last},"epoch":"{epoch}"}}"#);
    assert_eq!((empty.status, empty.body), (200, nothing(0)));
    assert!(
        empty
            .head
            .contains("\r\ncontent-type: application/json\r\n"),
        "{}",
        empty.head
    );
    assert!(
        empty.head.contains("\r\ncache-control: no-store\r\n"),
        "{}",
        empty.head
    );

    server.publish("a", "alice", "a\nb\u{2028}\"ã\"");
    let body = server.get("/feeds/a/poll?after=0").body;
    let stamp = body
        .split("published_at_ns\":")
        .nth(1)
        .unwrap()
        .split('}')
        .next()
        .unwrap();
    let expected = format!(
        "{{\"messages\":[{{\"seq\":1,\"from\":\"alice\",\"text\":\"a\\nb\u{2028}\\\"ã\\\"\",\
         \"intended_at_ns\":0,\"published_at_ns\":{stamp}}}],\"last\":1,\"epoch\":\"{epoch}\"}}"
    );
    assert_eq!(body, expected);
    assert_eq!(server.get("/feeds/a/poll?after=1").body, nothing(1));
    let with_epoch = format!("/feeds/a/poll?after=1-{epoch}");
    assert_eq!(server.get(&with_epoch).body, nothing(1));
    assert_eq!(server.get("/feeds/a/poll").body, nothing(1), "from now on");
    let reset = nothing(1).replace('}', r#","missed":0}"#);
    for ahead in ["2", &format!("2-{epoch}")] {
        let told = server.get(&format!("/feeds/a/poll?after={ahead}")).body;
        let (before, message) = (reset.replace("[]", "["), &server.history("a")[0]);
        let expected = before.replace("[,", &format!("[{message}],"));
        assert_eq!(told, expected, "{ahead} is ahead of the feed");
    }
}

#[test]
fn a_long_poll_waits_for_a_message_or_for_the_end_of_its_hold() {
    let server = Server::start(&[]);
    let brief = server.get("/feeds/a/long-poll?after=0&hold_ms=20").body;
    assert_eq!(messages(&brief), Vec::<String>::new());

    let mut held = server.open("/feeds/a/long-poll?after=0", "");
    server.publish("a", "alice", "oi");
    let head = read_until(&mut held, "\r\n\r\n");
    let length: usize = head
        .split("content-length: ")
        .nth(1)
        .unwrap()
        .split("\r\n")
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let mut body = vec![0; length];
    held.read_exact(&mut body).unwrap();
    assert_eq!(
        messages(std::str::from_utf8(&body).unwrap()),
        server.history("a")
    );
    let waiting = server.get("/feeds/a/long-poll?after=0").body;
    assert_eq!(
        messages(&waiting),
        server.history("a"),
        "what is there is not waited for"
    );
}

#[test]
fn an_event_stream_is_these_bytes() {
    let server = Server::start(&[]);
    server.publish("a", "alice", "before");
    let (mut stream, head) = server.open_until("/feeds/a/sse", "", "\r\n\r\n");
    for field in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "transfer-encoding: chunked",
    ] {
        assert!(
            head.contains(&format!("\r\n{field}\r\n")),
            "{field} in {head}"
        );
    }
    assert_eq!(
        read_until(&mut stream, "\n\n\r\n"),
        "D\r\nretry: 2000\n\n\r\n"
    );
    server.publish("a", "bob", "one\r\ndata: not a field");
    let json = server.history("a")[1].clone();
    let epoch = server.epoch();
    let event = format!("id: 2-{epoch}\ndata: {json}\n\n");
    let chunk = format!("{:X}\r\n{event}\r\n", event.len());
    assert_eq!(
        read_until(&mut stream, "\n\n\r\n"),
        chunk,
        "one event, one chunk"
    );
}

#[test]
fn an_event_stream_resumes_and_the_header_wins() {
    let server = Server::start(&["--history", "3"]);
    (1..=5).for_each(|n| assert_eq!(server.publish("a", "alice", "x"), n));
    let epoch = server.epoch();
    let ids = |query: &str, header: &str| {
        let path = format!("/feeds/a/sse{query}");
        let (_, text) = server.open_until(&path, header, "\n\n\r\n");
        text.lines()
            .filter(|l| l.starts_with("id") || l.starts_with("event") || l.contains("missed"))
            .map(|line| line.replace(&epoch, "EPOCH"))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("?after=3", ""), ["id: 4-EPOCH", "id: 5-EPOCH"]);
    assert_eq!(ids("?after=2", "Last-Event-ID: 4\r\n"), ["id: 5-EPOCH"]);
    let own = format!("Last-Event-ID: 4-{epoch}\r\n");
    assert_eq!(ids("?after=2-none", &own), ["id: 5-EPOCH"]);
    let told = [
        "event: reset",
        "id: 2-EPOCH",
        r#"data: {"missed":2,"last":5,"epoch":"EPOCH"}"#,
        "id: 3-EPOCH",
        "id: 4-EPOCH",
        "id: 5-EPOCH",
    ];
    assert_eq!(ids("?after=0", ""), told, "two are gone");
    assert_eq!(ids("?after=0-", ""), told, "and of which epoch?");
    for other in ["99", "rubbish", "4-none", "5-"] {
        let header = format!("Last-Event-ID: {other}\r\n");
        assert_eq!(ids("", &header), told, "{other} is of another life");
    }
}

#[test]
fn an_ndjson_stream_is_these_bytes() {
    let server = Server::start(&["--heartbeat", "1h"]);
    server.publish("a", "alice", "before");
    let epoch = server.epoch();
    let open = |query: &str| {
        let mut stream = server.connect();
        let path = format!("/feeds/a/stream{query}");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        (read_until(&mut stream, "\r\n\r\n"), stream)
    };
    let chunk = |text: &str| format!("{:X}\r\n{text}\r\n", text.len());
    let (head, mut stream) = open("");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for field in [
        "content-type: application/x-ndjson",
        "cache-control: no-store",
        "x-accel-buffering: no",
        "transfer-encoding: chunked",
    ] {
        let line = format!("\r\n{field}\r\n");
        assert!(head.contains(&line), "{field} in {head}");
    }
    let heartbeat = chunk("\n");
    assert_eq!(
        read_until(&mut stream, "\n\r\n"),
        heartbeat,
        "no message waits"
    );
    server.publish("a", "bob", "one\r\ntwo");
    let history = server.history("a");
    let line = chunk(&format!("{}\n", history[1]));
    assert_eq!(
        read_until(&mut stream, "}\n\r\n"),
        line,
        "one line, one chunk"
    );

    let (_, mut all) = open("?after=0");
    let both = chunk(&format!("{}\n{}\n", history[0], history[1]));
    assert_eq!(
        read_until(&mut all, "}\n\r\n"),
        both,
        "what waits, in one chunk"
    );
    let (_, mut resumed) = open(&format!("?after=1-{epoch}"));
    assert_eq!(read_until(&mut resumed, "}\n\r\n"), line);
    let reset = format!(r#"{{"reset":{{"missed":0,"last":2,"epoch":"{epoch}"}}}}"#);
    let told = chunk(&format!("{reset}\n{}\n{}\n", history[0], history[1]));
    for other in ["0-", "9", "1-none"] {
        let (_, mut stream) = open(&format!("?after={other}"));
        assert_eq!(read_until(&mut stream, "}\n\r\n"), told, "{other}");
    }
    assert_eq!(server.get("/feeds/a/stream?after=x").status, 400);

    let server = Server::start(&["--heartbeat", "50ms"]);
    let mut silent = server.connect();
    write!(silent, "GET /feeds/a/stream HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    read_until(&mut silent, "\r\n\r\n");
    for _ in 0..2 {
        assert_eq!(
            read_until(&mut silent, "\n\r\n"),
            "1\r\n\n\r\n",
            "a heartbeat"
        );
    }
}

#[test]
fn curl_and_python_read_an_ndjson_stream_as_it_comes() {
    let server = Server::start(&["--heartbeat", "1h"]);
    server.publish("a", "alice", "oi");
    let url = format!("{}/feeds/a/stream?after=0", server.url());
    let curl = Command::new("curl")
        .args(["-sN", &url])
        .stdout(Stdio::piped())
        .spawn();
    let script = "import sys, urllib.request\n\
        for line in urllib.request.urlopen(sys.argv[1]):\n    \
        sys.stdout.buffer.write(line); sys.stdout.flush()";
    let python = Command::new("python3")
        .args(["-c", script, &url])
        .stdout(Stdio::piped())
        .spawn();
    for child in [curl, python] {
        // Neither is on every machine.
        let Ok(mut child) = child else { continue };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), server.history("a")[0]);
        server.publish("a", "bob", "hey");
        assert_eq!(lines.next().unwrap().unwrap(), server.history("a")[1]);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_websocket_is_these_bytes() {
    let server = Server::start(&["--presence", "off"]);
    server.publish("a", "alice", "oi");
    let extra = "Sec-WebSocket-Protocol: superchat, chat\r\n";
    let (mut stream, head) = open_websocket(&server, "/feeds/a/ws?after=0&user=bob", extra);
    assert!(
        head.contains("\r\nsec-websocket-protocol: chat\r\n"),
        "{head}"
    );
    assert_eq!(
        read_frame(&mut stream),
        (0x81, server.history("a")[0].clone().into_bytes())
    );

    // Masked text, then a ping, whose pong has the same payload.
    stream
        .write_all(&frame(0x81, br#"{"text":"hey"}"#))
        .unwrap();
    let (opcode, json) = read_frame(&mut stream);
    assert_eq!(
        (opcode, String::from_utf8(json).unwrap()),
        (0x81, server.history("a")[1].clone())
    );
    assert!(server.history("a")[1].starts_with(r#"{"seq":2,"from":"bob","text":"hey","#));
    stream.write_all(&frame(0x89, b"Hello")).unwrap();
    assert_eq!(read_frame(&mut stream), (0x8a, b"Hello".to_vec()));

    // A message in three frames, a ping between them, cut at every byte.
    let mut bytes = frame(0x01, br#"{"text""#);
    bytes.extend(frame(0x89, b""));
    bytes.extend(frame(0x00, br#":""#));
    bytes.extend(frame(0x80, "ã\"}".as_bytes()));
    for byte in bytes {
        stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(read_frame(&mut stream), (0x8a, vec![]));
    let (_, json) = read_frame(&mut stream);
    assert!(String::from_utf8(json).unwrap().contains(r#""text":"ã""#));

    // A close is answered with its code, and then the connection ends.
    stream.write_all(&frame(0x88, &[0x03, 0xe8])).unwrap();
    assert_eq!(close_code(&mut stream), 1000);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn the_baseline_is_these_bytes() {
    let server = Server::start(&[]);
    server.publish("a", "alice", "oi");
    let upgrade = "Connection: Upgrade\r\nUpgrade: raw-tcp\r\n";
    let open = |path| server.open_until(path, upgrade, "\r\n\r\n");
    let (mut stream, head) = open("/feeds/a/raw?after=0");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let next = |stream: &mut TcpStream| {
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut json = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut json).unwrap();
        String::from_utf8(json).unwrap()
    };
    assert_eq!(next(&mut stream), server.history("a")[0]);
    server.publish("a", "bob", "hey");
    assert_eq!(next(&mut stream), server.history("a")[1]);

    let (mut ahead, _) = open("/feeds/a/raw?after=9");
    assert!(next(&mut ahead).starts_with(r#"{"reset":{"missed":0,"last":2,"epoch":"#));
    assert_eq!(next(&mut ahead), server.history("a")[0]);

    let refused = server.get("/feeds/a/raw");
    refused.assert(426, &["\r\nupgrade: raw-tcp"]);
}

#[test]
fn a_websocket_that_misbehaves_is_told_why() {
    let server = Server::start(&["--presence", "off"]);
    let told = |query: &str, bytes: &[u8]| {
        let (mut stream, _) = open_websocket(&server, &format!("/feeds/a/ws{query}"), "");
        stream.write_all(bytes).unwrap();
        close_code(&mut stream)
    };
    let text = |json: &[u8]| frame(0x81, json);
    assert_eq!(told("?user=a", &text(b"not json")), 1007);
    assert_eq!(told("?user=a", &text(br#"{"text":"  "}"#)), 1008);
    assert_eq!(told("", &text(br#"{"text":"who am I"}"#)), 1008);
    assert_eq!(told("?user=a", &frame(0x82, b"x")), 1003);
    assert_eq!(told("?user=a", &frame(0x81, b"\xc3\x28")), 1007);
    assert_eq!(told("?user=a", b"\x81\x01x"), 1002, "a client must mask");
    assert_eq!(told("?user=a", &frame(0xc1, b"x")), 1002, "a reserved bit");
    let long = format!(r#"{{"text":"x","intended_at_ns":"{}"}}"#, "x".repeat(90));
    assert_eq!(
        told("?user=a", &text(long.as_bytes())),
        1007,
        "told in few words"
    );
    assert_eq!(told("?user=a", &frame(0x81, &[b'x'; 65_537])), 1009);
    assert!(server.history("a").is_empty());
}

#[test]
fn what_is_said_along_with_the_handshake_is_heard() {
    let server = Server::start(&["--presence", "off"]);
    // A request with an Origin goes to the general engine.
    for (seq, origin) in [(1, ""), (2, "Origin: http://x\r\n")] {
        let head = format!("GET /feeds/a/ws?user=al HTTP/1.1\r\nHost: x\r\n{UPGRADE}{origin}\r\n");
        let said = frame(0x81, br#"{"text":"oi"}"#);
        let mut stream = server.connect();
        let bytes = [head.as_bytes(), &said].concat();
        stream.write_all(&bytes).unwrap();
        read_until(&mut stream, "\r\n\r\n");
        let (first, json) = read_frame(&mut stream);
        let begin = format!(r#"{{"seq":{seq},"from":"al","text":"oi","#);
        assert!(first == 0x81 && json.starts_with(begin.as_bytes()));
    }
}

#[test]
fn a_handshake_that_is_none_gets_no_101() {
    let server = Server::start(&[]);
    let shake_at = |path: &str, key: &str, version: &str| {
        let headers = format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {key}\r\n\
             Sec-WebSocket-Version: {version}\r\n"
        );
        server.open_until(path, &headers, "\r\n\r\n").1
    };
    let shake = |key: &str, version: &str| shake_at("/echo", key, version);
    let nameless = shake_at("/chat?user=%20", "dGhlIHNhbXBsZSBub25jZQ==", "13");
    assert!(nameless.starts_with("HTTP/1.1 422 "), "{nameless}");
    assert!(shake("dGhlIHNhbXBsZSBub25jZQ==", "13").starts_with("HTTP/1.1 101 "));
    assert!(
        shake("abc", "13").starts_with("HTTP/1.1 400 "),
        "a key has 16 bytes"
    );
    let old = shake("dGhlIHNhbXBsZSBub25jZQ==", "8");
    assert!(
        old.starts_with("HTTP/1.1 426 ") && old.contains("\r\nsec-websocket-version: 13\r\n"),
        "{old}"
    );
}

#[test]
fn a_close_is_answered_however_busy_the_feed_is() {
    let server = Server::start(&[]);
    for _ in 0..30 {
        let (mut stream, _) = open_websocket(&server, "/feeds/a/ws?after=0&user=bob", "");
        let mut bytes = frame(0x81, br#"{"text":"hey"}"#);
        bytes.extend(frame(0x88, &[0x03, 0xe8]));
        stream.write_all(&bytes).unwrap();
        let mut last = read_frame(&mut stream);
        while last.0 == 0x81 {
            last = read_frame(&mut stream);
        }
        assert_eq!(last, (0x88, vec![0x03, 0xe8]));
    }
}

#[test]
fn a_websocket_that_fell_behind_is_told_what_it_missed() {
    let server = Server::start(&["--history", "2"]);
    for _ in 0..5 {
        server.publish("a", "alice", "x");
    }
    let epoch = server.epoch();
    let reset =
        |missed: u64| format!(r#"{{"reset":{{"missed":{missed},"last":5,"epoch":"{epoch}"}}}}"#);
    let seen = |after: &str, count: usize| {
        let path = format!("/feeds/a/ws?after={after}");
        let (mut stream, _) = open_websocket(&server, &path, "");
        let mut text = || String::from_utf8(read_frame(&mut stream).1).unwrap();
        (0..count).map(|_| text()).collect::<Vec<_>>()
    };
    let history = server.history("a");
    let after_reset = |missed| [&[reset(missed)][..], &history].concat();
    assert_eq!(seen("1", 3), after_reset(2));
    assert_eq!(seen(&format!("1-{epoch}"), 3), after_reset(2));
    assert_eq!(seen("4-none", 3), after_reset(3), "of another epoch");
    assert_eq!(seen("0-", 3), after_reset(3), "asks which epoch it is");
    assert_eq!(seen(&format!("4-{epoch}"), 1), history[1..]);
}

#[test]
fn the_lectures_addresses_are_the_lobby_and_echo_echoes() {
    let server = Server::start(&["--presence", "off"]);
    let (mut chat, _) = open_websocket(&server, "/chat?user=alice", "");
    let (mut events, _) = server.open_until("/events", "", "retry: 2000\n\n\r\n");
    chat.write_all(&frame(0x81, br#"{"text":"oi"}"#)).unwrap();
    let json = String::from_utf8(read_frame(&mut chat).1).unwrap();
    assert_eq!(server.history("lobby"), std::slice::from_ref(&json));
    assert!(read_until(&mut events, "\n\n\r\n").contains(&json));

    let (mut echo, _) = open_websocket(&server, "/echo", "");
    echo.write_all(&frame(0x81, b"Hello")).unwrap();
    assert_eq!(read_frame(&mut echo), (0x81, b"Hello".to_vec()));
    echo.write_all(&frame(0x82, &[0, 159, 255])).unwrap();
    assert_eq!(read_frame(&mut echo), (0x82, vec![0, 159, 255]));
}

#[test]
fn bad_requests_are_told_what_to_change() {
    let server = Server::start(&[]);
    let json = "Content-Type: application/json\r\n";
    let post = |headers, body: &str| server.exchange("POST", "/feeds/a/messages", headers, body);
    let long = "x".repeat(70_000);
    for (answer, status, says) in [
        (
            post("", r#"{"from":"a","text":"x"}"#),
            415,
            "application/json",
        ),
        (post(json, "{"), 400, r#"write {\"from\""#),
        (post(json, r#"{"from":"a"}"#), 422, "missing field `text`"),
        (
            post(json, r#"{"from":"  ","text":"x"}"#),
            422,
            "1 to 32 characters",
        ),
        (post(json, r#"{"from":"a","text":" \n "}"#), 422, "blank"),
        (post(json, &long), 413, "at most 65536 bytes"),
        (server.get("/feeds/a/poll?after=x"), 400, "after=42"),
        (server.get("/feeds/a/poll?after=-1"), 400, "after"),
        (server.get("/feeds/a/ws?after=x"), 400, "after"),
        (server.get("/feeds/a%0Ab/poll"), 400, "1 to 64 characters"),
        (server.get("/feeds/a/ws"), 400, "upgrade"),
        (server.get("/nothing/here"), 404, "/nothing/here"),
        (
            server.exchange("DELETE", "/feeds/a/poll", "", ""),
            405,
            "DELETE",
        ),
    ] {
        assert_eq!(answer.status, status, "{}", answer.body);
        let error: serde_json::Value = serde_json::from_str(&answer.body).expect(&answer.body);
        assert!(
            error["error"].is_string() && answer.body.contains(says),
            "{}",
            answer.body
        );
    }
    let allow = server.exchange("PUT", "/feeds/a/messages", "", "").head;
    assert!(allow.contains("allow: post,get,head"), "{allow}");
    assert!(server.history("a").is_empty());
}

#[test]
fn history_is_paged_and_health_is_told() {
    let server = Server::start(&[]);
    for _ in 0..4 {
        server.publish("a", "alice", "x");
    }
    let page = |query| messages(&server.get(&format!("/feeds/a/messages{query}")).body).len();
    assert_eq!(
        (
            page(""),
            page("?limit=3"),
            page("?limit=3&before=3"),
            page("?before=1")
        ),
        (4, 3, 2, 0)
    );
    let health: serde_json::Value = serde_json::from_str(&server.get("/healthz").body).unwrap();
    assert_eq!(
        (health["status"].as_str(), health["feeds"].as_u64()),
        (Some("ok"), Some(4))
    );
}

#[test]
fn one_client_too_many_is_told_so_even_when_the_places_are_held_by_websockets() {
    let server = Server::start(&["--max-clients", "2"]);
    let first = open_websocket(&server, "/feeds/a/ws", "");
    let _second = open_websocket(&server, "/feeds/a/ws", "");
    let refused = server.get("/healthz");
    refused.assert(503, &["retry-after: 5"]);
    serde_json::from_str::<serde_json::Value>(&refused.body).expect(&refused.body);
    drop(first);
    wait_until("a place is free again", || {
        server.get("/healthz").status == 200
    });
}
