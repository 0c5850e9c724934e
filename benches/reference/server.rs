//! A server with one feed: short and long polls are answered with one write each, and a WebSocket
//! gets each message in a write of its own, however many wait.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use memchr::memmem;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use socket2::{Domain, Socket, Type};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wslab::runtime::clock;
use wslab::system::cpus::Cpus;

/// The flags of `wslab serve` that a run passes. This server ignores them.
#[derive(clap::Args)]
pub struct ServeArgs {
    #[arg(long)]
    bind: SocketAddr,
    #[arg(long)]
    cpus: Option<Cpus>,
    #[arg(long)]
    with_parent: bool,
    #[arg(long)]
    history: u64,
    #[arg(long)]
    idle_timeout: String,
    #[arg(long)]
    presence: String,
}

const LISTENER: Token = Token(usize::MAX);
const BACKLOG: i32 = 4_096;
const SCRATCH_BYTES: usize = 64 << 10;

/// The epoch in answers to polls; four characters, like wslab's.
const EPOCH: &str = "refs";

pub fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    if let Some(cpus) = &args.cpus {
        cpus.confine()?;
    }
    // Ends with its parent, also when that is killed.
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    let socket = Socket::new(Domain::for_address(args.bind), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&args.bind.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into());
    println!("listening on http://{}", listener.local_addr()?);
    Server::new(listener)?.run()
}

/// One connection.
struct Peer {
    stream: TcpStream,
    /// Bytes of a request that is not whole yet.
    carry: Vec<u8>,
    /// Set for a WebSocket.
    reading: Option<Place>,
}

/// The position of a WebSocket's reader.
#[derive(Default)]
struct Place {
    /// Messages written.
    messages: usize,
    /// Bytes written of the next one.
    bytes: usize,
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    peers: Slab<Peer>,
    feed: Feed,
    /// Polls that wait for the next message.
    held: Vec<usize>,
    books: Books,
}

/// Each message as a frame; its JSON begins after the frame head.
#[derive(Default)]
struct Feed(Vec<Vec<u8>>);

/// The figures of `/metrics`, for the transport of the last request.
#[derive(Default)]
struct Books {
    transport: &'static str,
    read_bytes: usize,
    written_bytes: usize,
    deliveries: usize,
    writes: usize,
}

impl Server {
    fn new(mut listener: TcpListener) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Server {
            poll,
            listener,
            peers: Slab::new(),
            feed: Feed::default(),
            held: Vec::new(),
            books: Books::default(),
        })
    }

    fn run(mut self) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(1_024);
        let mut scratch = vec![0; SCRATCH_BYTES];
        loop {
            self.poll.poll(&mut events, None)?;
            for event in &events {
                let Token(key) = event.token();
                let outcome = match event.token() {
                    LISTENER => self.accept(),
                    _ if !self.peers.contains(key) => Ok(()),
                    _ if event.is_writable() => self
                        .write_each(key)
                        .and_then(|()| self.read(key, &mut scratch)),
                    _ => self.read(key, &mut scratch),
                };
                if outcome.is_err() {
                    self.forget(key);
                }
            }
        }
    }

    fn forget(&mut self, key: usize) {
        self.held.retain(|held| *held != key);
        self.peers.try_remove(key);
    }

    fn accept(&mut self) -> io::Result<()> {
        while let Some((mut stream, _)) = unless_blocked(self.listener.accept())? {
            stream.set_nodelay(true)?;
            let entry = self.peers.vacant_entry();
            let registry = self.poll.registry();
            registry.register(&mut stream, Token(entry.key()), Interest::READABLE)?;
            entry.insert(Peer {
                stream,
                carry: Vec::new(),
                reading: None,
            });
        }
        Ok(())
    }

    /// Answers all whole requests.
    fn read(&mut self, key: usize, scratch: &mut [u8]) -> io::Result<()> {
        loop {
            let peer = &mut self.peers[key];
            let Some(count) = unless_blocked(peer.stream.read(scratch))? else {
                return Ok(());
            };
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.books.read_bytes += count;
            let mut carry = std::mem::take(&mut peer.carry);
            if carry.is_empty() {
                let used = self.answer_all(key, &scratch[..count])?;
                carry.extend_from_slice(&scratch[used..count]);
            } else {
                carry.extend_from_slice(&scratch[..count]);
                let used = self.answer_all(key, &carry)?;
                carry.drain(..used);
            }
            self.peers[key].carry = carry;
            // A short read has emptied the socket (epoll(7)).
            if count < scratch.len() {
                return Ok(());
            }
        }
    }

    /// Returns how many bytes it used.
    fn answer_all(&mut self, key: usize, bytes: &[u8]) -> io::Result<usize> {
        let mut used = 0;
        while let Some(request) = Request::parse(&bytes[used..]) {
            used += request.length;
            self.answer(key, &request)?;
        }
        match self.peers[key].reading {
            Some(_) => Ok(bytes.len()), // Frames of a reader: pongs.
            None => Ok(used),
        }
    }

    fn answer(&mut self, key: usize, request: &Request<'_>) -> io::Result<()> {
        let after = request.number("after=").min(self.feed.0.len());
        if request.is("POST ") {
            self.publish(request.body);
            let body = format!("{{\"seq\":{}}}", self.feed.0.len());
            return self.write(key, &response("201 Created", body.as_bytes()));
        }
        if request.has("/long-poll?") {
            self.books.transport = "long-polling";
            if after == self.feed.0.len() && !request.has("hold_ms=0 ") {
                self.held.push(key);
                return Ok(());
            }
        } else if request.has("/ws?") {
            return self.upgrade(key, request);
        } else if request.has("/metrics") {
            let text = self.books.text();
            return self.write(key, &response("200 OK", text.as_bytes()));
        } else if request.has("/healthz") {
            // Not a poll: the figures stay those of the transport.
            return self.write(key, &response("200 OK", b"{}"));
        } else {
            self.books.transport = "short-polling";
        }
        self.books.deliveries += self.feed.0.len() - after;
        let body = self.feed.body(after);
        self.write(key, &response("200 OK", &body))
    }

    fn publish(&mut self, posted: &[u8]) {
        self.feed.push(posted);
        let body = self.feed.body(self.feed.0.len() - 1);
        let answer = response("200 OK", &body);
        for key in std::mem::take(&mut self.held) {
            self.books.deliveries += 1;
            if self.write(key, &answer).is_err() {
                self.forget(key);
            }
        }
        for key in 0..self.peers.capacity() {
            let Some(place) = self.peers.get(key).and_then(|peer| peer.reading.as_ref()) else {
                continue;
            };
            // A slow reader is served when its socket is writable again.
            if place.messages + 1 == self.feed.0.len() && self.write_each(key).is_err() {
                self.forget(key);
            }
        }
    }

    fn upgrade(&mut self, key: usize, request: &Request<'_>) -> io::Result<()> {
        self.books.transport = "websocket";
        let accept = derive_accept_key(request.field("Sec-WebSocket-Key: "));
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        self.write(key, head.as_bytes())?;
        let peer = &mut self.peers[key];
        peer.reading = Some(Place {
            messages: self.feed.0.len(),
            bytes: 0,
        });
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry.reregister(&mut peer.stream, Token(key), interest)
    }

    /// Writes waiting messages to a WebSocket, one a write, until the socket is full.
    fn write_each(&mut self, key: usize) -> io::Result<()> {
        let Peer {
            stream, reading, ..
        } = &mut self.peers[key];
        let Some(place) = reading else {
            return Ok(());
        };
        while let Some(frame) = self.feed.0.get(place.messages) {
            let Some(count) = unless_blocked(stream.write(&frame[place.bytes..]))? else {
                return Ok(());
            };
            self.books.writes += 1;
            self.books.written_bytes += count;
            place.bytes += count;
            if place.bytes == frame.len() {
                self.books.deliveries += 1;
                place.messages += 1;
                place.bytes = 0;
            }
        }
        Ok(())
    }

    /// Writes a response. It fits into the socket buffer, because the peer waits for it.
    fn write(&mut self, key: usize, bytes: &[u8]) -> io::Result<()> {
        self.peers[key].stream.write_all(bytes)?;
        self.books.writes += 1;
        self.books.written_bytes += bytes.len();
        Ok(())
    }
}

