//! The controller takes one trial through its phases and reports it to the lab, last its outcome.
//!
//! Before the window opens, all messages of the warm-up have arrived. So the ledger of bytes and
//! CPU time holds what the window's messages cost, and nothing else.
//!
//! Where several messages share a poll, the first polls after a pause carry fewer than the others,
//! and so do the last ones. There messages are published before the window without a pause, and the
//! measured part of the ledger ends with the window: it holds what all messages cost that arrived
//! meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::oneshot::error::TryRecvError;

use crate::load::link::Link;
use crate::load::messages;
use crate::load::outcome::{ProbeOutcome, TimelineSecond, TrialOutcome, WindowMessages};
use crate::load::processes::LoadProcesses;
use crate::load::protocol::{ControllerCommand, LoadEvent, Plan, Progress};
use crate::load::publisher::{Part, PartName, Publisher};
use crate::load::timeline::{Phase, Timeline};
use crate::load::trial_ledger::{SETTLE, TrialLedger};
use crate::load::usage::UsageSnapshot;
use crate::record::trial_board::Gauge;
use crate::runtime::clock;
use crate::system::limits::in_one_table;

/// Time between two checks of a trial's state, which bounds how exact its clean start and end are.
const CHECK: Duration = Duration::from_millis(10);

/// The same while only the schedule can end a phase: checks take CPU time of the load.
const RARE_CHECK: Duration = Duration::from_millis(50);

const SECOND_NS: u64 = 1_000_000_000;

/// Time between two reports of progress.
const PROGRESS_NS: u64 = 200_000_000;

/// Beyond the paced dialling, the longest time that the last subscribers may take to connect.
const RAMP_UP_EXTRA_NS: u64 = 30 * SECOND_NS;

/// Runs one trial. [`ControllerCommand::Stop`] takes it straight to its outcome. Fails if a process
/// of the load ends before that, or the lab does.
pub async fn run(plan: Plan, link: impl Link) -> anyhow::Result<()> {
    let mut trial = Controller::start(plan, link).await?;
    trial.ramp_up().await?;
    if trial.total(Gauge::Joined) > 0 {
        trial.publish(Phase::WarmUp).await?;
        trial.load.board.clear_window();
        tokio::time::sleep(SETTLE).await;
    }
    trial.measure().await
}

/// A trial under way.
struct Controller<L> {
    plan: Arc<Plan>,
    load: LoadProcesses,
    publisher: Publisher,
    link: L,
    /// [`ControllerCommand::Stop`] has arrived.
    stopped: bool,
    phase: Phase,
    timeline: Timeline,
    /// Messages of the phase that were due and not handed over by the publisher.
    left_out: u64,
    reported_ns: u64,
    second: SecondStart,
    ledger: TrialLedger,
}

/// Where the current second of the timeline began.
struct SecondStart {
    at_ns: u64,
    usage: UsageSnapshot,
    bytes: (u64, u64),
}

impl<L: Link> Controller<L> {
    async fn start(plan: Plan, link: L) -> anyhow::Result<Self> {
        let plan = Arc::new(plan);
        let load = LoadProcesses::start(&plan).await?;
        let now_ns = clock::now_ns();
        Ok(Controller {
            publisher: Publisher::start(plan.clone(), load.board.clone(), &load.workers),
            link,
            stopped: false,
            phase: Phase::RampUp,
            timeline: Timeline::planned(load.start_ns, plan.phases()),
            left_out: 0,
            reported_ns: now_ns,
            second: SecondStart {
                at_ns: now_ns,
                usage: load.before,
                bytes: (0, 0),
            },
            ledger: TrialLedger::default(),
            plan,
            load,
        })
    }

    fn total(&self, gauge: Gauge) -> u64 {
        self.load.board.total(gauge)
    }

    fn begin(&mut self, phase: Phase) {
        self.timeline.begin(phase, clock::now_ns());
        self.phase = phase;
    }

    /// Waits until all subscribers are connected or have given up.
    async fn ramp_up(&mut self) -> anyhow::Result<()> {
        let clients = u64::from(self.plan.clients);
        let end_ns = self.timeline.end_ns(Phase::RampUp) + RAMP_UP_EXTRA_NS;
        let probes = u64::from(self.plan.probes);
        self.pass(end_ns, CHECK, |trial| {
            let of_probe = |gauge| trial.load.of_probe(gauge);
            trial.total(Gauge::Joined) + trial.total(Gauge::GaveUp) >= clients
                && of_probe(Gauge::Joined) + of_probe(Gauge::GaveUp) >= probes
        })
        .await?;
        self.begin(Phase::WarmUp);
        Ok(())
    }

