//! `wslab proxy`: the guard of a trial's proxy. Its job is the first line of standard input.

use std::process::ExitCode;
use std::thread;

use clap::Args;
use tokio::sync::oneshot;

use crate::cli::process::{confine, interrupted, job, runtime, wait_for_parent};
use crate::lab::proxy::{ProxyJob, guard};
use crate::system::cpus::Cpus;
use crate::system::process;

#[derive(Debug, Args)]
pub(super) struct ProxyArgs {
    /// Run on these CPUs only
    #[arg(long, hide = true)]
    cpus: Option<Cpus>,
}

impl ProxyArgs {
    /// The proxy belongs to this thread: the kernel ends it when the thread ends.
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        confine(self.cpus.as_ref())?;
        process::raise_descriptor_limit();
        let job: ProxyJob = job("proxy")?;
        runtime()?.block_on(async {
            let (sender, parent_ended) = oneshot::channel();
            let signal = interrupted();
            thread::spawn(move || {
                wait_for_parent();
                let _ = sender.send(());
            });
            let ended = async {
                tokio::select! {
                    _ = parent_ended => {}
                    _ = signal => {}
                }
            };
            guard::run(&job, ended).await
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
