//! What the load process is told and what it tells: one plan in, events out, each a line of JSON.

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::config::ClientConfig;
use crate::client::server_counters::ServerCounters;
use crate::client::target::Target;
use crate::error::unknown;
use crate::load::schedule::Pacing;
use crate::load::worker::ClientShare;
use crate::record::byte_counts::ByteCounts;
use crate::record::recording::Recording;
use crate::system::interface::InterfaceCounters;
use crate::system::process::{CpuTime, ProcessUsage};
use crate::transport::Transport;

/// What publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<Workload>)]
pub enum Workload {
    /// A few sensors publish, and all subscribers read.
    #[default]
    Monitoring,
    /// The subscribers of a feed publish to it: a WebSocket in band, all others by POST.
    Chat,
}

/// One trial, as the load process needs to know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub transport: Transport,
    pub target: Target,
    /// Names of feeds that nothing else uses.
    pub feeds: Vec<String>,
    pub clients: u32,
    pub workload: Workload,
    pub pacing: Pacing,
    /// Messages a second to each feed.
    pub rate_hz: f64,
    pub payload_bytes: u32,
    pub client: ClientConfig,
    /// Connections dialled a second during ramp-up.
    pub connect_rate_hz: f64,
    pub warm_up: Duration,
    pub window: Duration,
    /// The longest wait for stragglers.
    pub drain: Duration,
    pub seed: u64,
    /// A network interface whose counters are to be read beside the ledger.
    pub interface: Option<String>,
    /// Processes that the clients are spread over.
    pub processes: u32,
    /// Subscribers in a process of their own, which see whether the crowd's process tells the
    /// truth.
    pub probes: u32,
    /// Short polls start evenly spread over the interval, rather than at random in it.
    pub even_phases: bool,
}

/// What a load process is to do: the first line that it reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// A trial, with the help of other processes if the plan says so. Tells [`LoadEvent`]s.
    Lead(Plan),
    /// A part of the subscribers of a trial that another process leads.
    Follow(AgentJob),
}

/// What a process that follows needs to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentJob {
    pub plan: Plan,
    /// The leader's board: its path, and how many workers it is for.
    pub window: String,
    pub workers: usize,
    /// One worker for each.
    pub shares: Vec<ClientShare>,
    /// When the ramp-up begins, on the monotonic clock.
    pub start_ns: u64,
}

impl Plan {
    /// Subscribers of feed number `feed`: clients take turns.
    pub fn subscribers(&self, feed: usize) -> u64 {
        let (clients, feeds) = (self.clients as usize, self.feeds.len());
        (clients / feeds + usize::from(feed < clients % feeds)) as u64
    }

    /// Where messages of each feed are published.
    pub fn publish_paths(&self) -> Rc<[String]> {
        let path = |feed| self.target.dialect.publish_path(&self.feed_path(feed));
        (0..self.feeds.len()).map(path).collect()
    }

    /// The path of feed number `feed`.
    pub fn feed_path(&self, feed: usize) -> String {
        let Target {
            dialect, prefix, ..
        } = &self.target;
        dialect.feed_path(prefix, &self.feeds[feed])
    }
}

/// A part of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Phase {
    #[default]
    RampUp,
    WarmUp,
    Window,
    Drain,
}

/// What the load process says while it works, and at the end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadEvent {
    Progress(Progress),
    Second(TimelineSecond),
    Outcome(Box<TrialOutcome>),
}

/// Where a trial is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Since the trial began.
    pub at_s: f64,
    pub phase: Phase,
    pub clients: u64,
    pub joined: u64,
    pub connected: u64,
    pub gave_up: u64,
    /// First deliveries since the trial began.
    pub delivered: u64,
    /// Seconds that the trial takes in all, and yet; stragglers may make it longer.
    pub whole_s: f64,
    pub left_s: f64,
}

/// One second of the timeline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimelineSecond {
    /// Since the trial began.
    pub at_s: f64,
    pub length_s: f64,
    pub phase: Phase,
    pub connected: u64,
    pub published: u64,
    pub delivered: u64,
    /// p50, p99 and max of what arrived in it, ns; absent if nothing did.
    pub latency_ns: Option<[u64; 3]>,
    pub bytes_down: u64,
    pub bytes_up: u64,
    pub load: UsageDelta,
    pub server: Option<UsageDelta>,
}

