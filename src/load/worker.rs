//! A worker: one thread, one event loop, one recorder, and its share of the subscribers.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, bail};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{mpsc, oneshot};

use crate::client::config::ClientConfig;
use crate::client::outbox::{Outbox, Outgoing};
use crate::client::reconnect::Backoff;
use crate::client::socket::Ledger;
use crate::client::subscription::Subscription;
use crate::client::target::Target;
use crate::client::watchdog;
use crate::load::client_faults::{ClientFaults, FlashCrowd};
use crate::load::http_publisher::HttpPublisher;
use crate::load::loop_watch;
use crate::load::protocol::{ClientShare, Plan, WorkerCommand, WorkerReply, Workload};
use crate::record::recorder::Recorder;
use crate::record::recording::{Recording, WorkerSecond};
use crate::record::trial_board::TrialBoard;
use crate::runtime::clock;
use crate::runtime::descriptor_table;
use crate::runtime::event_loop::{self, EventQueue};
use crate::system::limits::{in_one_table, tables};
use crate::transport::Transport;

/// Subscribers that dial from one loopback address. An address has 28,000 ports, and finding a free
/// one slows down long before they run out.
pub const CLIENTS_PER_SOURCE: u32 = 2_000;

/// Attempts to connect for the first time before a subscriber gives up.
const CONNECT_ATTEMPTS: u32 = 5;

/// A command on its way to a worker.
#[derive(Debug)]
pub struct WorkerRequest {
    /// The worker's index in its process.
    pub worker: usize,
    pub command: WorkerCommand,
    pub reply: Option<oneshot::Sender<WorkerReply>>,
}

/// A handle to a worker, in this process or another. The worker ends with its last handle.
#[derive(Clone, Debug)]
pub struct Worker {
    pub requests: mpsc::UnboundedSender<WorkerRequest>,
    /// Its index in its process.
    pub index: usize,
}

impl Worker {
    /// Starts a worker for each share, on a thread of its own. Their subscribers dial from
    /// `start_ns` on, paced. Where one descriptor table does not hold all connections of this
    /// process, each thread has its own.
    ///
    /// # Errors
    /// The system has no descriptors for them.
    pub fn start_all(
        plan: &Arc<Plan>,
        board: &Arc<TrialBoard>,
        shares: impl IntoIterator<Item = ClientShare>,
        start_ns: u64,
    ) -> io::Result<Vec<Self>> {
        let queued = shares
            .into_iter()
            .map(|share| Ok((share, EventQueue::new()?)));
        // All queues first: a thread with a table of its own does not know later ones.
        let queued = queued.collect::<io::Result<Vec<_>>>()?;
        let connections: u64 = queued
            .iter()
            .map(|(share, _)| share.clients(plan) * plan.connections_per_client())
            .sum();
        let separate = tables(connections, in_one_table()) != Some(1);
        let start = |(share, queue)| {
            Worker::start(
                queue,
                plan.clone(),
                board.clone(),
                share,
                start_ns,
                separate,
            )
        };
        Ok(queued.into_iter().map(start).collect())
    }

    fn start(
        queue: EventQueue,
        plan: Arc<Plan>,
        board: Arc<TrialBoard>,
        share: ClientShare,
        start_ns: u64,
        separate: bool,
    ) -> Self {
        let (requests, inbox) = mpsc::unbounded_channel();
        thread::Builder::new()
            .name(format!("load-{}", share.number))
            .spawn(move || {
                if separate {
                    descriptor_table::separate().expect("the system gives a table");
                }
                let pool = SubscriberPool {
                    recorder: Rc::new(Recorder::new(board, share.number)),
                    ledger: Rc::default(),
                    target: Rc::new(plan.target.clone()),
                    config: Rc::new(plan.client),
                    reconnector: Rc::new(Reconnector {
                        transport: plan.transport,
                        flash_crowd: Rc::default(),
                    }),
                    plan,
                };
                let work = async {
                    let plan = pool.plan.clone();
                    event_loop::spawn(loop_watch::watch(pool.recorder.clone(), plan));
                    pool.start_faults(share);
                    if let Some(silence) = pool.config.reconnect.silence {
                        event_loop::spawn(watchdog::watch(pool.ledger.clone(), silence));
                    }
                    let outboxes = pool.start_subscribers(share, start_ns);
                    pool.serve(inbox, outboxes).await;
                };
                queue.block_on(work).expect("the system waits for events");
            })
            .expect("the system starts a thread");
        Worker { requests, index: 0 }
    }

