//! The verdict: how far a trial's figures can be trusted, from what the trial recorded.

use hdrhistogram::Histogram;

use crate::load::outcome::{TrialOutcome, UsageDelta};
use crate::load::protocol::Plan;
use crate::results::{Verdict, Warning};
use crate::system::limits::BUSY_SHARE;
use crate::transport::Transport;

/// A publisher or an event loop later than this at p99, in ms, distorts latencies of that order …
const LATE_MS: f64 = 5.0;
/// … and so does one later than this share of the median latency.
const LATE_SHARE: f64 = 0.2;
/// The probe differs if the medians of probe and load differ by more than this share of the larger
/// one, and by more than [`LATE_MS`]. A probe of 8 differs by chance by up to a fifth.
const PROBE_SHARE: f64 = 0.5;
/// With fewer probes than this, short polls do not sample the poll interval. Their phases are
/// evenly spread from a random start: of four the lower middle one waits for 1/4 to 1/2 of the
/// interval, of five the middle one for 2/5 to 3/5, and the load's median is 1/2.
const FEWEST_PROBES: u32 = 5;
/// The largest difference between both ends of the ledger, as a share of all bytes: what is lost
/// with a cut connection.
const ENDS_SHARE: f64 = 0.001;
/// Above this share of the cores, processes wait for a core and not for messages.
const SATURATED_SHARE: f64 = 0.9;

/// Above this share of the cores, other virtual machines compete with the measured processes.
const STOLEN_SHARE: f64 = 0.05;

/// The input of the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    pub rate_hz: f64,
    pub published: u64,
    pub publish_failed: u64,
    pub expected: u64,
    pub delivered: u64,
    pub duplicate: u64,
    pub reordered: u64,
    pub negative: u64,
    pub connect_failed: u64,
    pub reconnects: u64,
    /// Connections of polls and of publishers that were to be kept and were dialled anew.
    pub redials: u64,
    pub publish_lag_p99_ms: f64,
    pub latency_p50_ms: f64,
    pub loop_lag_p99_ms: f64,
    /// Of a probe that is large enough to be typical.
    pub probe_p50_ms: Option<f64>,
    /// Difference between what the two ends counted, as a share of all bytes.
    pub ends_differ: f64,
    /// Percent of one core.
    pub load_cpu_percent: f64,
    /// 0 where the server's use is not known.
    pub server_cpu_percent: f64,
    /// Of other processes on this host; 0 if the server's use is not known.
    pub others_cpu_percent: f64,
    pub stolen_cpu_percent: f64,
    pub cores: f64,
    /// Of these, those that the load may use.
    pub load_cores: f64,
    pub server_died: bool,
}

impl Evidence {
    /// What a trial's outcome says, of a server that did not end. The host has `cores`; the load
    /// may use `load_cores` of them.
    pub fn of(plan: &Plan, outcome: &TrialOutcome, cores: usize, load_cores: usize) -> Self {
        let ms = |histogram: &Histogram<u64>, quantile| {
            histogram.value_at_quantile(quantile) as f64 / 1e6
        };
        let typical = plan.transport != Transport::ShortPolling || plan.probes >= FEWEST_PROBES;
        let probe = outcome.probe.as_ref().map(|probe| &probe.recording.latency);
        let probe = probe.filter(|latency| typical && !latency.is_empty());
        let (down, up) = outcome.load_bytes();
        let recording = &outcome.recording;
        let percent = |used: &UsageDelta| used.percent(outcome.ledger_s);
        Evidence {
            rate_hz: plan.rate_hz,
            published: outcome.published,
            publish_failed: outcome.publish_failed,
            expected: outcome.expected,
            delivered: outcome.recording.counts.delivered,
            duplicate: outcome.recording.counts.duplicate,
            reordered: outcome.recording.counts.reordered,
            negative: outcome.recording.counts.negative,
            connect_failed: outcome.gave_up,
            reconnects: outcome.recording.counts.reconnects,
            redials: recording.counts.redials + recording.counts.publisher_redials,
            publish_lag_p99_ms: ms(&recording.publish_lag, 0.99),
            latency_p50_ms: ms(&recording.latency, 0.5),
            loop_lag_p99_ms: ms(&recording.loop_lag, 0.99),
            probe_p50_ms: probe.map(|latency| ms(latency, 0.5)),
            ends_differ: outcome.ends_differ_bytes().unwrap_or(0).unsigned_abs() as f64
                / (down + up).max(1) as f64,
            load_cpu_percent: percent(&outcome.load),
            server_cpu_percent: outcome.server.as_ref().map_or(0.0, percent),
            cores: cores as f64,
            others_cpu_percent: others_cpu_percent(outcome).unwrap_or(0.0),
            stolen_cpu_percent: outcome.cores.stolen_s / outcome.ledger_s * 100.0,
            load_cores: load_cores as f64,
            server_died: false,
        }
    }

