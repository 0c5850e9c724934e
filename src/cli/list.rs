//! The runs below a folder of results: the newest, and all of them as a list. A run of all claims
//! is one of them.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use crate::cli::claims::{self, ClaimsFolder};
use crate::cli::result::{Format, missing};
use crate::lab::recorded_run::RecordedRun;
use crate::report::{export, paragraph};
use crate::results::{self, TrialRow, Verdict};
use crate::system::output;
use crate::texts::Locale;

/// A run, for a list.
#[derive(Debug, Default, Serialize)]
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
    valid: usize,
    suspect: usize,
    invalid: usize,
    /// Of all files of its folder.
    bytes: u64,
}

/// All runs below a folder of results, the newest first, in a format.
pub(super) fn list(results: &Path, format: Format, locale: Locale) -> anyhow::Result<String> {
    let runs = folders(results);
    let listed = |run: &Path| match claims::is_claims(run) {
        true => listed_claims(run, format.locale(locale)),
        false => listed(run, format.locale(locale)),
    };
    let runs = runs.iter().rev().filter_map(|run| match listed(run) {
        Ok(listed) => Some(listed),
        // One folder that cannot be read does not hide the others.
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "left out: {error:#}");
            None
        }
    });
    let runs: Vec<ListedRun> = runs.collect();
    match format {
        Format::Table => Ok(runs.iter().map(|run| entry(run, locale)).collect()),
        Format::Json => export::json(&serde_json::json!({ "runs": runs })),
        Format::Csv => export::csv(&runs),
        Format::Md => {
            let rows: Vec<_> = runs.iter().map(|run| cells(run, locale)).collect();
            Ok(export::runs_markdown(&rows, locale))
        }
    }
}

fn listed(run: &Path, locale: Locale) -> anyhow::Result<ListedRun> {
    let RecordedRun {
        scenario,
        environment,
    } = RecordedRun::read(run)?;
    let trials: Vec<TrialRow> = results::read_rows_if_there(&run.join("trials.csv"))?;
    let transports: Vec<&str> = scenario.transports.iter().map(|one| one.name()).collect();
    Ok(ListedRun {
        started_at: environment.started_at,
        transports: transports.join(" "),
        complete: !trials.is_empty() && missing(&scenario, &trials, Locale::En).is_empty(),
        question: scenario.asks(locale).to_owned(),
        scenario: scenario.name,
        ..ListedRun::of(run, &trials)
    })
}

/// The runs of all claims, as one.
fn listed_claims(folder: &Path, locale: Locale) -> anyhow::Result<ListedRun> {
    let claims = ClaimsFolder::read(folder)?;
    claims.check()?;
    let trials: Vec<TrialRow> = claims.trials().cloned().collect();
    let mut transports: Vec<&str> = trials.iter().map(|trial| trial.transport.name()).collect();
    transports.sort_unstable();
    transports.dedup();
    Ok(ListedRun {
        started_at: began(folder).unwrap_or_default(),
        transports: transports.join(" "),
        complete: claims.missing(locale).is_empty(),
        question: locale.texts().claim.title.to_owned(),
        scenario: claims::ALL.to_owned(),
        ..ListedRun::of(folder, &trials)
    })
}

impl ListedRun {
    /// What trials and files of a folder tell.
    fn of(folder: &Path, trials: &[TrialRow]) -> ListedRun {
        let of_verdict = |verdict| trials.iter().filter(|it| it.verdict == verdict).count();
        ListedRun {
            folder: folder.display().to_string(),
            trials: trials.len(),
            verdict: trials.iter().map(|trial| trial.verdict).max(),
            valid: of_verdict(Verdict::Valid),
            suspect: of_verdict(Verdict::Suspect),
            invalid: of_verdict(Verdict::Invalid),
            bytes: bytes_of(folder),
            ..ListedRun::default()
        }
    }
}