/// What a process used over a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageDelta {
    pub user_s: f64,
    pub sys_s: f64,
    /// Resident memory at its end.
    pub rss_bytes: u64,
}

impl UsageDelta {
    /// What was used from `earlier` to `later`.
    pub fn between(earlier: &ProcessUsage, later: &ProcessUsage) -> Self {
        let (user_s, sys_s) = later.cpu_since(earlier);
        UsageDelta {
            user_s,
            sys_s,
            rss_bytes: later.rss_bytes,
        }
    }

    /// Percent of one core over `seconds`.
    pub fn percent(&self, seconds: f64) -> f64 {
        (self.user_s + self.sys_s) / seconds * 100.0
    }
}

/// What a probe found.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeOutcome {
    pub recording: Recording,
    pub used: UsageDelta,
}

/// What one trial found.
#[derive(Debug, Serialize, Deserialize)]
pub struct TrialOutcome {
    /// From the first subscriber's turn to dial until all were ready, or had given up.
    pub ramp_up_s: f64,
    /// From the opening of the ledger to its end: the window and the drain.
    pub ledger_s: f64,
    pub published: u64,
    pub expected: u64,
    pub publish_failed: u64,
    pub joined: u64,
    pub gave_up: u64,
    /// Subscribers that were connected at the end.
    pub connected: u64,
    /// The subscribers', and the publish lag of all who write.
    pub recording: Recording,
    /// The sensors' connections, which are not the subscribers' and not in `traffic`.
    pub publisher_traffic: ByteCounts,
    /// What passed the plan's interface while the ledger was open, whoever sent it.
    pub interface: Option<InterfaceCounters>,
    /// What a server of our own counted while the ledger was open: its side of all traffic.
    pub server_books: Option<ServerCounters>,
    /// What the probe recorded, and what its process used, which is not in `load`.
    pub probe: Option<ProbeOutcome>,
    /// All processes of the load.
    pub load: UsageDelta,
    /// Memory before the first subscriber dialled.
    pub load_rss_before_bytes: u64,
    pub server: Option<UsageDelta>,
    pub server_rss_before_bytes: Option<u64>,
    /// CPU time of this machine's cores while the ledger was open.
    pub cores: CpuTime,
    /// What went wrong between client and server, and how often.
    pub errors: Vec<(String, u64)>,
}

impl TrialOutcome {
    /// Bytes through all sockets of the load, down and up: subscribers', publishers' and probe's.
    pub fn load_bytes(&self) -> (u64, u64) {
        let probe = self.probe.as_ref().map(|probe| probe.recording.traffic);
        let all = [
            Some(self.recording.traffic),
            Some(self.publisher_traffic),
            probe,
        ];
        let all = all.into_iter().flatten();
        all.fold((0, 0), |(down, up), traffic| {
            (down + traffic.down_bytes, up + traffic.up_bytes)
        })
    }

    /// By how many bytes the server counted more (+) or less (−) than the load: 0, unless something
    /// was still under way, was lost with its connection, or belongs to somebody else.
    pub fn ends_differ_bytes(&self) -> Option<i64> {
        let books = self.server_books?;
        let (down, up) = self.load_bytes();
        Some((books.down_bytes + books.up_bytes) as i64 - (down + up) as i64)
    }

    /// Deliveries that the server worked for: the subscribers' and the probe's.
    pub fn served(&self) -> u64 {
        let probe = self.probe.as_ref();
        self.recording.counts.delivered + probe.map_or(0, |probe| probe.recording.counts.delivered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_command_line_and_of_files_agree() {
        assert_eq!("chat".parse(), Ok(Workload::Chat));
        assert_eq!(Workload::Monitoring.to_string(), "monitoring");
        assert!(
            "caht"
                .parse::<Workload>()
                .unwrap_err()
                .contains("monitoring or chat")
        );
        assert_eq!(
            serde_json::to_string(&Phase::WarmUp).unwrap(),
            "\"warm-up\""
        );
        assert_eq!(Phase::RampUp.to_string(), "ramp-up");
    }
}
