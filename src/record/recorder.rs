//! The recorder: what one worker thread saw, as histograms and counters. No I/O, no locks.
//!
//! A worker's subscribers share one recorder; the recorders of all workers are merged at the end
//! (histograms are added up, percentiles never averaged).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use hdrhistogram::Histogram;

use crate::client::socket::Ledger;
use crate::feed::Message;
use crate::record::byte_counts::ByteCounts;
use crate::record::histogram;
use crate::record::recording::{Fairness, Recording, WorkerSecond};
use crate::record::sequence::{Delivery, Sequence};
use crate::record::trial_board::{Gauge, TrialBoard};
use crate::runtime::prefetch;

/// What is kept of one subscriber, over one window: one line of the processor's cache, since with
/// thousands of subscribers the next delivery is somebody's whose tally is in no cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct WindowStats {
    /// When that window opened.
    window_ns: u64,
    delivered: u64,
    latency_ns: u64,
    /// Up to when it has been looked whether this one had the newest message.
    seen_ns: u64,
    stale_ns: u64,
}

/// One subscriber as its recorder knows it.
#[derive(Debug)]
pub struct SubscriberStats {
    pub sequence: Sequence,
    /// Subscribers of its feed.
    readers: u32,
    tally: u32,
}

#[derive(Debug)]
struct State {
    recording: Recording,
    tallies: Vec<WindowStats>,
    opened_at: ByteCounts,
    second: Histogram<u64>,
    second_published: u64,
}

/// The recorder of one worker thread.
#[derive(Debug)]
pub struct Recorder {
    pub window: Arc<TrialBoard>,
    pub ledger: Rc<Ledger>,
    /// This worker's number.
    worker: usize,
    state: RefCell<State>,
}

impl Recorder {
    /// Of worker number `worker`; one whose number is [`TrialBoard::workers`] or more is beside the
    /// trial, and takes no places in the fan-out.
    pub fn new(window: Arc<TrialBoard>, worker: usize) -> Self {
        Recorder {
            window,
            ledger: Rc::default(),
            worker,
            state: RefCell::new(State {
                recording: Recording::default(),
                tallies: Vec::new(),
                opened_at: ByteCounts::default(),
                second: histogram::coarse(),
                second_published: 0,
            }),
        }
    }

    /// A new subscriber of a feed that has so many.
    pub fn stats(&self, readers: u64) -> SubscriberStats {
        let tallies = &mut self.state.borrow_mut().tallies;
        tallies.push(WindowStats::default());
        SubscriberStats {
            sequence: Sequence::default(),
            readers: u32::try_from(readers).expect("fewer than 2³² subscribers"),
            tally: (tallies.len() - 1) as u32,
        }
    }

