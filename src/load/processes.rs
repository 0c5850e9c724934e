//! The crew of a trial: this process, those that follow it, and the workers in all of them.

use std::sync::Arc;

use crate::load::agent::WorkerProcess;
use crate::load::protocol::{AgentJob, Plan};
use crate::load::worker::{ClientShare, Worker};
use crate::record::trial_board::TrialBoard;
use crate::runtime::clock;

/// The processes that follow this one, and the board that all of them see.
pub struct LoadProcesses {
    pub window: Arc<TrialBoard>,
    /// Workers in all of them, this one included.
    count: usize,
    /// When their subscribers begin to dial.
    start_ns: u64,
    pub followers: Vec<WorkerProcess>,
    /// Beside them, with subscribers that do not count.
    pub probe: Option<WorkerProcess>,
}

impl LoadProcesses {
    pub async fn start(plan: &Arc<Plan>) -> anyhow::Result<Self> {
        // As many threads in all as there are cores, and at least one a process.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let processes = plan.processes as usize;
        let count = (cores / processes).max(1) * processes;
        let window = Arc::new(TrialBoard::new(plan.feeds.len(), count)?);
        let start_ns = clock::now_ns();
        let following = |plan: &Plan, shares: Vec<ClientShare>| AgentJob {
            plan: plan.clone(),
            window: window.path(),
            workers: count,
            shares,
            start_ns,
        };
        let probe = match plan.probe() {
            Some(probe) => {
                let share = ClientShare {
                    number: count,
                    ..ClientShare::of(0, 1)
                };
                Some(WorkerProcess::start(following(&probe, vec![share])).await?)
            }
            None => None,
        };
        let mut followers = Vec::new();
        for process in 1..processes {
            let numbers = (process..count).step_by(processes);
            let shares = numbers
                .map(|number| ClientShare::of(number, count))
                .collect();
            followers.push(WorkerProcess::start(following(plan, shares)).await?);
        }
        Ok(LoadProcesses {
            window,
            count,
            start_ns,
            followers,
            probe,
        })
    }

    /// All workers, those of this process started now. Worker n is in process n mod their number:
    /// the publisher finds authors by it.
    pub fn workers(&self, plan: &Arc<Plan>) -> Vec<Worker> {
        let followers = self.followers.iter();
        let mut elsewhere: Vec<_> = followers.map(|f| f.workers.iter().cloned()).collect();
        let processes = 1 + elsewhere.len();
        let worker = |number: usize| match (number % processes).checked_sub(1) {
            None => {
                let share = ClientShare::of(number, self.count);
                Worker::start(plan.clone(), self.window.clone(), share, self.start_ns)
            }
            Some(follower) => elsewhere[follower].next().expect("one for each share"),
        };
        (0..self.count).map(worker).collect()
    }
}
