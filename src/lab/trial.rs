//! One trial: a server, a load, and their outcome as one row.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::client::target::Target;
use crate::lab::calibration::Calibration;
use crate::lab::capacity::settings::SearchFactor;
use crate::lab::cells::Cell;
use crate::lab::fault::ScenarioFault;
use crate::lab::fault_schedule::FaultSchedule;
use crate::lab::network_measured::NetworkMeasured;
use crate::lab::own_server::ServerOptions;
use crate::lab::preflight;
use crate::lab::processes::{TrialEvent, TrialProcesses};
use crate::lab::proxy::Proxy;
use crate::lab::scenario::Scenario;
use crate::load::outcome::{TimelineSecond, TrialOutcome};
use crate::load::protocol::{LoadEvent, Plan, Progress};
use crate::record::histogram;
use crate::record::recording::Errors;
use crate::results::{LatencyInterval, RecoveryRow, TimelineRow, TrialRow};
use crate::runtime::clock;
use crate::system::pinning::Pinning;
use crate::transport::theory::Costs;

/// Which trial of which run.
#[derive(Clone, Debug)]
pub struct Trial {
    pub scenario: Scenario,
    pub run: String,
    pub cell: Cell,
    /// Counted from 1.
    pub trial: u32,
    pub pinning: Option<Pinning>,
    /// A program that serves instead of this one, with the same flags.
    pub server: Option<PathBuf>,
    /// A network interface whose counters are read beside the ledger.
    pub interface: Option<String>,
    pub host: TrialHost,
}

/// What a trial needs to know of the host that it runs on.
#[derive(Clone, Copy, Debug)]
pub struct TrialHost {
    /// Cores that this process may use.
    pub cores: usize,
    /// The monotonic clock: messages carry it, and it has more digits the longer a host is up.
    pub now_ns: u64,
    /// What a message costs here, if it was measured.
    pub costs: Option<Costs>,
}

impl TrialHost {
    pub fn read(calibration: Option<&Calibration>) -> Self {
        TrialHost {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            now_ns: clock::now_ns(),
            costs: calibration.map(|calibration| calibration.costs),
        }
    }
}

/// The result of a trial.
#[derive(Debug)]
pub struct TrialResult {
    pub row: TrialRow,
    pub timeline: Vec<TimelineRow>,
    /// Delivery latency, ns.
    pub latency: Histogram<u64>,
    /// The same of each second, since the trial began.
    pub seconds: Vec<LatencyInterval>,
    /// What each of its faults did.
    pub recoveries: Vec<RecoveryRow>,
    /// What went wrong between client and server, and how often.
    pub errors: Errors,
    /// Set if the run cannot go on.
    pub fatal: Option<String>,
}

/// What has happened in a trial so far.
struct TrialEvents {
    faults: FaultSchedule,
    timeline: Vec<TimelineRow>,
    seconds: Vec<LatencyInterval>,
    /// How the server ended, if it did.
    died: Option<String>,
}

impl TrialEvents {
    fn of(plan: &Plan) -> Self {
        TrialEvents {
            faults: FaultSchedule::new(&plan.faults),
            timeline: Vec::new(),
            seconds: Vec::new(),
            died: None,
        }
    }
}

impl Trial {
    /// The trial's name in `latency.hlog` and in progress: `sse-1000-t2`; `sse-1000-200hz-t2` where
    /// there are several rates.
    pub fn tag(&self) -> String {
        let factors = &self.cell.factors;
        let (transport, clients) = (factors.transport(), factors.clients);
        let again = if self.cell.aa_of.is_some() { "-aa" } else { "" };
        let varied = match &self.scenario.capacity {
            Some(search) if search.vary == SearchFactor::Rate => format!("-{}hz", factors.rate_hz),
            _ => self.scenario.tag(factors),
        };
        format!("{transport}-{clients}{varied}{again}-t{}", self.trial)
    }

