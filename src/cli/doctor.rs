//! `wslab doctor`: what on this machine would spoil a measurement.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::args::within;
use crate::cli::help::{self, headings};
use crate::cli::result::Format;
use crate::lab::factors::MAX_CLIENTS;
use crate::report::export;
use crate::system::doctor::{self, Finding, Level};
use crate::system::info::SystemInfo;
use crate::system::limits::Requirements;
use crate::system::output;
use crate::texts::{NO_BREAK, folded};

/// As wide as the column of levels.
const INDENT: &str = "      ";

/// How long the doctor watches the CPU time of other processes.
const WATCH: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::DOCTOR))]
#[command(after_long_help = help::full(help::DOCTOR, help::DOCTOR_CODES))]
pub(super) struct DoctorArgs {
    /// Subscribers that are to be measured
    #[arg(long, value_name = "N", default_value = "5k", help_heading = headings::LOAD)]
    #[arg(value_parser = within(1..=MAX_CLIENTS, "clients"))]
    clients: u32,
    /// How the result is printed
    ///
    /// table: for a terminal. json: one document, also where the command fails. csv: rows with a
    /// header. md: tables for a pull request on GitHub.
    #[arg(long, value_name = "table|json|csv|md", value_enum, default_value_t)]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    format: Format,
}

/// The findings, for scripts.
#[derive(Serialize)]
struct Checks<'f> {
    clients: u32,
    checks: &'f [Finding],
}

impl DoctorArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let requirements = Requirements::of(self.clients.into());
        let findings = doctor::findings(&SystemInfo::sample(WATCH), &requirements);
        output::write(match self.format {
            Format::Table => table(&findings, output::width()),
            Format::Json => export::json(&Checks {
                clients: self.clients,
                checks: &findings,
            })?,
            Format::Csv => export::csv(&findings)?,
            Format::Md => {
                let row = |finding: &Finding| {
                    let Finding {
                        level,
                        name,
                        what,
                        fix,
                    } = finding;
                    [
                        level.to_string(),
                        (*name).to_owned(),
                        what.clone(),
                        fix.clone(),
                    ]
                };
                export::checks_markdown(&findings.iter().map(row).collect::<Vec<_>>())
            }
        })?;
        let bad = findings.iter().any(|finding| finding.level == Level::Bad);
        Ok(ExitCode::from(u8::from(bad)))
    }
}

/// The findings in lines of at most so many columns; those after a finding's first are indented.
fn table(findings: &[Finding], width: usize) -> String {
    let lines = findings.iter().flat_map(|finding| {
        let line = finding.to_string();
        let (level, rest) = line.split_at(INDENT.len());
        let level = level.replace(' ', &NO_BREAK.to_string());
        folded(&(level + rest), width, INDENT)
    });
    lines.map(|line| line + "\n").collect()
}
