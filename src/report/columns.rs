//! What a column of a table shows of a cell. Page and terminal share these functions, so they
//! cannot disagree.

use crate::report::cells::ReportCell;
use crate::report::marks::marked;
use crate::results::{Metric, Table, TableColumn, TrialRow, metric, shown_in};
use crate::texts::Texts;

/// Stands where a figure does not exist or was not measured.
pub(super) const ABSENT: &str = "–";

/// Whether there is a baseline to compare cells with.
pub(super) fn has_ratios(cells: &[ReportCell]) -> bool {
    cells.iter().any(|cell| !cell.baseline.is_empty())
}

/// Whether the trials have figures beyond the average client's.
pub(super) fn has_beyond(cells: &[ReportCell]) -> bool {
    any_trial(cells, |trial| trial.set_up_wire_bytes_per_client.is_some())
}

/// Whether theory predicts anything of these cells.
pub(super) fn has_theory(cells: &[ReportCell]) -> bool {
    any_trial(cells, |trial| {
        trial.predicted_wire_bytes_per_delivery.is_some()
    })
}

/// Whether nothing was to be published, so that only the cost of waiting can be compared.
pub(super) fn only_waits(cells: &[ReportCell]) -> bool {
    !any_trial(cells, |trial| trial.rate_hz != 0.0)
}

fn any_trial(cells: &[ReportCell], is_so: impl Fn(&TrialRow) -> bool) -> bool {
    let mut trials = cells.iter().flat_map(|cell| &cell.trials);
    trials.any(|trial| is_so(trial))
}

/// The columns by which these cells are compared.
pub(super) fn compared(cells: &[ReportCell]) -> Vec<TableColumn> {
    let table = match only_waits(cells) {
        true => Table::Waiting,
        false => Table::Comparison,
    };
    usual(table, cells)
}

/// The columns of a table, without the rare ones that none of these cells has.
pub(super) fn usual(table: Table, cells: &[ReportCell]) -> Vec<TableColumn> {
    let mut columns = shown_in(table);
    let has = |metric: &Metric| any_trial(cells, |trial| metric.figure(trial).is_some());
    columns.retain(|column| !column.metric.rare || has(column.metric));
    columns
}

/// The columns of the scorecard: those of the printed table. Of what went wrong only what did.
pub(super) fn scored(cells: &[&ReportCell]) -> Vec<TableColumn> {
    let waits = |cell: &&ReportCell| cell.trials.iter().all(|trial| trial.rate_hz == 0.0);
    let mut columns = shown_in(match cells.iter().all(waits) {
        true => Table::PrintedWaiting,
        false => Table::Printed,
    });
    columns.retain(|TableColumn { metric, .. }| {
        let mut trials = cells.iter().flat_map(|cell| &cell.trials);
        match metric.breakage {
            true => trials.any(|trial| metric.figure(trial).is_some_and(|figure| figure != 0.0)),
            false => trials.any(|trial| metric.figure(trial).is_some()),
        }
    });
    columns
}

/// The columns of a table in which any of these cells has a figure.
pub(super) fn present(table: Table, cells: &[&ReportCell]) -> Vec<TableColumn> {
    let mut columns = shown_in(table);
    let has_figure = |metric, cell: &&ReportCell| value(table, metric, cell) != ABSENT;
    columns.retain(|column| cells.iter().any(|cell| has_figure(column.metric, cell)));
    columns
}

/// What a cell has in a column of a table: lines, of which the first is the figure and the others
/// are details.
pub(super) fn value(table: Table, metric: &Metric, cell: &ReportCell) -> String {
    match table {
        Table::Ratios | Table::PrintedRatios => {
            let ratio = cell.ratio(|trial| metric.figure(trial));
            let numbers = cell.texts.numbers;
            ratio.map_or_else(|| ABSENT.to_owned(), |ratio| numbers.ratio(ratio))
        }
        Table::PrintedIntervals => interval(metric, cell).unwrap_or_else(|| ABSENT.to_owned()),
        _ if metric.breakage => range(metric, cell),
        _ => figure(metric, cell),
    }
}

/// The figure alone: the first line of [`value`].
pub(super) fn line(table: Table, metric: &Metric, cell: &ReportCell) -> String {
    let value = value(table, metric, cell);
    value.lines().next().unwrap_or_default().to_owned()
}

/// The median, its interval if it has one that is not a point, and what belongs beneath.
fn figure(metric: &Metric, cell: &ReportCell) -> String {
    let mut lines = vec![median(metric, cell)];
    if metric.interval {
        let interval = cell.interval(|trial| metric.figure(trial));
        lines.extend(
            interval
                .filter(|interval| interval.low < interval.high)
                .and_then(|_| self::interval(metric, cell)),
        );
    }
    if lines[0] != ABSENT {
        let beneath = metric.beneath.iter();
        lines.extend(
            beneath.map(|(word, name)| {
                format!("{} {}", (cell.texts.translate)(word), named(name, cell))
            }),
        );
    } else if let Some((name, word)) = metric.instead {
        let instead = named(name, cell);
        let word = (cell.texts.translate)(word);
        lines.extend((instead != ABSENT).then(|| format!("{instead} {word}")));
    }
    lines.join("\n")
}

/// The lowest and the highest of all trials, INVALID ones included. A median would hide what a
/// single trial missed.
fn range(metric: &Metric, cell: &ReportCell) -> String {
    let figures = cell.trials.iter().filter_map(|trial| metric.figure(trial));
    least_to_most(figures, |value| cell.written(metric, value), cell.texts)
}

/// The lowest and the highest figure as text.
pub(super) fn least_to_most(
    figures: impl Iterator<Item = f64> + Clone,
    write: impl Fn(f64) -> String,
    texts: &Texts,
) -> String {
    match (figures.clone().reduce(f64::min), figures.reduce(f64::max)) {
        (Some(least), Some(most)) if least < most => {
            (texts.cell.least_to_most)(&write(least), &write(most))
        }
        (_, most) => most.map_or_else(|| ABSENT.to_owned(), write),
    }
}

/// The median without its interval.
fn median(metric: &Metric, cell: &ReportCell) -> String {
    let median = cell.median(|trial| metric.figure(trial));
    let written = median.map(|value| marked(metric, cell, cell.written(metric, value)));
    written.unwrap_or_else(|| ABSENT.to_owned())
}

fn named(name: &str, cell: &ReportCell) -> String {
    metric(name).map_or_else(|| ABSENT.to_owned(), |metric| median(metric, cell))
}

/// The interval of a median; `None` where too few trials have the figure.
fn interval(metric: &Metric, cell: &ReportCell) -> Option<String> {
    let interval = cell.interval(|trial| metric.figure(trial))?;
    let write = |value| cell.written(metric, value);
    Some(cell.texts.numbers.range(interval.low, interval.high, write))
}
