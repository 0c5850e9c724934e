//! The processes of a trial: a server and a load.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, bail};
use rustix::process::Signal;

use crate::client::discover;
use crate::client::target::Target;
use crate::lab::fault_plan::{ProcessDeed, ServerEnd};
use crate::lab::own_server::{EndedServer, ServerOptions, ServerProcess, send_signal};
use crate::lab::proxy::Proxy;
use crate::lab::proxy::process::ProxyProcess;
use crate::lab::server_files::ServerFiles;
use crate::load::child_process::{ChildProcess, THIS_PROGRAM};
use crate::load::link::Link;
use crate::load::protocol::{ControllerCommand, Job, LoadEvent, NetworkPlace, Plan};
use crate::network::child::NetworkProcess;
use crate::network::conditions::LinkConditions;
use crate::network::protocol::{NetworkReport, SERVER, SOURCES, WayProbed};
use crate::system::cpus::Cpus;
use crate::system::namespace::Namespace;

/// What happens in the processes of a trial.
#[derive(Debug)]
pub enum TrialEvent {
    Load(LoadEvent),
    /// The server, or the proxy before it, ended in this way. It happens once.
    ServerDied(String),
}

/// The processes of one trial after another. Tests have a fake, so that rows, verdicts and the
/// order of trials are checked without a process or a socket.
pub trait TrialProcesses {
    /// Makes a network with such a link, and measures it. The server and the load that are started
    /// after it are at its ends. The same seed gives the same packets the same fate.
    fn start_network(
        &mut self,
        link: &LinkConditions,
        seed: u64,
    ) -> impl Future<Output = anyhow::Result<StartedNetwork>>;

    /// Says when the first message of the window is due, on the monotonic clock: a black-out
    /// follows it.
    fn window_opens(&mut self, at_ns: u64) -> impl Future<Output = anyhow::Result<()>>;

    /// What passed the network so far.
    fn read_network(&mut self) -> impl Future<Output = anyhow::Result<NetworkReport>>;

    /// Starts a server and waits until it listens.
    fn start_server(
        &mut self,
        options: &ServerOptions,
    ) -> impl Future<Output = anyhow::Result<Target>>;

    /// Starts a proxy before the server that was started. Returns the target that reaches the
    /// server through it.
    fn start_proxy(
        &mut self,
        proxy: Proxy,
        server: Target,
        options: &ServerOptions,
    ) -> impl Future<Output = anyhow::Result<Target>>;

    /// Makes the feeds of a plan at a target that the run does not own.
    fn make_feeds(&mut self, plan: &Plan) -> impl Future<Output = anyhow::Result<()>>;

    /// Starts a load with its plan, on some CPUs only if they are given.
    fn start_load(
        &mut self,
        plan: &Plan,
        cpus: Option<&Cpus>,
    ) -> impl Future<Output = anyhow::Result<()>>;

    /// The next event. May be cancelled without loss.
    fn next(&mut self) -> impl Future<Output = anyhow::Result<TrialEvent>>;

    /// Does something to the server or the load on purpose.
    fn act(&mut self, deed: ProcessDeed) -> impl Future<Output = anyhow::Result<()>>;

    /// Asks the load for the outcome of what it has measured so far.
    fn stop_load(&mut self) -> impl Future<Output = ()>;

    /// Whether a target that the run does not own still answers.
    fn is_alive(&mut self, target: &Target) -> impl Future<Output = bool>;

    /// Ends the load, the proxy and the server.
    fn end(&mut self);
}

/// A network, and what its probes found each way.
#[derive(Clone, Debug)]
pub struct StartedNetwork {
    pub place: NetworkPlace,
    pub up: WayProbed,
    pub down: WayProbed,
}

/// Child processes of this one. They end in this order.
#[derive(Debug, Default)]
pub struct ChildProcesses {
    load: Option<LoadProcess>,
    proxy: Option<ProxyProcess>,
    server: Option<ServerProcess>,
    /// A server that was ended on purpose, to be started again.
    ended: Option<EndedServer>,
    files: ServerFiles,
    network: Option<NetworkProcess>,
}

impl ChildProcesses {
    /// The namespace of the server, if the trial has a network.
    fn server_namespace(&self) -> io::Result<Option<Namespace>> {
        let network = self.network.as_ref();
        network.map(NetworkProcess::of_server).transpose()
    }

    fn network(&mut self) -> anyhow::Result<&mut NetworkProcess> {
        self.network.as_mut().context("there is no network")
    }
}

impl TrialProcesses for ChildProcesses {
    async fn start_network(
        &mut self,
        link: &LinkConditions,
        seed: u64,
    ) -> anyhow::Result<StartedNetwork> {
        let network = NetworkProcess::start(*link, seed).await;
        let ready = &self.network.insert(network.context("no network")?).ready;
        Ok(StartedNetwork {
            place: NetworkPlace {
                sources: SOURCES,
                of_server: ready.server.clone(),
                pid: ready.pid,
            },
            up: ready.up,
            down: ready.down,
        })
    }

    async fn window_opens(&mut self, at_ns: u64) -> anyhow::Result<()> {
        self.network()?.window_opens(at_ns).await
    }

    async fn read_network(&mut self) -> anyhow::Result<NetworkReport> {
        self.network()?.report().await
    }

