//! The publisher follows the schedule on a thread of its own. It hands each message, when it is
//! due, to a sensor's connection, or in a chat to an author among the subscribers.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{mpsc, oneshot};

use crate::client::outbox::{Outbox, Outgoing};
use crate::client::socket::Ledger;
use crate::load::http_publisher::HttpPublisher;
use crate::load::protocol::{Plan, Workload};
use crate::load::schedule::{Due, Schedule};
use crate::load::worker::Worker;
use crate::record::message_record::Scheduled;
use crate::record::recorder::Recorder;
use crate::record::recording::Recording;
use crate::record::trial_board::TrialBoard;
use crate::runtime::clock;
use crate::runtime::event_loop;
use crate::runtime::timer::Timer;
use crate::system::namespace::Namespace;

/// Sensors, each with a connection of its own. Together they publish to all feeds.
const SENSORS: usize = 4;

const ENDED: &str = "the publisher's thread ended early";

/// What the publisher is asked to do.
enum PublisherCommand {
    /// Follow a schedule after those before it, then answer.
    Publish {
        part: Part,
        done: oneshot::Sender<()>,
    },
    /// Follow no schedule further. The answer is the number of messages that were due and not
    /// handed over.
    Cancel(oneshot::Sender<u64>),
    OpenLedger,
    MarkLedger,
    /// Messages that the sensors published since the last time.
    Second(oneshot::Sender<u64>),
    /// What the sensors' connections carried, and how late their messages went out.
    Collect(oneshot::Sender<Recording>),
}

/// A part of a trial's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: PartName,
    pub from_ns: u64,
    /// They are due before it.
    pub to_ns: u64,
}

/// Each part has random times and authors of its own: those of the window do not depend on the
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartName {
    WarmUp,
    LeadIn,
    Window,
}

/// A handle to the publisher's thread, which ends with the handle.
#[derive(Debug)]
pub struct Publisher(mpsc::UnboundedSender<PublisherCommand>);

impl Publisher {
    /// Starts the thread.
    pub fn start(plan: Arc<Plan>, board: Arc<TrialBoard>, workers: &[Worker]) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let workers = workers.to_vec();
        thread::Builder::new()
            .name("publisher".into())
            .spawn(move || {
                if let Some(network) = &plan.network {
                    let namespace = Namespace::open(&network.of_server, None);
                    let entered = namespace.and_then(|namespace| namespace.enter());
                    entered.expect("the load may enter the server's namespace");
                }
                let publish = async { PublisherLoop::new(plan, board, workers).serve(inbox).await };
                event_loop::block_on(publish).expect("the system waits for events");
            })
            .expect("the system starts a thread");
        Publisher(commands)
    }

    /// Publishes a part, which is not before an earlier one; the answer comes at its end.
    pub fn publish(&self, part: Part) -> oneshot::Receiver<()> {
        let (done, answer) = oneshot::channel();
        self.send(PublisherCommand::Publish { part, done });
        answer
    }

    /// Ends all schedules. Returns the number of messages that were due and not handed over.
    pub async fn cancel(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        self.send(PublisherCommand::Cancel(reply));
        answer.await.unwrap_or_default()
    }

    /// The first mark begins the measured part of the ledger, the second one ends it.
    pub fn mark_ledger(&self) {
        self.send(PublisherCommand::MarkLedger);
    }

    /// Forgets what the sensors recorded so far.
    pub fn open_ledger(&self) {
        self.send(PublisherCommand::OpenLedger);
    }

    /// Messages published by sensors since this was last asked.
    pub async fn end_second(&self) -> anyhow::Result<u64> {
        let (reply, answer) = oneshot::channel();
        self.send(PublisherCommand::Second(reply));
        answer.await.context(ENDED)
    }

    /// What the sensors' connections carried and how late their messages went out, since the
    /// ledger was opened.
    pub async fn recording(&self) -> anyhow::Result<Recording> {
        let (reply, answer) = oneshot::channel();
        self.send(PublisherCommand::Collect(reply));
        answer.await.context(ENDED)
    }

    fn send(&self, command: PublisherCommand) {
        // A thread that has ended shows in the missing answer.
        let _ = self.0.send(command);
    }
}

/// What the publisher's thread works with.
struct PublisherLoop {
    plan: Arc<Plan>,
    workers: Vec<Worker>,
    recorder: Rc<Recorder>,
    ledger: Rc<Ledger>,
    sensors: Vec<Rc<Outbox>>,
    /// Messages of each feed that were handed over since the trial began.
    handed_over: Vec<u32>,
    /// The same of all feeds: the next message's number. Sensors take turns by it.
    next_number: u32,
    /// Messages of the schedule that were due and not handed over.
    left_out: u64,
}

/// A schedule that is being followed.
struct ActiveSchedule {
    schedule: Schedule,
    next: Option<Due>,
    origin_ns: u64,
    /// For its authors.
    rng: StdRng,
    done: oneshot::Sender<()>,
}

