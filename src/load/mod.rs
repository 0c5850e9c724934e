//! The load: thousands of subscribers and the publishers of one trial, in a process of its own.
//!
//! A trial passes through ramp-up (everyone connects, paced), warm-up (published, not recorded),
//! the window (recorded) and the drain (wait for stragglers). Before the window opens everything
//! published so far has arrived, so the ledger of bytes and CPU time begins clean: it holds what
//! the window's messages cost, and nothing else.

pub mod plan;
mod poster;
mod publisher;
pub mod schedule;
mod timer;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::Instant;

use crate::measure::clock;
use crate::measure::histogram;
use crate::measure::interface::Frames;
use crate::measure::process::{Cores, Usage};
use crate::measure::recorder::{Recording, Window};
use plan::{Event, Outcome, Phase, Plan, Progress, Second, Use};
use publisher::Publisher;
use worker::{Command, Errors, Worker, total};

/// How often the state of a trial is looked at; its clean start and its end are exact to this.
const LOOK: Duration = Duration::from_millis(10);

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(200);

/// Beyond the paced dialling itself, how long the last subscribers may take to connect.
const RAMP_UP_PATIENCE: Duration = Duration::from_secs(30);

/// From the order to publish to the first message's intended time.
const LEAD_NS: u64 = 20_000_000;

/// A runtime for one thread.
fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_all()
        .build()
        .expect("the system makes a runtime")
}

/// Runs one trial and tells of it, last of all its outcome. Once `stop` is set, it goes straight to
/// the outcome.
pub fn run(plan: Plan, stop: Arc<AtomicBool>, tell: impl FnMut(Event)) {
    runtime().block_on(async {
        let mut trial = Trial::start(plan, stop, tell);
        trial.ramp_up().await;
        if total(&trial.workers, |g| &g.joined) > 0 {
            trial.warm_up().await;
        }
        trial.measure().await;
    });
}

/// A trial under way.
struct Trial<T> {
    plan: Arc<Plan>,
    window: Arc<Window>,
    workers: Vec<Worker>,
    publisher: Publisher,
    stop: Arc<AtomicBool>,
    tell: T,
    phase: Phase,
    started: Instant,
    told: Instant,
    before: Machine,
    second: Mark,
}

/// What both processes, and all that run here, had used, and what had passed the interface, at one
/// moment.
#[derive(Clone, Copy, Default)]
struct Machine {
    load: Usage,
    server: Option<Usage>,
    cores: Cores,
    interface: Option<Frames>,
}

/// Where the present second of the timeline began.
struct Mark {
    at: Instant,
    machine: Machine,
    bytes: (u64, u64),
}

