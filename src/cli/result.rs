//! How a result is written: for people, or for scripts.

use std::path::Path;

use clap::ValueEnum;

use crate::lab::scenario::Scenario;
use crate::report::export::{self, CapacityDocument, RunDocument};
use crate::report::{self, MissingTrials, TextStyle};
use crate::results::{CapacityRow, SearchVerdict, TrialRow};
use crate::stats::judgement::Judgement;
use crate::stats::summary;
use crate::texts::Locale;

/// The formats of a result on standard output. Progress and errors are on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables for a terminal
    #[default]
    #[value(alias = "html")]
    Table,
    /// One document, also where the command fails
    Json,
    /// Rows with a header
    Csv,
    /// Tables for a pull request on GitHub
    Md,
}

/// The result of a run in a format.
pub(super) fn show_run(
    (folder, scenario): (&Path, &Scenario),
    trials: &[TrialRow],
    judged: &[Judgement],
    format: Format,
    style: TextStyle,
) -> anyhow::Result<String> {
    let (missing, locale) = (missing(scenario, trials), Locale::En);
    let id = folder.file_name().unwrap_or_default().to_string_lossy();
    let document = || {
        let named = (scenario.name.as_str(), scenario.question.as_str());
        let place = (&*id, folder.display().to_string());
        RunDocument::new(named, place, trials, &missing, judged)
    };
    match format {
        Format::Table => {
            let table = report::text_table(trials, &missing, style, locale);
            match report::judgements(judged, style.width, locale) {
                none if none.is_empty() => Ok(table),
                judged => Ok(table + "\n" + &judged),
            }
        }
        Format::Json => export::json(&document()),
        Format::Csv => export::csv(&summary::rows(trials)),
        Format::Md => Ok(export::run_markdown(&document(), trials, locale)),
    }
}

/// The result of a search in a format.
pub(super) fn show_capacity(
    (folder, scenario): (&Path, &Scenario),
    trials: &[TrialRow],
    found: &[CapacityRow],
    format: Format,
    style: TextStyle,
) -> anyhow::Result<String> {
    let unfinished = |row: &CapacityRow| row.verdict == SearchVerdict::Unfinished;
    match format {
        Format::Table => Ok(report::capacity_table(found, trials, style, Locale::En)),
        Format::Json => export::json(&CapacityDocument {
            scenario: &scenario.name,
            run: &folder.file_name().unwrap_or_default().to_string_lossy(),
            folder: folder.display().to_string(),
            question: &scenario.question,
            complete: !trials.is_empty() && !found.iter().any(unfinished),
            conditions: export::conditions(trials),
            transports: found,
        }),
        Format::Csv => export::csv(found),
        Format::Md => Ok(export::capacity_markdown(found, trials, Locale::En)),
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
