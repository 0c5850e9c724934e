//! What a trial found: plain data that travels from the load to the lab.

use std::ops::AddAssign;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::client::dialect::ServerCounters;
use crate::client::target::Target;
use crate::load::timeline::Phase;
use crate::record::byte_counts::ByteCounts;
use crate::record::histogram;
use crate::record::recording::Recording;
use crate::system::interface::InterfaceCounters;
use crate::system::process::{CpuTime, ProcessUsage};

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
    /// Delivery latency of what arrived in it, ns.
    #[serde(with = "histogram")]
    pub latency: Histogram<u64>,
    pub bytes_down: u64,
    pub bytes_up: u64,
    pub load: UsageDelta,
    pub server: Option<UsageDelta>,
    /// Connections that the server has open at its end, as far as the kernel counts them.
    pub server_connections: Option<u64>,
}

/// What a process used over a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageDelta {
    pub user_s: f64,
    pub sys_s: f64,
    /// Resident memory at the end of the period.
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

    /// User and system time.
    pub fn cpu_s(&self) -> f64 {
        self.user_s + self.sys_s
    }

    /// Percent of one core over `seconds`.
    pub fn percent(&self, seconds: f64) -> f64 {
        self.cpu_s() / seconds * 100.0
    }
}

/// CPU time that this machine and the processes of a trial used in about a second of its window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MachineUse {
    pub length_s: f64,
    /// Of all processes of the load but the probe's.
    pub load_s: f64,
    /// 0 if the server runs on another host, `None` if its use cannot be read; likewise the proxy,
    /// and probe and network together, which need not be there.
    pub server_s: Option<f64>,
    pub proxy_s: Option<f64>,
    pub beside_s: Option<f64>,
    /// Of all cores; `None` where the kernel does not show it.
    pub cores: Option<CpuTime>,
}

impl MachineUse {
    /// Of all processes that are not the trial's. The kernel counts in ticks of 10 ms, so it may be
    /// a little below 0. `None` if one of the parts is not known, or if the kernel's sum is not
    /// that of this machine: it does not even hold the trial's own processes.
    pub fn others_s(&self) -> Option<f64> {
        let ours_s = self.load_s + self.server_s? + self.proxy_s? + self.beside_s?;
        let others_s = self.cores?.busy_s - ours_s;
        (others_s > -(0.1 + 0.5 * ours_s)).then_some(others_s)
    }
}

impl AddAssign for MachineUse {
    fn add_assign(&mut self, other: MachineUse) {
        let sum = |ours: Option<f64>, theirs: Option<f64>| Some(ours? + theirs?);
        self.length_s += other.length_s;
        self.load_s += other.load_s;
        self.server_s = sum(self.server_s, other.server_s);
        self.proxy_s = sum(self.proxy_s, other.proxy_s);
        self.beside_s = sum(self.beside_s, other.beside_s);
        let cores = self.cores.zip(other.cores);
        self.cores = cores.map(|(ours, theirs)| CpuTime {
            busy_s: ours.busy_s + theirs.busy_s,
            stolen_s: ours.stolen_s + theirs.stolen_s,
        });
    }
}

/// What a probe found.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeOutcome {
    pub recording: Recording,
    /// Messages published × the probe's subscribers of their feed.
    pub expected: u64,
}

/// The messages of the window, by the publisher's record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowMessages {
    /// Of the schedule. They were published, or failed, or were not sent.
    pub due: u64,
    /// Sent, and not refused.
    pub published: u64,
    /// Sent and refused or lost with the connection, or not sent since there was none.
    pub failed: u64,
    /// Never sent, since their publisher could not keep up or had no connection.
    pub not_sent: u64,
    /// Published × subscribers of their feed.
    pub expected: u64,
    /// Of these, the deliveries that never came.
    pub missed: u64,
    /// Deliveries of messages that count as not published.
    pub unexpected: u64,
}

