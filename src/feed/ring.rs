//! The ring: a feed's recent messages, which every transport reads after a cursor.
//!
//! Backlog, resume, slow readers and batching follow from the cursor. Several waiting messages come
//! in one [`Batch`]; a reader behind the oldest message gets the number that it missed; memory is
//! bounded, whatever the readers do.
//!
//! Texts and announcements (joins and leaves) are kept apart, each up to the limit, so that
//! announcements never push a text out. They share their numbers, and readers get both in order.
//! Where announcements are gone between two texts, a batch ends before the gap, and the next one
//! begins with the number that was missed.

use std::collections::VecDeque;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, RwLock, RwLockReadGuard};

use tokio::sync::watch;

use crate::feed::batch::{Batch, MAX_BATCH_BYTES, StoredMessage};
use crate::feed::cursor::{Cursor, Epoch, Position};
use crate::feed::memory::{Account, Holder, Memory};
use crate::feed::message::Message;

/// How long a message keeps its framings, in calls of [`Ring::age`]. Readers that keep up need no
/// longer; one that is further behind makes its own.
const FRAMED_AGE: usize = 3;

/// How much of a feed is kept. The bound that is reached first applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Texts, and as many announcements; at least 1.
    pub messages: usize,
    /// Bytes of texts, with their framings. The newest is kept even if it alone is larger.
    pub bytes: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Retention {
            messages: 1_000,
            bytes: 16 << 20,
        }
    }
}

/// The recent messages of one feed, with wake-ups for readers that wait.
#[derive(Debug)]
pub struct Ring {
    recent: RwLock<Recent>,
    /// The newest `seq`. Waiting readers sleep on it.
    newest: watch::Sender<u64>,
    closed: AtomicBool,
    retention: Retention,
    epoch: Epoch,
}

#[derive(Debug)]
struct Recent {
    texts: Lane,
    announcements: Lane,
    last: u64,
    /// The newest text that was dropped.
    dropped_text: u64,
    /// The newest number at each of the last calls of [`Ring::age`], the latest first. Messages up
    /// to the last of these keep no framings.
    ages: [u64; FRAMED_AGE],
}

/// Messages of one sort, the oldest first.
#[derive(Debug)]
struct Lane {
    messages: VecDeque<Arc<StoredMessage>>,
    account: Arc<Account>,
}

impl Lane {
    fn new(memory: &Arc<Memory>, max_bytes: usize) -> Self {
        Lane {
            messages: VecDeque::new(),
            account: Account::new(memory.clone(), max_bytes),
        }
    }

    /// The number of messages up to `seq`.
    fn up_to(&self, seq: u64) -> usize {
        let first = self.messages.front().map_or(u64::MAX, |oldest| oldest.seq);
        let guess = (seq + 1).saturating_sub(first) as usize;
        match self.messages.get(guess) {
            // Without gaps, which is the usual case, the number says the place.
            Some(message) if message.seq == seq + 1 => guess,
            _ => self.messages.partition_point(|message| message.seq <= seq),
        }
    }

    /// The messages after `seq`.
    fn after(&self, seq: u64) -> iter::Peekable<impl Iterator<Item = &Arc<StoredMessage>>> {
        self.messages.range(self.up_to(seq)..).peekable()
    }

    fn oldest(&self) -> u64 {
        self.messages.front().map_or(u64::MAX, |oldest| oldest.seq)
    }
}

impl Recent {
    /// The messages after `seq`, in order.
    fn after(&self, seq: u64) -> impl Iterator<Item = &Arc<StoredMessage>> {
        let (mut texts, mut others) = (self.texts.after(seq), self.announcements.after(seq));
        iter::from_fn(move || match (texts.peek(), others.peek()) {
            (Some(text), Some(other)) if other.seq < text.seq => others.next(),
            (None, _) => others.next(),
            _ => texts.next(),
        })
    }

    /// Adds a message and drops what `retention` no longer keeps.
    fn add(&mut self, message: &Message<'_>, retention: Retention) -> Arc<Account> {
        let mut json = Vec::with_capacity(message.text.len() + message.from.len() + 128);
        message.write_json(&mut json);
        let is_text = message.kind.is_none();
        let lane = self.lane(is_text);
        let account = lane.account.clone();
        let stored = StoredMessage::new(message.seq, &json, account.clone());
        let max_bytes = retention.bytes.saturating_sub(stored.max_framed_bytes());
        lane.messages.push_back(Arc::new(stored));
        let mut held = lane.messages.len();
        while held > retention.messages || (account.bytes() > max_bytes && held > 1) {
            self.pop_of(is_text);
            held -= 1;
        }
        account
    }

