//! How the subscribers of one worker come through the faults of a trial.
//!
//! ```text
//! fault      noticed       reconnected       caught up
//! ├──────────┼─────────────┼─────────────────┤
//! ```
//!
//! A client has noticed a fault when its connection has ended for it. It has caught up when it has
//! all messages that were due until the fault was over and it was connected again.

use std::sync::Arc;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::record::fault::{self, Fault};
use crate::record::histogram;
use crate::record::subscriber_figures::SubscriberFigures;
use crate::record::trial_board::TrialBoard;

/// Length of an interval in which dials and exchanges are counted, ns.
const BIN_NS: u64 = 100_000_000;
const BINS_PER_S: usize = 10;
/// The most intervals: an hour. What comes later counts in the last one.
const MAX_BINS: usize = 36_000;

/// What a fault did, as clients see it. Times count from the fault's beginning, in ns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recovery {
    /// Clients that it was meant for.
    pub affected: u64,
    /// Connections that the load did it to, and when the last worker began, on the monotonic clock;
    /// 0 for a fault of a process.
    pub done: u64,
    pub began_at_ns: u64,
    #[serde(with = "histogram")]
    pub noticed: Histogram<u64>,
    #[serde(with = "histogram")]
    pub reconnected: Histogram<u64>,
    /// Of clients that lack no message of the window.
    #[serde(with = "histogram")]
    pub caught_up: Histogram<u64>,
    /// Clients that were to catch up and lack messages at the end.
    pub behind: u64,
    /// Delivery latency from the fault's beginning on, of the clients that it was meant for and of
    /// all others, ns.
    #[serde(with = "histogram")]
    pub latency_affected: Histogram<u64>,
    #[serde(with = "histogram")]
    pub latency_others: Histogram<u64>,
    pub duplicate: u64,
    pub reordered: u64,
    /// Times that the server told a client that its cursor does not fit, and messages that it said
    /// are lost.
    pub resets: u64,
    pub told_missed: u64,
    /// Messages that were due from its beginning on (the first fault's: from the window's) and
    /// never came. The recorder does not know them.
    pub missed: u64,
    /// Bytes of connections that were set up again.
    pub set_up_bytes: u64,
    /// Connections that clients dialled, and exchanges, each 100 ms.
    pub dials: Vec<u32>,
    pub exchanges: Vec<u32>,
}

impl Default for Recovery {
    fn default() -> Self {
        Recovery {
            affected: 0,
            done: 0,
            began_at_ns: 0,
            noticed: histogram::exact(),
            reconnected: histogram::exact(),
            caught_up: histogram::exact(),
            behind: 0,
            latency_affected: histogram::coarse(),
            latency_others: histogram::coarse(),
            duplicate: 0,
            reordered: 0,
            resets: 0,
            told_missed: 0,
            missed: 0,
            set_up_bytes: 0,
            dials: Vec::new(),
            exchanges: Vec::new(),
        }
    }
}

impl Recovery {
    /// Adds what another worker's clients saw of the same fault.
    pub fn merge(&mut self, other: &Recovery) {
        self.affected += other.affected;
        self.done += other.done;
        self.began_at_ns = self.began_at_ns.max(other.began_at_ns);
        self.noticed += &other.noticed;
        self.reconnected += &other.reconnected;
        self.caught_up += &other.caught_up;
        self.behind += other.behind;
        self.latency_affected += &other.latency_affected;
        self.latency_others += &other.latency_others;
        self.duplicate += other.duplicate;
        self.reordered += other.reordered;
        self.resets += other.resets;
        self.told_missed += other.told_missed;
        self.missed += other.missed;
        self.set_up_bytes += other.set_up_bytes;
        add_bins(&mut self.dials, &other.dials);
        add_bins(&mut self.exchanges, &other.exchanges);
    }

    /// Clients that came back without being told that they lost messages.
    pub fn resumed(&self) -> u64 {
        self.reconnected.len().saturating_sub(self.resets)
    }
}

