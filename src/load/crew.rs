//! The crew of a trial: this process, those that follow it, and the workers in all of them.

use std::sync::Arc;

use super::follower::Follower;
use super::plan::{Following, Plan};
use super::worker::{Share, Worker};
use crate::measure::clock;
use crate::measure::window::Window;

/// The processes that follow this one, and the board that all of them see.
pub struct Crew {
    pub window: Arc<Window>,
    /// Workers in all of them, this one included.
    count: usize,
    /// When their subscribers begin to dial.
    start_ns: u64,
    pub followers: Vec<Follower>,
    /// Beside them, with subscribers that do not count.
    pub probe: Option<Follower>,
}

impl Crew {
    pub async fn start(plan: &Arc<Plan>) -> anyhow::Result<Self> {
        // As many threads in all as there are cores, and at least one a process.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let processes = plan.processes as usize;
        let count = (cores / processes).max(1) * processes;
        let window = Arc::new(Window::new(plan.feeds.len(), count)?);
        let start_ns = clock::now_ns();
        let following = |plan: &Plan, shares: Vec<Share>| Following {
            plan: plan.clone(),
            window: window.path(),
            workers: count,
            shares,
            start_ns,
        };
        let probe = match plan.probe() {
            Some(probe) => {
                let share = Share {
                    number: count,
                    ..Share::of(0, 1)
                };
                Some(Follower::start(following(&probe, vec![share])).await?)
            }
            None => None,
        };
        let mut followers = Vec::new();
        for process in 1..processes {
            let numbers = (process..count).step_by(processes);
            let shares = numbers.map(|number| Share::of(number, count)).collect();
            followers.push(Follower::start(following(plan, shares)).await?);
        }
        Ok(Crew {
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
                let share = Share::of(number, self.count);
                Worker::start(plan.clone(), self.window.clone(), share, self.start_ns)
            }
            Some(follower) => elsewhere[follower].next().expect("one for each share"),
        };
        (0..self.count).map(worker).collect()
    }
}
