//! A fake of a trial's processes: it tells a test what it is asked for, and gives the events that
//! the test made up.

use std::collections::VecDeque;

use crate::client::target::{ProxyHop, Target};
use crate::lab::fault_plan::ProcessDeed;
use crate::lab::own_server::ServerOptions;
use crate::lab::processes::{StartedNetwork, TrialEvent, TrialProcesses};
use crate::lab::proxy::Proxy;
use crate::load::outcome::TrialOutcome;
use crate::load::protocol::{LoadEvent, NetworkPlace, Plan};
use crate::network::conditions::{LinkConditions, OneWay};
use crate::network::protocol::{NetworkReport, SOURCES, WayProbed};
use crate::system::cpus::Cpus;

/// Processes that do nothing.
#[derive(Debug, Default)]
pub struct FakeProcesses {
    /// What was asked for, in order.
    pub calls: Vec<&'static str>,
    pub plans: Vec<Plan>,
    /// What comes next; when there is no more, a quiet outcome of the last plan.
    pub events: VecDeque<TrialEvent>,
    /// CPU time of the server in a quiet outcome, taken in turn; empty: always the same.
    pub server_user_s: Vec<f64>,
    /// What passes the network.
    pub passed: NetworkReport,
    /// Whether the target answers to the question.
    pub target_lives: bool,
}

impl TrialProcesses for FakeProcesses {
    async fn start_network(
        &mut self,
        link: &LinkConditions,
        _: u64,
    ) -> anyhow::Result<StartedNetwork> {
        self.calls.push("start network");
        let probed = |way: OneWay| WayProbed {
            delay_ns: Some(way.delay_ns),
            probes: 30,
            rate_bit_s: way.rate_bit_s.map(|rate| rate as f64),
            train_ns: 1,
        };
        Ok(StartedNetwork {
            place: NetworkPlace {
                sources: SOURCES,
                of_server: "/proc/1/fd/3".into(),
                pid: 1,
            },
            up: probed(link.up),
            down: probed(link.down),
        })
    }

    async fn window_opens(&mut self, _: u64) -> anyhow::Result<()> {
        self.calls.push("window opens");
        Ok(())
    }

    async fn read_network(&mut self) -> anyhow::Result<NetworkReport> {
        self.calls.push("read network");
        Ok(self.passed)
    }

    async fn start_server(&mut self, _: &ServerOptions) -> anyhow::Result<Target> {
        self.calls.push("start server");
        Ok(Target {
            owned: true,
            pid: Some(1),
            ..Target::at(([127, 0, 0, 1], 1).into())
        })
    }

    async fn start_proxy(
        &mut self,
        _: Proxy,
        server: Target,
        _: &ServerOptions,
    ) -> anyhow::Result<Target> {
        self.calls.push("start proxy");
        Ok(Target {
            proxy: Some(ProxyHop {
                server: server.address,
                pid: 2,
            }),
            ..server
        })
    }

    async fn make_feeds(&mut self, _: &Plan) -> anyhow::Result<()> {
        self.calls.push("make feeds");
        Ok(())
    }

    async fn start_load(&mut self, plan: &Plan, _: Option<&Cpus>) -> anyhow::Result<()> {
        self.calls.push("start load");
        self.plans.push(plan.clone());
        Ok(())
    }

    async fn next(&mut self) -> anyhow::Result<TrialEvent> {
        let plan = self.plans.last().expect("a load was started");
        let quiet = || {
            let mut outcome = TrialOutcome::quiet(plan);
            let turn = (self.plans.len() - 1).checked_rem(self.server_user_s.len());
            if let (Some(turn), Some(server)) = (turn, &mut outcome.server) {
                server.user_s = self.server_user_s[turn];
            }
            TrialEvent::Load(LoadEvent::Outcome(Box::new(outcome)))
        };
        Ok(self.events.pop_front().unwrap_or_else(quiet))
    }

    async fn act(&mut self, deed: ProcessDeed) -> anyhow::Result<()> {
        self.calls.push(match deed {
            ProcessDeed::EndServer(_) => "end server",
            ProcessDeed::StartServer => "start it again",
            _ => "stop or continue",
        });
        Ok(())
    }

    async fn stop_load(&mut self) {
        self.calls.push("stop load");
    }

    async fn is_alive(&mut self, _: &Target) -> bool {
        self.calls.push("is alive");
        self.target_lives
    }

    fn end(&mut self) {
        self.calls.push("end");
    }
}