    /// All warnings of this evidence.
    pub fn warnings(&self) -> Vec<Warning> {
        let late_ms = LATE_MS.max(self.latency_p50_ms * LATE_SHARE);
        let cores_percent = self.cores * 100.0;
        let capacity = cores_percent * SATURATED_SHARE;
        let both = self.load_cpu_percent + self.server_cpu_percent;
        let probe_differs = self.probe_p50_ms.is_some_and(|probe| {
            let (apart, larger) = (
                (probe - self.latency_p50_ms).abs(),
                probe.max(self.latency_p50_ms),
            );
            apart > LATE_MS.max(larger * PROBE_SHARE)
        });
        let rules = [
            (self.server_died, Warning::ServerDied),
            (self.connect_failed > 0, Warning::ConnectFailed),
            (
                self.rate_hz > 0.0 && self.published == 0,
                Warning::NothingPublished,
            ),
            (self.delivered < self.expected, Warning::MissedMessages),
            (self.delivered > self.expected, Warning::UnexpectedMessages),
            (self.negative > 0, Warning::ClockNegative),
            (self.publish_failed > 0, Warning::PublishFailed),
            (self.publish_lag_p99_ms > late_ms, Warning::PublisherLate),
            (
                self.load_cpu_percent > self.load_cores * 100.0 * SATURATED_SHARE
                    || both > capacity
                    || self.loop_lag_p99_ms > late_ms,
                Warning::LoadSaturated,
            ),
            (probe_differs, Warning::ProbeDiffers),
            (self.ends_differ > ENDS_SHARE, Warning::EndsDiffer),
            (self.reconnects > 0, Warning::ClientsLost),
            (self.redials > 0, Warning::ConnectionsNotKept),
            (self.duplicate > 0, Warning::DuplicateMessages),
            (self.reordered > 0, Warning::ReorderedMessages),
            (
                self.others_cpu_percent > BUSY_SHARE * cores_percent,
                Warning::MachineBusy,
            ),
            (
                self.stolen_cpu_percent > STOLEN_SHARE * cores_percent,
                Warning::CpuStolen,
            ),
        ];
        rules
            .into_iter()
            .filter(|(applies, _)| *applies)
            .map(|(_, warning)| warning)
            .collect()
    }
}

/// CPU time of all other processes, in percent of one core; `None` if the server's is not known.
pub fn others_cpu_percent(outcome: &TrialOutcome) -> Option<f64> {
    let server = outcome.server.as_ref()?;
    let probe = outcome.probe.as_ref().map(|probe| &probe.used);
    let ours_s: f64 = [Some(&outcome.load), Some(server), probe]
        .into_iter()
        .flatten()
        .map(|used| used.user_s + used.sys_s)
        .sum();
    Some(((outcome.cores.busy_s - ours_s) / outcome.ledger_s * 100.0).max(0.0))
}

