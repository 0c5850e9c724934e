//! `wslab demo`: the server with demonstration feeds, and its page.

use std::process::ExitCode;

use clap::Args;

use crate::cli::serve::ServeArgs;

/// Simulated sensors, unless a flag says how many.
const SENSORS: u32 = 4;

#[derive(Args)]
pub(super) struct DemoArgs {
    #[command(flatten)]
    serve: ServeArgs,
}

impl DemoArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        self.serve.demonstrating(SENSORS).execute()
    }
}
