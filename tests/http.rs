//! HTTP/1.1 as literal bytes: hosts, lengths, pipelining, HEAD, Allow, Expect (RFC 9110, RFC 9112).

#[path = "support/golden.rs"]
mod golden;
mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use golden::Golden;
use support::process::{command, text, wslab};
use support::{JSON, Server, read_until};

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
        ("PUT", "/feeds/a/messages", "post,get,head"),
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

/// An answer: its status line and fields, sorted, without Date, and its body up to its length or, of
/// an answer that never ends, up to `end`. Whether a refusal closes the connection is left out: it
/// depends on how much of the request had come.
fn answer(stream: &mut TcpStream, end: &str) -> (Vec<String>, String) {
    let head = read_until(stream, "\r\n\r\n");
    let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
    lines.retain(|line| !line.starts_with("date: "));
    if lines[0].starts_with("HTTP/1.1 4") {
        lines.retain(|line| line != "connection: close");
    }
    lines[1..].sort();
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    let body = match length {
        Some(length) => {
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            String::from_utf8(body).unwrap()
        }
        None => {
            let mut body = Vec::new();
            while !body.ends_with(end.as_bytes()) {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                body.extend_from_slice(&byte);
            }
            String::from_utf8_lossy(&body).into_owned()
        }
    };
    (lines, body)
}

/// Requests that an engine served so far.
fn served(server: &Server, engine: &str) -> u64 {
    let metrics = server.exchange("GET", "/metrics?token=s3cret", "", "").body;
    let engine = format!("engine=\"{engine}\"");
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("wslab_requests_total{") && line.contains(&engine));
    let values = lines.map(|line| line.rsplit_once(' ').unwrap().1);
    values.map(|value| value.parse::<u64>().unwrap()).sum()
}

const SHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Endpoint with query, header fields, body of a POST, and the end of a body that never ends.
fn requests() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let get = |path, fields: &str, end| (path, fields.to_owned(), "", end);
    let post = |fields: &str, body: &'static str| {
        let length = body.len();
        let fields = format!("{fields}Content-Length: {length}\r\n");
        ("messages?", fields, body, "")
    };
    let json = "Content-Type: application/json; charset=utf-8; by=ã\r\n";
    let raw = "Connection: Upgrade\r\nUpgrade: raw-tcp\r\n";
    vec![
        get("poll?after=0", "", ""),
        get("poll?after=1", "Connection: close\r\n", ""),
        get("poll?after=x", "", ""),
        get("poll?interval_ms=x", "", ""),
        get("poll?user=", "", ""),
        get("poll?unknown=1", "", ""),
        get("long-poll?after=0", "", ""),
        get("long-poll?hold_ms=1", "", ""),
        get("long-poll?hold_ms=-1", "", ""),
        get("sse?after=0", "", "}\n\n\r\n"),
        get("sse?after=x", "", "}\n\n\r\n"),
        get("sse?after=9", "Last-Event-ID: 0\r\n", "}\n\n\r\n"),
        get("stream?after=0", "", "}\n\r\n"),
        get("stream?after=9", "", "}\n\r\n"),
        get("stream?after=x", "", ""),
        get("ws?after=0", SHAKE, "}"),
        get("ws?after=7", SHAKE, "}}"),
        get("ws?after=x", SHAKE, ""),
        get("ws?", "", ""),
        get("ws?", "Connection: Upgrade\r\n", ""),
        get("ws?", &SHAKE.replace("13", "8"), ""),
        get("ws?", &SHAKE.replace("dGhl", ""), ""),
        get("raw?after=0", raw, "}"),
        get("raw?after=0", "", ""),
        post(json, r#"{"from":"bob","text":"hey"}"#),
        post(json, r#"{"from":"bob","text":" "}"#),
        post(json, r#"{"from":"bob"}"#),
        post(json, "{"),
        post("Content-Type: text/plain\r\n", "{}"),
        post("", "{}"),
    ]
}

/// A way to write a request. All mean the same; the fast engine reads only plain ones.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Plain,
    /// An escaped character in the query.
    EscapedQuery,
    /// An escaped character in the path.
    EscapedPath,
    /// A parameter without a value.
    Valueless,
    /// The form of requests to a proxy (RFC 9112, section 3.2.2), whose host counts.
    Absolute,
    /// A length of no body, which some clients send with a GET.
    NoBody,
}

impl Form {
    /// Other forms than the plain one, in turn.
    fn of(pair: u64, method: &str) -> Form {
        match pair % 5 {
            0 => Form::EscapedQuery,
            1 => Form::EscapedPath,
            2 => Form::Valueless,
            3 if method == "GET" => Form::NoBody,
            _ => Form::Absolute,
        }
    }

    /// The head, without its blank line. Names, values and order of fields differ as well where
    /// they may.
    fn head(self, method: &str, path: &str, lines: &str) -> String {
        let sign = if path.contains('?') { '&' } else { '?' };
        let target = match self {
            Form::Plain | Form::NoBody => path.to_owned(),
            Form::EscapedQuery => format!("{path}{sign}x=%20"),
            Form::EscapedPath => path.replacen("feeds/b", "f%65eds/%62", 1),
            Form::Valueless => format!("{path}{sign}x"),
            Form::Absolute => format!("http://x{path}"),
        };
        let mut fields: Vec<_> = lines.split_inclusive("\r\n").map(str::to_owned).collect();
        match self {
            Form::Plain => {}
            Form::NoBody => fields.push("Content-Length: 0\r\n".to_owned()),
            Form::EscapedQuery => fields.reverse(),
            Form::EscapedPath => {
                for field in &mut fields {
                    let (name, value) = field.split_once(": ").unwrap();
                    let value = match name {
                        "Connection" | "Upgrade" | "Host" => value.to_uppercase(),
                        _ => value.to_owned(),
                    };
                    *field = format!("{}:\t {value}", name.to_uppercase());
                }
            }
            Form::Valueless => fields.insert(0, "X: a\r\nx: b\r\n".to_owned()),
            // The host of the target counts, and not this one.
            Form::Absolute => {
                for field in &mut fields {
                    *field = field.replace("Host: x", "Host: other");
                }
            }
        }
        format!("{method} {target} HTTP/1.1\r\n{}", fields.concat())
    }
}

/// Which engine serves a request can't be seen from its answer.
#[test]
fn requests_that_mean_the_same_get_the_same_answer_from_both_engines() {
    let flags = ["--token", "s3cret", "--allow-origin", "http://page.example"];
    let server = Server::start(&[&flags[..], &["--heartbeat", "1h"]].concat());
    let json = "Content-Type: application/json\r\nAuthorization: Bearer s3cret\r\n";
    // One feed for each engine, so that what they publish has the same numbers.
    let feeds = ["a", "b"];
    for feed in feeds {
        let path = format!("/feeds/{feed}/messages");
        let created = server.exchange("POST", &path, json, r#"{"from":"alice","text":"oi"}"#);
        assert_eq!(created.status, 201);
    }
    // Whether each is admitted.
    let tokens = [
        ("", "Authorization: Bearer s3cret\r\n", true),
        ("", "AUTHORIZATION: bearer s3cret\r\n", true),
        ("&token=s3cret", "", true),
        ("&token=secret", "Authorization: Bearer wrong\r\n", false),
        ("", "", false),
    ];
    let origins = [
        ("", true),
        ("Origin: http://x\r\n", true),
        ("origin: https://X\r\n", true),
        ("Origin: HTTP://x:80\r\n", true),
        ("Origin: null\r\n", false),
        ("Origin: http://page.example\r\n", true),
        ("Origin: http://foreign.example\r\n", false),
    ];
    let (fast, general) = (served(&server, "fast"), served(&server, "general"));
    let (mut pairs, mut admitted) = (0, 0);
    for (endpoint, fields, body, end) in requests() {
        for (param, bearer, has_token) in tokens {
            for (origin, is_allowed) in origins {
                pairs += 1;
                admitted += u64::from(has_token && is_allowed);
                let mut lines = [bearer, origin, &fields, "Host: x\r\n"];
                if pairs % 2 == 0 {
                    lines.reverse();
                }
                let method = match endpoint {
                    "messages?" => "POST",
                    _ => "GET",
                };
                let lines = lines.concat();
                let [quick, slow] = [Form::Plain, Form::of(pairs, method)].map(|form| {
                    let feed = feeds[usize::from(form != Form::Plain)];
                    let path = format!("/feeds/{feed}/{endpoint}{param}").replace("?&", "?");
                    let path = path.trim_end_matches('?');
                    let mut stream = server.connect();
                    let head = form.head(method, path, &lines);
                    let request = format!("{head}\r\n{body}");
                    stream.write_all(request.as_bytes()).unwrap();
                    if pairs % 3 == 0 {
                        stream.shutdown(Shutdown::Write).unwrap();
                    }
                    let (lines, body) = answer(&mut stream, end);
                    let stamp = body.split("published_at_ns\":").nth(1);
                    let stamp = stamp.and_then(|rest| rest.split('}').next());
                    (
                        lines,
                        stamp.map_or(body.clone(), |stamp| body.replace(stamp, "STAMP")),
                    )
                });
                assert_eq!(quick, slow, "{method} {endpoint} {lines} {pairs}");
            }
        }
    }
    assert_eq!(served(&server, "fast") - fast, admitted);
    // Those that are not admitted, all of the second engine, and the request for the first count.
    let others = served(&server, "general") - general;
    assert_eq!(others, 2 * pairs - admitted + 2);
}

/// As `printf … | nc -N` does: the client shuts its side after the request and reads on.
#[test]
fn a_client_that_shuts_its_side_after_the_request_is_answered() {
    let server = Server::start(&[]);
    server.publish("a", "alice", "oi");
    let message = r#"{"from":"bob","text":"hey"}"#;
    let length = message.len();
    let post = format!("{JSON}Content-Length: {length}\r\n\r\n{message}");
    let chunked = format!("{JSON}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{message}");
    let get = "\r\n".to_owned();
    let ends = "\r\n0\r\n\r\n";
    for (line, rest, status, end) in [
        ("GET /", &get, 200, "</html>\n"),
        ("GET /healthz", &get, 200, "}"),
        ("GET /metrics", &get, 200, "# EOF\n"),
        ("GET /nothing", &get, 404, "}"),
        ("HEAD /feeds/a/poll", &get, 200, "\r\n\r\n"),
        ("GET /feeds/a/messages", &get, 200, "}"),
        ("GET /feeds/a/members", &get, 200, "}"),
        ("GET /feeds/a/poll?after=0", &get, 200, "}"),
        ("GET /feeds/a/poll?after=0&x=%20", &get, 200, "}"),
        // What there is, at once: the client asks for nothing more.
        ("GET /feeds/b/long-poll?after=0", &get, 200, "}"),
        ("GET /feeds/b/long-poll?after=0&x=%20", &get, 200, "}"),
        ("GET /feeds/a/sse?after=0", &get, 200, ends),
        ("GET /feeds/a/sse?after=0&x=%20", &get, 200, ends),
        ("GET /feeds/a/stream?after=0", &get, 200, ends),
        ("GET /feeds/a/stream?after=0&x=%20", &get, 200, ends),
        ("POST /feeds/c/messages", &post, 201, "}"),
        ("POST /feeds/%63/messages", &post, 201, "}"),
        (
            "POST /feeds/c/messages",
            &format!("{chunked}{ends}"),
            201,
            "}",
        ),
        ("POST /feeds/c/messages", &get, 415, "}"),
        (
            "POST /feeds/c/messages",
            &format!("{JSON}Content-Length: 9\r\n\r\n{{"),
            400,
            "}",
        ),
        ("POST /feeds/c/messages", &chunked, 400, "}"),
    ] {
        for _ in 0..10 {
            let mut stream = server.connect();
            write!(stream, "{line} HTTP/1.1\r\nHost: x\r\n{rest}").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let head = format!("HTTP/1.1 {status} ");
            let is_whole = answer.starts_with(&head) && answer.ends_with(end);
            assert!(is_whole, "{line}: {answer}");
        }
    }
}

/// A client may wait for its answer before it sends all of a body that is refused by its head.
#[test]
fn a_post_is_refused_by_its_head() {
    let server = Server::start(&["--token", "s3cret"]);
    let (bearer, origin) = (
        "Authorization: Bearer s3cret\r\n",
        "Origin: http://a.example\r\n",
    );
    for path in ["/feeds/a/messages", "/feeds/%61/messages"] {
        for (host, fields, status) in [
            ("x", JSON.to_owned(), 401),
            ("x", format!("{JSON}{bearer}{origin}"), 403),
            ("x", bearer.to_owned(), 415),
            ("a.example", format!("{JSON}{bearer}"), 421),
        ] {
            let mut stream = server.connect();
            let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{fields}");
            write!(stream, "{head}Content-Length: 100\r\n\r\n{{").unwrap();
            let answer = read_until(&mut stream, "}");
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer}"
            );
            stream.read_to_end(&mut Vec::new()).unwrap();
        }
    }
    let server = Server::start(&["--publish-rate", "1"]);
    server.publish("a", "alice", "oi");
    let mut stream = server.connect();
    let head = format!("POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n{JSON}");
    write!(stream, "{head}Content-Length: 100\r\n\r\n{{").unwrap();
    let answer = read_until(&mut stream, "}");
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
}

