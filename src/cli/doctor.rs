//! `wslab doctor`: what on this machine would spoil a measurement.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::args::{ResultsArgs, within};
use crate::cli::display::ColorArgs;
use crate::cli::help::{self, headings};
use crate::cli::process::{interrupted, runtime};
use crate::cli::result::Format;
use crate::lab::calibrate::calibrate;
use crate::lab::calibration::Calibration;
use crate::lab::factors::MAX_CLIENTS;
use crate::network::NEEDS;
use crate::network::child::NetworkProcess;
use crate::report::{TextStyle, export};
use crate::system::doctor::{self, Finding, Level};
use crate::system::info::SystemInfo;
use crate::system::limits::Requirements;
use crate::system::output;
use crate::texts::{NO_BREAK, Numbers, folded};
use crate::transport::theory::Costs;

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
    /// Measure what a message costs here
    ///
    /// Takes about twenty seconds. The costs are kept in the folder of the results. Later runs
    /// predict latency and CPU time with them, as long as this machine and this version stay the
    /// same.
    #[arg(long, conflicts_with = "clients", help_heading = headings::WHAT)]
    calibrate: bool,
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    color: ColorArgs,
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
        if self.calibrate {
            self.calibrate()?;
            return Ok(ExitCode::SUCCESS);
        }
        let requirements = Requirements::of(self.clients.into());
        let mut findings = doctor::findings(&SystemInfo::sample(WATCH), &requirements);
        findings.push(networks(runtime()?.block_on(NetworkProcess::check())));
        output::write(match self.format {
            Format::Table => table(&findings, self.color.style()),
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

    /// Measures the costs of a message, and keeps and prints them.
    fn calibrate(&self) -> anyhow::Result<()> {
        let folder = self.results.find()?;
        let runtime = runtime()?;
        let quiet = self.format != Format::Table;
        let calibration = runtime.block_on(async { calibrate(quiet, interrupted()).await })?;
        calibration.write(&folder)?;
        let costs = Cost::all(&calibration.costs);
        output::write(match self.format {
            Format::Table => {
                let words = words(&calibration, &folder);
                let lines = words.lines();
                let lines = lines.flat_map(|line| folded(line, output::width(), ""));
                lines.map(|line| line + "\n").collect()
            }
            Format::Json => export::json(&calibration)?,
            Format::Csv => export::csv(&costs)?,
            Format::Md => words(&calibration, &folder).replace('\n', "\n\n"),
        })?;
        Ok(())
    }
}

/// Which networks of its own a run can make here.
fn networks(made: anyhow::Result<()>) -> Finding {
    let (level, what, fix) = match made {
        Ok(()) => {
            let what = "--network can delay, lose and black out packets here, and limit their rate";
            (Level::Ok, what.to_owned(), "")
        }
        Err(missing) => {
            let what = format!("--network cannot be used here: {missing:#}");
            (Level::Warn, what, NEEDS)
        }
    };
    Finding {
        level,
        name: "networks",
        what,
        fix: fix.to_owned(),
    }
}

/// A cost of a message, for scripts. The unit is µs; for `idle`, µs in a second.
#[derive(Serialize)]
struct Cost {
    cost: &'static str,
    kernel_us: Option<f64>,
    program_us: f64,
}

impl Cost {
    fn all(Costs { kernel, program }: &Costs) -> [Self; 4] {
        [
            ("write", Some(kernel.write_us), program.server_us),
            ("read", Some(kernel.read_us), program.load_us),
            ("first", Some(2.0 * kernel.hop_us), program.publish_us),
            ("idle", None, program.server_idle_us_per_s),
        ]
        .map(|(cost, kernel_us, program_us)| Cost {
            cost,
            kernel_us,
            program_us,
        })
    }
}

/// A calibration in words.
fn words(calibration: &Calibration, folder: &Path) -> String {
    let Costs { kernel, program } = calibration.costs;
    let us = |us: f64| Numbers::ENGLISH.duration_us(us.max(0.0));
    let mut text = format!(
        "A delivery takes the server {} of CPU in the kernel, to write, and {} in its program.\n\
         It takes the load {} of CPU in the kernel, to read, and {} in its program.\n\
         A sleeping thread reads {} after the write. From publishing to the first delivery it \
         takes {}.\n\
         Without messages, the server uses {} of CPU a second.\n",
        us(kernel.write_us),
        us(program.server_us),
        us(kernel.read_us),
        us(program.load_us),
        us(kernel.hop_us),
        us(2.0 * kernel.hop_us + program.publish_us),
        us(program.server_idle_us_per_s),
    );
    let doubts = &calibration.warnings;
    if !doubts.is_empty() {
        text += &format!("SUSPECT: {doubts}. Repeat it when nothing else runs.\n");
    }
    let folder = folder.display();
    text + &format!("Kept in {folder}. The next runs predict with it.\n")
}

/// The findings in lines that fit; those after a finding's first are indented.
fn table(findings: &[Finding], style: TextStyle) -> String {
    let lines = findings.iter().flat_map(|finding| {
        let line = finding.to_string();
        let (level, rest) = line.split_at(INDENT.len());
        let kept = level.replace(' ', &NO_BREAK.to_string());
        let mut lines = folded(&(kept + rest), style.width, INDENT);
        let coloured = match finding.level {
            Level::Ok => style.good(level),
            Level::Warn => style.warn(level),
            Level::Bad => style.bad(level),
        };
        lines[0] = lines[0].replacen(level, &coloured, 1);
        lines
    });
    lines.map(|line| line + "\n").collect()
}
