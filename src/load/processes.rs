//! The processes of a load on this host: this one, its agents and the probe, with the workers in
//! all of them. They share one [`TrialBoard`], which needs shared memory: a second host has a load
//! of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::timeout;

use crate::client::scrape::Scrape;
use crate::load::agent::WorkerProcess;
use crate::load::protocol::{AgentJob, ClientShare, HostBoard, Plan};
use crate::load::usage::{MeasuredProcesses, UsageSnapshot};
use crate::load::worker::Worker;
use crate::record::histogram;
use crate::record::recording::{Recording, WorkerSecond};
use crate::record::trial_board::{Gauge, TrialBoard};
use crate::runtime::clock;
use crate::system::limits::{in_one_table, tables};
use crate::system::process::ProcessUsage;

/// The longest wait for an answer of the probe. A trial goes on without it, in doubt.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);

/// The processes of a load. Dropping it ends the agents.
#[derive(Debug)]
pub struct LoadProcesses {
    pub board: Arc<TrialBoard>,
    /// All workers but the probe's. Worker n is in process n mod their number: the publisher finds
    /// authors by it.
    pub workers: Vec<Worker>,
    /// An agent whose subscribers do not count.
    probe: Option<WorkerProcess>,
    pub measured: MeasuredProcesses,
    plan: Arc<Plan>,
    /// When the first subscriber dials, on the monotonic clock.
    pub start_ns: u64,
    /// Before the first subscriber of this process dialled.
    pub before: UsageSnapshot,
}

impl LoadProcesses {
    /// Starts all processes and workers. Subscribers dial at once, paced.
    pub async fn start(plan: &Arc<Plan>) -> anyhow::Result<Self> {
        let processes = plan.processes as usize;
        let count = workers_per_process(plan) * processes;
        let board = Arc::new(TrialBoard::new(plan.feeds.len(), count, plan.messages())?);
        board.set_server(plan.target.pid);
        let start_ns = clock::now_ns();
        let job = |plan: &Plan, shares: Vec<ClientShare>| AgentJob {
            plan: plan.clone(),
            board: HostBoard {
                path: board.path(),
                workers: count,
            },
            shares,
            start_ns,
        };
        let probe = match plan.probe() {
            Some(probe) => {
                let share = ClientShare {
                    number: count,
                    ..ClientShare::of(0, 1)
                };
                Some(WorkerProcess::start(job(&probe, vec![share])).await?)
            }
            None => None,
        };
        let share = |number| ClientShare::of(number, count);
        let mut agents = Vec::new();
        for process in 1..processes {
            let shares = (process..count).step_by(processes).map(share);
            agents.push(WorkerProcess::start(job(plan, shares.collect())).await?);
        }
        let pids = agents.iter().map(|agent| agent.pid);
        let probe_pid = probe.as_ref().map(|probe| probe.pid);
        let network_pid = plan.network.as_ref().map(|network| network.pid);
        let measured = MeasuredProcesses {
            load: pids.chain([std::process::id()]).collect(),
            beside: probe_pid.into_iter().chain(network_pid).collect(),
            server: plan.target.pid,
            server_before: ProcessUsage::default(),
            proxy: plan.target.proxy.map(|hop| hop.pid),
            server_is_here: plan.target.same_host,
            interface: plan.interface.clone(),
        };
        let before = measured.snapshot();
        let mut remote: Vec<_> = agents.into_iter().map(|a| a.workers.into_iter()).collect();
        let own = (0..count).step_by(processes).map(share);
        let mut own = Worker::start_all(plan, &board, own, start_ns)?.into_iter();
        let worker = |number: usize| {
            let of_process = match (number % processes).checked_sub(1) {
                None => &mut own,
                Some(agent) => &mut remote[agent],
            };
            of_process.next().expect("one for each share")
        };
        Ok(LoadProcesses {
            workers: (0..count).map(worker).collect(),
            board,
            probe,
            measured,
            plan: plan.clone(),
            start_ns,
            before,
        })
    }

    /// From here on everything counts.
    pub async fn open_ledger(&self) -> anyhow::Result<()> {
        for worker in &self.workers {
            worker.open_ledger().await?;
        }
        if let Some(probe) = self.probe_worker() {
            let _ = timeout(PROBE_PATIENCE, probe.open_ledger()).await;
        }
        Ok(())
    }

    /// The first mark begins the measured part of the ledger, the second one ends it.
    pub async fn mark_ledger(&self) -> anyhow::Result<()> {
        for worker in &self.workers {
            worker.mark_ledger().await?;
        }
        if let Some(probe) = self.probe_worker() {
            let _ = timeout(PROBE_PATIENCE, probe.mark_ledger()).await;
        }
        Ok(())
    }

    /// What the server counted so far, where that is known.
    pub async fn scrape(&self) -> Option<Scrape> {
        let Plan {
            target,
            client,
            transport,
            ..
        } = &*self.plan;
        Scrape::of(target, client.headers, transport.name()).await
    }

    fn probe_worker(&self) -> Option<&Worker> {
        self.probe.as_ref()?.workers.first()
    }

    /// A figure of the probe's subscribers.
    pub fn of_probe(&self, gauge: Gauge) -> u64 {
        let worker = self.board.workers();
        self.board.gauge(worker, gauge).load(Relaxed)
    }

    /// What all workers but the probe's saw in the second that ends now.
    pub async fn end_second(&self) -> anyhow::Result<WorkerSecond> {
        let mut sum = WorkerSecond {
            latency: histogram::coarse(),
            published: 0,
            bytes: (0, 0),
        };
        for worker in &self.workers {
            let second = worker.end_second().await?;
            sum.latency += &second.latency;
            sum.published += second.published;
            sum.bytes.0 += second.bytes.0;
            sum.bytes.1 += second.bytes.1;
        }
        Ok(sum)
    }

    /// What all workers but the probe's recorded since the ledger was opened.
    pub async fn collect(&self) -> anyhow::Result<Recording> {
        let mut sum = Recording::default();
        for worker in &self.workers {
            sum.merge(&worker.collect().await?);
        }
        Ok(sum)
    }

    /// What the probe recorded, if there is one: nothing if it has ended or does not answer.
    pub async fn collect_probe(&self) -> Option<Recording> {
        let answer = timeout(PROBE_PATIENCE, self.probe_worker()?.collect()).await;
        let recorded = answer.ok().and_then(Result::ok);
        Some(recorded.unwrap_or_default())
    }
}

/// As many as this process has cores for, and as many as its connections need descriptor tables.
fn workers_per_process(plan: &Plan) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let clients = u64::from(plan.clients.div_ceil(plan.processes));
    let connections = clients * plan.connections_per_client();
    let tables = tables(connections, in_one_table()).unwrap_or(1);
    (cores / plan.processes as usize).max(tables as usize)
}
