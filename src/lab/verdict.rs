//! The verdict: how far a trial's figures can be trusted, from what the trial recorded.
//!
//! A doubt touches the whole trial, or some of its latency figures ([`FIGURES`]): those that are
//! decided by as few messages as were due in a pause of the load, or in a second in which others
//! had the machine.

use hdrhistogram::Histogram;

use crate::lab::explained::explains;
use crate::load::outcome::{MachineUse, TrialOutcome};
use crate::load::protocol::Plan;
use crate::record::fault::Fault;
use crate::results::{Doubt, FIGURES, Verdict, Warning};
use crate::system::limits::BUSY_SHARE;
use crate::transport::Transport;

/// A publisher that is late, or a load that stands still, for longer than this, in ms, distorts
/// latencies of that order …
const LATE_MS: f64 = 5.0;
/// … and so does one for longer than this share of the latency at the same quantile.
const LATE_SHARE: f64 = 0.2;
/// The probe differs if a quantile of probe and load differs by more than this share of the larger
/// one, and by more than the time beside the quantile, in ms. A probe of 8 differs by chance by up
/// to a fifth. Its p99 may be that of a single message that waited for a core.
const PROBE_SHARE: f64 = 0.5;
const PROBE_MS: [f64; 3] = [LATE_MS, LATE_MS, 25.0];
/// With fewer probes than this, short polls do not sample the poll interval. Their phases are
/// evenly spread from a random start: of four the lower middle one waits for 1/4 to 1/2 of the
/// interval, of five the middle one for 2/5 to 3/5, and the load's median is 1/2.
const FEWEST_PROBES: u32 = 5;
/// Latencies of fewer messages than this tell nothing of any other message.
const FEWEST_MESSAGES: u64 = 5;
/// The largest difference between both ends of the ledger, as a share of all bytes: what is lost
/// with a cut connection.
const ENDS_SHARE: f64 = 0.001;
/// Above this share of the cores, processes wait for a core and not for messages.
const SATURATED_SHARE: f64 = 0.9;
/// Above this share of the cores, other virtual machines compete with the measured processes.
const STOLEN_SHARE: f64 = 0.05;
/// In one second, others' and stolen time may be above their shares by this much. The kernel takes
/// its samples of a core every few ms, so a second has no more than some hundred of them.
const SECOND_SLACK: f64 = 0.05;

/// A fault that is done later than this, in ms, is another one.
const FAULT_LATE_MS: f64 = 50.0;
/// A load that stands still for so long, in ms, has seen nothing of what happened meanwhile.
const STOPPED_MS: f64 = 1_000.0;

/// One value for each of [`FIGURES`], in ms.
type Quantiles = [f64; FIGURES.len()];

/// What a doubt touches: names of [`FIGURES`], or nothing where it touches all. `None`: no doubt.
type Touched = Option<Vec<&'static str>>;

/// The input of the rules.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub rate_hz: f64,
    pub published: u64,
    /// Sent, and not accepted.
    pub publish_failed: u64,
    pub not_sent: u64,
    pub missed: u64,
    pub unexpected: u64,
    pub text_changed: u64,
    pub stamps_differ: u64,
    pub numbers_jumped: u64,
    pub epoch_changes: u64,
    pub duplicate: u64,
    pub reordered: u64,
    pub negative: u64,
    pub connect_failed: u64,
    pub reconnects: u64,
    /// Connections of polls and of publishers that were to be kept and were dialled anew.
    pub redials: u64,
    pub latency_ms: Quantiles,
    /// One message further in the tail than the latencies: by chance, a pause may hold one more.
    pub publish_lag_ms: Quantiles,
    /// Likewise.
    pub loop_stall_ms: Quantiles,
    /// Of a probe that is large enough to be typical.
    pub probe_ms: Option<Quantiles>,
    /// Messages that the probe should have received and did not.
    pub probe_missed: u64,
    /// Difference between what the two ends counted, as a share of all bytes.
    pub ends_differ: f64,
    /// A figure that a check needs, and that such a trial has, is not there.
    pub unchecked: bool,
    /// Over the whole window; `None` if it never opened.
    pub machine: Option<MachineUse>,
    pub seconds: Vec<MachineUse>,
    /// Cores of this machine.
    pub cores: f64,
    /// Of these, those that the load may use.
    pub load_cores: f64,
    pub server_died: bool,
    /// The network was not what was asked for.
    pub network_inexact: bool,
    /// How long an answer is under way to a client and its next question back, s. 0 on loopback.
    pub under_way_s: f64,
    /// Time in which the ends of the ledger counted, s.
    pub ledger_s: f64,
    pub wrong_answer: bool,
    /// What was done to the trial on purpose.
    pub faults: Vec<Fault>,
    /// By how much the latest of these was done late; infinite if it met others than asked for.
    pub fault_late_ms: f64,
}