    /// Drops the framings of old messages.
    fn age(&mut self) {
        let before = self.ages[FRAMED_AGE - 1];
        self.ages.rotate_right(1);
        self.ages[0] = self.last;
        let old = self.ages[FRAMED_AGE - 1];
        for lane in [&mut self.texts, &mut self.announcements] {
            for place in lane.up_to(before)..lane.up_to(old) {
                let message = &mut lane.messages[place];
                *message = Arc::new(message.without_framings());
            }
        }
    }

    /// Drops the oldest message; returns its bytes.
    fn pop(&mut self) -> Option<usize> {
        let is_text = self.texts.oldest() < self.announcements.oldest();
        self.pop_of(is_text).map(|oldest| oldest.bytes())
    }

    /// Drops the oldest text, or the oldest announcement.
    fn pop_of(&mut self, texts: bool) -> Option<Arc<StoredMessage>> {
        if !texts {
            return self.announcements.messages.pop_front();
        }
        let oldest = self.texts.messages.pop_front()?;
        self.dropped_text = oldest.seq;
        Some(oldest)
    }

    fn lane(&mut self, texts: bool) -> &mut Lane {
        match texts {
            true => &mut self.texts,
            false => &mut self.announcements,
        }
    }
}

impl Ring {
    /// A ring without messages that counts on from `position`.
    pub fn new(retention: Retention, position: impl Into<Position>, memory: &Arc<Memory>) -> Self {
        assert!(retention.messages >= 1, "a ring holds at least one message");
        let Position {
            epoch,
            last,
            dropped_text,
        } = position.into();
        Ring {
            recent: RwLock::new(Recent {
                texts: Lane::new(memory, retention.bytes),
                announcements: Lane::new(memory, retention.bytes),
                last,
                dropped_text,
                ages: [0; FRAMED_AGE],
            }),
            newest: watch::Sender::new(last),
            closed: AtomicBool::new(false),
            retention,
            epoch,
        }
    }