impl Feed {
    /// A posted message, `{"from":…}`, with the server's fields in front.
    fn push(&mut self, posted: &[u8]) {
        let (seq, now_ns) = (self.0.len() + 1, clock::now_ns());
        let mut json = format!("{{\"seq\":{seq},\"published_at_ns\":{now_ns},").into_bytes();
        json.extend_from_slice(&posted[1..]);
        let mut frame = vec![0x81];
        match json.len() {
            length @ ..126 => frame.push(length as u8),
            length => {
                frame.push(126);
                frame.extend_from_slice(&(length as u16).to_be_bytes());
            }
        }
        frame.extend_from_slice(&json);
        self.0.push(frame);
    }

    /// The body of a response to a poll.
    fn body(&self, after: usize) -> Vec<u8> {
        let mut body = b"{\"messages\":[".to_vec();
        for (index, frame) in self.0[after..].iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            let head = if frame[1] == 126 { 4 } else { 2 };
            body.extend_from_slice(&frame[head..]);
        }
        let last = self.0.len();
        body.extend_from_slice(format!("],\"last\":{last},\"epoch\":\"{EPOCH}\"}}").as_bytes());
        body
    }
}

impl Books {
    fn text(&self) -> String {
        let of = |name, number| {
            format!(
                "wslab_{name}{{transport=\"{}\"}} {number}\n",
                self.transport
            )
        };
        of("read_bytes_total", self.read_bytes)
            + &of("written_bytes_total", self.written_bytes)
            + &of("deliveries_total", self.deliveries)
            + &of("writes_total", self.writes)
    }
}

/// A whole request at the start of some bytes.
struct Request<'a> {
    /// The first line.
    line: &'a [u8],
    head: &'a [u8],
    body: &'a [u8],
    length: usize,
}

impl<'a> Request<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let end = memmem::find(bytes, b"\r\n\r\n")? + 4;
        let head = &bytes[..end];
        let mut request = Request {
            line: &head[..memchr::memchr(b'\r', head)?],
            head,
            body: &[],
            length: end,
        };
        if request.is("POST ") {
            let field = request.field("Content-Length: ");
            let length: usize = std::str::from_utf8(field).ok()?.parse().ok()?;
            request.length = end + length;
            request.body = bytes.get(end..request.length)?;
        }
        Some(request)
    }

    fn is(&self, method: &str) -> bool {
        self.line.starts_with(method.as_bytes())
    }

    fn has(&self, part: &str) -> bool {
        memmem::find(self.line, part.as_bytes()).is_some()
    }

    /// The number behind `name` in the request line; 0 if there is none.
    fn number(&self, name: &str) -> usize {
        let digits = match memmem::find(self.line, name.as_bytes()) {
            Some(at) => &self.line[at + name.len()..],
            None => &[],
        };
        let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
    }

    fn field(&self, name: &str) -> &'a [u8] {
        let Some(at) = memmem::find(self.head, name.as_bytes()) else {
            return &[];
        };
        let value = &self.head[at + name.len()..];
        let end = memchr::memchr(b'\r', value).unwrap_or(value.len());
        &value[..end]
    }
}

/// The bytes of wslab's responses, except for the date.
fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
         content-length: {length}\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn unless_blocked<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
