//! The publisher follows the schedule on a thread of its own. It hands each message, when it is
//! due, to a sensor's connection, or in a chat to an author among the subscribers.

use std::cell::Cell;
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

/// Sensors, each with a connection of its own. Together they publish to all feeds.
const SENSORS: usize = 4;

const ENDED: &str = "the publisher's thread ended early";

/// What the publisher is asked to do.
enum PublisherCommand {
    /// Follow the schedule from `origin_ns` for `length_ns`, then answer.
    Publish {
        origin_ns: u64,
        length_ns: u64,
        done: oneshot::Sender<()>,
    },
    /// Follow the schedule no further. The answer is the number of messages that were due in it and
    /// not handed over.
    Cancel(oneshot::Sender<u64>),
    OpenLedger,
    /// Messages that the sensors published since the last time.
    Second(oneshot::Sender<u64>),
    /// What the sensors' connections carried, and how late their messages went out.
    Collect(oneshot::Sender<Recording>),
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
                let publish = async { PublisherLoop::new(plan, board, workers).serve(inbox).await };
                event_loop::block_on(publish).expect("the system waits for events");
            })
            .expect("the system starts a thread");
        Publisher(commands)
    }

    /// Publishes for `length_ns` from `origin_ns` on; the answer comes at the end.
    pub fn publish(&self, origin_ns: u64, length_ns: u64) -> oneshot::Receiver<()> {
        let (done, answer) = oneshot::channel();
        self.send(PublisherCommand::Publish {
            origin_ns,
            length_ns,
            done,
        });
        answer
    }

    /// Ends the schedule. Returns the number of messages that were due in it and not handed over.
    pub async fn cancel(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        self.send(PublisherCommand::Cancel(reply));
        answer.await.unwrap_or_default()
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
    rng: StdRng,
}

/// A schedule that is being followed.
struct ActiveSchedule {
    schedule: Schedule,
    next: Option<Due>,
    origin_ns: u64,
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
            }
            .start(clock::now_ns())
        };
        PublisherLoop {
            sensors: (1..=sensors).map(sensor).collect(),
            handed_over: vec![0; plan.feeds.len()],
            next_number: 0,
            left_out: 0,
            rng: StdRng::seed_from_u64(plan.seed),
            recorder,
            ledger,
            plan,
            workers,
        }
    }

    async fn serve(mut self, mut inbox: mpsc::UnboundedReceiver<PublisherCommand>) {
        let timer = Timer::new().expect("the system makes a timer");
        let mut running: Option<ActiveSchedule> = None;
        loop {
            // A publisher that is late always has a message that is due.
            while let Ok(command) = inbox.try_recv() {
                self.execute(command, &mut running);
            }
            let due_ns = running.as_ref().and_then(ActiveSchedule::due_ns);
            let due = async {
                match due_ns {
                    Some(at_ns) => timer.until(at_ns).await.map(|()| at_ns),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Ok(intended_at_ns) = due => {
                    let running = running.as_mut().expect("something is due");
                    let due = running.take();
                    self.hand_over(due, intended_at_ns);
                    // The connections must get their turn, however late this is.
                    tokio::task::yield_now().await;
                }
                command = inbox.recv() => match command {
                    None => return,
                    Some(command) => self.execute(command, &mut running),
                },
            }
            if let Some(ActiveSchedule { done, .. }) =
                running.take_if(|running| running.next.is_none())
            {
                let _ = done.send(());
            }
        }
    }

    fn execute(&mut self, command: PublisherCommand, running: &mut Option<ActiveSchedule>) {
        match command {
            PublisherCommand::Publish {
                origin_ns,
                length_ns,
                done,
            } => {
                let schedule = self.schedule(length_ns);
                *running = Some(ActiveSchedule::start(schedule, origin_ns, done));
            }
            PublisherCommand::Cancel(reply) => {
                let left = running
                    .take()
                    .map_or(0, |left| left.due_by(clock::now_ns()));
                let _ = reply.send(std::mem::take(&mut self.left_out) + left);
            }
            PublisherCommand::OpenLedger => self.recorder.open_ledger(self.ledger.traffic()),
            PublisherCommand::Second(reply) => {
                let _ = reply.send(self.recorder.end_second(self.ledger.bytes()).published);
            }
            PublisherCommand::Collect(reply) => {
                let ledger = &self.ledger;
                let _ = reply.send(self.recorder.recording(ledger.traffic(), ledger.set_up()));
            }
        }
    }

    fn schedule(&mut self, length_ns: u64) -> Schedule {
        let (pacing, seed) = (self.plan.pacing, self.rng.random());
        Schedule::new(
            pacing,
            self.plan.rate_hz,
            self.plan.feeds.len(),
            length_ns,
            seed,
        )
    }

    fn hand_over(&mut self, due: Due, intended_at_ns: u64) {
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
                let author = due.feed + feeds * self.rng.random_range(0..members as usize);
                let count = self.workers.len();
                self.workers[author % count].write(author / count, message);
            }
        }
    }
}

impl ActiveSchedule {
    fn start(mut schedule: Schedule, origin_ns: u64, done: oneshot::Sender<()>) -> Self {
        let next = schedule.next();
        ActiveSchedule {
            schedule,
            next,
            origin_ns,
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
