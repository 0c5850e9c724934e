//! A server that is asked to end tells its clients, each transport in its own way, and ends.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use support::process::text;
use support::websocket::{close_code, frame, open_websocket, read_frame};
use support::{Server, wait_until};

/// All bytes that the server still sends.
fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn everyone_is_told_and_the_server_ends_well() {
    let mut server = Server::start(&[]);
    let (idle, _) = server.open_until("/healthz", "", "}");
    let untouched = server.connect();
    let (events, _) = server.open_until("/feeds/a/sse", "", "retry: 2000\n\n\r\n");
    let (lines, _) = server.open_until("/feeds/a/stream", "", "1\r\n\n\r\n");
    let (mut socket, _) = open_websocket(&server, "/feeds/a/ws", "");
    let (mut echo, _) = open_websocket(&server, "/echo", "");
    let held = server.open("/feeds/a/long-poll?after=0", "");
    wait_until("the poll is held", || {
        let metrics = server.get("/metrics").body;
        support::metric(&metrics, "wslab_connections{transport=\"long-polling\"}") == 1
    });

    server.terminate();
    let held = rest(held);
    assert!(held.starts_with("HTTP/1.1 200 OK\r\n"), "{held}");
    assert!(
        held.contains("\r\n\r\n{\"messages\":[],\"last\":0"),
        "{held}"
    );
    let events = rest(events);
    let (retry, end) = events.split_once("\n\n").expect(&events);
    let retry_ms: u32 = retry.split_once("retry: ").unwrap().1.parse().unwrap();
    assert!((2_000..=5_000).contains(&retry_ms), "{events}");
    assert_eq!(end, "\r\n0\r\n\r\n", "the end of the chunked coding");
    assert_eq!(rest(lines), "0\r\n\r\n", "NDJSON has no farewell");
    for socket in [&mut socket, &mut echo] {
        assert_eq!(close_code(socket), 1001);
        let code = 1001u16.to_be_bytes();
        socket.write_all(&frame(0x88, &code)).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap(), 0);
    }
    assert_eq!(
        (rest(idle), rest(untouched)),
        (String::new(), String::new())
    );
    assert_eq!(server.process.ended(), Some(0));
    let refused = TcpStream::connect(&server.address).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// A client cannot know yet that the server ends: what it wrote meanwhile is in the feed.
#[test]
fn what_a_websocket_wrote_before_it_read_the_close_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history");
    let flags = ["--history-file", file.to_str().unwrap()];
    let mut server = Server::start(&flags);
    let (mut socket, _) = open_websocket(&server, "/feeds/a/ws?user=alice", "");
    let join = read_frame(&mut socket).1;
    assert!(text(&join).contains("\"join\""));
    server.terminate();
    assert_eq!(close_code(&mut socket), 1001);
    socket.write_all(&frame(0x81, br#"{"text":"oi"}"#)).unwrap();
    socket
        .write_all(&frame(0x88, &1001u16.to_be_bytes()))
        .unwrap();
    assert_eq!(server.process.ended(), Some(0));
    let next = Server::start(&flags);
    assert!(next.history("a").iter().any(|json| json.contains("\"oi\"")));
}

#[test]
fn those_who_do_not_listen_do_not_keep_it_from_ending() {
    let mut server = Server::start(&[]);
    let (_silent, _) = open_websocket(&server, "/feeds/a/ws", "");
    let mut half = server.connect();
    write!(half, "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n").unwrap();
    let big = "x".repeat(60_000);
    for _ in 0..300 {
        server.publish("a", "alice", &big);
    }
    let _deaf = server.open_until("/feeds/a/sse?after=0", "", "retry: 2000\n\n");
    server.terminate();
    assert_eq!(server.process.ended(), Some(0));
}

#[test]
fn a_server_with_a_parent_ends_at_once_with_it() {
    let mut server = Server::start(&["--with-parent"]);
    let (held, _) = server.open_until("/feeds/a/sse", "", "retry: 2000\n\n\r\n");
    server.process.close_input();
    assert_eq!(server.process.ended(), Some(0));
    let after = rest(held);
    assert_eq!(after, "", "without ceremony");
}
