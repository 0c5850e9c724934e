//! What a recorder recorded: plain data that is sent between processes and merged.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Sub};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::record::byte_counts::ByteCounts;
use crate::record::histogram;
use crate::record::recovery::Recovery;

/// Counts since [`open_ledger`](super::recorder::Recorder::open_ledger).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Messages of the window, each counted once a subscriber.
    pub delivered: u64,
    /// The same of all messages, whenever they were due.
    pub arrived: u64,
    pub duplicate: u64,
    pub reordered: u64,
    /// Deliveries and sends before their intended time: the clocks disagree. Their latency or lag
    /// is in no histogram.
    pub negative: u64,
    /// Deliveries of a text that is not the publisher's.
    pub text_changed: u64,
    /// Deliveries with another intended time than the publisher's.
    pub stamps_differ: u64,
    /// Deliveries of the window whose server's stamp is not between the publisher's sending and
    /// the arrival. Without a common clock this says nothing.
    pub stamps_impossible: u64,
    /// Subscribers to whom the server's numbers jumped or repeated, though they lack no message
    /// that would explain it.
    pub numbers_jumped: u64,
    /// Times that a subscriber saw the server's epoch change.
    pub epoch_changes: u64,
    /// Bytes of messages' `text`, both ways.
    pub payload_bytes: u64,
    /// Bytes of JSON, both ways: payload and envelope.
    pub json_bytes: u64,
    pub exchanges: u64,
    pub empty_exchanges: u64,
    /// Subscriptions that ended while they should have stayed.
    pub reconnects: u64,
    /// Polls that dialled anew because the connection of the poll before them was not kept.
    pub redials: u64,
    /// Polls that were sent again because their connection had been closed under them.
    pub resent: u64,
    /// The same of connections that publish by POST, and of their messages.
    pub publisher_redials: u64,
    pub publisher_resent: u64,
    /// SSE comments, and WebSocket pings with their pongs.
    pub heartbeats: u64,
    /// Their bytes through the sockets.
    pub heartbeat_bytes: u64,
    /// Time of the window in which a subscriber lacked the newest message, ns, summed over all
    /// subscribers. Bozdag, Mesbah and van Deursen (2007) call the rest data coherence.
    pub stale_ns: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.delivered += other.delivered;
        self.arrived += other.arrived;
        self.duplicate += other.duplicate;
        self.reordered += other.reordered;
        self.negative += other.negative;
        self.text_changed += other.text_changed;
        self.stamps_differ += other.stamps_differ;
        self.stamps_impossible += other.stamps_impossible;
        self.numbers_jumped += other.numbers_jumped;
        self.epoch_changes += other.epoch_changes;
        self.payload_bytes += other.payload_bytes;
        self.json_bytes += other.json_bytes;
        self.exchanges += other.exchanges;
        self.empty_exchanges += other.empty_exchanges;
        self.reconnects += other.reconnects;
        self.redials += other.redials;
        self.resent += other.resent;
        self.publisher_redials += other.publisher_redials;
        self.publisher_resent += other.publisher_resent;
        self.heartbeats += other.heartbeats;
        self.heartbeat_bytes += other.heartbeat_bytes;
        self.stale_ns += other.stale_ns;
    }
}

/// What deliveries cost, in a part of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCounts {
    pub traffic: ByteCounts,
    /// Deliveries of all messages, in the window or not.
    pub deliveries: u64,
    pub payload_bytes: u64,
    pub json_bytes: u64,
    pub exchanges: u64,
    pub empty_exchanges: u64,
}

impl LedgerCounts {
    /// What was counted, with the bytes of the same time.
    pub fn of(counts: &Counts, traffic: ByteCounts) -> Self {
        LedgerCounts {
            traffic,
            deliveries: counts.arrived,
            payload_bytes: counts.payload_bytes,
            json_bytes: counts.json_bytes,
            exchanges: counts.exchanges,
            empty_exchanges: counts.empty_exchanges,
        }
    }
}

impl AddAssign for LedgerCounts {
    fn add_assign(&mut self, other: LedgerCounts) {
        self.traffic += other.traffic;
        self.deliveries += other.deliveries;
        self.payload_bytes += other.payload_bytes;
        self.json_bytes += other.json_bytes;
        self.exchanges += other.exchanges;
        self.empty_exchanges += other.empty_exchanges;
    }
}

impl Sub for LedgerCounts {
    type Output = LedgerCounts;

    fn sub(self, earlier: LedgerCounts) -> LedgerCounts {
        LedgerCounts {
            traffic: self.traffic - earlier.traffic,
            deliveries: self.deliveries - earlier.deliveries,
            payload_bytes: self.payload_bytes - earlier.payload_bytes,
            json_bytes: self.json_bytes - earlier.json_bytes,
            exchanges: self.exchanges - earlier.exchanges,
            empty_exchanges: self.empty_exchanges - earlier.empty_exchanges,
        }
    }
}

/// How the mean latencies of the subscribers compare. A subscriber without a delivery has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    pub clients: u64,
    sum_us: f64,
    squares_us2: f64,
    /// The lowest mean of a subscriber.
    pub best_us: f64,
    /// The highest mean of a subscriber.
    pub worst_us: f64,
}

impl Fairness {
    /// The fairness of one client alone.
    pub fn of(mean_us: f64) -> Self {
        Fairness {
            clients: 1,
            sum_us: mean_us,
            squares_us2: mean_us * mean_us,
            best_us: mean_us,
            worst_us: mean_us,
        }
    }

