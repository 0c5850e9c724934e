//! `wslab report`: plots and page of a run, from what is on disk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::cli::args::{ResultsArgs, write_defaults};
use crate::cli::help;
use crate::lab::capacity;
use crate::lab::config::Config;
use crate::lab::recorded_run::RecordedRun;
use crate::lab::scenario::Scenario;
use crate::report::{self, MissingTrials, Report};
use crate::results::{self, TrialRow};
use crate::stats::summary;
use crate::system::output;
use crate::texts::Locale;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::REPORT))]
#[command(after_long_help = help::full(help::REPORT, help::REPORT_CODES))]
pub(super) struct ReportArgs {
    /// Folders of runs; the newest run if none is named
    #[arg(value_name = "RUN_DIR")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    results: ResultsArgs,
}

impl ReportArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let runs = match self.runs.is_empty() {
            true => {
                let config = Config::find()?;
                let (results, is_configured) = self.results.folder(&config);
                write_defaults(&config, if is_configured { &["results"] } else { &[] });
                vec![newest_run(&results)?]
            }
            false => self.runs,
        };
        for run in runs {
            output::write_path("", &write_report(&run)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Rebuilds a run's report from its folder and returns the page's path.
pub(super) fn write_report(folder: &Path) -> anyhow::Result<PathBuf> {
    let RecordedRun {
        scenario,
        environment,
    } = RecordedRun::read(folder)?;
    // A run that was interrupted in its first trial has neither file.
    let (trials, timeline) = (folder.join("trials.csv"), folder.join("timeline.csv"));
    let trials = if trials.exists() {
        results::read_rows(&trials)?
    } else {
        Vec::new()
    };
    let timeline = if timeline.exists() {
        results::read_rows(&timeline)?
    } else {
        Vec::new()
    };
    if !trials.is_empty() {
        summary::write(folder, &trials)?;
    }
    // The run's id is the name of its folder, which a path such as "." does not end with.
    let whole = folder.canonicalize()?;
    let run = whole.file_name().unwrap_or_default().to_string_lossy();
    let capacity = capacity::rows(&scenario, &run, &trials);
    if !capacity.is_empty() {
        capacity::write(folder, &capacity)?;
    }
    let report = Report {
        locale: Locale::En,
        scenario: &scenario.name,
        run: &run,
        question: Some(scenario.question.as_str()).filter(|question| !question.is_empty()),
        machine: &environment.lines(),
        trials: &trials,
        missing: &missing(&scenario, &trials),
        timeline: &timeline,
        capacity: &capacity,
    };
    report::write(folder, &report)
}

/// What a run still lacks of what its scenario asks for.
pub(super) fn missing(scenario: &Scenario, trials: &[TrialRow]) -> Vec<MissingTrials> {
    let missing = scenario.missing(trials);
    let rows: Vec<TrialRow> = missing.iter().map(|(cell, _)| cell.row()).collect();
    let all: Vec<&TrialRow> = trials.iter().chain(&rows).collect();
    let missing = rows.iter().zip(missing);
    let missing = missing.map(|(row, (cell, trials))| MissingTrials {
        transport: cell.factors.transport(),
        name: report::cell_name(row, &all, Locale::En),
        trials,
        of: scenario.repeats,
    });
    missing.collect()
}

/// The run that began last among the folders `<results>/<scenario>/<run>` with a finished trial.
fn newest_run(results: &Path) -> anyhow::Result<PathBuf> {
    let folders = |of: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let began = |run: &PathBuf| run.join("environment.json").metadata()?.modified();
    folders(results)
        .iter()
        .flat_map(|scenario| folders(scenario))
        .filter(|run| run.join("trials.csv").is_file())
        .filter_map(|run| Some((began(&run).ok()?, run)))
        .max()
        .map(|(_, run)| run)
        .with_context(|| {
            format!(
                "there is no run with a finished trial in {}: make one with wslab run",
                results.display()
            )
        })
}
