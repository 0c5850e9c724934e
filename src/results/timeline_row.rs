//! The rows of `timeline.csv`.

use serde::{Deserialize, Serialize};

use crate::transport::Transport;

/// One row of `timeline.csv`: one second of one trial, by the time of *arrival*.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineRow {
    pub scenario: String,
    pub run: String,
    pub cell: u32,
    pub trial: u32,
    pub transport: Transport,
    pub clients: u32,
    /// Seconds since the trial began (its ramp-up).
    pub at_s: f64,
    /// `ramp-up`, `warm-up`, `window` or `drain`: the phase in which this second ended.
    pub phase: String,
    pub connected: u64,
    pub published: u64,
    pub delivered: u64,
    pub latency_p50_us: Option<f64>,
    pub latency_p99_us: Option<f64>,
    pub latency_max_us: Option<f64>,
    pub wire_bytes_down: u64,
    pub wire_bytes_up: u64,
    pub server_cpu_percent: Option<f64>,
    pub load_cpu_percent: Option<f64>,
    pub server_rss_bytes: Option<u64>,
    pub load_rss_bytes: Option<u64>,
    pub server_connections: Option<u64>,
}