impl Evidence {
    /// What a trial's outcome says, of a server that did not end. The host has `cores`; the load
    /// may use `load_cores` of them.
    pub fn of(plan: &Plan, outcome: &TrialOutcome, cores: usize, load_cores: usize) -> Self {
        let typical = plan.transport != Transport::ShortPolling || plan.probes >= FEWEST_PROBES;
        let probe = outcome.probe.as_ref();
        let probe_latency = probe.map(|probe| &probe.recording.latency);
        let probe_latency = probe_latency.filter(|latency| typical && !latency.is_empty());
        let (down, up) = outcome.load_bytes();
        let recording = &outcome.recording;
        let one_message = one_of(outcome.messages.published);
        Evidence {
            rate_hz: plan.rate_hz,
            published: outcome.messages.published,
            publish_failed: outcome.messages.failed,
            not_sent: outcome.messages.not_sent,
            missed: outcome.messages.missed,
            unexpected: outcome.messages.unexpected,
            text_changed: recording.counts.text_changed,
            stamps_differ: outcome.stamps_differ(plan.target.same_host),
            numbers_jumped: recording.counts.numbers_jumped,
            epoch_changes: recording.counts.epoch_changes,
            duplicate: recording.counts.duplicate,
            reordered: recording.counts.reordered,
            negative: recording.counts.negative,
            connect_failed: outcome.gave_up,
            reconnects: recording.counts.reconnects,
            redials: recording.counts.redials + recording.counts.publisher_redials,
            latency_ms: quantiles(&recording.latency, 0.0),
            publish_lag_ms: quantiles(&recording.publish_lag, one_message),
            loop_stall_ms: quantiles(&recording.loop_stall, one_message),
            probe_ms: probe_latency.map(|latency| quantiles(latency, 0.0)),
            probe_missed: probe.map_or(0, |probe| {
                let delivered = probe.recording.counts.delivered;
                probe.expected.saturating_sub(delivered)
            }),
            // Where the server has no counters, or a proxy stands before it, this check is not made:
            // see `unchecked`.
            ends_differ: outcome
                .ends_differ_bytes(&plan.target)
                .unwrap_or(0)
                .unsigned_abs() as f64
                / (down + up).max(1) as f64,
            unchecked: unchecked(plan, outcome),
            machine: outcome.machine_use(),
            seconds: outcome.machine.clone(),
            cores: cores as f64,
            load_cores: load_cores as f64,
            server_died: false,
            network_inexact: false,
            under_way_s: 0.0,
            ledger_s: outcome.ledger_s,
            wrong_answer: recording.wrong_answer.is_some(),
            faults: plan.faults.clone(),
            fault_late_ms: 0.0,
        }
    }

