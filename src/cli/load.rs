//! `wslab load`: a load process. Its job is the first line of standard input.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::runtime::LocalRuntime;

use crate::cli::process::{confine, job};
use crate::load::link::ParentLink;
use crate::load::protocol::Job;
use crate::load::{agent, controller};
use crate::system::cpus::Cpus;
use crate::system::process;

#[derive(Debug, Args)]
pub(super) struct LoadArgs {
    /// Run on these CPUs only
    #[arg(long, hide = true)]
    cpus: Option<Cpus>,

    /// Remove this folder if the run is killed
    #[arg(long, value_name = "FOLDER", hide = true)]
    remove: Option<PathBuf>,
}

impl LoadArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        confine(self.cpus.as_ref())?;
        process::raise_descriptor_limit();
        let job: Job = job("load")?;
        let link = ParentLink::open_until(move || {
            // It may be gone already.
            self.remove.map(std::fs::remove_dir_all);
        });
        LocalRuntime::new()?.block_on(async {
            match job {
                Job::Control(plan) => controller::run(plan, link).await,
                Job::Agent(job) => agent::run(job, link).await,
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
