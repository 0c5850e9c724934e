//! One trial: a server, a load, and what became of them as one row.

use std::collections::VecDeque;
use std::path::PathBuf;

use hdrhistogram::Histogram;

use crate::client::target::Target;
use crate::lab::capacity::settings::SearchFactor;
use crate::lab::factors::Switch;
use crate::lab::processes::{LoadProcess, ServerProcess};
use crate::lab::scenario::{Cell, Scenario};
use crate::load::protocol::{LoadEvent, Plan, Progress};
use crate::results::{TimelineRow, TrialRow};
use crate::system::pinning::Pinning;

/// Which trial of which run.
#[derive(Clone, Debug)]
pub struct Trial {
    pub scenario: Scenario,
    pub run: String,
    pub cell: Cell,
    /// Counted from 1.
    pub trial: u32,
    pub pinning: Option<Pinning>,
    /// What serves instead of a server of ours.
    pub server: Option<PathBuf>,
    /// A network interface whose counters are read beside the ledger.
    pub interface: Option<String>,
}

/// What a trial leaves.
#[derive(Debug)]
pub struct TrialResult {
    pub row: TrialRow,
    pub timeline: Vec<TimelineRow>,
    /// Delivery latency, ns.
    pub latency: Histogram<u64>,
    /// What went wrong between client and server, and how often.
    pub errors: Vec<(String, u64)>,
    /// Set if the run cannot go on.
    pub fatal: Option<String>,
}

impl Trial {
    /// Names the trial in `latency.hlog` and to the user: `sse-1000-t2`; `sse-1000-200hz-t2` where
    /// the rate is searched for.
    pub fn tag(&self) -> String {
        let Cell {
            transport,
            clients,
            aa_of,
            ..
        } = self.cell;
        let again = if aa_of.is_some() { "-aa" } else { "" };
        let rate = match &self.scenario.capacity {
            Some(search) if search.vary == SearchFactor::Rate => {
                format!("-{}hz", self.scenario.rate_hz)
            }
            _ => String::new(),
        };
        format!("{transport}-{clients}{rate}{again}-t{}", self.trial)
    }

    /// Runs the trial, against `target` or else a server of its own, telling how it goes.
    pub async fn measure(
        &self,
        target: Option<&Target>,
        mut tell: impl FnMut(&Progress, u64),
    ) -> anyhow::Result<TrialResult> {
        let pinning = self.pinning.as_ref();
        let mut server = match target {
            Some(_) => None,
            None => {
                let cpus = pinning.map(|pinning| &pinning.server);
                let (program, history) = (self.server.as_deref(), self.scenario.history());
                let tls = self.scenario.tls == Switch::On;
                Some(ServerProcess::start(program, history, tls, cpus).await?)
            }
        };
        let plan = self.plan(target, server.as_ref());
        let mut load = LoadProcess::start(&plan, pinning.map(|pinning| &pinning.load)).await?;
        let (mut timeline, mut died, mut rate) = (Vec::new(), None, VecDeque::from([(0.0, 0)]));
        let outcome = loop {
            let death = async {
                match (&mut server, &died) {
                    (Some(server), None) => server.died().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                event = load.next() => match event? {
                    LoadEvent::Progress(progress) => tell(&progress, per_second(&mut rate, &progress)),
                    LoadEvent::Second(second) => timeline.push(self.timeline_row(&second)),
                    LoadEvent::Outcome(outcome) => break outcome,
                },
                how = death => {
                    died = Some(how);
                    load.stop().await;
                }
            }
        };
        if target.is_some() && outcome.joined > 0 && outcome.connected == 0 {
            died = Some("the target went away".to_owned());
        }
        let row = self.row(&plan, &outcome, died.is_some());
        Ok(TrialResult {
            row,
            timeline,
            latency: outcome.recording.latency.clone(),
            errors: outcome.errors,
            fatal: died,
        })
    }

    fn plan(&self, target: Option<&Target>, server: Option<&ServerProcess>) -> Plan {
        let Trial {
            scenario,
            cell,
            trial,
            ..
        } = self;
        let target = target.or(server.map(|server| &server.target)).cloned();
        // Nobody else reads or writes feeds of these names, whoever else measures this server.
        let nonce: u64 = rand::random();
        Plan {
            transport: cell.transport,
            target: target.expect("a target, or else a server"),
            feeds: (1..=scenario.feeds)
                .map(|n| format!("{nonce:016x}-{n}"))
                .collect(),
            clients: cell.clients,
            workload: scenario.workload,
            pacing: scenario.schedule,
            rate_hz: scenario.rate_hz,
            payload_bytes: scenario.payload_bytes,
            client: scenario.client(),
            connect_rate_hz: scenario.connect_rate_hz,
            warm_up: scenario.warm_up.0,
            window: scenario.window.0,
            drain: scenario.drain.0,
            // All transports of one repetition follow the same schedule.
            seed: scenario.seed.wrapping_add(u64::from(*trial)),
            interface: self.interface.clone(),
            processes: scenario.load_processes,
            probes: scenario.probes(cell.clients),
            even_phases: false,
        }
    }
}

/// Deliveries a second, over the last second of progress.
fn per_second(past: &mut VecDeque<(f64, u64)>, now: &Progress) -> u64 {
    let at_s = now.timeline.elapsed_s(now.now_ns);
    past.push_back((at_s, now.delivered));
    while past.len() > 2 && past[1].0 <= at_s - 1.0 {
        past.pop_front();
    }
    let (from_s, delivered) = past[0];
    ((now.delivered - delivered) as f64 / (at_s - from_s).max(1.0)) as u64
}
