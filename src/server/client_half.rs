//! The client's half of a connection of the general engine, read ahead of hyper.
//!
//! hyper does not read while it answers, so that a client that shuts its half after its request is
//! answered all the same. Two things are noticed here that hyper does not tell:
//!
//! - the half has ended: an answer that waits for messages ends then
//! - a chunk's size, before its data has come: a body that will be too long is refused at once
//!
//! For the second, no read of hyper's passes the end of a head, so that a body begins with a read.
//!
//! What is read ahead is counted in [`Memory`], and so is what hyper's buffer holds beyond its first
//! [`HYPER_READ_BYTES`]: the longest head, or piece of a body, that it was given. hyper keeps the
//! memory for the next one.

use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use memchr::memchr_iter;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::Notify;

use crate::client::http::ChunkedDecoder;
#[cfg(doc)]
use crate::feed::Memory;
use crate::feed::Owed;
use crate::service::counters::ConnectionCounters;
use crate::service::rewind::{Rewind, SCRATCH_BYTES, Stream, writes_to};

/// A head that asks for a capture has this in its target.
const CAPTURE: &[u8] = b"capture=";

/// Bytes that hyper has room for from its first read on.
pub const HYPER_READ_BYTES: usize = 8 << 10;

/// What a connection and its requests tell each other about the client's half.
#[derive(Debug, Default)]
pub struct ClientHalf {
    /// A request has begun.
    begun: AtomicBool,
    ended: AtomicBool,
    /// A chunked body follows the head that was read.
    body_follows: AtomicBool,
    body_too_long: AtomicBool,
    /// The bytes of a head that asks for a capture, from its beginning on.
    head: Mutex<Vec<u8>>,
    changes: Notify,
}

impl ClientHalf {
    /// A request has begun; `chunked` if its body is.
    pub fn begin(&self, chunked: bool) {
        self.begun.store(true, Release);
        self.body_follows.store(chunked, Release);
    }

    /// The bytes of a head that asks for a capture, and what has come with it.
    pub fn take_head(&self) -> Vec<u8> {
        mem::take(&mut self.head.lock().expect("no panic under the lock"))
    }

    /// Keeps these bytes, if they belong to a head that asks for a capture.
    fn keep_head(&self, bytes: &[u8], unread: &[u8]) {
        let mut head = self.head.lock().expect("no panic under the lock");
        let asks = || memchr::memmem::find(bytes, CAPTURE).is_some();
        if !head.is_empty() || bytes.starts_with(b"GET ") && asks() {
            head.extend([bytes, unread].concat());
        }
    }

    pub fn has_begun(&self) -> bool {
        self.begun.load(Acquire)
    }

    /// The result of `future`; `None` if the half ends before.
    pub async fn until_end<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.unless(&self.ended, future).await
    }

    /// The result of `future`; `None` if a chunk is announced before that makes the body too long.
    pub async fn while_short<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.unless(&self.body_too_long, future).await
    }

    async fn unless<T>(&self, flag: &AtomicBool, future: impl Future<Output = T>) -> Option<T> {
        let set = async {
            loop {
                // Registered before the flag is read, so that no change is lost in between.
                let change = self.changes.notified();
                if flag.load(Acquire) {
                    return;
                }
                change.await;
            }
        };
        tokio::select! {
            biased;
            done = future => Some(done),
            () = set => None,
        }
    }

    fn set(&self, flag: &AtomicBool) {
        flag.store(true, Release);
        self.changes.notify_waiters();
    }
}

/// A connection that hyper reads, and that is read ahead of it.
#[derive(Debug)]
pub struct ReadAhead<S>(Arc<Mutex<Inner<S>>>);

#[derive(Debug)]
struct Inner<S> {
    stream: Rewind<S>,
    counters: Arc<ConnectionCounters>,
    /// `None` once hyper has given the connection away.
    gate: Option<Gate>,
}

/// What hyper's buffer has held.
#[derive(Debug)]
struct HyperBuffer {
    max_bytes: usize,
    /// Bytes of the present head, or of the present piece of a body.
    bytes: usize,
    most_bytes: usize,
    /// Counts those beyond [`HYPER_READ_BYTES`].
    owed: Option<Owed>,
}

/// How far hyper may read.
#[derive(Debug)]
struct Gate {
    half: Arc<ClientHalf>,
    max_body_bytes: usize,
    /// The present line of a head is empty as far as it has come.
    blank: bool,
    /// The chunked body on its way, and its bytes that have come.
    body: Option<(ChunkedDecoder, usize)>,
    buffer: HyperBuffer,
}