    fn recent(&self) -> RwLockReadGuard<'_, Recent> {
        self.recent.read().expect("no panic under the lock")
    }

    /// Adds the message that `next` makes from the newest `seq`, drops what retention no longer
    /// keeps, and wakes the readers. Returns the message's `seq`. No other message is added while
    /// `next` runs.
    pub fn push<'a>(&self, next: impl FnOnce(u64) -> Message<'a>) -> u64 {
        let mut recent = self.recent.write().expect("no panic under the lock");
        let message = next(recent.last);
        let seq = message.seq;
        debug_assert_eq!(seq, recent.last + 1, "numbers have no holes");
        recent.last = seq;
        let account = recent.add(&message, self.retention);
        drop(recent);
        // Two appends may reach this line in either order: the later number stays.
        self.newest.send_if_modified(|newest| {
            let forward = *newest < seq;
            *newest = seq.max(*newest);
            forward
        });
        account.memory().reclaim();
        seq
    }

    /// Where its numbers are.
    pub fn position(&self) -> Position {
        let recent = self.recent();
        Position {
            epoch: self.epoch,
            last: recent.last,
            dropped_text: recent.dropped_text,
        }
    }

    /// Puts a message of an earlier process back, after those before it. The numbers stay.
    pub fn put_back(&self, message: &Message<'_>) {
        let mut recent = self.recent.write().expect("no panic under the lock");
        let account = recent.add(message, self.retention);
        drop(recent);
        account.memory().reclaim();
    }

    /// Must be called once a second: drops the framings of old messages.
    pub fn age(&self) {
        let recent = self.recent();
        let idle = recent.ages[FRAMED_AGE - 1] == recent.last;
        drop(recent);
        if !idle {
            self.recent.write().expect("no panic under the lock").age();
        }
    }

    /// Whether no wait lasts any longer.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Ends every wait, now and later.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        self.newest.send_modify(|_| {});
    }

    /// The newest `seq`; 0 while the feed is empty.
    pub fn last(&self) -> u64 {
        self.recent().last
    }

    /// Messages held.
    pub fn held(&self) -> usize {
        let recent = self.recent();
        recent.texts.messages.len() + recent.announcements.messages.len()
    }

    /// Whether a text was published and is held.
    pub fn has_texts(&self) -> bool {
        !self.recent().texts.messages.is_empty()
    }

    /// The newest `seq`, as it changes: also when the ring is closed.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Whether a [`Reader`](crate::feed::Reader) of this ring exists.
    pub fn has_readers(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    /// The messages after `seq`, oldest first, up to [`MAX_BATCH_BYTES`].
    pub fn read_after(&self, seq: u64) -> Batch {
        self.read_up_to(seq, MAX_BATCH_BYTES)
    }

    /// The messages after `cursor`, up to `max_bytes`. The last message may exceed it.
    pub fn read_up_to(&self, cursor: u64, max_bytes: usize) -> Batch {
        let recent = self.recent();
        if cursor == recent.last {
            return Batch {
                last: cursor,
                epoch: self.epoch,
                ..Batch::default()
            };
        }
        // A cursor ahead of the feed is of an earlier run of this server: read from the start.
        let ahead = cursor > recent.last;
        let from = if ahead { 0 } else { cursor };
        let (mut left, mut next) = (max_bytes, None);
        let fits = |message: &&Arc<StoredMessage>| {
            let fits = left > 0 && next.is_none_or(|next| message.seq == next);
            next = Some(message.seq + 1);
            left = left.saturating_sub(message.json.len());
            fits
        };
        let messages: Vec<_> = recent.after(from).take_while(fits).cloned().collect();
        let first = messages.first().map_or(recent.last + 1, |first| first.seq);
        let last = messages.last().map_or(recent.last, |newest| newest.seq);
        let gone = first - (from + 1);
        Batch {
            more: last < recent.last,
            last,
            messages,
            missed: (ahead || gone > 0).then_some(gone),
            missed_text: (from + 1..first).contains(&recent.dropped_text),
            epoch: self.epoch,
        }
    }

    /// Up to `limit` messages before `before`, or the newest ones, oldest first, up to
    /// [`MAX_BATCH_BYTES`]; announcements only where there are not as many texts. `last` of the
    /// batch is the newest `seq` of the feed, and `more` says that older texts are held.
    pub fn history(&self, before: Option<u64>, limit: usize) -> Batch {
        let recent = self.recent();
        let newest = before
            .unwrap_or(u64::MAX)
            .saturating_sub(1)
            .min(recent.last);
        let mut left = MAX_BATCH_BYTES;
        let mut page = |lane: &Lane, limit: usize| {
            let newest_first = lane.messages.range(..lane.up_to(newest)).rev().take(limit);
            let fits = |message: &&Arc<StoredMessage>| {
                let fits = message.json.len() <= left || left == MAX_BATCH_BYTES;
                left = left.saturating_sub(message.json.len());
                fits
            };
            newest_first.take_while(fits).cloned().collect::<Vec<_>>()
        };
        let mut messages = page(&recent.texts, limit);
        let more = messages.len() < recent.texts.up_to(newest);
        messages.extend(page(&recent.announcements, limit - messages.len()));
        messages.sort_unstable_by_key(|message| message.seq);
        Batch {
            messages,
            last: recent.last,
            more,
            epoch: self.epoch,
            ..Batch::default()
        }
    }

    /// The `seq` after which a reader with this cursor reads; the newest one without a cursor.
    pub fn place(&self, after: Option<Cursor>) -> u64 {
        let fits = |cursor: Cursor| cursor.epoch.is_none_or(|epoch| epoch == self.epoch);
        match after {
            None => self.last(),
            Some(cursor) if fits(cursor) => cursor.seq,
            // The number is another server's. Ahead of any feed, it reads from the start.
            Some(_) => u64::MAX,
        }
    }
}

impl Holder for Ring {
    fn bytes(&self) -> usize {
        let recent = self.recent();
        recent.texts.account.bytes() + recent.announcements.account.bytes()
    }

