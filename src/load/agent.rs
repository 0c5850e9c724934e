//! An agent: a process with some of the workers of a trial, beyond what one process may hold, or
//! beside it as a probe. Agents run on the controller's host: they share its [`TrialBoard`].

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;

use crate::load::child_process::ChildProcess;
use crate::load::link::Link;
use crate::load::protocol::{AgentJob, Job, WorkerCommand, WorkerMessage, WorkerReply};
use crate::load::worker::{Worker, WorkerRequest};
use crate::record::trial_board::TrialBoard;

/// The controller's handle to an agent, which ends with the last of its workers' handles.
#[derive(Debug)]
pub struct WorkerProcess {
    pub workers: Vec<Worker>,
    pub pid: u32,
}

impl WorkerProcess {
    /// Starts an agent with its job, on the CPUs of this process.
    pub async fn start(job: AgentJob) -> anyhow::Result<Self> {
        let mut process = ChildProcess::start(&["load"], None)?;
        let pid = process.child.id().context("a load process ended at once")?;
        let count = job.shares.len();
        let sent = process.send(&Job::Agent(job)).await;
        sent.context("a load process takes no job")?;
        Ok(WorkerProcess {
            workers: remote_workers(process, count),
            pid,
        })
    }
}

/// Handles to the workers at the other end of a link.
fn remote_workers(link: impl Link + 'static, count: usize) -> Vec<Worker> {
    let (requests, inbox) = mpsc::unbounded_channel();
    spawn_local(relay(link, inbox));
    let worker = |index| Worker {
        requests: requests.clone(),
        index,
    };
    (0..count).map(worker).collect()
}

/// Passes commands on and replies back, in order. It ends with the agent, and then each request
/// that waits for a reply fails.
async fn relay(mut link: impl Link, mut inbox: mpsc::UnboundedReceiver<WorkerRequest>) {
    let mut waiting: VecDeque<oneshot::Sender<WorkerReply>> = VecDeque::new();
    loop {
        tokio::select! {
            request = inbox.recv() => {
                let Some(WorkerRequest { worker, command, reply }) = request else { return };
                waiting.extend(reply);
                if link.send(&WorkerMessage { worker, command }).await.is_err() {
                    return;
                }
            }
            reply = link.receive() => match (reply, waiting.pop_front()) {
                (Ok(Some(reply)), Some(request)) => drop(request.send(reply)),
                _ => return,
            },
        }
    }
}

/// The agent's end: executes commands and replies, until the link ends.
pub async fn run(job: AgentJob, mut link: impl Link) -> anyhow::Result<()> {
    let board = TrialBoard::attach(&job.board.path, job.plan.feeds.len(), job.board.workers);
    let board = Arc::new(board.context("the controller's board cannot be opened")?);
    let plan = Arc::new(job.plan);
    let workers = Worker::start_all(&plan, &board, job.shares, job.start_ns)?;
    while let Some(WorkerMessage { worker, command }) = link.receive().await? {
        let worker = &workers[worker];
        match command {
            WorkerCommand::Write { author, message } => worker.write(author, message),
            question => link.send(&worker.ask(question).await?).await?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::link::MemoryLink;
    use crate::load::protocol::{ClientShare, HostBoard, Plan};

    #[test]
    fn an_agent_answers_for_its_workers_until_the_link_ends() {
        let board = TrialBoard::new(1, 2, 0).unwrap();
        let shares = [0, 1].map(|number| ClientShare::of(number, 2)).to_vec();
        let job = AgentJob {
            plan: Plan {
                clients: 0,
                ..Plan::example()
            },
            board: HostBoard {
                path: board.path(),
                workers: 2,
            },
            shares,
            start_ns: 0,
        };
        let trial = async {
            let (here, there) = MemoryLink::pair();
            let agent = spawn_local(run(job, there));
            let workers = remote_workers(here, 2);
            for worker in &workers {
                worker.open_ledger().await.unwrap();
                assert_eq!(worker.end_second().await.unwrap().published, 0);
                let recording = worker.collect().await.unwrap();
                assert_eq!((recording.counts.delivered, recording.errors.len()), (0, 0));
            }
            drop(workers);
            agent.await.unwrap().unwrap();
        };
        tokio::runtime::LocalRuntime::new().unwrap().block_on(trial);
    }

    #[test]
    fn a_request_to_an_agent_that_is_gone_fails() {
        let trial = async {
            let (here, there) = MemoryLink::pair();
            let workers = remote_workers(here, 1);
            drop(there);
            let error = workers[0].open_ledger().await.unwrap_err();
            assert!(error.to_string().contains("ended early"), "{error}");
        };
        tokio::runtime::LocalRuntime::new().unwrap().block_on(trial);
    }
}
