//! A worker: one thread, one runtime, one recorder, and its share of the subscribers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::plan::{Plan, Workload};
use super::poster::Poster;
use crate::measure::recorder::{Gauges, Recorder, Recording, Second, Window};
use crate::transport::connection::ClientError;
use crate::transport::subscription::{Habits, Outbox, Outgoing, Subscription, Target};

/// Subscribers that dial from one loopback address: finding a free port among an address's 28,000
/// slows down long before they run out.
const CLIENTS_PER_SOURCE: u32 = 2_000;

/// Attempts to connect for the first time before a subscriber gives up.
const CONNECT_ATTEMPTS: u32 = 5;

/// Pause before the first new attempt; doubles up to the longest.
const BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// Different errors remembered; any beyond count together.
const MAX_ERRORS: usize = 16;

/// What a worker is asked.
#[derive(Debug)]
pub enum Command {
    OpenLedger(oneshot::Sender<()>),
    Second(oneshot::Sender<Second>),
    Collect(oneshot::Sender<(Recording, Errors)>),
    /// One of this worker's subscribers writes a message.
    Write {
        author: usize,
        message: Outgoing,
    },
}

/// What went wrong, and how often.
pub type Errors = BTreeMap<String, u64>;

/// A handle to a worker's thread, which ends when the last handle and sender are gone.
#[derive(Debug)]
pub struct Worker {
    commands: mpsc::UnboundedSender<Command>,
    pub gauges: Arc<Gauges>,
}

impl Worker {
    /// Starts worker `index` of `count`, whose subscribers dial at once, paced from `start`.
    pub fn start(
        plan: Arc<Plan>,
        window: Arc<Window>,
        index: usize,
        count: usize,
        start: Instant,
    ) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let gauges = Arc::new(Gauges::default());
        let shared = gauges.clone();
        thread::Builder::new()
            .name(format!("load-{index}"))
            .spawn(move || {
                let crowd = Crowd {
                    recorder: Rc::new(Recorder::new(window, shared)),
                    target: Rc::new(plan.target.clone()),
                    habits: Rc::new(Habits {
                        poll_interval: plan.poll_interval,
                        hold: plan.hold,
                        keep_alive: plan.keep_alive,
                        headers: plan.headers,
                    }),
                    errors: Rc::default(),
                    plan,
                };
                let local = LocalSet::new();
                super::runtime().block_on(local.run_until(async {
                    let outboxes = crowd.gather(index, count, start);
                    crowd.serve(inbox, outboxes).await;
                }));
            })
            .expect("the system starts a thread");
        Worker { commands, gauges }
    }

    /// Where to send commands.
    pub fn commands(&self) -> mpsc::UnboundedSender<Command> {
        self.commands.clone()
    }

    /// Asks, and waits for the answer.
    pub async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Command) -> T {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(question(reply))
            .expect("workers live as long as their handle");
        answer.await.expect("workers answer")
    }
}

/// A worker's subscribers and what they share.
struct Crowd {
    plan: Arc<Plan>,
    recorder: Rc<Recorder>,
    target: Rc<Target>,
    habits: Rc<Habits>,
    errors: Rc<std::cell::RefCell<Errors>>,
}

impl Crowd {
    /// Starts every subscriber of this worker: client i belongs to worker i mod `count`. In a chat
    /// each has an outbox, which is returned in the order of the clients.
    fn gather(&self, index: usize, count: usize, start: Instant) -> Vec<Rc<Outbox>> {
        let feeds = 0..self.plan.feeds.len();
        let paths: Vec<Rc<str>> = feeds.map(|feed| self.plan.feed_path(feed).into()).collect();
        let message_paths = self.plan.message_paths();
        let mut outboxes = Vec::new();
        for number in (index as u32..self.plan.clients).step_by(count) {
            let feed = number as usize % paths.len();
            let mut subscription = self.subscription(number, feed, paths[feed].clone());
            let at = start + Duration::from_secs_f64(f64::from(number) / self.plan.connect_rate_hz);
            if self.plan.workload == Workload::Chat {
                let from = format!("client-{number}");
                outboxes.push(if self.plan.transport.publishes_in_band() {
                    let outbox = Rc::<Outbox>::default();
                    subscription.author = Some((from, outbox.clone()));
                    outbox
                } else {
                    self.poster(number, from, message_paths.clone()).start(at)
                });
            }
            tokio::task::spawn_local(self.keep_subscribed(subscription, at));
        }
        outboxes
    }

