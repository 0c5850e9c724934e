//! The window of a trial, the publisher's record of its messages, and the progress of each worker:
//! shared memory of all threads and processes of the load on one host.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::record::identity::TrialTexts;
use crate::record::message_record::{MessageRecord, RECORD_WORDS, Scheduled};
use crate::runtime::shared_memory::SharedMemory;

/// Words in a cache line. Only one worker should write to a line.
const LINE: usize = 8;
/// Where the feeds begin: after the window and the key, which have a cache line of their own.
const FEEDS: usize = LINE;
const FEED_WORDS: usize = 2;
/// Where the time of the first message is.
const BEGINS: usize = 3;
/// Where the time is from which faults count; 0 before it is known.
const FAULTS: usize = 4;
/// Where the server's process is.
const SERVER: usize = 5;

/// Where the gauges begin, a cache line each worker. After them come the messages.
fn gauges_at(feeds: usize) -> usize {
    FEEDS + (feeds * FEED_WORDS).next_multiple_of(LINE)
}

/// A figure of one worker. Only that worker writes it; all may read it.
#[derive(Clone, Copy, Debug)]
pub enum Gauge {
    /// Subscribers that have been ready at least once.
    Joined,
    /// Subscribers ready now.
    Connected,
    /// Subscribers that could not connect and gave up.
    GaveUp,
    /// First deliveries since the trial began of messages that belonged to the window set at the
    /// time: during warm-up that of the warm-up, then the trial's own.
    Delivered,
    /// The worker's process.
    Process,
    /// Answers that were not what was asked for.
    WrongAnswers,
}

/// The shared state of a trial. Times are CLOCK_MONOTONIC nanoseconds.
#[derive(Debug)]
pub struct TrialBoard {
    words: SharedMemory,
    feeds: usize,
    workers: usize,
}

impl TrialBoard {
    /// A board without a window, with room for `messages` of the publisher's. Those that do not
    /// come take no memory.
    pub fn new(feeds: usize, workers: usize, messages: usize) -> io::Result<Self> {
        let words = gauges_at(feeds) + (workers + 1) * LINE + messages * RECORD_WORDS;
        let board = TrialBoard {
            words: SharedMemory::new(words)?,
            feeds,
            workers,
        };
        board.words[2].store(rand::random(), Relaxed);
        board.clear_window();
        Ok(board)
    }

    /// The board of another process, by its [`path`](TrialBoard::path), feeds and workers.
    pub fn attach(path: &str, feeds: usize, workers: usize) -> io::Result<Self> {
        Ok(TrialBoard {
            words: SharedMemory::open(path)?,
            feeds,
            workers,
        })
    }

    /// The path by which another process attaches.
    pub fn path(&self) -> String {
        self.words.path()
    }

    /// The texts of this trial's messages.
    pub fn texts(&self) -> TrialTexts {
        let key = self.words[2].load(Relaxed);
        TrialTexts { key }
    }

    /// Workers whose subscribers count. The probe writes as one more, with this number.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Messages handed over for a feed in the window, and those of them that were given up.
    fn feed(&self, feed: usize) -> &[AtomicU64; FEED_WORDS] {
        let words = &self.words[FEEDS + feed * FEED_WORDS..];
        words.first_chunk().expect("a board has its feeds")
    }

    fn records(&self) -> &[AtomicU64] {
        &self.words[gauges_at(self.feeds) + (self.workers + 1) * LINE..]
    }

    /// Whether there is a publisher whose messages are known. A chat at a terminal has none.
    pub fn has_records(&self) -> bool {
        !self.records().is_empty()
    }

