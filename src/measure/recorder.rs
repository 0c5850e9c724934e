//! The recorder: what one worker thread saw, as histograms and counters. No I/O, no locks.
//!
//! A worker's subscribers share one recorder; the recorders of all workers are merged at the end
//! (histograms are added up, percentiles never averaged).

use std::cell::RefCell;
use std::ops::AddAssign;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::histogram;
use super::meter::{Ledger, Traffic};
use super::sequence::{Delivery, Sequence};
use crate::feed::Message;

/// The window of a trial, and what was published into each feed: shared by all threads.
#[derive(Debug)]
pub struct Window {
    opens_ns: AtomicU64,
    closes_ns: AtomicU64,
    feeds: Vec<Published>,
    sends: Vec<Send>,
}

/// When a message really went out: the publisher notes it, every subscriber looks it up.
#[derive(Debug, Default)]
struct Send {
    intended_at_ns: AtomicU64,
    lag_ns: AtomicU64,
}

/// Sends remembered, a power of two: messages under way at the same time, and room so that they
/// hardly share a place. One that lost its place has no latency since its send; nothing else.
const SENDS: usize = 8_192;

/// Messages of one feed that are due in the window.
#[derive(Debug, Default)]
struct Published {
    sent: AtomicU64,
    failed: AtomicU64,
}

impl Window {
    /// A window that is not open yet.
    pub fn new(feeds: usize) -> Self {
        Window {
            opens_ns: AtomicU64::new(u64::MAX),
            closes_ns: AtomicU64::new(u64::MAX),
            feeds: (0..feeds).map(|_| Published::default()).collect(),
            sends: (0..SENDS).map(|_| Send::default()).collect(),
        }
    }

    /// The place of a message among the sends (multiplicative hashing: Knuth, volume 3, 6.4).
    fn send(&self, intended_at_ns: u64) -> &Send {
        let hash = intended_at_ns.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &self.sends[(hash >> (64 - SENDS.ilog2())) as usize]
    }

    /// A message goes out now.
    fn note_send(&self, intended_at_ns: u64, now_ns: u64) {
        let send = self.send(intended_at_ns);
        send.intended_at_ns.store(0, Release);
        send.lag_ns
            .store(now_ns.saturating_sub(intended_at_ns), Release);
        send.intended_at_ns.store(intended_at_ns, Release);
    }

    /// How late a message went out, if that is still known.
    fn lag_ns(&self, intended_at_ns: u64) -> Option<u64> {
        let send = self.send(intended_at_ns);
        let known = || send.intended_at_ns.load(Acquire) == intended_at_ns;
        let lag_ns = known().then(|| send.lag_ns.load(Acquire))?;
        known().then_some(lag_ns) // Unless another message took the place in between.
    }

    /// Sets the window to `opens_ns .. closes_ns`; nothing is published in it yet.
    pub fn set(&self, opens_ns: u64, closes_ns: u64) {
        self.opens_ns.store(u64::MAX, Relaxed);
        self.closes_ns.store(closes_ns, Relaxed);
        self.feeds.iter().for_each(|feed| {
            feed.sent.store(0, Relaxed);
            feed.failed.store(0, Relaxed);
        });
        self.opens_ns.store(opens_ns, Relaxed);
    }

    /// No message belongs to the window from here on, until it is set again.
    pub fn shut(&self) {
        self.set(u64::MAX, u64::MAX);
    }

    /// When the present window opens: tells windows apart.
    pub fn opens_ns(&self) -> u64 {
        self.opens_ns.load(Relaxed)
    }

    /// A message belongs to the window when its intended time does.
    pub fn contains(&self, intended_at_ns: u64) -> bool {
        (self.opens_ns.load(Relaxed)..self.closes_ns.load(Relaxed)).contains(&intended_at_ns)
    }

    /// A message of a feed was handed to its author, who publishes it.
    pub fn sent(&self, feed: usize, intended_at_ns: u64) {
        if self.contains(intended_at_ns) {
            self.feeds[feed].sent.fetch_add(1, Relaxed);
        }
    }

    /// A message that was handed over was not accepted.
    pub fn failed(&self, feed: usize, intended_at_ns: u64) {
        if self.contains(intended_at_ns) {
            self.feeds[feed].failed.fetch_add(1, Relaxed);
        }
    }

