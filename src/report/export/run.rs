//! A run as a document.

use serde::Serialize;
use serde_json::{Map, Value};

use super::number;
use super::recovery::{RecoveryDocument, recovery};
use crate::report::answer::{Answer, answers};
use crate::report::cells::{ReportCell, cells};
use crate::report::content::{MissingTrials, missing_cell};
use crate::results::{CapacityRow, METRICS, Metric, RecoveryRow, TrialRow, Verdict, measured};
use crate::stats::judgement::Judgement;
use crate::texts::Locale;

/// Which run it is, and what it asks.
#[derive(Clone, Debug, Serialize)]
pub struct NamedRun<'r> {
    pub scenario: &'r str,
    /// The name of its folder.
    pub run: &'r str,
    /// The folder's path, as it was given.
    pub folder: String,
    pub question: &'r str,
}

/// A run with its cells, for scripts.
#[derive(Debug, Serialize)]
pub struct RunDocument<'r> {
    #[serde(flatten)]
    pub named: NamedRun<'r>,
    /// Whether every trial was measured.
    pub complete: bool,
    /// The cells of which trials are missing, in words.
    pub missing: Vec<String>,
    /// The worst of all trials; null without any.
    pub verdict: Option<Verdict>,
    /// The factors that all cells share.
    pub conditions: Map<String, Value>,
    pub cells: Vec<CellDocument>,
    /// What each fault did to each cell; empty for a run without faults.
    pub recovery: Vec<RecoveryDocument>,
    /// The closing sentence of each setting.
    pub answers: Vec<Answer>,
    /// Which differences are resolved, small or open, of a run with `--until`; otherwise null.
    pub until: Option<String>,
    /// What came of `--slo` and `--fail-if`.
    pub demands: &'r [Judgement],
}

/// A cell: its factors and the medians of its figures, by column.
#[derive(Debug, Serialize)]
pub struct CellDocument {
    pub cell: u32,
    #[serde(flatten)]
    pub factors: Map<String, Value>,
    /// The worst of its trials.
    pub verdict: Verdict,
    pub warnings: Vec<String>,
    /// The figures that a warning touches.
    pub doubted: Vec<&'static str>,
    /// Trials that are not INVALID, and those that are and left out of medians.
    pub trials: usize,
    pub left_out: usize,
    /// Medians; of a count of what went wrong, the most of any trial.
    #[serde(flatten)]
    pub figures: Map<String, Value>,
    /// The 95 % intervals of the medians, where there are enough trials.
    pub intervals: Map<String, Value>,
}

impl<'r> RunDocument<'r> {
    pub fn new(
        named: NamedRun<'r>,
        (trials, recoveries): (&[TrialRow], &[RecoveryRow]),
        missing: &[MissingTrials],
        until: Option<String>,
        demands: &'r [Judgement],
        locale: Locale,
    ) -> Self {
        let missing = missing.iter();
        let missing = missing.map(|missing| missing_cell(missing, locale.texts()));
        let missing: Vec<String> = missing.collect();
        let of_cells = cells(trials, locale);
        RunDocument {
            named,
            complete: missing.is_empty() && !trials.is_empty(),
            missing,
            verdict: trials.iter().map(|trial| trial.verdict).max(),
            conditions: conditions(trials),
            cells: of_cells.iter().map(cell).collect(),
            recovery: recovery(&of_cells, recoveries),
            answers: answers(trials, locale),
            until,
            demands,
        }
    }
}

/// The result of a search for capacity, for scripts.
#[derive(Debug, Serialize)]
pub struct CapacityDocument<'r> {
    #[serde(flatten)]
    pub named: NamedRun<'r>,
    /// Whether the search came to its end.
    pub complete: bool,
    /// The factors that all trials share.
    pub conditions: Map<String, Value>,
    /// As in `capacity.csv`.
    pub transports: &'r [CapacityRow],
}

/// The factors that all trials share, and their window.
pub fn conditions(trials: &[TrialRow]) -> Map<String, Value> {
    let Some(first) = trials.first() else {
        return Map::new();
    };
    let named = |metric: &&Metric| metric.is_factor() || metric.name == "window_s";
    let shared = METRICS.iter().filter(named).filter(|factor| {
        let text = factor.text(first);
        !text.is_empty() && trials.iter().all(|trial| factor.text(trial) == text)
    });
    shared
        .map(|factor| (factor.name.to_owned(), value(factor, first)))
        .collect()
}

fn cell(cell: &ReportCell) -> CellDocument {
    let first = cell.trials[0];
    let factors = METRICS.iter().filter(|metric| metric.is_factor());
    let invalid = |trial: &&&TrialRow| trial.verdict == Verdict::Invalid;
    let left_out = cell.trials.iter().filter(invalid).count();
    let doubted = measured().filter(|metric| {
        let mut trials = cell.trials.iter();
        trials.any(|trial| metric.value(trial).is_some() && metric.is_doubted(trial))
    });
    let intervals = measured().filter_map(|metric| {
        let interval = cell.interval(|trial| metric.figure(trial))?;
        let ends = [("low", interval.low), ("high", interval.high)];
        let ends = ends.map(|(name, end)| (name.to_owned(), number(Some(end))));
        Some((
            metric.name.to_owned(),
            Value::Object(ends.into_iter().collect()),
        ))
    });
    CellDocument {
        cell: cell.number,
        factors: factors
            .map(|factor| (factor.name.to_owned(), value(factor, first)))
            .collect(),
        verdict: cell.verdict(),
        warnings: cell
            .warnings()
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        doubted: doubted.map(|metric| metric.name).collect(),
        trials: cell.trials.len() - left_out,
        left_out,
        figures: measured()
            .map(|metric| (metric.name.to_owned(), figure(metric, cell)))
            .collect(),
        intervals: intervals.collect(),
    }
}

/// What a cell has of a metric: the median of its trials that are not INVALID.
fn figure(metric: &Metric, cell: &ReportCell) -> Value {
    let all_invalid = cell
        .trials
        .iter()
        .all(|trial| trial.verdict == Verdict::Invalid);
    if metric.breakage {
        let figures = cell.trials.iter().filter_map(|trial| metric.value(trial));
        return number(figures.reduce(f64::max));
    }
    number(
        cell.median(|trial| metric.value(trial))
            .filter(|_| !all_invalid),
    )
}

/// A factor's value as JSON.
fn value(factor: &Metric, trial: &TrialRow) -> Value {
    match (factor.text(trial).as_str(), factor.figure(trial)) {
        ("", _) => Value::Null,
        ("true", _) => true.into(),
        ("false", _) => false.into(),
        (_, Some(figure)) => number(Some(figure)),
        (text, None) => text.into(),
    }
}