fn add_bins(sum: &mut Vec<u32>, other: &[u32]) {
    sum.resize(sum.len().max(other.len()), 0);
    sum.iter_mut().zip(other).for_each(|(sum, one)| *sum += one);
}

/// The most in any second, of counts each 100 ms.
pub fn peak_per_s(bins: &[u32]) -> u64 {
    let sum = |second: &[u32]| second.iter().map(|&count| u64::from(count)).sum::<u64>();
    match bins.len() <= BINS_PER_S {
        true => sum(bins),
        false => bins.windows(BINS_PER_S).map(sum).max().unwrap_or(0),
    }
}

/// When a subscriber went through a fault, on the monotonic clock; 0 is never.
#[derive(Clone, Copy, Debug, Default)]
struct ClientTimes {
    noticed_ns: u64,
    reconnected_ns: u64,
    /// When the latest message came that was due until it was connected again.
    last_due_ns: u64,
}

impl ClientTimes {
    /// Adds what a client went through. `is_meant`: the fault is meant for it; `lacks`: it does not
    /// have all messages at the end.
    fn add_to(
        &self,
        recovery: &mut Recovery,
        fault: &Fault,
        opens_ns: u64,
        is_meant: bool,
        lacks: bool,
    ) {
        let since = |at_ns: u64| at_ns.saturating_sub(fault.begins_ns(opens_ns));
        let (noticed, reconnected) = (self.noticed_ns != 0, self.reconnected_ns != 0);
        recovery.affected += u64::from(is_meant);
        if noticed {
            recovery.noticed.saturating_record(since(self.noticed_ns));
        }
        if reconnected {
            let took_ns = since(self.reconnected_ns);
            recovery.reconnected.saturating_record(took_ns);
        }
        let is_behind = lacks || noticed && !reconnected;
        match is_meant || noticed {
            false => {}
            true if is_behind => recovery.behind += 1,
            true => {
                let whole_ns = fault.ends_ns(opens_ns).max(self.reconnected_ns);
                let caught_up_ns = since(whole_ns.max(self.last_due_ns));
                recovery.caught_up.saturating_record(caught_up_ns);
            }
        }
    }
}

/// What one worker's recorder knows of the faults.
#[derive(Debug)]
pub struct RecoveryLog {
    board: Arc<TrialBoard>,
    /// One after the other.
    faults: Vec<Fault>,
    /// The number of this worker's first client, and the distance to its next one.
    clients: (u32, u32),
    /// For each subscriber one entry a fault.
    times: Vec<ClientTimes>,
    recoveries: Vec<Recovery>,
    /// Bytes of connections that were set up, when each fault began.
    set_up_bytes: Vec<u64>,
}

impl RecoveryLog {
    pub fn new(board: Arc<TrialBoard>, faults: Vec<Fault>, clients: (u32, u32)) -> Self {
        RecoveryLog {
            board,
            times: Vec::new(),
            recoveries: vec![Recovery::default(); faults.len()],
            set_up_bytes: Vec::new(),
            faults,
            clients,
        }
    }

    pub fn add_subscriber(&mut self) {
        let times = self.times.len() + self.faults.len();
        self.times.resize(times, ClientTimes::default());
    }

    /// The latest fault that has begun, and when the window opened.
    fn current(&self, at_ns: u64) -> Option<(usize, u64)> {
        let opens_ns = self.board.faults_from_ns()?;
        Some((fault::latest(&self.faults, opens_ns, at_ns)?, opens_ns))
    }

    fn client(&self, subscriber: u32) -> u32 {
        self.clients.0 + subscriber * self.clients.1
    }

    fn times(&mut self, subscriber: u32, fault: usize) -> &mut ClientTimes {
        &mut self.times[subscriber as usize * self.faults.len() + fault]
    }

    /// A fault begins now. Connections that were set up before it took so many bytes.
    pub fn begin(&mut self, fault: usize, set_up_bytes: u64) {
        debug_assert_eq!(self.set_up_bytes.len(), fault);
        self.set_up_bytes.push(set_up_bytes);
    }