    /// Messages of one feed that each of its subscribers should receive.
    pub fn published(&self, feed: usize) -> u64 {
        let Published { sent, failed } = &self.feeds[feed];
        sent.load(Relaxed).saturating_sub(failed.load(Relaxed))
    }

    /// Messages that the server did not accept, over all feeds.
    pub fn publish_failed(&self) -> u64 {
        self.feeds
            .iter()
            .map(|feed| feed.failed.load(Relaxed))
            .sum()
    }

    /// Whether the window has closed at `now_ns`.
    pub fn closed(&self, now_ns: u64) -> bool {
        now_ns >= self.closes_ns.load(Relaxed)
    }
}

/// Figures of one worker that another thread may look at while it works. Only the worker writes.
#[derive(Debug, Default)]
pub struct Gauges {
    /// Subscribers that have been ready at least once.
    pub joined: AtomicU64,
    /// Subscribers ready now.
    pub connected: AtomicU64,
    /// Subscribers that could not connect and gave up.
    pub gave_up: AtomicU64,
    /// First deliveries since the trial began of messages that belonged to the window of their
    /// time: the warm-up's, and then the window's own.
    pub delivered: AtomicU64,
}

impl Gauges {
    /// Changes a gauge by its one writer: without the cost of an atomic addition.
    pub fn change(gauge: &AtomicU64, by: i64) {
        gauge.store(gauge.load(Relaxed).wrapping_add_signed(by), Relaxed);
    }
}

/// What is counted while the ledger is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Messages of the window, each counted once for a subscriber.
    pub delivered: u64,
    pub duplicate: u64,
    pub reordered: u64,
    /// Deliveries before their intended time: clocks that don't agree.
    pub negative: u64,
    /// `text` of messages, both ways.
    pub payload_bytes: u64,
    /// JSON, both ways: payload and envelope.
    pub json_bytes: u64,
    pub exchanges: u64,
    pub empty_exchanges: u64,
    /// Connections that ended without being asked to.
    pub reconnects: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.delivered += other.delivered;
        self.duplicate += other.duplicate;
        self.reordered += other.reordered;
        self.negative += other.negative;
        self.payload_bytes += other.payload_bytes;
        self.json_bytes += other.json_bytes;
        self.exchanges += other.exchanges;
        self.empty_exchanges += other.empty_exchanges;
        self.reconnects += other.reconnects;
    }
}

/// Everything that a recorder holds, ready to be merged with others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    pub counts: Counts,
    pub traffic: Traffic,
    /// Delivery latency, ns.
    #[serde(with = "histogram")]
    pub latency: Histogram<u64>,
    /// Delivered at − really sent at, ns: what is left of the latency without the publish lag.
    #[serde(with = "histogram")]
    pub since_send: Histogram<u64>,
    /// Delivered at − published at (the server's stamp), ns.
    #[serde(with = "histogram")]
    pub transit: Histogram<u64>,
    #[serde(with = "histogram")]
    pub connect: Histogram<u64>,
    #[serde(with = "histogram")]
    pub publish_lag: Histogram<u64>,
}

impl Default for Recording {
    fn default() -> Self {
        Recording {
            counts: Counts::default(),
            traffic: Traffic::default(),
            latency: histogram::exact(),
            since_send: histogram::exact(),
            transit: histogram::exact(),
            connect: histogram::exact(),
            publish_lag: histogram::exact(),
        }
    }
}

impl Recording {
    /// Adds another worker's recording.
    pub fn merge(&mut self, other: &Recording) {
        self.counts += other.counts;
        self.traffic += other.traffic;
        self.latency += &other.latency;
        self.since_send += &other.since_send;
        self.transit += &other.transit;
        self.connect += &other.connect;
        self.publish_lag += &other.publish_lag;
    }
}

/// What one worker saw in one second.
#[derive(Clone, Debug)]
pub struct Second {
    /// Delivery latency of all messages that arrived in it, ns.
    pub latency: Histogram<u64>,
    pub published: u64,
    /// Bytes down and up since the trial began.
    pub bytes: (u64, u64),
}

#[derive(Debug)]
struct State {
    recording: Recording,
    opened_at: Traffic,
    second: Histogram<u64>,
    second_published: u64,
}

