//! A reader's connection at the server's end, for conversations without hyper between.
//!
//! What comes is read into a buffer that all connections of a thread share, and what is made for
//! one reader alone is written from another, so that thousands of idle connections own no buffers.
//!
//! What is awaited here are plain closures rather than `async fn`s, which would keep their arguments
//! twice: of a connection that wakes up, hardly anything is in the processor's cache, and each line
//! of it that is touched takes as long as hundreds of instructions.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice, Write};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tracing::debug;

use crate::server::http1::request::{FastRequest, ParsedHead};
use crate::server::lazy_deadline::LazyDeadline;
use crate::service::counters::ConnectionCounters;
use crate::service::state::AppState;

/// Where it is told what was answered, whichever way it was.
pub const LOG: &str = "wslab::server";

/// Bytes read at once.
const SCRATCH_BYTES: usize = 16 << 10;

/// Bytes that a peer may have said out of turn, give or take one read, and be noticed when it goes.
const MAX_UNREAD_BYTES: usize = SCRATCH_BYTES;

/// Bytes that the buffer for writing keeps between writes.
const MAX_KEPT_BYTES: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
    static OUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static DATE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// A connection, whatever lies below.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// How long a connection's requests may take, and how large their heads may be.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a head, from its first byte on, or from the connection's begin.
    pub head: Duration,
    /// For the first byte of another one.
    pub idle: Duration,
    pub max_head_bytes: usize,
}

/// One reader's connection.
#[derive(Debug)]
pub struct Http1Conn<S> {
    pub stream: Rewind<S>,
    pub state: Arc<AppState>,
    pub counters: Arc<ConnectionCounters>,
    /// Rings when whatever is waited for has taken too long.
    pub deadline: LazyDeadline,
    /// Whether the answer that is given is the connection's last.
    pub ends: bool,
    /// Whose answer is still to be told.
    pub path: Option<Box<str>>,
    /// Whether it is HTTP no more: what the peer says is part of the conversation.
    pub listens: bool,
}

/// What comes of waiting for a request.
#[derive(Debug)]
pub enum NextRequest {
    Fast(FastRequest),
    /// Something else has begun to come: all of it is unread.
    Other,
    /// Nothing came in time, or not all of it.
    Late,
    /// The peer has gone, or the server ends while nothing is asked of it.
    Gone,
}

/// What comes of waiting for something that the peer has no part in.
#[derive(Debug)]
pub enum WaitOutcome<T> {
    Done(T),
    Rang,
    /// The peer has said something, which is unread. It is waited for on lines that listen.
    Said,
    Gone,
}

impl Http1Conn<TokioIo<Upgraded>> {
    /// A connection that hyper has handed over once its answer was out; none if it has ended.
    pub async fn upgraded(
        upgrade: OnUpgrade,
        state: Arc<AppState>,
        counters: Arc<ConnectionCounters>,
    ) -> Option<Self> {
        let stream = TokioIo::new(upgrade.await.ok()?);
        let conn = Http1Conn::new(stream, state, counters);
        Some(Http1Conn {
            listens: true,
            ..conn
        })
    }
}

impl<S: Stream> Http1Conn<S> {
    pub fn new(stream: S, state: Arc<AppState>, counters: Arc<ConnectionCounters>) -> Self {
        Http1Conn {
            stream: Rewind {
                stream,
                unread: Vec::new(),
            },
            state,
            counters,
            deadline: LazyDeadline::default(),
            ends: false,
            path: None,
            listens: false,
        }
    }

    /// The next request, unless `closing` tells before that the server ends. The alarm must be set
    /// for its first byte.
    pub fn next(
        &mut self,
        timeouts: &Timeouts,
        mut closing: Pin<&mut impl Future>,
    ) -> impl Future<Output = NextRequest> {
        let mut looked = self.stream.unread.is_empty();
        poll_fn(move |cx| {
            let Http1Conn {
                stream,
                state,
                deadline,
                ..
            } = &mut *self;
            let begin = |bytes: &[u8]| ParsedHead::of(bytes, timeouts.max_head_bytes, state);
            if !mem::replace(&mut looked, true) {
                deadline.set(Instant::now() + timeouts.head);
                if let Some(next) = stream.look(begin) {
                    return Poll::Ready(next);
                }
            }
            loop {
                let first = stream.unread.is_empty();
                match stream.poll_look(cx, begin) {
                    Poll::Ready(Ok(Some(next))) => return Poll::Ready(next),
                    Poll::Ready(Ok(None)) if first => deadline.set(Instant::now() + timeouts.head),
                    Poll::Ready(Ok(None)) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(NextRequest::Gone),
                    Poll::Pending => break,
                }
            }
            if closing.as_mut().poll(cx).is_ready() {
                return Poll::Ready(NextRequest::Gone);
            }
            deadline.poll(cx).map(|()| NextRequest::Late)
        })
    }

