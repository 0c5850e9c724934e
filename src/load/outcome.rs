//! What a trial found: plain data that travels from the load to the lab.

use serde::{Deserialize, Serialize};

use crate::client::server_counters::ServerCounters;
#[cfg(test)]
use crate::load::protocol::Plan;
use crate::load::timeline::Phase;
use crate::record::byte_counts::ByteCounts;
use crate::record::recording::Recording;
#[cfg(test)]
use crate::record::recording::{Counts, Fairness};
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
    /// p50, p99 and max of what arrived in it, ns; absent if nothing did.
    pub latency_ns: Option<[u64; 3]>,
    pub bytes_down: u64,
    pub bytes_up: u64,
    pub load: UsageDelta,
    pub server: Option<UsageDelta>,
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
    /// From the first dial until all subscribers were ready or had given up.
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
    /// The subscribers', and the publish lag of all publishers.
    pub recording: Recording,
    /// The sensors' connections, which are not the subscribers' and not in `traffic`.
    pub publisher_traffic: ByteCounts,
    /// All that passed the plan's interface while the ledger was open.
    pub interface: Option<InterfaceCounters>,
    /// What an owned server counted while the ledger was open: its side of all traffic.
    pub server_counters: Option<ServerCounters>,
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

    /// By how many bytes the server counted more (+) or less (−) than the load. It is 0 unless bytes
    /// were under way, were lost with their connection, or belong to another client.
    pub fn ends_differ_bytes(&self) -> Option<i64> {
        let counters = self.server_counters?;
        let (down, up) = self.load_bytes();
        Some((counters.down_bytes + counters.up_bytes) as i64 - (down + up) as i64)
    }

    /// Deliveries that the server worked for: the subscribers' and the probe's.
    pub fn served(&self) -> u64 {
        let probe = self.probe.as_ref();
        self.recording.counts.delivered + probe.map_or(0, |probe| probe.recording.counts.delivered)
    }
}

#[cfg(test)]
impl TrialOutcome {
    /// An outcome without any disturbance, on a host of two cores: each client gets each message
    /// of each feed, one a feed and second for 100 s, 2 ms after it was due.
    pub fn quiet(plan: &Plan) -> Self {
        let (clients, probes) = (u64::from(plan.clients), u64::from(plan.probes));
        let published = 100 * plan.feeds.len() as u64;
        let expected = 100 * clients;
        let mut recording = Recording::default();
        for (histogram, us, times) in [
            (&mut recording.latency, 2_000, expected),
            (&mut recording.since_send, 1_900, expected),
            (&mut recording.transit, 1_000, expected),
            (&mut recording.publish_lag, 100, published),
            (&mut recording.connect, 500, clients),
            (&mut recording.loop_lag, 50, 10_000),
        ] {
            histogram.record_n(us * 1_000, times).unwrap();
        }
        for (place, us) in recording.fan_out.iter_mut().zip([1_500, 2_000, 2_500]) {
            place.0.record_n(us * 1_000, published).unwrap();
        }
        (0..clients).for_each(|_| recording.fairness += Fairness::of(2_000.0));
        recording.counts = Counts {
            delivered: expected,
            payload_bytes: 100 * expected,
            json_bytes: 190 * expected,
            stale_ns: 2_000_000 * expected,
            ..Counts::default()
        };
        recording.traffic = ByteCounts {
            down_bytes: 220 * expected,
            up_bytes: 0,
            segments: 2 * expected,
            tcp_ip_bytes: 104 * expected,
            plaintext_bytes: 0,
        };
        recording.set_up = ByteCounts {
            down_bytes: 200 * clients,
            up_bytes: 100 * clients,
            tcp_ip_bytes: 300 * clients,
            ..ByteCounts::default()
        };
        let probe = (probes > 0).then(|| {
            let mut probe = Recording::default();
            probe.counts.delivered = 100 * probes;
            probe.latency.record_n(2_100_000, 100 * probes).unwrap();
            probe.traffic.down_bytes = 220 * 100 * probes;
            let used = UsageDelta {
                user_s: 0.25,
                sys_s: 0.25,
                rss_bytes: 8 << 20,
            };
            ProbeOutcome {
                recording: probe,
                used,
            }
        });
        let publisher_traffic = ByteCounts {
            down_bytes: 100 * published,
            up_bytes: 300 * published,
            segments: 4 * published,
            tcp_ip_bytes: 208 * published,
            plaintext_bytes: 0,
        };
        let mut outcome = TrialOutcome {
            ramp_up_s: 0.5,
            ledger_s: 100.0,
            published,
            expected,
            publish_failed: 0,
            joined: clients,
            gave_up: 0,
            connected: clients,
            recording,
            publisher_traffic,
            interface: None,
            server_counters: None,
            probe,
            load: UsageDelta {
                user_s: 3.0,
                sys_s: 7.0,
                rss_bytes: 60 << 20,
            },
            load_rss_before_bytes: 50 << 20,
            server: Some(UsageDelta {
                user_s: 5.0,
                sys_s: 15.0,
                rss_bytes: 30 << 20,
            }),
            server_rss_before_bytes: Some(20 << 20),
            cores: CpuTime {
                busy_s: 31.0,
                stolen_s: 0.5,
            },
            errors: Vec::new(),
        };
        let (down_bytes, up_bytes) = outcome.load_bytes();
        outcome.server_counters = Some(ServerCounters {
            down_bytes,
            up_bytes,
            deliveries: 100 * (clients + probes),
            writes: 50 * (clients + probes),
        });
        outcome
    }
}
