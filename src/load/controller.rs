//! The load: thousands of subscribers and the publishers of one trial, in a process of its own.
//!
//! A trial passes through ramp-up (everyone connects, paced), warm-up (published, not recorded),
//! the window (recorded) and the drain (wait for stragglers). Before the window opens everything
//! published so far has arrived, so the ledger of bytes and CPU time begins clean: it holds what
//! the window's messages cost, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use tokio::runtime::LocalRuntime;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::Instant;

use crate::client::server_counters::Scrape;
use crate::client::subscription::REST;
use crate::load::agent::WorkerProcess;
pub use crate::load::agent::run_agent;
use crate::load::processes::LoadProcesses;
use crate::load::protocol::{
    LoadEvent, Phase, Plan, ProbeOutcome, Progress, TimelineSecond, TrialOutcome, UsageDelta,
    Workload,
};
use crate::load::publisher::Publisher;
use crate::load::worker::{Errors, Worker};
use crate::record::histogram;
use crate::record::recording::Recording;
use crate::record::trial_board::{Gauge, TrialBoard};
use crate::runtime::clock;
use crate::system::interface::InterfaceCounters;
use crate::system::process::{CpuTime, ProcessUsage};

/// How often the state of a trial is looked at; its clean start and its end are exact to this.
const LOOK: Duration = Duration::from_millis(10);

/// The same while nothing can end but what has been scheduled: looks take CPU time that counts as
/// the load's.
const GLANCE: Duration = Duration::from_millis(50);

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(200);

/// Beyond the paced dialling itself, how long the last subscribers may take to connect.
const RAMP_UP_PATIENCE: Duration = Duration::from_secs(30);

/// From the order to publish to the first message's intended time: longer than pollers rest, so
/// that all of them are awake.
const LEAD_NS: u64 = REST.as_nanos() as u64 + 50_000_000;

/// How long polls that are under way may take once nobody wants any more.
const SETTLE: Duration = Duration::from_millis(50);

/// A runtime for one thread, whose tasks never leave it.
pub fn runtime() -> LocalRuntime {
    LocalRuntime::new().expect("the system makes a runtime")
}

/// Runs one trial and tells of it, last of all its outcome. Once `stop` is set, it goes straight to
/// the outcome. Fails if a process of the load ends before that.
pub fn run(plan: Plan, stop: Arc<AtomicBool>, tell: impl FnMut(LoadEvent)) -> anyhow::Result<()> {
    runtime().block_on(async {
        let mut trial = Controller::start(plan, stop, tell).await?;
        trial.ramp_up().await?;
        if trial.window.total(Gauge::Joined) > 0 {
            trial.warm_up().await?;
        }
        trial.measure().await
    })
}

/// A trial under way.
struct Controller<T> {
    plan: Arc<Plan>,
    window: Arc<TrialBoard>,
    workers: Vec<Worker>,
    /// Where some of the workers are.
    followers: Vec<WorkerProcess>,
    /// Beside them, with subscribers that do not count.
    probe: Option<WorkerProcess>,
    publisher: Publisher,
    stop: Arc<AtomicBool>,
    tell: T,
    phase: Phase,
    started: Instant,
    ramp_up: Duration,
    told: Instant,
    before: UsageSnapshot,
    second: SecondStart,
}

/// What both processes, and all that run here, had used, and what had passed the interface, at one
/// moment.
#[derive(Clone, Copy, Default)]
struct UsageSnapshot {
    /// All processes of the load but the probe's.
    load: ProcessUsage,
    probe: ProcessUsage,
    server: Option<ProcessUsage>,
    cores: CpuTime,
    interface: Option<InterfaceCounters>,
}

/// Where the present second of the timeline began.
struct SecondStart {
    at: Instant,
    machine: UsageSnapshot,
    bytes: (u64, u64),
}

impl<T: FnMut(LoadEvent)> Controller<T> {
    async fn start(plan: Plan, stop: Arc<AtomicBool>, tell: T) -> anyhow::Result<Self> {
        let plan = Arc::new(plan);
        let crew = LoadProcesses::start(&plan).await?;
        let started = Instant::now();
        let before = UsageSnapshot::now(&plan, &crew.followers, crew.probe.as_ref());
        let workers = crew.workers(&plan);
        Ok(Controller {
            publisher: Publisher::start(plan.clone(), crew.window.clone(), &workers),
            plan,
            window: crew.window,
            workers,
            followers: crew.followers,
            probe: crew.probe,
            stop,
            tell,
            phase: Phase::RampUp,
            started,
            ramp_up: Duration::ZERO,
            told: started,
            before,
            second: SecondStart {
                at: started,
                machine: before,
                bytes: (0, 0),
            },
        })
    }

    /// Connects everyone, or finds out who can't.
    async fn ramp_up(&mut self) -> anyhow::Result<()> {
        let clients = u64::from(self.plan.clients);
        let patience = self.plan.ramp_up() + RAMP_UP_PATIENCE;
        self.pass(patience, LOOK, |trial| {
            trial.window.total(Gauge::Joined) + trial.window.total(Gauge::GaveUp) >= clients
        })
        .await?;
        self.ramp_up = self.started.elapsed();
        Ok(())
    }

