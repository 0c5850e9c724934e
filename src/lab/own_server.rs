//! The server that a trial starts: its flags, its process, and how it is ended and started again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal};

use crate::client::http;
use crate::client::target::Target;
use crate::client::tls::{ClientTls, Trust};
use crate::feed::MAX_FEEDS;
use crate::lab::fault_plan::ServerEnd;
use crate::lab::server_files::ServerFiles;
use crate::lab::values::Span;
use crate::load::child_process::{ChildProcess, THIS_PROGRAM};
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
    /// The command line of a server at an address.
    fn arguments(&self, at: SocketAddr, files: &mut ServerFiles) -> anyhow::Result<Vec<String>> {
        let (bind, history) = (at.to_string(), self.history.to_string());
        let mut arguments: Vec<String> = [
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
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend(self.of_crowds());
        if self.tls {
            arguments.extend(files.certificate()?);
        }
        if self.keeps_history {
            arguments.extend(files.history()?);
        }
        Ok(arguments)
    }

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

/// A server process that this run owns.
#[derive(Debug)]
pub(super) struct ServerProcess {
    process: ChildProcess,
    options: ServerOptions,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts one at an address of this host, or of a network of this run, on a free port if that
    /// is 0, and waits until it listens.
    pub(super) async fn start(
        options: &ServerOptions,
        at: SocketAddr,
        files: &mut ServerFiles,
        namespace: Option<Namespace>,
    ) -> anyhow::Result<(Self, Target)> {
        let arguments = options.arguments(at, files)?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
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
                let shown = read_line(&mut process).await?.parse();
                let trusted = shown.map(Trust::Fingerprint).and_then(ClientTls::try_from);
                Some(trusted.map_err(anyhow::Error::msg)?)
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

    /// Sends it a signal.
    pub(super) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        send_signal(&self.process, signal)
    }

    /// Ends it, and waits until it has ended.
    pub(super) async fn end(mut self, end: ServerEnd) -> anyhow::Result<EndedServer> {
        self.signal(match end {
            ServerEnd::Killed => Signal::KILL,
            _ => Signal::TERM,
        })?;
        let used = self.ended().await?;
        Ok(EndedServer {
            options: self.options,
            address: self.address,
            used,
        })
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
    pub(super) async fn died(&mut self) -> String {
        match self.process.child.wait().await {
            Ok(status) => format!("the server died ({status})"),
            Err(error) => format!("the server cannot be watched: {error}"),
        }
    }
}

/// A server that has ended on purpose.
#[derive(Debug)]
pub(super) struct EndedServer {
    options: ServerOptions,
    address: SocketAddr,
    /// What its process used.
    pub(super) used: ProcessUsage,
}

impl EndedServer {
    /// Starts one with the same flags at the same address.
    pub(super) async fn start_again(
        &self,
        files: &mut ServerFiles,
        namespace: Option<Namespace>,
    ) -> anyhow::Result<(ServerProcess, Target)> {
        ServerProcess::start(&self.options, self.address, files, namespace).await
    }
}

/// A line that a server writes while it starts.
async fn read_line(process: &mut ChildProcess) -> anyhow::Result<String> {
    let line = tokio::time::timeout(START_PATIENCE, process.lines.next_line()).await;
    let line = line.context("the server does not start to listen")??;
    Ok(line.unwrap_or_default())
}

/// Sends a child process a signal.
pub(super) fn send_signal(process: &ChildProcess, signal: Signal) -> anyhow::Result<()> {
    let pid = process.child.id().and_then(|pid| Pid::from_raw(pid as i32));
    let pid = pid.context("the process has ended before its time")?;
    Ok(rustix::process::kill_process(pid, signal)?)
}
