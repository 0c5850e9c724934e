//! The rows of `recovery.csv`.

use serde::{Deserialize, Serialize};

use crate::transport::Transport;

/// One row of `recovery.csv`: what one fault did to one trial. Times in µs count from the fault's
/// beginning. A figure that does not exist is an empty cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryRow {
    pub scenario: String,
    pub run: String,
    pub cell: u32,
    pub trial: u32,
    pub transport: Transport,
    pub clients: u32,
    /// The fault's number in its trial, from 1.
    pub number: u32,
    /// As in the scenario: `restart-server@10s:2s`.
    pub fault: String,
    /// When it began and ended, in seconds since the trial began, as in `timeline.csv`. The end is
    /// empty where it lasts to the trial's end.
    pub begins_at_s: f64,
    pub ends_at_s: Option<f64>,
    /// By how much it was done late.
    pub late_ms: Option<f64>,
    /// Clients that it was meant for.
    pub affected: u64,
    /// Clients that lost their connection, and when.
    pub noticed: u64,
    pub noticed_p50_us: Option<f64>,
    pub noticed_p99_us: Option<f64>,
    pub noticed_last_us: Option<f64>,
    /// Clients that were connected again, and when.
    pub reconnected: u64,
    pub reconnected_p50_us: Option<f64>,
    pub reconnected_p99_us: Option<f64>,
    pub reconnected_last_us: Option<f64>,
    /// Clients that had all messages which were due until the fault was over and they were
    /// connected again, and when they had the last of these.
    pub caught_up: u64,
    pub caught_up_p50_us: Option<f64>,
    pub caught_up_p99_us: Option<f64>,
    pub caught_up_last_us: Option<f64>,
    /// Clients that lacked messages at the end, or did not come back.
    pub behind: u64,
    /// Deliveries that never came, came twice, or came after a later one, from this fault's
    /// beginning to the next one's. The first fault counts from the window's opening.
    pub missed: u64,
    pub duplicate: u64,
    pub reordered: u64,
    /// Clients that came back without being told of lost messages; times that one was told, and how
    /// many messages.
    pub resumed: u64,
    pub resets: u64,
    pub told_missed: u64,
    /// Most connections that were dialled, and exchanges that ended, in a second.
    pub peak_connects_per_s: u64,
    pub peak_exchanges_per_s: u64,
    /// Bytes that it took to set up connections again.
    pub extra_bytes: u64,
    /// Delivery latency from the fault's beginning on, of the clients that it was meant for and of
    /// all others.
    pub affected_latency_p50_us: Option<f64>,
    pub affected_latency_p99_us: Option<f64>,
    pub others_latency_p50_us: Option<f64>,
    pub others_latency_p99_us: Option<f64>,
    /// From the fault's beginning until the seconds of the timeline are as those before it; empty
    /// if they never are.
    pub steady_after_s: Option<f64>,
}
