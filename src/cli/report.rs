//! `wslab report`: plots and page of a run, from what is on disk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde::de::DeserializeOwned;

use crate::cli::args::{ResultsArgs, write_defaults};
use crate::cli::display::TableArgs;
use crate::cli::help;
use crate::lab::capacity;
use crate::lab::config::Config;
use crate::lab::recorded_run::RecordedRun;
use crate::lab::scenario::Scenario;
use crate::report::{self, MissingTrials, Report, TextStyle};
use crate::results::{self, CapacityRow, TimelineRow, TrialRow};
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
    #[command(flatten)]
    table: TableArgs,
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
        for folder in runs {
            let run = RunFiles::read(&folder)?;
            let page = run.write_report()?;
            output::write(run.answer(self.table.style()))?;
            output::write_link("report: ", &page)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What a run left on disk.
pub(super) struct RunFiles {
    folder: PathBuf,
    id: String,
    recorded: RecordedRun,
    trials: Vec<TrialRow>,
    timeline: Vec<TimelineRow>,
    /// What a search has found; empty for any other run.
    capacity: Vec<CapacityRow>,
}

impl RunFiles {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let recorded = RecordedRun::read(folder)?;
        let trials = read_if_there(&folder.join("trials.csv"))?;
        // The run's id is the name of its folder, which a path such as "." does not end with.
        let whole = folder.canonicalize()?;
        let id = whole
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(RunFiles {
            capacity: capacity::rows(&recorded.scenario, &id, &trials),
            timeline: read_if_there(&folder.join("timeline.csv"))?,
            folder: folder.to_owned(),
            id,
            recorded,
            trials,
        })
    }

    /// Rebuilds the report, and returns the page's path.
    pub(super) fn write_report(&self) -> anyhow::Result<PathBuf> {
        let RunFiles {
            folder,
            recorded,
            trials,
            ..
        } = self;
        if !trials.is_empty() {
            summary::write(folder, trials)?;
        }
        if !self.capacity.is_empty() {
            capacity::write(folder, &self.capacity)?;
        }
        let scenario = &recorded.scenario;
        let report = Report {
            locale: Locale::En,
            scenario: &scenario.name,
            run: &self.id,
            question: Some(scenario.question.as_str()).filter(|question| !question.is_empty()),
            machine: &recorded.environment.lines(),
            trials,
            missing: &missing(scenario, trials),
            timeline: &self.timeline,
            capacity: &self.capacity,
        };
        report::write(folder, &report)
    }

    /// What the run printed at its end.
    pub(super) fn answer(&self, style: TextStyle) -> String {
        let (trials, locale) = (&self.trials, Locale::En);
        match self.capacity.is_empty() {
            true => {
                let missing = missing(&self.recorded.scenario, trials);
                report::text_table(trials, &missing, style, locale)
            }
            false => report::capacity_table(&self.capacity, trials, style, locale),
        }
    }
}

/// The rows of a file; none where a run was interrupted before it wrote the file.
fn read_if_there<R: DeserializeOwned>(file: &Path) -> anyhow::Result<Vec<R>> {
    match file.exists() {
        true => results::read_rows(file),
        false => Ok(Vec::new()),
    }
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