    fn shrink(&self, max_bytes: usize) -> u64 {
        let mut excess = self.bytes().saturating_sub(max_bytes);
        let mut recent = self.recent.write().expect("no panic under the lock");
        let mut dropped = 0;
        while excess > 0
            && let Some(freed) = recent.pop()
        {
            excess = excess.saturating_sub(freed);
            dropped += 1;
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Reader;
    use crate::feed::batch::Framing;
    use crate::feed::memory::MAX_MEMORY_BYTES;

    fn ring(messages: usize, bytes: usize) -> Arc<Ring> {
        let memory = Memory::new(MAX_MEMORY_BYTES);
        Arc::new(Ring::new(
            Retention { messages, bytes },
            Epoch::draw(),
            &memory,
        ))
    }

    fn publish(ring: &Ring, text: &str) -> u64 {
        ring.push(|last| Message {
            seq: last + 1,
            from: "alice".into(),
            text: text.into(),
            intended_at_ns: 0,
            published_at_ns: 0,
            kind: None,
        })
    }

    fn reader(ring: &Arc<Ring>, after: Option<Cursor>) -> Reader {
        Reader::new(ring.clone(), after)
    }

    fn seqs(batch: &Batch) -> Vec<u64> {
        batch.messages.iter().map(|m| m.seq).collect()
    }

    #[test]
    fn old_messages_keep_no_framings_and_readers_get_them_all_the_same() {
        let ring = ring(1_000, usize::MAX);
        let frame = |message: &StoredMessage| message.json.to_vec().into();
        let framed = |batch: &Batch| batch.framed(Framing::Event, frame, |_| unreachable!());
        for _ in 0..100 {
            publish(&ring, "text");
        }
        let held = ring.read_after(0);
        let first = framed(&held);
        let young = ring.bytes();
        (1..FRAMED_AGE).for_each(|_| ring.age());
        publish(&ring, "later");
        assert!(ring.bytes() > young, "readers may still need them");
        ring.age();
        assert!(ring.bytes() > young, "a reader holds them");
        drop(held);
        let old = ring.bytes();
        assert!(old + first.len() < young, "{old}, {young} before");
        assert_eq!(framed(&ring.read_after(0))[..first.len()], first);
        assert!(ring.bytes() < old + first.len(), "they are not kept again");
        (0..FRAMED_AGE).for_each(|_| ring.age());
        assert!(ring.recent().ages == [101; FRAMED_AGE]);
        ring.shrink(0);
        ring.age();
        assert_eq!((ring.held(), ring.bytes()), (0, 0));
    }

    #[test]
    fn messages_are_numbered_from_one_without_holes() {
        let ring = ring(10, usize::MAX);
        assert_eq!(ring.last(), 0);
        assert!(ring.read_after(0).is_empty());
        assert_eq!((publish(&ring, "a"), publish(&ring, "b")), (1, 2));
        assert_eq!(seqs(&ring.read_after(0)), [1, 2]);
        assert_eq!(seqs(&ring.read_after(1)), [2]);
        assert!(ring.read_after(2).is_empty());
    }

    #[test]
    fn a_reader_that_fell_off_the_ring_is_told_how_many_it_missed() {
        let ring = ring(3, usize::MAX);
        for _ in 0..10 {
            publish(&ring, "x");
        }
        let batch = ring.read_after(2);
        assert_eq!(
            (seqs(&batch), batch.missed, batch.last),
            (vec![8, 9, 10], Some(5), 10)
        );
        assert_eq!(ring.read_after(7).missed, None, "8 is next, and it is held");
        assert_eq!(ring.read_after(6).missed, Some(1));
    }

    #[test]
    fn joins_that_are_gone_between_texts_are_no_missed_texts() {
        let ring = ring(2, usize::MAX);
        for kind in [None, Some("join"), Some("join"), Some("join"), None] {
            ring.push(|last| Message {
                seq: last + 1,
                from: "al".into(),
                text: "".into(),
                intended_at_ns: 0,
                published_at_ns: 0,
                kind: kind.map(Into::into),
            });
        }
        let after = |seq| {
            let batch = ring.read_after(seq);
            (seqs(&batch), batch.missed, batch.missed_text)
        };
        assert_eq!(after(0), (vec![1], None, false));
        assert_eq!(after(1), (vec![3, 4, 5], Some(1), false));
        publish(&ring, "x");
        assert_eq!(after(0), (vec![3, 4, 5, 6], Some(2), true));
    }

    #[test]
    fn a_cursor_ahead_of_the_feed_gets_everything_and_is_told() {
        let ring = ring(3, usize::MAX);
        assert_eq!(
            ring.read_after(50).missed,
            Some(0),
            "even when there is nothing yet"
        );
        publish(&ring, "x");
        let batch = ring.read_after(50);
        assert_eq!(
            (seqs(&batch), batch.missed, batch.last),
            (vec![1], Some(0), 1)
        );
    }

    #[test]
    fn a_cursor_of_another_epoch_gets_everything_whatever_its_number() {
        let ring = ring(3, usize::MAX);
        for _ in 0..5 {
            publish(&ring, "x");
        }
        let read = |epoch: Option<Epoch>, seq: u64| {
            let batch = reader(&ring, Some(Cursor { seq, epoch })).read();
            (seqs(&batch), batch.missed)
        };
        let own = ring.read_after(0).epoch;
        assert_eq!(read(Some(own), 4), (vec![5], None));
        assert_eq!(read(None, 4), (vec![5], None), "taken at its word");
        for seq in [0, 4, 5, 6] {
            let anew = (vec![3, 4, 5], Some(2));
            assert_eq!(read(Some(Epoch::default()), seq), anew, "{seq}");
        }
    }

    #[test]
    fn bytes_are_bounded_too_and_the_newest_always_stays() {
        let ring = ring(1_000, 1_000);
        for _ in 0..50 {
            publish(&ring, &"x".repeat(100));
        }
        let held = ring.read_after(0);
        assert!(
            (1..=6).contains(&held.messages.len()),
            "{}",
            held.messages.len()
        );
        publish(&ring, &"x".repeat(5_000));
        assert_eq!(seqs(&ring.read_after(0)), [51]);
    }

    #[test]
    fn a_batch_is_bounded_and_the_next_goes_on_where_it_ended() {
        let ring = ring(100, usize::MAX);
        for _ in 0..50 {
            publish(&ring, &"x".repeat(60_000));
        }
        let mut reader = reader(&ring, Some(0.into()));
        let mut seen = Vec::new();
        while seen.len() < 50 {
            let batch = reader.read();
            assert!(
                (1..=18).contains(&batch.messages.len()),
                "{}",
                batch.messages.len()
            );
            assert_eq!(
                (batch.missed, Some(&batch.last)),
                (None, seqs(&batch).last())
            );
            seen.extend(seqs(&batch));
        }
        assert_eq!(seen, (1..=50).collect::<Vec<_>>());
    }

    #[test]
    fn history_pages_backwards() {
        let ring = ring(5, usize::MAX);
        for _ in 0..8 {
            publish(&ring, "x");
        }
        assert_eq!(seqs(&ring.history(None, 2)), [7, 8]);
        assert_eq!(seqs(&ring.history(Some(7), 2)), [5, 6]);
        assert_eq!(seqs(&ring.history(Some(5), 50)), [4]);
        assert_eq!(seqs(&ring.history(Some(1), 50)), Vec::<u64>::new());
        assert_eq!(seqs(&ring.history(Some(999), 0)), Vec::<u64>::new());
    }

    #[tokio::test]
    async fn waiting_readers_wake_and_a_slow_one_gets_all_at_once() {
        let ring = ring(100, usize::MAX);
        let (mut quick, mut slow) = (reader(&ring, None), reader(&ring, None));
        let waiting = tokio::spawn(async move {
            let batch = quick.next().await.unwrap();
            (seqs(&batch), quick)
        });
        tokio::task::yield_now().await;
        publish(&ring, "a");
        let (first, mut quick) = waiting.await.unwrap();
        assert_eq!(first, [1]);
        for _ in 0..4 {
            publish(&ring, "x");
        }
        assert_eq!(seqs(&quick.next().await.unwrap()), [2, 3, 4, 5]);
        assert_eq!(seqs(&slow.next().await.unwrap()), [1, 2, 3, 4, 5]);
        let idle = tokio::time::timeout(std::time::Duration::from_millis(20), slow.next());
        assert!(idle.await.is_err(), "nothing new: it waits");
        publish(&ring, "late");
        assert_eq!(
            seqs(&slow.next().await.unwrap()),
            [6],
            "a cancelled wait loses nothing"
        );
        publish(&ring, "last");
        ring.close();
        assert_eq!(seqs(&slow.next().await.unwrap()), [7]);
        assert!(slow.next().await.is_none(), "nothing more will come");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn writers_and_readers_at_once_lose_and_repeat_nothing() {
        let ring = ring(100_000, usize::MAX);
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let ring = ring.clone();
                tokio::spawn(async move {
                    for _ in 0..500 {
                        publish(&ring, "x");
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let mut reader = reader(&ring, Some(0.into()));
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while seen.len() < 2_000 {
                        seen.extend(seqs(&reader.next().await.unwrap()));
                    }
                    seen
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        for reader in readers {
            assert_eq!(reader.await.unwrap(), (1..=2_000).collect::<Vec<_>>());
        }
    }
}