    /// Messages of the present window that a subscriber has.
    pub fn received(&self, stats: &SubscriberStats) -> u64 {
        let tally = &self.state.borrow().tallies[stats.tally as usize];
        match tally.window_ns == self.window.opens_ns() {
            true => tally.delivered,
            false => 0,
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
        recording.set_up = self.ledger.set_up();
        let opened_ns = self.window.opens_ns();
        let of_window = |tally: &&WindowStats| tally.window_ns == opened_ns;
        for tally in state.tallies.iter().filter(of_window) {
            recording.counts.stale_ns += tally.stale_ns;
            let mean_us = tally.latency_ns as f64 / tally.delivered as f64 / 1e3;
            recording.fairness += Fairness::of(mean_us);
        }
        recording
    }

    /// The second that ends now.
    pub fn end_second(&self) -> WorkerSecond {
        let state = &mut *self.state.borrow_mut();
        WorkerSecond {
            latency: std::mem::replace(&mut state.second, histogram::coarse()),
            published: std::mem::take(&mut state.second_published),
            bytes: self.ledger.bytes(),
        }
    }

    /// A subscriber is about to be delivered something.
    pub fn expect(&self, stats: &SubscriberStats) {
        prefetch::fetch(&self.state.borrow().tallies[stats.tally as usize]);
    }

    /// One message was decoded by a subscriber at `at_ns`.
    pub fn deliver(&self, stats: &mut SubscriberStats, message: &Message<'_>, at_ns: u64) {
        let state = &mut *self.state.borrow_mut();
        let counts = &mut state.recording.counts;
        counts.payload_bytes += message.text.len() as u64;
        match stats.sequence.see(message.seq) {
            Delivery::Fresh => {}
            Delivery::Reordered => counts.reordered += 1,
            Delivery::Duplicate => {
                counts.duplicate += 1;
                return;
            }
        }
        // Without an intended time it is somebody else's, and with a kind it is nobody's text.
        if message.intended_at_ns == 0 || message.kind.is_some() {
            return;
        }
        let latency_ns = at_ns.saturating_sub(message.intended_at_ns);
        state.second.saturating_record(latency_ns);
        if !self.window.contains(message.intended_at_ns) {
            return;
        }
        self.window.change(self.worker, Gauge::Delivered, 1);
        counts.delivered += 1;
        counts.negative += u64::from(at_ns < message.intended_at_ns);
        let recording = &mut state.recording;
        recording.latency.saturating_record(latency_ns);
        if let Some(transit_ns) = at_ns.checked_sub(message.published_at_ns) {
            recording.transit.saturating_record(transit_ns);
        }
        let ranked = self.worker < self.window.workers();
        if let Some(arrival) = self.window.arrive(message.intended_at_ns, ranked) {
            let since_send_ns = latency_ns.saturating_sub(arrival.lag_ns);
            recording.since_send.saturating_record(since_send_ns);
            let last = u64::from(stats.readers - 1);
            let places = [0, last / 2, last];
            for (place, fan_out) in places.into_iter().zip(&mut recording.fan_out) {
                if arrival.rank == place {
                    fan_out.0.saturating_record(latency_ns);
                }
            }
        }
        state.tallies[stats.tally as usize].deliver(&self.window, message.intended_at_ns, at_ns);
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

    /// A sign of life passed, which took so many bytes both ways.
    pub fn heartbeat(&self, bytes: usize) {
        let counts = &mut self.state.borrow_mut().recording.counts;
        counts.heartbeats += 1;
        counts.heartbeat_bytes += bytes as u64;
    }

    /// The worker's event loop got to what was due so long ago.
    pub fn looped(&self, lag_ns: u64) {
        let recording = &mut self.state.borrow_mut().recording;
        recording.loop_lag.saturating_record(lag_ns);
    }

    /// A subscriber gave up connecting.
    pub fn gave_up(&self) {
        self.window.change(self.worker, Gauge::GaveUp, 1);
    }

    /// A subscriber became ready after `connect_ns` of dialling; `first` if it never was before.
    pub fn connected(&self, connect_ns: u64, first: bool) {
        self.window.change(self.worker, Gauge::Connected, 1);
        if first {
            self.window.change(self.worker, Gauge::Joined, 1);
            self.state
                .borrow_mut()
                .recording
                .connect
                .saturating_record(connect_ns);
        }
    }

    /// A subscriber that was ready lost its connection.
    pub fn disconnected(&self) {
        self.window.change(self.worker, Gauge::Connected, -1);
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

impl WindowStats {
    /// One more message of the window, due at `intended_at_ns`, which until now it did not have.
    fn deliver(&mut self, window: &TrialBoard, intended_at_ns: u64, at_ns: u64) {
        let opens_ns = window.opens_ns();
        if self.window_ns != opens_ns {
            *self = WindowStats {
                window_ns: opens_ns,
                ..WindowStats::default()
            };
        }
        self.delivered += 1;
        self.latency_ns += at_ns.saturating_sub(intended_at_ns);
        let stale_from_ns = intended_at_ns.max(self.seen_ns);
        self.stale_ns += at_ns.min(window.closes_ns()).saturating_sub(stale_from_ns);
        self.seen_ns = self.seen_ns.max(at_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::recording::{Counts, FanOut};

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
        recorder.window.set(1_000, 2_000);
        recorder
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
        let recording = recorder.recording();
        assert_eq!(recording.counts.delivered, 2);
        assert_eq!(recording.counts.duplicate, 1);
        assert_eq!((recording.latency.min(), recording.latency.len()), (600, 2));
        assert!(recording.latency.equivalent(recording.latency.max(), 7_001));
        assert_eq!(recording.transit.min(), 590);
        assert_eq!(recorder.window.total(Gauge::Delivered), 2);
        recorder.window.set(2_000, 3_000);
        assert_eq!(recorder.received(&stats), 0, "another window");
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_from_the_send_apart() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        recorder.published(1_100, 1_900);
        recorder.deliver(&mut stats, &message(1, 1_100), 1_960);
        recorder.deliver(&mut stats, &message(2, 1_200), 1_960);
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
    fn the_first_the_median_and_the_last_subscriber_of_a_message_are_told_apart() {
        let recorder = recorder();
        let mut seats: Vec<_> = (0..5).map(|_| recorder.stats(5)).collect();
        recorder.published(1_100, 1_100);
        for (stats, at_ns) in seats.iter_mut().zip([1_101, 1_110, 1_120, 1_130, 1_199]) {
            recorder.deliver(stats, &message(1, 1_100), at_ns);
        }
        let latencies = recorder.recording().fan_out.map(|FanOut(place)| {
            assert_eq!(place.len(), 1);
            place.max()
        });
        assert_eq!(latencies, [1, 20, 99]);
        let probe = Recorder::new(recorder.window.clone(), 1);
        let mut stats = probe.stats(1);
        recorder.published(1_200, 1_200);
        probe.deliver(&mut stats, &message(2, 1_200), 1_201);
        assert_eq!(probe.recording().fan_out[0].0.len(), 0, "it takes no place");
        recorder.deliver(&mut seats[0], &message(2, 1_200), 1_202);
        assert_eq!(recorder.recording().fan_out[0].0.len(), 2);
    }

    #[test]
    fn a_subscriber_is_stale_while_there_is_a_message_that_it_has_not() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        let stale_ns = || recorder.recording().counts.stale_ns;
        recorder.deliver(&mut stats, &message(1, 1_100), 1_150);
        assert_eq!(stale_ns(), 50);
        // Two that come together: stale since the first of them was due.
        recorder.deliver(&mut stats, &message(2, 1_200), 1_400);
        recorder.deliver(&mut stats, &message(3, 1_300), 1_400);
        assert_eq!(stale_ns(), 250);
        // Due before the one before had come; and beyond the window it does not count.
        recorder.deliver(&mut stats, &message(4, 1_350), 1_410);
        recorder.deliver(&mut stats, &message(5, 1_900), 2_500);
        assert_eq!(stale_ns(), 250 + 10 + 100);
    }

    #[test]
    fn fairness_compares_the_subscribers_means() {
        let recorder = recorder();
        let mut seats = [recorder.stats(3), recorder.stats(3), recorder.stats(3)];
        assert_eq!(recorder.recording().fairness.index(), None);
        for (stats, latencies_ns) in seats.iter_mut().zip([[100, 300], [200, 200]]) {
            recorder.deliver(stats, &message(1, 1_000), 1_000 + latencies_ns[0]);
            recorder.deliver(stats, &message(2, 1_500), 1_500 + latencies_ns[1]);
        }
        let alike = recorder.recording().fairness;
        assert_eq!((alike.clients, alike.index()), (2, Some(1.0)));
        recorder.deliver(&mut seats[2], &message(1, 1_000), 1_800);
        let mut uneven = recorder.recording().fairness;
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
        recorder.open_ledger();
        recorder.window.set(3_000, 4_000);
        let recording = recorder.recording();
        assert_eq!(recording.counts, Counts::default());
        assert_eq!(recording.fairness, Fairness::default());
        assert_eq!((recording.latency.len(), recording.connect.len()), (0, 1));
        assert_eq!(recorder.end_second().published, 1, "the timeline goes on");
    }

    #[test]
    fn recordings_merge_by_adding_up_and_negative_latencies_are_counted() {
        let recorder = recorder();
        let mut stats = recorder.stats(1);
        recorder.deliver(&mut stats, &message(1, 1_500), 1_400);
        recorder.published(1_000, 1_250);
        let mut sum = recorder.recording();
        sum.merge(&recorder.recording());
        assert_eq!(
            (sum.counts.negative, sum.counts.delivered, sum.latency.len()),
            (2, 2, 2)
        );
        assert!(sum.publish_lag.equivalent(250, sum.publish_lag.max()));
    }
}
