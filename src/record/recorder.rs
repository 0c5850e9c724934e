//! The recorder of one worker thread: histograms and counters. No I/O, no locks.
//!
//! A worker's subscribers share one recorder. The recordings of all workers are merged at the end:
//! histograms are added up, percentiles are never averaged. Latencies are signed: a delivery before
//! its intended time is counted as negative and is in no histogram.
//!
//! What was due and when is the publisher's record. A delivery is looked up there by the identity
//! in its text; what the server says of the message is compared with the record and not trusted.

use std::cell::RefCell;
use std::sync::Arc;

use hdrhistogram::Histogram;

use crate::feed::Message;
use crate::record::byte_counts::ByteCounts;
use crate::record::histogram;
use crate::record::lookup::{Lookup, Unknown};
use crate::record::message_record::MessageRecord;
use crate::record::recording::{Counts, Fairness, LedgerCounts, Recording, WorkerSecond};
use crate::record::recovery::RecoveryLog;
use crate::record::sequence::{DeliveredSet, ServerNumbers};
use crate::record::subscriber_figures::{SubscriberFigures, WindowStats};
use crate::record::trial_board::{Gauge, TrialBoard};
use crate::runtime::{clock, prefetch};

/// What a subscriber holds for its recorder.
#[derive(Debug)]
pub struct SubscriberStats {
    pub numbers: ServerNumbers,
    delivered: DeliveredSet,
    /// The number of the newest message, by its intended time.
    newest: u32,
    feed: u32,
    /// Subscribers of its feed.
    readers: u32,
    /// Its place in `State::subscribers`.
    pub(super) index: u32,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) recording: Recording,
    subscribers: Vec<SubscriberFigures>,
    lookup: Lookup,
    /// The byte counts when the ledger was opened.
    opened_at: ByteCounts,
    /// What was counted when the measured part of the ledger began and ended, if it is a part.
    marks: Vec<LedgerCounts>,
    second: Histogram<u64>,
    second_published: u64,
    /// `None` in a trial without faults.
    pub(super) recovery: Option<Box<RecoveryLog>>,
}

