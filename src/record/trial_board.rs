//! The window of a trial, what was published in it, and how far each worker is: one board that all
//! threads and processes of a load see.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::runtime::shared_memory::SharedMemory;

/// Sends remembered, a power of two: messages under way at the same time, and room so that they
/// hardly share a place. One that lost its place has no latency since its send and no place in the
/// fan-out; nothing else.
const SENDS: usize = 8_192;

/// Words that lie together in a line of the processor's cache, which only one worker should write.
const LINE: usize = 8;
/// Where in the board the feeds begin: behind the window itself, which everyone reads.
const FEEDS: usize = LINE;
const FEED_WORDS: usize = 2;
const SEND_WORDS: usize = 4;

/// Where in the board the sends begin, and behind them, on lines of their own, the gauges.
fn sends_at(feeds: usize) -> usize {
    FEEDS + (feeds * FEED_WORDS).next_multiple_of(LINE)
}

fn gauges_at(feeds: usize) -> usize {
    sends_at(feeds) + SENDS * SEND_WORDS
}

/// A figure of one worker that others may look at while it works. Only the worker writes it.
#[derive(Clone, Copy, Debug)]
pub enum Gauge {
    /// Subscribers that have been ready at least once.
    Joined,
    /// Subscribers ready now.
    Connected,
    /// Subscribers that could not connect and gave up.
    GaveUp,
    /// First deliveries since the trial began of messages that belonged to the window of their
    /// time: the warm-up's, and then the window's own.
    Delivered,
}

/// A delivery's place among those of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How late the message went out.
    pub lag_ns: u64,
    /// How many subscribers had it before.
    pub rank: u64,
}

/// The board. Times are CLOCK_MONOTONIC nanoseconds.
#[derive(Debug)]
pub struct TrialBoard {
    words: SharedMemory,
    feeds: usize,
    workers: usize,
}

impl TrialBoard {
    /// A window that is not open yet, for so many feeds and workers.
    pub fn new(feeds: usize, workers: usize) -> io::Result<Self> {
        let words = gauges_at(feeds) + (workers + 1) * LINE;
        let window = TrialBoard {
            words: SharedMemory::new(words)?,
            feeds,
            workers,
        };
        window.shut();
        Ok(window)
    }

    /// That of another process, which told its [`path`](Window::path) and its shape.
    pub fn open(path: &str, feeds: usize, workers: usize) -> io::Result<Self> {
        Ok(TrialBoard {
            words: SharedMemory::open(path)?,
            feeds,
            workers,
        })
    }

    /// Where another process finds it.
    pub fn path(&self) -> String {
        self.words.path()
    }

    /// Workers whose subscribers count. One more may take part beside them, as number `workers`: a
    /// probe.
    pub fn workers(&self) -> usize {
        self.workers
    }

    fn part<const N: usize>(&self, at: usize) -> &[AtomicU64; N] {
        self.words[at..][..N]
            .try_into()
            .expect("N words are N words")
    }

    /// Messages of a feed that were sent, and that failed.
    fn feed(&self, feed: usize) -> &[AtomicU64; FEED_WORDS] {
        self.part(FEEDS + feed * FEED_WORDS)
    }