/// At once, and not when the time for the body is over.
#[test]
fn a_body_that_says_it_is_too_long_is_refused_before_it_comes() {
    let server = Server::start(&["--header-timeout", "60s"]);
    let length = |length: &str| format!("Content-Length: {length}\r\n\r\n");
    let chunks = |chunks: &str| format!("Transfer-Encoding: chunked\r\n\r\n{chunks}");
    let small = "1\r\n{\r\n";
    for (body, status) in [
        (length("65537"), 413),
        (length("9223372036854775807"), 413),
        (length("18446744073709551616"), 400),
        (chunks("10001\r\n"), 413),
        (chunks("ffffffffffffffff\r\n"), 413),
        (chunks("FFFFFFFFFFFFFFFF\r\n{"), 413),
        (chunks(&format!("{small}10000\r\n")), 413),
        (chunks(&format!("{}0000ffff\r\n", small.repeat(20))), 413),
        (chunks("10000000000000000\r\n"), 400),
        (chunks(&format!("1;{}", "a".repeat(20_000))), 400),
        (chunks(&format!("0\r\n{}", "a: b\r\n".repeat(5_000))), 400),
    ] {
        for path in ["/feeds/a/messages", "/feeds/%61/messages"] {
            // The second request of a connection is as the first.
            let mut stream = server.connect();
            write!(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            read_until(&mut stream, "}");
            let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{JSON}{body}");
            stream.write_all(head.as_bytes()).unwrap();
            let answer = read_until(&mut stream, "\r\n\r\n");
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer} to {:?}",
                &head[..head.len().min(200)]
            );
        }
    }
    // A body of small chunks, and a request behind it.
    let message = r#"{"from":"bob","text":"hey"}"#;
    let split: Vec<_> = message
        .chars()
        .map(|byte| format!("1;x=y\r\n{byte}\r\n"))
        .collect();
    let body = chunks(&format!("{}0\r\nT: 1\r\n\r\n", split.concat()));
    let next = "GET /feeds/a/poll?after=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let post = format!("POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n{JSON}{body}{next}");
    let text = answered(&server, &post);
    assert!(
        text.starts_with("HTTP/1.1 201 ") && text.contains("hey"),
        "{text}"
    );
}