    /// Opens the ledger and the window, publishes, waits for the last messages, and reports.
    async fn measure(&mut self) -> anyhow::Result<()> {
        let joined = self.total(Gauge::Joined) > 0;
        self.ledger.open(&self.load, &self.publisher).await?;
        match joined && self.leads_in() {
            true => self.lead_in().await?,
            false => self.begin(Phase::Window),
        }
        let (at_ns, _) = self.timeline.schedule_ns(Phase::Window);
        self.load.board.begin_faults(at_ns);
        let at_s = self.timeline.elapsed_s(at_ns);
        self.link
            .send(&LoadEvent::WindowOpens { at_ns, at_s })
            .await?;
        if joined {
            self.publish(Phase::Window).await?;
        }
        self.ledger.close(&self.load).await;
        let mut outcome = self.outcome().await?;
        outcome.server_counters = self.ledger.server_counters(&self.load).await;
        self.end_second().await?;
        let outcome = LoadEvent::Outcome(Box::new(outcome));
        self.link.send(&outcome).await
    }

    /// Whether messages are published before the window without a pause.
    fn leads_in(&self) -> bool {
        !self.plan.lead_in().is_zero()
    }

    /// Begins to publish, and returns when the window and the measured part of the ledger begin.
    async fn lead_in(&mut self) -> anyhow::Result<()> {
        let length_ns = self.plan.lead_in().as_nanos() as u64;
        let now_ns = clock::now_ns();
        self.timeline.begin(Phase::Window, now_ns + length_ns);
        let (to_ns, closes_ns) = self.timeline.schedule_ns(Phase::Window);
        let part = Part {
            name: PartName::LeadIn,
            from_ns: to_ns - length_ns,
            to_ns,
        };
        let board = &self.load.board;
        board.set_window_after_lead_in(part.from_ns, to_ns, closes_ns);
        self.publisher.publish(part);
        self.pass(now_ns + length_ns, RARE_CHECK, |_| false).await?;
        self.phase = Phase::Window;
        self.ledger.begin_part(&self.load, &self.publisher).await
    }

    /// Publishes for all of a phase's length, whatever the rate, and waits until all of it has
    /// arrived, after the window as phase [`Phase::Drain`].
    async fn publish(&mut self, phase: Phase) -> anyhow::Result<()> {
        let before = self.total(Gauge::Delivered);
        let probe_before = self.load.of_probe(Gauge::Delivered);
        let (from_ns, to_ns) = self.timeline.schedule_ns(phase);
        let led_in = phase == Phase::Window && self.leads_in();
        if !led_in {
            self.load.board.set_window(from_ns, to_ns);
        }
        let name = match phase {
            Phase::Window => PartName::Window,
            _ => PartName::WarmUp,
        };
        let mut done = self.publisher.publish(Part {
            name,
            from_ns,
            to_ns,
        });
        self.pass(to_ns, RARE_CHECK, |_| false).await?;
        if led_in {
            self.ledger.end_part(&self.load, &self.publisher).await?;
        }
        // A publisher that is late gets as much time again; then the trial goes on without it.
        let late_ns = to_ns + (to_ns - from_ns) + CHECK.as_nanos() as u64;
        self.pass(late_ns, CHECK, |_| {
            !matches!(done.try_recv(), Err(TryRecvError::Empty))
        })
        .await?;
        self.left_out = self.publisher.cancel().await;
        if phase == Phase::Window {
            self.begin(Phase::Drain);
        }
        let end_ns = clock::now_ns() + self.plan.drain.as_nanos() as u64;
        let arrived = |trial: &Self| {
            let of_probe = trial.load.of_probe(Gauge::Delivered) - probe_before;
            trial.total(Gauge::Delivered) - before >= trial.expected()
                && (phase == Phase::WarmUp || of_probe >= trial.probe_expected())
        };
        self.pass(end_ns, CHECK, arrived).await
    }

    /// Lets time pass until `done`, which is checked at each `interval`, or until `end_ns`, and
    /// reports progress and seconds.
    async fn pass(
        &mut self,
        end_ns: u64,
        interval: Duration,
        mut done: impl FnMut(&Self) -> bool,
    ) -> anyhow::Result<()> {
        while !done(self) && !self.stopped {
            self.stopped = self.load.board.has_wrong_answer();
            let now_ns = clock::now_ns();
            if now_ns >= end_ns {
                break;
            }
            let left = Duration::from_nanos(end_ns - now_ns);
            tokio::select! {
                () = tokio::time::sleep(interval.min(left)) => {}
                command = self.link.receive() => match command? {
                    Some(ControllerCommand::Stop) => self.stopped = true,
                    Some(ControllerCommand::ServerReplaced { pid, ended }) => {
                        self.load.board.set_server(Some(pid));
                        self.load.measured.replace_server(pid, ended);
                        self.ledger.server_replaced();
                    }
                    None => bail!("the run has ended"),
                },
            }
            let now_ns = clock::now_ns();
            if now_ns - self.reported_ns >= PROGRESS_NS {
                self.reported_ns = now_ns;
                let progress = LoadEvent::Progress(self.progress(now_ns));
                self.link.send(&progress).await?;
            }
            if now_ns - self.second.at_ns >= SECOND_NS {
                self.end_second().await?;
            }
        }
        Ok(())
    }

