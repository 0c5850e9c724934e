//! What lab, controller and agents send each other: serialisable data, and nothing else.
//!
//! ```text
//! lab       Job::Control, ControllerCommand ──▶ controller     Job::Agent, WorkerMessage ──▶ agent
//!           ◀── LoadEvent                                      ◀── WorkerReply
//! ```

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::config::ClientConfig;
use crate::client::outbox::Outgoing;
use crate::client::target::Target;
use crate::error::unknown;
use crate::load::outcome::{TimelineSecond, TrialOutcome};
use crate::load::schedule::{Pacing, lead_in, most_messages};
use crate::load::timeline::{Phase, PhaseLengths, Timeline};
use crate::record::fault::Fault;
use crate::record::identity::MAX_MESSAGES;
use crate::record::recording::{Recording, WorkerSecond};
use crate::system::process::ProcessUsage;
use crate::transport::Transport;

/// What publishes the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<Workload>)]
pub enum Workload {
    /// A few sensors publish, and all subscribers read.
    #[default]
    Monitoring,
    /// The subscribers of a feed publish to it: a WebSocket in band, all others by POST.
    Chat,
}

impl Workload {
    /// Connections that a client of a transport has open at once: an author whose transport only
    /// reads has a second one.
    pub fn connections_per_client(self, transport: Transport) -> u64 {
        match self {
            Workload::Chat if !transport.publishes_in_band() => 2,
            _ => 1,
        }
    }
}

/// One trial, as the load process needs to know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub transport: Transport,
    pub target: Target,
    /// Names of feeds that nothing else uses.
    pub feeds: Vec<String>,
    pub clients: u32,
    pub workload: Workload,
    pub pacing: Pacing,
    /// Messages a second to each feed.
    pub rate_hz: f64,
    pub payload_bytes: u32,
    pub client: ClientConfig,
    /// Connections dialled a second during ramp-up.
    pub connect_rate_hz: f64,
    pub warm_up: Duration,
    pub window: Duration,
    /// The longest wait for stragglers.
    pub drain: Duration,
    pub seed: u64,
    /// A network interface whose counters are to be read beside the ledger.
    pub interface: Option<String>,
    /// Processes that the clients are spread over.
    pub processes: u32,
    /// Subscribers in a process of their own, whose figures are compared with those of the others.
    pub probes: u32,
    /// What is between load and server, if that is not loopback.
    pub network: Option<NetworkPlace>,
    /// Short polls start evenly spread over the interval, rather than at random in it.
    pub even_phases: bool,
    /// In the order of their times. None begins before the one before it is over.
    pub faults: Vec<Fault>,
}

/// The network of a trial, as its load needs to know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkPlace {
    /// The first of the addresses from which clients dial.
    pub sources: Ipv4Addr,
    /// The server's network namespace, by its path below /proc. The publisher is in it, so that
    /// the link is between the server and those that read.
    pub of_server: PathBuf,
    /// The process that carries the packets. Its work is part of the trial.
    pub pid: u32,
}

/// What a load process is to do: the first message that it receives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Run a trial, with agents if the plan says so, and report [`LoadEvent`]s.
    Control(Plan),
    /// Run a part of the subscribers of a trial that another process controls.
    Agent(AgentJob),
}

/// The job of an agent on the controller's host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentJob {
    pub plan: Plan,
    pub board: HostBoard,
    /// One worker for each.
    pub shares: Vec<ClientShare>,
    /// When the first subscriber dials, on the monotonic clock.
    pub start_ns: u64,
}

/// The shared memory of all load processes of one host: the window, the publisher's record of its
/// messages, and the workers' gauges.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostBoard {
    /// Where this host's processes find it.
    pub path: String,
    /// Workers in all of them.
    pub workers: usize,
}

/// A worker's number on the board, and its clients: the `first` and each `step`-th after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientShare {
    pub number: usize,
    pub first: u32,
    pub step: usize,
}

impl ClientShare {
    /// Worker `number` of `count` that share all clients.
    pub fn of(number: usize, count: usize) -> Self {
        ClientShare {
            number,
            first: number as u32,
            step: count,
        }
    }

    /// Clients of a plan that are in this share.
    pub fn clients(&self, plan: &Plan) -> u64 {
        let after_first = plan.clients.saturating_sub(self.first) as usize;
        after_first.div_ceil(self.step) as u64
    }
}

