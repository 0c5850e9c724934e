//! HTTP/1.1 as literal bytes: hosts, lengths, pipelining, HEAD, Allow, Expect (RFC 9110, RFC 9112).

mod support;

use std::io::{Read, Write};

use support::{Server, read_until};

/// All bytes that the server sends in answer, until it closes.
fn answered(server: &Server, bytes: &str) -> String {
    let mut stream = server.connect();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_request_that_could_be_understood_in_two_ways_gets_400_and_the_end() {
    let server = Server::start(&[]);
    let json = "Content-Type: application/json\r\n";
    let post = format!("POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n{json}");
    let get = |head: &str| format!("GET /feeds/a/poll HTTP/1.1\r\n{head}\r\n");
    for bytes in [
        get(""),
        get("Host: a\r\nHost: a\r\n"),
        get("Host:\r\n"),
        get("Host: a/b\r\n"),
        get("Host: a@b\r\n"),
        get("Host : x\r\n"),
        get("Host: x\r\nFolded: a\r\n b\r\n"),
        get("Host: x\r\nReturn: a\rb\r\n"),
        get("Host: x\r\nNull: a\0b\r\n"),
        format!("{post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}} "),
        format!("{post}Content-Length: +2\r\n\r\n{{}}"),
        format!("{post}Content-Length: 2, 2\r\n\r\n{{}}"),
        format!("{post}Transfer-Encoding: gzip\r\n\r\n{{}}"),
        format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "GET / HTTP/1.2\r\nHost: x\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\0\x01\0".to_owned(),
    ] {
        let text = answered(&server, &bytes);
        assert!(text.starts_with("HTTP/1.1 400 "), "{bytes:?}: {text}");
        assert_eq!(text.matches("HTTP/1").count(), 1, "{text}");
    }
    // With two lengths the chunked coding counts (RFC 9112, section 6.3), and the bytes behind the
    // body are not a request.
    let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let lengths = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let text = answered(&server, &format!("{post}{lengths}{hidden}"));
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
    assert_eq!(text.matches("HTTP/1").count(), 1, "{text}");
    assert!(server.history("a").is_empty());

    let old = answered(&server, "GET /feeds/a/poll HTTP/1.0\r\n\r\n");
    assert!(old.starts_with("HTTP/1.0 200 OK\r\n"), "{old}");
}

#[test]
fn requests_in_a_row_are_answered_in_their_order() {
    let server = Server::start(&[]);
    let body = r#"{"from":"alice","text":"oi"}"#;
    let length = body.len();
    let bytes = format!(
        "GET /feeds/a/poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\n\
         POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}\
         HEAD /feeds/a/poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\n\
         GET /feeds/a/poll?after=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    );
    let text = answered(&server, &bytes);
    let answers: Vec<_> = text.split("HTTP/1.1 ").skip(1).collect();
    let expected = [
        ("200 OK", "\r\n\r\n{\"messages\":[],\"last\":0"),
        ("201 Created", "\r\n\r\n{\"seq\":1}"),
        ("200 OK", ""),
        ("200 OK", "\r\n\r\n{\"messages\":[],\"last\":1"),
    ];
    assert_eq!(answers.len(), expected.len(), "{text}");
    for (answer, (status, body)) in answers.iter().zip(expected) {
        assert!(
            answer.starts_with(status) && answer.contains(body),
            "{answer}"
        );
    }
    assert!(answers[2].ends_with("\r\n\r\n"), "HEAD has no body: {text}");
}

#[test]
fn head_is_get_without_a_body_and_405_says_what_is_allowed() {
    let server = Server::start(&[]);
    server.publish("a", "alice", "oi");
    for path in [
        "/",
        "/healthz",
        "/feeds/a/poll?after=0",
        "/feeds/a/messages",
        "/nothing",
    ] {
        let ask = |method| server.exchange(method, path, "", "");
        let (head, get) = (ask("HEAD"), ask("GET"));
        let fields = |head: &str| {
            let undated = head.lines().filter(|line| !line.starts_with("date:"));
            let mut fields: Vec<_> = undated.map(str::to_owned).collect();
            fields.sort();
            fields
        };
        assert_eq!(fields(&head.head), fields(&get.head), "{path}");
        assert_eq!(head.body, "");
    }
    let stream = server.exchange("HEAD", "/feeds/a/sse", "", "");
    assert_eq!((stream.status, &*stream.body), (200, ""), "it ends");
    for (method, path, allow) in [
        ("POST", "/feeds/a/poll", "get,head"),
        ("PUT", "/feeds/a/messages", "get,head,post"),
        ("DELETE", "/", "get,head"),
        ("POST", "/healthz", "get,head"),
        ("POST", "/metrics", "get,head"),
        ("OPTIONS", "/feeds/a/sse", "get,head"),
        ("HEAD", "/feeds/a/ws", "get"),
        ("BREW", "/events", "get,head"),
    ] {
        let answer = server.exchange(method, path, "", "");
        let field = format!("\r\nallow: {allow}\r\n");
        answer.assert(405, &[&field]);
    }
}

#[test]
fn who_waits_for_a_word_before_the_body_gets_it_or_learns_that_it_is_in_vain() {
    let server = Server::start(&[]);
    let body = r#"{"from":"alice","text":"oi"}"#;
    let ask = |kind: &str, length: usize| {
        let mut stream = server.connect();
        write!(
            stream,
            "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
        .unwrap();
        let head = read_until(&mut stream, "\r\n\r\n");
        (stream, head)
    };
    let (mut stream, word) = ask("application/json", body.len());
    assert_eq!(word, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).unwrap();
    assert!(read_until(&mut stream, "}").starts_with("HTTP/1.1 201 "));
    let (_, word) = ask("text/plain", body.len());
    assert!(word.starts_with("HTTP/1.1 415 "), "{word}");
    let (_, word) = ask("application/json", 65_537);
    assert!(word.starts_with("HTTP/1.1 413 "), "{word}");
}

#[test]
fn a_body_far_too_long_is_refused_in_words_not_by_a_reset() {
    let server = Server::start(&[]);
    let long = "x".repeat(8 << 20);
    for _ in 0..5 {
        let json = "Content-Type: application/json\r\n";
        let refused = server.exchange("POST", "/feeds/a/messages", json, &long);
        refused.assert(413, &["write less"]);
    }
}

/// The fast engine and the general one answer with the same bytes.
#[test]
fn a_plain_request_is_answered_like_any_other() {
    let server = Server::start(&["--heartbeat", "1h"]);
    server.publish("a", "alice", "oi");
    let upgrade = |protocol: &str| format!("Connection: Upgrade\r\nUpgrade: {protocol}\r\n");
    let websocket = format!(
        "{}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        upgrade("websocket")
    );
    for (path, fields, end) in [
        ("/feeds/a/poll?after=0", "", "}]"),
        ("/feeds/a/poll?after=1", "Connection: close\r\n", "[]"),
        ("/feeds/a/long-poll?after=0", "", "}]"),
        ("/feeds/a/long-poll?hold_ms=1", "", "[]"),
        ("/feeds/a/sse?after=0", "", "}\n\n\r\n"),
        ("/feeds/a/sse?after=9", "Last-Event-ID: 0\r\n", "}\n\n\r\n"),
        ("/feeds/a/ws?after=0", &websocket, "}"),
        ("/feeds/a/ws?after=7", &websocket, "}}"),
        ("/feeds/a/raw?after=0", &upgrade("raw-tcp"), "}"),
    ] {
        // A request with an Origin goes to the general engine.
        let [plain, other] = ["", "Origin: http://x\r\n"].map(|origin| {
            let mut stream = server.connect();
            write!(
                stream,
                "GET {path} HTTP/1.1\r\nHost: x\r\n{origin}{fields}\r\n"
            )
            .unwrap();
            let head = read_until(&mut stream, "\r\n\r\n");
            let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
            lines.retain(|line| !line.starts_with("date: "));
            lines[1..].sort();
            let dated = head.lines().count() - lines.len();
            assert_eq!(dated, 1, "{head}");
            let mut body = Vec::new();
            while !body.ends_with(end.as_bytes()) {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                body.extend_from_slice(&byte);
            }
            (lines, body)
        });
        assert_eq!(plain, other, "{path}");
    }
}
