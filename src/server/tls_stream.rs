//! The server's end of an open TLS connection, whose session's buffers are counted in [`Memory`].
//!
//! A session holds what has come of a record, or of a message of the handshake, until it is
//! complete; and records that the socket has not taken. What each session has of its own, the
//! buffer for its next read, is not counted.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::client::tls::MAX_FRAGMENT_BYTES;
#[cfg(doc)]
use crate::feed::Memory;
use crate::feed::Owed;
use crate::server::counted_stream::{CountedStream, record_written};
use crate::service::capture::Level;
use crate::service::rewind::{Stream, writes_to};
use crate::wire::Direction;

/// Bytes of records that a session holds for a slow peer.
pub const MAX_UNSENT_BYTES: usize = MAX_FRAGMENT_BYTES;

/// Bytes that a session has room for beyond those that have come.
const READ_BYTES: usize = 4 << 10;

/// The length of a record's head (RFC 8446, section 5.1); its last two bytes are that of the rest.
const RECORD_HEAD_BYTES: usize = 5;

/// An open TLS connection.
#[derive(Debug)]
pub struct CountedTls<P> {
    tls: TlsStream<RecordStream<P>>,
    /// Bytes written since the socket had taken all.
    unsent_bytes: usize,
    /// Counts the records that the socket has not taken.
    owed: Option<Owed>,
}

/// The socket below a session.
#[derive(Debug)]
pub struct RecordStream<P> {
    stream: CountedStream<P>,
    record: Record,
    /// Bytes of which the session may hold all.
    held_bytes: usize,
    /// Counts the session's buffer for reading.
    owed: Option<Owed>,
}

/// The record that has come in part.
#[derive(Debug, Default)]
struct Record {
    /// Bytes of it that have come; 0 between records.
    bytes: usize,
    /// The length of what follows its head.
    length: usize,
}

impl Record {
    fn follow(&mut self, mut bytes: &[u8]) {
        while let [first, rest @ ..] = bytes {
            if self.bytes < RECORD_HEAD_BYTES {
                // The older bytes of the head are shifted out.
                self.length = (self.length << 8 | usize::from(*first)) & 0xffff;
                self.bytes += 1;
                bytes = rest;
            } else {
                let missing = RECORD_HEAD_BYTES + self.length - self.bytes;
                let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
                self.bytes += taken.len();
                bytes = rest;
            }
            if self.bytes == RECORD_HEAD_BYTES + self.length {
                self.bytes = 0;
            }
        }
    }
}

impl<P> RecordStream<P> {
    pub fn new(stream: CountedStream<P>) -> Self {
        RecordStream {
            stream,
            record: Record::default(),
            held_bytes: 0,
            owed: None,
        }
    }

    /// All complete records are decrypted.
    fn passed_on(&mut self) {
        self.held_bytes = self.record.bytes;
    }

    fn came(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.record.follow(bytes);
        self.held_bytes += bytes.len();
        if self.held_bytes > READ_BYTES {
            let bytes = self.held_bytes + READ_BYTES;
            self.stream.counters().hold(&mut self.owed, bytes)?;
        }
        Ok(())
    }
}

impl<P: Unpin> CountedTls<P> {
    /// The connection after its handshake.
    pub fn new(mut tls: TlsStream<RecordStream<P>>) -> Self {
        tls.get_mut().0.passed_on();
        CountedTls {
            tls,
            unsent_bytes: 0,
            owed: None,
        }
    }

    fn wrote(
        &mut self,
        outcome: Poll<io::Result<usize>>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let counters = self.tls.get_ref().0.stream.counters();
        record_written(counters, Level::Plaintext, &outcome, slices);
        if let Poll::Ready(Ok(written)) = outcome {
            self.unsent_bytes = (self.unsent_bytes + written).min(MAX_UNSENT_BYTES);
            self.count_unsent()?;
        }
        outcome
    }

    fn count_unsent(&mut self) -> io::Result<()> {
        let (records, session) = self.tls.get_ref();
        if session.wants_write() {
            let counters = records.stream.counters();
            return counters.hold(&mut self.owed, self.unsent_bytes);
        }
        (self.unsent_bytes, self.owed) = (0, None);
        Ok(())
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
        let outcome = Pin::new(&mut this.tls).poll_read(cx, buffer);
        let (records, _) = this.tls.get_mut();
        let read = &buffer.filled()[before..];
        let counters = records.stream.counters();
        counters.record(Direction::Up, Level::Plaintext, read);
        if outcome.is_ready() {
            records.passed_on();
        } else if records.held_bytes == 0 {
            // The session has shrunk its buffer before it read in vain.
            records.owed = None;
        }
        outcome
    }
}

impl<P: Unpin> AsyncWrite for CountedTls<P> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.tls).poll_write(cx, bytes);
        this.wrote(outcome, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.tls).poll_write_vectored(cx, slices);
        this.wrote(outcome, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tls.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.tls).poll_flush(cx);
        this.count_unsent()?;
        outcome
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_shutdown(cx)
    }
}

impl<P: Unpin> AsyncRead for RecordStream<P> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        this.came(&buffer.filled()[before..])?;
        outcome
    }
}

writes_to!([P: Unpin] RecordStream<P>, this => this.stream);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_records_are_found_however_they_are_cut() {
        // Records of 3, 0 and 300 bytes, and a head.
        let mut stream = b"\x17\x03\x03\0\x03abc\x17\x03\x03\0\0\x17\x03\x03\x01\x2c".to_vec();
        stream.extend([0xff; 300]);
        let ends = [8, 13, stream.len()];
        stream.extend(b"\x17\x03\x03\0\x09");
        for piece in [1, 2, 7, 100, stream.len()] {
            let (mut record, mut come) = (Record::default(), 0);
            for bytes in stream.chunks(piece) {
                record.follow(bytes);
                come += bytes.len();
                let begun = ends.iter().rfind(|end| **end <= come).unwrap_or(&0);
                assert_eq!(record.bytes, come - begun, "{piece}");
            }
        }
    }
}
