//! `wslab doctor`: what on this machine would spoil a measurement.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::help::{self, headings};
use crate::lab::factors::MAX_CLIENTS;
use crate::system::doctor::{self, Level};
use crate::system::info::SystemInfo;
use crate::system::limits::Requirements;
use crate::system::output;

/// How long the doctor watches the CPU time of other processes.
const WATCH: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::DOCTOR))]
#[command(after_long_help = help::full(help::DOCTOR, help::DOCTOR_CODES))]
pub(super) struct DoctorArgs {
    /// Subscribers that are to be measured
    #[arg(long, value_name = "N", default_value_t = 5_000, help_heading = headings::LOAD)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_CLIENTS)))]
    clients: u32,
}

impl DoctorArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let requirements = Requirements::of(self.clients.into());
        let findings = doctor::findings(&SystemInfo::sample(WATCH), &requirements);
        for finding in &findings {
            output::write(format!("{finding}\n"))?;
        }
        let bad = findings.iter().any(|finding| finding.level == Level::Bad);
        Ok(ExitCode::from(u8::from(bad)))
    }
}
