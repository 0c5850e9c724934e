//! `summary.csv`: one row a cell and metric, over the trials of that cell.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::results::{self, TrialRow, Verdict};
use crate::stats::figures::TrialFigures;
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
    /// A column of `trials.csv`, or a sum of columns: `wire_bytes_per_delivery` (payload to TLS),
    /// `all_layers_bytes_per_delivery` (and TCP-IP), `server_cpu_us_per_delivery` and
    /// `load_cpu_us_per_delivery` (user and system).
    pub metric: String,
    /// Trials that are counted: those that have this figure and are not INVALID.
    pub trials: usize,
    /// INVALID trials, which are not counted.
    pub left_out: usize,
    pub median: Option<f64>,
    /// The 95 % interval of the median, from
    /// [`FEWEST`](super::statistics::FEWEST) trials on; see [`super::statistics`].
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// The worst of the cell's trials, those left out included.
    pub verdict: Verdict,
}

/// Writes a run's `summary.csv`, replacing the one before.
pub fn write(folder: &Path, trials: &[TrialRow]) -> anyhow::Result<()> {
    results::write_rows(&folder.join("summary.csv"), &rows(trials)?)
}

/// The summary of a run's trials, cells in growing order and metrics in the order of columns. A
/// metric that no trial of the cell has is left out.
pub fn rows(trials: &[TrialRow]) -> anyhow::Result<Vec<SummaryRow>> {
    let figures = TrialFigures::of(trials)?;
    let mut cells: Vec<u32> = trials.iter().map(|trial| trial.cell).collect();
    cells.sort_unstable();
    cells.dedup();
    let mut rows = Vec::new();
    for cell in cells {
        let of_cell = figures.iter().filter(|trial| trial.row.cell == cell);
        let of_cell: Vec<&TrialFigures> = of_cell.collect();
        let names = of_cell[0].names().into_iter();
        let measured = names.filter(|name| of_cell.iter().any(|trial| trial.get(name).is_some()));
        rows.extend(measured.map(|metric| row(&of_cell, metric)));
    }
    Ok(rows)
}

fn row(trials: &[&TrialFigures], metric: &str) -> SummaryRow {
    let invalid = |trial: &&&TrialFigures| trial.row.verdict == Verdict::Invalid;
    let counted = trials.iter().filter(|trial| !invalid(trial));
    let values: Vec<f64> = counted.filter_map(|trial| trial.get(metric)).collect();
    let interval = median_interval(&values);
    let first = trials[0].row;
    let verdicts = trials.iter().map(|trial| trial.row.verdict);
    SummaryRow {
        scenario: first.scenario.clone(),
        run: first.run.clone(),
        cell: first.cell,
        transport: first.transport,
        workload: first.workload.clone(),
        clients: first.clients,
        metric: metric.to_owned(),
        trials: values.len(),
        left_out: trials.iter().filter(invalid).count(),
        median: median(&values),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        min: values.iter().copied().reduce(f64::min),
        max: values.iter().copied().reduce(f64::max),
        verdict: verdicts.max().unwrap_or(Verdict::Valid),
    }
}
