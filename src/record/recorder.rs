//! The recorder of one worker thread: histograms and counters. No I/O, no locks.
//!
//! A worker's subscribers share one recorder. The recordings of all workers are merged at the end:
//! histograms are added up, percentiles are never averaged. Latencies are signed: a delivery before
//! its intended time is counted as negative and is in no histogram.

use std::cell::RefCell;
use std::sync::Arc;

use hdrhistogram::Histogram;

use crate::feed::Message;
use crate::record::byte_counts::ByteCounts;
use crate::record::histogram;
use crate::record::recording::{Counts, Fairness, Recording, WorkerSecond};
use crate::record::sequence::{Delivery, Sequence};
use crate::record::trial_board::{Gauge, TrialBoard};
use crate::runtime::prefetch;

/// One subscriber's figures of one window, in one cache line: with thousands of subscribers, the
/// next delivery needs a line that is in no cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct WindowStats {
    /// When that window opens.
    window_opens_ns: u64,
    delivered: u64,
    /// Sum over the deliveries, negative ones included.
    latency_ns: i64,
    /// When the newest delivery was.
    delivered_at_ns: u64,
    /// Time without the newest message.
    stale_ns: u64,
}

/// What a subscriber holds for its recorder.
#[derive(Debug)]
pub struct SubscriberStats {
    pub sequence: Sequence,
    /// Subscribers of its feed.
    readers: u32,
    /// Its place in `State::windows`.
    index: usize,
}

#[derive(Debug)]
struct State {
    recording: Recording,
    windows: Vec<WindowStats>,
    /// The byte counts when the ledger was opened.
    opened_at: ByteCounts,
    second: Histogram<u64>,
    second_published: u64,
}

/// The recorder of one worker thread.
#[derive(Debug)]
pub struct Recorder {
    pub board: Arc<TrialBoard>,
    /// This worker's number.
    worker: usize,
    state: RefCell<State>,
}

impl Recorder {
    /// The recorder of worker number `worker`. The probe, whose number is [`TrialBoard::workers`],
    /// takes no rank in the fan-out.
    pub fn new(board: Arc<TrialBoard>, worker: usize) -> Self {
        Recorder {
            board,
            worker,
            state: RefCell::new(State {
                recording: Recording::default(),
                windows: Vec::new(),
                opened_at: ByteCounts::default(),
                second: histogram::coarse(),
                second_published: 0,
            }),
        }
    }

    /// Adds a subscriber of a feed that has `readers` of them.
    pub fn stats(&self, readers: u64) -> SubscriberStats {
        let windows = &mut self.state.borrow_mut().windows;
        windows.push(WindowStats::default());
        SubscriberStats {
            sequence: Sequence::default(),
            readers: u32::try_from(readers).expect("fewer than 2³² subscribers"),
            index: windows.len() - 1,
        }
    }

    /// Messages of the board's window that a subscriber has.
    pub fn received(&self, stats: &SubscriberStats) -> u64 {
        let window = &self.state.borrow().windows[stats.index];
        match window.window_opens_ns == self.board.window_opens_ns() {
            true => window.delivered,
            false => 0,
        }
    }

    /// Forgets what ramp-up and warm-up recorded, except the connect times. `traffic` is the
    /// worker's byte counts now.
    pub fn open_ledger(&self, traffic: ByteCounts) {
        let state = &mut *self.state.borrow_mut();
        let connect = std::mem::replace(&mut state.recording.connect, histogram::exact());
        state.recording = Recording {
            connect,
            ..Recording::default()
        };
        state.opened_at = traffic;
    }

    /// Everything since the ledger was opened. `traffic` is the worker's byte counts now, `set_up`
    /// those of connections until their subscribers were ready.
    pub fn recording(&self, traffic: ByteCounts, set_up: ByteCounts) -> Recording {
        let state = self.state.borrow();
        let mut recording = state.recording.clone();
        recording.traffic = traffic - state.opened_at;
        recording.set_up = set_up;
        let opens_ns = self.board.window_opens_ns();
        let of_window = |window: &&WindowStats| window.window_opens_ns == opens_ns;
        for window in state.windows.iter().filter(of_window) {
            recording.counts.stale_ns += window.stale_ns;
            let mean_us = window.latency_ns as f64 / window.delivered as f64 / 1e3;
            recording.fairness += Fairness::of(mean_us);
        }
        recording
    }

    /// The second that ends now. `bytes` are the worker's down and up since the trial began.
    pub fn end_second(&self, bytes: (u64, u64)) -> WorkerSecond {
        let state = &mut *self.state.borrow_mut();
        WorkerSecond {
            latency: std::mem::replace(&mut state.second, histogram::coarse()),
            published: std::mem::take(&mut state.second_published),
            bytes,
        }
    }

