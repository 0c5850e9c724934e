//! How a result is written: for people, or for scripts.

use std::path::Path;

use clap::ValueEnum;

use crate::cli::judged_claim::judged_claim;
use crate::lab::environment::Environment;
use crate::lab::factors::Until;
use crate::lab::scenario::Scenario;
use crate::report::export::{self, CapacityDocument, NamedRun, RunDocument};
use crate::report::{self, MissingTrials, TextStyle, UntilRun};
use crate::results::{CapacityRow, RecoveryRow, SearchVerdict, TrialRow};
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

/// A run that is shown.
pub(super) struct ShownRun<'r> {
    /// The name of its folder.
    pub id: &'r str,
    pub folder: &'r Path,
    pub scenario: &'r Scenario,
    pub environment: &'r Environment,
    pub trials: &'r [TrialRow],
    pub recoveries: &'r [RecoveryRow],
}

impl Format {
    /// The language of a result: formats for programs are English.
    pub(super) fn locale(self, asked: Locale) -> Locale {
        match self {
            Format::Table | Format::Md => asked,
            Format::Json | Format::Csv => Locale::En,
        }
    }
}

impl<'r> ShownRun<'r> {
    fn named(&self) -> NamedRun<'r> {
        NamedRun {
            scenario: &self.scenario.name,
            run: self.id,
            folder: self.folder.display().to_string(),
            question: &self.scenario.question,
        }
    }
}

/// A result on standard output.
pub(super) struct Shown {
    pub text: String,
    /// What is printed after all else.
    pub answer: String,
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        let answer = String::new();
        Shown { text, answer }
    }
}

/// The result of a run in a format.
pub(super) fn show_run(
    run: &ShownRun,
    judged: &[Judgement],
    format: Format,
    (style, locale): (TextStyle, Locale),
) -> anyhow::Result<Shown> {
    let (trials, recoveries, locale) = (run.trials, run.recoveries, format.locale(locale));
    let missing = missing(run.scenario, trials, locale);
    let until = until(run.scenario, run.environment, trials, locale);
    let document = || {
        let until = until.clone();
        let rows = (trials, recoveries);
        RunDocument::new(run.named(), rows, &missing, until, judged, locale)
    };
    Ok(match format {
        Format::Table => {
            let until = until.map(|until| report::paragraph(&until, style.width));
            let claim = judged_claim(run.scenario, trials, locale);
            let parts = [
                report::text_table(trials, &missing, style, locale),
                report::recovery_table(trials, recoveries, style, locale),
                until.unwrap_or_default(),
                report::judgements(judged, style, locale),
                claim.map_or(String::new(), |it| {
                    report::claims_table(&[it], style, locale)
                }),
            ];
            let parts = parts.into_iter().filter(|part| !part.is_empty());
            Shown {
                text: parts.collect::<Vec<_>>().join("\n"),
                answer: report::text_answer(trials, style, locale),
            }
        }
        Format::Json => export::json(&document())?.into(),
        Format::Csv => export::csv(&summary::rows(trials))?.into(),
        Format::Md => export::run_markdown(&document(), trials, recoveries, locale).into(),
    })
}

/// The result of a search in a format.
pub(super) fn show_capacity(
    run: &ShownRun,
    found: &[CapacityRow],
    format: Format,
    (style, locale): (TextStyle, Locale),
) -> anyhow::Result<Shown> {
    let trials = run.trials;
    let unfinished = |row: &CapacityRow| row.verdict == SearchVerdict::Unfinished;
    let text = match format {
        Format::Table => report::capacity_table(found, trials, style, locale),
        Format::Json => export::json(&CapacityDocument {
            named: run.named(),
            complete: !trials.is_empty() && !found.iter().any(unfinished),
            conditions: export::conditions(trials),
            transports: found,
        })?,
        Format::Csv => export::csv(found)?,
        Format::Md => export::capacity_markdown(found, trials, locale),
    };
    Ok(text.into())
}

/// What is known of the differences, of a run with `--until` that has trials.
pub(super) fn until(
    scenario: &Scenario,
    environment: &Environment,
    trials: &[TrialRow],
    locale: Locale,
) -> Option<String> {
    let Until::Below(percent) = scenario.until else {
        return None;
    };
    let run = UntilRun {
        percent,
        least: scenario.least_rounds(),
        budget: scenario.budget.0,
        stopped: environment.stopped,
    };
    (!trials.is_empty()).then(|| report::until(trials, &run, locale))
}

/// What a run still lacks of what its scenario asks for.
pub(super) fn missing(
    scenario: &Scenario,
    trials: &[TrialRow],
    locale: Locale,
) -> Vec<MissingTrials> {
    let (missing, rounds) = (scenario.missing(trials), scenario.asked_rounds(trials));
    let rows: Vec<TrialRow> = missing.iter().map(|(cell, _)| cell.row()).collect();
    let all: Vec<&TrialRow> = trials.iter().chain(&rows).collect();
    let missing = rows.iter().zip(missing);
    let missing = missing.map(|(row, (cell, trials))| MissingTrials {
        transport: cell.factors.transport(),
        name: report::cell_name(row, &all, locale),
        trials,
        of: rounds,
    });
    missing.collect()
}
