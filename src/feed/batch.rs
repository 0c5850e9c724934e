//! A stored message with its shared encodings, and the batch in which a reader gets messages.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::feed::cursor::{Cursor, Epoch};
use crate::feed::memory::Account;

/// Bytes of JSON in one batch. The last message may exceed it.
pub const MAX_BATCH_BYTES: usize = 1 << 20;

/// A message in the ring, encoded once and shared by all connections that carry it.
#[derive(Debug)]
pub struct StoredMessage {
    pub seq: u64,
    /// The message's JSON, on one line.
    pub json: Arc<[u8]>,
    /// Each is made when it is needed first. `None` once the message is old.
    framed: Option<Box<Framed>>,
    /// Counts its bytes.
    account: Arc<Account>,
}

type Framed = [OnceLock<Bytes>; FRAMINGS];

/// The number of framings.
const FRAMINGS: usize = 7;

/// Bytes that a message takes beside its JSON and its framings, allocator included.
const FIXED_BYTES: usize = size_of::<StoredMessage>() + 64;

/// Bytes that a message which keeps framings takes beside them.
const FRAMED_BYTES: usize = size_of::<Framed>() + 16;

/// An encoding that is the same for every reader of a transport.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// An SSE event.
    Event,
    /// An HTTP chunk that holds one SSE event.
    Chunk,
    /// A line of NDJSON.
    Line,
    /// An HTTP chunk that holds one such line.
    LineChunk,
    /// A WebSocket text frame.
    Frame,
    /// A length prefix and the JSON.
    Length,
    /// A poll's body that holds only this message.
    Answer,
}

impl StoredMessage {
    pub fn new(seq: u64, json: &[u8], account: Arc<Account>) -> Self {
        let message = StoredMessage {
            seq,
            json: json.into(),
            framed: Some(Box::default()),
            account,
        };
        message.account.add(message.bytes());
        message
    }

    /// The same message, which keeps no framings: every reader that still needs one makes it.
    pub fn without_framings(&self) -> Self {
        let message = StoredMessage {
            seq: self.seq,
            json: self.json.clone(),
            framed: None,
            account: self.account.clone(),
        };
        message.account.add(message.bytes());
        message
    }

    /// Bytes that it takes now.
    pub fn bytes(&self) -> usize {
        let framed = self.framed.as_ref().map_or(0, |framed| {
            let framed = framed.iter().filter_map(OnceLock::get);
            FRAMED_BYTES + framed.map(Bytes::len).sum::<usize>()
        });
        FIXED_BYTES + self.json.len() + framed
    }

    /// Bytes that all its framings will take, about.
    pub fn max_framed_bytes(&self) -> usize {
        FRAMINGS * self.json.len()
    }

    /// The message in the given framing. The first call encodes it, later calls share the bytes.
    /// Where memory is short, or the message old, every call encodes it.
    pub fn framed(
        &self,
        framing: Framing,
        frame: impl FnOnce(&StoredMessage) -> Bytes,
    ) -> Cow<'_, Bytes> {
        let Some(framed) = &self.framed else {
            return Cow::Owned(frame(self));
        };
        let cached = &framed[framing as usize];
        if let Some(bytes) = cached.get() {
            return Cow::Borrowed(bytes);
        }
        let bytes = frame(self);
        if self.account.has_room(bytes.len()) && cached.set(bytes.clone()).is_ok() {
            self.account.add(bytes.len());
        }
        Cow::Owned(bytes)
    }
}

impl Drop for StoredMessage {
    fn drop(&mut self) {
        self.account.remove(self.bytes());
    }
}

/// The messages after a reader's cursor.
#[derive(Debug, Default)]
pub struct Batch {
    pub messages: Vec<Arc<StoredMessage>>,
    /// The `seq` to read on from.
    pub last: u64,
    /// Set when the cursor did not fit: the number of messages between it and this batch that the
    /// ring no longer holds. A cursor of another epoch, or ahead of the feed, reads from the first
    /// message held; then this is set even if it is 0.
    pub missed: Option<u64>,
    /// Whether a text is among the missed messages, and not only joins and leaves.
    pub missed_text: bool,
    /// Whether the feed holds more than the bound of a batch allowed.
    pub more: bool,
    /// The epoch of these numbers.
    pub epoch: Epoch,
}

impl Batch {
    /// The cursor just before the first message.
    pub fn before(&self) -> Cursor {
        self.at(self.last - self.messages.len() as u64)
    }

    /// The cursor of a reader that has everything up to `seq`.
    pub fn at(&self, seq: u64) -> Cursor {
        let epoch = Some(self.epoch);
        Cursor { seq, epoch }
    }

    /// The JSON that says that no text is among the missed messages, if so: a reader has all that
    /// was written.
    pub fn missed_texts(&self) -> &'static str {
        match self.missed {
            Some(1..) if !self.missed_text => r#","missed_texts":0"#,
            _ => "",
        }
    }

    /// The JSON by which a streaming transport reports `missed` messages.
    pub fn reset(&self, missed: u64) -> String {
        let (last, epoch, texts) = (self.last, self.epoch, self.missed_texts());
        format!(r#"{{"missed":{missed}{texts},"last":{last},"epoch":"{epoch}"}}"#)
    }

    /// The whole batch in one buffer: `reset` if messages were missed, then each message as `frame`
    /// encodes it. A single message, the most frequent case, is shared and not copied.
    pub fn framed(
        &self,
        framing: Framing,
        frame: impl Fn(&StoredMessage) -> Bytes,
        reset: impl FnOnce(u64) -> Bytes,
    ) -> Bytes {
        if let ([message], None) = (&self.messages[..], self.missed) {
            return message.framed(framing, frame).into_owned();
        }
        let mut bytes = self
            .missed
            .map_or(Vec::new(), |missed| reset(missed).into());
        for message in &self.messages {
            bytes.extend_from_slice(&message.framed(framing, &frame));
        }
        bytes.into()
    }

    /// Whether there is nothing to write: no message and no reset.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.missed.is_none()
    }
}