    /// Loads the memory that the next [`Recorder::deliver`] of this subscriber needs.
    pub fn prefetch(&self, stats: &SubscriberStats) {
        prefetch::fetch(&self.state.borrow().windows[stats.index]);
    }

    /// A subscriber decoded a message at `at_ns`.
    pub fn deliver(&self, stats: &mut SubscriberStats, message: &Message<'_>, at_ns: u64) {
        let state = &mut *self.state.borrow_mut();
        let counts = &mut state.recording.counts;
        counts.payload_bytes += message.text.len() as u64;
        match stats.sequence.record(message.seq) {
            Delivery::Fresh => {}
            Delivery::Reordered => counts.reordered += 1,
            Delivery::Duplicate => {
                counts.duplicate += 1;
                return;
            }
        }
        // Without an intended time it is not the load's; with a kind it is a join or a leave.
        if message.intended_at_ns == 0 || message.kind.is_some() {
            return;
        }
        let latency_ns = at_ns.checked_sub(message.intended_at_ns);
        record(&mut state.second, latency_ns);
        if !self.board.in_window(message.intended_at_ns) {
            return;
        }
        self.board.add(self.worker, Gauge::Delivered, 1);
        counts.delivered += 1;
        counts.negative += u64::from(latency_ns.is_none());
        let recording = &mut state.recording;
        record(&mut recording.latency, latency_ns);
        let transit_ns = at_ns.checked_sub(message.published_at_ns);
        record(&mut recording.transit, transit_ns);
        let ranked = self.worker < self.board.workers();
        if let Some(arrival) = self.board.record_arrival(message.intended_at_ns, ranked) {
            let since_send_ns = at_ns.checked_sub(arrival.sent_at_ns);
            record(&mut recording.since_send, since_send_ns);
            let last = u64::from(stats.readers - 1);
            let ranks = [0, last / 2, last];
            for (rank, fan_out) in ranks.into_iter().zip(&mut recording.fan_out) {
                if arrival.rank == rank {
                    record(&mut fan_out.0, latency_ns);
                }
            }
        }
        state.windows[stats.index].deliver(&self.board, message.intended_at_ns, at_ns);
    }

    /// JSON was received or sent. `payload` is the text of a message that was sent, in bytes;
    /// [`Recorder::deliver`] counts that of received ones.
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

    /// Adds to the counts.
    pub fn count(&self, add: impl FnOnce(&mut Counts)) {
        add(&mut self.state.borrow_mut().recording.counts);
    }

    /// A heartbeat took so many bytes both ways.
    pub fn heartbeat(&self, bytes: usize) {
        let counts = &mut self.state.borrow_mut().recording.counts;
        counts.heartbeats += 1;
        counts.heartbeat_bytes += bytes as u64;
    }

    /// The worker's event loop was late by `lag_ns`. For `stall_ns` of it, no process of the trial
    /// worked.
    pub fn looped(&self, lag_ns: u64, stall_ns: u64) {
        let recording = &mut self.state.borrow_mut().recording;
        recording.loop_lag.saturating_record(lag_ns);
        recording.loop_stall.saturating_record(stall_ns);
    }

    /// The worker begins in this process.
    pub fn add_process(&self) {
        let pid = std::process::id();
        self.board.add(self.worker, Gauge::Process, i64::from(pid));
    }

    /// A subscriber gave up connecting.
    pub fn gave_up(&self) {
        self.board.add(self.worker, Gauge::GaveUp, 1);
    }

    /// A subscriber became ready `connect_ns` after dialling; `first` if it never was before.
    pub fn connected(&self, connect_ns: u64, first: bool) {
        self.board.add(self.worker, Gauge::Connected, 1);
        if first {
            self.board.add(self.worker, Gauge::Joined, 1);
            self.state
                .borrow_mut()
                .recording
                .connect
                .saturating_record(connect_ns);
        }
    }

    /// A subscriber that was ready lost its connection.
    pub fn disconnected(&self) {
        self.board.add(self.worker, Gauge::Connected, -1);
        self.state.borrow_mut().recording.counts.reconnects += 1;
    }

    /// A message that is due at `intended_at_ns` is sent now.
    pub fn published(&self, intended_at_ns: u64, now_ns: u64) {
        let state = &mut *self.state.borrow_mut();
        let lag_ns = now_ns.checked_sub(intended_at_ns);
        state.recording.counts.negative += u64::from(lag_ns.is_none());
        record(&mut state.recording.publish_lag, lag_ns);
        state.second_published += 1;
        self.board.record_send(intended_at_ns, now_ns);
    }
}