/// The recorder of one worker thread.
#[derive(Debug)]
pub struct Recorder {
    pub window: Arc<Window>,
    pub gauges: Arc<Gauges>,
    pub ledger: Rc<Ledger>,
    state: RefCell<State>,
}

impl Recorder {
    pub fn new(window: Arc<Window>, gauges: Arc<Gauges>) -> Self {
        Recorder {
            window,
            gauges,
            ledger: Rc::default(),
            state: RefCell::new(State {
                recording: Recording::default(),
                opened_at: Traffic::default(),
                second: histogram::coarse(),
                second_published: 0,
            }),
        }
    }

    /// Forgets what ramp-up and warm-up recorded, except the connect times.
    pub fn open_ledger(&self) {
        let state = &mut *self.state.borrow_mut();
        let connect = std::mem::replace(&mut state.recording.connect, histogram::exact());
        state.recording = Recording {
            connect,
            ..Recording::default()
        };
        state.opened_at = self.ledger.traffic();
    }

    /// Everything since the ledger was opened.
    pub fn recording(&self) -> Recording {
        let state = self.state.borrow();
        let mut recording = state.recording.clone();
        recording.traffic = self.ledger.traffic() - state.opened_at;
        recording
    }

    /// The second that ends now.
    pub fn end_second(&self) -> Second {
        let state = &mut *self.state.borrow_mut();
        Second {
            latency: std::mem::replace(&mut state.second, histogram::coarse()),
            published: std::mem::take(&mut state.second_published),
            bytes: self.ledger.bytes(),
        }
    }

    /// One message was decoded by a subscriber at `at_ns`. Returns whether it was a fresh one of
    /// the window.
    pub fn deliver(&self, sequence: &mut Sequence, message: &Message<'_>, at_ns: u64) -> bool {
        let state = &mut *self.state.borrow_mut();
        let counts = &mut state.recording.counts;
        counts.payload_bytes += message.text.len() as u64;
        match sequence.see(message.seq) {
            Delivery::Fresh => {}
            Delivery::Reordered => counts.reordered += 1,
            Delivery::Duplicate => {
                counts.duplicate += 1;
                return false;
            }
        }
        // Without an intended time it is somebody else's, and with a kind it is nobody's text.
        if message.intended_at_ns == 0 || message.kind.is_some() {
            return false;
        }
        let latency_ns = at_ns.saturating_sub(message.intended_at_ns);
        state.second.saturating_record(latency_ns);
        if !self.window.contains(message.intended_at_ns) {
            return false;
        }
        Gauges::change(&self.gauges.delivered, 1);
        counts.delivered += 1;
        counts.negative += u64::from(at_ns < message.intended_at_ns);
        state.recording.latency.saturating_record(latency_ns);
        if let Some(lag_ns) = self.window.lag_ns(message.intended_at_ns) {
            state
                .recording
                .since_send
                .saturating_record(latency_ns.saturating_sub(lag_ns));
        }
        if let Some(transit_ns) = at_ns.checked_sub(message.published_at_ns) {
            state.recording.transit.saturating_record(transit_ns);
        }
        true
    }

    /// JSON came in or went out, of which `payload` bytes that [`Recorder::deliver`] does not see
    /// were the text of a message going up.
    pub fn json(&self, bytes: usize, payload: usize) {
        let counts = &mut self.state.borrow_mut().recording.counts;
        counts.json_bytes += bytes as u64;
        counts.payload_bytes += payload as u64;
    }

    /// One HTTP exchange ended.
    pub fn exchange(&self, empty: bool) {
        let counts = &mut self.state.borrow_mut().recording.counts;
        counts.exchanges += 1;
        counts.empty_exchanges += u64::from(empty);
    }

    /// A subscriber became ready after `connect_ns` of dialling; `first` if it never was before.
    pub fn connected(&self, connect_ns: u64, first: bool) {
        Gauges::change(&self.gauges.connected, 1);
        if first {
            Gauges::change(&self.gauges.joined, 1);
            self.state
                .borrow_mut()
                .recording
                .connect
                .saturating_record(connect_ns);
        }
    }

    /// A subscriber that was ready lost its connection.
    pub fn disconnected(&self) {
        Gauges::change(&self.gauges.connected, -1);
        self.state.borrow_mut().recording.counts.reconnects += 1;
    }

