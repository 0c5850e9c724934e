//! `wslab network`: the process of a run's network. Its job is the first line of standard input.

use std::process::ExitCode;

use clap::Args;

use crate::cli::process::{job, runtime};
use crate::network::process;
use crate::network::protocol::NetworkJob;

#[derive(Debug, Args)]
pub(super) struct NetworkArgs {}

impl NetworkArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let job: NetworkJob = job("network")?;
        runtime()?.block_on(process::run(job))?;
        Ok(ExitCode::SUCCESS)
    }
}