    /// Publishes unrecorded, then waits until everything has arrived.
    async fn warm_up(&mut self) -> anyhow::Result<()> {
        self.phase = Phase::WarmUp;
        self.publish(self.plan.warm_up, Phase::WarmUp).await?;
        self.window.clear_window();
        tokio::time::sleep(SETTLE).await;
        Ok(())
    }

    /// Opens the ledger and the window, publishes, waits for stragglers, and tells the outcome.
    async fn measure(&mut self) -> anyhow::Result<()> {
        let probe = self.probe.iter().flat_map(|probe| &probe.workers);
        for worker in self.workers.iter().chain(probe) {
            worker.open_ledger().await?;
        }
        self.publisher.open_ledger();
        let look = self.scrape().await;
        let (opened, machine) = (Instant::now(), self.machine());
        self.phase = Phase::Window;
        if self.window.total(Gauge::Joined) > 0 {
            self.publish(self.plan.window, Phase::Drain).await?;
        }
        let end = self.machine();
        let ledger_s = opened.elapsed().as_secs_f64();
        tokio::time::sleep(SETTLE).await;
        let mut outcome = self.outcome(ledger_s, machine, end).await?;
        let looks = self.scrape().await.zip(look);
        outcome.server_books = looks.map(|(end, opened)| end.since(&opened));
        self.end_second().await?;
        (self.tell)(LoadEvent::Outcome(Box::new(outcome)));
        Ok(())
    }

    /// What the server counted so far, where that is known.
    async fn scrape(&self) -> Option<Scrape> {
        let Plan {
            target,
            client,
            transport,
            ..
        } = &*self.plan;
        Scrape::of(target, client.headers, transport.name()).await
    }

    fn machine(&self) -> UsageSnapshot {
        UsageSnapshot::now(&self.plan, &self.followers, self.probe.as_ref())
    }

    /// Opens a window, publishes for its `length`, all of which passes whatever the rate, and then,
    /// in phase `after`, waits until all of it has arrived.
    async fn publish(&mut self, length: Duration, after: Phase) -> anyhow::Result<()> {
        let before = self.window.total(Gauge::Delivered);
        let origin_ns = clock::now_ns() + LEAD_NS;
        let end_ns = origin_ns + length.as_nanos() as u64;
        self.window.set_window(origin_ns, end_ns);
        let mut done = self.publisher.publish(origin_ns, length.as_nanos() as u64);
        let scheduled = Duration::from_nanos(end_ns.saturating_sub(clock::now_ns()));
        self.pass(scheduled, GLANCE, |_| false).await?;
        // A publisher that is late gets as much time again before the trial goes on without it.
        self.pass(length + LOOK, LOOK, |_| {
            !matches!(done.try_recv(), Err(TryRecvError::Empty))
        })
        .await?;
        self.phase = after;
        let arrived =
            |trial: &Self| trial.window.total(Gauge::Delivered) - before >= trial.expected();
        self.pass(self.plan.drain, LOOK, arrived).await
    }

    /// Lets time pass until `done`, which is looked at `every` so often, or for `limit` at most,
    /// telling of progress and seconds.
    async fn pass(
        &mut self,
        limit: Duration,
        every: Duration,
        mut done: impl FnMut(&Self) -> bool,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + limit;
        while !done(self) && Instant::now() < end && !self.stop.load(Relaxed) {
            tokio::time::sleep_until(end.min(Instant::now() + every)).await;
            if self.told.elapsed() >= PROGRESS {
                self.told = Instant::now();
                let progress = self.progress();
                (self.tell)(LoadEvent::Progress(progress));
            }
            if self.second.at.elapsed() >= Duration::from_secs(1) {
                self.end_second().await?;
            }
        }
        Ok(())
    }

    /// Published × subscribers, summed over the feeds.
    fn expected(&self) -> u64 {
        (0..self.plan.feeds.len())
            .map(|feed| self.window.published(feed) * self.plan.subscribers(feed))
            .sum()
    }

    fn progress(&self) -> Progress {
        let plan = &self.plan;
        let whole = plan.ramp_up() + plan.warm_up + plan.window;
        Progress {
            at_s: self.started.elapsed().as_secs_f64(),
            phase: self.phase,
            clients: u64::from(plan.clients),
            joined: self.window.total(Gauge::Joined),
            connected: self.window.total(Gauge::Connected),
            gave_up: self.window.total(Gauge::GaveUp),
            delivered: self.window.total(Gauge::Delivered),
            whole_s: whole.as_secs_f64(),
            left_s: whole.saturating_sub(self.started.elapsed()).as_secs_f64(),
        }
    }

