//! What bytes of any kind may do to those who read them: one property a reader.
//!
//! A server's bytes are read by the load and the chat, a stranger's by the server. Each function
//! here takes a stream, and the sizes of the parts in which it arrives. It shows the stream to its
//! reader whole, in these parts and byte by byte, and panics unless the reader gives the same items
//! and refuses the same streams. `cargo test` tries each on a fixed number
//! of streams; `scripts/fuzz` goes on for as long as one likes, and bounds memory and time.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;
use std::{iter, panic, thread};

use futures_util::FutureExt;

use crate::client::error::{ClientError, Parsed};
use crate::client::http::{ChunkedDecoder, Response};
use crate::feed::{Feed, Feeds, Message, Retention, check_name};
use crate::server::access::Access;
use crate::server::connection_limiter::ConnectionLimits;
use crate::server::http1::request::ParsedHead;
use crate::server::routes::new_message;
use crate::server::{self, ServerSettings};
use crate::service::state::{AppState, Limits};
use crate::transport::raw_tcp;
use crate::transport::sse::{EventStreamItem, EventStreamParser};
use crate::transport::websocket::client::FrameReader;

/// Frames of a WebSocket, as a client reads them.
pub fn websocket_frames(stream: &[u8], sizes: &[u8]) {
    agree(stream, sizes, || {
        let mut frames = FrameReader::default();
        move |bytes, items| {
            let text = |text: &[u8]| keep(items, text);
            let (used, signal) = frames.read(bytes, text)?;
            Ok((used, signal.map(|signal| format!("{signal:?}").into())))
        }
    });
}

/// An event stream.
pub fn event_stream(stream: &[u8], sizes: &[u8]) {
    agree(stream, sizes, || {
        let mut events = EventStreamParser::default();
        move |bytes, items| {
            let mut see = |item: EventStreamItem<'_>| keep(items, format!("{item:?}").as_bytes());
            events.feed(bytes, &mut see)?;
            Ok((bytes.len(), None))
        }
    });
}

/// The body of an answer in the chunked coding: one item, which grows.
pub fn chunked_body(stream: &[u8], sizes: &[u8]) {
    agree(stream, sizes, || {
        let mut chunked = ChunkedDecoder::default();
        move |bytes, items| {
            if items.is_empty() {
                items.push(Vec::new());
            }
            let used = chunked.decode(bytes, |data| {
                assert!(!data.is_empty(), "a piece of nothing");
                items[0].extend_from_slice(data);
                Ok(())
            })?;
            assert!(chunked.ended() || used == bytes.len());
            // What follows is the next answer's.
            Ok((bytes.len(), None))
        }
    });
}

/// Answers to polls on one connection.
pub fn http_answers(stream: &[u8], sizes: &[u8]) {
    agree(stream, sizes, || {
        |bytes, _| {
            let answer = Response::parse(bytes)?;
            Ok(answer.map_or((0, None), |(answer, used)| {
                let head = format!("{:?}", answer.head).into_bytes();
                (used, Some([&head[..], &answer.body].concat()))
            }))
        }
    });
}

/// Messages of the baseline.
pub fn raw_tcp_messages(stream: &[u8], sizes: &[u8]) {
    agree(stream, sizes, || {
        |bytes, items| {
            let (used, never) = raw_tcp::read(bytes, &mut |json| keep(items, json))?;
            Ok((used, never.map(|never| match never {})))
        }
    });
}

/// What somebody publishes. It is refused, or it becomes a message that all can read.
pub fn publish_body(body: &[u8]) {
    let Ok(new) = new_message(body) else { return };
    let log = Feed::new(Retention::default(), "k3x9".into());
    let appended = log.append(&new, 1).now_or_never();
    assert_eq!(appended, Some(Ok(1)));
    let json = &log.read_after(0).messages[0].json;
    assert!(!json.contains(&b'\n') && !json.contains(&b'\r'), "one line");
    // The longest escape makes six bytes of one.
    assert!(json.len() <= 6 * body.len() + 128);
    let message = Message::from_json(json).expect("its own JSON");
    assert_eq!((&*message.from, &*message.text), (&*new.from, &*new.text));
    assert_eq!(check_name(&message.from), Ok(&*message.from));
}