    /// All doubts of this evidence.
    pub fn doubts(&self) -> Vec<Doubt> {
        if self.wrong_answer && !self.server_died {
            // It ended the trial, so all other doubts follow from it.
            return vec![Doubt {
                warning: Warning::WrongAnswer,
                figures: Vec::new(),
            }];
        }
        let all = |applies: bool| applies.then(Vec::new);
        let few = (1..FEWEST_MESSAGES).contains(&self.published);
        let stopped = self.loop_stall_ms[FIGURES.len() - 1] >= STOPPED_MS;
        let nothing = self.rate_hz > 0.0 && self.published == 0;
        let rules = [
            (all(self.server_died), Warning::ServerDied),
            (all(self.connect_failed > 0), Warning::ConnectFailed),
            (all(nothing), Warning::NothingPublished),
            (all(self.missed > 0), Warning::MissedMessages),
            (all(self.unexpected > 0), Warning::UnexpectedMessages),
            (all(self.text_changed > 0), Warning::TextChanged),
            (all(self.not_sent > 0), Warning::NotSent),
            (all(self.negative > 0), Warning::ClockNegative),
            (
                all(self.fault_late_ms > FAULT_LATE_MS),
                Warning::FaultInexact,
            ),
            (all(stopped), Warning::LoadStopped),
            (all(self.publish_failed > 0), Warning::PublishFailed),
            (
                self.touched_by(&self.publish_lag_ms),
                Warning::PublisherLate,
            ),
            (self.saturated(), Warning::LoadSaturated),
            (self.touched_by(&self.loop_stall_ms), Warning::LoadStalled),
            (self.probe_differs(), Warning::ProbeDiffers),
            (all(self.probe_missed > 0), Warning::ProbeIncomplete),
            (all(self.unchecked && !self.server_died), Warning::Unchecked),
            (all(few), Warning::FewMessages),
            (all(self.ends_differ()), Warning::EndsDiffer),
            (all(self.reconnects > 0), Warning::ClientsLost),
            (all(self.redials > 0), Warning::ConnectionsNotKept),
            (all(self.duplicate > 0), Warning::DuplicateMessages),
            (all(self.reordered > 0), Warning::ReorderedMessages),
            (all(self.stamps_differ > 0), Warning::ServerStampsDiffer),
            (all(self.numbers_jumped > 0), Warning::NumbersJump),
            (all(self.epoch_changes > 0), Warning::EpochChanged),
            (all(self.network_inexact), Warning::NetworkInexact),
            (self.busy(), Warning::MachineBusy),
            (self.stolen(), Warning::CpuStolen),
        ];
        let explained = |warning| self.faults.iter().any(|fault| explains(fault, warning));
        let doubts = rules.into_iter().filter_map(|(touched, warning)| {
            let figures = touched.filter(|_| !explained(warning))?;
            Some(Doubt { warning, figures })
        });
        doubts.collect()
    }

    /// Whether the ends differ by more than what is under way when the ledger opens and closes.
    fn ends_differ(&self) -> bool {
        let under_way = match self.ledger_s > 0.0 {
            true => 2.0 * self.under_way_s / self.ledger_s,
            false => 0.0,
        };
        self.ends_differ > ENDS_SHARE + under_way
    }

    /// The figures of which a lag, of the publisher or of the load's event loops, is a part.
    fn touched_by(&self, lag_ms: &Quantiles) -> Touched {
        touched(|figure| {
            let latency_ms = self.latency_ms[figure];
            // A lag above the latency itself met no message.
            lag_ms[figure].min(latency_ms) > LATE_MS.max(latency_ms * LATE_SHARE)
        })
    }

    fn probe_differs(&self) -> Touched {
        let probe_ms = self.probe_ms?;
        touched(|figure| {
            let (probe, load) = (probe_ms[figure], self.latency_ms[figure]);
            let least_ms = PROBE_MS.get(figure);
            let bound = |ms: &f64| ms.max(probe.max(load) * PROBE_SHARE);
            least_ms.is_some_and(|ms| (probe - load).abs() > bound(ms))
        })
    }

    fn saturated(&self) -> Touched {
        self.touched_in_seconds(0.0, |used| {
            let both_s = used.load_s + used.server_s.unwrap_or(0.0) + used.proxy_s.unwrap_or(0.0);
            let load_share = used.load_s / used.length_s / self.load_cores;
            let both_share = both_s / used.length_s / self.cores;
            load_share.max(both_share) - SATURATED_SHARE
        })
    }

