//! The server's heart: a bounded ring of a feed's recent messages that everyone reads after a
//! cursor.
//!
//! A reader asks for what comes after the last `seq` that it has. Backlog, resume, slow readers and
//! batching all follow from that: several waiting messages come in one [`Batch`], a reader that
//! fell off the ring is told how many it missed, and memory is bounded whatever the readers do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, RwLock};

use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::feed::cursor::{Cursor, Epoch};
use crate::feed::members::Members;
use crate::feed::message::{Message, NewMessage};

/// How much of a feed is kept: whichever bound is reached first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Messages; at least 1.
    pub messages: usize,
    /// Bytes of JSON; the newest message is kept even if it alone is larger.
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

/// A message in the log: encoded once, shared by all who carry it.
#[derive(Debug)]
pub struct StoredMessage {
    pub seq: u64,
    /// The message's JSON, on one line.
    pub json: Bytes,
    framed: [OnceLock<Bytes>; 5],
}

/// A framing that all readers of a transport share, since nothing in it is a reader's own.
#[derive(Clone, Copy, Debug)]
pub enum Framing {
    /// As an event of a stream.
    Event,
    /// As a chunk with such an event.
    Chunk,
    /// As a text frame of a WebSocket.
    Frame,
    /// After its length.
    Length,
    /// As the body of an answer that holds nothing else.
    Answer,
}

impl StoredMessage {
    /// The message in the framing of a transport, made by whoever needs it first.
    pub fn framed(&self, framing: Framing, frame: impl FnOnce(&StoredMessage) -> Bytes) -> &Bytes {
        self.framed[framing as usize].get_or_init(|| frame(self))
    }
}

/// Bytes of JSON in one batch, give or take its last message.
pub const MAX_BATCH_BYTES: usize = 1 << 20;

/// What a reader gets at once: what comes after its cursor.
#[derive(Debug, Default)]
pub struct Batch {
    pub messages: Vec<Arc<StoredMessage>>,
    /// The `seq` to read on from.
    pub last: u64,
    /// Set when the cursor did not fit: how many messages are gone between it and this batch. A
    /// cursor of another epoch or ahead of the feed counts as one before the first message, and
    /// gets everything that there is; then it is set even if nothing is gone.
    pub missed: Option<u64>,
    /// The epoch of these numbers.
    pub epoch: Epoch,
}

impl Batch {
    /// The cursor after which its messages begin.
    pub fn before(&self) -> Cursor {
        self.at(self.last - self.messages.len() as u64)
    }

    /// The cursor of a reader that has everything up to `seq`.
    pub fn at(&self, seq: u64) -> Cursor {
        let epoch = Some(self.epoch);
        Cursor { seq, epoch }
    }

    /// What a streaming transport tells of `missed` messages, as JSON.
    pub fn reset(&self, missed: u64) -> String {
        let (last, epoch) = (self.last, self.epoch);
        format!(r#"{{"missed":{missed},"last":{last},"epoch":"{epoch}"}}"#)
    }

    /// All that there is to tell, in one piece: that something was missed, as `reset` says it, then
    /// each message as `frame` does. A message alone, which is the most usual, is not copied.
    pub fn framed(
        &self,
        framing: Framing,
        frame: impl Fn(&StoredMessage) -> Bytes,
        reset: impl FnOnce(u64) -> Bytes,
    ) -> Bytes {
        if let ([message], None) = (&self.messages[..], self.missed) {
            return message.framed(framing, frame).clone();
        }
        let mut bytes = self
            .missed
            .map_or(Vec::new(), |missed| reset(missed).into());
        for message in &self.messages {
            bytes.extend_from_slice(message.framed(framing, &frame));
        }
        bytes.into()
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.missed.is_none()
    }
}

#[derive(Debug, Default)]
struct Ring {
    messages: VecDeque<Arc<StoredMessage>>,
    bytes: usize,
    last: u64,
}

impl Ring {
    /// The oldest `seq` still held; one past the last when nothing is.
    fn first(&self) -> u64 {
        self.last + 1 - self.messages.len() as u64
    }
}

/// The messages of one feed.
#[derive(Debug)]
pub struct Feed {
    ring: RwLock<Ring>,
    /// The newest `seq`; waiting readers sleep on it.
    newest: watch::Sender<u64>,
    closed: AtomicBool,
    retention: Retention,
    epoch: Epoch,
    members: Option<Members>,
}

impl Feed {
    pub fn new(retention: Retention, epoch: Epoch) -> Self {
        assert!(retention.messages >= 1, "a log holds at least one message");
        Feed {
            ring: RwLock::default(),
            newest: watch::Sender::new(0),
            closed: AtomicBool::new(false),
            retention,
            epoch,
            members: None,
        }
    }

