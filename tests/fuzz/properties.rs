//! What must hold for bytes of any kind: one property for each parser, and two for the server.
//!
//! The client parses a server's bytes, the server parses a client's. A property takes a stream and
//! the sizes of the parts in which it arrives. A parser reads the stream whole, in these parts and
//! byte by byte, and must give the same items and refuse the same streams each time; otherwise the
//! property panics. It returns whether the stream was understood in part, because a parser that
//! refuses everything would keep all other promises. `tests/hostile.rs` tries each property on a
//! fixed number of streams. `scripts/fuzz` tries them without end, and bounds memory and time.
#![allow(dead_code)] // Each fuzz target uses one property.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;
use std::{iter, panic, thread};

use futures_util::FutureExt;
use wslab::client::error::{ClientError, Parsed};
use wslab::client::http::{ChunkedDecoder, Response};
use wslab::feed::{
    AddressLimits, Feed, Feeds, MAX_MEMORY_BYTES, Memory, Message, Retention, check_name,
};
use wslab::server::access::Access;
use wslab::server::http1::request::{ParsedHead, RequestLimits};
use wslab::server::{self, ServerSettings};
use wslab::service::limits::Limits;
use wslab::service::publish::parse_message;
use wslab::service::state::AppState;
use wslab::transport::raw_tcp;
use wslab::transport::sse::{EventStreamItem, EventStreamParser};
use wslab::transport::websocket::client::FrameReader;

/// WebSocket frames, as a client reads them.
pub fn websocket_frames(stream: &[u8], sizes: &[u8]) -> bool {
    agree(stream, sizes, || {
        let mut frames = FrameReader::default();
        move |bytes, items| {
            let text = |text: &[u8]| keep(items, text);
            let (used, signal) = frames.read(bytes, text)?;
            Ok((used, signal.map(|signal| format!("{signal:?}").into())))
        }
    })
}

/// An event stream, as a client reads it.
pub fn event_stream(stream: &[u8], sizes: &[u8]) -> bool {
    agree(stream, sizes, || {
        let mut events = EventStreamParser::default();
        move |bytes, items| {
            let mut see = |item: EventStreamItem<'_>| keep(items, format!("{item:?}").as_bytes());
            events.feed(bytes, &mut see)?;
            Ok((bytes.len(), None))
        }
    })
}

/// A response body in the chunked coding: one item, which grows.
pub fn chunked_body(stream: &[u8], sizes: &[u8]) -> bool {
    agree(stream, sizes, || {
        let mut chunked = ChunkedDecoder::default();
        move |bytes, items| {
            if items.is_empty() {
                items.push(Vec::new());
            }
            let used = chunked.decode(bytes, |data| {
                assert!(!data.is_empty(), "an empty piece");
                items[0].extend_from_slice(data);
                Ok(())
            })?;
            assert!(chunked.ended() || used == bytes.len());
            // Bytes after the end belong to the next response.
            Ok((bytes.len(), None))
        }
    })
}

/// HTTP responses to polls on one connection.
pub fn http_answers(stream: &[u8], sizes: &[u8]) -> bool {
    agree(stream, sizes, || {
        |bytes, _| {
            let answer = Response::parse(bytes)?;
            Ok(answer.map_or((0, None), |(answer, used)| {
                let head = format!("{:?}", answer.head).into_bytes();
                (used, Some([&head[..], &answer.body].concat()))
            }))
        }
    })
}

/// Messages of the raw-tcp baseline.
pub fn raw_tcp_messages(stream: &[u8], sizes: &[u8]) -> bool {
    agree(stream, sizes, || {
        |bytes, items| {
            let (used, never) = raw_tcp::read(bytes, &mut |json| keep(items, json))?;
            Ok((used, never.map(|never| match never {})))
        }
    })
}

/// The body of a POST that publishes. It is refused, or it becomes a message whose JSON can be read
/// back.
pub fn publish_body(body: &[u8]) -> bool {
    let Ok(new) = parse_message(body) else {
        return false;
    };
    let log = Feed::new(
        Retention::default(),
        "k3x9".into(),
        &Memory::new(MAX_MEMORY_BYTES),
    );
    assert_eq!(log.append(&new, 1).now_or_never(), Some(Ok(1)));
    let json = &log.read_after(0).messages[0].json;
    assert!(!json.contains(&b'\n') && !json.contains(&b'\r'), "one line");
    // The longest escape turns one byte into six.
    assert!(json.len() <= 6 * body.len() + 128);
    let message = Message::from_json(json).expect("its own JSON");
    assert_eq!((&*message.from, &*message.text), (&*new.from, &*new.text));
    assert_eq!(check_name(&message.from), Ok(&*message.from));
    true
}