    /// Jain's index (Jain, Chiu and Hawe 1984): 1 where all clients have the same mean latency, and
    /// k / n where k of n share all of it. `None` without clients.
    pub fn index(&self) -> Option<f64> {
        let square = self.sum_us * self.sum_us;
        (self.clients > 0 && square > 0.0)
            .then(|| square / (self.clients as f64 * self.squares_us2))
    }
}

impl AddAssign for Fairness {
    fn add_assign(&mut self, other: Fairness) {
        if self.clients == 0 || other.clients == 0 {
            *self = if self.clients == 0 { other } else { *self };
            return;
        }
        self.clients += other.clients;
        self.sum_us += other.sum_us;
        self.squares_us2 += other.squares_us2;
        self.best_us = self.best_us.min(other.best_us);
        self.worst_us = self.worst_us.max(other.worst_us);
    }
}

/// What went wrong, and how often.
pub type Errors = BTreeMap<String, u64>;

/// Different errors kept; all others count together.
const MAX_ERRORS: usize = 16;

/// Everything that a recorder holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    pub counts: Counts,
    pub traffic: ByteCounts,
    /// The measured part of the ledger: all of it, unless it was marked.
    pub ledger: LedgerCounts,
    /// Bytes of connections until their subscribers were ready, since the trial began.
    pub set_up: ByteCounts,
    pub fairness: Fairness,
    /// Delivery latency, ns: delivered at − intended at. Negative ones are only counted.
    #[serde(with = "histogram")]
    pub latency: Histogram<u64>,
    /// Delivered at − sent at, ns: the latency without the publish lag.
    #[serde(with = "histogram")]
    pub since_send: Histogram<u64>,
    /// Delivered at − published at (the server's stamp), ns, where it is not negative.
    #[serde(with = "histogram")]
    pub transit: Histogram<u64>,
    /// Dialling to ready, ns, of each subscriber's first connection.
    #[serde(with = "histogram")]
    pub connect: Histogram<u64>,
    /// Sent at − intended at, ns.
    #[serde(with = "histogram")]
    pub publish_lag: Histogram<u64>,
    /// Delivery latency of the first, the median and the last subscriber that a message reached.
    pub fan_out: [FanOut; 3],
    /// How late the worker's event loop was, ns. This adds to the latencies it records.
    #[serde(with = "histogram")]
    pub loop_lag: Histogram<u64>,
    /// The part of that lag that the trial's own work does not explain, ns: the load was stopped,
    /// or others had the cores.
    #[serde(with = "histogram")]
    pub loop_stall: Histogram<u64>,
    /// What went wrong since the trial began.
    pub errors: Errors,
    /// Of that, the first answer that was not what was asked for.
    pub wrong_answer: Option<String>,
    /// What each fault of the trial did.
    pub recoveries: Vec<Recovery>,
}

/// Delivery latency at one rank of the fan-out, ns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FanOut(#[serde(with = "histogram")] pub Histogram<u64>);

impl Default for FanOut {
    fn default() -> Self {
        FanOut(histogram::coarse())
    }
}

impl Default for Recording {
    fn default() -> Self {
        Recording {
            counts: Counts::default(),
            traffic: ByteCounts::default(),
            ledger: LedgerCounts::default(),
            set_up: ByteCounts::default(),
            fairness: Fairness::default(),
            latency: histogram::exact(),
            since_send: histogram::exact(),
            transit: histogram::exact(),
            connect: histogram::exact(),
            publish_lag: histogram::exact(),
            fan_out: Default::default(),
            loop_lag: histogram::coarse(),
            loop_stall: histogram::coarse(),
            errors: Errors::new(),
            wrong_answer: None,
            recoveries: Vec::new(),
        }
    }
}

impl Recording {
    /// Adds another worker's recording.
    pub fn merge(&mut self, other: &Recording) {
        self.counts += other.counts;
        self.traffic += other.traffic;
        self.ledger += other.ledger;
        self.set_up += other.set_up;
        self.fairness += other.fairness;
        self.latency += &other.latency;
        self.since_send += &other.since_send;
        self.transit += &other.transit;
        self.connect += &other.connect;
        self.publish_lag += &other.publish_lag;
        for (ours, theirs) in self.fan_out.iter_mut().zip(&other.fan_out) {
            ours.0 += &theirs.0;
        }
        self.loop_lag += &other.loop_lag;
        self.loop_stall += &other.loop_stall;
        let faults = self.recoveries.len().max(other.recoveries.len());
        self.recoveries.resize_with(faults, Recovery::default);
        for (ours, theirs) in self.recoveries.iter_mut().zip(&other.recoveries) {
            ours.merge(theirs);
        }
        self.merge_errors(other);
    }

    /// Adds what went wrong in another recording.
    pub fn merge_errors(&mut self, other: &Recording) {
        for (error, times) in &other.errors {
            self.add_error(error, *times);
        }
        if self.wrong_answer.is_none() {
            self.wrong_answer.clone_from(&other.wrong_answer);
        }
    }

    /// Adds an error.
    pub fn add_error(&mut self, error: &str, times: u64) {
        let known = self.errors.len() < MAX_ERRORS || self.errors.contains_key(error);
        let error = if known { error } else { "others" };
        *self.errors.entry(error.to_owned()).or_default() += times;
    }
}

/// What one worker recorded in one second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerSecond {
    /// Delivery latency of all messages that arrived in this second, ns.
    #[serde(with = "histogram")]
    pub latency: Histogram<u64>,
    pub published: u64,
    /// Bytes down and up since the trial began.
    pub bytes: (u64, u64),
}