impl PublisherLoop {
    fn new(plan: Arc<Plan>, board: Arc<TrialBoard>, workers: Vec<Worker>) -> Self {
        let recorder = Rc::new(Recorder::new(board, workers.len()));
        let ledger = Rc::<Ledger>::default();
        let sensors = match plan.workload {
            Workload::Monitoring if plan.rate_hz > 0.0 => SENSORS,
            _ => 0,
        };
        let target = Rc::new(plan.target.clone());
        let paths = plan.publish_paths();
        let sensor = |number| {
            HttpPublisher {
                target: target.clone(),
                source: None,
                recorder: recorder.clone(),
                ledger: ledger.clone(),
                paths: paths.clone(),
                from: format!("sensor-{number}"),
                headers: plan.client.headers,
                dialled: Cell::default(),
                reconnect: plan.client.reconnect,
                phase: (number as f64 - 0.5) / sensors as f64,
            }
            .start(clock::now_ns())
        };
        PublisherLoop {
            sensors: (1..=sensors).map(sensor).collect(),
            handed_over: vec![0; plan.feeds.len()],
            next_number: 0,
            left_out: 0,
            recorder,
            ledger,
            plan,
            workers,
        }
    }

    async fn serve(mut self, mut inbox: mpsc::UnboundedReceiver<PublisherCommand>) {
        let timer = Timer::new().expect("the system makes a timer");
        let mut running = VecDeque::new();
        loop {
            // A publisher that is late always has a message that is due.
            while let Ok(command) = inbox.try_recv() {
                self.execute(command, &mut running);
            }
            let due_ns = running.front().and_then(ActiveSchedule::due_ns);
            let due = async {
                match due_ns {
                    Some(at_ns) => timer.until(at_ns).await.map(|()| at_ns),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Ok(intended_at_ns) = due => {
                    let running = running.front_mut().expect("something is due");
                    let due = running.take();
                    self.hand_over(due, intended_at_ns, &mut running.rng);
                    // The connections must get their turn, however late this is.
                    tokio::task::yield_now().await;
                }
                command = inbox.recv() => match command {
                    None => return,
                    Some(command) => self.execute(command, &mut running),
                },
            }
            while running.front().is_some_and(|first| first.next.is_none()) {
                let ended = running.pop_front().expect("it is there");
                let _ = ended.done.send(());
            }
        }
    }

    fn execute(&mut self, command: PublisherCommand, running: &mut VecDeque<ActiveSchedule>) {
        match command {
            PublisherCommand::Publish { part, done } => {
                running.push_back(ActiveSchedule::start(&self.plan, part, done));
            }
            PublisherCommand::Cancel(reply) => {
                let now_ns = clock::now_ns();
                let left: u64 = running.drain(..).map(|left| left.due_by(now_ns)).sum();
                let _ = reply.send(std::mem::take(&mut self.left_out) + left);
            }
            PublisherCommand::OpenLedger => self.recorder.open_ledger(self.ledger.traffic()),
            PublisherCommand::MarkLedger => self.recorder.mark_ledger(self.ledger.traffic()),
            PublisherCommand::Second(reply) => {
                let _ = reply.send(self.recorder.end_second(self.ledger.bytes()).published);
            }
            PublisherCommand::Collect(reply) => {
                let ledger = &self.ledger;
                let _ = reply.send(self.recorder.recording(ledger.traffic(), ledger.set_up()));
            }
        }
    }

    fn hand_over(&mut self, due: Due, intended_at_ns: u64, rng: &mut StdRng) {
        let number = self.next_number;
        let texts = self.recorder.board.texts();
        let text = texts.text(number, self.plan.payload_bytes as usize);
        let message = Scheduled {
            due_ns: intended_at_ns,
            feed: due.feed as u32,
            index: self.handed_over[due.feed],
            text_hash: texts.hash(&text),
        };
        if !self.recorder.board.hand_over(number, &message) {
            self.left_out += 1;
            return;
        }
        self.next_number += 1;
        self.handed_over[due.feed] += 1;
        let message = Outgoing {
            feed: due.feed,
            number,
            intended_at_ns,
            text,
        };
        match self.plan.workload {
            Workload::Monitoring => {
                let sensor = &self.sensors[number as usize % self.sensors.len()];
                if sensor.push(message).is_err() {
                    self.recorder.board.give_up(number);
                }
            }
            Workload::Chat => {
                let feeds = self.plan.feeds.len();
                let members = self.plan.subscribers(due.feed);
                let author = due.feed + feeds * rng.random_range(0..members as usize);
                let count = self.workers.len();
                self.workers[author % count].write(author / count, message);
            }
        }
    }
}

impl ActiveSchedule {
    fn start(plan: &Plan, part: Part, done: oneshot::Sender<()>) -> Self {
        let mut rng = StdRng::seed_from_u64(plan.seed ^ (part.name as u64) << 32);
        let (feeds, length_ns) = (plan.feeds.len(), part.to_ns - part.from_ns);
        let seed = rng.random();
        let mut schedule = Schedule::new(plan.pacing, plan.rate_hz, feeds, length_ns, seed);
        ActiveSchedule {
            next: schedule.next(),
            schedule,
            origin_ns: part.from_ns,
            rng,
            done,
        }
    }

    /// When the next message is due, on the monotonic clock.
    fn due_ns(&self) -> Option<u64> {
        self.next.map(|due| self.origin_ns + due.offset_ns)
    }

    /// Messages that are due by `now_ns` and were not taken.
    fn due_by(self, now_ns: u64) -> u64 {
        let due = self.next.into_iter().chain(self.schedule);
        let due = due.take_while(|due| self.origin_ns + due.offset_ns <= now_ns);
        due.count() as u64
    }

    /// The message that is due; the one after it is next.
    fn take(&mut self) -> Due {
        std::mem::replace(&mut self.next, self.schedule.next()).expect("something is due")
    }
}