/// Records a time that is not negative. One above the histogram's range counts as its highest.
fn record(histogram: &mut Histogram<u64>, ns: Option<u64>) {
    if let Some(ns) = ns {
        histogram.saturating_record(ns);
    }
}

impl WindowStats {
    /// Adds the first delivery of a message of the window.
    fn deliver(&mut self, board: &TrialBoard, intended_at_ns: u64, at_ns: u64) {
        let opens_ns = board.window_opens_ns();
        if self.window_opens_ns != opens_ns {
            *self = WindowStats {
                window_opens_ns: opens_ns,
                ..WindowStats::default()
            };
        }
        self.delivered += 1;
        // Wraps to the signed difference. A chat also records what others claim as their times.
        let latency_ns = at_ns.wrapping_sub(intended_at_ns) as i64;
        self.latency_ns = self.latency_ns.wrapping_add(latency_ns);
        let stale_from_ns = intended_at_ns.max(self.delivered_at_ns);
        let stale_to_ns = at_ns.min(board.window_closes_ns());
        // 0 where the interval is empty: the delivery before this one was as new.
        self.stale_ns += stale_to_ns.saturating_sub(stale_from_ns);
        self.delivered_at_ns = self.delivered_at_ns.max(at_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::recording::FanOut;

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
        let recorder = Recorder::new(Arc::new(TrialBoard::new(1, 1).unwrap()), 0);
        recorder.board.set_window(1_000, 2_000);
        recorder
    }

    fn recording(recorder: &Recorder) -> Recording {
        recorder.recording(ByteCounts::default(), ByteCounts::default())
    }

    #[test]
    fn a_message_belongs_to_the_window_by_its_intended_time() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        let mut deliver = |seq, intended_at_ns, at_ns| {
            recorder.deliver(&mut stats, &message(seq, intended_at_ns), at_ns);
            recorder.received(&stats)
        };
        assert_eq!(deliver(1, 999, 1_500), 0);
        assert_eq!(deliver(2, 1_000, 1_600), 1);
        assert_eq!(deliver(3, 1_999, 9_000), 2, "however late");
        assert_eq!(deliver(4, 2_000, 2_001), 2);
        assert_eq!(deliver(4, 1_500, 2_001), 2, "a duplicate");
        let recording = recording(&recorder);
        assert_eq!(recording.counts.delivered, 2);
        assert_eq!(recording.counts.duplicate, 1);
        assert_eq!((recording.latency.min(), recording.latency.len()), (600, 2));
        assert!(recording.latency.equivalent(recording.latency.max(), 7_001));
        assert_eq!(recording.transit.min(), 590);
        assert_eq!(recorder.board.total(Gauge::Delivered), 2);
        recorder.board.set_window(2_000, 3_000);
        assert_eq!(recorder.received(&stats), 0, "another window");
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_from_the_send_apart() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        recorder.published(1_100, 1_900);
        recorder.deliver(&mut stats, &message(1, 1_100), 1_960);
        recorder.deliver(&mut stats, &message(2, 1_200), 1_960);
        let recording = recording(&recorder);
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
    fn the_first_the_median_and_the_last_subscriber_of_a_message_are_apart() {
        let recorder = recorder();
        let mut all: Vec<_> = (0..5).map(|_| recorder.stats(5)).collect();
        recorder.published(1_100, 1_100);
        for (stats, at_ns) in all.iter_mut().zip([1_101, 1_110, 1_120, 1_130, 1_199]) {
            recorder.deliver(stats, &message(1, 1_100), at_ns);
        }
        let latencies = recording(&recorder).fan_out.map(|FanOut(place)| {
            assert_eq!(place.len(), 1);
            place.max()
        });
        assert_eq!(latencies, [1, 20, 99]);
        let probe = Recorder::new(recorder.board.clone(), 1);
        let mut stats = probe.stats(1);
        recorder.published(1_200, 1_200);
        probe.deliver(&mut stats, &message(2, 1_200), 1_201);
        assert_eq!(recording(&probe).fan_out[0].0.len(), 0, "it takes no place");
        recorder.deliver(&mut all[0], &message(2, 1_200), 1_202);
        assert_eq!(recording(&recorder).fan_out[0].0.len(), 2);
    }

    #[test]
    fn a_subscriber_is_stale_while_it_lacks_the_newest_message() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        let stale_ns = || recording(&recorder).counts.stale_ns;
        recorder.deliver(&mut stats, &message(1, 1_100), 1_150);
        assert_eq!(stale_ns(), 50);
        // Two that come together: stale since the first of them was due.
        recorder.deliver(&mut stats, &message(2, 1_200), 1_400);
        recorder.deliver(&mut stats, &message(3, 1_300), 1_400);
        assert_eq!(stale_ns(), 250);
        // Due before the previous delivery; and what is beyond the window does not count.
        recorder.deliver(&mut stats, &message(4, 1_350), 1_410);
        recorder.deliver(&mut stats, &message(5, 1_900), 2_500);
        assert_eq!(stale_ns(), 250 + 10 + 100);
    }

