//! The log on standard error: empty by default, and never with a token.

mod support;

use std::io::{Read, Write};

use support::Server;
use support::websocket::UPGRADE;

#[test]
fn a_server_that_nobody_asked_says_nothing() {
    let mut server = Server::start(&["--token", "s3cret"]);
    assert_eq!(server.get("/feeds/a/poll?token=s3cret").status, 200);
    assert_eq!(server.get("/feeds/a/poll?token=wrong").status, 401);
    server.terminate();
    assert_eq!(server.log(), "");
}

#[test]
fn requests_are_told_without_queries_and_tokens() {
    let flags = [
        "--token",
        "s3cret",
        "--log",
        "trace",
        "--max-clients-per-address",
        "1",
    ];
    let mut server = Server::start(&flags);
    for (path, header) in [
        ("/feeds/a/poll?token=s3cret", ""),
        ("/feeds/a%0Ab/poll?token=s3cret&user=carol", ""),
        ("/feeds/a/messages", "Authorization: Bearer s3cret\r\n"),
        ("/feeds/a/poll?token=s3cret-but-wrong", ""),
        ("/feeds/a/sse", "Authorization: Basic s3cret\r\n"),
        ("/chat?token=s3cret", UPGRADE),
    ] {
        let mut answered = None;
        // The connection before may still count for a moment after its end.
        support::wait_until("there is a place", || {
            let (stream, head) = server.open_until(path, header, "\r\n\r\n");
            answered = Some(stream);
            !head.starts_with("HTTP/1.1 503")
        });
        let mut refused = server.connect();
        refused.read_to_end(&mut Vec::new()).unwrap();
    }
    server.terminate();
    let log = server.log();
    for told in [
        "INFO wslab::cli::serve: listening address=127.0.0.1:",
        "DEBUG wslab::server: answered address=127.0.0.1 method=GET path=\"/feeds/a/poll\" status=200",
        "path=\"/feeds/a%0Ab/poll\" status=400",
        "path=\"/chat\" status=101",
        "INFO wslab::server: refused address=127.0.0.1 method=GET path=\"/feeds/a/sse\" status=401",
        "refused: a connection limit is reached address=127.0.0.1 limit=Address",
        "INFO wslab::server: ending",
    ] {
        assert!(log.contains(told), "{told:?} in {log}");
    }
    for secret in ["s3cret", "carol", "token"] {
        assert!(!log.contains(secret), "{secret:?} in {log}");
    }
}

#[test]
fn what_readers_ask_plainly_is_told_likewise() {
    let mut server = Server::start(&["--log", "debug"]);
    server.get("/feeds/a/poll?after=0");
    for (path, header) in [
        ("/feeds/a/sse?user=carol", ""),
        ("/chat?user=carol", UPGRADE),
    ] {
        server.open_until(path, header, "\r\n\r\n");
    }
    server.terminate();
    let log = server.log();
    for (path, status) in [
        ("/feeds/a/poll", 200),
        ("/feeds/a/sse", 200),
        ("/chat", 101),
    ] {
        let told = format!(
            "DEBUG wslab::server: answered address=127.0.0.1 method=GET path=\"{path}\" \
             status={status}\n"
        );
        assert!(log.contains(&told), "{told:?} in {log}");
    }
    assert!(!log.contains("carol"), "{log}");
}

#[test]
fn a_handshake_that_fails_is_told_with_its_reason() {
    let mut server = Server::start(&["--tls", "--log", "wslab::server=debug"]);
    let mut stream = server.connect();
    stream.write_all(b"\x17\x03\x03\x00\x01\x00").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    server.terminate();
    let log = server.log();
    let told = "DEBUG wslab::server::tls: no TLS handshake address=127.0.0.1 error=";
    let reason = log.split_once(told).expect(&log).1;
    assert!(reason.starts_with("received unexpected message"), "{log}");
}

/// A browser does not show a page why its WebSocket was refused.
#[test]
fn a_refused_websocket_is_told_with_its_reason_without_being_asked() {
    for (headers, status, reason) in [
        ("Origin: null", 403, "--allow-origin null"),
        (
            "Origin: http://evil.example",
            403,
            "--allow-origin http://evil.example",
        ),
        (
            "Origin: ftp://x\r\nOrigin: ftp://x",
            400,
            "Origin comes twice",
        ),
        ("Authorization: Bearer s3cret", 401, "asks for its token"),
        ("Authorization: Bearer token", 426, "speaks version 13"),
    ] {
        let mut server = Server::start(&["--token", "token"]);
        let upgrade = match status {
            426 => UPGRADE.replace("13", "8"),
            _ => UPGRADE.to_owned(),
        };
        // Both engines; and a second within a second of the first is not told.
        let path = if status == 426 {
            "/chat"
        } else {
            "/feeds/a/ws?x=%20"
        };
        for _ in 0..2 {
            server.open_until(path, &format!("{upgrade}{headers}\r\n"), "\r\n\r\n");
        }
        server.get("/feeds/a/poll");
        server.terminate();
        let log = server.log();
        let path = path.split('?').next().unwrap();
        let told = format!(
            "WARN wslab::server: refused a WebSocket address=127.0.0.1 path=\"{path}\" \
             status={status} reason=\""
        );
        let (_, rest) = log.split_once(&told).expect(&log);
        assert!(rest.contains(reason) && !log.contains("s3cret"), "{log}");
        assert_eq!(log.lines().count(), 1, "{log}");
    }
}
