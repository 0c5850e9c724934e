//! What was recorded: plain data that travels between processes and is merged with others'.

use std::ops::AddAssign;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::record::byte_counts::ByteCounts;
use crate::record::histogram;

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
    /// Signs of life: SSE comments, pings with their pongs.
    pub heartbeats: u64,
    /// What they take of the bytes through the sockets.
    pub heartbeat_bytes: u64,
    /// Time of the window in which a subscriber did not have the newest message, over all of them
    /// (Bozdag, Mesbah and van Deursen 2007 call the rest data coherence).
    pub stale_ns: u64,
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
        self.heartbeats += other.heartbeats;
        self.heartbeat_bytes += other.heartbeat_bytes;
        self.stale_ns += other.stale_ns;
    }
}

/// How the subscribers' own mean latencies lie to each other. Those without a delivery have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    pub clients: u64,
    sum_us: f64,
    squares_us2: f64,
    /// The mean of the best served one, and of the worst.
    pub best_us: f64,
    pub worst_us: f64,
}

impl Fairness {
    /// Of one client.
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

/// Everything that a recorder holds, ready to be merged with others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    pub counts: Counts,
    pub traffic: ByteCounts,
    /// Of `traffic` since the trial began, what passed until subscribers were ready.
    pub set_up: ByteCounts,
    pub fairness: Fairness,
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
    /// Delivery latency of the first subscriber that a message reached, of the median one and of
    /// the last, ns.
    pub fan_out: [FanOut; 3],
    /// How late a worker's event loop was, ns: what it adds to its subscribers' latencies itself.
    #[serde(with = "histogram")]
    pub loop_lag: Histogram<u64>,
}

/// Delivery latency at one place of the fan-out, ns.
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
            set_up: ByteCounts::default(),
            fairness: Fairness::default(),
            latency: histogram::exact(),
            since_send: histogram::exact(),
            transit: histogram::exact(),
            connect: histogram::exact(),
            publish_lag: histogram::exact(),
            fan_out: Default::default(),
            loop_lag: histogram::coarse(),
        }
    }
}

impl Recording {
    /// Adds another worker's recording.
    pub fn merge(&mut self, other: &Recording) {
        self.counts += other.counts;
        self.traffic += other.traffic;
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
    }
}

/// What one worker saw in one second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerSecond {
    /// Delivery latency of all messages that arrived in it, ns.
    #[serde(with = "histogram")]
    pub latency: Histogram<u64>,
    pub published: u64,
    /// Bytes down and up since the trial began.
    pub bytes: (u64, u64),
}