    /// Runs the trial, against `target` or else a server of its own, and reports its progress with
    /// the deliveries a second.
    pub async fn measure(
        &self,
        target: Option<&Target>,
        processes: &mut impl TrialProcesses,
        report: impl FnMut(&Progress, u64),
    ) -> anyhow::Result<TrialResult> {
        let pinning = self.pinning.as_ref();
        let link = self.cell.factors.network.link();
        let network = match link {
            Some(link) => Some(processes.start_network(link, self.seed()).await?),
            None => None,
        };
        let target = match target {
            Some(target) => target.clone(),
            None => self.start_server(processes).await?,
        };
        let plan = Plan {
            network: network.as_ref().map(|network| network.place.clone()),
            ..self.plan(target)
        };
        if !plan.target.owned {
            processes.make_feeds(&plan).await?;
        }
        let cpus = pinning.map(|pinning| &pinning.load);
        processes.start_load(&plan, cpus).await?;
        let mut events = TrialEvents::of(&plan);
        let outcome = self.follow(&mut events, processes, report).await?;
        let network = match link.zip(network) {
            Some((link, started)) => {
                let passed = processes.read_network().await?;
                Some(NetworkMeasured::new(link, &started, &passed))
            }
            None => None,
        };
        processes.end();
        let lost = outcome.joined > 0 && outcome.connected == 0;
        if !plan.target.owned && lost && !processes.is_alive(&plan.target).await {
            events.died = Some("the target went away".to_owned());
        }
        let (times, died) = (events.faults.times(), events.died.is_some());
        Ok(TrialResult {
            row: self.row(&plan, &outcome, times, network.as_ref(), died),
            recoveries: self.recovery_rows(&plan, &outcome, times, &events.timeline),
            timeline: events.timeline,
            latency: outcome.recording.latency,
            seconds: events.seconds,
            errors: outcome.recording.errors,
            fatal: events.died,
        })
    }

    /// Lets a trial take place, with its faults, and returns its outcome.
    async fn follow(
        &self,
        events: &mut TrialEvents,
        processes: &mut impl TrialProcesses,
        mut report: impl FnMut(&Progress, u64),
    ) -> anyhow::Result<TrialOutcome> {
        let mut rate = VecDeque::from([(0.0, 0)]);
        loop {
            let event = tokio::select! {
                event = processes.next() => event?,
                deed = events.faults.next() => {
                    processes.act(deed).await?;
                    continue;
                }
            };
            match event {
                TrialEvent::Load(LoadEvent::WindowOpens { at_ns, at_s }) => {
                    events.faults.window_opens(at_ns, at_s);
                    if self.cell.factors.network.link().is_some() {
                        processes.window_opens(at_ns).await?;
                    }
                }
                TrialEvent::Load(LoadEvent::Progress(progress)) => {
                    report(&progress, per_second(&mut rate, &progress));
                }
                TrialEvent::Load(LoadEvent::Second(second)) => {
                    events.timeline.push(self.timeline_row(&second));
                    events.seconds.extend(latencies_of(&second));
                }
                TrialEvent::Load(LoadEvent::Outcome(outcome)) => return Ok(*outcome),
                TrialEvent::ServerDied(how) => {
                    events.died = Some(how);
                    processes.stop_load().await;
                }
            }
        }
    }

    /// Starts a server, and the proxy before it if there is to be one.
    async fn start_server(&self, processes: &mut impl TrialProcesses) -> anyhow::Result<Target> {
        let options = self.server_options();
        let server = processes.start_server(&options).await?;
        match self.cell.factors.proxy {
            Proxy::None => Ok(server),
            proxy => processes.start_proxy(proxy, server, &options).await,
        }
    }

    /// All transports of one repetition follow the same schedule.
    fn seed(&self) -> u64 {
        let seed = self.cell.factors.seed;
        seed.wrapping_add(u64::from(self.trial))
    }