impl<S> Clone for ReadAhead<S> {
    fn clone(&self) -> Self {
        ReadAhead(self.0.clone())
    }
}

impl<S: Stream> ReadAhead<S> {
    pub fn new(
        stream: Rewind<S>,
        counters: Arc<ConnectionCounters>,
        half: Arc<ClientHalf>,
        max_body_bytes: usize,
        max_buffer_bytes: usize,
    ) -> Self {
        let gate = Gate {
            half,
            max_body_bytes,
            blank: false,
            buffer: HyperBuffer {
                max_bytes: max_buffer_bytes,
                bytes: 0,
                most_bytes: 0,
                owed: None,
            },
            body: None,
        };
        ReadAhead(Arc::new(Mutex::new(Inner {
            stream,
            counters,
            gate: Some(gate),
        })))
    }

    /// Reads ahead, as far as there is room. Completes at the end of the client's half.
    pub fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Inner {
            stream,
            counters,
            gate,
        } = &mut *self.lock();
        while stream.unread_bytes() < SCRATCH_BYTES {
            if ready!(stream.poll_fill(cx, counters)).is_err() {
                if let Some(Gate { half, .. }) = gate {
                    half.set(&half.ended);
                }
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Tells whether bytes were read that hyper has not taken.
    pub fn unread(&self) -> impl Fn() -> bool + Send + Sync + 'static
    where
        S: 'static,
    {
        let inner = Arc::downgrade(&self.0);
        let unread = |inner: Arc<Mutex<Inner<S>>>| {
            let inner = inner.lock().expect("no panic under the lock");
            inner.stream.unread_bytes() > 0
        };
        move || inner.upgrade().is_some_and(unread)
    }

    /// hyper has ended, and may have given the connection away.
    pub fn open_gate(&self) {
        self.lock().gate = None;
    }

    /// The connection, once hyper has none of it.
    pub fn into_inner(self) -> Option<Rewind<S>> {
        let inner = Arc::into_inner(self.0)?.into_inner();
        Some(inner.expect("no panic under the lock").stream)
    }

    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        self.0.lock().expect("no panic under the lock")
    }
}

impl Gate {
    /// How many of these bytes hyper may read at once.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        if self.half.body_follows.swap(false, AcqRel) {
            self.body = Some(Default::default());
        }
        let Some((chunks, came)) = &mut self.body else {
            return self.pass_head(bytes);
        };
        let decoded = chunks.decode(bytes, |data| {
            *came += data.len();
            Ok(())
        });
        let ended = decoded.is_err() || chunks.ended();
        self.buffer.add(bytes.len());
        self.buffer.bytes = 0;
        if came.saturating_add(chunks.bytes_left()) > self.max_body_bytes {
            self.half.set(&self.half.body_too_long);
        }
        if ended {
            self.body = None;
        }
        // hyper refuses a malformed body.
        decoded.unwrap_or(bytes.len())
    }

    /// All of them, or those up to the end of a blank line.
    fn pass_head(&mut self, bytes: &[u8]) -> usize {
        let mut start = 0;
        for end in memchr_iter(b'\n', bytes) {
            let blank = bytes[start..end].iter().all(|byte| *byte == b'\r');
            start = end + 1;
            if blank && mem::replace(&mut self.blank, true) {
                self.buffer.add(start);
                self.buffer.bytes = 0;
                return start;
            }
            self.blank = true;
        }
        self.blank &= bytes[start..].iter().all(|byte| *byte == b'\r');
        self.buffer.add(bytes.len());
        bytes.len()
    }
}

impl HyperBuffer {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.most_bytes = self.bytes.clamp(self.most_bytes, self.max_bytes);
    }

    fn count(&mut self, counters: &ConnectionCounters) -> io::Result<()> {
        let excess_bytes = self.most_bytes.saturating_sub(HYPER_READ_BYTES);
        counters.hold(&mut self.owed, excess_bytes)
    }
}

impl<S: Stream> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Inner {
            stream,
            counters,
            gate,
        } = &mut *self.lock();
        stream.check()?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut *stream).poll_read(cx, buffer))?;
        if let Some(gate) = gate {
            if gate.body.is_none() {
                gate.half
                    .keep_head(&buffer.filled()[before..], stream.unread());
            }
            let end = before + gate.pass(&buffer.filled()[before..]);
            stream.put_back(counters, &buffer.filled()[end..])?;
            gate.buffer.count(counters)?;
            buffer.set_filled(end);
        }
        Poll::Ready(Ok(()))
    }
}

writes_to!([S: Stream] ReadAhead<S>, this => this.lock().stream);