    /// One of its subscribers writes a message.
    pub fn write(&self, author: usize, message: Outgoing) {
        self.request(WorkerCommand::Write { author, message }, None);
    }

    /// Everything from here on counts.
    pub async fn open_ledger(&self) -> anyhow::Result<()> {
        self.ask(WorkerCommand::OpenLedger).await.map(drop)
    }

    /// The first mark begins the measured part of the ledger, the second one ends it.
    pub async fn mark_ledger(&self) -> anyhow::Result<()> {
        self.ask(WorkerCommand::MarkLedger).await.map(drop)
    }

    /// The second that ends now.
    pub async fn end_second(&self) -> anyhow::Result<WorkerSecond> {
        match self.ask(WorkerCommand::Second).await? {
            WorkerReply::Second(second) => Ok(second),
            other => bail!("a worker replied {other:?}"),
        }
    }

    /// What it recorded since the ledger was opened.
    pub async fn collect(&self) -> anyhow::Result<Recording> {
        match self.ask(WorkerCommand::Collect).await? {
            WorkerReply::Collected(recording) => Ok(*recording),
            other => bail!("a worker replied {other:?}"),
        }
    }

    /// Sends a command and waits for the reply.
    pub async fn ask(&self, command: WorkerCommand) -> anyhow::Result<WorkerReply> {
        let (sender, reply) = oneshot::channel();
        self.request(command, Some(sender));
        reply.await.context("a process of the load ended early")
    }

    fn request(&self, command: WorkerCommand, reply: Option<oneshot::Sender<WorkerReply>>) {
        let worker = self.index;
        // A worker that has ended shows in the missing reply or in missing messages.
        let _ = self.requests.send(WorkerRequest {
            worker,
            command,
            reply,
        });
    }
}

/// A worker's subscribers and what they share.
struct SubscriberPool {
    plan: Arc<Plan>,
    recorder: Rc<Recorder>,
    ledger: Rc<Ledger>,
    target: Rc<Target>,
    config: Rc<ClientConfig>,
    reconnector: Rc<Reconnector>,
}

impl SubscriberPool {
    /// Starts what is done to this worker's clients on purpose.
    fn start_faults(&self, share: ClientShare) {
        if self.plan.faults.is_empty() {
            return;
        }
        let clients = (share.first, share.step as u32);
        self.recorder.expect_faults(&self.plan.faults, clients);
        let faults = ClientFaults {
            faults: self.plan.faults.clone(),
            ledger: self.ledger.clone(),
            recorder: self.recorder.clone(),
            flash_crowd: self.reconnector.flash_crowd.clone(),
        };
        event_loop::spawn(faults.run());
    }

    /// Starts every subscriber of this worker. Returns their outboxes in a chat, in the order of
    /// the clients.
    fn start_subscribers(&self, share: ClientShare, start_ns: u64) -> Vec<Rc<Outbox>> {
        let feeds = 0..self.plan.feeds.len();
        let paths: Vec<Rc<str>> = feeds.map(|feed| self.plan.feed_path(feed).into()).collect();
        let publish_paths = self.plan.publish_paths();
        let mut outboxes = Vec::new();
        for number in (share.first..self.plan.clients).step_by(share.step) {
            let feed = number as usize % paths.len();
            let mut subscription = self.subscription(number, feed, paths[feed].clone());
            let after_ns = f64::from(number) / self.plan.connect_rate_hz * 1e9;
            let at_ns = start_ns + after_ns as u64;
            if self.plan.workload == Workload::Chat {
                let from = format!("client-{number}");
                outboxes.push(if self.plan.transport.publishes_in_band() {
                    let outbox = Rc::<Outbox>::default();
                    subscription.author = Some((from, outbox.clone()));
                    outbox
                } else {
                    self.http_publisher(number, from, publish_paths.clone())
                        .start(at_ns)
                });
            }
            let reconnector = self.reconnector.clone();
            reconnector.subscribe(subscription, at_ns, Backoff::default());
        }
        outboxes
    }

    fn subscription(&self, number: u32, feed: usize, path: Rc<str>) -> Subscription {
        let (target, config) = (self.target.clone(), self.config.clone());
        let (recorder, ledger) = (self.recorder.clone(), self.ledger.clone());
        let readers = self.plan.subscribers(feed);
        let mut subscription =
            Subscription::new(target, config, recorder, ledger, feed, path, readers);
        subscription.source = self.source(number);
        subscription.client = number;
        subscription.phase = self.phase(number);
        subscription
    }

