//! A connection that counts its bytes and holds a permit until it is closed, through an upgrade as
//! well.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::service::counters::{ConnectionCounters, Counter, OpenConnection};

/// A stream with its counters and its permit.
#[derive(Debug)]
pub struct CountedStream<P> {
    stream: TcpStream,
    counted: OpenConnection,
    _permit: P,
}

impl<P> CountedStream<P> {
    pub fn new(stream: TcpStream, counted: OpenConnection, permit: P) -> Self {
        CountedStream {
            stream,
            counted,
            _permit: permit,
        }
    }

    /// The counters of this connection.
    pub fn counters(&self) -> &Arc<ConnectionCounters> {
        &self.counted.counters
    }

    /// The first byte, once there is one, without consuming it; 0 at the end of the stream.
    pub async fn peek(&self) -> io::Result<u8> {
        let mut first = [0];
        self.stream.peek(&mut first).await?;
        Ok(first[0])
    }

    /// Writes and counts. It counts first and corrects afterwards: what the peer has received is
    /// counted, even if this thread is preempted right after the system call.
    fn write(
        &mut self,
        length: usize,
        write: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let counters = &self.counted.counters;
        counters.add(Counter::WrittenBytes, length as i64);
        counters.add(Counter::Writes, 1);
        counters.answers();
        let outcome = write(Pin::new(&mut self.stream));
        let written = match outcome {
            Poll::Ready(Ok(written)) => written,
            _ => {
                counters.add(Counter::Writes, -1);
                0
            }
        };
        if written < length {
            counters.add(Counter::WrittenBytes, written as i64 - length as i64);
        }
        outcome
    }
}

impl<P: Unpin> AsyncRead for CountedStream<P> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let read = buffer.filled().len() - before;
        this.counted.counters.add(Counter::ReadBytes, read as i64);
        outcome
    }
}

impl<P: Unpin> AsyncWrite for CountedStream<P> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .write(bytes.len(), |stream| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        self.get_mut()
            .write(length, |stream| stream.poll_write_vectored(cx, slices))
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
