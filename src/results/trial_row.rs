//! The rows of `trials.csv`.
//!
//! A row's fields, in order, are the file's columns. Units are the last word of a name.

use serde::{Deserialize, Serialize};

use crate::results::Verdict;
use crate::transport::Transport;

/// One row of `trials.csv`: one measured repetition of one cell.
///
/// Counts and bytes cover the ledger's time: from the opening of the window until the last
/// straggler of the drain. Percentages are of one core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    pub scenario: String,
    pub run: String,
    /// The combination of factors, counted from 1.
    pub cell: u32,
    /// The repetition of that cell, counted from 1.
    pub trial: u32,
    pub transport: Transport,
    pub workload: String,
    /// Subscribers in all, over all feeds.
    pub clients: u32,
    pub feeds: u32,
    /// Messages a second published to each feed.
    pub rate_hz: f64,
    pub payload_bytes: u32,
    pub tls: bool,
    /// Only for short polling.
    pub poll_interval_ms: Option<f64>,
    /// Only for long polling.
    pub hold_ms: Option<f64>,
    /// `on` or `off`; only for the polling transports.
    pub keep_alive: Option<String>,
    pub window_s: f64,
    pub published: u64,
    pub expected: u64,
    pub delivered: u64,
    pub missed: u64,
    pub duplicate: u64,
    pub reordered: u64,
    pub latency_min_us: Option<f64>,
    pub latency_mean_us: Option<f64>,
    pub latency_p50_us: Option<f64>,
    pub latency_p90_us: Option<f64>,
    pub latency_p99_us: Option<f64>,
    pub latency_p999_us: Option<f64>,
    pub latency_max_us: Option<f64>,
    pub publish_lag_p99_us: Option<f64>,
    pub connect_p50_us: Option<f64>,
    pub connect_p99_us: Option<f64>,
    pub connect_failed: u64,
    /// HTTP requests with their responses; empty for the streaming transports.
    pub exchanges: Option<u64>,
    pub empty_exchanges: Option<u64>,
    pub messages_per_exchange: Option<f64>,
    pub payload_bytes_per_delivery: Option<f64>,
    pub envelope_bytes_per_delivery: Option<f64>,
    pub protocol_bytes_per_delivery: Option<f64>,
    pub tls_bytes_per_delivery: Option<f64>,
    pub tcp_ip_bytes_per_delivery: Option<f64>,
    pub wire_bytes_down: u64,
    pub wire_bytes_up: u64,
    pub server_cpu_user_us_per_delivery: Option<f64>,
    pub server_cpu_sys_us_per_delivery: Option<f64>,
    pub server_cpu_percent: Option<f64>,
    pub load_cpu_user_us_per_delivery: Option<f64>,
    pub load_cpu_sys_us_per_delivery: Option<f64>,
    pub load_cpu_percent: Option<f64>,
    pub server_rss_bytes: Option<u64>,
    pub server_rss_bytes_per_client: Option<f64>,
    pub load_rss_bytes_per_client: Option<f64>,
    pub verdict: Verdict,
    /// Why the verdict is not VALID: names such as `publisher-late`, separated by spaces.
    pub warnings: String,
    /// `constant` or `poisson`.
    pub schedule: String,
    /// Delivered at − published at (the server's stamp); same host only.
    pub transit_p50_us: Option<f64>,
    pub transit_p99_us: Option<f64>,
    pub publish_lag_max_us: Option<f64>,
    /// Messages that the server did not accept.
    pub publish_failed: u64,
    /// Connections that ended during the trial and were dialled again.
    pub reconnects: u64,
    /// TCP segments of the subscribers' connections, both ways.
    pub segments: Option<u64>,
    pub load_rss_bytes: Option<u64>,
    /// Delivered at − really sent at: the latency without the publish lag.
    pub since_send_p50_us: Option<f64>,
    pub since_send_p99_us: Option<f64>,
    pub since_send_max_us: Option<f64>,
    /// What theory says that `latency_mean_us` is: from the poll interval, or the CPU time
    /// measured.
    pub predicted_latency_mean_us: Option<f64>,
    /// What theory says of the bytes through the sockets (payload to TLS) for a delivery.
    pub predicted_wire_bytes_per_delivery: Option<f64>,
    /// The cell that this one repeats under a number of its own (an A/A pair), if it does.
    pub aa_of: Option<u32>,
    /// `minimal` or `browser`: the header fields of requests.
    pub headers: Option<String>,
    /// CPU time of other processes on this machine; percent of one core.
    pub others_cpu_percent: Option<f64>,
    /// CPU time that the hypervisor gave to others; percent of one core.
    pub stolen_cpu_percent: Option<f64>,
    /// The CPUs of server and load, `server 0; load 1`; empty where they run as the kernel likes.
    #[serde(default)]
    pub pin: Option<String>,
    /// What the publishing sensors' connections carried, both ways: not among the subscribers'
    /// bytes. 0 in a chat, where the subscribers publish themselves.
    pub publisher_wire_bytes: Option<u64>,
    pub publisher_tcp_ip_bytes: Option<u64>,
    pub publisher_segments: Option<u64>,
    /// What passed the interface of `--interface` while the ledger was open, both ways, with link
    /// headers: everyone's, the publisher's as well.
    pub interface_bytes: Option<u64>,
    pub interface_packets: Option<u64>,
    /// Processes that the clients were spread over.
    pub load_processes: Option<u32>,
    /// How late the event loops of the load were: what it adds to latencies itself.
    pub loop_lag_p99_us: Option<f64>,
    pub loop_lag_max_us: Option<f64>,
    /// Subscribers in a process of their own, and what they saw; empty without a probe.
    pub probe_clients: Option<u32>,
    pub probe_delivered: Option<u64>,
    pub probe_latency_p50_us: Option<f64>,
    pub probe_latency_p99_us: Option<f64>,
    /// Delivery latency of the first subscriber that a message reached, of the median one and of
    /// the last: medians over the messages.
    pub first_recipient_p50_us: Option<f64>,
    pub median_recipient_p50_us: Option<f64>,
    pub last_recipient_p50_us: Option<f64>,
    /// Share of the window in which a client did not have the newest message, over all clients.
    pub stale_percent: Option<f64>,
    /// Jain's index of the clients' mean latencies: 1 if all are served alike; and the mean latency
    /// of the client served best and of the one served worst.
    pub fairness_index: Option<f64>,
    pub client_latency_mean_min_us: Option<f64>,
    pub client_latency_mean_max_us: Option<f64>,
    /// What it took until a client was ready, during ramp-up, both ways: not in the other figures.
    pub set_up_wire_bytes_per_client: Option<f64>,
    pub set_up_tcp_ip_bytes_per_client: Option<f64>,
    /// SSE comments and WebSocket pings (with their pongs) of the ledger's time, and their wire
    /// bytes, which are part of the protocol's.
    pub heartbeats: Option<u64>,
    pub heartbeat_wire_bytes: Option<u64>,
    /// What a server of our own counted at its end of all connections, the publishers' and the
    /// probe's among them; and by how much that is more (+) or less (−) than the load counted.
    pub server_wire_bytes_down: Option<u64>,
    pub server_wire_bytes_up: Option<u64>,
    pub ends_differ_bytes: Option<i64>,
    /// Deliveries by each of the server's writes to its subscribers.
    pub messages_per_write: Option<f64>,
    /// From the first subscriber's turn to dial until all were ready, or had given up.
    pub ramp_up_s: Option<f64>,
}