/// The size of all files of a folder.
fn bytes_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_of(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// A run in three lines, or more where its question is long.
fn entry(run: &ListedRun, locale: Locale) -> String {
    let [
        started_at,
        trials,
        verdicts,
        size,
        folder,
        scenario,
        question,
        transports,
    ] = cells(run, locale);
    let what = match question.is_empty() {
        true => format!("{scenario}: {transports}"),
        false => question,
    };
    let what = indented(&what);
    let head = beside(&started_at, &format!("{trials}: {verdicts}"));
    let folder = beside(&format!("    {folder}"), &size);
    format!("{head}{folder}{what}")
}

/// Two texts in a line, or in several where there is no room.
fn beside(text: &str, next: &str) -> String {
    let line = format!("{text}  {next}");
    match line.chars().count() > output::width() {
        true => format!("{text}\n{}", indented(next)),
        false => format!("{line}\n"),
    }
}

fn indented(text: &str) -> String {
    let text = paragraph(text, output::width() - 4);
    let lines = text.lines().map(|line| format!("    {line}\n"));
    lines.collect()
}

fn cells(run: &ListedRun, locale: Locale) -> [String; 8] {
    let texts = locale.texts();
    let counts = [
        (run.valid, Verdict::Valid),
        (run.suspect, Verdict::Suspect),
        (run.invalid, Verdict::Invalid),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut verdicts: Vec<String> = counts
        .map(|(n, verdict)| format!("{n} {verdict}"))
        .collect();
    verdicts.extend((!run.complete).then(|| texts.list.not_complete.to_owned()));
    [
        run.started_at.clone(),
        (texts.cell.trials)(run.trials as f64),
        verdicts.join(", "),
        texts.numbers.bytes(run.bytes as f64),
        run.folder.clone(),
        run.scenario.clone(),
        (texts.page.question)(&run.question),
        run.transports.clone(),
    ]
}

/// The folders `<results>/<scenario>/<run>`, the oldest first, without those of all claims.
pub(super) fn folders_of_runs(results: &Path) -> Vec<PathBuf> {
    let mut runs = folders(results);
    runs.retain(|run| !claims::is_claims(run));
    runs
}

/// The folders of runs and those of all claims, the oldest first.
fn folders(results: &Path) -> Vec<PathBuf> {
    let scenarios = claims::folders(results).into_iter();
    let runs = scenarios.flat_map(|scenario| claims::folders(&scenario));
    let mut runs: Vec<_> = runs.filter_map(|run| Some((began(&run)?, run))).collect();
    runs.sort();
    runs.into_iter().map(|(_, run)| run).collect()
}

/// When a run began, as its `environment.json` says: a copy of the folder has other times. `None`
/// where there is no such file; of one that cannot be read, the time of the file. All claims began
/// with the first of them.
fn began(run: &Path) -> Option<String> {
    if claims::is_claims(run) {
        let first = folders(run).into_iter().find_map(|run| began(&run));
        return first.or_else(|| written(&run.join(claims::FILE)));
    }
    let file = run.join("environment.json");
    let written = written(&file)?;
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let environment: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let said = environment.and_then(|all| Some(all.get("started_at")?.as_str()?.to_owned()));
    Some(said.unwrap_or(written))
}

/// When a file was written; `None` where there is none.
fn written(file: &Path) -> Option<String> {
    let time = file.metadata().ok()?.modified().ok()?;
    Some(humantime::format_rfc3339_seconds(time).to_string())
}

/// The run that began last, of those with a finished trial. Of all claims together there are no
/// trials to compare.
pub(super) fn newest_run(results: &Path) -> anyhow::Result<PathBuf> {
    let mut runs = folders_of_runs(results).into_iter().rev();
    runs.find(|run| has_trial(run))
        .with_context(|| no_run(results))
}

/// The same, or the run of all claims that began last, if that is newer.
pub(super) fn newest_result(results: &Path) -> anyhow::Result<PathBuf> {
    let mut runs = folders(results).into_iter().rev();
    let newest = runs.find(|run| match claims::is_claims(run) {
        true => folders(run).iter().any(|run| has_trial(run)),
        false => has_trial(run),
    });
    newest.with_context(|| no_run(results))
}

fn has_trial(run: &Path) -> bool {
    run.join("trials.csv").is_file()
}

fn no_run(results: &Path) -> String {
    format!(
        "there is no run with a finished trial in {}: make one with wslab run",
        results.display()
    )
}