    /// Keeps the members of this feed; there are as many in all as `places` are shared.
    pub fn with_members(self, places: Arc<Semaphore>) -> Self {
        let members = Some(Members::new(places));
        Feed { members, ..self }
    }

    /// Who reads this feed and gave a name; nothing if that is not kept.
    pub fn members(&self) -> Option<&Members> {
        self.members.as_ref()
    }

    /// Appends a message, published at `published_at_ns`, and wakes the readers. Returns its `seq`.
    pub fn append(&self, new: &NewMessage, published_at_ns: u64) -> u64 {
        self.add(Message {
            seq: 0,
            from: (&new.from).into(),
            text: (&new.text).into(),
            intended_at_ns: new.intended_at_ns,
            published_at_ns,
            kind: None,
        })
    }

    /// Appends what is said of `name`, rather than by it: a message of a `kind`, without a text.
    pub fn announce(&self, name: &str, kind: &'static str, published_at_ns: u64) -> u64 {
        self.add(Message {
            seq: 0,
            from: name.into(),
            text: "".into(),
            intended_at_ns: 0,
            published_at_ns,
            kind: Some(kind.into()),
        })
    }

    /// Gives the message its `seq`.
    fn add(&self, mut message: Message<'_>) -> u64 {
        let mut ring = self.ring.write().expect("no panic under the lock");
        let seq = ring.last + 1;
        message.seq = seq;
        let mut json = Vec::with_capacity(message.text.len() + message.from.len() + 128);
        message.write_json(&mut json);
        ring.bytes += json.len();
        ring.messages.push_back(Arc::new(StoredMessage {
            seq,
            json: json.into(),
            framed: Default::default(),
        }));
        ring.last = seq;
        while ring.messages.len() > self.retention.messages
            || (ring.bytes > self.retention.bytes && ring.messages.len() > 1)
        {
            let oldest = ring.messages.pop_front().expect("more than one is held");
            ring.bytes -= oldest.json.len();
        }
        drop(ring);
        // Of two appends that race here, the later number must win.
        self.newest.send_if_modified(|newest| {
            let forward = *newest < seq;
            *newest = seq.max(*newest);
            forward
        });
        seq
    }

    /// Nobody waits for this feed any more.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
        self.newest.send_modify(|_| {});
    }

    /// The newest `seq`; 0 while the feed is empty.
    pub fn last(&self) -> u64 {
        self.ring.read().expect("no panic under the lock").last
    }

    /// How many messages are held.
    pub fn held(&self) -> usize {
        let ring = self.ring.read().expect("no panic under the lock");
        ring.messages.len()
    }

    /// What is held after the cursor, the oldest first, up to [`MAX_BATCH_BYTES`].
    pub fn read_after(&self, cursor: u64) -> Batch {
        self.read_piece(cursor, MAX_BATCH_BYTES)
    }

    /// The same, up to as many bytes, give or take the last message.
    fn read_piece(&self, cursor: u64, max_bytes: usize) -> Batch {
        let ring = self.ring.read().expect("no panic under the lock");
        if cursor == ring.last {
            return Batch {
                last: cursor,
                epoch: self.epoch,
                ..Batch::default()
            };
        }
        // A cursor ahead of the feed is of another life of this server: begin anew.
        let (ahead, from) = (
            cursor > ring.last,
            if cursor > ring.last { 0 } else { cursor },
        );
        let first = ring.first();
        let gone = first.saturating_sub(from + 1);
        let skip = (from + 1).saturating_sub(first) as usize;
        let mut left = max_bytes;
        let fits = |message: &&Arc<StoredMessage>| {
            let fits = left > 0;
            left = left.saturating_sub(message.json.len());
            fits
        };
        let waiting = ring.messages.range(skip..);
        let messages: Vec<_> = waiting.take_while(fits).cloned().collect();
        Batch {
            last: messages.last().map_or(ring.last, |newest| newest.seq),
            messages,
            missed: (ahead || gone > 0).then_some(gone),
            epoch: self.epoch,
        }
    }

