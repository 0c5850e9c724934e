//! `wslab man`: the manual, made from the help.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli::help;
use crate::error::{UsageError, nearest};
use crate::system::output;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::MAN))]
#[command(after_long_help = help::full(help::MAN, help::PRINT_CODES))]
pub(super) struct ManArgs {
    /// Command whose page is printed, or folder for all pages
    ///
    /// Without it, the main page is printed. The folder is made where it does not exist. For a
    /// folder that has the name of a command, write ./run.
    #[arg(value_name = "COMMAND|DIR")]
    page: Option<PathBuf>,
}

impl ManArgs {
    pub(super) fn execute(self, wslab: Command) -> anyhow::Result<ExitCode> {
        let mut wslab = wslab.disable_help_subcommand(true);
        let named = match self.page {
            None => wslab,
            Some(page) => {
                wslab.build();
                let name = page.to_str().unwrap_or_default();
                let command = wslab.find_subcommand(name.trim_start_matches("wslab-"));
                match command.cloned() {
                    Some(command) => command,
                    None => {
                        let commands = wslab.get_subcommands().map(Command::get_name);
                        if let Some(near) = nearest(name, commands) {
                            let why = format!(
                                "{name} is no command: did you mean {near}? A folder of that name \
                                 is ./{name}"
                            );
                            return Err(UsageError(why).into());
                        }
                        return write_all(wslab, &page);
                    }
                }
            }
        };
        let mut page = Vec::new();
        Man::new(named).render(&mut page)?;
        output::write(page)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a page for each command, and says where.
fn write_all(wslab: Command, folder: &Path) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(wslab, folder))
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    output::write(format!("pages written to {}\n", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