    fn server_options(&self) -> ServerOptions {
        let pinning = self.pinning.as_ref();
        let mut faults = self.cell.factors.fault.iter();
        ServerOptions {
            program: self.server.clone(),
            history: self.cell.factors.history(),
            tls: self.cell.factors.tls.is_on(),
            feeds: self.cell.factors.feeds,
            connections: preflight::server_connections(&self.cell.factors),
            cpus: pinning.map(|pinning| pinning.server.clone()),
            keeps_history: faults.any(ScenarioFault::keeps_history),
        }
    }

    fn plan(&self, target: Target) -> Plan {
        let factors = &self.cell.factors;
        // Other runs against this server use feeds of other names.
        let nonce: u64 = rand::random();
        Plan {
            transport: factors.transport(),
            target,
            feeds: (1..=factors.feeds)
                .map(|n| format!("{nonce:016x}-{n}"))
                .collect(),
            clients: factors.clients,
            workload: factors.workload,
            pacing: factors.schedule,
            rate_hz: factors.rate_hz,
            payload_bytes: factors.payload_bytes.0 as u32,
            client: factors.client(),
            connect_rate_hz: factors.connect_rate_hz,
            warm_up: factors.warm_up.0,
            window: factors.window.0,
            drain: factors.drain.0,
            seed: self.seed(),
            interface: self.interface.clone(),
            processes: factors.load_processes,
            probes: factors.probes(),
            network: None,
            even_phases: false,
            faults: {
                let faults = factors.fault.iter();
                faults
                    .map(|fault| fault.planned(factors.clients, factors.seed))
                    .collect()
            },
        }
    }
}

/// What arrived in a second; `None` where nothing did.
fn latencies_of(second: &TimelineSecond) -> Option<LatencyInterval> {
    let start_s = (second.at_s - second.length_s).max(0.0);
    (!second.latency.is_empty()).then(|| LatencyInterval {
        start: Duration::from_secs_f64(start_s),
        length: Duration::from_secs_f64(second.length_s),
        histogram: histogram::rough(&second.latency),
    })
}

