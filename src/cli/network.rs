//! `wslab network`: the process of a run's network. Its job is the first line of standard input.

use std::io::BufRead;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::cli::process::runtime;
use crate::network::process;
use crate::network::protocol::NetworkJob;

#[derive(Debug, Args)]
pub(super) struct NetworkArgs {}

impl NetworkArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        let job: NetworkJob = serde_json::from_str(&line)
            .context("wslab network is for wslab run, which gives it its job")?;
        runtime()?.block_on(process::run(job))?;
        Ok(ExitCode::SUCCESS)
    }
}
