//! Marks of single figures: a warning touches a figure, or too few messages decide it.

use crate::report::batching::{self, BATCHED};
use crate::report::cells::ReportCell;
use crate::results::{Metric, Table, TableColumn, shown_in};
use crate::texts::CellTexts;

/// Follows a figure that a warning touches.
pub(super) const DOUBTED: &str = "?";
/// Stands before a percentile beyond which there is not even one message.
const OF_FEW: &str = "≈";

/// A figure with its marks.
pub(super) fn marked(metric: &Metric, cell: &ReportCell, figure: String) -> String {
    let before = if of_few(metric, cell) { OF_FEW } else { "" };
    let after = if doubted(metric, cell) { DOUBTED } else { "" };
    let batched = if batching::is_cheaper(metric.name, cell) {
        BATCHED
    } else {
        ""
    };
    [before, &figure, after, batched].concat()
}

/// What the marks mean that stand in the tables of these cells.
pub(super) fn meaning(cells: &[ReportCell]) -> Vec<String> {
    let words = |words: &CellTexts| [(words.doubted)(DOUBTED), (words.of_few)(OF_FEW)];
    let mut meanings = meanings(cells, &shown_in(Table::Percentiles), words);
    meanings.extend(cells.iter().filter_map(batching::meaning));
    meanings
}

/// The same in few words, for those of a printed table.
pub(super) fn short_meaning(cells: &[ReportCell], columns: &[TableColumn]) -> Vec<String> {
    let short = |words: &CellTexts| [(words.doubted)(DOUBTED), (words.of_few_short)(OF_FEW)];
    meanings(cells, columns, short)
}

/// What the mark of a percentile means that too few messages decide, where one of these columns
/// has it.
pub(super) fn of_few_meaning(cells: &[&ReportCell], columns: &[TableColumn]) -> Option<String> {
    let mut metrics = columns.iter().map(|column| column.metric);
    let has_mark = metrics.any(|metric| cells.iter().any(|cell| of_few(metric, cell)));
    has_mark.then(|| (cells[0].texts.cell.of_few_short)(OF_FEW))
}

fn meanings(
    cells: &[ReportCell],
    columns: &[TableColumn],
    words: impl Fn(&CellTexts) -> [String; 2],
) -> Vec<String> {
    let Some(first) = cells.first() else {
        return Vec::new();
    };
    let [of_doubt, of_messages] = words(&first.texts.cell);
    let any = |is: fn(&Metric, &ReportCell) -> bool| {
        let metrics = columns.iter().map(|column| column.metric);
        let mut pairs = metrics.flat_map(|metric| cells.iter().map(move |cell| (metric, cell)));
        pairs.any(|(metric, cell)| is(metric, cell))
    };
    let meanings = [
        any(doubted).then_some(of_doubt),
        any(of_few).then_some(of_messages),
    ];
    meanings.into_iter().flatten().collect()
}

/// Whether a warning of some trial touches this figure, and not all figures.
pub(super) fn doubted(metric: &Metric, cell: &ReportCell) -> bool {
    let mut trials = cell.counted().into_iter();
    trials.any(|trial| metric.is_marked(trial))
}

/// Whether less than one message of some trial lies beyond this percentile.
fn of_few(metric: &Metric, cell: &ReportCell) -> bool {
    let Some(share) = metric.share.filter(|share| *share < 1.0) else {
        return false;
    };
    let figures = cell
        .counted()
        .into_iter()
        .filter(|trial| metric.figure(trial).is_some());
    let mut beyond = figures.map(|trial| trial.published as f64 * (1.0 - share));
    beyond.any(|messages| messages < 0.999)
}
