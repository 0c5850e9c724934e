//! A minimal reader: it finds the messages of many event streams or WebSockets, reads the number
//! and the intended time of each, and counts. It also publishes at a steady rate.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use wslab::runtime::clock;
use wslab::system::process::ProcessUsage;

#[derive(clap::Args)]
pub struct ReadArgs {
    #[arg(long)]
    target: SocketAddr,
    #[arg(long)]
    transport: String,
    #[arg(long)]
    clients: usize,
    /// Messages a second
    #[arg(long)]
    rate: f64,
    /// Bytes of text
    #[arg(long, default_value_t = 64)]
    payload: usize,
    /// Messages before those that are measured
    #[arg(long)]
    warm_up: u64,
    /// Messages that are measured
    #[arg(long)]
    messages: u64,
}

const FEED: &str = "/feeds/reference";
const PUBLISHER: Token = Token(usize::MAX);
const SCRATCH_BYTES: usize = 64 << 10;

/// The longest wait for all published messages.
const PATIENCE: Duration = Duration::from_secs(30);

/// Prints messages received, reads, and CPU time.
pub fn read(args: &ReadArgs) -> anyhow::Result<()> {
    let mut reader = Reader::connect(args)?;
    reader.pass(args.warm_up)?;
    let (reads, before) = (reader.reads, usage()?);
    let sums = reader.pass(args.messages)?;
    let (user_s, sys_s) = usage()?.cpu_since(&before);
    let cpu_us = (user_s + sys_s) * 1e6;
    let reads = reader.reads - reads;
    println!(
        "{{\"received\":{},\"reads\":{reads},\"cpu_us\":{cpu_us:.0},\"latency_mean_us\":{:.0}}}",
        sums.received,
        sums.latency_ns as f64 / sums.received as f64 / 1e3,
    );
    Ok(())
}

fn usage() -> io::Result<ProcessUsage> {
    ProcessUsage::of(std::process::id())
}

/// Finds the whole messages in some bytes; returns how many bytes they take.
pub type Scan = fn(&[u8], &mut Sums) -> usize;

/// What one read received.
#[derive(Default)]
pub struct Sums {
    pub received: u64,
    latency_ns: u64,
    /// The highest number of a message.
    last: u64,
}

impl Sums {
    /// A message's JSON: `{"seq":42,…,"intended_at_ns":7,…}`.
    fn take(&mut self, json: &[u8]) {
        let seq = json.strip_prefix(b"{\"seq\":").map_or(0, number);
        const INTENDED: &[u8] = b"\"intended_at_ns\":";
        let Some(at) = memmem::find(json, INTENDED) else {
            return; // A reset: where the stream begins.
        };
        self.last = self.last.max(seq);
        self.received += 1;
        self.latency_ns += clock::now_ns().saturating_sub(number(&json[at + INTENDED.len()..]));
    }
}

