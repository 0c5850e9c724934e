//! The processes of a trial: a server and a load.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::AsyncWriteExt;

use crate::load::child::Process;
use crate::load::plan::{Event, Job, Plan};
use crate::measure::cpus::Cpus;

/// How long a server may take until it listens.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// A server process of our own.
#[derive(Debug)]
pub struct Server {
    pub address: SocketAddr,
    pub pid: u32,
    process: Process,
}

impl Server {
    /// Starts one on a free port of this machine, whose feeds keep `history` messages, and waits
    /// until it listens. With `cpus` it runs on these only.
    pub async fn start(history: u64, cpus: Option<&Cpus>) -> anyhow::Result<Self> {
        let history = history.to_string();
        let arguments = [
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
        let mut process = Process::start(&arguments, cpus)?;
        let line = tokio::time::timeout(START_PATIENCE, process.lines.next_line()).await;
        let line = line
            .context("the server does not start to listen")??
            .unwrap_or_default();
        let address = line
            .strip_prefix("listening on http://")
            .and_then(|a| a.parse().ok());
        let pid = process.child.id().context("the server ended at once")?;
        match address {
            Some(address) => Ok(Server {
                address,
                pid,
                process,
            }),
            None => bail!("the server did not start: it said {line:?}"),
        }
    }

    /// Waits for a server that should not end.
    pub async fn died(&mut self) -> String {
        match self.process.child.wait().await {
            Ok(status) => format!("the server died ({status})"),
            Err(error) => format!("the server cannot be watched: {error}"),
        }
    }
}

/// A load process at work.
#[derive(Debug)]
pub struct Load(Process);

impl Load {
    /// Starts one and gives it its plan. With `cpus` it runs on these only.
    pub async fn start(plan: &Plan, cpus: Option<&Cpus>) -> anyhow::Result<Self> {
        let mut process = Process::start(&["load"], cpus)?;
        let job = Job::Lead(plan.clone());
        let told = process.tell(&job).await;
        told.context("the load process takes no plan")?;
        Ok(Load(process))
    }

    /// What it says next.
    pub async fn next(&mut self) -> anyhow::Result<Event> {
        let line = self
            .0
            .lines
            .next_line()
            .await
            .context("the load process cannot be read")?;
        match line {
            Some(line) => serde_json::from_str(&line)
                .with_context(|| format!("the load process said {line:?}")),
            None => bail!(
                "the load process ended without a result ({})",
                self.0.child.wait().await?
            ),
        }
    }

    /// Asks for the outcome of what it has measured so far.
    pub async fn stop(&mut self) {
        let _ = self.0.input.write_all(b"stop\n").await;
    }
}
