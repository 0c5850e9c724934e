//! A stream whose bytes can be looked at before they are consumed.
//!
//! All connections of a thread read into one shared buffer. A connection owns memory only while it
//! holds bytes that were read and not consumed. These are counted in [`Memory`]; a connection
//! without memory for them loses them, and must be closed.

use std::cell::RefCell;
use std::io;
use std::os::fd::RawFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[cfg(doc)]
use crate::feed::Memory;
use crate::feed::Owed;
use crate::service::counters::ConnectionCounters;

/// Bytes read at once.
pub const SCRATCH_BYTES: usize = 16 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// Writes to a stream that the type has inside: for one that only reads in a way of its own.
macro_rules! writes_to {
    ([$($generics:tt)*] $type:ty, $this:ident => $inner:expr) => {
        impl<$($generics)*> tokio::io::AsyncWrite for $type {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bytes: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $inner).poll_write(cx, bytes)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                slices: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $inner).poll_write_vectored(cx, slices)
            }

            fn is_write_vectored(&self) -> bool {
                let $this = self;
                $inner.is_write_vectored()
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $inner).poll_flush(cx)
            }

            fn poll_shutdown(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                let $this = self.get_mut();
                std::pin::Pin::new(&mut $inner).poll_shutdown(cx)
            }
        }
    };
}
pub(crate) use writes_to;

/// A byte stream that a task can own: TCP, TLS or an upgraded connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// The socket, if it takes the stream's bytes as they are.
    fn socket(&self) -> Option<RawFd> {
        None
    }
}

/// A connection of the general engine after its upgrade.
impl Stream for TokioIo<Upgraded> {}

#[cfg(test)]
impl Stream for tokio::io::DuplexStream {}

#[cfg(test)]
impl Stream for tokio::net::TcpStream {
    fn socket(&self) -> Option<RawFd> {
        Some(std::os::fd::AsRawFd::as_raw_fd(self))
    }
}

/// The result of parsing the bytes at the start of a stream.
#[derive(Debug)]
pub enum ParseStep<T> {
    /// More bytes are needed.
    Incomplete,
    /// A value, and the number of bytes that it consumes.
    Complete(T, usize),
}

/// A stream and the bytes that were read from it and not consumed.
#[derive(Debug)]
pub struct Rewind<S> {
    stream: S,
    /// Boxed, since most requests come in one read and leave nothing.
    unread: Option<Box<Unread>>,
}

#[derive(Debug, Default)]
struct Unread {
    bytes: Vec<u8>,
    /// Counts the capacity of `bytes`.
    owed: Option<Owed>,
    /// There was no memory for them.
    lost: bool,
}

impl<S> Rewind<S> {
    pub fn new(stream: S) -> Self {
        Rewind {
            stream,
            unread: None,
        }
    }

    /// The number of bytes that were read and not consumed.
    pub fn unread_bytes(&self) -> usize {
        self.unread().len()
    }

    /// The bytes that were read and not consumed.
    pub fn unread(&self) -> &[u8] {
        self.unread.as_ref().map_or(&[], |unread| &unread.bytes)
    }

    /// Consumes all unread bytes.
    pub fn take_all(&mut self) -> Vec<u8> {
        self.unread.take().map_or(Vec::new(), |unread| unread.bytes)
    }

    /// Makes bytes that were just consumed unread again.
    ///
    /// # Errors
    /// As [`Rewind::check`].
    pub fn put_back(&mut self, counters: &ConnectionCounters, bytes: &[u8]) -> io::Result<()> {
        self.change(counters, bytes.len(), |unread| {
            unread.splice(..0, bytes.iter().copied());
        })
    }

    /// Makes room for so many unread bytes in all.
    ///
    /// # Errors
    /// As [`Rewind::check`].
    pub fn reserve(&mut self, counters: &ConnectionCounters, length: usize) -> io::Result<()> {
        self.change(counters, length, |unread| {
            unread.reserve_exact(length.saturating_sub(unread.len()));
        })
    }

