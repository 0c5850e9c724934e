//! `wslab completions`: what a shell needs to complete commands, flags and values.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command};
use clap_complete::Shell;

use crate::cli::help;
use crate::lab::scenario::BUILT_IN;
use crate::system::output;
use crate::transport::Transport;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::COMPLETIONS))]
#[command(after_long_help = help::full(help::COMPLETIONS, help::PRINT_CODES))]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn execute(self, wslab: Command) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        let mut wslab = completed(&wslab, self.shell).version("");
        clap_complete::generate(self.shell, &mut wslab, "wslab", &mut script);
        output::write(script)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The command with what is offered: nothing that help hides.
fn completed(command: &Command, shell: Shell) -> Command {
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let subcommands = command.get_subcommands().filter(|it| !it.is_hide_set());
    Command::new(command.get_name().to_owned())
        .about(command.get_about().cloned().unwrap_or_default())
        .args(args.map(|arg| with_values(arg.clone(), shell)))
        .subcommands(subcommands.map(|it| completed(it, shell)))
}

/// The values that a shell offers: what stands in the value's name, as in on|off, transports, and
/// scenarios. Zsh would offer no files beside the scenarios.
fn with_values(arg: Arg, shell: Shell) -> Arg {
    let name = arg.get_value_names().and_then(|names| names.first());
    let values: Vec<String> = match name.map_or("", |name| name.as_str()) {
        "T" | "T,…" | "TRANSPORT" => Transport::CHOICES.map(|it| it.to_string()).into(),
        "SCENARIO" if shell != Shell::Zsh => BUILT_IN.map(|(name, _)| name.to_owned()).into(),
        words if words.contains('|') && words.chars().all(|c| c == '|' || c.is_lowercase()) => {
            words.split('|').map(str::to_owned).collect()
        }
        _ => return arg,
    };
    arg.value_parser(PossibleValuesParser::new(values))
        .default_values(&[] as &[&str])
}
