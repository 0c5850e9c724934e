//! A run's end of its network: a child process with the link and its namespaces.

use std::io;

use anyhow::{Context, bail};

use crate::load::child_process::ChildProcess;
use crate::load::link::Link;
use crate::network::conditions::LinkConditions;
use crate::network::protocol::{
    NetworkCommand, NetworkJob, NetworkReady, NetworkReply, NetworkReport,
};
use crate::system::namespace::Namespace;

/// A network that belongs to this process, and ends with this value.
#[derive(Debug)]
pub struct NetworkProcess {
    process: ChildProcess,
    pub ready: NetworkReady,
}

impl NetworkProcess {
    /// Makes a network and measures it.
    ///
    /// # Errors
    /// This machine cannot make one, or not for this user.
    pub async fn start(conditions: LinkConditions, seed: u64) -> anyhow::Result<Self> {
        NetworkProcess::of(NetworkJob {
            conditions,
            seed,
            measure: true,
        })
        .await
    }

    /// Whether this machine can make networks for this user; or else what is missing.
    pub async fn check() -> anyhow::Result<()> {
        let nothing = NetworkJob {
            conditions: LinkConditions::NONE,
            seed: 0,
            measure: false,
        };
        NetworkProcess::of(nothing).await.map(drop)
    }

    async fn of(job: NetworkJob) -> anyhow::Result<Self> {
        let mut process = ChildProcess::start(&["network"], None)?;
        process.send(&job).await?;
        match process.receive().await? {
            Some(NetworkReply::Ready(ready)) => Ok(NetworkProcess {
                process,
                ready: *ready,
            }),
            Some(NetworkReply::Failed(why)) => bail!(why),
            _ => bail!("the network did not start"),
        }
    }

    /// The namespace of the load.
    pub fn of_load(&self) -> io::Result<Namespace> {
        Namespace::open(&self.ready.load, self.ready.user.as_deref())
    }

    /// The namespace of the server.
    pub fn of_server(&self) -> io::Result<Namespace> {
        Namespace::open(&self.ready.server, self.ready.user.as_deref())
    }

    /// Says when the first message of the window is due, on the monotonic clock.
    pub async fn window_opens(&mut self, at_ns: u64) -> anyhow::Result<()> {
        self.process
            .send(&NetworkCommand::WindowOpens { at_ns })
            .await
    }

    /// What passed so far.
    pub async fn report(&mut self) -> anyhow::Result<NetworkReport> {
        self.process.send(&NetworkCommand::Report).await?;
        match self.process.receive().await? {
            Some(NetworkReply::Report(report)) => Ok(*report),
            _ => {
                let ended = self.process.child.wait().await?;
                Err(anyhow::anyhow!("{ended}")).context("the network ended early")
            }
        }
    }
}