    /// Waits for `future`, but no longer than until the alarm rings or the peer has gone.
    pub fn wait<T>(
        &mut self,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> impl Future<Output = WaitOutcome<T>> {
        // Who always has something more to be told is heard all the same, the next time.
        let mut overhears = self.listens;
        poll_fn(move |cx| {
            // What came along with the request, or with what was waited for before.
            if self.listens && !self.stream.unread.is_empty() {
                return Poll::Ready(WaitOutcome::Said);
            }
            if let Poll::Ready(done) = future.as_mut().poll(cx) {
                let gone = overhears && matches!(self.stream.poll_hear(cx), Poll::Ready(Err(_)));
                return Poll::Ready(if gone {
                    WaitOutcome::Gone
                } else {
                    WaitOutcome::Done(done)
                });
            }
            overhears = false;
            // Who talks out of turn is not listened to for ever: what it says has a bound.
            while self.stream.unread.len() < MAX_UNREAD_BYTES {
                match self.stream.poll_hear(cx) {
                    Poll::Ready(Ok(())) if self.listens => return Poll::Ready(WaitOutcome::Said),
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(WaitOutcome::Gone),
                    Poll::Pending => break,
                }
            }
            self.deadline.poll(cx).map(|()| WaitOutcome::Rang)
        })
    }

    /// Answers with a status and fields, as `200 OK\r\na: b`, and a whole body.
    pub fn answer(&mut self, head: &str, body: Bytes) -> impl Future<Output = io::Result<()>> {
        self.tell(200);
        let close = self.closing_field();
        // The body ends with this: of what a peer does not read, the rest is kept, and once.
        self.write(move |out| {
            write_head(out, head, |out| {
                write!(out, "\r\ncontent-length: {}", body.len()).expect("memory takes it");
                out.extend_from_slice(close.as_bytes());
            });
            out.extend_from_slice(&body);
        })
    }

    /// Begins an answer whose body says itself where it ends, and begins with `first`.
    pub fn begin(&mut self, head: &str, first: Bytes) -> impl Future<Output = io::Result<()>> {
        self.tell(200);
        let close = self.closing_field();
        self.write(move |out| {
            write_head(out, head, |out| out.extend_from_slice(close.as_bytes()));
            out.extend_from_slice(&first);
        })
    }

    /// Agrees to become something else than HTTP, as the fields say.
    pub fn switch(&mut self, fields: String) -> impl Future<Output = io::Result<()>> {
        self.tell(101);
        (self.ends, self.listens) = (true, true);
        let head = "101 Switching Protocols\r\nconnection: upgrade";
        self.write(move |out| {
            write_head(out, head, |out| out.extend_from_slice(fields.as_bytes()));
        })
    }

    fn tell(&mut self, status: u16) {
        if let Some(path) = self.path.take() {
            let address = self.counters.address;
            debug!(target: LOG, %address, method = %"GET", path = &*path, status, "answered");
        }
    }

    /// What an answer says of the connection, if it is the last one.
    fn closing_field(&mut self) -> &'static str {
        self.ends |= self.state.is_closing();
        if self.ends {
            "\r\nconnection: close"
        } else {
            ""
        }
    }