/// Requests, as a server finds out which are plain ones of readers. However much of a stream has
/// come, what it begins with is not known yet or known for good.
pub fn plain_requests(stream: &[u8], _: &[u8]) {
    let state = AppState::new(Feeds::new(Retention::default(), 8), Limits::default());
    let begin = |bytes: &[u8]| match ParsedHead::of(bytes, MAX_HEAD_BYTES, &state) {
        ParsedHead::Partial => None,
        ParsedHead::Other => Some((String::new(), 0)),
        ParsedHead::Fast(plain, length) => {
            assert!(length <= bytes.len() && bytes[..length].ends_with(b"\n"));
            Some((format!("{plain:?}"), length))
        }
    };
    let mut known = None;
    for end in 0..=stream.len() {
        let now = begin(&stream[..end]);
        assert!(known.is_none() || known == now, "it was {known:?}");
        known = now;
    }
}

/// A client that writes any requests, and then no more. The server answers in HTTP. It need not
/// end: who has stopped talking may still be reading a stream.
pub fn http_server(stream: &[u8], sizes: &[u8]) {
    let answer = said(stream, sizes, b"", ANSWER_PATIENCE);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "HTTP");
}

/// A client of `ws?user=mallory` that writes a stream after its upgrade, and then no more. The
/// server answers with whole frames and ends, soon.
pub fn websocket_server(stream: &[u8], sizes: &[u8]) {
    let answer = said(stream, sizes, UPGRADE, PATIENCE);
    let (mut frames, mut read) = (FrameReader::default(), 0);
    while read < answer.len() {
        let (used, signal) = frames.read(&answer[read..], |_| Ok(())).expect("frames");
        read += used;
        assert!(
            used > 0 && signal.is_some() || read == answer.len(),
            "a frame in part"
        );
    }
}

/// What the server says to a stream, after its agreement to `upgrade` if that is asked of it first,
/// which it must have ended within; unasked, it may go on.
fn said(stream: &[u8], sizes: &[u8], upgrade: &[u8], patience: Duration) -> Vec<u8> {
    let mut socket = TcpStream::connect(server()).expect("the server listens");
    socket.set_read_timeout(Some(patience)).expect("a time");
    socket.write_all(upgrade).expect("the server reads");
    let (mut byte, mut head) = ([0], Vec::new());
    while !upgrade.is_empty() && !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).expect("an answer");
        head.extend_from_slice(&byte);
    }
    assert!(upgrade.is_empty() || head.starts_with(b"HTTP/1.1 101 "));
    // A server that has closed may not read on.
    let _ = parts(stream, sizes).try_for_each(|part| socket.write_all(part));
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    match socket.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) if error.kind() == ErrorKind::WouldBlock && upgrade.is_empty() => {}
        Err(error) => panic!("no end: {error}"),
    }
    assert!(!PANICKED.load(Relaxed), "the server panicked");
    answer
}

/// How long a server may take for a client that has nothing more to say.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the answers to requests are waited for.
const ANSWER_PATIENCE: Duration = Duration::from_millis(200);

const MAX_HEAD_BYTES: usize = 1 << 10;

const UPGRADE: &[u8] = b"GET /feeds/a/ws?user=mallory HTTP/1.1\r\nHost: x\r\n\
    Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Whether a thread of the server has panicked, which ends a connection and no more.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// The address of a server in this process, which the first who asks starts.
