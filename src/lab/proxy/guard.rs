//! The guard of a proxy: it starts one on a free port of this host, and ends it when its own parent
//! ends, however that happens.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::process::Child;

use crate::lab::proxy::configuration;
use crate::lab::proxy::{ProxyJob, ProxyReport};
use crate::load::child_process::end;
use crate::system::{process, server_process};

/// Ports that are tried: another program may take one before the proxy does.
const ATTEMPTS: u32 = 5;
/// The longest wait for a proxy to listen.
const START_PATIENCE: Duration = Duration::from_secs(10);
const CHECK: Duration = Duration::from_millis(20);

/// Lines of a proxy's log that are told of its end.
const TOLD_LINES: usize = 2;

/// Runs a job until the proxy ends, or `ended` returns. Says both on standard output.
pub async fn run(job: &ProxyJob, ended: impl Future<Output = ()>) -> anyhow::Result<()> {
    tokio::select! {
        how = serve(job) => {
            let how = how.unwrap_or_else(|error| format!("{error:#}"));
            report(&ProxyReport::Ended(how))
        }
        () = ended => Ok(()),
    }
}

fn report(report: &ProxyReport) -> anyhow::Result<()> {
    let line = serde_json::to_string(report)?;
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

/// Runs a proxy until it ends, which it should not. Returns how it ended.
async fn serve(job: &ProxyJob) -> anyhow::Result<String> {
    for _ in 0..ATTEMPTS {
        let mut running = RunningProxy::start(job)?;
        let Err(status) = running.listens().await? else {
            let RunningProxy { address, pid, .. } = running;
            report(&ProxyReport::Listens { address, pid })?;
            let status = running.child.wait().await?;
            return Ok(running.death(job, status));
        };
        let how = running.death(job, status);
        // bind(2) of each program says so: "Address already in use", "cannot bind socket".
        if !how.contains("in use") {
            bail!(how);
        }
    }
    bail!("other programs took all ports that were tried")
}

/// A proxy and its folder. Dropping it ends it, and removes the folder.
#[derive(Debug)]
struct RunningProxy {
    child: Child,
    pid: u32,
    address: SocketAddr,
    // Last: it is removed when the proxy has ended.
    folder: TempDir,
}

impl RunningProxy {
    fn start(job: &ProxyJob) -> anyhow::Result<Self> {
        let program = job.proxy.program().context("there is no proxy to start")?;
        let file = program.find();
        let file = file.with_context(|| format!("there is no {}", program.name))?;
        let folder = TempDir::with_prefix("wslab-proxy-")?;
        let address = free_address()?;
        let mut command = configuration::command(&file, job, address, folder.path())?;
        let log = File::create(log(folder.path()))?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        process::end_with_this_thread(&mut command);
        let child = command.spawn();
        let child = child.with_context(|| format!("cannot start {}", file.display()))?;
        Ok(RunningProxy {
            pid: child.id().context("it ended at once")?,
            child,
            address,
            folder,
        })
    }

    /// Waits until it accepts connections: itself, and no other program at its address. If it ends
    /// before, returns how.
    async fn listens(&mut self) -> anyhow::Result<Result<(), ExitStatus>> {
        let started = Instant::now();
        while started.elapsed() < START_PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Err(status));
            }
            if server_process::find(self.address).pid == Some(self.pid) {
                return Ok(Ok(()));
            }
            tokio::time::sleep(CHECK).await;
        }
        bail!("it does not listen after {START_PATIENCE:?}")
    }

    /// How it ended, with what it said last.
    fn death(&self, job: &ProxyJob, status: ExitStatus) -> String {
        let said = fs::read_to_string(log(self.folder.path())).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(TOLD_LINES)..].join("; ");
        let name = job.proxy;
        match &*last {
            "" => format!("{name} ended ({status})"),
            last => format!("{name} ended ({status}): {last}"),
        }
    }
}

impl Drop for RunningProxy {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn log(folder: &Path) -> std::path::PathBuf {
    folder.join("log")
}

/// An address of this host that was free a moment ago.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