    /// The load has done a fault to so many connections.
    pub fn done(&mut self, fault: usize, connections: u64, began_ns: u64) {
        let recovery = &mut self.recoveries[fault];
        recovery.done = connections;
        recovery.began_at_ns = began_ns;
    }

    /// A subscriber lost its connection.
    pub fn noticed(&mut self, subscriber: u32, at_ns: u64) {
        let Some((fault, _)) = self.current(at_ns) else {
            return;
        };
        let times = self.times(subscriber, fault);
        if times.noticed_ns == 0 {
            times.noticed_ns = at_ns;
        }
        times.reconnected_ns = 0;
    }

    /// A subscriber's connection is ready. It comes back from the fault that it noticed last.
    pub fn connected(&mut self, subscriber: u32, at_ns: u64) {
        let Some((current, _)) = self.current(at_ns) else {
            return;
        };
        for fault in (0..=current).rev() {
            let times = self.times(subscriber, fault);
            if times.noticed_ns != 0 && times.reconnected_ns == 0 {
                times.reconnected_ns = at_ns;
                return;
            }
        }
    }

    /// A subscriber got a message for the first time.
    pub fn deliver(&mut self, subscriber: u32, due_ns: u64, at_ns: u64) {
        let Some((current, opens_ns)) = self.current(at_ns) else {
            return;
        };
        for fault in 0..=current {
            let ends_ns = self.faults[fault].ends_ns(opens_ns);
            let times = self.times(subscriber, fault);
            if due_ns <= ends_ns.max(times.reconnected_ns) {
                times.last_due_ns = at_ns;
            }
        }
        let client = self.client(subscriber);
        let recovery = &mut self.recoveries[current];
        let latency = match self.faults[current].clients.contains(client) {
            true => &mut recovery.latency_affected,
            false => &mut recovery.latency_others,
        };
        latency.saturating_record(at_ns.saturating_sub(due_ns));
    }

    /// Counts what happens now with the latest fault.
    pub fn count(&mut self, at_ns: u64, add: impl FnOnce(&mut Recovery)) {
        if let Some((fault, _)) = self.current(at_ns) {
            add(&mut self.recoveries[fault]);
        }
    }

    /// A client dialled.
    pub fn dialled(&mut self, at_ns: u64) {
        self.count_in_bin(at_ns, |recovery| &mut recovery.dials);
    }

    /// An exchange ended.
    pub fn exchanged(&mut self, at_ns: u64) {
        self.count_in_bin(at_ns, |recovery| &mut recovery.exchanges);
    }

    fn count_in_bin(&mut self, at_ns: u64, bins: impl Fn(&mut Recovery) -> &mut Vec<u32>) {
        let Some((number, opens_ns)) = self.current(at_ns) else {
            return;
        };
        let since_ns = at_ns - self.faults[number].begins_ns(opens_ns);
        let bin = ((since_ns / BIN_NS) as usize).min(MAX_BINS - 1);
        let bins = bins(&mut self.recoveries[number]);
        bins.resize(bins.len().max(bin + 1), 0);
        bins[bin] += 1;
    }

