//! The processes of a trial: a server and a load.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal};

use crate::client::discover;
use crate::client::http;
use crate::client::target::Target;
use crate::client::tls::{ClientTls, Trust};
use crate::feed::MAX_FEEDS;
use crate::lab::fault_plan::{ProcessDeed, ServerEnd};
use crate::lab::proxy::Proxy;
use crate::lab::proxy::process::ProxyProcess;
use crate::lab::server_files::ServerFiles;
use crate::lab::values::Span;
use crate::load::child_process::{ChildProcess, THIS_PROGRAM};
use crate::load::link::Link;
use crate::load::protocol::{ControllerCommand, Job, LoadEvent, NetworkPlace, Plan};
use crate::network::child::NetworkProcess;
use crate::network::conditions::LinkConditions;
use crate::network::protocol::{NetworkReport, SERVER, SOURCES, WayProbed};
use crate::server::settings::PEER_TIMEOUT;
use crate::service::limits::Limits;
use crate::system::cpus::Cpus;
use crate::system::limits::{SPARE_DESCRIPTORS, in_one_table};
use crate::system::namespace::Namespace;
use crate::system::process::{ProcessUsage, has_ended};

/// The longest wait for a server to listen.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// The longest wait for a server to end that was asked to.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// Most heartbeats, and most probes, a second of all connections of a crowd.
const HEARTBEATS_HZ: u64 = 1_000;

/// The server that a trial starts.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// A program that serves instead of this one, with the same flags.
    pub program: Option<PathBuf>,
    /// Messages that each feed keeps.
    pub history: u64,
    /// Serve https; the run's certificate alone is trusted.
    pub tls: bool,
    /// When it ends by SIGTERM, it keeps its messages for the next one.
    pub keeps_history: bool,
    /// Connections that it has at once.
    pub connections: u64,
    /// Feeds that its clients make.
    pub feeds: u32,
    /// The CPUs that it runs on; without them, on any.
    pub cpus: Option<Cpus>,
}

impl ServerOptions {
    /// The flags of a server with more feeds or connections than are usual.
    ///
    /// With more connections than one descriptor table holds, heartbeats, pings and the kernel's
    /// probes of silent connections are rare enough that they do not take all of the machine: 33,000
    /// probes a second were more than loopback passes on, and half a million connections were given
    /// up.
    fn of_crowds(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if self.feeds > MAX_FEEDS {
            flags.push(("--max-feeds", self.feeds.to_string()));
        }
        if self.connections > in_one_table() {
            let connections = self.connections + SPARE_DESCRIPTORS;
            let paced = Duration::from_secs(connections.div_ceil(HEARTBEATS_HZ));
            let at_least = |usual: Duration| Span(usual.max(paced)).to_string();
            let Limits {
                heartbeat, ping, ..
            } = Limits::default();
            flags.extend([
                ("--max-clients", connections.to_string()),
                ("--heartbeat", at_least(heartbeat)),
                ("--ping", at_least(ping)),
                ("--peer-timeout", at_least(PEER_TIMEOUT)),
            ]);
        }
        let flags = flags.into_iter();
        flags
            .flat_map(|(flag, value)| [flag.to_owned(), value])
            .collect()
    }
}

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
            ProcessDeed::StopServer => signal(self.server_pid(), Signal::STOP),
            ProcessDeed::ContinueServer => signal(self.server_pid(), Signal::CONT),
            ProcessDeed::StopLoad => signal(self.load_pid(), Signal::STOP),
            ProcessDeed::ContinueLoad => signal(self.load_pid(), Signal::CONT),
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
    fn server_pid(&self) -> Option<u32> {
        self.server.as_ref()?.process.child.id()
    }

    fn load_pid(&self) -> Option<u32> {
        self.load.as_ref()?.0.child.id()
    }

    /// Ends the server, and waits until it has ended.
    async fn end_server(&mut self, end: ServerEnd) -> anyhow::Result<()> {
        let mut server = self.server.take().context("there is no server to end")?;
        signal(
            server.process.child.id(),
            match end {
                ServerEnd::Killed => Signal::KILL,
                _ => Signal::TERM,
            },
        )?;
        let used = server.ended().await?;
        if end != ServerEnd::KeepsHistory {
            self.files.forget_history();
        }
        self.ended = Some(EndedServer {
            options: server.options,
            address: server.address,
            used,
        });
        Ok(())
    }

    async fn start_server_again(&mut self) -> anyhow::Result<()> {
        let ended = self.ended.take().context("the server has not ended")?;
        let EndedServer {
            options, address, ..
        } = &ended;
        let namespace = self.server_namespace()?;
        let files = &mut self.files;
        let (server, target) = ServerProcess::start(options, *address, files, namespace).await?;
        self.server = Some(server);
        let pid = target.pid.context("the server ended at once")?;
        let load = self.load.as_mut().context("no load was started")?;
        let replaced = ControllerCommand::ServerReplaced {
            pid,
            ended: ended.used,
        };
        load.0.send(&replaced).await
    }
}

