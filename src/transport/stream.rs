//! A reply that never ends: pieces of a feed, one write each.
//!
//! SSE and NDJSON send the pieces in the body of an answer, raw TCP after an upgrade. On HTTP/1.1 a
//! body's pieces are chunks (RFC 9112, section 7.1); all messages that wait share one.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use tokio::time::Instant;

use crate::feed::{Batch, Framing, Reader, StoredMessage};
use crate::service::counters::ConnectionCounters;
use crate::service::fan_out::{self, Place};
use crate::service::limits::Limits;
use crate::service::peer::{Peer, WaitOutcome};
use crate::service::presence::PresenceGuard;
use crate::service::rewind::Stream;

/// The end of a body in the chunked coding.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// How a transport writes a stream.
pub struct StreamFormat {
    /// Header lines of the answer, each after CR LF.
    pub fields: &'static str,
    /// What the stream begins with.
    pub first: &'static [u8],
    /// One message.
    pub item: fn(&StoredMessage, &Batch) -> Bytes,
    /// The number of missed messages, before the next message.
    pub reset: fn(&Batch, u64) -> Bytes,
    /// Where the bytes of an item are cached: alone, and as a chunk.
    pub item_cache: Framing,
    pub chunk_cache: Framing,
    /// What a silent stream gets, at intervals of [`Limits::heartbeat`]; empty for none.
    pub heartbeat: &'static [u8],
    /// What a stream ends with when the server shuts down.
    pub farewell: fn() -> Bytes,
}

/// How pieces are delimited on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As they are: after an upgrade, or where hyper makes the chunks.
    Identity,
    /// The chunked coding of HTTP/1.1.
    Chunked,
}

/// What a stream writes next, and why.
#[derive(Debug)]
pub enum StreamEvent {
    Batch(Batch),
    /// Nothing came for the heartbeat interval.
    Idle,
    /// The server shuts down and all messages are written.
    Closed,
    /// The client has disconnected, or has shut its half of the connection: it gets the end of the
    /// answer.
    Disconnected,
}

/// A stream of a feed to one client.
pub struct StreamReply {
    pub reader: Reader,
    pub format: &'static StreamFormat,
    /// Keeps the client present while the stream lives.
    pub presence: Option<PresenceGuard>,
}

impl StreamReply {
    /// The first piece: the beginning, and the messages that are there. A heartbeat where it would
    /// be empty, because some clients see no response before its first byte.
    pub fn first(&mut self, counters: &ConnectionCounters, coding: Coding) -> Bytes {
        let batch = self.reader.read();
        counters.delivered(batch.messages.len());
        let first = [self.format.first, &self.format.items(&batch)].concat();
        match first.is_empty() {
            true => coding.encode(Bytes::from_static(self.format.heartbeat)),
            false => coding.encode(first.into()),
        }
    }

    /// The piece for an event, and whether it is the last. An empty piece is not written.
    pub fn piece(
        &self,
        event: StreamEvent,
        limits: &Limits,
        counters: &ConnectionCounters,
        coding: Coding,
    ) -> (Bytes, bool) {
        match event {
            StreamEvent::Batch(batch) if limits.ends_slow_reader(counters, &batch) => {
                (coding.end(Bytes::new()), true)
            }
            StreamEvent::Disconnected => (coding.end(Bytes::new()), true),
            StreamEvent::Batch(batch) => {
                counters.delivered(batch.messages.len());
                (self.format.encode(&batch, coding), false)
            }
            StreamEvent::Idle => (
                coding.encode(Bytes::from_static(self.format.heartbeat)),
                false,
            ),
            StreamEvent::Closed => (coding.end((self.format.farewell)()), true),
        }
    }

    /// Writes pieces to a connection until the stream ends. The first piece is written already.
    pub async fn run<S: Stream>(&mut self, peer: &mut Peer<S>, coding: Coding) -> io::Result<()> {
        let format = self.format;
        let encode = move |batch: &Batch| format.encode(batch, coding);
        let place = peer.take_place(&self.reader, format.cache(coding), encode);
        let outcome = self.write_pieces(peer, coding, place.as_ref()).await;
        peer.leave(place);
        outcome
    }

    async fn write_pieces<S: Stream>(
        &mut self,
        peer: &mut Peer<S>,
        coding: Coding,
        place: Option<&Place>,
    ) -> io::Result<()> {
        let mut silent_since = Instant::now();
        loop {
            let has_heartbeat = !self.format.heartbeat.is_empty();
            let heartbeat = has_heartbeat.then(|| silent_since + peer.state.limits.heartbeat);
            peer.deadline.set(heartbeat);
            let waited = peer
                .wait(pin!(fan_out::next(&mut self.reader, place)))
                .await;
            let event = match waited {
                WaitOutcome::Done(Some(batch)) => StreamEvent::Batch(batch),
                WaitOutcome::Done(None) => StreamEvent::Closed,
                WaitOutcome::Timeout => match place.and_then(Place::written) {
                    Some(written) if written > silent_since => {
                        silent_since = written;
                        continue;
                    }
                    _ => StreamEvent::Idle,
                },
                WaitOutcome::Disconnected => StreamEvent::Disconnected,
                WaitOutcome::PeerData(_) => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            };
            let (bytes, ends) = self.piece(event, &peer.state.limits, &peer.counters, coding);
            peer.write_all(&bytes).await?;
            if ends {
                return Ok(());
            }
            silent_since = Instant::now();
        }
    }
}

impl StreamFormat {
    fn encode(&self, batch: &Batch, coding: Coding) -> Bytes {
        match (&batch.messages[..], batch.missed) {
            ([message], None) if coding == Coding::Chunked => {
                let chunk = |message: &StoredMessage| chunk(&(self.item)(message, batch));
                message.framed(self.chunk_cache, chunk).into_owned()
            }
            _ => coding.encode(self.items(batch)),
        }
    }

    fn items(&self, batch: &Batch) -> Bytes {
        let item = |message: &StoredMessage| (self.item)(message, batch);
        batch.framed(self.item_cache, item, |missed| (self.reset)(batch, missed))
    }

    /// Where the bytes of an item are cached.
    fn cache(&self, coding: Coding) -> Framing {
        match coding {
            Coding::Identity => self.item_cache,
            Coding::Chunked => self.chunk_cache,
        }
    }
}

impl Coding {
    fn encode(self, piece: Bytes) -> Bytes {
        match self {
            Coding::Chunked if !piece.is_empty() => chunk(&piece),
            _ => piece,
        }
    }

    /// The last piece.
    fn end(self, piece: Bytes) -> Bytes {
        match self {
            Coding::Chunked => [&self.encode(piece), LAST_CHUNK].concat().into(),
            Coding::Identity => piece,
        }
    }
}

fn chunk(data: &[u8]) -> Bytes {
    let size = format!("{:X}\r\n", data.len());
    [size.as_bytes(), data, b"\r\n"].concat().into()
}
