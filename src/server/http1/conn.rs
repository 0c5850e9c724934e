//! A client's connection in the fast engine: reads requests, writes answers.
//!
//! The futures are closures for the reason given in [`crate::service::peer`].

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, Write};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use tokio::time::Instant;

use crate::server::access::write_marks;
use crate::server::access_log;
use crate::server::http1::request::{FastRequest, ParsedHead, RequestLimits};
use crate::service::answer::Whole;
use crate::service::counters::ConnectionCounters;
use crate::service::peer::Peer;
use crate::service::rewind::{ParseStep, Stream};
use crate::service::state::AppState;

thread_local! {
    static DATE: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// A client's connection.
#[derive(Debug)]
pub struct Http1Conn<S> {
    pub peer: Peer<S>,
    pub exchange: Exchange,
}

/// What is known of the request that is being answered.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Whether the answer is the connection's last.
    pub closes: bool,
    /// Rarely there, so boxed.
    pub details: Option<Box<Details>>,
}

/// What some answers need of their request.
#[derive(Debug)]
pub struct Details {
    pub method: Method,
    pub path: Box<str>,
    /// The allowed foreign page that sent it.
    pub origin: Option<Box<str>>,
}

/// What ended the wait for a request.
#[derive(Debug)]
pub enum NextRequest<T> {
    /// A request of the fast engine.
    Fast(T),
    /// Other bytes, all of them unread.
    Other,
    /// The request did not come in time.
    Timeout,
    /// There is no memory for the rest of the request.
    NoMemory,
    /// The peer has disconnected, or the server shuts down.
    Closed,
}

impl<S: Stream> Http1Conn<S> {
    pub fn new(stream: S, state: Arc<AppState>, counters: Arc<ConnectionCounters>) -> Self {
        Http1Conn {
            peer: Peer::new(stream, state, counters),
            exchange: Exchange::default(),
        }
    }