    #[test]
    fn any_intended_time_is_recorded() {
        let recorder = recorder();
        recorder.board.set_window(0, u64::MAX);
        let mut stats = recorder.stats(1);
        for (seq, intended_at_ns) in [(1, 1 << 63), (2, u64::MAX - 10), (3, 1 << 63), (4, 1)] {
            recorder.deliver(&mut stats, &message(seq, intended_at_ns), 5);
        }
        let recording = recording(&recorder);
        assert_eq!(recording.counts.delivered, 4);
        assert_eq!((recording.counts.negative, recording.latency.max()), (3, 4));
    }

    #[test]
    fn fairness_compares_the_subscribers_means() {
        let recorder = recorder();
        let mut all = [recorder.stats(3), recorder.stats(3), recorder.stats(3)];
        assert_eq!(recording(&recorder).fairness.index(), None);
        for (stats, latencies_ns) in all.iter_mut().zip([[100, 300], [200, 200]]) {
            recorder.deliver(stats, &message(1, 1_000), 1_000 + latencies_ns[0]);
            recorder.deliver(stats, &message(2, 1_500), 1_500 + latencies_ns[1]);
        }
        let alike = recording(&recorder).fairness;
        assert_eq!((alike.clients, alike.index()), (2, Some(1.0)));
        recorder.deliver(&mut all[2], &message(1, 1_000), 1_800);
        let mut uneven = recording(&recorder).fairness;
        assert_eq!((uneven.best_us, uneven.worst_us), (0.2, 0.8));
        let index = uneven.index().unwrap();
        assert!((index - 1.2 * 1.2 / (3.0 * 0.72)).abs() < 1e-9, "{index}");
        uneven += uneven;
        assert!((uneven.index().unwrap() - index).abs() < 1e-9);
    }

    #[test]
    fn opening_the_ledger_keeps_only_the_connect_times() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        recorder.connected(5_000, true);
        recorder.published(1_000, 1_200);
        recorder.deliver(&mut stats, &message(1, 1_100), 1_200);
        recorder.exchange(true);
        recorder.json(100, 0);
        recorder.heartbeat(8);
        let before = ByteCounts {
            up_bytes: 40,
            ..ByteCounts::default()
        };
        recorder.open_ledger(before);
        recorder.board.set_window(3_000, 4_000);
        let recording = recorder.recording(before, before);
        assert_eq!(recording.traffic, ByteCounts::default());
        assert_eq!(recording.set_up, before);
        assert_eq!(recording.counts, Counts::default());
        assert_eq!(recording.fairness, Fairness::default());
        assert_eq!((recording.latency.len(), recording.connect.len()), (0, 1));
        assert_eq!(
            recorder.end_second((0, 0)).published,
            1,
            "the timeline goes on"
        );
    }

    #[test]
    fn recordings_merge_by_adding_up() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        recorder.deliver(&mut stats, &message(1, 1_500), 1_600);
        recorder.published(1_000, 1_250);
        let mut sum = recording(&recorder);
        sum.merge(&recording(&recorder));
        assert_eq!((sum.counts.delivered, sum.latency.len()), (2, 2));
        assert!(sum.publish_lag.equivalent(250, sum.publish_lag.max()));
    }

    #[test]
    fn negative_latencies_are_counted_and_never_recorded_as_zero() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        recorder.published(1_500, 1_300);
        recorder.deliver(&mut stats, &message(1, 1_500), 1_400);
        recorder.deliver(&mut stats, &message(2, 1_600), 1_900);
        let recording = recording(&recorder);
        assert_eq!(recording.counts.negative, 2, "one sent, one delivered");
        assert_eq!(recording.counts.delivered, 2);
        let latency = &recording.latency;
        assert_eq!((latency.len(), latency.min()), (1, 300));
        assert_eq!(recording.publish_lag.len(), 0);
        assert_eq!(recording.since_send.max(), 100, "this one is known");
        assert_eq!(recording.fan_out[0].0.len(), 0);
        assert_eq!(
            recording.fairness.best_us, 0.1,
            "the mean of -100 and 300 ns"
        );
        assert_eq!(recorder.end_second((0, 0)).latency.len(), 1);
    }
}