    fn keep(&mut self, counters: &ConnectionCounters, bytes: &[u8]) -> io::Result<()> {
        self.change(counters, bytes.len(), |unread| {
            unread.extend_from_slice(bytes);
        })
    }

    /// Adds to the unread bytes, if there is something to add, and counts them.
    fn change(
        &mut self,
        counters: &ConnectionCounters,
        added: usize,
        add: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        if added == 0 {
            return Ok(());
        }
        let unread = self.unread.get_or_insert_default();
        add(&mut unread.bytes);
        let held = counters.hold(&mut unread.owed, unread.bytes.capacity());
        if held.is_err() {
            let lost = true;
            **unread = Unread {
                lost,
                ..Unread::default()
            };
        }
        held
    }

    /// # Errors
    /// Bytes are lost, since there was no memory for them.
    pub fn check(&self) -> io::Result<()> {
        match &self.unread {
            Some(unread) if unread.lost => Err(io::ErrorKind::OutOfMemory.into()),
            _ => Ok(()),
        }
    }

    /// Consumes the first `length` unread bytes; frees the memory with the last ones.
    fn consume(&mut self, length: usize) {
        match &mut self.unread {
            Some(unread) if length < unread.bytes.len() => drop(unread.bytes.drain(..length)),
            _ => self.unread = None,
        }
    }

    /// Parses the unread bytes; `None` if more are needed.
    pub fn parse<T>(&mut self, parse: impl FnOnce(&[u8]) -> ParseStep<T>) -> Option<T> {
        match parse(self.unread()) {
            ParseStep::Incomplete => None,
            ParseStep::Complete(value, length) => {
                self.consume(length);
                Some(value)
            }
        }
    }
}

impl<S: Stream> Rewind<S> {
    /// See [`Stream::socket`].
    pub fn socket(&self) -> Option<RawFd> {
        self.stream.socket()
    }

    /// Reads once and parses all unread bytes; `None` if more are needed.
    ///
    /// # Errors
    /// The stream has ended, or as [`Rewind::check`].
    pub fn poll_parse<T>(
        &mut self,
        cx: &mut Context<'_>,
        counters: &ConnectionCounters,
        mut parse: impl FnMut(&[u8]) -> ParseStep<T>,
    ) -> Poll<io::Result<Option<T>>> {
        self.check()?;
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let read = buffer.filled();
            if read.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            if self.unread.is_none() {
                // Parsed where they lie: most requests come in one read and are never copied.
                return Poll::Ready(Ok(match parse(read) {
                    ParseStep::Incomplete => {
                        self.keep(counters, read)?;
                        None
                    }
                    ParseStep::Complete(value, length) => {
                        // If the rest is lost, the next read says so.
                        let _ = self.keep(counters, &read[length..]);
                        Some(value)
                    }
                }));
            }
            self.keep(counters, read)?;
            Poll::Ready(Ok(self.parse(parse)))
        })
    }

    /// Reads once and keeps the bytes as unread.
    ///
    /// # Errors
    /// As [`Rewind::poll_parse`].
    pub fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        counters: &ConnectionCounters,
    ) -> Poll<io::Result<()>> {
        self.poll_parse(cx, counters, |_| ParseStep::<()>::Incomplete)
            .map_ok(drop)
    }

    /// Reads once and consumes all unread bytes.
    ///
    /// # Errors
    /// As [`Rewind::poll_parse`].
    pub fn poll_take(
        &mut self,
        cx: &mut Context<'_>,
        counters: &ConnectionCounters,
    ) -> Poll<io::Result<Vec<u8>>> {
        let take = |bytes: &[u8]| ParseStep::Complete(bytes.to_vec(), bytes.len());
        self.poll_parse(cx, counters, take)
            .map_ok(Option::unwrap_or_default)
    }

    /// Writes the bytes from `written` on and flushes: with TLS, what the socket has not taken.
    pub fn poll_send(
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
        let unread = this.unread();
        if unread.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        let length = unread.len().min(buffer.remaining());
        buffer.put_slice(&unread[..length]);
        this.consume(length);
        Poll::Ready(Ok(()))
    }
}

writes_to!([S: Stream] Rewind<S>, this => this.stream);