    /// A message that was due at `intended_at_ns` goes out now.
    pub fn published(&self, intended_at_ns: u64, now_ns: u64) {
        let state = &mut *self.state.borrow_mut();
        let lag_ns = now_ns.saturating_sub(intended_at_ns);
        state.recording.publish_lag.saturating_record(lag_ns);
        state.second_published += 1;
        self.window.note_send(intended_at_ns, now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: u64, intended_at_ns: u64) -> Message<'static> {
        Message {
            seq,
            from: "sensor-1".into(),
            text: "12345".into(),
            intended_at_ns,
            published_at_ns: intended_at_ns + 10,
            kind: None,
        }
    }

    fn recorder() -> Recorder {
        let recorder = Recorder::new(Arc::new(Window::new(1)), Arc::default());
        recorder.window.set(1_000, 2_000);
        recorder
    }

    #[test]
    fn a_message_belongs_to_the_window_by_its_intended_time() {
        let (recorder, mut sequence) = (recorder(), Sequence::default());
        assert!(!recorder.deliver(&mut sequence, &message(1, 999), 1_500));
        assert!(recorder.deliver(&mut sequence, &message(2, 1_000), 1_600));
        assert!(
            recorder.deliver(&mut sequence, &message(3, 1_999), 9_000),
            "however late"
        );
        assert!(!recorder.deliver(&mut sequence, &message(4, 2_000), 2_001));
        assert!(
            !recorder.deliver(&mut sequence, &message(4, 1_500), 2_001),
            "a duplicate"
        );
        let recording = recorder.recording();
        assert_eq!(recording.counts.delivered, 2);
        assert_eq!(recording.counts.duplicate, 1);
        assert_eq!((recording.latency.min(), recording.latency.len()), (600, 2));
        assert!(recording.latency.equivalent(recording.latency.max(), 7_001));
        assert_eq!(recording.transit.min(), 590);
        assert_eq!(recorder.gauges.delivered.load(Relaxed), 2);
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_from_the_send_apart() {
        let (recorder, mut sequence) = (recorder(), Sequence::default());
        recorder.published(1_100, 1_900);
        recorder.deliver(&mut sequence, &message(1, 1_100), 1_960);
        recorder.deliver(&mut sequence, &message(2, 1_200), 1_960);
        let recording = recorder.recording();
        assert_eq!(
            (recording.latency.min(), recording.latency.max()),
            (760, 860)
        );
        assert_eq!(
            recording.since_send.len(),
            1,
            "the other's send is not known"
        );
        assert_eq!(recording.since_send.max(), 60);
    }

    #[test]
    fn opening_the_ledger_keeps_only_the_connect_times() {
        let (recorder, mut sequence) = (recorder(), Sequence::default());
        recorder.connected(5_000, true);
        recorder.published(1_000, 1_200);
        recorder.deliver(&mut sequence, &message(1, 1_100), 1_200);
        recorder.exchange(true);
        recorder.json(100, 0);
        recorder.open_ledger();
        let recording = recorder.recording();
        assert_eq!(recording.counts, Counts::default());
        assert_eq!((recording.latency.len(), recording.connect.len()), (0, 1));
        assert_eq!(recorder.end_second().published, 1, "the timeline goes on");
    }

    #[test]
    fn recordings_merge_by_adding_up_and_negative_latencies_are_counted() {
        let (recorder, mut sequence) = (recorder(), Sequence::default());
        recorder.deliver(&mut sequence, &message(1, 1_500), 1_400);
        let mut sum = recorder.recording();
        sum.merge(&recorder.recording());
        assert_eq!(
            (sum.counts.negative, sum.counts.delivered, sum.latency.len()),
            (2, 2, 2)
        );
    }

    #[test]
    fn published_is_what_was_sent_and_accepted() {
        let recorder = recorder();
        recorder.published(1_000, 1_250);
        (0..3).for_each(|_| recorder.window.sent(0, 1_500));
        recorder.window.failed(0, 1_500);
        recorder.window.sent(0, 999);
        recorder.window.failed(0, 2_000);
        assert_eq!(recorder.window.published(0), 2);
        assert_eq!(recorder.window.publish_failed(), 1);
        assert!(
            recorder
                .recording()
                .publish_lag
                .equivalent(250, recorder.recording().publish_lag.max())
        );
        assert!(!recorder.window.closed(1_999) && recorder.window.closed(2_000));
    }
}
