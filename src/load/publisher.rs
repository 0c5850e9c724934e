//! The publisher: follows the schedule on a thread of its own and hands each message, when it is
//! due, to whoever writes it: a sensor's connection, or in a chat an author among the subscribers.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use hdrhistogram::Histogram;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use super::plan::{Plan, Workload};
use super::schedule::{Due, Schedule};
use super::timer::Timer;
use super::worker::{Command, Worker};
use crate::measure::clock;
use crate::measure::recorder::{Gauges, Recorder, Window};
use crate::transport::connection::{ClientError, Connection};
use crate::transport::http;
use crate::transport::subscription::{Outbox, Outgoing, Target};

/// Sensors that publish to one feed, each over a connection of its own.
const SENSORS_PER_FEED: u64 = 4;

/// What the publisher is asked to do.
enum Order {
    /// Follow the schedule from `origin_ns` for `length_ns`, then answer.
    Publish {
        origin_ns: u64,
        length_ns: u64,
        done: oneshot::Sender<()>,
    },
    OpenLedger,
    /// Messages that the sensors published since the last time.
    Second(oneshot::Sender<u64>),
    /// How late the sensors' messages went out.
    PublishLag(oneshot::Sender<Histogram<u64>>),
}

/// A handle to the publisher's thread, which ends with it.
#[derive(Debug)]
pub struct Publisher(mpsc::UnboundedSender<Order>);

impl Publisher {
    /// Starts the thread.
    pub fn start(plan: Arc<Plan>, window: Arc<Window>, workers: &[Worker]) -> Self {
        let (orders, inbox) = mpsc::unbounded_channel();
        let commands = workers.iter().map(Worker::commands).collect();
        thread::Builder::new()
            .name("publisher".into())
            .spawn(move || {
                let runtime = super::runtime();
                runtime.block_on(LocalSet::new().run_until(async {
                    Desk::new(plan, window, commands).serve(inbox).await;
                }));
            })
            .expect("the system starts a thread");
        Publisher(orders)
    }

    /// Publishes for `length_ns` from `origin_ns` on; the answer comes at the end.
    pub fn publish(&self, origin_ns: u64, length_ns: u64) -> oneshot::Receiver<()> {
        let (done, answer) = oneshot::channel();
        self.order(Order::Publish {
            origin_ns,
            length_ns,
            done,
        });
        answer
    }

    /// Forgets the publish lag so far.
    pub fn open_ledger(&self) {
        self.order(Order::OpenLedger);
    }

    /// Messages published by sensors since this was last asked.
    pub async fn end_second(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Second(reply));
        answer.await.unwrap_or_default()
    }

    /// How late the sensors' messages went out, since the ledger was opened.
    pub async fn publish_lag(&self) -> Option<Histogram<u64>> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::PublishLag(reply));
        answer.await.ok()
    }

    fn order(&self, order: Order) {
        // A thread that has died shows in what is missing.
        let _ = self.0.send(order);
    }
}

/// What the publisher's thread works with.
struct Desk {
    plan: Arc<Plan>,
    commands: Vec<mpsc::UnboundedSender<Command>>,
    recorder: Rc<Recorder>,
    target: Rc<Target>,
    sensors: HashMap<(usize, u64), Rc<Outbox>>,
    rng: StdRng,
}

impl Desk {
    fn new(
        plan: Arc<Plan>,
        window: Arc<Window>,
        commands: Vec<mpsc::UnboundedSender<Command>>,
    ) -> Self {
        Desk {
            recorder: Rc::new(Recorder::new(window, Arc::new(Gauges::default()))),
            target: Rc::new(plan.target.clone()),
            rng: StdRng::seed_from_u64(plan.seed),
            sensors: HashMap::new(),
            plan,
            commands,
        }
    }

