//! The bound for the server's memory: it counts all that is held for clients, in each state that a
//! connection can be in. An address that uses up its share takes none of others.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use socket2::SockRef;
use support::certificate::made_elsewhere;
use support::process::{text as text_of, wslab};
use support::results::Results;
use support::websocket::UPGRADE;
use support::{JSON, Server, ask};

#[test]
fn memory_is_bounded_whatever_is_published_and_whoever_does_not_read() {
    let server = Server::start(&["--max-memory", "16777216"]);
    server.publish("lobby", "alice", "still here");
    let text = "x".repeat(60_000);
    for number in 0..400 {
        server.publish(&format!("f{}", number % 20), "a", &text);
    }
    let gauge = |name| support::metric(&server.get("/metrics").body, name);
    let held = gauge("wslab_message_bytes");
    assert!((4 << 20..=12 << 20).contains(&held), "{held}");
    assert_eq!(server.history("lobby").len(), 1, "the large feeds gave");
    // Clients that ask again and again, and read nothing.
    let before = server.rss_bytes();
    let ask = "GET /feeds/f1/messages?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n";
    let poll = "GET /feeds/f1/poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\n";
    let deaf: Vec<_> = (0..60)
        .map(|number| {
            let mut stream = server.connect();
            let request = [ask, poll][number % 2].repeat(100);
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    support::wait_until("clients that do not read are cut", || {
        gauge("wslab_cut_total") > 0
    });
    let owed = gauge("wslab_owed_bytes");
    assert!(owed <= 4 << 20, "{owed}");
    let growth = server.rss_bytes().saturating_sub(before);
    assert!(growth < 24 << 20, "grown by {growth} bytes");
    drop(deaf);
    support::wait_until("nothing is owed", || gauge("wslab_owed_bytes") == 0);
}

#[test]
fn all_feeds_share_one_bound_for_their_history_and_small_feeds_keep_theirs() {
    let server = Server::start(&["--history-bytes", "262144"]);
    let gauge = |name| support::metric(&server.get("/metrics").body, name);
    assert_eq!(gauge("wslab_message_bytes_limit"), 262_144);
    for _ in 0..5 {
        server.publish("small", "a", "still here");
    }
    assert_eq!(gauge("wslab_evicted_messages_total"), 0);
    let text = "x".repeat(500);
    for _ in 0..800 {
        server.publish("big", "a", &text);
    }
    let held = gauge("wslab_message_bytes");
    assert!((131_072..=262_144).contains(&held), "{held}");
    assert_eq!(server.history("small").len(), 5, "the big feed gave");
    let evicted = gauge("wslab_evicted_messages_total");
    assert!((100..800).contains(&evicted), "{evicted}");
    // A reader that resumes is told how many are gone, and reads on from there.
    let body = server.get("/feeds/big/poll?after=0").body;
    let missed = format!(r#""missed":{evicted}"#);
    assert!(body.contains(&missed), "{missed} in {body:.200}");
    assert!(
        body.contains(&format!(r#"{{"seq":{},"#, evicted + 1)),
        "{body:.200}"
    );
    assert!(body.contains(r#"{"seq":800,"#), "the newest is there");

    let more = wslab(&["serve", "--history-bytes", "1GiB"])
        .output()
        .unwrap();
    assert_eq!(more.status.code(), Some(2));
    let told = text_of(&more.stderr);
    assert!(
        told.contains("write at most 201326592, or --max-memory 1431655768"),
        "{told}"
    );
}

/// Readers of two transports follow the feed, so that each message has both framings for a while.
#[test]
fn an_old_message_takes_little_more_than_its_json() {
    let server = Server::start(&[]);
    let readers = ["sse", "stream"].map(|it| {
        let mut reader = server.connect();
        reader
            .write_all(&get(&format!("/feeds/a/{it}"), ""))
            .unwrap();
        reader.read_exact(&mut [0; 16]).unwrap();
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()))
    });
    let text = "x".repeat(49);
    for _ in 0..500 {
        server.publish("a", "a", &text);
    }
    support::wait_until("250 bytes a message", || {
        let metrics = server.get("/metrics").body;
        support::metric(&metrics, "wslab_message_bytes") < 500 * 250
    });
    assert_eq!(server.history("a").len(), 500);
    drop((server, readers));
}

/// One address asks for the whole history on many connections and reads nothing; then it begins
/// many messages and ends none.
#[test]
fn an_address_that_uses_up_its_memory_takes_none_of_others() {
    let server = Server::start(&["--max-memory", "16777216"]);
    let text = "x".repeat(60_000);
    for _ in 0..40 {
        server.publish("lobby", "alice", &text);
    }
    let gauge = |name| support::metric(&server.get("/metrics").body, name);
    let body = format!(r#"{{"from":"bob","text":"{text}"}}"#);
    let length = body.len();
    let post = format!("POST /feeds/lobby/messages HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: ");
    let answers = |ask: &dyn Fn(u8) -> String| {
        for host in [1, 2] {
            let status = support::ask(&mut server.connect_from([127, 0, 0, host]), &ask(host));
            let expected = if host == 1 { 503 } else { 200 };
            assert!(
                status.starts_with(&format!("http/1.1 {expected} ")),
                "{host}: {status}"
            );
        }
    };
    let history = |escaped: &str| {
        format!("GET /feeds/l{escaped}bby/messages?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n")
    };
    let poll = |escaped: &str| {
        format!("GET /feeds/l{escaped}bby/poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
    };
    let stream = |end: &str| format!("GET /feeds/lobby/{end}?after=0 HTTP/1.1\r\nHost: x\r\n\r\n");
    let asks = [
        history("o"),
        poll("o"),
        poll("%6f"),
        stream("sse"),
        stream("stream"),
    ];
    let deaf: Vec<_> = (0..100)
        .map(|number| {
            let mut stream = server.connect_from([127, 0, 0, 1]);
            let request = asks[number % asks.len()].repeat(20);
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    support::wait_until("it is refused", || gauge("wslab_cut_total") > 0);
    answers(&|_| history("o"));
    drop(deaf);
    support::wait_until("nothing is owed", || gauge("wslab_owed_bytes") == 0);

    // Bodies that never come whole, to both engines.
    let paths = [post.clone(), post.replace("lobby", "l%6fbby")];
    let begun: Vec<_> = (0..60)
        .map(|number| {
            let mut stream = server.connect_from([127, 0, 0, 1]);
            let post = &paths[number % 2];
            write!(stream, "{post}{length}\r\n\r\n{}", &body[..40_000]).unwrap();
            stream
        })
        .collect();
    support::wait_until("begun messages are counted", || {
        gauge("wslab_owed_bytes") > 1 << 20
    });
    assert!(gauge("wslab_owed_bytes") <= 2 << 20);
    let whole = |post: &str| format!("{post}{length}\r\n\r\n{body}");
    let mut other = server.connect_from([127, 0, 0, 2]);
    for post in &paths {
        let answer = ask(&mut other, &whole(post));
        assert!(answer.starts_with("http/1.1 201 "), "{answer}");
        support::read_until(&mut other, "}");
    }
    // hyper keeps a buffer for the largest body that has come.
    drop((begun, other));
    support::wait_until("nothing is owed", || gauge("wslab_owed_bytes") == 0);
}

/// With `--max-memory 4194304`, the bytes that one address may make the server hold.
const SHARE_BYTES: u64 = 512 << 10;

/// A server, with TLS or without, and how its clients speak TLS.
struct Lab {
    server: Server,
    tls: Option<Arc<ClientConfig>>,
    _folder: Results,
}

impl Lab {
    fn start(tls: bool) -> Self {
        let mut flags = vec!["--max-memory", "4194304", "--max-header", "65536"];
        flags.extend(["--log", "info"]);
        let folder = Results::new();
        let [cert, key] = made_elsewhere(&folder, "lab");
        if tls {
            flags.extend(["--cert", &cert, "--key", &key]);
        }
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(&cert).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Lab {
            server: Server::start(&flags),
            tls: tls.then(|| config.into()),
            _folder: folder,
        }
    }

    /// A connection from this machine's address of this number, before its handshake.
    fn connect(&self, host: u8) -> Client {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let session = |tls: &Arc<ClientConfig>| ClientConnection::new(tls.clone(), name).unwrap();
        Client {
            socket: self.server.connect_from([127, 0, 0, host]),
            session: self.tls.as_ref().map(session),
        }
    }

    /// A complete answer to a client of another address.
    fn get(&self, path: &str) -> String {
        let mut client = self.connect(2);
        let connection = "Connection: close\r\n";
        client.send(&get(path, connection));
        let mut answer = String::new();
        match &mut client.session {
            None => client.socket.read_to_string(&mut answer),
            Some(session) => {
                rustls::Stream::new(session, &mut client.socket).read_to_string(&mut answer)
            }
        }
        .unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        answer
    }

    fn gauge(&self, name: &str) -> u64 {
        support::metric(&self.get("/metrics"), name)
    }
}

/// A connection that may be cut at any time.
struct Client {
    socket: TcpStream,
    session: Option<ClientConnection>,
}

impl Client {
    /// The bytes on the wire of these.
    fn wire(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(session) = &mut self.session else {
            return bytes.to_vec();
        };
        while session.is_handshaking() {
            if session.complete_io(&mut self.socket).is_err() {
                return Vec::new();
            }
        }
        let mut wire = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() || session.wants_write() {
            let written = session.writer().write(rest).unwrap();
            rest = &rest[written..];
            session.write_tls(&mut wire).unwrap();
        }
        wire
    }

    fn send(&mut self, bytes: &[u8]) {
        let wire = self.wire(bytes);
        let _ = self.socket.write_all(&wire);
    }

    /// Sends all of these but the last byte on the wire.
    fn send_part(&mut self, bytes: &[u8]) {
        let wire = self.wire(bytes);
        let _ = self.socket.write_all(&wire[..wire.len().saturating_sub(1)]);
    }

    /// Waits for an answer to what was sent.
    fn answered(&mut self) {
        let _ = match &mut self.session {
            None => self.socket.read(&mut [0; 4096]),
            Some(session) => rustls::Stream::new(session, &mut self.socket).read(&mut [0; 4096]),
        };
    }

    /// Sends a request and waits for its answer.
    fn ask(&mut self, request: &[u8]) {
        self.send(request);
        self.answered();
    }
}

fn get(path: &str, fields: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes()
}

/// The same address for the general engine.
const FEED: [&str; 2] = ["/feeds/a", "/feeds/%61"];

/// The start of a request's head, or a head.
fn long_head(path: &str) -> Vec<u8> {
    get(path, &format!("Cookie: {}\r\n", "x".repeat(60_000)))
}

/// A state of a connection that makes the server hold more than 10,000 bytes for it.
type Attack = (&'static str, fn(&mut Client));

const PLAIN: &[Attack] = &[
    ("requests behind a held poll", |client| {
        client.send(&get(&format!("{}/long-poll?after=0", FEED[0]), ""));
        client.send(&[b'x'; 12_000]);
    }),
    ("requests behind a stream", |client| {
        client.ask(&get(&format!("{}/sse", FEED[0]), ""));
        client.send(&[b'x'; 12_000]);
    }),
    ("a head in part", |client| {
        client.send_part(&long_head(FEED[0]));
    }),
    ("a body in part", |client| {
        let fields = format!("{JSON}Content-Length: 60000\r\n");
        let head = format!("POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        client.send(head.as_bytes());
        client.send(&[b'x'; 40_000]);
    }),
    ("a WebSocket's message in part", |client| {
        client.ask(&get(&format!("{}/ws", FEED[0]), UPGRADE));
        client.send(b"\x81\xfe\xea\x60\0\0\0\0");
        client.send(&[b'x'; 15_000]);
    }),
    ("general: requests behind a held poll", |client| {
        client.send(&get(&format!("{}/long-poll?after=0", FEED[1]), ""));
        client.send(&[b'x'; 12_000]);
    }),
    ("general: requests behind a stream", |client| {
        client.ask(&get(&format!("{}/sse", FEED[1]), ""));
        client.send(&[b'x'; 12_000]);
    }),
    ("general: a head in part", |client| {
        client.ask(&get("/healthz", ""));
        client.send_part(&long_head("/healthz"));
    }),
    ("general: a long head, answered", |client| {
        client.ask(&get("/healthz", ""));
        client.ask(&long_head("/healthz"));
    }),
    ("general: a WebSocket's message in part", |client| {
        client.ask(&get(&format!("{}/ws", FEED[1]), UPGRADE));
        client.send(b"\x81\xfe\xea\x60\0\0\0\0");
        client.send(&[b'x'; 15_000]);
    }),
];

const TLS: &[Attack] = &[
    ("TLS: a handshake in part", |client| {
        // A ClientHello of 60,000 bytes (RFC 8446, section 4) in records of 10,000.
        let mut hello = b"\x01\x00\xea\x60\x03\x03".to_vec();
        hello.resize(50_000, b'x');
        for fragment in hello.chunks(10_000) {
            let _ = client.socket.write_all(b"\x16\x03\x01\x27\x10");
            let _ = client.socket.write_all(fragment);
        }
    }),
    ("TLS: a record in part", |client| {
        client.ask(&get(&format!("{}/poll", FEED[0]), ""));
        client.send_part(&[b'x'; 16_000]);
    }),
    ("TLS: answers that are not read", |client| {
        let _ = SockRef::from(&client.socket).set_recv_buffer_size(4_096);
        // More than the kernel holds, in answers that each fit into a record.
        client.send(&get("/feeds/lobby/poll?after=0", "").repeat(300));
    }),
];

#[test]
fn whatever_a_connection_makes_the_server_hold_is_counted() {
    for (tls, attacks) in [(false, PLAIN), (true, TLS)] {
        let lab = Lab::start(tls);
        let text = "x".repeat(14_000);
        let body = format!(r#"{{"from":"a","text":"{text}"}}"#);
        let length = body.len();
        let head = format!("POST /feeds/lobby/messages HTTP/1.1\r\nHost: localhost\r\n{JSON}");
        let post = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        lab.connect(2).ask(post.as_bytes());
        for (state, attack) in attacks {
            let cut = lab.gauge("wslab_cut_total");
            let clients: Vec<_> = (0..64)
                .map(|_| {
                    let mut client = lab.connect(1);
                    attack(&mut client);
                    client
                })
                .collect();
            support::wait_until(state, || lab.gauge("wslab_cut_total") > cut);
            let owed = lab.gauge("wslab_owed_bytes");
            assert!(owed <= SHARE_BYTES, "{state}: {owed}");
            assert!(owed > SHARE_BYTES / 2, "{state}: {owed}");
            if tls {
                // Each that was cut has counted once: the rest is open, with the one that asks.
                support::wait_until("each cut counts once", || {
                    let metrics = lab.get("/metrics");
                    let open = metrics
                        .lines()
                        .filter(|it| it.starts_with("wslab_connections{"));
                    let open = open.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
                    let now_cut = support::metric(&metrics, "wslab_cut_total") - cut;
                    open.sum::<u64>() + now_cut == clients.len() as u64 + 1
                });
            }
            lab.get("/feeds/lobby/poll?after=0");
            drop(clients);
            let freed = format!("{state}: nothing is owed");
            support::wait_until(&freed, || lab.gauge("wslab_owed_bytes") == 0);
        }
        let mut server = lab.server;
        server.terminate();
        let log = server.log();
        let told = "the address uses up its memory address=127.0.0.1";
        assert!(log.contains(told), "{log}");
    }
}

/// Sessions have keys and no buffers.
#[test]
fn an_idle_connection_with_tls_costs_a_few_kilobytes() {
    let lab = Lab::start(true);
    let request = get(&format!("{}/poll", FEED[0]), "");
    let open = |number: usize| {
        let asks = |_| {
            let mut client = lab.connect(1);
            client.ask(&request);
            client
        };
        (0..number).map(asks).collect::<Vec<_>>()
    };
    let first = open(50);
    let before = lab.server.rss_bytes();
    let more = open(300);
    let each = lab.server.rss_bytes().saturating_sub(before) / more.len() as u64;
    assert!(each < 9_000, "{each} bytes");
    drop((first, more));
}
