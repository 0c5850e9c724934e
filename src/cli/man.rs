//! `wslab man`: the manual, made from the help.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli::help;
use crate::system::output;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::MAN))]
#[command(after_long_help = help::full(help::MAN, help::PRINT_CODES))]
pub(super) struct ManArgs {
    /// Folder for one page a command
    ///
    /// It is made where it does not exist. Without it, the main page is printed.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl ManArgs {
    pub(super) fn execute(self, wslab: Command) -> anyhow::Result<ExitCode> {
        let wslab = wslab.disable_help_subcommand(true);
        match self.folder {
            Some(folder) => {
                std::fs::create_dir_all(&folder)
                    .and_then(|()| clap_mangen::generate_to(wslab, &folder))
                    .with_context(|| format!("cannot write to {}", folder.display()))?;
            }
            None => {
                let mut page = Vec::new();
                Man::new(wslab).render(&mut page)?;
                output::write(page)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
