//! One feed: an ordered stream of messages.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::feed::address_limiter::{AddressLimiter, AddressPermit};
use crate::feed::batch::Batch;
use crate::feed::cursor::{Cursor, Epoch, Position};
use crate::feed::members::Members;
use crate::feed::memory::Memory;
use crate::feed::message::{Message, NewMessage};
use crate::feed::reader::Reader;
use crate::feed::ring::{Retention, Ring};
use crate::feed::sequencer::{AppendError, Sequencer};

/// One ordered stream of messages: readers read the ring, publishers append through the sequencer.
#[derive(Debug)]
pub struct Feed {
    pub(super) ring: Arc<Ring>,
    sequencer: Sequencer,
    members: Option<Members>,
    /// When it was last asked for, in s of its server.
    pub(super) used_s: AtomicU64,
    /// Its place among the feeds that clients make; none where it is kept for good.
    pub(super) place: Option<AddressPermit>,
}

impl Feed {
    /// An empty feed, numbered by this process.
    pub fn new(retention: Retention, epoch: Epoch, memory: &Arc<Memory>) -> Self {
        Feed::at(retention, epoch.into(), memory)
    }

    /// The same from `position` on.
    pub(super) fn at(retention: Retention, position: Position, memory: &Arc<Memory>) -> Self {
        Feed {
            ring: Arc::new(Ring::new(retention, position, memory)),
            sequencer: Sequencer::default(),
            members: None,
            used_s: AtomicU64::new(0),
            place: None,
        }
    }

    /// Keeps the members of this feed. The feeds of a server share `places`.
    pub fn with_members(self, places: Arc<AddressLimiter>) -> Self {
        let members = Some(Members::new(places));
        Feed { members, ..self }
    }

    /// The readers that gave a name; none where presence is not kept.
    pub fn members(&self) -> Option<&Members> {
        self.members.as_ref()
    }

    /// Appends a message, published at `published_at_ns`, wakes the readers and returns its `seq`.
    pub async fn append(&self, new: &NewMessage, published_at_ns: u64) -> Result<u64, AppendError> {
        let message = Message {
            seq: 0,
            from: (&new.from).into(),
            text: (&new.text).into(),
            intended_at_ns: new.intended_at_ns,
            published_at_ns,
            kind: None,
        };
        self.sequencer.append(&self.ring, message).await
    }

    /// Appends a message of a `kind` about `name`, without a text. It does not wait, because a
    /// member leaves where its connection is dropped.
    pub fn announce(
        &self,
        name: &str,
        kind: &'static str,
        published_at_ns: u64,
    ) -> Result<(), AppendError> {
        let message = Message {
            seq: 0,
            from: name.into(),
            text: "".into(),
            intended_at_ns: 0,
            published_at_ns,
            kind: Some(kind.into()),
        };
        self.sequencer.announce(&self.ring, message)
    }

    /// A reader of the messages after a cursor; without one, of those to come.
    pub fn reader(&self, after: Option<Cursor>) -> Reader {
        Reader::new(self.ring.clone(), after)
    }

    /// See [`Ring::place`].
    pub fn place(&self, after: Option<Cursor>) -> u64 {
        self.ring.place(after)
    }

    /// See [`Ring::read_after`].
    pub fn read_after(&self, seq: u64) -> Batch {
        self.ring.read_after(seq)
    }

    /// See [`Ring::history`].
    pub fn history(&self, before: Option<u64>, limit: usize) -> Batch {
        self.ring.history(before, limit)
    }

    /// See [`Ring::position`].
    pub(super) fn position(&self) -> Position {
        self.ring.position()
    }

    /// See [`Ring::put_back`].
    pub(super) fn put_back(&self, message: &Message<'_>) {
        self.ring.put_back(message);
    }

    /// Removes the members whose time is over, adds the readers that `may_join` now, and announces
    /// both. Must be called once a second: old messages lose their framings.
    pub fn sweep(&self, published_at_ns: u64, may_join: impl Fn(IpAddr) -> bool) {
        self.ring.age();
        let announce = |name: &str, kind| {
            if let Err(error) = self.announce(name, kind, published_at_ns) {
                tracing::warn!(name, kind, %error, "not announced");
            }
        };
        if let Some(members) = &self.members {
            members.sweep(may_join, announce);
        }
    }

    /// Notes that it is asked for.
    pub(super) fn touch(&self, now_s: u64) {
        if self.used_s.load(Relaxed) != now_s {
            self.used_s.store(now_s, Relaxed);
        }
    }

    /// How long it was not asked for, in s, if it may go: a client made it, and it has no readers
    /// and no members.
    pub(super) fn idle_s(self: &Arc<Self>, now_s: u64) -> Option<u64> {
        let is_used = self.place.is_none()
            || Arc::strong_count(self) > 1
            || self.ring.has_readers()
            || self.members().is_some_and(|members| !members.is_empty());
        (!is_used).then(|| now_s.saturating_sub(self.used_s.load(Relaxed)))
    }
}
