//! A connection that holds a place among the clients that the server takes, until it is closed:
//! through an upgrade as well, when the socket changes hands. What passes through it is counted.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::transport::tally::{Account, Count, OpenAccount};

/// A stream, its place and its account; otherwise just the stream.
#[derive(Debug)]
pub struct Placed<P> {
    stream: TcpStream,
    counted: OpenAccount,
    _place: P,
}

impl<P> Placed<P> {
    pub fn new(stream: TcpStream, counted: OpenAccount, place: P) -> Self {
        Placed {
            stream,
            counted,
            _place: place,
        }
    }

    /// Where this connection's counts are.
    pub fn account(&self) -> Arc<Account> {
        self.counted.account.clone()
    }

    /// The first byte that has come and is not read, once there is one; 0 at the stream's end.
    pub async fn peek(&self) -> io::Result<u8> {
        let mut first = [0];
        self.stream.peek(&mut first).await?;
        Ok(first[0])
    }

    /// Writes and counts. It counts first, and takes back what was not written after all: what a
    /// peer has received is counted, even if this thread has to rest right after the system call.
    fn write(
        &mut self,
        length: usize,
        write: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let account = &self.counted.account;
        account.add(Count::WrittenBytes, length as i64);
        account.add(Count::Writes, 1);
        let outcome = write(Pin::new(&mut self.stream));
        let written = match outcome {
            Poll::Ready(Ok(written)) => written,
            _ => {
                account.add(Count::Writes, -1);
                0
            }
        };
        if written < length {
            account.add(Count::WrittenBytes, written as i64 - length as i64);
        }
        outcome
    }
}

impl<P: Unpin> AsyncRead for Placed<P> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let placed = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut placed.stream).poll_read(cx, buffer);
        let read = buffer.filled().len() - before;
        placed.counted.account.add(Count::ReadBytes, read as i64);
        outcome
    }
}

impl<P: Unpin> AsyncWrite for Placed<P> {
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
