//! A load process that follows another: some of the workers of a trial, beyond what one process may
//! hold or beside it as a probe. Leader and follower see one board ([`TrialBoard`]); commands and
//! replies are lines of JSON, in order.

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::load::child_process::ChildProcess;
use crate::load::protocol::{AgentJob, Job};
use crate::load::worker::{Worker, WorkerCommand, WorkerReply, WorkerRequest};
use crate::record::trial_board::TrialBoard;
use crate::system::process::ProcessUsage;

/// A command for one of a follower's workers.
#[derive(Debug, Serialize, Deserialize)]
struct AgentMessage {
    worker: usize,
    command: WorkerCommand,
}

/// The leader's handle to a follower, which ends with it or with the last of its workers' handles.
#[derive(Debug)]
pub struct WorkerProcess {
    pub workers: Vec<Worker>,
    pid: u32,
}

impl WorkerProcess {
    /// Starts a follower with its job. It runs where this process may.
    pub async fn start(job: AgentJob) -> anyhow::Result<Self> {
        let mut process = ChildProcess::start(&["load"], None)?;
        let pid = process.child.id().context("a load process ended at once")?;
        let count = job.shares.len();
        let told = process.tell(&Job::Follow(job)).await;
        told.context("a load process takes no job")?;
        let (orders, inbox) = mpsc::unbounded_channel();
        tokio::spawn(relay(process, inbox));
        let worker = |place| {
            let orders = orders.clone();
            Worker { orders, place }
        };
        Ok(WorkerProcess {
            workers: (0..count).map(worker).collect(),
            pid,
        })
    }

    /// What it has used so far; nothing once it has ended.
    pub fn usage(&self) -> ProcessUsage {
        ProcessUsage::of(self.pid).unwrap_or_default()
    }
}

/// Hands commands on and replies back. When the follower has ended, so does this, and with it
/// whoever waits for a reply.
async fn relay(mut process: ChildProcess, mut inbox: mpsc::UnboundedReceiver<WorkerRequest>) {
    let mut waiting: VecDeque<oneshot::Sender<WorkerReply>> = VecDeque::new();
    loop {
        tokio::select! {
            order = inbox.recv() => {
                let Some(WorkerRequest { worker, command, reply }) = order else { return };
                waiting.extend(reply);
                if process.tell(&AgentMessage { worker, command }).await.is_err() {
                    return;
                }
            }
            line = process.lines.next_line() => {
                let reply = line.ok().flatten().and_then(|line| serde_json::from_str(&line).ok());
                match (reply, waiting.pop_front()) {
                    (Some(reply), Some(asked)) => drop(asked.send(reply)),
                    _ => return,
                }
            }
        }
    }
}

/// The follower's end: does what the `lines` say, and answers, until they end.
pub fn run_agent(
    job: AgentJob,
    lines: impl BufRead,
    mut tell: impl FnMut(WorkerReply),
) -> anyhow::Result<()> {
    let window = TrialBoard::attach(&job.window, job.plan.feeds.len(), job.workers);
    let window = Arc::new(window.context("the leader's board cannot be opened")?);
    let plan = Arc::new(job.plan);
    let worker = |share| Worker::start(plan.clone(), window.clone(), share, job.start_ns);
    let workers: Vec<Worker> = job.shares.into_iter().map(worker).collect();
    let runtime = crate::load::controller::runtime();
    for line in lines.lines() {
        let AgentMessage { worker, command } = serde_json::from_str(&line?)?;
        let worker = &workers[worker];
        match command {
            WorkerCommand::Write { author, message } => worker.write(author, message),
            question => tell(runtime.block_on(worker.ask(question))?),
        }
    }
    Ok(())
}