/// Deliveries a second, over the last second of progress; in the first one since the first delivery.
fn per_second(past: &mut VecDeque<(f64, u64)>, now: &Progress) -> u64 {
    /// A single message to many clients is no rate yet.
    const LEAST_S: f64 = 0.5;
    let at_s = now.timeline.elapsed_s(now.now_ns);
    past.push_back((at_s, now.delivered));
    while past.len() > 2 && (past[1].0 <= at_s - 1.0 || past[1].1 == 0) {
        past.pop_front();
    }
    let (from_s, delivered) = past[0];
    ((now.delivered - delivered) as f64 / (at_s - from_s).max(LEAST_S)).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fake::FakeProcesses;
    use crate::load::outcome::UsageDelta;
    use crate::load::timeline::{Phase, PhaseLengths, Timeline};
    use crate::results::Verdict;

    fn trial() -> Trial {
        let scenario = Scenario::default();
        Trial {
            cell: scenario.cells()[2],
            scenario,
            run: "r".into(),
            trial: 1,
            pinning: None,
            server: None,
            interface: None,
            host: TrialHost {
                cores: 2,
                now_ns: 1,
                costs: None,
            },
        }
    }

    fn progress(at_s: u64, delivered: u64) -> TrialEvent {
        TrialEvent::Load(LoadEvent::Progress(Progress {
            now_ns: at_s * 1_000_000_000,
            timeline: Timeline::planned(0, PhaseLengths::default()),
            delivered,
            ..Progress::default()
        }))
    }

    #[test]
    fn the_rate_of_a_short_window_does_not_count_the_time_before_its_first_delivery() {
        let mut past = VecDeque::from([(0.0, 0)]);
        let mut rate = |ms: u64, delivered| {
            let now = Progress {
                now_ns: ms * 1_000_000,
                timeline: Timeline::planned(0, PhaseLengths::default()),
                delivered,
                ..Progress::default()
            };
            per_second(&mut past, &now)
        };
        // 1,000 a second, from 0.6 s on.
        let at = [
            (200, 0),
            (400, 0),
            (600, 0),
            (800, 200),
            (1_200, 600),
            (1_600, 1_000),
        ];
        let rates = at.map(|(ms, delivered)| rate(ms, delivered));
        assert_eq!(rates, [0, 0, 0, 400, 1_000, 1_000]);
        assert_eq!(rate(2_600, 2_000), 1_000);
    }

    #[tokio::test]
    async fn a_quiet_trial_is_a_valid_row() {
        let mut latency = histogram::coarse();
        (1..=10).for_each(|us| latency.record(us * 1_000).unwrap());
        let second = TimelineSecond {
            at_s: 1.0,
            length_s: 1.0,
            phase: Phase::Window,
            connected: 10,
            published: 1,
            delivered: 10,
            latency,
            bytes_down: 5,
            bytes_up: 6,
            load: UsageDelta::default(),
            server: None,
            server_connections: None,
        };
        let events = [
            progress(1, 10),
            TrialEvent::Load(LoadEvent::Second(second.into())),
            progress(3, 50),
        ];
        let mut processes = FakeProcesses {
            events: events.into(),
            ..FakeProcesses::default()
        };
        let mut rates = Vec::new();
        let report = |_: &Progress, per_second| rates.push(per_second);
        let result = trial().measure(None, &mut processes, report).await.unwrap();
        assert_eq!(processes.calls, ["start server", "start load", "end"]);
        assert_eq!(rates, [10, 20]);
        assert_eq!(result.timeline.len(), 1);
        assert_eq!(result.timeline[0].latency_p99_us, Some(10.047));
        assert_eq!(result.seconds[0].histogram.len(), 10);
        assert_eq!(
            result.row.verdict,
            Verdict::Valid,
            "{}",
            result.row.warnings
        );
        assert_eq!(result.row.warnings, "");
        assert_eq!(result.fatal, None);
    }

    #[tokio::test]
    async fn a_server_that_dies_stops_the_load_and_leaves_an_invalid_row() {
        let died = TrialEvent::ServerDied("the server died (signal: 9)".into());
        let mut processes = FakeProcesses {
            events: [died].into(),
            ..FakeProcesses::default()
        };
        let result = trial()
            .measure(None, &mut processes, |_, _| {})
            .await
            .unwrap();
        let calls = ["start server", "start load", "stop load", "end"];
        assert_eq!(processes.calls, calls);
        assert_eq!(result.fatal.as_deref(), Some("the server died (signal: 9)"));
        assert_eq!(result.row.verdict, Verdict::Invalid);
        assert_eq!(result.row.warnings, "server-died");
    }

    #[tokio::test]
    async fn a_target_that_goes_away_ends_the_run_and_one_that_stays_does_not() {
        let target = Target::at(([192, 0, 2, 1], 80).into());
        for (connected, target_lives, fatal) in [
            (10, false, None),
            (0, true, None),
            (0, false, Some("the target went away")),
        ] {
            let mut processes = FakeProcesses {
                target_lives,
                ..FakeProcesses::default()
            };
            let trial = trial();
            let outcome = TrialOutcome {
                connected,
                ..TrialOutcome::quiet(&trial.plan(target.clone()))
            };
            let outcome = LoadEvent::Outcome(Box::new(outcome));
            processes.events.push_back(TrialEvent::Load(outcome));
            let result = trial.measure(Some(&target), &mut processes, |_, _| {});
            let result = result.await.unwrap();
            assert_eq!(result.fatal.as_deref(), fatal);
            // It is not ours; it is asked only if all clients lost it.
            let calls = ["make feeds", "start load", "end", "is alive"];
            assert_eq!(processes.calls, calls[..3 + usize::from(connected == 0)]);
        }
    }
}