    /// The record of a message; `None` if the board has no room for it.
    pub fn record(&self, number: u32) -> Option<MessageRecord<'_>> {
        let words = self.records().get(number as usize * RECORD_WORDS..)?;
        words.first_chunk().map(MessageRecord)
    }

    /// All messages that were handed over, in the order in which they were due.
    pub fn messages(&self) -> impl Iterator<Item = (Scheduled, MessageRecord<'_>)> {
        let records = self.records().chunks_exact(RECORD_WORDS);
        let records = records.map(|words| MessageRecord(words.try_into().expect("all its words")));
        records.map_while(|record| Some((record.scheduled()?, record)))
    }

    /// The number of the message of this feed that was due at `due_ns`.
    pub fn number_by_time(&self, feed: u32, due_ns: u64) -> Option<u32> {
        let (records, _) = self.records().as_chunks();
        // Records that are not in use have the time 0 and come last.
        let before = |words: &[AtomicU64; RECORD_WORDS]| {
            let scheduled = MessageRecord(words).scheduled();
            scheduled.is_some_and(|message| message.due_ns < due_ns)
        };
        let first = records.partition_point(before);
        let same_time = records[first..].iter().map_while(|words| {
            let message = MessageRecord(words).scheduled()?;
            (message.due_ns == due_ns).then_some(message.feed)
        });
        let place = same_time.take(self.feeds).position(|of| of == feed)?;
        u32::try_from(first + place).ok()
    }

    /// One worker's figure.
    pub fn gauge(&self, worker: usize, gauge: Gauge) -> &AtomicU64 {
        &self.words[gauges_at(self.feeds) + worker * LINE + gauge as usize]
    }

    /// Adds to a worker's figure. Only that worker may call this: it is no atomic addition, which
    /// would cost more.
    pub fn add(&self, worker: usize, gauge: Gauge, by: i64) {
        let gauge = self.gauge(worker, gauge);
        gauge.store(gauge.load(Relaxed).wrapping_add_signed(by), Relaxed);
    }

    /// The sum of a figure over all workers whose subscribers count.
    pub fn total(&self, gauge: Gauge) -> u64 {
        (0..self.workers)
            .map(|worker| self.gauge(worker, gauge).load(Relaxed))
            .sum()
    }

    /// The processes of all workers that have begun, the probe's too; some of them several times.
    pub fn processes(&self) -> impl Iterator<Item = u32> {
        let all = (0..=self.workers).map(|worker| self.gauge(worker, Gauge::Process));
        all.filter_map(|pid| u32::try_from(pid.load(Relaxed)).ok())
            .filter(|pid| *pid > 0)
    }

    /// Whether any client, the probe's and publishers included, got a wrong answer. Publisher and
    /// probe write to one gauge, so that it may miss some of their answers, but not all.
    pub fn has_wrong_answer(&self) -> bool {
        (0..=self.workers).any(|worker| self.gauge(worker, Gauge::WrongAnswers).load(Relaxed) > 0)
    }

    /// Sets the window to `opens_ns .. closes_ns` and its published messages to 0. Messages may come
    /// from `begins_ns` on.
    pub fn set_window_after_lead_in(&self, begins_ns: u64, opens_ns: u64, closes_ns: u64) {
        self.set_window(opens_ns, closes_ns);
        self.words[BEGINS].store(begins_ns, Relaxed);
    }

    /// The same where the first message may come when the window opens.
    pub fn set_window(&self, opens_ns: u64, closes_ns: u64) {
        let (opens, closes) = (&self.words[0], &self.words[1]);
        opens.store(u64::MAX, Relaxed);
        closes.store(closes_ns, Relaxed);
        (0..self.feeds)
            .flat_map(|feed| self.feed(feed))
            .for_each(|count| count.store(0, Relaxed));
        self.words[BEGINS].store(opens_ns, Relaxed);
        opens.store(opens_ns, Relaxed);
    }

    /// Sets an empty window that has closed.
    pub fn clear_window(&self) {
        self.set_window(u64::MAX, 0);
    }

    /// When the window opens. It identifies the window.
    pub fn window_opens_ns(&self) -> u64 {
        self.words[0].load(Relaxed)
    }

    /// When the first message may come: before the window opens where there is a lead-in.
    pub fn begins_ns(&self) -> u64 {
        self.words[BEGINS].load(Relaxed)
    }

    /// When the window closes.
    pub fn window_closes_ns(&self) -> u64 {
        self.words[1].load(Relaxed)
    }

    /// Whether a message of this intended time belongs to the window.
    pub fn in_window(&self, intended_at_ns: u64) -> bool {
        (self.window_opens_ns()..self.window_closes_ns()).contains(&intended_at_ns)
    }

    /// The server's process on this host, if it is known. It may be replaced by another.
    pub fn set_server(&self, pid: Option<u32>) {
        self.words[SERVER].store(pid.map_or(0, u64::from), Relaxed);
    }

    pub fn server(&self) -> Option<u32> {
        let pid = self.words[SERVER].load(Relaxed) as u32;
        (pid != 0).then_some(pid)
    }

    /// Faults count from this time on: the opening of the trial's own window.
    pub fn begin_faults(&self, opens_ns: u64) {
        self.words[FAULTS].store(opens_ns, Relaxed);
    }

    /// When the window opened from which faults count, or will open; `None` before that is known.
    pub fn faults_from_ns(&self) -> Option<u64> {
        let opens_ns = self.words[FAULTS].load(Relaxed);
        (opens_ns != 0).then_some(opens_ns)
    }

    /// Whether the window has closed at `now_ns`.
    pub fn window_closed(&self, now_ns: u64) -> bool {
        now_ns >= self.window_closes_ns()
    }

    /// The publisher hands message `number` over to be sent. Returns whether there is room for it.
    pub fn hand_over(&self, number: u32, message: &Scheduled) -> bool {
        let Some(record) = self.record(number) else {
            return false;
        };
        record.hand_over(message);
        if self.in_window(message.due_ns) {
            self.feed(message.feed as usize)[0].fetch_add(1, Relaxed);
        }
        true
    }

    /// A message that was handed over will not be sent.
    pub fn give_up(&self, number: u32) {
        let message = self.record(number).and_then(MessageRecord::scheduled);
        if let Some(message) = message.filter(|message| self.in_window(message.due_ns)) {
            self.feed(message.feed as usize)[1].fetch_add(1, Relaxed);
        }
    }

    /// The server refused a message.
    pub fn refuse(&self, number: u32) {
        if self.record(number).is_some_and(MessageRecord::refuse) {
            self.give_up(number);
        }
    }

    /// A message's connection ended before the server's answer. It counts as given up until a
    /// delivery shows that it was published.
    pub fn lose_answer(&self, number: u32) {
        let record = self.record(number);
        if record.is_some_and(MessageRecord::lose_answer) {
            self.give_up(number);
        }
    }

    /// One more subscriber has a message of the window. Returns how many had it before.
    pub fn deliver(&self, record: MessageRecord<'_>) -> u64 {
        let (before, shows_it) = record.deliver();
        if let Some(message) = record.scheduled().filter(|_| shows_it) {
            self.feed(message.feed as usize)[1].fetch_sub(1, Relaxed);
        }
        before
    }

    /// Messages of the window so far that each subscriber of this feed should receive.
    pub fn published(&self, feed: usize) -> u64 {
        let [handed_over, given_up] = self.feed(feed);
        // Another process's failure may be visible before its message.
        let given_up = given_up.load(Relaxed);
        handed_over.load(Relaxed).saturating_sub(given_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(feed: u32, index: u32, due_ns: u64) -> Scheduled {
        Scheduled {
            due_ns,
            feed,
            index,
            text_hash: 7,
        }
    }

    #[test]
    fn published_is_what_was_handed_over_and_not_given_up() {
        let board = TrialBoard::new(2, 1, 8).unwrap();
        board.set_window(1_000, 2_000);
        let times = [(0, 1_500), (0, 1_600), (0, 1_700), (1, 999), (0, 2_000)];
        for (number, (feed, due_ns)) in (0..).zip(times) {
            assert!(board.hand_over(number, &message(feed, number, due_ns)));
        }
        for number in [1, 1, 4] {
            board.refuse(number);
        }
        assert_eq!((board.published(0), board.published(1)), (2, 0));
        board.give_up(2);
        assert_eq!(board.published(0), 1);
        assert!(!board.window_closed(1_999) && board.window_closed(2_000));
        board.clear_window();
        assert_eq!(board.published(0), 0);
        assert!(board.window_closed(0) && !board.in_window(0) && !board.in_window(1_500));
        assert!(!board.hand_over(8, &message(0, 8, 2_100)), "no room");
    }

    #[test]
    fn a_message_without_an_answer_is_published_once_a_delivery_shows_it() {
        let board = TrialBoard::new(1, 1, 4).unwrap();
        board.set_window(1_000, 2_000);
        for number in 0..3 {
            assert!(board.hand_over(number, &message(0, number, 1_500)));
            board.record(number).unwrap().send(1_600);
        }
        for number in [0, 0, 1] {
            board.lose_answer(number);
        }
        assert_eq!(board.published(0), 1);
        let record = board.record(0).unwrap();
        assert!(record.failed() && !record.published());
        assert_eq!([board.deliver(record), board.deliver(record)], [0, 1]);
        assert!(!record.failed() && record.published());
        assert_eq!((record.deliveries(), board.published(0)), (2, 2));
        board.lose_answer(0);
        assert_eq!(board.published(0), 2);
    }

    #[test]
    fn all_processes_share_the_record_of_a_message() {
        let ours = TrialBoard::new(1, 1, 4).unwrap();
        let theirs = TrialBoard::attach(&ours.path(), 1, 1).unwrap();
        assert_eq!(ours.texts().key, theirs.texts().key);
        let record = theirs.record(3).unwrap();
        assert_eq!((record.scheduled(), theirs.messages().count()), (None, 0));
        (0..4).for_each(|n| assert!(ours.hand_over(n, &message(0, n, 1_100 + u64::from(n)))));
        assert_eq!(record.scheduled(), Some(message(0, 3, 1_103)));
        assert_eq!(theirs.messages().count(), 4);
        assert!(!record.published());
        let own = ours.record(3).unwrap();
        assert!(own.send(1_900) && !own.send(2_000), "sent again");
        assert_eq!((record.sent_at_ns(), record.published()), (1_900, true));
        let deliver = |board: &TrialBoard| board.deliver(board.record(3).unwrap());
        assert_eq!(
            [deliver(&ours), deliver(&theirs), deliver(&ours)],
            [0, 1, 2]
        );
        ours.lose_answer(3);
        assert!(record.published(), "deliveries are the answer");
        ours.refuse(3);
        assert_eq!((record.deliveries(), record.published()), (3, false));
        assert!(theirs.record(4).is_none());
    }

    #[test]
    fn a_message_is_found_by_its_feed_and_its_time() {
        let board = TrialBoard::new(2, 1, 100).unwrap();
        for (number, due_ns) in (0..).zip([10, 20, 20, 30]) {
            board.hand_over(number, &message(number % 2, number / 2, due_ns));
        }
        for (feed, due_ns, number) in [
            (0, 10, Some(0)),
            (1, 20, Some(1)),
            (0, 20, Some(2)),
            (1, 30, Some(3)),
            (0, 30, None),
            (0, 15, None),
            (0, 0, None),
            (1, u64::MAX, None),
        ] {
            assert_eq!(board.number_by_time(feed, due_ns), number, "{due_ns}");
        }
    }

    #[test]
    fn gauges_of_workers_add_up_and_a_probes_do_not() {
        let board = TrialBoard::new(3, 2, 2).unwrap();
        for (worker, gauge, by) in [
            (0, Gauge::Joined, 3),
            (1, Gauge::Joined, 5),
            (1, Gauge::Joined, -1),
            (1, Gauge::Delivered, 40),
            (2, Gauge::Joined, 100),
        ] {
            board.add(worker, gauge, by);
        }
        let total = |gauge| board.total(gauge);
        assert_eq!((total(Gauge::Joined), total(Gauge::Delivered)), (7, 40));
        assert_eq!(total(Gauge::Connected) + total(Gauge::GaveUp), 0);
        board.set_window(0, u64::MAX);
        (0..2).for_each(|n| assert!(board.hand_over(n, &message(n, 0, 1))));
        assert_eq!((total(Gauge::Joined), total(Gauge::Delivered)), (7, 40));
    }
}
