//! A connection that counts its bytes and holds a permit until it is closed, through an upgrade as
//! well.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::service::capture::Level;
use crate::service::counters::{ConnectionCounters, Counter, OpenConnection};
use crate::service::rewind::Stream;
use crate::wire::{Direction, Ends};

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

    /// Writes and counts.
    fn write(
        &mut self,
        slices: &[IoSlice<'_>],
        write: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        let counters = &self.counted.counters;
        counters.begins_write(length);
        let outcome = write(Pin::new(&mut self.stream));
        let written = match outcome {
            Poll::Ready(Ok(written)) => Some(written),
            _ => None,
        };
        counters.ended_write(length, written);
        record_written(counters, Level::Socket, &outcome, slices);
        outcome
    }

    /// Records what was read; and where nothing was, how to wake the connection.
    #[cold]
    fn record_read(&self, cx: &Context<'_>, read: &[u8]) {
        let counters = &self.counted.counters;
        let Some(capture) = counters.capture() else {
            return;
        };
        capture.note_ends(|| {
            let (client, server) = (self.stream.peer_addr(), self.stream.local_addr());
            Some(Ends {
                client: client.ok()?,
                server: server.ok()?,
            })
        });
        match read {
            [] => capture.waits(counters.key(), cx.waker()),
            _ => counters.record(Direction::Up, Level::Socket, read),
        }
    }
}

/// Records what a write has taken of these slices, if the connection is captured.
pub fn record_written(
    counters: &ConnectionCounters,
    level: Level,
    outcome: &Poll<io::Result<usize>>,
    slices: &[IoSlice<'_>],
) {
    if let (true, Poll::Ready(Ok(written))) = (counters.is_captured(), outcome) {
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
        let bytes: Vec<u8> = bytes.take(*written).collect();
        counters.record(Direction::Down, level, &bytes);
    }
}

impl<P: Send + Unpin> Stream for CountedStream<P> {
    fn socket(&self) -> Option<RawFd> {
        Some(self.stream.as_raw_fd())
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
        let read = &buffer.filled()[before..];
        this.counted
            .counters
            .add(Counter::ReadBytes, read.len() as i64);
        if this.counted.counters.is_captured() {
            this.record_read(cx, read);
        }
        outcome
    }
}

impl<P: Unpin> AsyncWrite for CountedStream<P> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let slices = [IoSlice::new(bytes)];
        self.get_mut()
            .write(&slices, |stream| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .write(slices, |stream| stream.poll_write_vectored(cx, slices))
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