fn server() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    const THREAD: &str = "hostile-server";
    *ADDRESS.get_or_init(|| {
        // SAFETY: no handler of ours runs. A program's own start would do this, but a fuzzer's has
        // none: a peer that is gone must be an error and not the end.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() == Some(THREAD) {
                PANICKED.store(true, Relaxed);
            }
            report(panic);
        }));
        let (tell, told) = mpsc::channel();
        let serve = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = server::bind(([127, 0, 0, 1], 0).into()).expect("a port");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("who asked");
                let feeds = Feeds::new(Retention::default(), 1);
                // A poll that was asked for the general way is held to its end, whoever has gone.
                let limits = Limits {
                    max_hold: PATIENCE / 100,
                    ..Limits::default()
                };
                let state = Arc::new(AppState::new(feeds, limits));
                let settings = ServerSettings {
                    access: Access::default(),
                    capacity: ConnectionLimits {
                        clients: 100,
                        clients_per_address: None,
                    },
                    max_head_bytes: MAX_HEAD_BYTES,
                    head_timeout: PATIENCE,
                    idle_timeout: PATIENCE,
                    peer_timeout: PATIENCE,
                    tls: None,
                };
                server::run(listener, state, settings, std::future::pending()).await;
            });
        };
        let thread = thread::Builder::new().name(THREAD.to_owned());
        thread.spawn(serve).expect("a thread");
        told.recv().expect("the server starts")
    })
}

/// A fuzzer's input: the sizes of the first parts, then the stream.
pub fn cut(input: &[u8], property: fn(&[u8], &[u8])) {
    let (sizes, stream) = input.split_at(input.len().min(8));
    property(stream, sizes);
}

/// What a reader gave, and whether it then refused to read on.
type Outcome = (Vec<Vec<u8>>, bool);

fn keep(items: &mut Vec<Vec<u8>>, item: &[u8]) -> Result<(), ClientError> {
    items.push(item.to_vec());
    Ok(())
}

fn agree<R>(stream: &[u8], sizes: &[u8], reader: impl Fn() -> R)
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
}

/// Shows a stream to a reader as a connection does: what it does not use is shown again, with more.
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
            assert!(used > 0, "an item of nothing");
            items.push(item);
        }
    }
    (items, false)
}