    fn busy(&self) -> Touched {
        self.touched_in_seconds(SECOND_SLACK, |used| {
            let others_s = used.others_s().unwrap_or(0.0); // `unchecked` otherwise
            others_s / used.length_s / self.cores - BUSY_SHARE
        })
    }

    fn stolen(&self) -> Touched {
        self.touched_in_seconds(SECOND_SLACK, |used| {
            let stolen_s = used.cores.map_or(0.0, |cores| cores.stolen_s); // likewise
            stolen_s / used.length_s / self.cores - STOLEN_SHARE
        })
    }

    /// All figures, where the whole window has an `excess` above 0. Otherwise those that the
    /// messages of the seconds decide that have one above `slack`.
    fn touched_in_seconds(&self, slack: f64, excess: impl Fn(&MachineUse) -> f64) -> Touched {
        if excess(self.machine.as_ref()?) > 0.0 {
            return Some(Vec::new());
        }
        let length_s = |seconds: &mut dyn Iterator<Item = &MachineUse>| {
            seconds.map(|second| second.length_s).sum::<f64>()
        };
        let bad = |second: &&MachineUse| excess(second) > slack;
        let bad_s = length_s(&mut self.seconds.iter().filter(bad));
        let share = bad_s / length_s(&mut self.seconds.iter()) + one_of(self.published);
        touched(|figure| bad_s > 0.0 && FIGURES[figure].1 + share >= 1.0)
    }
}

/// The figures, by their index, that are touched; all of them are named by none.
fn touched(is: impl Fn(usize) -> bool) -> Touched {
    let figures: Vec<usize> = (0..FIGURES.len()).filter(|figure| is(*figure)).collect();
    let names = |figures: Vec<usize>| figures.iter().map(|&figure| FIGURES[figure].0).collect();
    match figures.len() {
        0 => None,
        all if all == FIGURES.len() => Some(Vec::new()),
        _ => Some(names(figures)),
    }
}

/// The share of one message of all.
fn one_of(published: u64) -> f64 {
    1.0 / published.max(1) as f64
}

/// The quantiles of [`FIGURES`], each `further` in the tail; 0 of an empty histogram.
fn quantiles(histogram: &Histogram<u64>, further: f64) -> Quantiles {
    FIGURES.map(|(_, share)| {
        let quantile = (share + further).min(1.0);
        histogram.value_at_quantile(quantile) as f64 / 1e6
    })
}

/// Whether figures are absent that a check needs: the bytes that our own server counted, and the
/// CPU time of other processes, which is not known where the server is an unknown one of this host.
fn unchecked(plan: &Plan, outcome: &TrialOutcome) -> bool {
    plan.target.owned && outcome.server_counters.is_none() || outcome.others_cpu_percent().is_none()
}

