//! `wslab completions`: what a shell needs to complete commands and flags.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::{Cli, help};
use crate::system::output;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::COMPLETIONS))]
#[command(after_long_help = help::full(help::COMPLETIONS, help::PRINT_CODES))]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "wslab", &mut script);
        output::write(script)?;
        Ok(ExitCode::SUCCESS)
    }
}
