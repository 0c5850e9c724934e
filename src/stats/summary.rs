//! `summary.csv`: one row a cell and metric, over the trials of that cell.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::results::{self, Metric, TrialRow, Verdict};
use crate::stats::statistics::{median, median_interval};
use crate::transport::Transport;

/// One metric of one cell. Empty cells where a figure does not exist; units stand last in the
/// metric's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    pub scenario: String,
    pub run: String,
    pub cell: u32,
    pub transport: Transport,
    pub workload: String,
    pub clients: u32,
    /// A column of `trials.csv`, or a metric derived from columns: see [`results::measured`].
    pub metric: String,
    /// Trials that are counted: those that have this figure and are not INVALID. Where the metric
    /// counts what went wrong, as `missed` does, INVALID ones too.
    pub trials: usize,
    /// INVALID trials that are not counted.
    pub left_out: usize,
    pub median: Option<f64>,
    /// The 95 % interval of the median; needs [`FEWEST`](super::statistics::FEWEST) trials.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// The worst of the cell's trials, including those left out.
    pub verdict: Verdict,
}

/// Writes a run's `summary.csv`, replacing the one before.
pub fn write(folder: &Path, trials: &[TrialRow]) -> anyhow::Result<()> {
    results::write_rows(&folder.join("summary.csv"), &rows(trials))
}

/// The summary of a run's trials, cells in growing order and metrics in the order of columns. A
/// metric that no trial of the cell has is left out.
pub fn rows(trials: &[TrialRow]) -> Vec<SummaryRow> {
    let mut cells: BTreeMap<u32, Vec<&TrialRow>> = BTreeMap::new();
    for trial in trials {
        cells.entry(trial.cell).or_default().push(trial);
    }
    let rows = cells.values().flat_map(|cell| {
        let has = |metric: &&Metric| cell.iter().any(|trial| metric.value(trial).is_some());
        results::measured()
            .filter(has)
            .map(|metric| row(cell, metric))
    });
    rows.collect()
}

fn row(trials: &[&TrialRow], metric: &Metric) -> SummaryRow {
    let counted = trials.iter().filter(|trial| metric.counts(trial));
    let values: Vec<f64> = counted.filter_map(|trial| metric.value(trial)).collect();
    let interval = median_interval(&values);
    let first = trials[0];
    let verdicts = trials.iter().map(|trial| trial.verdict);
    SummaryRow {
        scenario: first.scenario.clone(),
        run: first.run.clone(),
        cell: first.cell,
        transport: first.transport,
        workload: first.workload.clone(),
        clients: first.clients,
        metric: metric.name.to_owned(),
        trials: values.len(),
        left_out: trials.iter().filter(|trial| !metric.counts(trial)).count(),
        median: median(&values),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        min: values.iter().copied().reduce(f64::min),
        max: values.iter().copied().reduce(f64::max),
        verdict: verdicts.max().unwrap_or(Verdict::Valid),
    }
}