    /// Up to `limit` messages before `before` (or the newest ones), oldest first, and the newest
    /// `seq`.
    pub fn history(&self, before: Option<u64>, limit: usize) -> Batch {
        let ring = self.ring.read().expect("no panic under the lock");
        let end = before
            .unwrap_or(u64::MAX)
            .min(ring.last + 1)
            .max(ring.first());
        let end = (end - ring.first()) as usize;
        Batch {
            messages: ring
                .messages
                .range(end.saturating_sub(limit)..end)
                .cloned()
                .collect(),
            last: ring.last,
            missed: None,
            epoch: self.epoch,
        }
    }

    /// Where in this log somebody is who has everything up to `after`; at its end if that is not
    /// said.
    pub fn place(&self, after: Option<Cursor>) -> u64 {
        let fits = |cursor: Cursor| cursor.epoch.is_none_or(|epoch| epoch == self.epoch);
        match after {
            None => self.last(),
            Some(cursor) if fits(cursor) => cursor.seq,
            // A number of another server: ahead of any feed, so that it begins anew.
            Some(_) => u64::MAX,
        }
    }

    /// A reader that has everything up to `after`; from now on if it does not say.
    pub fn reader(self: &Arc<Self>, after: Option<Cursor>) -> Reader {
        Reader {
            cursor: self.place(after),
            newest: self.newest.subscribe(),
            max_batch_bytes: MAX_BATCH_BYTES,
            log: self.clone(),
        }
    }
}

/// A cursor into a log that can wait.
#[derive(Debug)]
pub struct Reader {
    log: Arc<Feed>,
    cursor: u64,
    newest: watch::Receiver<u64>,
    max_batch_bytes: usize,
}

impl Reader {
    /// The same reader, whose batches have as many bytes, give or take the last message: what a
    /// peer that has stopped reading can make the server hold on its behalf.
    pub fn in_pieces(mut self, max_batch_bytes: usize) -> Self {
        self.max_batch_bytes = max_batch_bytes;
        self
    }

    /// What is there after the cursor, which moves on.
    pub fn read(&mut self) -> Batch {
        // Mark first, read second: what is appended in between wakes the next wait.
        self.newest.borrow_and_update();
        let batch = self.log.read_piece(self.cursor, self.max_batch_bytes);
        self.cursor = batch.last;
        batch
    }