/// What one trial found.
#[derive(Debug, Serialize, Deserialize)]
pub struct TrialOutcome {
    /// From the first dial until all subscribers were ready or had given up.
    pub ramp_up_s: f64,
    /// Of the measured part of the ledger.
    pub ledger_s: f64,
    pub messages: WindowMessages,
    pub joined: u64,
    pub gave_up: u64,
    /// Subscribers that were connected at the end.
    pub connected: u64,
    /// The subscribers', and the publish lag of all publishers.
    pub recording: Recording,
    /// The sensors' connections, which are not the subscribers' and not in `traffic`.
    pub publisher_traffic: ByteCounts,
    /// The same in the measured part of the ledger.
    pub publisher_measured: ByteCounts,
    /// All that passed the plan's interface in the measured part of the ledger.
    pub interface: Option<InterfaceCounters>,
    /// What an owned server counted while the ledger was open: its side of all traffic.
    pub server_counters: Option<ServerCounters>,
    /// What the probe recorded.
    pub probe: Option<ProbeOutcome>,
    /// All processes of the load.
    pub load: UsageDelta,
    /// Memory before the first subscriber dialled.
    pub load_rss_before_bytes: u64,
    pub server: Option<UsageDelta>,
    pub server_rss_before_bytes: Option<u64>,
    /// Nothing where there is no proxy.
    pub proxy: Option<UsageDelta>,
    pub proxy_rss_before_bytes: Option<u64>,
    /// Growth of the kernel's memory since before the first subscriber dialled; `None` if it cannot
    /// be read.
    pub kernel_growth_bytes: Option<i64>,
    /// The use of this machine in the measured part of the ledger, second by second. The probe's is
    /// not in `load`.
    pub machine: Vec<MachineUse>,
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

    /// Deliveries whose stamps the publisher's record contradicts. The server's own clock is
    /// compared on the same host only.
    pub fn stamps_differ(&self, same_host: bool) -> u64 {
        let counts = &self.recording.counts;
        match same_host {
            true => counts.stamps_differ + counts.stamps_impossible,
            false => counts.stamps_differ,
        }
    }

    /// By how many bytes the server counted more (+) or less (−) than the load. It is 0 unless
    /// bytes were under way, were lost with their connection, or belong to another client. `None`
    /// through a proxy, which has other heads and other connections on its two sides.
    pub fn ends_differ_bytes(&self, target: &Target) -> Option<i64> {
        let counters = self.server_counters.filter(|_| target.proxy.is_none())?;
        let (down, up) = self.load_bytes();
        Some((counters.down_bytes + counters.up_bytes) as i64 - (down + up) as i64)
    }

    /// The use of this machine over all of that time; `None` if the ledger was never open.
    pub fn machine_use(&self) -> Option<MachineUse> {
        let (first, rest) = self.machine.split_first()?;
        let mut sum = *first;
        rest.iter().for_each(|second| sum += *second);
        Some(sum)
    }

    /// CPU time of all other processes, in percent of one core; `None` where it is not known.
    pub fn others_cpu_percent(&self) -> Option<f64> {
        percent_of_others(&self.machine_use()?)
    }

    /// The same in the second in which it was highest.
    pub fn others_cpu_worst_second_percent(&self) -> Option<f64> {
        let seconds = self.machine.iter().filter_map(percent_of_others);
        seconds.max_by(f64::total_cmp)
    }

    /// Deliveries that the server worked for in the measured part of the ledger: the subscribers'
    /// and the probe's.
    pub fn served(&self) -> u64 {
        let probe = self.probe.as_ref();
        let of_probe = probe.map_or(0, |probe| probe.recording.ledger.deliveries);
        self.recording.ledger.deliveries + of_probe
    }
}

fn percent_of_others(used: &MachineUse) -> Option<f64> {
    Some((used.others_s()? / used.length_s * 100.0).max(0.0))
}
