//! The processes of a trial: a server and a load.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::client::http;
use crate::client::target::Target;
use crate::client::tls::{ClientTls, Trust};
use crate::load::child_process::{ChildProcess, THIS_PROGRAM};
use crate::load::link::Link;
use crate::load::protocol::{ControllerCommand, Job, LoadEvent, Plan};
use crate::system::cpus::Cpus;

/// How long a server may take until it listens.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// A server process of our own.
#[derive(Debug)]
pub struct ServerProcess {
    pub target: Target,
    process: ChildProcess,
}

impl ServerProcess {
    /// Starts one on a free port of this machine, whose feeds keep `history` messages, and waits
    /// until it listens; with `tls`, to https, and then its certificate alone is trusted. With
    /// `cpus` it runs on these only. It is a server of ours unless another `program` is given.
    pub async fn start(
        program: Option<&Path>,
        history: u64,
        tls: bool,
        cpus: Option<&Cpus>,
    ) -> anyhow::Result<Self> {
        let history = history.to_string();
        let mut arguments = vec![
            "serve",
            "--bind",
            "127.0.0.1:0",
            "--with-parent",
            "--history",
            &history,
            // Each of n readers told of each other is n² deliveries that nobody asked for.
            "--presence",
            "off",
        ];
        arguments.extend(tls.then_some("--tls"));
        let program = program.unwrap_or(THIS_PROGRAM.as_ref());
        let mut process = ChildProcess::start_of(program, &arguments, cpus)?;
        let line = said(&mut process).await?;
        let address = |origin: &str| http::host(origin).parse::<SocketAddr>().ok();
        let listening = line.strip_prefix("listening on ");
        let Some((origin, address)) = listening.and_then(|o| Some((o, address(o)?))) else {
            bail!("the server did not start: it said {line:?}");
        };
        let tls = match tls {
            true => {
                let shown = said(&mut process).await?.parse().map(Trust::Fingerprint);
                Some(
                    shown
                        .and_then(ClientTls::try_from)
                        .map_err(anyhow::Error::msg)?,
                )
            }
            false => None,
        };
        Ok(ServerProcess {
            target: Target {
                origin: origin.to_owned(),
                tls,
                owned: true,
                pid: Some(process.child.id().context("the server ended at once")?),
                ..Target::at(address)
            },
            process,
        })
    }

    /// Waits for a server that should not end.
    pub async fn died(&mut self) -> String {
        match self.process.child.wait().await {
            Ok(status) => format!("the server died ({status})"),
            Err(error) => format!("the server cannot be watched: {error}"),
        }
    }
}

/// A line that a server says while it starts.
async fn said(process: &mut ChildProcess) -> anyhow::Result<String> {
    let line = tokio::time::timeout(START_PATIENCE, process.lines.next_line()).await;
    let line = line.context("the server does not start to listen")??;
    Ok(line.unwrap_or_default())
}

/// A load process at work.
#[derive(Debug)]
pub struct LoadProcess(ChildProcess);

impl LoadProcess {
    /// Starts one and gives it its plan. With `cpus` it runs on these only.
    pub async fn start(plan: &Plan, cpus: Option<&Cpus>) -> anyhow::Result<Self> {
        let mut process = ChildProcess::start(&["load"], cpus)?;
        let sent = process.send(&Job::Control(plan.clone())).await;
        sent.context("the load process takes no plan")?;
        Ok(LoadProcess(process))
    }

    /// What it says next.
    pub async fn next(&mut self) -> anyhow::Result<LoadEvent> {
        match self.0.receive().await? {
            Some(event) => Ok(event),
            None => bail!(
                "the load process ended without a result ({})",
                self.0.child.wait().await?
            ),
        }
    }

    /// Asks for the outcome of what it has measured so far.
    pub async fn stop(&mut self) {
        let _ = self.0.send(&ControllerCommand::Stop).await;
    }
}
