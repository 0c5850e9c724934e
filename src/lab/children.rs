//! The processes of a trial: a server and a load, both this same binary.
//!
//! They end with their parent whatever happens to it: each reads its standard input and ends when
//! that does, which the kernel sees to even when the parent is killed. They are in process groups
//! of their own, so that a Ctrl-C meant for the run reaches the run alone, which then ends them.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::load::plan::{Event, Plan};
use crate::measure::cpus::Cpus;

/// How long a server may take until it listens.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// The very file that runs now, even if another has taken its place meanwhile: all trials of a run
/// are of one program.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// How long the kernel may take to end a process that was killed, with all its sockets.
const END_PATIENCE: Duration = Duration::from_secs(5);

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
            // Each of n readers told of each other one would be n² deliveries that nobody asked for.
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
        let mut line = serde_json::to_vec(plan)?;
        line.push(b'\n');
        let written = process.input.write_all(&line).await;
        written.context("the load process takes no plan")?;
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

/// A child process: when this is dropped, it has ended.
#[derive(Debug)]
struct Process {
    child: Child,
    /// Held open: the process ends when it is closed.
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// The child confines itself, before it has a second thread.
    fn start(arguments: &[&str], cpus: Option<&Cpus>) -> anyhow::Result<Self> {
        let cpus = cpus.map(|cpus| format!("--cpus={cpus}"));
        let mut child = Command::new(THIS_PROGRAM)
            .args(arguments)
            .args(cpus)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start wslab {}", arguments[0]))?;
        let input = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let lines = BufReader::new(output).lines();
        Ok(Process {
            child,
            input,
            lines,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < END_PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