/// The worst verdict of the doubts, and the names of their warnings.
pub fn judge(doubts: &[Doubt]) -> (Verdict, String) {
    let verdict = doubts.iter().map(|doubt| doubt.warning.verdict()).max();
    let names: Vec<_> = doubts.iter().map(|doubt| doubt.warning.name()).collect();
    (verdict.unwrap_or(Verdict::Valid), names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::outcome::WindowMessages;
    use crate::system::process::CpuTime;

    fn sound() -> Evidence {
        Evidence {
            rate_hz: 1.0,
            published: 10,
            publish_lag_ms: [0.2; 5],
            latency_ms: [3.0, 4.0, 5.0, 6.0, 6.0],
            machine: Some(used(100.0, [0.2, 0.2, 0.0, 0.0])),
            seconds: vec![used(1.0, [0.2, 0.2, 0.0, 0.0]); 100],
            cores: 2.0,
            load_cores: 2.0,
            ..Evidence::default()
        }
    }

    /// CPU time of load, server, others and hypervisor, as shares of one core.
    fn used(length_s: f64, [load, server, others, stolen]: [f64; 4]) -> MachineUse {
        MachineUse {
            length_s,
            load_s: load * length_s,
            server_s: Some(server * length_s),
            proxy_s: Some(0.0),
            beside_s: Some(0.0),
            cores: Some(CpuTime {
                busy_s: (load + server + others) * length_s,
                stolen_s: stolen * length_s,
            }),
        }
    }

    /// The doubts as in the columns `warnings` and `doubted_figures`.
    fn told(evidence: &Evidence) -> (Verdict, String, String) {
        let doubts = evidence.doubts();
        let (verdict, names) = judge(&doubts);
        (verdict, names, Doubt::column(&doubts).unwrap_or_default())
    }

    type Change = fn(&mut Evidence);

    #[test]
    fn each_doubt_has_its_name_and_weight() {
        assert_eq!(judge(&sound().doubts()), (Verdict::Valid, String::new()));
        let table: [(Change, Verdict, &str); 31] = [
            (|e| e.server_died = true, Verdict::Invalid, "server-died"),
            (
                |e| (e.wrong_answer, e.missed) = (true, 9),
                Verdict::Invalid,
                "wrong-answer",
            ),
            (|e| e.connect_failed = 1, Verdict::Invalid, "connect-failed"),
            (|e| e.missed = 1, Verdict::Invalid, "missed-messages"),
            (
                |e| e.unexpected = 1,
                Verdict::Invalid,
                "unexpected-messages",
            ),
            (|e| e.text_changed = 1, Verdict::Invalid, "text-changed"),
            (|e| e.not_sent = 1, Verdict::Invalid, "not-sent"),
            (
                |e| e.stamps_differ = 1,
                Verdict::Suspect,
                "server-stamps-differ",
            ),
            (|e| e.numbers_jumped = 1, Verdict::Suspect, "numbers-jump"),
            (|e| e.epoch_changes = 1, Verdict::Suspect, "epoch-changed"),
            (|e| e.negative = 1, Verdict::Invalid, "clock-negative"),
            (|e| e.publish_failed = 1, Verdict::Suspect, "publish-failed"),
            (
                |e| (e.latency_ms, e.publish_lag_ms) = ([5.2; 5], [5.1; 5]),
                Verdict::Suspect,
                "publisher-late",
            ),
            (
                |e| e.machine = Some(used(100.0, [1.81, 0.0, 0.0, 0.0])),
                Verdict::Suspect,
                "load-saturated",
            ),
            (
                |e| e.machine = Some(used(100.0, [0.2, 1.61, 0.0, 0.0])),
                Verdict::Suspect,
                "load-saturated",
            ),
            (
                |e| (e.latency_ms, e.loop_stall_ms) = ([5.2; 5], [5.1; 5]),
                Verdict::Suspect,
                "load-stalled",
            ),
            (
                |e| e.probe_ms = Some([8.1, 9.1, 10.0, 12.0, 12.0]),
                Verdict::Suspect,
                "probe-differs",
            ),
            (
                |e| (e.latency_ms, e.probe_ms) = ([30.0; 5], Some([14.0; 5])),
                Verdict::Suspect,
                "probe-differs",
            ),
            (|e| e.probe_missed = 1, Verdict::Suspect, "probe-incomplete"),
            (|e| e.unchecked = true, Verdict::Suspect, "unchecked"),
            (|e| e.published = 4, Verdict::Suspect, "few-messages"),
            (|e| e.ends_differ = 0.002, Verdict::Suspect, "ends-differ"),
            (|e| e.reconnects = 1, Verdict::Suspect, "clients-lost"),
            (|e| e.redials = 1, Verdict::Suspect, "connections-not-kept"),
            (
                |e| e.network_inexact = true,
                Verdict::Suspect,
                "network-inexact",
            ),
            (|e| e.duplicate = 1, Verdict::Suspect, "duplicate-messages"),
            (|e| e.reordered = 1, Verdict::Suspect, "reordered-messages"),
            (
                |e| e.machine = Some(used(100.0, [0.2, 0.2, 0.21, 0.0])),
                Verdict::Suspect,
                "machine-busy",
            ),
            (
                |e| e.machine = Some(used(100.0, [0.2, 0.2, 0.0, 0.101])),
                Verdict::Suspect,
                "cpu-stolen",
            ),
            (|e| e.published = 0, Verdict::Invalid, "nothing-published"),
            (
                |e| (e.missed, e.duplicate) = (1, 1),
                Verdict::Invalid,
                "missed-messages duplicate-messages",
            ),
        ];
        for (change, verdict, names) in table {
            let mut evidence = sound();
            change(&mut evidence);
            assert_eq!(judge(&evidence.doubts()), (verdict, names.to_owned()));
        }
    }

    #[test]
    fn a_doubt_names_the_figures_that_it_touches() {
        let table: [(Change, &str); 9] = [
            // The load stood still for half a second of a minute.
            (
                |e| {
                    e.loop_stall_ms = [0.0, 0.0, 0.1, 440.0, 500.0];
                    e.latency_ms = [1.0, 1.5, 2.0, 430.0, 490.0];
                },
                "load-stalled:p99.9,max",
            ),
            // For so long, but no message was under way.
            (
                |e| e.loop_stall_ms = [0.0, 0.0, 0.1, 0.1, 500.0],
                "load-stalled:max",
            ),
            (
                |e| {
                    e.loop_stall_ms[4] = 500.0;
                    e.latency_ms = [1.0, 1.5, 2.0, 3.0, 4.0];
                },
                "",
            ),
            (
                |e| {
                    e.publish_lag_ms[4] = 6.0;
                    e.latency_ms[4] = 7.0;
                },
                "publisher-late:max",
            ),
            // One second of a hundred, of which 1,000 messages were published.
            (
                |e| {
                    e.published = 1_000;
                    e.seconds[7] = used(1.0, [0.2, 0.2, 0.4, 0.0]);
                },
                "machine-busy:p99,p99.9,max",
            ),
            (
                |e| {
                    e.seconds[..20].fill(used(1.0, [0.2, 0.2, 0.0, 0.3]));
                },
                "cpu-stolen:p90,p99,p99.9,max",
            ),
            (
                |e| e.seconds[9] = used(1.0, [1.9, 0.0, 0.0, 0.0]),
                "load-saturated:p90,p99,p99.9,max",
            ),
            // A few ticks of the kernel more than in other seconds.
            (|e| e.seconds[9] = used(1.0, [0.2, 0.2, 0.28, 0.18]), ""),
            (
                |e| e.probe_ms = Some([3.0, 4.0, 920.0, 920.0, 920.0]),
                "probe-differs:p99",
            ),
        ];
        for (change, figures) in table {
            let mut evidence = sound();
            change(&mut evidence);
            let (verdict, names, column) = told(&evidence);
            assert_eq!(column, figures);
            let name = figures.split_once(':').map_or("", |(name, _)| name);
            assert_eq!(names, name);
            let expected = if name.is_empty() {
                Verdict::Valid
            } else {
                Verdict::Suspect
            };
            assert_eq!(verdict, expected, "{names}");
        }
    }

    /// Of ten messages, one may be all that fell into a pause: it is a tenth of the deliveries.
    #[test]
    fn of_few_messages_a_short_pause_touches_more_figures() {
        let stalled = |published| {
            let (plan, mut outcome) = (Plan::example(), TrialOutcome::quiet(&Plan::example()));
            outcome.messages.published = published;
            outcome.recording.counts.delivered = 10 * published;
            let probe = outcome.probe.as_mut().unwrap();
            probe.recording.latency.reset();
            let recording = &mut outcome.recording;
            recording.loop_stall.record_n(40_000_000, 4).unwrap();
            recording.latency.reset();
            recording.latency.record_n(2_000_000, 8_900).unwrap();
            recording.latency.record_n(40_000_000, 1_100).unwrap();
            told(&Evidence::of(&plan, &outcome, 2, 2)).2
        };
        assert_eq!(stalled(10), "load-stalled:p90,p99,p99.9,max");
        assert_eq!(stalled(100_000), "load-stalled:max");
    }

    type Disturbance = fn(&mut Plan, &mut TrialOutcome);

    /// The verdict of an outcome that is quiet but for one disturbance.
    fn verdict(disturb: Disturbance) -> (Verdict, String) {
        let mut plan = Plan::example();
        let mut outcome = TrialOutcome::quiet(&plan);
        disturb(&mut plan, &mut outcome);
        judge(&Evidence::of(&plan, &outcome, 2, 2).doubts())
    }

    #[test]
    fn a_quiet_trial_is_valid_and_without_a_warning() {
        assert_eq!(verdict(|_, _| {}), (Verdict::Valid, String::new()));
        let elsewhere: Disturbance = |plan, outcome| {
            plan.target.same_host = false;
            (outcome.server, outcome.server_counters, outcome.probe) = (None, None, None);
            for second in &mut outcome.machine {
                let server_s = second.server_s.replace(0.0).unwrap();
                second.cores.as_mut().unwrap().busy_s -= server_s;
            }
        };
        assert_eq!(verdict(elsewhere), (Verdict::Valid, String::new()));
    }

    #[test]
    fn a_check_that_could_not_be_made_is_a_doubt() {
        let table: [(Disturbance, &str); 8] = [
            (|_, o| o.server_counters = None, "unchecked"),
            // A server on this host that the run did not start, in a process that is not known.
            (
                |plan, o| {
                    (plan.target.owned, plan.target.pid) = (false, None);
                    (o.server, o.server_counters) = (None, None);
                    let seconds = o.machine.iter_mut();
                    seconds.for_each(|second| second.server_s = None);
                },
                "unchecked",
            ),
            (|_, o| o.machine[3].cores = None, "unchecked"),
            (|_, o| o.machine[3].server_s = None, "unchecked"),
            (|_, o| o.machine[3].beside_s = None, "unchecked"),
            // A kernel whose sum of all cores is not this machine's.
            (
                |_, o| {
                    let cores = o.machine.iter_mut().filter_map(|used| used.cores.as_mut());
                    cores.for_each(|cores| cores.busy_s = 0.0);
                },
                "unchecked",
            ),
            (
                |_, o| {
                    let probe = &mut o.probe.as_mut().unwrap().recording;
                    probe.counts.delivered = 0;
                    probe.latency.reset();
                },
                "probe-incomplete",
            ),
            (
                |plan, o| {
                    // Another host's processes take no time of ours.
                    plan.target.same_host = false;
                    o.machine.iter_mut().for_each(|used| used.cores = None);
                },
                "unchecked",
            ),
        ];
        for (disturb, warning) in table {
            let mut plan = Plan::example();
            (plan.target.owned, plan.target.pid) = (true, Some(1));
            let mut outcome = TrialOutcome::quiet(&plan);
            disturb(&mut plan, &mut outcome);
            let (verdict, names) = judge(&Evidence::of(&plan, &outcome, 2, 2).doubts());
            assert_eq!((verdict, &*names), (Verdict::Suspect, warning));
        }
    }

    #[test]
    fn each_disturbance_of_an_outcome_gives_its_warning_and_no_other() {
        let table: [(Disturbance, Verdict, &str); 17] = [
            (|_, o| o.gave_up = 1, Verdict::Invalid, "connect-failed"),
            (
                |_, o| {
                    o.messages = WindowMessages::default();
                    o.recording.counts.delivered = 0;
                },
                Verdict::Invalid,
                "nothing-published",
            ),
            (
                |_, o| o.messages.missed = 1,
                Verdict::Invalid,
                "missed-messages",
            ),
            (
                |_, o| o.messages.unexpected = 1,
                Verdict::Invalid,
                "unexpected-messages",
            ),
            (
                |_, o| o.recording.counts.negative = 1,
                Verdict::Invalid,
                "clock-negative",
            ),
            (
                |_, o| o.messages.failed = 1,
                Verdict::Suspect,
                "publish-failed",
            ),
            (
                |_, o| {
                    o.recording.publish_lag.record_n(20_000_000, 2).unwrap();
                    o.recording.latency.record_n(21_000_000, 20).unwrap();
                },
                Verdict::Suspect,
                "publisher-late",
            ),
            (
                |_, o| {
                    o.recording.loop_stall.record_n(20_000_000, 200).unwrap();
                    o.recording.latency.record_n(21_000_000, 20).unwrap();
                },
                Verdict::Suspect,
                "load-stalled",
            ),
            (
                |_, o| {
                    for used in &mut o.machine {
                        used.load_s += 1.6;
                        used.cores.as_mut().unwrap().busy_s += 1.6;
                    }
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
                |_, o| {
                    let cores = o.machine.iter_mut().filter_map(|used| used.cores.as_mut());
                    cores.for_each(|cores| cores.busy_s += 0.25);
                },
                Verdict::Suspect,
                "machine-busy",
            ),
        ];
        for (disturb, expected, warning) in table {
            assert_eq!(verdict(disturb), (expected, warning.to_owned()));
        }
        let stolen: Disturbance = |_, o| {
            let cores = o.machine.iter_mut().filter_map(|used| used.cores.as_mut());
            cores.for_each(|cores| cores.stolen_s += 0.1);
        };
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
            latency_ms: [500.0; 5],
            publish_lag_ms: [90.0; 5],
            loop_stall_ms: [90.0; 5],
            probe_ms: Some([400.0; 5]),
            ..sound()
        };
        assert_eq!(slow.doubts(), []);
        let idle = Evidence {
            rate_hz: 0.0,
            published: 0,
            ..sound()
        };
        assert_eq!(idle.doubts(), [], "nothing was to be published");
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
        let first = crate::lab::scenario::Scenario::default().first();
        let of = |clients| crate::lab::cells::Factors { clients, ..first }.probes();
        assert_eq!((of(1), of(399), of(400), of(100_000)), (1, 4, probes, 8));
    }

    /// 5,000 answers to long polls keep the load's thread for 35 ms, 4 times a second.
    #[test]
    fn a_burst_of_answers_is_not_saturation_while_the_probe_waits_as_long() {
        let probed = |probe_ms: u64| {
            let plan = Plan {
                transport: Transport::LongPolling,
                ..Plan::example()
            };
            let mut outcome = TrialOutcome::quiet(&plan);
            outcome
                .recording
                .loop_lag
                .record_n(35_000_000, 1_400)
                .unwrap();
            outcome
                .recording
                .latency
                .record_n(78_000_000, 100_000)
                .unwrap();
            for used in &mut outcome.machine {
                (used.load_s, used.server_s) = (0.39, Some(0.45));
                used.cores.as_mut().unwrap().busy_s = 0.85;
            }
            let latency = &mut outcome.probe.as_mut().unwrap().recording.latency;
            latency.record_n(probe_ms * 1_000_000, 10_000).unwrap();
            judge(&Evidence::of(&plan, &outcome, 2, 1).doubts())
        };
        assert_eq!(probed(61), (Verdict::Valid, String::new()));
        // The answers waited for the load, not for the server.
        assert_eq!(probed(30), (Verdict::Suspect, "probe-differs".to_owned()));
    }

    #[test]
    fn a_pinned_load_is_saturated_by_its_own_cores() {
        let mut evidence = sound();
        evidence.machine = Some(used(100.0, [0.95, 0.2, 0.0, 0.0]));
        assert_eq!(evidence.doubts(), [], "of two cores");
        evidence.load_cores = 1.0;
        assert_eq!(judge(&evidence.doubts()).1, "load-saturated");
    }
}