/// The worst verdict of the warnings, and their names.
pub fn judge(warnings: &[Warning]) -> (Verdict, String) {
    let verdict = warnings.iter().map(|warning| warning.verdict()).max();
    let names: Vec<_> = warnings.iter().map(|warning| warning.name()).collect();
    (verdict.unwrap_or(Verdict::Valid), names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Evidence {
        Evidence {
            rate_hz: 1.0,
            published: 10,
            expected: 1_000,
            delivered: 1_000,
            publish_lag_p99_ms: 0.2,
            latency_p50_ms: 3.0,
            load_cpu_percent: 20.0,
            server_cpu_percent: 20.0,
            cores: 2.0,
            load_cores: 2.0,
            ..Evidence::default()
        }
    }

    type Change = fn(&mut Evidence);

    #[test]
    fn each_doubt_has_its_name_and_weight() {
        assert_eq!(judge(&sound().warnings()), (Verdict::Valid, String::new()));
        let table: [(Change, Verdict, &str); 21] = [
            (|e| e.server_died = true, Verdict::Invalid, "server-died"),
            (|e| e.connect_failed = 1, Verdict::Invalid, "connect-failed"),
            (|e| e.delivered = 999, Verdict::Invalid, "missed-messages"),
            (
                |e| e.delivered = 1_001,
                Verdict::Invalid,
                "unexpected-messages",
            ),
            (|e| e.negative = 1, Verdict::Invalid, "clock-negative"),
            (|e| e.publish_failed = 1, Verdict::Suspect, "publish-failed"),
            (
                |e| e.publish_lag_p99_ms = 5.1,
                Verdict::Suspect,
                "publisher-late",
            ),
            (
                |e| e.load_cpu_percent = 181.0,
                Verdict::Suspect,
                "load-saturated",
            ),
            (
                |e| e.server_cpu_percent = 161.0,
                Verdict::Suspect,
                "load-saturated",
            ),
            (
                |e| e.loop_lag_p99_ms = 5.1,
                Verdict::Suspect,
                "load-saturated",
            ),
            (
                |e| e.probe_p50_ms = Some(8.1),
                Verdict::Suspect,
                "probe-differs",
            ),
            (
                |e| (e.latency_p50_ms, e.probe_p50_ms) = (30.0, Some(14.0)),
                Verdict::Suspect,
                "probe-differs",
            ),
            (|e| e.ends_differ = 0.002, Verdict::Suspect, "ends-differ"),
            (|e| e.reconnects = 1, Verdict::Suspect, "clients-lost"),
            (|e| e.redials = 1, Verdict::Suspect, "connections-not-kept"),
            (|e| e.duplicate = 1, Verdict::Suspect, "duplicate-messages"),
            (|e| e.reordered = 1, Verdict::Suspect, "reordered-messages"),
            (
                |e| e.others_cpu_percent = 21.0,
                Verdict::Suspect,
                "machine-busy",
            ),
            (
                |e| e.stolen_cpu_percent = 10.1,
                Verdict::Suspect,
                "cpu-stolen",
            ),
            (
                |e| (e.published, e.expected, e.delivered) = (0, 0, 0),
                Verdict::Invalid,
                "nothing-published",
            ),
            (
                |e| (e.delivered, e.duplicate) = (1, 1),
                Verdict::Invalid,
                "missed-messages duplicate-messages",
            ),
        ];
        for (change, verdict, names) in table {
            let mut evidence = sound();
            change(&mut evidence);
            assert_eq!(judge(&evidence.warnings()), (verdict, names.to_owned()));
        }
    }

    type Disturbance = fn(&mut Plan, &mut TrialOutcome);

    /// The verdict of an outcome that is quiet but for one disturbance.
    fn verdict(disturb: Disturbance) -> (Verdict, String) {
        let mut plan = Plan::example();
        let mut outcome = TrialOutcome::quiet(&plan);
        disturb(&mut plan, &mut outcome);
        judge(&Evidence::of(&plan, &outcome, 2, 2).warnings())
    }

    #[test]
    fn a_quiet_trial_is_valid_and_without_a_warning() {
        assert_eq!(verdict(|_, _| {}), (Verdict::Valid, String::new()));
        let unknown_server: Disturbance = |_, outcome| {
            (outcome.server, outcome.server_counters, outcome.probe) = (None, None, None);
        };
        assert_eq!(verdict(unknown_server), (Verdict::Valid, String::new()));
    }

    #[test]
    fn each_disturbance_of_an_outcome_gives_its_warning_and_no_other() {
        let table: [(Disturbance, Verdict, &str); 17] = [
            (|_, o| o.gave_up = 1, Verdict::Invalid, "connect-failed"),
            (
                |_, o| {
                    (o.published, o.expected) = (0, 0);
                    o.recording.counts.delivered = 0;
                },
                Verdict::Invalid,
                "nothing-published",
            ),
            (
                |_, o| o.recording.counts.delivered -= 1,
                Verdict::Invalid,
                "missed-messages",
            ),
            (
                |_, o| o.recording.counts.delivered += 1,
                Verdict::Invalid,
                "unexpected-messages",
            ),
            (
                |_, o| o.recording.counts.negative = 1,
                Verdict::Invalid,
                "clock-negative",
            ),
            (
                |_, o| o.publish_failed = 1,
                Verdict::Suspect,
                "publish-failed",
            ),
            (
                |_, o| o.recording.publish_lag.record_n(20_000_000, 2).unwrap(),
                Verdict::Suspect,
                "publisher-late",
            ),
            (
                |_, o| o.recording.loop_lag.record_n(20_000_000, 200).unwrap(),
                Verdict::Suspect,
                "load-saturated",
            ),
            (
                |_, o| {
                    o.load.user_s += 160.0;
                    o.cores.busy_s += 160.0;
                },
                Verdict::Suspect,
                "load-saturated",
            ),
            (
                |_, o| {
                    let probe = o.probe.as_mut().unwrap();
                    probe.recording.latency.record_n(30_000_000, 1_000).unwrap();
                },
                Verdict::Suspect,
                "probe-differs",
            ),
            (
                |_, o| o.server_counters.as_mut().unwrap().down_bytes += 1_000,
                Verdict::Suspect,
                "ends-differ",
            ),
            (
                |_, o| o.recording.counts.reconnects = 1,
                Verdict::Suspect,
                "clients-lost",
            ),
            (
                |_, o| o.recording.counts.redials = 1,
                Verdict::Suspect,
                "connections-not-kept",
            ),
            (
                |_, o| o.recording.counts.publisher_redials = 1,
                Verdict::Suspect,
                "connections-not-kept",
            ),
            (
                |_, o| o.recording.counts.duplicate = 1,
                Verdict::Suspect,
                "duplicate-messages",
            ),
            (
                |_, o| o.recording.counts.reordered = 1,
                Verdict::Suspect,
                "reordered-messages",
            ),
            (
                |_, o| o.cores.busy_s += 25.0,
                Verdict::Suspect,
                "machine-busy",
            ),
        ];
        for (disturb, expected, warning) in table {
            assert_eq!(verdict(disturb), (expected, warning.to_owned()));
        }
        let stolen: Disturbance = |_, o| o.cores.stolen_s += 10.0;
        assert_eq!(verdict(stolen), (Verdict::Suspect, "cpu-stolen".to_owned()));
    }

    #[test]
    fn a_probe_of_few_short_polls_is_not_compared() {
        let slow_probe = |plan: &mut Plan, outcome: &mut TrialOutcome| {
            plan.transport = Transport::ShortPolling;
            let latency = &mut outcome.probe.as_mut().unwrap().recording.latency;
            latency.record_n(30_000_000, 1_000).unwrap();
        };
        assert_eq!(verdict(slow_probe).1, "probe-differs");
        let few: Disturbance = |plan, outcome| {
            (plan.transport, plan.probes) = (Transport::ShortPolling, FEWEST_PROBES - 1);
            let latency = &mut outcome.probe.as_mut().unwrap().recording.latency;
            latency.record_n(30_000_000, 1_000).unwrap();
        };
        assert_eq!(verdict(few).1, "");
    }

    #[test]
    fn lateness_counts_against_the_latency_that_it_is_part_of() {
        let slow = Evidence {
            latency_p50_ms: 500.0,
            publish_lag_p99_ms: 90.0,
            loop_lag_p99_ms: 90.0,
            probe_p50_ms: Some(400.0),
            ..sound()
        };
        assert!(slow.warnings().is_empty());
        let idle = Evidence {
            rate_hz: 0.0,
            published: 0,
            expected: 0,
            delivered: 0,
            ..sound()
        };
        assert!(idle.warnings().is_empty(), "nothing was to be published");
    }

    #[test]
    fn the_median_short_poll_of_a_probe_waits_for_half_an_interval_wherever_the_first_lies() {
        let probes = FEWEST_PROBES;
        for first in 0..100 {
            let phase = |n: u32| (f64::from(n) + f64::from(first) / 100.0) / f64::from(probes);
            let mut waits = Histogram::<u64>::new(3).unwrap();
            (0..probes).for_each(|n| waits += (phase(n) * 1e9) as u64);
            let median = waits.value_at_quantile(0.5) as f64 / 1e9;
            assert!((0.399..0.601).contains(&median), "{median}");
        }
        let of = |clients| crate::lab::scenario::Scenario::default().probes(clients);
        assert_eq!((of(1), of(399), of(400), of(100_000)), (1, 4, probes, 8));
    }

    #[test]
    fn a_pinned_load_is_saturated_by_its_own_cores() {
        let mut evidence = sound();
        evidence.load_cpu_percent = 95.0;
        evidence.server_cpu_percent = 20.0;
        assert!(evidence.warnings().is_empty(), "of two cores");
        evidence.load_cores = 1.0;
        assert_eq!(evidence.warnings(), [Warning::LoadSaturated]);
    }
}
