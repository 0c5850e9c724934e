//! The publisher's record of one message, in the memory that all processes of a load share.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Words of a record: a cache line, so that subscribers of different messages share none.
pub const RECORD_WORDS: usize = 8;

/// Flags beside the number of deliveries.
const REFUSED: u64 = 1 << 63;
const UNANSWERED: u64 = 1 << 62;
const DELIVERIES: u64 = UNANSWERED - 1;

/// A message as the schedule has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// On the monotonic clock. Never 0.
    pub due_ns: u64,
    pub feed: u32,
    /// Counts the messages of its feed since the trial began, from 0.
    pub index: u32,
    pub text_hash: u64,
}

/// When a message was due, sent and accepted, and how many subscribers have it. Times are
/// CLOCK_MONOTONIC nanoseconds; 0 is never.
#[derive(Clone, Copy, Debug)]
pub struct MessageRecord<'a>(pub(super) &'a [AtomicU64; RECORD_WORDS]);

impl MessageRecord<'_> {
    /// The publisher hands the message over, and nothing has happened to it.
    pub(super) fn hand_over(self, scheduled: &Scheduled) {
        let [due, _, _, _, text_hash, place, ..] = self.0;
        text_hash.store(scheduled.text_hash, Relaxed);
        let (feed, index) = (u64::from(scheduled.feed), u64::from(scheduled.index));
        place.store(feed << 32 | index, Relaxed);
        due.store(scheduled.due_ns, Release);
    }

    /// `None` until the publisher has handed it over.
    pub fn scheduled(self) -> Option<Scheduled> {
        let [due, _, _, _, text_hash, place, ..] = self.0;
        let due_ns = due.load(Acquire);
        let place = place.load(Relaxed);
        (due_ns != 0).then(|| Scheduled {
            due_ns,
            feed: (place >> 32) as u32,
            index: place as u32,
            text_hash: text_hash.load(Relaxed),
        })
    }

    /// When it was first sent.
    pub fn sent_at_ns(self) -> u64 {
        self.0[1].load(Acquire)
    }

    /// It is sent now. Returns whether it never was before.
    pub fn send(self, now_ns: u64) -> bool {
        let first = self.0[1].compare_exchange(0, now_ns, Release, Relaxed);
        first.is_ok()
    }

    /// When the server's answer said that it is in the feed.
    pub fn accepted_at_ns(self) -> u64 {
        self.0[2].load(Acquire)
    }

    pub fn accept(self, now_ns: u64) {
        self.0[2].store(now_ns, Release);
    }

    /// The server refused it. Returns whether this was not known.
    pub(super) fn refuse(self) -> bool {
        self.0[3].fetch_or(REFUSED, Relaxed) & REFUSED == 0
    }

    /// Its connection ended before an answer, so only a delivery can show that it was published.
    /// Returns whether this is new, and no delivery has.
    pub(super) fn lose_answer(self) -> bool {
        self.0[3].fetch_or(UNANSWERED, Relaxed) == 0
    }

    /// Whether it is not in the feed, as far as is known.
    pub fn failed(self) -> bool {
        let word = self.0[3].load(Relaxed);
        word & REFUSED != 0 || word == UNANSWERED
    }

    /// Whether each subscriber of its feed should receive it.
    pub fn published(self) -> bool {
        self.sent_at_ns() != 0 && !self.failed()
    }

    /// One more subscriber has it. Returns how many had it before, and whether this is the first
    /// sign that it was published at all.
    pub(super) fn deliver(self) -> (u64, bool) {
        let before = self.0[3].fetch_add(1, Relaxed);
        (before & DELIVERIES, before == UNANSWERED)
    }

    /// Subscribers that have it.
    pub fn deliveries(self) -> u64 {
        self.0[3].load(Relaxed) & DELIVERIES
    }
}