    fn subscription(&self, number: u32, feed: usize, path: Rc<str>) -> Subscription {
        let (target, habits) = (self.target.clone(), self.habits.clone());
        let mut subscription = Subscription::new(target, habits, self.recorder.clone(), feed, path);
        subscription.source = self.source(number);
        let mut rng = SmallRng::seed_from_u64(self.plan.seed ^ (u64::from(number) << 32));
        subscription.phase = rng.random();
        subscription
    }

    /// On loopback, spreads the clients over 127.0.0.2, 127.0.0.3 and so on.
    fn source(&self, number: u32) -> Option<IpAddr> {
        let IpAddr::V4(target) = self.target.address.ip() else {
            return None;
        };
        let [_, _, high, low] = (2 + number / CLIENTS_PER_SOURCE).to_be_bytes();
        target
            .is_loopback()
            .then(|| Ipv4Addr::new(127, 0, high, low).into())
    }

    /// One subscriber's life: dials when its turn comes, and again whenever it is cut off.
    fn keep_subscribed(
        &self,
        mut subscription: Subscription,
        at: Instant,
    ) -> impl Future<Output = ()> + use<> {
        let (transport, errors) = (self.plan.transport, self.errors.clone());
        async move {
            tokio::time::sleep_until(at).await;
            let mut failures = 0;
            loop {
                let Err(error) = transport.subscribe(&mut subscription).await;
                failures = if subscription.ended() {
                    0
                } else {
                    failures + 1
                };
                note(&errors, &error);
                if !subscription.joined() && failures >= CONNECT_ATTEMPTS {
                    Gauges::change(&subscription.recorder.gauges.gave_up, 1);
                    return;
                }
                let pause = BACKOFF
                    .saturating_mul(1 << failures.min(8))
                    .min(MAX_BACKOFF);
                tokio::time::sleep(pause.mul_f64(0.5 + subscription.phase / 2.0)).await;
            }
        }
    }

    async fn serve(self, mut inbox: mpsc::UnboundedReceiver<Command>, outboxes: Vec<Rc<Outbox>>) {
        while let Some(command) = inbox.recv().await {
            match command {
                Command::OpenLedger(reply) => {
                    self.recorder.open_ledger();
                    let _ = reply.send(());
                }
                Command::Second(reply) => drop(reply.send(self.recorder.end_second())),
                Command::Collect(reply) => {
                    let _ = reply.send((self.recorder.recording(), self.errors.borrow().clone()));
                }
                Command::Write { author, message } => {
                    if let Err(message) = outboxes[author].push(message) {
                        self.recorder
                            .window
                            .failed(message.feed, message.intended_at_ns);
                    }
                }
            }
        }
    }

    /// What a subscriber of a transport that only reads writes with: a second connection, which a
    /// browser would keep open as well.
    fn poster(&self, number: u32, from: String, paths: Rc<[String]>) -> Poster {
        Poster {
            target: self.target.clone(),
            source: self.source(number),
            recorder: self.recorder.clone(),
            paths,
            from,
            headers: self.plan.headers,
        }
    }
}

fn note(errors: &std::cell::RefCell<Errors>, error: &ClientError) {
    let (mut errors, text) = (errors.borrow_mut(), error.to_string());
    let known = errors.len() < MAX_ERRORS || errors.contains_key(&text);
    *errors
        .entry(if known { text } else { "others".to_owned() })
        .or_default() += 1;
}

/// The sum of one gauge over all workers.
pub fn total(workers: &[Worker], gauge: impl Fn(&Gauges) -> &std::sync::atomic::AtomicU64) -> u64 {
    workers
        .iter()
        .map(|worker| gauge(&worker.gauges).load(Relaxed))
        .sum()
}