    /// Waits for a request and opens it with `open`, which returns `None` for a request of the
    /// general engine. One that `admits` refuses goes there before its body has come. The deadline
    /// must be set for the first byte; a request may take `head_timeout` from there. Ends when
    /// `closing` does, unless a body is on its way.
    pub fn next<T>(
        &mut self,
        limits: RequestLimits,
        head_timeout: Duration,
        mut closing: Pin<&mut impl Future>,
        admits: impl Fn(&FastRequest<'_>) -> bool,
        mut open: impl FnMut(&mut Exchange, &ConnectionCounters, FastRequest<'_>) -> Option<T>,
    ) -> impl Future<Output = NextRequest<T>> {
        let mut looked = self.peer.stream.unread_bytes() == 0;
        // The length of a request whose body is on its way, in bytes; 0 for none.
        let awaited = Cell::new(0);
        poll_fn(move |cx| {
            let Http1Conn { peer, exchange } = &mut *self;
            let Peer {
                stream,
                counters,
                deadline,
                ..
            } = peer;
            let mut parse = |bytes: &[u8]| {
                let open = |request: FastRequest<'_>| open(exchange, counters, request);
                parse(bytes, limits, &awaited, &admits, open)
            };
            if !mem::replace(&mut looked, true) {
                deadline.set(Instant::now() + head_timeout);
                if let Some(next) = stream.parse(&mut parse) {
                    return Poll::Ready(next);
                }
            }
            loop {
                let first = stream.unread_bytes() == 0;
                match stream.poll_parse(cx, counters, &mut parse) {
                    Poll::Ready(Ok(Some(next))) => return Poll::Ready(next),
                    Poll::Ready(Ok(None)) => {
                        if first {
                            deadline.set(Instant::now() + head_timeout);
                        }
                        if stream.reserve(counters, awaited.get()).is_err() {
                            return Poll::Ready(NextRequest::NoMemory);
                        }
                    }
                    Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::OutOfMemory => {
                        return Poll::Ready(NextRequest::NoMemory);
                    }
                    // The general engine answers a body that ends early, or does not come in time.
                    Poll::Ready(Err(_)) if awaited.get() == 0 => {
                        return Poll::Ready(NextRequest::Closed);
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(NextRequest::Other),
                    Poll::Pending => break,
                }
            }
            if awaited.get() > 0 {
                return deadline.poll(cx).map(|()| NextRequest::Other);
            }
            if closing.as_mut().poll(cx).is_ready() {
                return Poll::Ready(NextRequest::Closed);
            }
            deadline.poll(cx).map(|()| NextRequest::Timeout)
        })
    }

    /// Writes a complete answer.
    pub fn answer(&mut self, whole: Whole) -> impl Future<Output = io::Result<()>> {
        let Whole {
            status,
            fields,
            body,
        } = whole;
        let (close, details) = self.end_exchange(status);
        // The body is freed with this closure: a peer that does not read makes the server hold the
        // rest of it once.
        self.peer.write(move |out| {
            write_head(out, status, |out| {
                out.extend_from_slice(fields.as_bytes());
                write!(out, "\r\ncontent-length: {}", body.len()).expect("memory takes it");
                out.extend_from_slice(close.as_bytes());
                mark(out, details);
            });
            out.extend_from_slice(&body);
        })
    }

    /// Writes the head of a chunked answer with these header lines, and the first chunk.
    pub fn begin(
        &mut self,
        fields: &'static str,
        first: Bytes,
    ) -> impl Future<Output = io::Result<()>> {
        let (close, details) = self.end_exchange(StatusCode::OK);
        self.peer.write(move |out| {
            write_head(out, StatusCode::OK, |out| {
                out.extend_from_slice(fields.as_bytes());
                out.extend_from_slice(b"\r\ntransfer-encoding: chunked");
                out.extend_from_slice(close.as_bytes());
                mark(out, details);
            });
            out.extend_from_slice(&first);
        })
    }

    /// Writes the answer to an upgrade with these header lines. The connection is no longer HTTP.
    pub fn switch(&mut self, fields: String) -> impl Future<Output = io::Result<()>> {
        let status = StatusCode::SWITCHING_PROTOCOLS;
        let (_, details) = self.end_exchange(status);
        (self.exchange.closes, self.peer.duplex) = (true, true);
        self.peer.write(move |out| {
            write_head(out, status, |out| {
                out.extend_from_slice(b"\r\nconnection: upgrade");
                out.extend_from_slice(fields.as_bytes());
                mark(out, details);
            });
        })
    }

    /// Logs the answer; returns its Connection field and the details of the request.
    fn end_exchange(&mut self, status: StatusCode) -> (&'static str, Option<Box<Details>>) {
        let details = self.exchange.details.take();
        if let Some(Details { method, path, .. }) = details.as_deref() {
            access_log::log(self.peer.counters.address, method, path, status);
        }
        self.exchange.closes |= self.peer.state.is_closing();
        match self.exchange.closes {
            true => ("\r\nconnection: close", details),
            false => ("", details),
        }
    }
}

/// Parses what has come of a request. `awaited` is its length once its head has come.
fn parse<T>(
    bytes: &[u8],
    limits: RequestLimits,
    awaited: &Cell<usize>,
    admits: impl Fn(&FastRequest<'_>) -> bool,
    open: impl FnOnce(FastRequest<'_>) -> Option<T>,
) -> ParseStep<NextRequest<T>> {
    // The head is parsed again only once the body is complete, however it is cut.
    if bytes.len() < awaited.get() {
        return ParseStep::Incomplete;
    }
    match ParsedHead::parse(bytes, limits) {
        ParsedHead::Partial => ParseStep::Incomplete,
        ParsedHead::PartialBody(request, length) if admits(&request) => {
            awaited.set(length);
            ParseStep::Incomplete
        }
        ParsedHead::Fast(request, length) => match open(request) {
            Some(opened) => ParseStep::Complete(NextRequest::Fast(opened), length),
            None => ParseStep::Complete(NextRequest::Other, 0),
        },
        _ => ParseStep::Complete(NextRequest::Other, 0),
    }
}

/// Marks the answer to an allowed foreign page.
fn mark(out: &mut Vec<u8>, details: Option<Box<Details>>) {
    if let Some(origin) = details.and_then(|details| details.origin) {
        write_marks(out, &origin);
    }
}

/// Writes a response's head (RFC 9112, section 4) with the lines of `fields` and the time, which is
/// required (RFC 9110, section 6.6.1). Each poll has one, and joining is cheaper than formatting.
fn write_head(out: &mut Vec<u8>, status: StatusCode, fields: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    fields(out);
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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::pin::pin;

    use super::*;
    use crate::feed::{Feeds, Framing, Retention};
    use crate::service::limits::Limits;
    use crate::transport::answer;

    #[tokio::test]
    async fn an_answer_that_a_peer_does_not_read_is_held_once() {
        let (stream, _deaf) = tokio::io::duplex(8);
        let feeds = Feeds::new(Retention::default(), 1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let feed = state.feeds.keep("a").unwrap();
        let address = IpAddr::from([127, 0, 0, 1]);
        let counters = state.metrics.open(address).counters.clone();
        let mut conn = Http1Conn::new(stream, state, counters);
        feed.announce("al", "join", 0).unwrap();
        let batch = feed.read_after(0);
        let message = batch.messages[0].clone();
        let whole = answer::messages(&batch);
        drop(batch);
        let mut answering = pin!(conn.answer(whole));
        poll_fn(|cx| {
            assert!(answering.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        // This one and the ring's; and the body that all long polls share is the message's alone.
        assert_eq!(Arc::strong_count(&message), 2);
        let shared = message.framed(Framing::Answer, |_| unreachable!("it was needed"));
        assert!(shared.is_unique());
    }
}