    /// The next batch that has something to tell, waiting for it; none once the log is closed and
    /// all of it was read. May be cancelled at any time without loss.
    pub async fn next(&mut self) -> Option<Batch> {
        loop {
            {
                // Empty or not, it is gone before the wait: thousands wait here, each in as little
                // memory as can be.
                let batch = self.read();
                if !batch.is_empty() {
                    return Some(batch);
                }
            }
            if self.log.closed.load(Relaxed) {
                return None;
            }
            // The sender lives in the log that this reader holds: it can't be gone.
            let _ = self.newest.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(messages: usize, bytes: usize) -> Arc<Feed> {
        Arc::new(Feed::new(Retention { messages, bytes }, Epoch::draw()))
    }

    fn publish(log: &Feed, text: &str) -> u64 {
        let (from, text) = ("alice".into(), text.into());
        log.append(
            &NewMessage {
                from,
                text,
                intended_at_ns: 0,
            },
            0,
        )
    }

    fn seqs(batch: &Batch) -> Vec<u64> {
        batch.messages.iter().map(|m| m.seq).collect()
    }

    #[test]
    fn messages_are_numbered_from_one_without_holes() {
        let log = log(10, usize::MAX);
        assert_eq!(log.last(), 0);
        assert!(log.read_after(0).is_empty());
        assert_eq!((publish(&log, "a"), publish(&log, "b")), (1, 2));
        assert_eq!(seqs(&log.read_after(0)), [1, 2]);
        assert_eq!(seqs(&log.read_after(1)), [2]);
        assert!(log.read_after(2).is_empty());
    }

    #[test]
    fn a_reader_that_fell_off_the_ring_is_told_how_many_it_missed() {
        let log = log(3, usize::MAX);
        for _ in 0..10 {
            publish(&log, "x");
        }
        let batch = log.read_after(2);
        assert_eq!(
            (seqs(&batch), batch.missed, batch.last),
            (vec![8, 9, 10], Some(5), 10)
        );
        assert_eq!(log.read_after(7).missed, None, "8 is next, and it is held");
        assert_eq!(log.read_after(6).missed, Some(1));
    }

    #[test]
    fn a_cursor_ahead_of_the_feed_gets_everything_and_is_told() {
        let log = log(3, usize::MAX);
        assert_eq!(
            log.read_after(50).missed,
            Some(0),
            "even when there is nothing yet"
        );
        publish(&log, "x");
        let batch = log.read_after(50);
        assert_eq!(
            (seqs(&batch), batch.missed, batch.last),
            (vec![1], Some(0), 1)
        );
    }

    #[test]
    fn a_cursor_of_another_epoch_gets_everything_and_is_told_whatever_its_number() {
        let log = log(3, usize::MAX);
        (0..5).for_each(|_| drop(publish(&log, "x").to_string()));
        let read = |epoch: Option<Epoch>, seq: u64| {
            let batch = log.reader(Some(Cursor { seq, epoch })).read();
            (seqs(&batch), batch.missed)
        };
        let own = log.read_after(0).epoch;
        assert_eq!(read(Some(own), 4), (vec![5], None));
        assert_eq!(read(None, 4), (vec![5], None), "taken at its word");
        for seq in [0, 4, 5, 6] {
            let anew = (vec![3, 4, 5], Some(2));
            assert_eq!(read(Some(Epoch::default()), seq), anew, "{seq}");
        }
    }

    #[test]
    fn bytes_are_bounded_too_and_the_newest_always_stays() {
        let log = log(1_000, 1_000);
        for _ in 0..50 {
            publish(&log, &"x".repeat(100));
        }
        let held = log.read_after(0);
        assert!(
            (1..=6).contains(&held.messages.len()),
            "{}",
            held.messages.len()
        );
        publish(&log, &"x".repeat(5_000));
        assert_eq!(seqs(&log.read_after(0)), [51]);
    }

    #[test]
    fn a_batch_is_bounded_and_the_next_goes_on_where_it_ended() {
        let log = log(100, usize::MAX);
        for _ in 0..50 {
            publish(&log, &"x".repeat(60_000));
        }
        let mut reader = log.reader(Some(0.into()));
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
        let log = log(5, usize::MAX);
        for _ in 0..8 {
            publish(&log, "x");
        }
        assert_eq!(seqs(&log.history(None, 2)), [7, 8]);
        assert_eq!(seqs(&log.history(Some(7), 2)), [5, 6]);
        assert_eq!(seqs(&log.history(Some(5), 50)), [4]);
        assert_eq!(seqs(&log.history(Some(1), 50)), Vec::<u64>::new());
        assert_eq!(seqs(&log.history(Some(999), 0)), Vec::<u64>::new());
    }

    #[tokio::test]
    async fn waiting_readers_wake_and_a_slow_one_gets_all_at_once() {
        let log = log(100, usize::MAX);
        let (mut quick, mut slow) = (log.reader(None), log.reader(None));
        let waiting = tokio::spawn(async move {
            let batch = quick.next().await.unwrap();
            (seqs(&batch), quick)
        });
        tokio::task::yield_now().await;
        publish(&log, "a");
        let (first, mut quick) = waiting.await.unwrap();
        assert_eq!(first, [1]);
        for _ in 0..4 {
            publish(&log, "x");
        }
        assert_eq!(seqs(&quick.next().await.unwrap()), [2, 3, 4, 5]);
        assert_eq!(seqs(&slow.next().await.unwrap()), [1, 2, 3, 4, 5]);
        let idle = tokio::time::timeout(std::time::Duration::from_millis(20), slow.next());
        assert!(idle.await.is_err(), "nothing new: it waits");
        publish(&log, "late");
        assert_eq!(
            seqs(&slow.next().await.unwrap()),
            [6],
            "a cancelled wait loses nothing"
        );
        publish(&log, "last");
        log.close();
        assert_eq!(seqs(&slow.next().await.unwrap()), [7]);
        assert!(slow.next().await.is_none(), "nothing more will come");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn writers_and_readers_at_once_lose_and_repeat_nothing() {
        let log = log(100_000, usize::MAX);
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let log = log.clone();
                tokio::spawn(async move {
                    for _ in 0..500 {
                        publish(&log, "x");
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let mut reader = log.reader(Some(0.into()));
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