    /// Writes at once what `fill` makes.
    pub fn write(
        &mut self,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> impl Future<Output = io::Result<()>> {
        let mut fill = Some(fill);
        let (mut left, mut written) = (Vec::new(), 0);
        poll_fn(move |cx| {
            let Some(fill) = fill.take() else {
                return self.stream.poll_send(cx, &left, &mut written);
            };
            OUT.with_borrow_mut(|out| {
                out.clear();
                fill(out);
                let outcome = self.stream.poll_send(cx, out, &mut written);
                if outcome.is_pending() {
                    left = out.split_off(written);
                    written = 0;
                }
                out.shrink_to(MAX_KEPT_BYTES);
                outcome
            })
        })
    }

    /// Writes at once what is shared with others.
    pub fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> {
        let mut written = 0;
        poll_fn(move |cx| self.stream.poll_send(cx, bytes, &mut written))
    }
}

/// A response's head (RFC 9112, section 4), with the fields that `more` adds and the time that it
/// must tell (RFC 9110, section 6.6.1). Each poll has one, and joining takes less than formatting.
fn write_head(out: &mut Vec<u8>, head: &str, more: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(head.as_bytes());
    more(out);
    out.extend_from_slice(b"\r\ndate: ");
    DATE.with_borrow_mut(|(second, date)| {
        let now = SystemTime::now();
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let now_s = since.map_or(0, |since| since.as_secs());
        if *second != now_s {
            (*second, *date) = (now_s, httpdate::fmt_http_date(now));
        }
        out.extend_from_slice(date.as_bytes());
    });
    out.extend_from_slice(b"\r\n\r\n");
}

/// A stream, and bytes of it that were looked at too early.
#[derive(Debug)]
pub struct Rewind<S> {
    stream: S,
    unread: Vec<u8>,
}

impl<S: Stream> Rewind<S> {
    /// Shows what has come next to `begin`: none while that is a request's head in part.
    fn poll_look(
        &mut self,
        cx: &mut Context<'_>,
        begin: impl Fn(&[u8]) -> ParsedHead,
    ) -> Poll<io::Result<Option<NextRequest>>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let came = buffer.filled();
            if came.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            if self.unread.is_empty()
                && let ParsedHead::Fast(plain, length) = begin(came)
            {
                self.unread.extend_from_slice(&came[length..]);
                return Poll::Ready(Ok(Some(NextRequest::Fast(plain))));
            }
            self.unread.extend_from_slice(came);
            Poll::Ready(Ok(self.look(begin)))
        })
    }

    /// The same, of what is unread.
    fn look(&mut self, begin: impl Fn(&[u8]) -> ParsedHead) -> Option<NextRequest> {
        match begin(&self.unread) {
            ParsedHead::Partial => None,
            ParsedHead::Other => Some(NextRequest::Other),
            ParsedHead::Fast(plain, length) => {
                self.take(length);
                Some(NextRequest::Fast(plain))
            }
        }
    }

    /// Keeps what has come as unread, whatever it is.
    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_look(cx, |_| ParsedHead::Other).map_ok(drop)
    }

    /// Takes all that is unread.
    pub fn take_all(&mut self) -> Vec<u8> {
        mem::take(&mut self.unread)
    }

    /// Takes the first `length` bytes that are unread, and all memory with the last ones.
    fn take(&mut self, length: usize) {
        if length == self.unread.len() {
            self.unread = Vec::new();
        } else {
            self.unread.drain(..length);
        }
    }

    /// Writes all that is not `written` yet, and flushes: over TLS, what the socket did not take.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        written: &mut usize,
    ) -> Poll<io::Result<()>> {
        while *written < bytes.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[*written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => *written += more,
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl<S: Stream> AsyncRead for Rewind<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unread.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        let length = this.unread.len().min(buffer.remaining());
        buffer.put_slice(&this.unread[..length]);
        this.take(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncWrite for Rewind<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::net::IpAddr;
    use std::pin::pin;

    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::feed::{Feeds, Retention};
    use crate::service::state::Limits;

    #[tokio::test]
    async fn who_always_has_something_to_be_told_is_heard_all_the_same() {
        let (stream, mut peer) = tokio::io::duplex(64);
        let feeds = Feeds::new(Retention::default(), 1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let counters = state
            .tally
            .open(IpAddr::from([127, 0, 0, 1]))
            .counters
            .clone();
        let mut conn = Http1Conn::new(stream, state, counters);
        conn.listens = true;
        peer.write_all(b"oi").await.unwrap();
        let mut waits = Vec::new();
        for _ in 0..4 {
            let wait = conn.wait(pin!(ready(()))).await;
            if matches!(wait, WaitOutcome::Said) {
                assert_eq!(conn.stream.take_all(), b"oi");
            }
            waits.push(wait);
        }
        let [
            WaitOutcome::Done(()),
            WaitOutcome::Said,
            WaitOutcome::Done(()),
            WaitOutcome::Done(()),
        ] = waits[..]
        else {
            panic!("{waits:?}")
        };
        drop(peer);
        assert!(matches!(
            conn.wait(pin!(ready(()))).await,
            WaitOutcome::Gone
        ));
    }
}