    async fn start_server(&mut self, options: &ServerOptions) -> anyhow::Result<Target> {
        let namespace = self.server_namespace()?;
        let ip = namespace.as_ref().map_or(Ipv4Addr::LOCALHOST, |_| SERVER);
        let (any, files) = (SocketAddr::from((ip, 0)), &mut self.files);
        files.forget_history();
        let (server, target) = ServerProcess::start(options, any, files, namespace).await?;
        self.server = Some(server);
        Ok(target)
    }

    async fn start_proxy(
        &mut self,
        proxy: Proxy,
        server: Target,
        options: &ServerOptions,
    ) -> anyhow::Result<Target> {
        let (connections, cpus) = (options.connections, options.cpus.as_ref());
        let (proxy, target) = ProxyProcess::start(proxy, server, connections, cpus).await?;
        self.proxy = Some(proxy);
        Ok(target)
    }

    async fn make_feeds(&mut self, plan: &Plan) -> anyhow::Result<()> {
        discover::make_feeds(&plan.target, &plan.feeds).await
    }

    async fn start_load(&mut self, plan: &Plan, cpus: Option<&Cpus>) -> anyhow::Result<()> {
        let namespace = self.network.as_ref().map(NetworkProcess::of_load);
        let folder = self.files.folder();
        self.load = Some(LoadProcess::start(plan, cpus, namespace.transpose()?, folder).await?);
        Ok(())
    }

    async fn next(&mut self) -> anyhow::Result<TrialEvent> {
        let load = self.load.as_mut().context("no load was started")?;
        let death = async {
            match &mut self.server {
                Some(server) => server.died().await,
                None => std::future::pending().await,
            }
        };
        let death_of_proxy = async {
            match &mut self.proxy {
                Some(proxy) => proxy.died().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = load.next() => Ok(TrialEvent::Load(event?)),
            how = death => {
                self.server = None;
                Ok(TrialEvent::ServerDied(how))
            }
            how = death_of_proxy => {
                self.proxy = None;
                Ok(TrialEvent::ServerDied(how))
            }
        }
    }

    async fn act(&mut self, deed: ProcessDeed) -> anyhow::Result<()> {
        match deed {
            ProcessDeed::EndServer(end) => self.end_server(end).await,
            ProcessDeed::StartServer => self.start_server_again().await,
            ProcessDeed::StopServer => self.server()?.signal(Signal::STOP),
            ProcessDeed::ContinueServer => self.server()?.signal(Signal::CONT),
            ProcessDeed::StopLoad => send_signal(&self.load()?.0, Signal::STOP),
            ProcessDeed::ContinueLoad => send_signal(&self.load()?.0, Signal::CONT),
        }
    }

    async fn stop_load(&mut self) {
        if let Some(load) = &mut self.load {
            load.stop().await;
        }
    }

    async fn is_alive(&mut self, target: &Target) -> bool {
        discover::is_alive(target).await
    }

    fn end(&mut self) {
        self.load = None;
        self.proxy = None;
        self.server = None;
        self.ended = None;
        self.network = None;
    }
}

impl ChildProcesses {
    fn server(&self) -> anyhow::Result<&ServerProcess> {
        self.server.as_ref().context("the server has ended")
    }

    fn load(&mut self) -> anyhow::Result<&mut LoadProcess> {
        self.load.as_mut().context("no load was started")
    }

    /// Ends the server, and waits until it has ended.
    async fn end_server(&mut self, end: ServerEnd) -> anyhow::Result<()> {
        let server = self.server.take().context("there is no server to end")?;
        self.ended = Some(server.end(end).await?);
        if end != ServerEnd::KeepsHistory {
            self.files.forget_history();
        }
        Ok(())
    }

    async fn start_server_again(&mut self) -> anyhow::Result<()> {
        let ended = self.ended.take().context("the server has not ended")?;
        let namespace = self.server_namespace()?;
        let (server, target) = ended.start_again(&mut self.files, namespace).await?;
        self.server = Some(server);
        let replaced = ControllerCommand::ServerReplaced {
            pid: target.pid.context("the server ended at once")?,
            ended: ended.used,
        };
        self.load()?.0.send(&replaced).await
    }
}

/// A load process.
#[derive(Debug)]
struct LoadProcess(ChildProcess);

impl LoadProcess {
    async fn start(
        plan: &Plan,
        cpus: Option<&Cpus>,
        namespace: Option<Namespace>,
        folder: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let program = THIS_PROGRAM.as_ref();
        let removes = folder.map(|folder| format!("--remove={}", folder.display()));
        let arguments: Vec<&str> = ["load"].into_iter().chain(removes.as_deref()).collect();
        let mut process = ChildProcess::start_in(namespace, program, &arguments, cpus)?;
        let sent = process.send(&Job::Control(plan.clone())).await;
        sent.context("the load process takes no plan")?;
        Ok(LoadProcess(process))
    }

    async fn next(&mut self) -> anyhow::Result<LoadEvent> {
        match self.0.receive().await? {
            Some(event) => Ok(event),
            None => bail!(
                "the load process ended without a result ({})",
                self.0.child.wait().await?
            ),
        }
    }

    async fn stop(&mut self) {
        let _ = self.0.send(&ControllerCommand::Stop).await;
    }
}