    /// Where a client's polls and pauses are, from 0 to 1.
    fn phase(&self, number: u32) -> f64 {
        let mut rng = SmallRng::seed_from_u64(self.plan.seed ^ (u64::from(number) << 32));
        match self.plan.even_phases {
            true => (f64::from(number) + 0.5) / f64::from(self.plan.clients),
            false => rng.random(),
        }
    }

    /// Spreads the clients over the addresses of a network of the run, and on loopback over
    /// 127.0.0.2, 127.0.0.3 and so on.
    fn source(&self, number: u32) -> Option<IpAddr> {
        let first = match (&self.plan.network, self.target.address.ip()) {
            (Some(network), _) => network.sources,
            (None, IpAddr::V4(target)) if target.is_loopback() => Ipv4Addr::new(127, 0, 0, 2),
            _ => return None,
        };
        let bits = first.to_bits() + number / CLIENTS_PER_SOURCE;
        Some(Ipv4Addr::from_bits(bits).into())
    }

    async fn serve(
        self,
        mut inbox: mpsc::UnboundedReceiver<WorkerRequest>,
        outboxes: Vec<Rc<Outbox>>,
    ) {
        while let Some(WorkerRequest { command, reply, .. }) = inbox.recv().await {
            let answer = match command {
                WorkerCommand::OpenLedger => {
                    self.recorder.open_ledger(self.ledger.traffic());
                    WorkerReply::Done
                }
                WorkerCommand::MarkLedger => {
                    self.recorder.mark_ledger(self.ledger.traffic());
                    WorkerReply::Done
                }
                WorkerCommand::Second => {
                    WorkerReply::Second(self.recorder.end_second(self.ledger.bytes()))
                }
                WorkerCommand::Collect => {
                    let (traffic, set_up) = (self.ledger.traffic(), self.ledger.set_up());
                    let recording = self.recorder.recording(traffic, set_up);
                    WorkerReply::Collected(Box::new(recording))
                }
                WorkerCommand::Write { author, message } => {
                    if let Err(message) = outboxes[author].push(message) {
                        self.recorder.board.give_up(message.number);
                    }
                    WorkerReply::Done
                }
            };
            reply.map(|reply| reply.send(answer));
        }
    }

    /// The second connection of a subscriber whose transport only reads. A browser would keep one
    /// open as well.
    fn http_publisher(&self, number: u32, from: String, paths: Rc<[String]>) -> HttpPublisher {
        HttpPublisher {
            target: self.target.clone(),
            source: self.source(number),
            recorder: self.recorder.clone(),
            ledger: self.ledger.clone(),
            paths,
            from,
            headers: self.plan.client.headers,
            dialled: Cell::default(),
            reconnect: self.plan.client.reconnect,
            phase: self.phase(number),
        }
    }
}

/// Keeps subscribers subscribed: each dials again when its connection ends, but not after a wrong
/// answer.
struct Reconnector {
    transport: Transport,
    /// Clients that have left and come back at a time of their own.
    flash_crowd: Rc<Cell<Option<FlashCrowd>>>,
}

impl Reconnector {
    /// Has a subscriber dial at `at_ns`.
    fn subscribe(self: Rc<Self>, subscription: Subscription, at_ns: u64, backoff: Backoff) {
        event_loop::spawn(async move {
            event_loop::sleep_until(at_ns).await;
            let transport = self.transport;
            transport.spawn(subscription, move |subscription, error| {
                let wrong = error.is_final();
                subscription.recorder.failed(&error.to_string(), wrong);
                if !wrong {
                    self.subscribe_again(subscription, backoff);
                }
            });
        });
    }

    /// Has a subscriber dial again after a pause. One that was never connected gives up in the end.
    fn subscribe_again(self: Rc<Self>, mut subscription: Subscription, backoff: Backoff) {
        let backoff = backoff.after(subscription.ended());
        if !subscription.joined() && backoff.failures >= CONNECT_ATTEMPTS {
            subscription.recorder.gave_up();
            return;
        }
        let now_ns = clock::now_ns();
        let policy = &subscription.config.reconnect;
        let pause = subscription.retry + backoff.pause(policy, subscription.phase);
        let flash_crowd = self.flash_crowd.get();
        let back_ns = flash_crowd.and_then(|crowd| crowd.back_ns(subscription.client, now_ns));
        let at_ns = back_ns.unwrap_or(now_ns + pause.as_nanos() as u64);
        self.subscribe(subscription, at_ns, backoff);
    }
}
