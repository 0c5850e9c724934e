//! The runs below a folder of results: the newest, and all of them as a list.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use crate::cli::result::{Format, missing};
use crate::lab::recorded_run::RecordedRun;
use crate::report::export;
use crate::results::{self, TrialRow, Verdict};

/// A run, for a list.
#[derive(Debug, Serialize)]
struct ListedRun {
    folder: String,
    started_at: String,
    scenario: String,
    question: String,
    /// Names, separated by spaces.
    transports: String,
    trials: usize,
    complete: bool,
    /// The worst of all trials.
    verdict: Option<Verdict>,
}

/// All runs below a folder of results, the oldest first, in a format.
pub(super) fn list(results: &Path, format: Format) -> anyhow::Result<String> {
    let runs = folders_of_runs(results);
    let runs = runs.iter().filter_map(|run| match listed(run) {
        Ok(listed) => Some(listed),
        // One folder that cannot be read does not hide the others.
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "left out: {error:#}");
            None
        }
    });
    let runs: Vec<ListedRun> = runs.collect();
    match format {
        Format::Table => Ok(runs.iter().map(entry).collect()),
        Format::Json => export::json(&serde_json::json!({ "runs": runs })),
        Format::Csv => export::csv(&runs),
        Format::Md => Ok(export::runs_markdown(
            &runs.iter().map(cells).collect::<Vec<_>>(),
        )),
    }
}

fn listed(run: &Path) -> anyhow::Result<ListedRun> {
    let RecordedRun {
        scenario,
        environment,
    } = RecordedRun::read(run)?;
    let trials: Vec<TrialRow> = results::read_rows_if_there(&run.join("trials.csv"))?;
    let transports: Vec<&str> = scenario.transports.iter().map(|one| one.name()).collect();
    Ok(ListedRun {
        folder: run.display().to_string(),
        started_at: environment.started_at,
        transports: transports.join(" "),
        trials: trials.len(),
        complete: !trials.is_empty() && missing(&scenario, &trials).is_empty(),
        verdict: trials.iter().map(|trial| trial.verdict).max(),
        scenario: scenario.name,
        question: scenario.question,
    })
}

/// A run in three lines.
fn entry(run: &ListedRun) -> String {
    let [started_at, verdict, folder, scenario, question, transports] = cells(run);
    let what = if question.is_empty() {
        scenario
    } else {
        question
    };
    format!("{started_at}  {verdict}  {folder}\n    {what}\n    {transports}\n")
}

fn cells(run: &ListedRun) -> [String; 6] {
    let verdict = match (run.verdict, run.complete) {
        (None, _) => "no trial".to_owned(),
        (Some(verdict), true) => verdict.to_string(),
        (Some(verdict), false) => format!("{verdict}, not complete"),
    };
    [
        run.started_at.clone(),
        verdict,
        run.folder.clone(),
        run.scenario.clone(),
        run.question.clone(),
        run.transports.clone(),
    ]
}

/// The folders `<results>/<scenario>/<run>`, the oldest first.
fn folders_of_runs(results: &Path) -> Vec<PathBuf> {
    let folders = |of: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let began = |run: &PathBuf| run.join("environment.json").metadata()?.modified();
    let scenarios = folders(results).into_iter();
    let runs = scenarios.flat_map(|scenario| folders(&scenario));
    let mut runs: Vec<_> = runs
        .filter_map(|run| Some((began(&run).ok()?, run)))
        .collect();
    runs.sort();
    runs.into_iter().map(|(_, run)| run).collect()
}

/// The run that began last, of those with a finished trial.
pub(super) fn newest_run(results: &Path) -> anyhow::Result<PathBuf> {
    let mut runs = folders_of_runs(results).into_iter().rev();
    let newest = runs.find(|run| run.join("trials.csv").is_file());
    newest.with_context(|| {
        format!(
            "there is no run with a finished trial in {}: make one with wslab run",
            results.display()
        )
    })
}
