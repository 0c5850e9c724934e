//! A stream whose bytes can be looked at before they are consumed.
//!
//! All connections of a thread read into one shared buffer. A connection owns memory only while it
//! holds bytes that were read and not consumed.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read at once.
pub const SCRATCH_BYTES: usize = 16 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// A byte stream that a task can own: TCP, TLS or an upgraded connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

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
    unread: Vec<u8>,
}

impl<S> Rewind<S> {
    pub fn new(stream: S) -> Self {
        let unread = Vec::new();
        Rewind { stream, unread }
    }

    /// The number of bytes that were read and not consumed.
    pub fn unread_bytes(&self) -> usize {
        self.unread.len()
    }

    /// Consumes all unread bytes.
    pub fn take_all(&mut self) -> Vec<u8> {
        mem::take(&mut self.unread)
    }

    /// Makes bytes that were just consumed unread again.
    pub fn put_back(&mut self, bytes: &[u8]) {
        self.unread.splice(..0, bytes.iter().copied());
    }

    /// Consumes the first `length` unread bytes; frees the memory with the last ones.
    fn consume(&mut self, length: usize) {
        if length == self.unread.len() {
            self.unread = Vec::new();
        } else {
            self.unread.drain(..length);
        }
    }

    /// Parses the unread bytes; `None` if more are needed.
    pub fn parse<T>(&mut self, parse: impl FnOnce(&[u8]) -> ParseStep<T>) -> Option<T> {
        match parse(&self.unread) {
            ParseStep::Incomplete => None,
            ParseStep::Complete(value, length) => {
                self.consume(length);
                Some(value)
            }
        }
    }
}

impl<S: Stream> Rewind<S> {
    /// Reads once and parses all unread bytes; `None` if more are needed. The end of the stream is
    /// an error.
    pub fn poll_parse<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut parse: impl FnMut(&[u8]) -> ParseStep<T>,
    ) -> Poll<io::Result<Option<T>>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let read = buffer.filled();
            if read.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            if self.unread.is_empty() {
                // Parsed where they lie: most requests come in one read and are never copied.
                let step = parse(read);
                let consumed = match step {
                    ParseStep::Incomplete => 0,
                    ParseStep::Complete(_, length) => length,
                };
                self.unread.extend_from_slice(&read[consumed..]);
                return Poll::Ready(Ok(match step {
                    ParseStep::Incomplete => None,
                    ParseStep::Complete(value, _) => Some(value),
                }));
            }
            self.unread.extend_from_slice(read);
            Poll::Ready(Ok(self.parse(parse)))
        })
    }

    /// Reads once and keeps the bytes as unread.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_parse(cx, |_| ParseStep::Complete((), 0))
            .map_ok(drop)
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
        if this.unread.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        let length = this.unread.len().min(buffer.remaining());
        buffer.put_slice(&this.unread[..length]);
        this.consume(length);
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
