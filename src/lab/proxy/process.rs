//! The run's end of a proxy: its guard as a child process.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::client::discover;
use crate::client::target::{ProxyHop, Target};
use crate::lab::proxy::{Proxy, ProxyJob, ProxyReport};
use crate::load::child_process::ChildProcess;
use crate::load::link::Link;
use crate::system::cpus::Cpus;

/// The longest wait for a guard to end its proxy and to remove the folder.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// The guard of a proxy. Both have ended once this is dropped.
#[derive(Debug)]
pub struct ProxyProcess(ChildProcess);

impl ProxyProcess {
    /// Starts a proxy before a server, and waits until it passes requests on. Returns the target
    /// that reaches the server through it.
    pub async fn start(
        proxy: Proxy,
        server: Target,
        connections: u64,
        cpus: Option<&Cpus>,
    ) -> anyhow::Result<(Self, Target)> {
        let mut guard = ProxyProcess(ChildProcess::start(&["proxy"], cpus)?);
        let job = ProxyJob {
            proxy,
            server: server.address,
            connections,
        };
        guard
            .0
            .send(&job)
            .await
            .context("the proxy's guard ended")?;
        let (address, pid) = match guard.0.receive().await? {
            Some(ProxyReport::Listens { address, pid }) => (address, pid),
            Some(ProxyReport::Ended(why)) => bail!("the proxy did not start: {why}"),
            None => bail!("the proxy did not start: its guard ended"),
        };
        let target = Target {
            address,
            origin: format!("http://{address}"),
            proxy: Some(ProxyHop {
                server: server.address,
                pid,
            }),
            ..server
        };
        if !discover::is_alive(&target).await {
            bail!("{proxy} passes no request on to the server");
        }
        Ok((guard, target))
    }

    /// Waits until the proxy ends, which it should not. May be cancelled without loss.
    pub async fn died(&mut self) -> String {
        match self.0.receive().await {
            Ok(Some(ProxyReport::Ended(how))) => format!("the proxy died: {how}"),
            _ => "the proxy died with its guard".to_owned(),
        }
    }
}

impl Drop for ProxyProcess {
    fn drop(&mut self) {
        let child = &mut self.0.child;
        let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid as i32)) else {
            return;
        };
        let _ = kill_process(pid, Signal::TERM);
        let started = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && started.elapsed() < END_PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