/// A server that has ended on purpose.
#[derive(Debug)]
struct EndedServer {
    options: ServerOptions,
    address: SocketAddr,
    /// What its process used.
    used: ProcessUsage,
}

fn signal(pid: Option<u32>, signal: Signal) -> anyhow::Result<()> {
    let pid = pid.and_then(|pid| Pid::from_raw(pid as i32));
    let pid = pid.context("the process has ended before its time")?;
    Ok(rustix::process::kill_process(pid, signal)?)
}

/// A server process that this run owns.
#[derive(Debug)]
struct ServerProcess {
    process: ChildProcess,
    options: ServerOptions,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts one at an address of this host, or of a network of this run, on a free port if that
    /// is 0, and waits until it listens.
    async fn start(
        options: &ServerOptions,
        at: SocketAddr,
        files: &mut ServerFiles,
        namespace: Option<Namespace>,
    ) -> anyhow::Result<(Self, Target)> {
        let bind = at.to_string();
        let history = options.history.to_string();
        let mut arguments = vec![
            "serve",
            "--bind",
            &bind,
            "--with-parent",
            "--history",
            &history,
            // The longest that it takes: a trial says itself whether connections are kept.
            "--idle-timeout",
            "1d",
            // Publishers dial before the ramp-up, and send their first message after it.
            "--header-timeout",
            "1d",
            // To tell each of n readers of each other would be n² deliveries.
            "--presence",
            "off",
        ];
        let mut more = options.of_crowds();
        if options.tls {
            more.extend(files.certificate()?);
        }
        if options.keeps_history {
            more.extend(files.history()?);
        }
        arguments.extend(more.iter().map(String::as_str));
        let program = options.program.as_deref();
        let program = program.unwrap_or(THIS_PROGRAM.as_ref());
        let cpus = options.cpus.as_ref();
        let mut process = ChildProcess::start_in(namespace, program, &arguments, cpus)?;
        let line = read_line(&mut process).await?;
        let address = |origin: &str| http::host(origin).parse::<SocketAddr>().ok();
        let listening = line.strip_prefix("listening on ");
        let Some((origin, address)) = listening.and_then(|o| Some((o, address(o)?))) else {
            bail!("the server did not start: it said {line:?}");
        };
        let tls = match options.tls {
            true => {
                let shown = read_line(&mut process)
                    .await?
                    .parse()
                    .map(Trust::Fingerprint);
                Some(
                    shown
                        .and_then(ClientTls::try_from)
                        .map_err(anyhow::Error::msg)?,
                )
            }
            false => None,
        };
        let target = Target {
            origin: origin.to_owned(),
            tls,
            owned: true,
            same_host: true,
            pid: Some(process.child.id().context("the server ended at once")?),
            ..Target::at(address)
        };
        let server = ServerProcess {
            process,
            options: options.clone(),
            address,
        };
        Ok((server, target))
    }

    /// Waits until the server has ended as it was asked to, and returns what it used.
    async fn ended(&mut self) -> anyhow::Result<ProcessUsage> {
        let pid = self
            .process
            .child
            .id()
            .context("the server had ended before")?;
        let mut used = ProcessUsage::of(pid).unwrap_or_default();
        let waited = async {
            // A process that nothing has waited for still tells what it used.
            while !has_ended(pid) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            used = ProcessUsage::of(pid).unwrap_or(used);
            self.process.child.wait().await
        };
        let ended = tokio::time::timeout(END_PATIENCE, waited).await;
        ended.context("the server does not end")??;
        Ok(used)
    }

    /// Waits until the server ends, which it should not.
    async fn died(&mut self) -> String {
        match self.process.child.wait().await {
            Ok(status) => format!("the server died ({status})"),
            Err(error) => format!("the server cannot be watched: {error}"),
        }
    }
}

/// A line that a server writes while it starts.
async fn read_line(process: &mut ChildProcess) -> anyhow::Result<String> {
    let line = tokio::time::timeout(START_PATIENCE, process.lines.next_line()).await;
    let line = line.context("the server does not start to listen")??;
    Ok(line.unwrap_or_default())
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
