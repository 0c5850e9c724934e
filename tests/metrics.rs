//! `/metrics`: bytes and counts equal what a client counts itself.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::websocket::{UPGRADE, close_code, frame, read_frame};
use support::{Server, metric, read_until, wait_until};

/// A client that counts what it sends and receives.
struct Counting {
    stream: TcpStream,
    sent: u64,
    received: u64,
}

impl Counting {
    fn connect(server: &Server) -> Self {
        Counting {
            stream: server.connect(),
            sent: 0,
            received: 0,
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.sent += bytes.len() as u64;
    }

    fn get(&mut self, path: &str, headers: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes());
    }

    fn read_until(&mut self, text: &str) -> String {
        let seen = read_until(&mut self.stream, text);
        self.received += seen.len() as u64;
        seen
    }

    fn read_text_frame(&mut self) {
        let (opcode, payload) = read_frame(&mut self.stream);
        assert_eq!((opcode, payload.len() < 126), (0x81, true));
        self.received += 2 + payload.len() as u64;
    }
}

/// The figures of one transport: accepted, open, read, written, writes, deliveries.
fn figures(server: &Server, transport: &str) -> [u64; 6] {
    let text = server.get("/metrics").body;
    [
        "wslab_connections_accepted_total",
        "wslab_connections",
        "wslab_read_bytes_total",
        "wslab_written_bytes_total",
        "wslab_writes_total",
        "wslab_deliveries_total",
    ]
    .map(|name| metric(&text, &format!("{name}{{transport=\"{transport}\"}}")))
}

/// Waits until the server has noticed that a connection has ended.
fn wait_until_closed(server: &Server, transport: &str) -> [u64; 6] {
    let mut last = figures(server, transport);
    wait_until("the connection is closed", || {
        last = figures(server, transport);
        last[1] == 0
    });
    last
}

#[test]
fn polls_count_to_the_byte_and_by_outcome() {
    let server = Server::start(&[]);
    server.publish("a", "alice", "one");
    server.publish("a", "alice", "two");
    for (transport, path) in [
        ("short-polling", "poll?after="),
        ("long-polling", "long-poll?hold_ms=1&after="),
    ] {
        let mut client = Counting::connect(&server);
        for after in [0, 1, 2, 2, 2] {
            client.get(&format!("/feeds/a/{path}{after}"), "");
            client.read_until("\"}");
        }
        let (read, written) = (client.sent, client.received);
        let expected = [1, 1, read, written, 5, 3];
        assert_eq!(figures(&server, transport), expected, "{transport}");
        let text = server.get("/metrics").body;
        let polls = |outcome| {
            let labels = format!("transport=\"{transport}\",outcome=\"{outcome}\"");
            metric(&text, &format!("wslab_polls_total{{{labels}}}"))
        };
        assert_eq!((polls("messages"), polls("empty")), (2, 3));
        drop(client);
        let expected = [1, 0, read, written, 5, 3];
        assert_eq!(wait_until_closed(&server, transport), expected);
    }
}

#[test]
fn an_event_stream_counts_to_the_byte() {
    let server = Server::start(&[]);
    server.publish("a", "alice", "before");
    let mut client = Counting::connect(&server);
    client.get("/feeds/a/sse?after=0", "");
    client.read_until("retry: 2000\n\n");
    client.read_until("\n\n\r\n");
    let [accepted, open, read, written, writes, deliveries] = figures(&server, "sse");
    assert_eq!((accepted, open, deliveries), (1, 1, 1));
    assert_eq!((read, written), (client.sent, client.received));
    server.publish("a", "alice", "later");
    client.read_until("\n\n\r\n");
    let expected = [1, 1, read, client.received, writes + 1, 2];
    assert_eq!(figures(&server, "sse"), expected);
}

#[test]
fn a_websocket_counts_to_the_byte_until_its_end() {
    let server = Server::start(&["--presence", "off"]);
    for _ in 0..3 {
        server.publish("a", "alice", "x");
    }
    let mut client = Counting::connect(&server);
    client.get("/feeds/a/ws?after=0&user=bob", UPGRADE);
    client.read_until("\r\n\r\n");
    (0..3).for_each(|_| client.read_text_frame());
    // Two writes: the response head, then all messages.
    let expected = [1, 1, client.sent, client.received, 2, 3];
    assert_eq!(figures(&server, "websocket"), expected);
    client.send(&frame(0x81, br#"{"text":"oi"}"#));
    client.read_text_frame();
    client.send(&frame(0x88, &[0x03, 0xe8]));
    assert_eq!(close_code(&mut client.stream), 1000);
    client.received += 4;
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
    let expected = [1, 0, client.sent, client.received, 4, 4];
    assert_eq!(wait_until_closed(&server, "websocket"), expected);
}

#[test]
fn what_belongs_to_no_transport_counts_as_other() {
    let server = Server::start(&[]);
    let ask = |count: &mut (u64, u64)| {
        let mut client = Counting::connect(&server);
        client.get("/metrics", "Connection: close\r\n");
        let text = client.read_until("# EOF\n");
        assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
        count.0 += client.sent;
        let other = |name| metric(&text, &format!("{name}{{transport=\"other\"}}"));
        let sums = other("wslab_read_bytes_total");
        assert_eq!(sums, count.0, "its own request is in it");
        let sums = other("wslab_written_bytes_total");
        assert_eq!(sums, count.1, "its own answer is not");
        count.1 += client.received;
        text
    };
    let mut count = (0, 0);
    ask(&mut count);
    ask(&mut count);

    // A connection that polls after another request: the earlier bytes stay with `other`.
    let mut client = Counting::connect(&server);
    client.get("/healthz", "");
    client.read_until("}");
    client.get("/feeds/a/poll", "");
    let poll = client.sent;
    count = (count.0 + poll, count.1 + client.received);
    client.read_until("\"}");
    client.get("/feeds/a/poll", "");
    client.read_until("\"}");
    let text = ask(&mut count);
    let polling = |name| metric(&text, &format!("{name}{{transport=\"short-polling\"}}"));
    assert_eq!(polling("wslab_read_bytes_total"), client.sent - poll);
    assert_eq!(polling("wslab_connections"), 1);
    assert_eq!(polling("wslab_connections_accepted_total"), 0);

    server.publish("a", "alice", "oi");
    let text = server.get("/metrics").body;
    assert_eq!(
        (
            metric(&text, "wslab_feeds"),
            metric(&text, "wslab_log_messages")
        ),
        (4, 1),
        "beside lobby, system and sensors"
    );
}

#[test]
fn a_client_that_is_turned_away_is_counted_too() {
    let server = Server::start(&["--max-clients", "1"]);
    let mut held = Counting::connect(&server);
    held.get("/healthz", "");
    held.read_until("}");
    let mut refused = Counting::connect(&server);
    refused.read_until("later\"}");
    drop(refused.stream);
    let answers = held.received + refused.received;
    let mut seen = 0;
    wait_until("it is counted", || {
        held.get("/metrics", "");
        let text = held.read_until("# EOF\n");
        seen += text.len() as u64;
        let written = metric(&text, "wslab_written_bytes_total{transport=\"other\"}");
        written == answers + seen - text.len() as u64
    });
}
