//! The server's end of an open TLS connection.
//!
//! All connections of a thread share the buffers for records that come and those to write. A
//! connection owns memory only for a record that has come in part, for plaintext that its reader
//! had no room for, and for records that the socket has not taken. All three are counted in
//! [`Memory`].

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::tls::records::{self, MAX_FRAGMENT_BYTES, Outgoing};
#[cfg(doc)]
use crate::feed::Memory;
use crate::feed::Owed;
use crate::server::counted_stream::{CountedStream, record_written};
use crate::service::capture::Level;
use crate::service::rewind::Stream;
use crate::wire::Direction;

/// The fewest bytes that a read may bring, whatever room its reader has.
const READ_BYTES: usize = 4 << 10;

/// Bytes of records that have come in part, and of one read. A message of the handshake may have
/// 64 KiB.
const RECORDS_BYTES: usize = 96 << 10;

thread_local! {
    static RECORDS: RefCell<Vec<u8>> = RefCell::new(vec![0; RECORDS_BYTES]);
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// An open TLS connection.
#[derive(Debug)]
pub struct CountedTls<P> {
    stream: CountedStream<P>,
    /// Boxed, so that the task has room for it once.
    session: Box<Session>,
}

struct Session {
    tls: UnbufferedServerConnection,
    /// The received part of a record, or of a message of the handshake.
    partial: Vec<u8>,
    /// Plaintext that has not been read.
    unread: Vec<u8>,
    /// Records that the socket has not taken.
    unsent: Vec<u8>,
    /// Counts `partial` and `unread`.
    owed_received: Option<Owed>,
    /// Counts `unsent`.
    owed_unsent: Option<Owed>,
    /// The peer will send nothing more.
    ended: bool,
    /// This end will send nothing more.
    closed: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)") // Its keys never show.
    }
}

impl<P: Unpin> CountedTls<P> {
    /// Makes the handshake. What follows it at once, as tickets do, is written when this returns.
    ///
    /// # Errors
    /// The peer has disconnected or breaks the protocol, or there is no memory for the handshake.
    pub async fn accept(config: Arc<ServerConfig>, stream: CountedStream<P>) -> io::Result<Self> {
        let tls = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        let session = Box::new(Session {
            tls,
            partial: Vec::new(),
            unread: Vec::new(),
            unsent: Vec::new(),
            owed_received: None,
            owed_unsent: None,
            ended: false,
            closed: false,
        });
        let mut opening = CountedTls { stream, session };
        loop {
            poll_fn(|cx| opening.poll_unsent(cx)).await?;
            if !opening.session.tls.is_handshaking() {
                return Ok(opening);
            }
            poll_fn(|cx| opening.poll_records(cx, &mut ReadBuf::new(&mut []))).await?;
        }
    }

    /// One read from the socket. Plaintext for which `buffer` has no room is kept as unread.
    fn poll_records(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        RECORDS.with_borrow_mut(|records| {
            let kept = self.session.partial.len();
            let most = kept + buffer.remaining().max(READ_BYTES);
            let most = most.min(records.len());
            let mut read = ReadBuf::new(&mut records[kept..most]);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
            let read = read.filled().len();
            if read == 0 {
                // Without a close_notify, the rest may have been cut off (RFC 8446, section 6.1).
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            records[..kept].copy_from_slice(&self.session.partial);
            Poll::Ready(self.decrypt(cx, &mut records[..kept + read], buffer))
        })
    }

    fn decrypt(
        &mut self,
        cx: &mut Context<'_>,
        records: &mut [u8],
        buffer: &mut ReadBuf<'_>,
    ) -> io::Result<()> {
        WRITTEN.with_borrow_mut(|written| {
            written.clear();
            let Session { tls, unread, .. } = &mut *self.session;
            let receive = |plaintext: &[u8]| {
                let (now, later) = plaintext.split_at(plaintext.len().min(buffer.remaining()));
                buffer.put_slice(now);
                unread.extend_from_slice(later);
                Ok(())
            };
            let processed = records::process(tls, records, receive, Outgoing::Nothing, written);
            // The handshake, or an alert: it is written even if the session has failed.
            let sent = self.send(cx, written);
            let processed = processed.map_err(|error| {
                (self.session.ended, self.session.closed) = (true, true);
                io::Error::new(io::ErrorKind::InvalidData, error)
            })?;
            self.session.partial = records[processed.used..].to_vec();
            self.session.ended |= processed.ended;
            sent
        })?;
        let Session {
            partial,
            unread,
            owed_received,
            ..
        } = &mut *self.session;
        match partial.len() + unread.len() {
            0 => *owed_received = None,
            held => self.stream.counters().hold(owed_received, held)?,
        }
        Ok(())
    }

    /// Encrypts and writes what goes into one record.
    fn encrypt(&mut self, cx: &mut Context<'_>, outgoing: Outgoing<'_>) -> io::Result<()> {
        WRITTEN.with_borrow_mut(|written| {
            written.clear();
            let Session { tls, partial, .. } = &mut *self.session;
            // No record of `partial` is complete.
            let processed = records::process(tls, partial, |_| Ok(()), outgoing, written);
            partial.drain(..processed.map_err(io::Error::other)?.used);
            self.send(cx, written)
        })
    }

    /// Writes records, and keeps what the socket does not take.
    fn send(&mut self, cx: &mut Context<'_>, records: &[u8]) -> io::Result<()> {
        let mut sent = 0;
        while sent < records.len() && self.session.unsent.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &records[sent..])? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(more) => sent += more,
                Poll::Pending => break,
            }
        }
        if sent < records.len() {
            let Session {
                unsent,
                owed_unsent,
                ..
            } = &mut *self.session;
            unsent.extend_from_slice(&records[sent..]);
            self.stream.counters().hold(owed_unsent, unsent.len())?;
        }
        Ok(())
    }

    /// Writes the records that the socket has not taken.
    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Session {
            unsent,
            owed_unsent,
            ..
        } = &mut *self.session;
        while !unsent.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(unsent.drain(..written)),
            }
            if unsent.is_empty() {
                (*unsent, *owed_unsent) = (Vec::new(), None);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<P: Send + Unpin> Stream for CountedTls<P> {}

impl<P: Unpin> AsyncRead for CountedTls<P> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if !this.session.unread.is_empty() {
            let unread = &mut this.session.unread;
            let now = unread.len().min(buffer.remaining());
            buffer.put_slice(&unread[..now]);
            unread.drain(..now);
            if unread.is_empty() {
                *unread = Vec::new();
            }
        }
        while buffer.filled().len() == before && buffer.remaining() > 0 && !this.session.ended {
            ready!(this.poll_records(cx, buffer))?;
        }
        let read = &buffer.filled()[before..];
        let counters = this.stream.counters();
        counters.record(Direction::Up, Level::Plaintext, read);
        Poll::Ready(Ok(()))
    }
}

impl<P: Unpin> AsyncWrite for CountedTls<P> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        if this.session.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let fragment = &bytes[..bytes.len().min(MAX_FRAGMENT_BYTES)];
        let sent = this.encrypt(cx, Outgoing::Plaintext(fragment));
        let outcome = Poll::Ready(sent.map(|()| fragment.len()));
        let counters = this.stream.counters();
        record_written(counters, Level::Plaintext, &outcome, &[IoSlice::new(bytes)]);
        outcome
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        if !this.session.closed {
            this.session.closed = true;
            this.encrypt(cx, Outgoing::CloseNotify)?;
            ready!(this.poll_unsent(cx))?;
        }
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
