//! `wslab completions`: what a shell needs to complete commands and flags.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::help;
use crate::system::output;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::COMPLETIONS))]
#[command(after_long_help = help::full(help::COMPLETIONS, help::PRINT_CODES))]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn execute(self, mut wslab: Command) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut wslab, "wslab", &mut script);
        output::write(script)?;
        Ok(ExitCode::SUCCESS)
    }
}