/// Programs and proxies on the way could take such a name for parts of a path.
#[test]
fn a_feed_is_not_named_like_a_path() {
    let server = Server::start(&[]);
    let message = r#"{"from":"bob","text":"hey"}"#;
    for name in [
        "..",
        ".",
        "...",
        "%2e%2E",
        ".%2e",
        "..%2f..",
        "a%2Fb",
        "a%5Cb",
        "a%00b",
        "a%0Ab",
        "a%7f",
        "%252e%252e",
        "a%3Fb",
        "a%23b",
    ] {
        for endpoint in [
            "poll",
            "poll?x=%20",
            "long-poll?hold_ms=1",
            "sse",
            "messages",
        ] {
            let answer = server.get(&format!("/feeds/{name}/{endpoint}"));
            answer.assert(400, &["a feed's name has 1 to 64 characters"]);
        }
        let path = format!("/feeds/{name}/messages");
        server
            .exchange("POST", &path, JSON, message)
            .assert(400, &["a feed's name"]);
        let mut stream = server.connect();
        let path = format!("/feeds/{name}/ws");
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{SHAKE}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        assert!(read_until(&mut stream, "\r\n").contains(" 400 "), "{name}");
    }
    for name in ["a.b", ".a", "a%20b", "caf%C3%A9", "a+b", "a:b"] {
        server.get(&format!("/feeds/{name}/poll")).assert(200, &[]);
    }
    let output = wslab(&["chat", "--feed", "../.."]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("a feed's name has"),
        "{output:?}"
    );
}