/// The recorder of one worker thread.
#[derive(Debug)]
pub struct Recorder {
    pub board: Arc<TrialBoard>,
    /// This worker's number.
    pub(super) worker: usize,
    pub(super) state: RefCell<State>,
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
                subscribers: Vec::new(),
                lookup: Lookup::default(),
                opened_at: ByteCounts::default(),
                marks: Vec::new(),
                second: histogram::coarse(),
                second_published: 0,
                recovery: None,
            }),
        }
    }

    /// Adds a subscriber of feed number `feed`, which has `readers` of them.
    pub fn stats(&self, feed: usize, readers: u64) -> SubscriberStats {
        let state = &mut *self.state.borrow_mut();
        let subscribers = &mut state.subscribers;
        let small = |number: u64| u32::try_from(number).expect("fewer than 2³² subscribers");
        let index = small(subscribers.len() as u64);
        let feed = small(feed as u64);
        subscribers.push(SubscriberFigures {
            feed,
            ..SubscriberFigures::default()
        });
        state
            .recovery
            .iter_mut()
            .for_each(|log| log.add_subscriber());
        SubscriberStats {
            numbers: ServerNumbers::default(),
            delivered: DeliveredSet::default(),
            newest: 0,
            feed,
            readers: small(readers),
            index,
        }
    }

    /// Messages of the board's window that a subscriber has.
    pub fn received(&self, stats: &SubscriberStats) -> u64 {
        let window = &self.state.borrow().subscribers[stats.index as usize].window;
        match window.window_opens_ns == self.board.window_opens_ns() {
            true => window.delivered,
            false => 0,
        }
    }

    /// Forgets what ramp-up and warm-up recorded, except connect times and errors. `traffic` is the
    /// worker's byte counts now.
    pub fn open_ledger(&self, traffic: ByteCounts) {
        let state = &mut *self.state.borrow_mut();
        let before = std::mem::take(&mut state.recording);
        state.recording = Recording {
            connect: before.connect,
            errors: before.errors,
            wrong_answer: before.wrong_answer,
            ..Recording::default()
        };
        state.opened_at = traffic;
        state.marks.clear();
    }

    /// The measured part of the ledger begins now, at the second call it ends. `traffic` is the
    /// worker's byte counts now.
    pub fn mark_ledger(&self, traffic: ByteCounts) {
        let state = &mut *self.state.borrow_mut();
        let traffic = traffic - state.opened_at;
        let mark = LedgerCounts::of(&state.recording.counts, traffic);
        state.marks.push(mark);
    }

    /// Everything since the ledger was opened. `traffic` is the worker's byte counts now, `set_up`
    /// those of connections until their subscribers were ready.
    pub fn recording(&self, traffic: ByteCounts, set_up: ByteCounts) -> Recording {
        let state = self.state.borrow();
        let mut recording = state.recording.clone();
        recording.traffic = traffic - state.opened_at;
        recording.ledger = match state.marks[..] {
            [began, ended] => ended - began,
            _ => LedgerCounts::of(&recording.counts, recording.traffic),
        };
        recording.set_up = set_up;
        if let Some(log) = &state.recovery {
            let set_up_bytes = set_up.down_bytes + set_up.up_bytes;
            recording.recoveries = log.recoveries(&state.subscribers, set_up_bytes);
        }
        let opens_ns = self.board.window_opens_ns();
        let windows = state.subscribers.iter().map(|figures| figures.window);
        let of_window = |window: &WindowStats| window.window_opens_ns == opens_ns;
        for window in windows
            .filter(of_window)
            .filter(|window| window.delivered > 0)
        {
            recording.counts.stale_ns += window.stale_ns;
            let mean_us = window.latency_ns as f64 / window.delivered as f64 / 1e3;
            recording.fairness += Fairness::of(mean_us);
        }
        recording.counts.numbers_jumped =
            SubscriberFigures::numbers_jumped(&state.subscribers, &self.board);
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
        prefetch::fetch(&self.state.borrow().subscribers[stats.index as usize]);
    }

    /// A subscriber decoded a message at `at_ns`.
    pub fn deliver(&self, stats: &mut SubscriberStats, message: &Message<'_>, at_ns: u64) {
        let state = &mut *self.state.borrow_mut();
        let figures = &mut state.subscribers[stats.index as usize];
        let counts = &mut state.recording.counts;
        counts.payload_bytes += message.text.len() as u64;
        let last = stats.numbers.last();
        let found = match state.lookup.find(&self.board, stats.feed, message) {
            Ok(found) => found,
            Err(unknown) => {
                let holes = stats.numbers.record(message.seq, true);
                figures.holes = figures.holes.saturating_add(holes).max(0);
                counts.text_changed += u64::from(unknown == Unknown::Text);
                counts.stamps_differ += u64::from(unknown == Unknown::Time);
                return;
            }
        };
        let (number, scheduled) = (found.number, found.scheduled);
        let record = self.board.record(number).expect("it was found");
        counts.text_changed += u64::from(found.text_changed);
        counts.stamps_differ += u64::from(message.intended_at_ns != scheduled.due_ns);
        let is_new = stats.delivered.insert(scheduled.index);
        let holes = stats.numbers.record(message.seq, is_new);
        figures.holes = figures.holes.saturating_add(holes);
        if !is_new {
            counts.duplicate += 1;
            if let Some(log) = &mut state.recovery {
                log.count(at_ns, |recovery| recovery.duplicate += 1);
            }
            return;
        }
        figures.delivered += 1;
        counts.arrived += 1;
        let newest = stats.newest.max(number);
        if message.seq < last || (number < newest && self.is_before(record, newest)) {
            counts.reordered += 1;
            if let Some(log) = &mut state.recovery {
                log.count(at_ns, |recovery| recovery.reordered += 1);
            }
        }
        stats.newest = newest;
        if let Some(log) = &mut state.recovery {
            log.deliver(stats.index, scheduled.due_ns, at_ns);
        }
        let latency_ns = at_ns.checked_sub(scheduled.due_ns);
        record_ns(&mut state.second, latency_ns);
        if self.board.in_window(scheduled.due_ns) {
            figures.window.deliver(&self.board, scheduled.due_ns, at_ns);
            self.deliver_in_window(
                &mut state.recording,
                stats.readers,
                record,
                latency_ns,
                at_ns,
            );
            let stamp_ns = message.published_at_ns;
            let counts = &mut state.recording.counts;
            counts.stamps_impossible +=
                u64::from(!(record.sent_at_ns()..=at_ns).contains(&stamp_ns));
            record_ns(&mut state.recording.transit, at_ns.checked_sub(stamp_ns));
        }
    }

    /// Whether a message was in the feed before another was sent, so that it must come first. Two
    /// that were on their way at once, on different connections, have no order.
    fn is_before(&self, earlier: MessageRecord<'_>, later: u32) -> bool {
        let accepted_at_ns = earlier.accepted_at_ns();
        let later = self.board.record(later);
        accepted_at_ns != 0 && later.is_some_and(|later| accepted_at_ns < later.sent_at_ns())
    }

    /// The first delivery to a subscriber of a message of the window.
    fn deliver_in_window(
        &self,
        recording: &mut Recording,
        readers: u32,
        record: MessageRecord<'_>,
        latency_ns: Option<u64>,
        at_ns: u64,
    ) {
        self.board.add(self.worker, Gauge::Delivered, 1);
        recording.counts.delivered += 1;
        recording.counts.negative += u64::from(latency_ns.is_none());
        record_ns(&mut recording.latency, latency_ns);
        let since_send_ns = at_ns.checked_sub(record.sent_at_ns());
        record_ns(&mut recording.since_send, since_send_ns);
        if self.worker == self.board.workers() {
            return; // The probe takes no rank in the fan-out.
        }
        let rank = self.board.deliver(record);
        let last = u64::from(readers - 1);
        let ranks = [0, last / 2, last];
        for (place, fan_out) in ranks.into_iter().zip(&mut recording.fan_out) {
            if rank == place {
                record_ns(&mut fan_out.0, latency_ns);
            }
        }
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
        let state = &mut *self.state.borrow_mut();
        let counts = &mut state.recording.counts;
        counts.exchanges += 1;
        counts.empty_exchanges += u64::from(empty);
        if let Some(log) = &mut state.recovery {
            log.exchanged(clock::now_ns());
        }
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

    /// The worker's event loop was late by `lag_ns`. The trial's own work does not explain
    /// `stall_ns` of it; `None` where that is not known.
    pub fn looped(&self, lag_ns: u64, stall_ns: Option<u64>) {
        let recording = &mut self.state.borrow_mut().recording;
        recording.loop_lag.saturating_record(lag_ns);
        if let Some(stall_ns) = stall_ns {
            recording.loop_stall.saturating_record(stall_ns);
        }
    }

    /// The worker begins in this process.
    pub fn add_process(&self) {
        let pid = std::process::id();
        self.board.add(self.worker, Gauge::Process, i64::from(pid));
    }

    /// Message `number`, which is due at `intended_at_ns`, is sent now. One that is sent again
    /// counts as sent the first time.
    pub fn published(&self, number: u32, intended_at_ns: u64, now_ns: u64) {
        let record = self.board.record(number);
        if record.is_some_and(|record| !record.send(now_ns)) {
            return;
        }
        let state = &mut *self.state.borrow_mut();
        let lag_ns = now_ns.checked_sub(intended_at_ns);
        state.recording.counts.negative += u64::from(lag_ns.is_none());
        record_ns(&mut state.recording.publish_lag, lag_ns);
        state.second_published += 1;
    }
}