/// Request heads, as the server sorts them into fast and other ones. More bytes never change a
/// decision that was made.
pub fn plain_requests(stream: &[u8], _: &[u8]) -> bool {
    let limits = RequestLimits {
        max_head_bytes: MAX_HEAD_BYTES,
        max_body_bytes: MAX_HEAD_BYTES,
    };
    let begin = |bytes: &[u8]| match ParsedHead::parse(bytes, limits) {
        ParsedHead::Partial | ParsedHead::PartialBody(..) => None,
        ParsedHead::Other => Some((String::new(), 0)),
        ParsedHead::Fast(mut request, length) => {
            assert!(length <= bytes.len());
            assert_eq!(request.raw, bytes);
            request.raw = &[];
            Some((format!("{request:?}"), length))
        }
    };
    let mut known = None;
    for end in 0..=stream.len() {
        let now = begin(&stream[..end]);
        assert!(known.is_none() || known == now, "first {known:?}");
        known = now;
    }
    matches!(known, Some((_, 1..)))
}

/// A client that sends requests. The server answers a head that is wrong, or complete and without a
/// body, in HTTP. Otherwise the client shuts down its sending side, and the server ends the
/// connection, with or without an answer.
pub fn http_server(stream: &[u8], sizes: &[u8]) -> bool {
    let mut socket = connect();
    send(&mut socket, stream, sizes);
    let is_answered = is_answered(stream);
    if !is_answered {
        let _ = socket.shutdown(Shutdown::Write);
    }
    let mut answer = vec![0; b"HTTP/1.".len()];
    let length = read_up_to(&mut socket, &mut answer);
    assert!(length > 0 || !is_answered, "no answer");
    assert!(length == 0 || answer == b"HTTP/1.", "not HTTP: {answer:?}");
    // The rest has no end where it is a stream.
    let _ = socket.shutdown(Shutdown::Write);
    let some_time = Some(Duration::from_millis(200));
    socket.set_read_timeout(some_time).expect("a timeout");
    let _ = socket.read_to_end(&mut answer);
    assert!(!PANICKED.load(Relaxed), "the server panicked");
    length > 0
}

/// Whether a stream begins with a head that the server must answer at once. HTTP/2's preface gets
/// no answer.
fn is_answered(stream: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(stream) {
        Ok(httparse::Status::Complete(_)) => request.headers.iter().all(|field| {
            let names = ["Content-Length", "Transfer-Encoding"];
            !names
                .iter()
                .any(|name| field.name.eq_ignore_ascii_case(name))
        }),
        Ok(httparse::Status::Partial) => false,
        Err(_) => !stream.starts_with(b"PRI "),
    }
}

/// A client of `ws?user=mallory` that sends bytes after its upgrade and then shuts down its sending
/// side. The server answers with whole frames and closes the connection within [`PATIENCE`].
pub fn websocket_server(stream: &[u8], sizes: &[u8]) -> bool {
    let mut socket = connect();
    socket.write_all(UPGRADE).expect("the server reads");
    let (mut byte, mut head) = ([0], Vec::new());
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).expect("a response head");
        head.extend_from_slice(&byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    send(&mut socket, stream, sizes);
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let end = socket
        .read_to_end(&mut answer)
        .map_err(|error| error.kind());
    assert!(
        matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset)),
        "{end:?}"
    );
    assert!(!PANICKED.load(Relaxed), "the server panicked");
    let (mut frames, mut read) = (FrameReader::default(), 0);
    while read < answer.len() {
        let (used, signal) = frames.read(&answer[read..], |_| Ok(())).expect("frames");
        read += used;
        assert!(
            used > 0 && signal.is_some() || read == answer.len(),
            "an incomplete frame"
        );
    }
    !answer.is_empty()
}

fn connect() -> TcpStream {
    let socket = TcpStream::connect(server()).expect("the server listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket
}

/// Sends a stream in parts.
fn send(socket: &mut TcpStream, stream: &[u8], sizes: &[u8]) {
    // The server may have closed the connection already.
    let _ = parts(stream, sizes).try_for_each(|part| socket.write_all(part));
}

/// Fills a buffer, or reads up to the end of the connection. Returns the number of bytes.
fn read_up_to(socket: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut length = 0;
    while length < buffer.len() {
        match socket.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("neither an answer nor the end: {error}"),
        }
    }
    length
}