/// The commands that `/help` shows, as this server answers it.
fn examples(help: &str) -> Vec<&str> {
    let lines = help.lines().map(str::trim_start);
    lines.filter(|line| line.starts_with("curl ")).collect()
}

#[test]
fn help_lists_every_address_with_an_example_that_works() {
    let server = Server::start(&[]);
    let help = server.get("/help");
    help.assert(200, &["\r\ncontent-type: text/plain; charset=utf-8\r\n"]);
    let mut golden = Golden::of("server");
    let literal = help.body.replace(&server.address, "HOST:PORT");
    golden.check("help.txt", literal.as_bytes());
    golden.finish();

    let examples = examples(&help.body);
    assert_eq!(examples.len(), help.body.matches("\nGET ").count() + 1);
    for example in examples {
        let mut shell = command("sh");
        // Streams end with curl's time, which is no failure here.
        let curl = example.replacen("curl", "curl -q -sS -i --max-time 1", 1);
        shell.args(["-c", &format!("{curl}; true")]);
        let output = shell.output().unwrap();
        let answer = text(&output.stdout);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(
            ["200", "201", "101"].contains(&status),
            "{example}: {output:?}"
        );
    }
    let shown = help
        .body
        .lines()
        .find(|line| line.contains("\"seq\""))
        .unwrap();
    let fields = |json: &str| {
        let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
        json.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(fields(shown), fields(&server.history("lobby")[0]));
}

#[test]
fn what_is_not_there_is_answered_with_the_addresses() {
    let server = Server::start(&[]);
    let error = "{\"error\":\"there is nothing at /feeds/a/nothing: GET /help explains\",\
                 \"addresses\":[\"POST /feeds/{feed}/messages\",";
    let answer = server.get("/feeds/a/nothing?x");
    answer.assert(404, &["\r\ncontent-type: application/json\r\n", error]);
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let help = server.get("/help").body;
    let addresses = json["addresses"].as_array().unwrap();
    assert_eq!(addresses.len(), examples(&help).len());
    for address in addresses {
        let line = format!("\n{}\n", address.as_str().unwrap());
        assert!(help.contains(&line), "{line}");
    }
}