impl Plan {
    /// How long the phases take; the ramp-up is as long as the paced dialling.
    pub fn phases(&self) -> PhaseLengths {
        PhaseLengths {
            ramp_up: Duration::from_secs_f64(f64::from(self.clients) / self.connect_rate_hz),
            warm_up: self.warm_up + self.lead_in(),
            window: self.window,
            drain: self.drain,
        }
    }

    /// How long messages are published before the window without a pause in between.
    pub fn lead_in(&self) -> Duration {
        let interval = self.client.poll_interval;
        lead_in(self.transport, self.pacing, self.rate_hz, interval)
    }

    /// The probe's part of this plan, if it has one: a few readers. They join at all stages of the
    /// ramp-up and poll at all phases, so that they are typical ones.
    pub fn probe(&self) -> Option<Plan> {
        let share = f64::from(self.probes) / f64::from(self.clients);
        (self.probes > 0).then(|| Plan {
            clients: self.probes,
            connect_rate_hz: self.connect_rate_hz * share,
            workload: Workload::Monitoring,
            even_phases: true,
            // What is done to clients is not done to it.
            faults: Vec::new(),
            ..self.clone()
        })
    }

    /// Connections that a client has open at once.
    pub fn connections_per_client(&self) -> u64 {
        self.workload.connections_per_client(self.transport)
    }

    /// Messages of the publisher's record. What is due beyond them is not sent.
    pub fn messages(&self) -> usize {
        let length = self.warm_up + self.lead_in() + self.window;
        most_messages(self.rate_hz, self.feeds.len(), length).min(MAX_MESSAGES) as usize
    }

    /// Subscribers of feed number `feed`: clients take turns.
    pub fn subscribers(&self, feed: usize) -> u64 {
        let (clients, feeds) = (self.clients as usize, self.feeds.len());
        (clients / feeds + usize::from(feed < clients % feeds)) as u64
    }

    /// Where messages of each feed are published.
    pub fn publish_paths(&self) -> Rc<[String]> {
        let path = |feed| self.target.dialect.publish_path(&self.feed_path(feed));
        (0..self.feeds.len()).map(path).collect()
    }

    /// The path of feed number `feed`.
    pub fn feed_path(&self, feed: usize) -> String {
        let Target {
            dialect, prefix, ..
        } = &self.target;
        dialect.feed_path(prefix, &self.feeds[feed])
    }
}

/// What the load process says while it works, and at the end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadEvent {
    Progress(Progress),
    /// When the window opens or has opened, on the monotonic clock, and in seconds since the trial
    /// began. It comes once.
    WindowOpens {
        at_ns: u64,
        at_s: f64,
    },
    Second(Box<TimelineSecond>),
    Outcome(Box<TrialOutcome>),
}

/// How far a trial is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// On the monotonic clock.
    pub now_ns: u64,
    pub phase: Phase,
    pub timeline: Timeline,
    pub clients: u64,
    pub joined: u64,
    pub connected: u64,
    pub gave_up: u64,
    /// First deliveries since the trial began.
    pub delivered: u64,
}

/// A command to the controller.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControllerCommand {
    /// Report the outcome of what has been measured so far.
    Stop,
    /// The server is another process now. The one before used so much in all.
    ServerReplaced { pid: u32, ended: ProcessUsage },
}

/// A command to one of an agent's workers.
#[derive(Debug, Serialize, Deserialize)]
pub struct WorkerMessage {
    /// The worker's index in its process.
    pub worker: usize,
    pub command: WorkerCommand,
}

/// What a worker is to do.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerCommand {
    OpenLedger,
    MarkLedger,
    Second,
    Collect,
    /// One of this worker's subscribers publishes a message. There is no reply.
    Write {
        author: usize,
        message: Outgoing,
    },
}

/// A worker's reply.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerReply {
    Done,
    Second(WorkerSecond),
    Collected(Box<Recording>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_command_line_and_of_files_agree() {
        assert_eq!("chat".parse(), Ok(Workload::Chat));
        assert_eq!(Workload::Monitoring.to_string(), "monitoring");
        assert!(
            "caht"
                .parse::<Workload>()
                .unwrap_err()
                .contains("monitoring or chat")
        );
    }
}
