//! Readers that stop reading: they slow no other reader, and the server holds little for them.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use support::websocket::{close_code, open_websocket, read_frame};
use support::{Server, metric, read_until, wait_until};

/// Bytes of a message's text, and messages published while the readers do not read: far more than
/// sockets and the history hold.
const TEXT_BYTES: usize = 60_000;
const MESSAGES: u64 = 1_500;

/// Readers of each transport that have stopped reading.
const DEAF: usize = 20;

/// The most that the server may grow while 90 MB are published: for each of these readers one batch
/// in the server and one in hyper, and what the allocator keeps.
const MAX_GROWTH_BYTES: u64 = 24 << 20;

fn publish(server: &Server, messages: u64) {
    let text = "x".repeat(TEXT_BYTES);
    let body = format!(r#"{{"from":"alice","text":"{text}"}}"#);
    let length = body.len();
    let request = format!(
        "POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = server.connect();
    for _ in 0..messages {
        stream.write_all(request.as_bytes()).unwrap();
        let head = read_until(&mut stream, "}");
        assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
    }
}

/// Reads until `text` has come, like `read_until`, but with large reads.
fn read_much(stream: &mut TcpStream, text: &str) -> String {
    let (mut seen, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    while !seen[seen.len().saturating_sub(buffer.len() + text.len())..]
        .windows(text.len())
        .any(|window| window == text.as_bytes())
    {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the end, before {text:?}");
        seen.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(seen).unwrap()
}

fn open_stream(server: &Server) -> TcpStream {
    server
        .open_until("/feeds/a/sse", "", "retry: 2000\n\n\r\n")
        .0
}

fn open_deaf(server: &Server) -> (Vec<TcpStream>, Vec<TcpStream>) {
    let streams = (0..DEAF).map(|_| open_stream(server)).collect();
    let sockets = (0..DEAF)
        .map(|_| open_websocket(server, "/feeds/a/ws", "").0)
        .collect();
    (streams, sockets)
}

fn slow_readers(server: &Server, transport: &str) -> u64 {
    let name = format!("wslab_slow_readers_total{{transport=\"{transport}\"}}");
    metric(&server.get("/metrics").body, &name)
}

/// All values of a numeric field in the JSON of a stream.
fn numbers(text: &str, field: &str) -> Vec<u64> {
    let number = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest[..end.unwrap()].parse().unwrap()
    };
    text.split(&format!("\"{field}\":"))
        .skip(1)
        .map(number)
        .collect()
}

/// Reads frames up to the newest message; returns the numbers of messages read and missed.
fn read_frames(socket: &mut TcpStream) -> (u64, u64) {
    let (mut read, mut missed) = (0, 0);
    loop {
        let (opcode, json) = read_frame(socket);
        assert_eq!(opcode, 0x81);
        let json = String::from_utf8(json).unwrap();
        missed += numbers(&json, "missed").iter().sum::<u64>();
        read += numbers(&json, "seq").len() as u64;
        if numbers(&json, "seq") == [MESSAGES] {
            return (read, missed);
        }
    }
}

#[test]
fn readers_that_stop_reading_slow_nobody_cost_little_and_are_told_what_they_missed() {
    let server = Server::start(&["--history", "10", "--ping", "1h"]);
    let (mut streams, mut sockets) = open_deaf(&server);
    let (mut quick, _) = open_websocket(&server, "/feeds/a/ws", "");
    let before = server.rss_bytes();
    let reader = std::thread::spawn(move || read_frames(&mut quick));
    publish(&server, MESSAGES);
    let (read, missed) = reader.join().unwrap();
    assert_eq!(read + missed, MESSAGES);
    let growth = server.rss_bytes().saturating_sub(before);
    assert!(growth < MAX_GROWTH_BYTES, "grown by {growth} bytes");

    // They read again: part of the history is gone, and they learn how much.
    for socket in &mut sockets {
        let (read, missed) = read_frames(socket);
        assert_eq!(read + missed, MESSAGES);
        assert!(missed > 0);
    }
    for stream in &mut streams {
        let text = read_much(stream, &format!("\"seq\":{MESSAGES},"));
        let read = numbers(&text, "seq").len() as u64;
        let missed: u64 = numbers(&text, "missed").iter().sum();
        assert_eq!(read + missed, MESSAGES);
        assert!(missed > 0 && text.contains("event: reset\n"));
    }
    for transport in ["sse", "websocket"] {
        assert!(slow_readers(&server, transport) >= DEAF as u64);
    }
}

#[test]
fn where_slow_readers_are_closed_they_learn_why() {
    let server = Server::start(&["--history", "10", "--slow-reader", "close"]);
    let mut stream = open_stream(&server);
    let mut lines = server.connect();
    write!(lines, "GET /feeds/a/stream HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    read_until(&mut lines, "\r\n\r\n");
    let (mut socket, _) = open_websocket(&server, "/feeds/a/ws", "");
    publish(&server, 500);
    let mut read = 0;
    let code = loop {
        let mut first = [0];
        socket.peek(&mut first).unwrap();
        if first == [0x88] {
            break close_code(&mut socket);
        }
        read_frame(&mut socket);
        read += 1;
    };
    assert!(code == 1013 && read < 500, "{code} after {read} messages");
    let text = read_much(&mut stream, "\r\n0\r\n\r\n");
    assert!(!text.contains("event: reset"));
    let ids: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("id: "))
        .collect();
    assert!(ids.len() < 500);
    let text = read_much(&mut lines, "\r\n0\r\n\r\n");
    assert!(!text.contains("reset") && numbers(&text, "seq").len() < 500);
    for transport in ["sse", "ndjson", "websocket"] {
        assert_eq!(slow_readers(&server, transport), 1);
    }

    // A reader that reconnects learns how many it missed.
    let last = ids.last().unwrap().trim_start_matches("id: ");
    let header = format!("Last-Event-ID: {last}\r\n");
    let (_, text) = server.open_until("/feeds/a/sse", &header, "}\n\n");
    let seq = last.split('-').next().unwrap();
    let missed = 490 - seq.parse::<u64>().unwrap();
    assert_eq!(numbers(&text, "missed"), [missed]);
}

#[test]
fn a_peer_that_never_reads_again_is_given_up() {
    let server = Server::start(&["--history", "10", "--peer-timeout", "300ms"]);
    let mut stream = open_stream(&server);
    let (mut socket, _) = open_websocket(&server, "/feeds/a/ws", "");
    publish(&server, 500);
    for transport in ["sse", "websocket"] {
        let name = format!("wslab_connections{{transport=\"{transport}\"}}");
        wait_until("its connection is gone", || {
            metric(&server.get("/metrics").body, &name) == 0
        });
    }
    for stream in [&mut stream, &mut socket] {
        let end = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    }
}