impl<T: FnMut(Event)> Trial<T> {
    fn start(plan: Plan, stop: Arc<AtomicBool>, tell: T) -> Self {
        let started = Instant::now();
        let before = Machine::now(&plan);
        let plan = Arc::new(plan);
        let window = Arc::new(Window::new(plan.feeds.len()));
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..count)
            .map(|index| Worker::start(plan.clone(), window.clone(), index, count, started))
            .collect();
        Trial {
            publisher: Publisher::start(plan.clone(), window.clone(), &workers),
            plan,
            window,
            workers,
            stop,
            tell,
            phase: Phase::RampUp,
            started,
            told: started,
            before,
            second: Mark {
                at: started,
                machine: before,
                bytes: (0, 0),
            },
        }
    }

    /// Connects everyone, or finds out who can't.
    async fn ramp_up(&mut self) {
        let clients = u64::from(self.plan.clients);
        let patience = self.plan.ramp_up() + RAMP_UP_PATIENCE;
        self.pass(patience, |trial| {
            total(&trial.workers, |g| &g.joined) + total(&trial.workers, |g| &g.gave_up) >= clients
        })
        .await;
    }

    /// Publishes unrecorded, then waits until everything has arrived.
    async fn warm_up(&mut self) {
        self.phase = Phase::WarmUp;
        self.publish(self.plan.warm_up, Phase::WarmUp).await;
        self.window.shut();
    }

    /// Opens the ledger and the window, publishes, waits for stragglers, and tells the outcome.
    async fn measure(&mut self) {
        for worker in &self.workers {
            worker.ask(Command::OpenLedger).await;
        }
        self.publisher.open_ledger();
        let (opened, machine) = (Instant::now(), Machine::now(&self.plan));
        self.phase = Phase::Window;
        if total(&self.workers, |g| &g.joined) > 0 {
            self.publish(self.plan.window, Phase::Drain).await;
        }
        let end = Machine::now(&self.plan);
        let outcome = self
            .outcome(opened.elapsed().as_secs_f64(), machine, end)
            .await;
        self.end_second().await;
        (self.tell)(Event::Outcome(Box::new(outcome)));
    }

    /// Opens a window, publishes for its `length`, all of which passes whatever the rate, and then,
    /// in phase `after`, waits until all of it has arrived.
    async fn publish(&mut self, length: Duration, after: Phase) {
        let before = total(&self.workers, |g| &g.delivered);
        let origin_ns = clock::now_ns() + LEAD_NS;
        let end_ns = origin_ns + length.as_nanos() as u64;
        self.window.set(origin_ns, end_ns);
        let mut done = self.publisher.publish(origin_ns, length.as_nanos() as u64);
        // A publisher that is late gets as much time again before the trial goes on without it.
        self.pass(length * 2 + LOOK, |_| {
            clock::now_ns() >= end_ns && !matches!(done.try_recv(), Err(TryRecvError::Empty))
        })
        .await;
        self.phase = after;
        let arrived =
            |trial: &Self| total(&trial.workers, |g| &g.delivered) - before >= trial.expected();
        self.pass(self.plan.drain, arrived).await;
    }

    /// Lets time pass until `done` or for `limit` at most, telling of progress and seconds.
    async fn pass(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + limit;
        while !done(self) && Instant::now() < end && !self.stop.load(Relaxed) {
            tokio::time::sleep(LOOK).await;
            if self.told.elapsed() >= PROGRESS {
                self.told = Instant::now();
                let progress = self.progress();
                (self.tell)(Event::Progress(progress));
            }
            if self.second.at.elapsed() >= Duration::from_secs(1) {
                self.end_second().await;
            }
        }
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
            joined: total(&self.workers, |g| &g.joined),
            connected: total(&self.workers, |g| &g.connected),
            gave_up: total(&self.workers, |g| &g.gave_up),
            delivered: total(&self.workers, |g| &g.delivered),
            whole_s: whole.as_secs_f64(),
            left_s: whole.saturating_sub(self.started.elapsed()).as_secs_f64(),
        }
    }

    /// Tells of the second that ends now.
    async fn end_second(&mut self) {
        let mut published = self.publisher.end_second().await;
        let (mut latency, mut bytes) = (None, (0, 0));
        for worker in &self.workers {
            let second = worker.ask(Command::Second).await;
            published += second.published;
            bytes = (bytes.0 + second.bytes.0, bytes.1 + second.bytes.1);
            match &mut latency {
                None => latency = Some(second.latency),
                Some(sum) => *sum += &second.latency,
            }
        }
        let latency = latency.unwrap_or_else(histogram::coarse);
        let machine = Machine::now(&self.plan);
        let mark = std::mem::replace(
            &mut self.second,
            Mark {
                at: Instant::now(),
                machine,
                bytes,
            },
        );
        let (load, server) = machine.since(&mark.machine);
        let percentiles = || [0.5, 0.99, 1.0].map(|q| latency.value_at_quantile(q));
        (self.tell)(Event::Second(Second {
            at_s: self.started.elapsed().as_secs_f64(),
            length_s: mark.at.elapsed().as_secs_f64(),
            phase: self.phase,
            connected: total(&self.workers, |g| &g.connected),
            published,
            delivered: latency.len(),
            latency_ns: (!latency.is_empty()).then(percentiles),
            bytes_down: bytes.0 - mark.bytes.0,
            bytes_up: bytes.1 - mark.bytes.1,
            load,
            server,
        }));
    }

    async fn outcome(&self, ledger_s: f64, opened: Machine, end: Machine) -> Outcome {
        let (mut sum, mut errors) = (Recording::default(), Errors::new());
        for worker in &self.workers {
            let (recording, mistakes) = worker.ask(Command::Collect).await;
            sum.merge(&recording);
            mistakes
                .into_iter()
                .for_each(|(error, times)| *errors.entry(error).or_default() += times);
        }
        let publisher = self.publisher.recording().await.unwrap_or_default();
        sum.publish_lag += &publisher.publish_lag;
        let (load, server) = end.since(&opened);
        let feeds = 0..self.plan.feeds.len();
        Outcome {
            ledger_s,
            published: feeds.map(|feed| self.window.published(feed)).sum(),
            expected: self.expected(),
            publish_failed: self.window.publish_failed(),
            joined: total(&self.workers, |g| &g.joined),
            gave_up: u64::from(self.plan.clients) - total(&self.workers, |g| &g.joined),
            connected: total(&self.workers, |g| &g.connected),
            recording: sum,
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
        }
    }
}

impl Plan {
    /// How long the paced dialling takes.
    pub fn ramp_up(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.clients) / self.connect_rate_hz)
    }
}

impl Machine {
    fn now(plan: &Plan) -> Self {
        Machine {
            load: Usage::of(std::process::id()).unwrap_or_default(),
            server: plan.server_pid.and_then(|pid| Usage::of(pid).ok()),
            cores: Cores::now(),
            interface: plan
                .interface
                .as_ref()
                .and_then(|name| Frames::of(name).ok()),
        }
    }

    fn since(&self, earlier: &Machine) -> (Use, Option<Use>) {
        let server = match (&earlier.server, &self.server) {
            (Some(earlier), Some(later)) => Some(Use::between(earlier, later)),
            _ => None,
        };
        (Use::between(&earlier.load, &self.load), server)
    }
}