    /// The place of a message among the sends (multiplicative hashing: Knuth, volume 3, 6.4): its
    /// intended time, how late it went out, and to how many it was delivered.
    fn send(&self, intended_at_ns: u64) -> &[AtomicU64; SEND_WORDS] {
        let hash = intended_at_ns.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SENDS.ilog2());
        self.part(sends_at(self.feeds) + hash as usize * SEND_WORDS)
    }

    /// A figure of one worker.
    pub fn gauge(&self, worker: usize, gauge: Gauge) -> &AtomicU64 {
        &self.words[gauges_at(self.feeds) + worker * LINE + gauge as usize]
    }

    /// Changes a worker's figure, by that worker: without the cost of an atomic addition.
    pub fn change(&self, worker: usize, gauge: Gauge, by: i64) {
        let gauge = self.gauge(worker, gauge);
        gauge.store(gauge.load(Relaxed).wrapping_add_signed(by), Relaxed);
    }

    /// A figure of all workers whose subscribers count.
    pub fn total(&self, gauge: Gauge) -> u64 {
        (0..self.workers)
            .map(|worker| self.gauge(worker, gauge).load(Relaxed))
            .sum()
    }

    /// A message goes out now.
    pub fn note_send(&self, intended_at_ns: u64, now_ns: u64) {
        let [of, lag_ns, rank, _] = self.send(intended_at_ns);
        of.store(0, Release);
        lag_ns.store(now_ns.saturating_sub(intended_at_ns), Release);
        rank.store(0, Release);
        of.store(intended_at_ns, Release);
    }

    /// A subscriber gets a message, which takes the next place in its fan-out if it is `ranked`.
    /// `None` where the send is not known any more.
    pub fn arrive(&self, intended_at_ns: u64, ranked: bool) -> Option<Arrival> {
        let [of, lag_ns, rank, _] = self.send(intended_at_ns);
        let known = || of.load(Acquire) == intended_at_ns;
        let arrival = known().then(|| Arrival {
            lag_ns: lag_ns.load(Acquire),
            rank: match ranked {
                true => rank.fetch_add(1, Relaxed),
                false => u64::MAX,
            },
        })?;
        known().then_some(arrival) // Unless another message took the place in between.
    }

    /// Sets the window to `opens_ns .. closes_ns`; nothing is published in it yet.
    pub fn set(&self, opens_ns: u64, closes_ns: u64) {
        let [opens, closes] = self.part(0);
        opens.store(u64::MAX, Relaxed);
        closes.store(closes_ns, Relaxed);
        (0..self.feeds)
            .flat_map(|feed| self.feed(feed))
            .for_each(|count| count.store(0, Relaxed));
        opens.store(opens_ns, Relaxed);
    }

    /// No message belongs to the window from here on, and it has closed, until it is set again.
    pub fn shut(&self) {
        self.set(u64::MAX, 0);
    }

    /// When the present window opens: tells windows apart.
    pub fn opens_ns(&self) -> u64 {
        self.words[0].load(Relaxed)
    }

    /// When the present window closes.
    pub fn closes_ns(&self) -> u64 {
        self.words[1].load(Relaxed)
    }

    /// A message belongs to the window when its intended time does.
    pub fn contains(&self, intended_at_ns: u64) -> bool {
        (self.opens_ns()..self.closes_ns()).contains(&intended_at_ns)
    }

    /// Whether the window has closed at `now_ns`.
    pub fn closed(&self, now_ns: u64) -> bool {
        now_ns >= self.closes_ns()
    }

    /// A message of a feed was handed to its author, who publishes it.
    pub fn sent(&self, feed: usize, intended_at_ns: u64) {
        if self.contains(intended_at_ns) {
            self.feed(feed)[0].fetch_add(1, Relaxed);
        }
    }

    /// A message that was handed over was not accepted.
    pub fn failed(&self, feed: usize, intended_at_ns: u64) {
        if self.contains(intended_at_ns) {
            self.feed(feed)[1].fetch_add(1, Relaxed);
        }
    }

    /// Messages of one feed that each of its subscribers should receive.
    pub fn published(&self, feed: usize) -> u64 {
        let [sent, failed] = self.feed(feed);
        sent.load(Relaxed).saturating_sub(failed.load(Relaxed))
    }

    /// Messages that the server did not accept, over all feeds.
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
        let window = TrialBoard::new(2, 1).unwrap();
        window.set(1_000, 2_000);
        (0..3).for_each(|_| window.sent(0, 1_500));
        window.failed(0, 1_500);
        window.sent(1, 999);
        window.failed(0, 2_000);
        assert_eq!((window.published(0), window.published(1)), (2, 0));
        assert_eq!(window.publish_failed(), 1);
        assert!(!window.closed(1_999) && window.closed(2_000));
        window.shut();
        assert_eq!(window.published(0), 0);
        assert!(window.closed(0) && !window.contains(0) && !window.contains(1_500));
    }

    #[test]
    fn deliveries_take_their_places_in_the_fan_out_whoever_they_belong_to() {
        let ours = TrialBoard::new(1, 1).unwrap();
        let theirs = TrialBoard::open(&ours.path(), 1, 1).unwrap();
        ours.note_send(1_100, 1_900);
        let arrival = |rank| Some(Arrival { lag_ns: 800, rank });
        assert_eq!(ours.arrive(1_100, true), arrival(0));
        assert_eq!(theirs.arrive(1_100, false), arrival(u64::MAX), "a probe");
        assert_eq!(theirs.arrive(1_100, true), arrival(1));
        assert_eq!(ours.arrive(1_200, true), None, "its send is not known");
    }

    #[test]
    fn gauges_of_workers_add_up_and_a_probes_do_not() {
        let window = TrialBoard::new(3, 2).unwrap();
        for (worker, gauge, by) in [
            (0, Gauge::Joined, 3),
            (1, Gauge::Joined, 5),
            (1, Gauge::Joined, -1),
            (1, Gauge::Delivered, 40),
            (2, Gauge::Joined, 100),
        ] {
            window.change(worker, gauge, by);
        }
        let total = |gauge| window.total(gauge);
        assert_eq!((total(Gauge::Joined), total(Gauge::Delivered)), (7, 40));
        assert_eq!(total(Gauge::Connected) + total(Gauge::GaveUp), 0);
        (0..SENDS as u64).for_each(|n| window.note_send(n * 7_919 + 1, n * 7_919 + 1));
        (0..3).for_each(|feed| window.sent(feed, 0));
        assert_eq!((total(Gauge::Joined), total(Gauge::Delivered)), (7, 40));
    }
}