    /// Tells of the second that ends now.
    async fn end_second(&mut self) -> anyhow::Result<()> {
        let mut published = self.publisher.end_second().await;
        let (mut latency, mut bytes) = (None, (0, 0));
        for worker in &self.workers {
            let second = worker.end_second().await?;
            published += second.published;
            bytes = (bytes.0 + second.bytes.0, bytes.1 + second.bytes.1);
            match &mut latency {
                None => latency = Some(second.latency),
                Some(sum) => *sum += &second.latency,
            }
        }
        let latency = latency.unwrap_or_else(histogram::coarse);
        let machine = self.machine();
        let mark = std::mem::replace(
            &mut self.second,
            SecondStart {
                at: Instant::now(),
                machine,
                bytes,
            },
        );
        let (load, server) = machine.since(&mark.machine);
        let percentiles = || [0.5, 0.99, 1.0].map(|q| latency.value_at_quantile(q));
        (self.tell)(LoadEvent::Second(TimelineSecond {
            at_s: self.started.elapsed().as_secs_f64(),
            length_s: mark.at.elapsed().as_secs_f64(),
            phase: self.phase,
            connected: self.window.total(Gauge::Connected),
            published,
            delivered: latency.len(),
            latency_ns: (!latency.is_empty()).then(percentiles),
            bytes_down: bytes.0 - mark.bytes.0,
            bytes_up: bytes.1 - mark.bytes.1,
            load,
            server,
        }));
        Ok(())
    }

    async fn outcome(
        &self,
        ledger_s: f64,
        opened: UsageSnapshot,
        end: UsageSnapshot,
    ) -> anyhow::Result<TrialOutcome> {
        let (mut sum, mut errors) = (Recording::default(), Errors::new());
        for worker in &self.workers {
            let (recording, mistakes) = worker.collect().await?;
            sum.merge(&recording);
            mistakes
                .into_iter()
                .for_each(|(error, times)| *errors.entry(error).or_default() += times);
        }
        let mut probe = None;
        for worker in self.probe.iter().flat_map(|probe| &probe.workers) {
            let (recording, _) = worker.collect().await?;
            let used = UsageDelta::between(&opened.probe, &end.probe);
            probe = Some(ProbeOutcome { recording, used });
        }
        let publisher = self.publisher.recording().await.unwrap_or_default();
        sum.publish_lag += &publisher.publish_lag;
        let (load, server) = end.since(&opened);
        let feeds = 0..self.plan.feeds.len();
        let joined = self.window.total(Gauge::Joined);
        Ok(TrialOutcome {
            ramp_up_s: self.ramp_up.as_secs_f64(),
            ledger_s,
            published: feeds.map(|feed| self.window.published(feed)).sum(),
            expected: self.expected(),
            publish_failed: self.window.publish_failed(),
            joined,
            gave_up: u64::from(self.plan.clients) - joined,
            connected: self.window.total(Gauge::Connected),
            recording: sum,
            server_books: None,
            probe,
            publisher_traffic: publisher.traffic,
            interface: end
                .interface
                .zip(opened.interface)
                .map(|(end, opened)| end - opened),
            load,
            load_rss_before_bytes: self.before.load.rss_bytes,
            server,
            server_rss_before_bytes: self.before.server.map(|server| server.rss_bytes),
            cores: end.cores.since(&opened.cores),
            errors: errors.into_iter().collect(),
        })
    }
}

impl Plan {
    /// How long the paced dialling takes.
    pub fn ramp_up(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.clients) / self.connect_rate_hz)
    }

    /// The probe's part of this plan, if it has one: a few readers, who join at all stages of the
    /// ramp-up and poll at all phases, so that their places are typical.
    pub fn probe(&self) -> Option<Plan> {
        let share = f64::from(self.probes) / f64::from(self.clients);
        (self.probes > 0).then(|| Plan {
            clients: self.probes,
            connect_rate_hz: self.connect_rate_hz * share,
            workload: Workload::Monitoring,
            even_phases: true,
            ..self.clone()
        })
    }
}

impl UsageSnapshot {
    fn now(plan: &Plan, followers: &[WorkerProcess], probe: Option<&WorkerProcess>) -> Self {
        let mut load = ProcessUsage::of(std::process::id()).unwrap_or_default();
        followers
            .iter()
            .for_each(|follower| load += follower.usage());
        UsageSnapshot {
            load,
            probe: probe.map_or_else(ProcessUsage::default, WorkerProcess::usage),
            server: plan.target.pid.and_then(|pid| ProcessUsage::of(pid).ok()),
            cores: CpuTime::now(),
            interface: plan
                .interface
                .as_ref()
                .and_then(|name| InterfaceCounters::of(name).ok()),
        }
    }

    fn since(&self, earlier: &UsageSnapshot) -> (UsageDelta, Option<UsageDelta>) {
        let server = match (&earlier.server, &self.server) {
            (Some(earlier), Some(later)) => Some(UsageDelta::between(earlier, later)),
            _ => None,
        };
        (UsageDelta::between(&earlier.load, &self.load), server)
    }
}