/// A stream in parts of these sizes, the last one as long as it takes.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    use super::*;

    /// Streams tried on each reader: a second's worth in a debug build.
    const CASES: u32 = 2_000;

    /// Tries a property on streams of these pieces and of what stands between them. They are the
    /// same in each run.
    fn check(pieces: &'static [&'static [u8]], property: fn(&[u8], &[u8])) {
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let known = prop::sample::select(pieces).prop_map(<[u8]>::to_vec);
        let piece = prop_oneof![4 => known, 1 => prop::collection::vec(any::<u8>(), 0..6)];
        let stream = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
        let sizes = prop::collection::vec(0..20_u8, 0..12);
        let outcome =
            TestRunner::new_with_rng(config, rng).run(&(stream, sizes), |(stream, sizes)| {
                property(&stream, &sizes);
                Ok(())
            });
        outcome.unwrap();
    }

    #[test]
    fn any_frames() {
        let pieces: &[&[u8]] = &[
            b"\x81\x05hello",
            b"\x01\x02oi",
            b"\x00\x01,",
            b"\x80\x03 e ",
            b"\x80\x00",
            b"\x89\x00",
            b"\x89\x02hi",
            b"\x8a\x00",
            b"\x88\x02\x03\xe8",
            b"\x88\x00",
            b"\x81\x7e\x00\x04long",
            b"\x81\x7f\0\0\0\0\0\0\0\x01x",
            b"\x81\x85",
            b"\x82\x01b",
            b"\xc1\x01z",
        ];
        check(pieces, websocket_frames);
    }

    const REQUESTS: &[&[u8]] = &[
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"/feeds/a/",
        b"/events",
        b"/chat",
        b"/healthz",
        b"poll",
        b"long-poll",
        b"sse",
        b"ws",
        b"raw",
        b"messages",
        b"?after=1",
        b"?after=0-k3x9",
        b"&hold_ms=1",
        b"&user=al",
        b"%20",
        b" HTTP/1.1\r\n",
        b" HTTP/1.0\r\n",
        b"Host: x\r\n",
        b"\r\n",
        b"Connection: close\r\n",
        b"Connection: Upgrade\r\n",
        b"Upgrade: raw-tcp\r\n",
        b"Upgrade: websocket\r\n",
        b"Sec-WebSocket-Version: 13\r\n",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        b"Content-Length: 2\r\n",
        b"Content-Type: application/json\r\n",
        b"Origin: http://x\r\n",
        b"GET /feeds/a/poll?after=0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /feeds/a/long-poll?hold_ms=1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /feeds/a/sse HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /feeds/a/messages HTTP/1.1\r\nHost: x\r\n",
        b"{}",
    ];

    #[test]
    fn any_requests() {
        check(REQUESTS, plain_requests);
    }

    #[test]
    fn any_requests_to_a_server() {
        check(REQUESTS, http_server);
    }

    #[test]
    fn any_frames_to_a_server() {
        // Their masks are 0, which leaves them readable.
        let pieces: &[&[u8]] = &[
            b"\x81\x8d\0\0\0\0{\"text\":\"oi\"}",
            b"\x01\x84\0\0\0\0{\"te",
            b"\x00\x80\0\0\0\0",
            b"\x80\x89\0\0\0\0xt\":\"oi\"}",
            b"\x89\x82\0\0\0\0hi",
            b"\x8a\x80\0\0\0\0",
            b"\x88\x82\0\0\0\0\x03\xe8",
            b"\x88\x80\0\0\0\0",
            b"\x82\x81\0\0\0\0b",
            b"\x81\xfe\x00\x7e\0\0\0\0",
            b"\x81\xff\0\0\0\0\0\x0f\0\0\0\0\0\0",
            b"\x81\x05hello",
            b"\xc1\x80\0\0\0\0",
        ];
        check(pieces, websocket_server);
    }

    #[test]
    fn any_events() {
        let pieces: &[&[u8]] = &[
            b"\xef\xbb\xbf",
            b"data",
            b"event",
            b"id",
            b"retry",
            b":",
            b" ",
            b"10",
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"data: x\n\n",
            b"\xc3\xa9",
            b"\0",
        ];
        check(pieces, event_stream);
    }

    #[test]
    fn any_chunks() {
        let pieces: &[&[u8]] = &[
            b"5\r\nhello\r\n",
            b"0\r\n\r\n",
            b"0\r\nT: 1\r\n\r\n",
            b"a;x=y\r\n0123456789\r\n",
            b"ffffffffffffffff\r\n",
            b"\r\n",
            b"1",
            b"0",
            b"\n",
        ];
        check(pieces, chunked_body);
    }

    #[test]
    fn any_answers() {
        let pieces: &[&[u8]] = &[
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            b"Content-Length: 2\r\n",
            b"content-length: 18446744073709551615\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Connection: close\r\n",
            b"\r\n",
            b"{}",
            b"2\r\n{}\r\n0\r\n\r\n",
        ];
        check(pieces, http_answers);
    }

    #[test]
    fn any_raw_messages() {
        let pieces: &[&[u8]] = &[
            b"\0\0\0\x02{}",
            b"\0\0\0\0",
            b"\0\0\0\x0a{\"reset\":}",
            b"\0\0",
            b"\x01\0\0\0",
            b"{",
        ];
        check(pieces, raw_tcp_messages);
    }

    #[test]
    fn any_body() {
        let pieces: &[&[u8]] = &[
            b"{\"from\":\"al\",\"text\":\"oi",
            b"\"}",
            b"{",
            b"}",
            b"\"from\":",
            b"\"text\":",
            b",",
            b"\"a\"",
            b"\"intended_at_ns\":",
            b"1",
            b"\\n",
            b"\\u000d",
            b"\\ud83c\\udf0d",
            b"\\",
            b"\xc3\xa9",
            b" ",
            b"[",
            b"\"",
        ];
        check(pieces, |body, _| publish_body(body));
    }
}
