//! The window of a trial, what was published in it, and the progress of each worker: shared memory
//! of all threads and processes of the load on one host.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::runtime::shared_memory::SharedMemory;

/// Sends remembered: a power of two, well above the number of messages under way at once, so that
/// few share a slot. A message that lost its slot has no latency since its send and no rank in the
/// fan-out; all else is recorded.
const SENDS: usize = 8_192;

/// Words in a cache line. Only one worker should write to a line.
const LINE: usize = 8;
/// Where the feeds begin: after the window, which has a cache line of its own.
const FEEDS: usize = LINE;
const FEED_WORDS: usize = 2;
const SEND_WORDS: usize = 4;

/// Where the sends begin. After them come the gauges, a cache line each worker.
fn sends_at(feeds: usize) -> usize {
    FEEDS + (feeds * FEED_WORDS).next_multiple_of(LINE)
}

fn gauges_at(feeds: usize) -> usize {
    sends_at(feeds) + SENDS * SEND_WORDS
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
}

/// What the board knows about the message of one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When the message was sent.
    pub sent_at_ns: u64,
    /// Subscribers that had it before; `u64::MAX` for a delivery that is not ranked.
    pub rank: u64,
}

/// The shared state of a trial. Times are CLOCK_MONOTONIC nanoseconds.
#[derive(Debug)]
pub struct TrialBoard {
    words: SharedMemory,
    feeds: usize,
    workers: usize,
}

impl TrialBoard {
    /// A board without a window.
    pub fn new(feeds: usize, workers: usize) -> io::Result<Self> {
        let words = gauges_at(feeds) + (workers + 1) * LINE;
        let board = TrialBoard {
            words: SharedMemory::new(words)?,
            feeds,
            workers,
        };
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

    /// Workers whose subscribers count. The probe writes as one more, with this number.
    pub fn workers(&self) -> usize {
        self.workers
    }

    fn part<const N: usize>(&self, at: usize) -> &[AtomicU64; N] {
        self.words[at..][..N]
            .try_into()
            .expect("N words are N words")
    }

    /// Messages of a feed: handed to a publisher, and failed.
    fn feed(&self, feed: usize) -> &[AtomicU64; FEED_WORDS] {
        self.part(FEEDS + feed * FEED_WORDS)
    }

    /// The slot of a message: its intended time, when it was sent, its deliveries so far. The
    /// intended time is hashed by multiplication (Knuth, volume 3, section 6.4).
    fn send(&self, intended_at_ns: u64) -> &[AtomicU64; SEND_WORDS] {
        let hash = intended_at_ns.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SENDS.ilog2());
        self.part(sends_at(self.feeds) + hash as usize * SEND_WORDS)
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

    /// A message is sent now.
    pub fn record_send(&self, intended_at_ns: u64, now_ns: u64) {
        let [of, sent_at_ns, rank, _] = self.send(intended_at_ns);
        of.store(0, Release);
        sent_at_ns.store(now_ns, Release);
        rank.store(0, Release);
        of.store(intended_at_ns, Release);
    }

    /// A message reached a subscriber. A `ranked` delivery takes the next rank of the message. None
    /// if another message has taken the slot.
    pub fn record_arrival(&self, intended_at_ns: u64, ranked: bool) -> Option<Arrival> {
        let [of, sent_at_ns, rank, _] = self.send(intended_at_ns);
        let known = || of.load(Acquire) == intended_at_ns;
        let arrival = known().then(|| Arrival {
            sent_at_ns: sent_at_ns.load(Acquire),
            rank: match ranked {
                true => rank.fetch_add(1, Relaxed),
                false => u64::MAX,
            },
        })?;
        known().then_some(arrival) // Another message may have taken the slot in between.
    }

    /// Sets the window to `opens_ns .. closes_ns` and its published messages to 0.
    pub fn set_window(&self, opens_ns: u64, closes_ns: u64) {
        let [opens, closes] = self.part(0);
        opens.store(u64::MAX, Relaxed);
        closes.store(closes_ns, Relaxed);
        (0..self.feeds)
            .flat_map(|feed| self.feed(feed))
            .for_each(|count| count.store(0, Relaxed));
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

    /// When the window closes.
    pub fn window_closes_ns(&self) -> u64 {
        self.words[1].load(Relaxed)
    }

    /// Whether a message of this intended time belongs to the window.
    pub fn in_window(&self, intended_at_ns: u64) -> bool {
        (self.window_opens_ns()..self.window_closes_ns()).contains(&intended_at_ns)
    }

    /// Whether the window has closed at `now_ns`.
    pub fn window_closed(&self, now_ns: u64) -> bool {
        now_ns >= self.window_closes_ns()
    }

    /// Counts a message of the window that was handed to a publisher.
    pub fn add_published(&self, feed: usize, intended_at_ns: u64) {
        if self.in_window(intended_at_ns) {
            self.feed(feed)[0].fetch_add(1, Relaxed);
        }
    }

    /// Counts a message of the window that was handed to a publisher and not accepted.
    pub fn add_failed(&self, feed: usize, intended_at_ns: u64) {
        if self.in_window(intended_at_ns) {
            self.feed(feed)[1].fetch_add(1, Relaxed);
        }
    }

    /// Messages of the window that each subscriber of this feed should receive.
    pub fn published(&self, feed: usize) -> u64 {
        let [sent, failed] = self.feed(feed);
        // Another process's failure may be visible before its message.
        sent.load(Relaxed).saturating_sub(failed.load(Relaxed))
    }

    /// Messages of the window that were not accepted, over all feeds.
    pub fn publish_failed(&self) -> u64 {
        (0..self.feeds)
            .map(|feed| self.feed(feed)[1].load(Relaxed))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_is_what_was_sent_and_accepted() {
        let board = TrialBoard::new(2, 1).unwrap();
        board.set_window(1_000, 2_000);
        (0..3).for_each(|_| board.add_published(0, 1_500));
        board.add_failed(0, 1_500);
        board.add_published(1, 999);
        board.add_failed(0, 2_000);
        assert_eq!((board.published(0), board.published(1)), (2, 0));
        assert_eq!(board.publish_failed(), 1);
        assert!(!board.window_closed(1_999) && board.window_closed(2_000));
        board.clear_window();
        assert_eq!(board.published(0), 0);
        assert!(board.window_closed(0) && !board.in_window(0) && !board.in_window(1_500));
    }

    #[test]
    fn deliveries_of_all_processes_take_their_ranks_in_the_fan_out() {
        let ours = TrialBoard::new(1, 1).unwrap();
        let theirs = TrialBoard::attach(&ours.path(), 1, 1).unwrap();
        ours.record_send(1_100, 1_900);
        let arrival = |rank| {
            Some(Arrival {
                sent_at_ns: 1_900,
                rank,
            })
        };
        assert_eq!(ours.record_arrival(1_100, true), arrival(0));
        assert_eq!(
            theirs.record_arrival(1_100, false),
            arrival(u64::MAX),
            "a probe"
        );
        assert_eq!(theirs.record_arrival(1_100, true), arrival(1));
        assert_eq!(
            ours.record_arrival(1_200, true),
            None,
            "its send is not known"
        );
    }

    #[test]
    fn gauges_of_workers_add_up_and_a_probes_do_not() {
        let board = TrialBoard::new(3, 2).unwrap();
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
        (0..SENDS as u64).for_each(|n| board.record_send(n * 7_919 + 1, n * 7_919 + 1));
        (0..3).for_each(|feed| board.add_published(feed, 0));
        assert_eq!((total(Gauge::Joined), total(Gauge::Delivered)), (7, 40));
    }
}