    /// Deliveries of the window that are to come, those that have come included.
    fn expected(&self) -> u64 {
        self.expected_by(&self.plan)
    }

    /// What the probe's subscribers should receive; 0 without a probe.
    fn probe_expected(&self) -> u64 {
        let probe = self.plan.probe();
        probe.map_or(0, |probe| self.expected_by(&probe))
    }

    fn expected_by(&self, plan: &Plan) -> u64 {
        (0..plan.feeds.len())
            .map(|feed| self.load.board.published(feed) * plan.subscribers(feed))
            .sum()
    }

    fn progress(&self, now_ns: u64) -> Progress {
        Progress {
            now_ns,
            phase: self.phase,
            timeline: self.timeline,
            clients: u64::from(self.plan.clients),
            joined: self.total(Gauge::Joined),
            connected: self.total(Gauge::Connected),
            gave_up: self.total(Gauge::GaveUp),
            delivered: self.total(Gauge::Delivered),
        }
    }

    /// Connections of all clients.
    fn connections(&self) -> u64 {
        u64::from(self.plan.clients) * self.plan.connections_per_client()
    }

    /// Reports the second that ends now.
    async fn end_second(&mut self) -> anyhow::Result<()> {
        let of_sensors = self.publisher.end_second().await?;
        let second = self.load.end_second().await?;
        let now = SecondStart {
            at_ns: clock::now_ns(),
            usage: self.load.measured.snapshot(),
            bytes: second.bytes,
        };
        self.ledger.end_second(&now.usage);
        let began = std::mem::replace(&mut self.second, now);
        let now = &self.second;
        let (load, server) = now.usage.since(&began.usage);
        let second = TimelineSecond {
            at_s: self.timeline.elapsed_s(now.at_ns),
            length_s: (now.at_ns - began.at_ns) as f64 / 1e9,
            phase: self.phase,
            connected: self.total(Gauge::Connected),
            published: of_sensors + second.published,
            delivered: second.latency.len(),
            latency: second.latency,
            bytes_down: now.bytes.0 - began.bytes.0,
            bytes_up: now.bytes.1 - began.bytes.1,
            load,
            server,
            server_connections: now
                .usage
                .server_connections(&self.load.before)
                .filter(|_| self.connections() <= in_one_table()),
        };
        self.link.send(&LoadEvent::Second(second.into())).await
    }

    async fn outcome(&self) -> anyhow::Result<TrialOutcome> {
        let measured = self.ledger.measured().context("nothing was measured")?;
        let (opened, closed) = (&measured.opened, &measured.closed);
        // Before the recordings: a message that comes from here on counts as missed.
        let board = &self.load.board;
        let messages = WindowMessages::read(board, &self.plan, self.left_out);
        let mut recording = self.load.collect().await?;
        let probe = self.load.collect_probe().await;
        let publisher = self.publisher.recording().await?;
        messages::missed_by_fault(board, &self.plan, &mut recording.recoveries);
        recording.publish_lag += &publisher.publish_lag;
        recording.counts.negative += publisher.counts.negative;
        recording.merge_errors(&publisher);
        probe.iter().for_each(|probe| recording.merge_errors(probe));
        recording.counts.publisher_redials += publisher.counts.publisher_redials;
        recording.counts.publisher_resent += publisher.counts.publisher_resent;
        let (load, server) = closed.since(opened);
        let interface = closed.interface.zip(opened.interface);
        let before = &self.load.before;
        let joined = board.total(Gauge::Joined);
        Ok(TrialOutcome {
            ramp_up_s: self.timeline.elapsed_s(self.timeline.end_ns(Phase::RampUp)),
            ledger_s: measured.length_s,
            messages,
            joined,
            gave_up: u64::from(self.plan.clients) - joined,
            connected: board.total(Gauge::Connected),
            recording,
            server_counters: None,
            probe: probe.map(|recording| ProbeOutcome {
                recording,
                expected: self.probe_expected(),
            }),
            publisher_traffic: publisher.traffic,
            publisher_measured: publisher.ledger.traffic,
            interface: interface.and_then(|(later, earlier)| later.since(&earlier)),
            load,
            load_rss_before_bytes: before.load.rss_bytes,
            server,
            server_rss_before_bytes: before.server.map(|server| server.rss_bytes),
            proxy: closed.proxy_since(opened),
            proxy_rss_before_bytes: before.proxy.map(|proxy| proxy.rss_bytes),
            kernel_growth_bytes: closed.kernel_growth_since(before),
            machine: self.ledger.seconds().to_vec(),
        })
    }
}
