//! Clients that connect and leave, over every transport, half of them without a proper close. After
//! them the server holds as much memory and as many descriptors as before.
//!
//! `WSLAB_CHURN=60000 cargo test --test churn -- --nocapture` makes more connections and prints
//! both figures.

mod support;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use socket2::SockRef;

use support::websocket::UPGRADE;
use support::{Server, read_until, wait_until};

/// Connections, unless `WSLAB_CHURN` gives another number.
const CONNECTIONS: u64 = 20_000;

/// Connections at once.
const AT_ONCE: u64 = 16;

/// Connections of one local address: each leaves a port in TIME_WAIT for a minute.
const PER_ADDRESS: u64 = 2_000;

/// Difference in memory that the allocator explains, because it keeps some free pages. A leak of
/// 512 bytes a connection makes ten megabytes after 20,000.
const MARGIN_BYTES: u64 = 4 << 20;

/// The life of a client: its request, the text up to which it reads the response, the bytes that it
/// sends then, and how it leaves.
type Life = (&'static str, &'static str, &'static [u8], End);

#[derive(Clone, Copy)]
enum End {
    /// Closes the connection.
    Close,
    /// Shuts down its sending side, and waits until the server closes.
    HalfClose,
    /// Closes at once, with an RST.
    Reset,
}

const HEAD: &str = "\r\n\r\n";
const RAW: &str = "Connection: Upgrade\r\nUpgrade: raw-tcp\r\n";
const POST: &str = "Content-Type: application/json\r\nContent-Length: 26\r\n";
const BODY: &[u8] = br#"{"from":"al","text":"oi!"}"#;
/// A close frame with code 1000; its mask is 0.
const BYE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

const POLITE: &[Life] = &[
    ("GET /feeds/a/poll", "}", b"", End::Close),
    (
        "GET /feeds/a/poll?user=bob&interval_ms=1",
        "}",
        b"",
        End::HalfClose,
    ),
    ("GET /feeds/a/long-poll?after=0", "}", b"", End::Close),
    (
        "GET /feeds/a/sse?after=0&user=carol",
        "\n\n",
        b"",
        End::Close,
    ),
    ("GET /feeds/a/sse", "\n\n", b"", End::HalfClose),
    (
        "GET /feeds/a/ws?user=dora&after=0",
        HEAD,
        BYE,
        End::HalfClose,
    ),
    (
        "GET /echo",
        HEAD,
        b"\x81\x80\0\0\0\0\x88\x80\0\0\0\0",
        End::HalfClose,
    ),
    ("GET /feeds/a/raw?after=0", HEAD, b"", End::Close),
    ("POST /feeds/a/messages", HEAD, b"", End::Close),
];

const RUDE: &[Life] = &[
    ("", "", b"", End::Reset),
    ("", "", b"GET /feeds/a/poll HTTP/1.1\r\nHo", End::HalfClose),
    (
        "",
        "",
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
        End::HalfClose,
    ),
    (
        "GET /feeds/a/poll?user=erin&interval_ms=1",
        "",
        b"",
        End::Reset,
    ),
    (
        "GET /feeds/a/long-poll?user=fred&interval_ms=1",
        "",
        b"",
        End::Reset,
    ),
    ("GET /feeds/a/long-poll", "", b"", End::HalfClose),
    ("GET /feeds/a/sse?user=gil&after=0", "\n\n", b"", End::Reset),
    (
        "GET /feeds/a/ws?user=hal&after=0",
        HEAD,
        b"\x81\xfe\x40\0\0\0\0\0{\"te",
        End::Reset,
    ),
    (
        "GET /feeds/a/ws?user=ida",
        HEAD,
        b"\x01\x84\0\0\0\0{\"te",
        End::HalfClose,
    ),
    (
        "GET /feeds/a/ws",
        HEAD,
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        End::HalfClose,
    ),
    ("GET /feeds/a/raw", HEAD, b"what?", End::Reset),
    ("POST /feeds/a/messages", "", b"", End::Reset),
    ("GET /nothing", HEAD, b"", End::Reset),
];

#[test]
fn clients_that_come_and_go_leave_nothing_behind() {
    let count = std::env::var("WSLAB_CHURN").map_or(CONNECTIONS, |count| count.parse().unwrap());
    // A history that is soon full, so that the feed does not grow.
    let server = Server::start(&["--history", "50", "--max-feeds", "3"]);
    let came = AtomicU64::new(0);
    // The first connections make the server allocate what it keeps.
    churn(&server, &came, 1_000);
    let before = Holdings::of(&server);
    let began = Instant::now();
    churn(&server, &came, count);
    let after = Holdings::of(&server);
    println!(
        "{count} connections in {:.1?}: {before:?}, then {after:?}",
        began.elapsed()
    );
    assert_eq!(after.descriptors, before.descriptors);
    assert!(
        after.rss_bytes <= before.rss_bytes + MARGIN_BYTES,
        "{before:?}, then {after:?}"
    );
}

/// What a server without readers holds.
#[derive(Debug)]
struct Holdings {
    descriptors: usize,
    rss_bytes: u64,
}

impl Holdings {
    /// Waits until all connections are closed, by the server's metrics and by its descriptors.
    fn of(server: &Server) -> Self {
        wait_until("no connection is left but the one that asks", || {
            let metrics = server.get("/metrics").body;
            let open = metrics
                .lines()
                .filter(|line| line.starts_with("wslab_connections{"));
            let open = open.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
            open.sum::<u64>() == 1
        });
        wait_until("everybody has left", || {
            server.get("/feeds/a/members").body == r#"{"members":[],"transports":{}}"#
        });
        let process = format!("/proc/{}", server.process.id());
        let descriptors = || std::fs::read_dir(format!("{process}/fd")).unwrap().count();
        let mut fewest = descriptors();
        wait_until("the last connection's descriptor is closed", || {
            let (before, now) = (fewest, descriptors());
            fewest = now;
            std::thread::sleep(Duration::from_millis(100));
            before == now && descriptors() == now
        });
        Holdings {
            descriptors: fewest,
            rss_bytes: server.rss_bytes(),
        }
    }
}

/// Makes `count` connections, [`AT_ONCE`] at a time, each with the next life of one of both lists.
fn churn(server: &Server, came: &AtomicU64, count: u64) {
    let end = came.load(Relaxed) + count;
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = came.fetch_add(1, Relaxed);
                    if number >= end {
                        break;
                    }
                    let lives = [POLITE, RUDE][(number % 2) as usize];
                    live(server, number, lives[number as usize / 2 % lives.len()]);
                }
            });
        }
    });
    came.store(end, Relaxed);
}

fn live(server: &Server, number: u64, (request, until, more, end): Life) {
    let host = u8::try_from(2 + number / PER_ADDRESS).expect("fewer connections");
    let mut stream = server.connect_from([127, 0, 1, host]);
    if !request.is_empty() {
        let headers = match request.split_once(' ').unwrap() {
            (_, path) if path.contains("/raw") => RAW,
            (_, path) if path.contains("/ws") || path == "/echo" => UPGRADE,
            ("POST", _) => POST,
            _ => "",
        };
        write!(stream, "{request} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").unwrap();
    }
    if !until.is_empty() {
        if request.starts_with("POST") {
            stream.write_all(BODY).unwrap();
        }
        read_until(&mut stream, until);
    }
    stream.write_all(more).unwrap();
    match end {
        End::Close => {}
        End::HalfClose => {
            stream.shutdown(Shutdown::Write).unwrap();
            // Whether it ends with a FIN or an RST does not matter.
            let _ = stream.read_to_end(&mut Vec::new());
        }
        End::Reset => SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap(),
    }
}