fn number(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

struct Client {
    stream: TcpStream,
    /// Bytes of a message that is not whole yet.
    carry: Vec<u8>,
}

struct Reader {
    poll: Poll,
    clients: Vec<Client>,
    publisher: TcpStream,
    scan: Scan,
    interval_ns: f64,
    payload: usize,
    reads: u64,
}

impl Reader {
    fn connect(args: &ReadArgs) -> anyhow::Result<Self> {
        let (request, scan) = request(args.target, &args.transport)?;
        let poll = Poll::new()?;
        let mut clients = Vec::with_capacity(args.clients);
        for number in 0..args.clients {
            let (stream, carry) = open(args.target, &request)?;
            let mut stream = TcpStream::from_std(stream);
            let registry = poll.registry();
            registry.register(&mut stream, Token(number), Interest::READABLE)?;
            clients.push(Client { stream, carry });
        }
        let publisher = Blocking::connect(args.target)?;
        publisher.set_nodelay(true)?;
        publisher.set_nonblocking(true)?;
        let mut publisher = TcpStream::from_std(publisher);
        let registry = poll.registry();
        registry.register(&mut publisher, PUBLISHER, Interest::READABLE)?;
        Ok(Reader {
            poll,
            clients,
            publisher,
            scan,
            interval_ns: 1e9 / args.rate,
            payload: args.payload,
            reads: 0,
        })
    }

    /// Publishes messages, and returns when all clients have all of them.
    fn pass(&mut self, messages: u64) -> anyhow::Result<Sums> {
        let expected = messages * self.clients.len() as u64;
        let (mut sums, mut published) = (Sums::default(), 0);
        let (origin_ns, mut events) = (clock::now_ns(), Events::with_capacity(1_024));
        let mut scratch = vec![0; SCRATCH_BYTES];
        while sums.received < expected {
            let due_ns = origin_ns + (published as f64 * self.interval_ns) as u64;
            let mut wait = PATIENCE;
            if published < messages {
                wait = Duration::from_nanos(due_ns.saturating_sub(clock::now_ns()));
                if wait.is_zero() {
                    self.publish(due_ns)?;
                    published += 1;
                    continue;
                }
            }
            self.poll.poll(&mut events, Some(wait))?;
            ensure!(
                !events.is_empty() || published < messages,
                "messages are missing"
            );
            for event in &events {
                match event.token() {
                    PUBLISHER => while let Ok(1..) = self.publisher.read(&mut scratch) {},
                    Token(client) => self.read(client, &mut scratch, &mut sums)?,
                }
            }
        }
        Ok(sums)
    }

    fn publish(&mut self, due_ns: u64) -> anyhow::Result<()> {
        let request = post(self.payload, due_ns);
        self.publisher.write_all(request.as_bytes())?;
        Ok(())
    }

    fn read(&mut self, client: usize, scratch: &mut [u8], sums: &mut Sums) -> anyhow::Result<()> {
        let Client { stream, carry } = &mut self.clients[client];
        loop {
            let count = match stream.read(scratch) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                count => count?,
            };
            ensure!(count > 0, "the server closed a connection");
            self.reads += 1;
            if carry.is_empty() {
                let used = (self.scan)(&scratch[..count], sums);
                carry.extend_from_slice(&scratch[used..count]);
            } else {
                carry.extend_from_slice(&scratch[..count]);
                let used = (self.scan)(carry, sums);
                carry.drain(..used);
            }
            // A short read has emptied the socket (epoll(7)).
            if count < scratch.len() {
                return Ok(());
            }
        }
    }
}

/// The request of a stream, and how to read it.
pub fn request(target: SocketAddr, transport: &str) -> anyhow::Result<(String, Scan)> {
    let (path, fields, scan): (_, _, Scan) = match transport {
        "sse" => ("sse", "Accept: text/event-stream\r\n", events),
        "websocket" => (
            "ws",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n",
            frames,
        ),
        other => bail!("no reader of {other}: write sse or websocket"),
    };
    let request = format!("GET {FEED}/{path}?after=0- HTTP/1.1\r\nHost: {target}\r\n{fields}\r\n");
    Ok((request, scan))
}

/// The request that publishes a message of so many bytes of text.
pub fn post(payload: usize, due_ns: u64) -> String {
    let text = "x".repeat(payload);
    let body = format!(r#"{{"from":"sensor-1","text":"{text}","intended_at_ns":{due_ns}}}"#);
    let length = body.len();
    format!(
        "POST {FEED}/messages HTTP/1.1\r\nHost: reference\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Connects, sends a request and reads the response head; the body stays in the socket.
pub fn open(target: SocketAddr, request: &str) -> anyhow::Result<(Blocking, Vec<u8>)> {
    let mut stream = Blocking::connect(target).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes())?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let count = stream.read(&mut buffer)?;
        ensure!(count > 0, "the server closed the connection");
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(end) = memmem::find(&bytes, b"\r\n\r\n") {
            let status = &bytes[..12.min(bytes.len())];
            ensure!(
                matches!(&status[9..], b"101" | b"200"),
                "the server refuses"
            );
            stream.set_nonblocking(true)?;
            return Ok((stream, bytes.split_off(end + 4)));
        }
    }
}

/// WebSocket frames from a server, without masks.
fn frames(bytes: &[u8], sums: &mut Sums) -> usize {
    let mut used = 0;
    loop {
        let rest = &bytes[used..];
        let (head, length) = match rest {
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            [_, length @ ..126, ..] => (2, usize::from(*length)),
            _ => return used,
        };
        let Some(payload) = rest.get(head..head + length) else {
            return used;
        };
        if rest[0] == 0x81 {
            sums.take(payload);
        }
        used += head + length;
    }
}

/// The `data:` lines of an event stream. Chunk sizes stand on lines of their own and are skipped
/// like other lines.
fn events(bytes: &[u8], sums: &mut Sums) -> usize {
    let mut used = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        if let Some(data) = bytes[used..end].strip_prefix(b"data: ") {
            sums.take(data);
        }
        used = end + 1;
    }
    used
}