    /// What each fault did so far. `set_up_bytes` are those of all connections until they were set
    /// up.
    pub fn recoveries(
        &self,
        subscribers: &[SubscriberFigures],
        set_up_bytes: u64,
    ) -> Vec<Recovery> {
        let mut recoveries = self.recoveries.clone();
        let Some(opens_ns) = self.board.faults_from_ns() else {
            return recoveries;
        };
        let lacks: Vec<bool> = subscribers
            .iter()
            .map(|figures| figures.lacks_messages(&self.board))
            .collect();
        let until = |fault: usize| *self.set_up_bytes.get(fault + 1).unwrap_or(&set_up_bytes);
        for (number, fault) in self.faults.iter().enumerate() {
            let recovery = &mut recoveries[number];
            if let Some(before) = self.set_up_bytes.get(number) {
                recovery.set_up_bytes = until(number) - before;
            }
            for (subscriber, lacks) in lacks.iter().enumerate() {
                let times = self.times[subscriber * self.faults.len() + number];
                let is_meant = fault.clients.contains(self.client(subscriber as u32));
                times.add_to(recovery, fault, opens_ns, is_meant, *lacks);
            }
        }
        recoveries
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record::fault::{ClientSubset, FaultKind};

    const MS: u64 = 1_000_000;

    fn fault(at_ms: u64, lasts_ms: Option<u64>) -> Fault {
        Fault {
            kind: FaultKind::RestartServer,
            at: Duration::from_millis(at_ms),
            lasts: lasts_ms.map(Duration::from_millis),
            clients: ClientSubset::new(1.0, 2, 1),
            bytes_per_s: 0,
            keeps_history: true,
        }
    }

    fn log(faults: Vec<Fault>) -> RecoveryLog {
        let board = Arc::new(TrialBoard::new(1, 1, 8).unwrap());
        board.set_window(1_000 * MS, 9_000 * MS);
        board.begin_faults(1_000 * MS);
        let mut log = RecoveryLog::new(board, faults, (0, 1));
        (0..2).for_each(|_| log.add_subscriber());
        log
    }

    fn all(histogram: &Histogram<u64>) -> Vec<u64> {
        let values = histogram.iter_recorded();
        values.map(|value| value.value_iterated_to() / MS).collect()
    }

    #[test]
    fn a_client_notices_comes_back_and_catches_up_and_another_only_waits() {
        let mut log = log(vec![fault(500, Some(1_000))]);
        log.noticed(0, 1_400 * MS);
        log.deliver(1, 1_450 * MS, 1_460 * MS);
        log.noticed(0, 1_510 * MS);
        log.connected(0, 2_700 * MS);
        log.deliver(0, 2_690 * MS, 2_800 * MS);
        log.deliver(0, 2_710 * MS, 2_900 * MS);
        log.deliver(1, 2_490 * MS, 2_600 * MS);
        let figures = [SubscriberFigures::default(); 2];
        let recoveries = log.recoveries(&figures, 0);
        let [recovery] = &recoveries[..] else {
            panic!()
        };
        assert_eq!(recovery.affected, 2);
        assert_eq!(all(&recovery.noticed), [10]);
        assert_eq!(all(&recovery.reconnected), [1_200]);
        assert_eq!(all(&recovery.caught_up), [1_101, 1_300]);
        assert_eq!((recovery.behind, recovery.resumed()), (0, 1));
        assert_eq!(recovery.latency_affected.len(), 3);
    }

    #[test]
    fn a_client_that_stays_away_is_behind_and_each_fault_has_its_own_times() {
        let mut log = log(vec![fault(0, None), fault(5_000, None)]);
        log.begin(0, 100);
        log.noticed(0, 1_100 * MS);
        log.connected(0, 1_200 * MS);
        log.begin(1, 150);
        log.noticed(0, 6_300 * MS);
        let figures = [SubscriberFigures::default(); 2];
        let recoveries = log.recoveries(&figures, 400);
        let seen = |of: &Recovery| (all(&of.noticed), all(&of.reconnected), of.behind);
        assert_eq!(seen(&recoveries[0]), (vec![100], vec![200], 0));
        assert_eq!(seen(&recoveries[1]), (vec![300], vec![], 1));
        let bytes = recoveries.iter().map(|recovery| recovery.set_up_bytes);
        assert!(bytes.eq([50, 250]));
    }

    #[test]
    fn the_peak_is_the_fullest_second() {
        let mut log = log(vec![fault(0, None)]);
        for ms in [1_000, 1_950, 2_050, 2_060, 2_990, 5_000] {
            log.dialled(ms * MS);
        }
        let recoveries = log.recoveries(&[], 0);
        assert_eq!(peak_per_s(&recoveries[0].dials), 3);
        assert_eq!(peak_per_s(&[]), 0);
        assert_eq!(peak_per_s(&[3, 4]), 7);
    }
}
