//! A server with one feed on one epoll loop, as one would write it in C: an array of connections,
//! a message framed once, and one write a delivery. A stream gets each message in a write of its
//! own, however many wait.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use socket2::{Domain, Socket, Type};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wslab::runtime::clock;
use wslab::system::cpus::Cpus;

use crate::wire::{
    CLOSE, ClientFrame, EPOCH, Framing, JSON, Message, OPEN_METRICS, PING, PONG, Request,
    STREAM_HEAD, frame, response,
};

/// The flags of `wslab serve` that a run passes. This server ignores all but the first three.
#[derive(clap::Args)]
pub struct ServeArgs {
    #[arg(long)]
    bind: SocketAddr,
    #[arg(long)]
    cpus: Option<Cpus>,
    #[arg(long)]
    with_parent: bool,
    #[arg(long)]
    history: Option<u64>,
    #[arg(long)]
    idle_timeout: Option<String>,
    #[arg(long)]
    header_timeout: Option<String>,
    #[arg(long)]
    presence: Option<String>,
}

const LISTENER: Token = Token(usize::MAX);
const BACKLOG: i32 = 4_096;
const SCRATCH_BYTES: usize = 64 << 10;

pub fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    if let Some(cpus) = &args.cpus {
        cpus.confine()?;
    }
    if args.with_parent {
        // Also when the parent is killed.
        std::thread::spawn(|| {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            std::process::exit(0);
        });
    }
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
    /// Bytes of a request, or of a client's frame, that is not whole yet.
    carry: Vec<u8>,
    /// Set for a stream.
    reading: Option<Place>,
}

/// The position of a stream's reader.
struct Place {
    framing: Framing,
    /// Messages written.
    messages: usize,
    /// Bytes written of the next one.
    bytes: usize,
    /// Pongs, which go between two messages.
    answers: Vec<u8>,
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

#[derive(Default)]
struct Feed(Vec<Message>);

/// The figures of `/metrics`, for the transport of the last request.
#[derive(Default)]
struct Books {
    transport: &'static str,
    read_bytes: usize,
    written_bytes: usize,
    deliveries: usize,
    /// Of messages, and of answers to polls.
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

    /// Answers all that has come whole.
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
        loop {
            let rest = &bytes[used..];
            if let Some(place) = &self.peers[key].reading {
                let Framing::WebSocket = place.framing else {
                    return Ok(bytes.len()); // The reader of an event stream has no more to say.
                };
                let Some(frame) = ClientFrame::parse(rest) else {
                    return Ok(used);
                };
                used += frame.length;
                self.answer_frame(key, &frame)?;
            } else {
                let Some(request) = Request::parse(rest) else {
                    return Ok(used);
                };
                used += request.length;
                self.answer(key, &request)?;
            }
        }
    }

    fn answer(&mut self, key: usize, request: &Request<'_>) -> io::Result<()> {
        let after = request.number("after=").min(self.feed.0.len());
        if request.is("POST ") {
            self.publish(request.body);
            let body = format!("{{\"seq\":{}}}", self.feed.0.len());
            return self.write(key, &response("201 Created", JSON, body.as_bytes()));
        }
        if request.has("/long-poll?") {
            self.books.transport = "long-polling";
            if after == self.feed.0.len() && !request.has("hold_ms=0 ") {
                self.held.push(key);
                return Ok(());
            }
        } else if request.has("/sse?") {
            self.books.transport = "sse";
            return self.open_stream(key, STREAM_HEAD, Framing::Sse);
        } else if request.has("/ws?") {
            self.books.transport = "websocket";
            let accept = derive_accept_key(request.field("Sec-WebSocket-Key: "));
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            return self.open_stream(key, &head, Framing::WebSocket);
        } else if request.has("/metrics") {
            let text = self.books.text();
            return self.write(key, &response("200 OK", OPEN_METRICS, text.as_bytes()));
        } else if request.has("/healthz") {
            // Not a poll: the figures stay those of the transport.
            return self.write(key, &response("200 OK", JSON, br#"{"status":"ok"}"#));
        } else {
            self.books.transport = "short-polling";
        }
        self.books.deliveries += self.feed.0.len() - after;
        self.books.writes += 1;
        let body = self.feed.body(after);
        self.write(key, &response("200 OK", JSON, &body))
    }

    fn publish(&mut self, posted: &[u8]) {
        self.feed.push(posted);
        if !self.held.is_empty() {
            let answer = response("200 OK", JSON, &self.feed.body(self.feed.0.len() - 1));
            for key in std::mem::take(&mut self.held) {
                self.books.deliveries += 1;
                self.books.writes += 1;
                if self.write(key, &answer).is_err() {
                    self.forget(key);
                }
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

    /// Answers the request of a stream, which begins with the next message.
    fn open_stream(&mut self, key: usize, head: &str, framing: Framing) -> io::Result<()> {
        self.write(key, head.as_bytes())?;
        let peer = &mut self.peers[key];
        peer.reading = Some(Place {
            framing,
            messages: self.feed.0.len(),
            bytes: 0,
            answers: Vec::new(),
        });
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry.reregister(&mut peer.stream, Token(key), interest)
    }

    /// Answers a ping, and ends with the client (RFC 6455, section 5.5). What a client publishes
    /// this way is ignored.
    fn answer_frame(&mut self, key: usize, received: &ClientFrame) -> io::Result<()> {
        match (received.opcode, &mut self.peers[key].reading) {
            (PING, Some(place)) => {
                place.answers.extend(frame(PONG, &received.payload));
                self.write_each(key)
            }
            (CLOSE, _) => {
                self.write(key, &frame(CLOSE, &received.payload))?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            _ => Ok(()),
        }
    }

    /// Writes what waits for a stream, one message a write, until the socket is full.
    fn write_each(&mut self, key: usize) -> io::Result<()> {
        let Peer {
            stream, reading, ..
        } = &mut self.peers[key];
        let Some(place) = reading else {
            return Ok(());
        };
        loop {
            let is_answer = place.bytes == 0 && !place.answers.is_empty();
            let bytes = match self.feed.0.get(place.messages) {
                _ if is_answer => &place.answers[..],
                Some(message) => &message.framed(place.framing)[place.bytes..],
                None => return Ok(()),
            };
            let (length, Some(count)) = (bytes.len(), unless_blocked(stream.write(bytes))?) else {
                return Ok(());
            };
            self.books.writes += 1;
            self.books.written_bytes += count;
            if is_answer {
                place.answers.drain(..count);
            } else if count < length {
                place.bytes += count;
            } else {
                self.books.deliveries += 1;
                place.messages += 1;
                place.bytes = 0;
            }
        }
    }

    /// Writes a response. It fits into the socket buffer, because the peer waits for it.
    fn write(&mut self, key: usize, bytes: &[u8]) -> io::Result<()> {
        self.peers[key].stream.write_all(bytes)?;
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
        self.0.push(Message::new(seq, json));
    }

    /// The body of a response to a poll.
    fn body(&self, after: usize) -> Vec<u8> {
        let mut body = b"{\"messages\":[".to_vec();
        for (index, message) in self.0[after..].iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&message.json);
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

fn unless_blocked<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