/// Records a time that is not negative. One above the histogram's range counts as its highest.
fn record_ns(histogram: &mut Histogram<u64>, ns: Option<u64>) {
    if let Some(ns) = ns {
        histogram.saturating_record(ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::message_record::Scheduled;
    use crate::record::recording::FanOut;

    /// A recorder of a trial whose publisher handed over messages that are due at these times.
    fn recorder(due_ns: &[u64]) -> Recorder {
        let board = TrialBoard::new(1, 1, due_ns.len()).unwrap();
        board.set_window(1_000, 2_000);
        for (number, &due_ns) in (0..).zip(due_ns) {
            let text = board.texts().text(number, 12);
            let message = Scheduled {
                due_ns,
                feed: 0,
                index: number,
                text_hash: board.texts().hash(&text),
            };
            assert!(board.hand_over(number, &message));
        }
        Recorder::new(Arc::new(board), 0)
    }

    /// A message as an honest server delivers it.
    fn message(recorder: &Recorder, number: u32) -> Message<'static> {
        let record = recorder.board.record(number).unwrap();
        let due_ns = record.scheduled().unwrap().due_ns;
        Message {
            seq: u64::from(number) + 1,
            from: "sensor-1".into(),
            text: recorder.board.texts().text(number, 12).into(),
            intended_at_ns: due_ns,
            published_at_ns: record.sent_at_ns().max(due_ns) + 10,
            kind: None,
        }
    }

    fn deliver(recorder: &Recorder, stats: &mut SubscriberStats, number: u32, at_ns: u64) {
        recorder.deliver(stats, &message(recorder, number), at_ns);
    }

    fn recording(recorder: &Recorder) -> Recording {
        recorder.recording(ByteCounts::default(), ByteCounts::default())
    }

    #[test]
    fn a_message_belongs_to_the_window_by_its_intended_time() {
        let recorder = recorder(&[999, 1_000, 1_999, 2_000]);
        let mut stats = recorder.stats(0, 1);
        let mut deliver = |number, at_ns| {
            deliver(&recorder, &mut stats, number, at_ns);
            recorder.received(&stats)
        };
        assert_eq!(deliver(0, 1_500), 0);
        assert_eq!(deliver(1, 1_600), 1);
        assert_eq!(deliver(2, 9_000), 2, "however late");
        assert_eq!(deliver(3, 2_001), 2);
        assert_eq!(deliver(2, 2_001), 2, "a duplicate");
        let recording = recording(&recorder);
        assert_eq!(recording.counts.delivered, 2);
        assert_eq!(recording.counts.duplicate, 1);
        assert_eq!((recording.latency.min(), recording.latency.len()), (600, 2));
        assert!(recording.latency.equivalent(recording.latency.max(), 7_001));
        assert_eq!(recording.transit.min(), 590);
        assert_eq!(recorder.board.total(Gauge::Delivered), 2);
        assert_eq!(recorder.board.record(1).unwrap().deliveries(), 1);
        recorder.board.set_window(2_000, 3_000);
        assert_eq!(recorder.received(&stats), 0, "another window");
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_from_the_send_apart() {
        let recorder = recorder(&[1_100]);
        let mut stats = recorder.stats(0, 1);
        recorder.published(0, 1_100, 1_900);
        recorder.published(0, 1_100, 1_950);
        deliver(&recorder, &mut stats, 0, 1_960);
        let recording = recording(&recorder);
        assert_eq!(recording.latency.max(), 860);
        assert_eq!(recording.since_send.max(), 60, "since it was first sent");
        assert_eq!(recording.publish_lag.len(), 1);
    }

    #[test]
    fn what_the_server_says_of_a_message_is_compared_and_not_believed() {
        type Lie = fn(&mut Message<'static>);
        type Seen = fn(&Counts) -> u64;
        let lies: [(Lie, Seen); 6] = [
            (|m| m.intended_at_ns = 1_190, |c| c.stamps_differ),
            (|m| m.intended_at_ns = 0, |c| c.stamps_differ),
            (|m| m.published_at_ns = 1_050, |c| c.stamps_impossible),
            (|m| m.published_at_ns = 1_201, |c| c.stamps_impossible),
            (|m| m.text.to_mut().push('!'), |c| c.text_changed),
            (|m| m.seq = 1_000, |c| c.numbers_jumped),
        ];
        for (number, (lie, seen)) in lies.into_iter().enumerate() {
            let recorder = recorder(&[1_100]);
            let mut stats = recorder.stats(0, 1);
            recorder.published(0, 1_100, 1_100);
            let mut message = message(&recorder, 0);
            lie(&mut message);
            recorder.deliver(&mut stats, &message, 1_200);
            let recording = recording(&recorder);
            assert_eq!((recording.latency.len(), recording.latency.max()), (1, 100));
            let counts = recording.counts;
            assert_eq!(seen(&counts), 1, "{number}: {counts:?}");
            let all = [
                counts.stamps_differ,
                counts.stamps_impossible,
                counts.text_changed,
                counts.numbers_jumped,
                counts.duplicate,
                counts.reordered,
            ];
            assert_eq!(all.iter().sum::<u64>(), 1, "{number}: {counts:?}");
        }
    }

    #[test]
    fn a_text_that_was_never_published_is_no_delivery() {
        let recorder = recorder(&[1_100]);
        let mut stats = recorder.stats(0, 1);
        for text in ["", "hello, world", "AAAAAAAA"] {
            let mut strange = message(&recorder, 0);
            strange.text = text.into();
            recorder.deliver(&mut stats, &strange, 1_200);
        }
        let mut join = message(&recorder, 0);
        join.kind = Some("join".into());
        recorder.deliver(&mut stats, &join, 1_200);
        let counts = recording(&recorder).counts;
        assert_eq!((counts.delivered, counts.text_changed), (0, 3));
    }

    #[test]
    fn a_copy_instead_of_a_message_is_a_duplicate_and_the_message_is_missed() {
        let recorder = recorder(&[1_100, 1_200, 1_300]);
        let (mut starved, mut copied) = (recorder.stats(0, 2), recorder.stats(0, 2));
        (0..3).for_each(|number| recorder.published(number, 1_100, 1_100));
        for number in [0, 2] {
            deliver(&recorder, &mut starved, number, 1_400);
        }
        for (seq, number) in [(1, 0), (2, 1), (3, 1), (4, 2)] {
            let mut message = message(&recorder, number);
            message.seq = seq;
            recorder.deliver(&mut copied, &message, 1_400);
        }
        let counts = recording(&recorder).counts;
        assert_eq!((counts.delivered, counts.duplicate), (5, 1));
        assert_eq!(
            counts.numbers_jumped, 0,
            "what is lacking explains the hole"
        );
        let deliveries = |number| recorder.board.record(number).unwrap().deliveries();
        assert_eq!([0, 1, 2].map(deliveries), [2, 1, 2]);
    }

    #[test]
    fn messages_are_reordered_if_the_server_or_their_times_say_so() {
        let recorder = recorder(&[1_100, 1_200, 1_300]);
        let reordered = |story: &[(u64, u32)]| {
            let mut stats = recorder.stats(0, 1);
            let before = recording(&recorder).counts.reordered;
            for &(seq, number) in story {
                let mut message = message(&recorder, number);
                message.seq = seq;
                recorder.deliver(&mut stats, &message, 1_500);
            }
            recording(&recorder).counts.reordered - before
        };
        assert_eq!(reordered(&[(1, 0), (2, 1), (3, 2)]), 0);
        assert_eq!(reordered(&[(1, 0), (3, 2), (2, 1)]), 1);
        assert_eq!(
            reordered(&[(1, 0), (2, 2), (3, 1)]),
            0,
            "on their way at once"
        );
        recorder.published(2, 1_300, 1_300);
        recorder.board.record(1).unwrap().accept(1_250);
        assert_eq!(reordered(&[(1, 0), (2, 2), (3, 1)]), 1);
        recorder.board.record(1).unwrap().accept(1_350);
        assert_eq!(reordered(&[(1, 0), (2, 2), (3, 1)]), 0);
    }

    #[test]
    fn the_first_the_median_and_the_last_subscriber_of_a_message_are_apart() {
        let recorder = recorder(&[1_100, 1_200]);
        let mut all: Vec<_> = (0..5).map(|_| recorder.stats(0, 5)).collect();
        recorder.published(0, 1_100, 1_100);
        for (stats, at_ns) in all.iter_mut().zip([1_101, 1_110, 1_120, 1_130, 1_199]) {
            deliver(&recorder, stats, 0, at_ns);
        }
        let latencies = recording(&recorder).fan_out.map(|FanOut(place)| {
            assert_eq!(place.len(), 1);
            place.max()
        });
        assert_eq!(latencies, [1, 20, 99]);
        let probe = Recorder::new(recorder.board.clone(), 1);
        let mut stats = probe.stats(0, 1);
        recorder.published(1, 1_200, 1_200);
        deliver(&probe, &mut stats, 1, 1_201);
        assert_eq!(recording(&probe).fan_out[0].0.len(), 0, "it takes no place");
        deliver(&recorder, &mut all[0], 1, 1_202);
        assert_eq!(recording(&recorder).fan_out[0].0.len(), 2);
    }

    #[test]
    fn a_subscriber_is_stale_while_it_lacks_the_newest_message() {
        let recorder = recorder(&[1_100, 1_200, 1_300, 1_350, 1_900]);
        let mut stats = recorder.stats(0, 1);
        let stale_ns = || recording(&recorder).counts.stale_ns;
        deliver(&recorder, &mut stats, 0, 1_150);
        assert_eq!(stale_ns(), 50);
        // Two that come together: stale since the first of them was due.
        deliver(&recorder, &mut stats, 1, 1_400);
        deliver(&recorder, &mut stats, 2, 1_400);
        assert_eq!(stale_ns(), 250);
        // Due before the previous delivery; and what is beyond the window does not count.
        deliver(&recorder, &mut stats, 3, 1_410);
        deliver(&recorder, &mut stats, 4, 2_500);
        assert_eq!(stale_ns(), 250 + 10 + 100);
    }

    #[test]
    fn fairness_compares_the_subscribers_means() {
        let recorder = recorder(&[1_000, 1_500]);
        let mut all = [0, 1, 2].map(|_| recorder.stats(0, 3));
        assert_eq!(recording(&recorder).fairness.index(), None);
        for (stats, latencies_ns) in all.iter_mut().zip([[100, 300], [200, 200]]) {
            deliver(&recorder, stats, 0, 1_000 + latencies_ns[0]);
            deliver(&recorder, stats, 1, 1_500 + latencies_ns[1]);
        }
        let alike = recording(&recorder).fairness;
        assert_eq!((alike.clients, alike.index()), (2, Some(1.0)));
        deliver(&recorder, &mut all[2], 0, 1_800);
        let mut uneven = recording(&recorder).fairness;
        assert_eq!((uneven.best_us, uneven.worst_us), (0.2, 0.8));
        let index = uneven.index().unwrap();
        assert!((index - 1.2 * 1.2 / (3.0 * 0.72)).abs() < 1e-9, "{index}");
        uneven += uneven;
        assert!((uneven.index().unwrap() - index).abs() < 1e-9);
    }

    #[test]
    fn opening_the_ledger_keeps_only_the_connect_times() {
        let recorder = recorder(&[1_000, 1_100]);
        let mut stats = recorder.stats(0, 1);
        recorder.connected(&stats, 5_000, true);
        recorder.published(0, 1_000, 1_200);
        deliver(&recorder, &mut stats, 0, 1_200);
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
        let recorder = recorder(&[1_000, 1_500]);
        let mut stats = recorder.stats(0, 1);
        deliver(&recorder, &mut stats, 1, 1_600);
        recorder.published(0, 1_000, 1_250);
        let mut sum = recording(&recorder);
        sum.merge(&recording(&recorder));
        assert_eq!((sum.counts.delivered, sum.latency.len()), (2, 2));
        assert!(sum.publish_lag.equivalent(250, sum.publish_lag.max()));
    }

    #[test]
    fn negative_latencies_are_counted_and_never_recorded_as_zero() {
        let recorder = recorder(&[1_500, 1_600]);
        let mut stats = recorder.stats(0, 1);
        recorder.published(0, 1_500, 1_300);
        deliver(&recorder, &mut stats, 0, 1_400);
        deliver(&recorder, &mut stats, 1, 1_900);
        let recording = recording(&recorder);
        assert_eq!(recording.counts.negative, 2, "one sent, one delivered");
        assert_eq!(recording.counts.delivered, 2);
        let latency = &recording.latency;
        assert_eq!((latency.len(), latency.min()), (1, 300));
        assert_eq!(recording.publish_lag.len(), 0);
        assert_eq!(recording.fan_out[0].0.len(), 1);
        assert_eq!(
            recording.fairness.best_us, 0.1,
            "the mean of -100 and 300 ns"
        );
        assert_eq!(recorder.end_second((0, 0)).latency.len(), 1);
    }
}