    async fn serve(mut self, mut inbox: mpsc::UnboundedReceiver<Order>) {
        let timer = Timer::new().expect("the system makes a timer");
        let mut running: Option<(Schedule, u64, oneshot::Sender<()>)> = None;
        let mut next: Option<Due> = None;
        loop {
            let due_ns = match (&running, next) {
                (Some((_, origin_ns, _)), Some(due)) => Some(origin_ns + due.offset_ns),
                _ => None,
            };
            let wait = async {
                match due_ns {
                    Some(at_ns) => timer.until(at_ns).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = wait => {
                    let (schedule, origin_ns, _) = running.as_mut().expect("something is due");
                    let due = next.expect("something is due");
                    next = schedule.next();
                    let intended_at_ns = *origin_ns + due.offset_ns;
                    self.hand_over(due, intended_at_ns);
                }
                order = inbox.recv() => match order {
                    None => return,
                    Some(Order::Publish { origin_ns, length_ns, done }) => {
                        let mut schedule = self.schedule(length_ns);
                        next = schedule.next();
                        running = Some((schedule, origin_ns, done));
                    }
                    Some(order) => self.answer(order),
                },
            }
            if next.is_none()
                && let Some((_, _, done)) = running.take()
            {
                let _ = done.send(());
            }
        }
    }

    fn answer(&self, order: Order) {
        match order {
            Order::OpenLedger => self.recorder.open_ledger(),
            Order::Second(reply) => drop(reply.send(self.recorder.end_second().published)),
            Order::PublishLag(reply) => drop(reply.send(self.recorder.recording().publish_lag)),
            Order::Publish { .. } => unreachable!("handled where the schedule is"),
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
        let message = Outgoing {
            intended_at_ns,
            text: text(self.plan.payload_bytes, self.rng.random()),
        };
        self.recorder.window.sent(due.feed);
        match self.plan.workload {
            Workload::Monitoring => self.sensor(due).push(message),
            Workload::Chat => {
                let feeds = self.plan.feeds.len();
                let members = self.plan.subscribers(due.feed);
                let author = due.feed + feeds * self.rng.random_range(0..members as usize);
                let worker = author % self.commands.len();
                let author = author / self.commands.len();
                let _ = self.commands[worker].send(Command::Write { author, message });
            }
        }
    }

    /// The sensor whose turn it is, dialling when it first has something to say.
    fn sensor(&mut self, due: Due) -> &Outbox {
        let number = due.index % SENSORS_PER_FEED;
        self.sensors.entry((due.feed, number)).or_insert_with(|| {
            let poster = Poster {
                target: self.target.clone(),
                source: None,
                recorder: self.recorder.clone(),
                feed: due.feed,
                path: format!("{}/messages", self.plan.feed_path(due.feed)),
                from: format!("sensor-{}", number + 1),
            };
            poster.start()
        })
    }
}

/// `bytes` of readable text, never blank, different with each seed.
fn text(bytes: u32, seed: u64) -> String {
    let mut state = seed | 1;
    let mut next = || {
        // Xorshift (Marsaglia 2003): cheap, and nobody depends on its quality.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let letter = |random: u64| char::from(b'a' + (random % 26) as u8);
    (0..bytes)
        .map(|at| match (at % 7, next()) {
            (6, random) if random % 3 != 0 && at + 1 < bytes => ' ',
            (_, random) => letter(random),
        })
        .collect()
}

/// Publishes over HTTP for one author: requests go out when they are due, pipelined, whether or not
/// those before were answered.
#[derive(Debug)]
pub struct Poster {
    pub target: Rc<Target>,
    pub source: Option<std::net::IpAddr>,
    pub recorder: Rc<Recorder>,
    pub feed: usize,
    pub path: String,
    pub from: String,
}

impl Poster {
    /// Starts a task of this thread that publishes whatever is put into the outbox.
    pub fn start(self) -> Rc<Outbox> {
        let outbox = Rc::new(Outbox::default());
        let posts = outbox.clone();
        tokio::task::spawn_local(async move { self.post_all(&posts).await });
        outbox
    }

    async fn post_all(self, outbox: &Outbox) {
        let mut connection: Option<Connection> = None;
        let mut unanswered: u64 = 0;
        loop {
            let answer = async {
                match &mut connection {
                    Some(connection) => self.read_answer(connection).await,
                    None => std::future::pending().await,
                }
            };
            let outcome = tokio::select! {
                message = outbox.next() => {
                    unanswered += 1;
                    self.post(&mut connection, message).await
                }
                status = answer => status.map(|status| {
                    unanswered = unanswered.saturating_sub(1);
                    if status != 201 {
                        self.recorder.window.failed(self.feed);
                    }
                }),
            };
            if outcome.is_err() {
                connection = None;
                (0..unanswered).for_each(|_| self.recorder.window.failed(self.feed));
                unanswered = 0;
            }
        }
    }

    async fn post(
        &self,
        connection: &mut Option<Connection>,
        message: Outgoing,
    ) -> Result<(), ClientError> {
        let Outgoing {
            intended_at_ns,
            text,
        } = &message;
        let from = &self.from;
        let json =
            serde_json::json!({"from": from, "text": text, "intended_at_ns": intended_at_ns})
                .to_string();
        let request = http::post(&self.target.host, &self.path, json.as_bytes());
        self.recorder.json(json.len(), text.len());
        self.recorder.published(*intended_at_ns, clock::now_ns());
        if connection.is_none() {
            let socket = self
                .recorder
                .ledger
                .dial(self.target.address, self.source)
                .await?;
            *connection = Some(Connection::new(socket));
        }
        let connection = connection.as_ref().expect("just dialled");
        connection.write_all(&request).await
    }

    async fn read_answer(&self, connection: &mut Connection) -> Result<u16, ClientError> {
        connection
            .read(|bytes| {
                let Some((response, used)) = http::Response::parse(bytes)? else {
                    return Ok((0, None));
                };
                self.recorder.json(response.body.len(), 0);
                Ok((used, Some(response.head.status)))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_size_and_are_never_blank() {
        for bytes in [1, 2, 7, 8, 64, 1_000] {
            for seed in 0..50 {
                let text = text(bytes, seed);
                assert_eq!(text.len(), bytes as usize);
                assert!(text.starts_with(char::is_alphabetic), "{text:?}");
                assert!(text.ends_with(char::is_alphabetic), "{text:?}");
            }
        }
        assert_ne!(text(64, 1), text(64, 99));
    }
}