/// The longest that the server may keep a connection whose client has shut down its sending side.
const PATIENCE: Duration = Duration::from_secs(10);

const MAX_HEAD_BYTES: usize = 1 << 10;

const UPGRADE: &[u8] = b"GET /feeds/a/ws?user=mallory HTTP/1.1\r\nHost: x\r\n\
    Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Whether the server thread has panicked in a task: tokio catches that panic.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// The address of a server in this process; the first call starts it.
fn server() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    const THREAD: &str = "hostile-server";
    *ADDRESS.get_or_init(|| {
        // SAFETY: no signal handler is installed. Rust's runtime does this before `main`, but
        // libFuzzer has its own `main`: a write to a closed socket must be an error, not a signal.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() == Some(THREAD) {
                PANICKED.store(true, Relaxed);
            }
            report(panic);
        }));
        let (sender, receiver) = mpsc::channel();
        let serve = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = server::bind(([127, 0, 0, 1], 0).into()).expect("a port");
                sender
                    .send(listener.local_addr().expect("an address"))
                    .expect("the receiver waits");
                let feeds = Feeds::new(Retention::default(), 1);
                // The general engine holds a long poll to its end, even when its client is gone.
                let limits = Limits {
                    max_hold: PATIENCE / 100,
                    ..Limits::default()
                };
                let state = Arc::new(AppState::new(feeds, limits));
                let settings = ServerSettings {
                    access: Access::default(),
                    capacity: AddressLimits {
                        all: 100,
                        per_address: None,
                    },
                    max_head_bytes: MAX_HEAD_BYTES,
                    head_timeout: PATIENCE,
                    idle_timeout: PATIENCE,
                    peer_timeout: PATIENCE,
                    classroom: None,
                    tls: None,
                };
                server::run(listener, state, settings, std::future::pending()).await;
            });
        };
        let thread = thread::Builder::new().name(THREAD.to_owned());
        thread.spawn(serve).expect("a thread");
        receiver.recv().expect("the server starts")
    })
}

/// Runs a property on a fuzzer's input: eight sizes of parts, then the stream.
pub fn run(input: &[u8], property: fn(&[u8], &[u8]) -> bool) {
    let (sizes, stream) = input.split_at(input.len().min(8));
    property(stream, sizes);
}

/// The items that a parser gave, and whether it then refused the stream.
type Outcome = (Vec<Vec<u8>>, bool);

fn keep(items: &mut Vec<Vec<u8>>, item: &[u8]) -> Result<(), ClientError> {
    items.push(item.to_vec());
    Ok(())
}

fn agree<R>(stream: &[u8], sizes: &[u8], reader: impl Fn() -> R) -> bool
where
    R: FnMut(&[u8], &mut Vec<Vec<u8>>) -> Parsed<Vec<u8>>,
{
    let whole = read(stream, &[], reader());
    let bytes = vec![1; stream.len()];
    for sizes in [sizes, &bytes] {
        assert_eq!(
            read(stream, sizes, reader()),
            whole,
            "in parts of {sizes:?}"
        );
    }
    whole.0.iter().any(|item| !item.is_empty())
}

/// Gives a stream to a parser as a connection does: bytes that it does not use come again with the
/// next part.
fn read(
    stream: &[u8],
    sizes: &[u8],
    mut reader: impl FnMut(&[u8], &mut Vec<Vec<u8>>) -> Parsed<Vec<u8>>,
) -> Outcome {
    let (mut items, mut carry) = (Vec::new(), Vec::new());
    for part in parts(stream, sizes) {
        carry.extend_from_slice(part);
        loop {
            let Ok((used, item)) = reader(&carry, &mut items) else {
                return (items, true);
            };
            carry.drain(..used);
            let Some(item) = item else { break };
            assert!(used > 0, "an item without bytes");
            items.push(item);
        }
    }
    (items, false)
}

/// A stream in parts of these sizes; the last part is what is left.
fn parts<'a>(mut stream: &'a [u8], sizes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = sizes.iter();
    iter::from_fn(move || {
        let whole = stream.len();
        let size = sizes.next().map_or(whole, |&size| size.into());
        let (part, rest) = stream.split_at(size.max(1).min(whole));
        stream = rest;
        (!part.is_empty()).then_some(part)
    })
}
