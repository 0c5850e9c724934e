//! `wslab demo`: the server with demonstration feeds, and its page.

use std::process::ExitCode;

use clap::{Arg, Args};

use crate::cli::help;
use crate::cli::serve::ServeArgs;

/// Simulated sensors, unless a flag says how many.
const SENSORS: u32 = 4;

#[derive(Args)]
#[command(mut_args(with_sensors))]
#[command(after_help = help::brief(help::DEMO))]
#[command(after_long_help = help::full(help::DEMO, help::SERVE_CODES))]
pub(super) struct DemoArgs {
    #[command(flatten)]
    serve: ServeArgs,
}

impl DemoArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        self.serve.demonstrating(SENSORS).execute()
    }
}

/// Adds the default of demo to the help of --sensors.
fn with_sensors(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "sensors" => help::with_default(arg, &SENSORS.to_string()),
        _ => arg,
    }
}
