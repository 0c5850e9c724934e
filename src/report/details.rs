//! The tables behind `--details`, what their columns mean, and every warning in a sentence.

use crate::report::cells::{ReportCell, settings};
use crate::report::columns::{self, ABSENT};
use crate::report::lines::{TextStyle, aligned, line_width, widths};
use crate::report::marks;
use crate::report::repeats;
use crate::results::{Table, TableColumn, Verdict};

/// All blocks, each a line a cell; and the explanations.
pub(super) fn blocks(cells: &[ReportCell], style: TextStyle) -> Vec<String> {
    let words = &cells[0].texts.table;
    let waiting = columns::only_waits(cells);
    let (all, meaning) = match waiting {
        true => (Table::PrintedWaiting, words.columns_waiting),
        false => (Table::PrintedBeyond, words.columns),
    };
    let has_intervals = !waiting && repeats::has_intervals(cells);
    let blocks = [
        (true, all, words.beyond),
        (has_intervals, Table::PrintedIntervals, words.intervals),
        (
            columns::has_ratios(cells),
            Table::PrintedRatios,
            words.ratios,
        ),
        (
            columns::has_theory(cells),
            Table::PrintedTheory,
            words.theory,
        ),
    ];
    let shown = blocks.into_iter().filter(|(shown, ..)| *shown);
    let mut lines: Vec<String> = shown
        .flat_map(|(_, table, heading)| block(cells, table, heading, style))
        .collect();
    lines.extend(style.folded(&explanation(cells, meaning), ""));
    lines.extend(cells.iter().flat_map(|cell| doubts(cell, style)));
    lines
}

/// A line a cell and a block a setting, whose heading ends with `what`. Columns for which there is
/// no room follow in a block of their own.
fn block(cells: &[ReportCell], table: Table, what: &str, style: TextStyle) -> Vec<String> {
    let mut lines = Vec::new();
    for (setting, group) in settings(cells) {
        lines.push(style.bold(&format!("{setting}{what}")));
        for columns in parts(&group, table, &columns::present(table, &group), style.width) {
            let rows = rows(&group, table, columns);
            let widths = widths(&rows);
            lines.extend(rows.iter().map(|row| aligned(row, &widths, &[0])));
            lines.push(String::new());
        }
    }
    lines
}

/// The columns in parts that fit, each with as many as there is room for.
fn parts<'c>(
    group: &[&ReportCell],
    table: Table,
    mut columns: &'c [TableColumn],
    width: usize,
) -> Vec<&'c [TableColumn]> {
    let fits = |columns| line_width(&widths(&rows(group, table, columns))) <= width;
    let mut parts = Vec::new();
    while !columns.is_empty() {
        let most = (1..=columns.len())
            .rev()
            .find(|n| fits(&columns[..*n]))
            .unwrap_or(1);
        let (part, rest) = columns.split_at(most);
        parts.push(part);
        columns = rest;
    }
    parts
}

fn rows(group: &[&ReportCell], table: Table, columns: &[TableColumn]) -> Vec<Vec<String>> {
    let texts = group[0].texts;
    let titles = columns
        .iter()
        .map(|column| (texts.translate)(column.title).to_owned());
    let header = [vec![texts.table.transport.to_owned()], titles.collect()].concat();
    let row = |cell: &&ReportCell| {
        let figures = columns
            .iter()
            .map(|column| columns::line(table, column.metric, cell));
        [vec![cell.name()], figures.collect()].concat()
    };
    std::iter::once(header)
        .chain(group.iter().map(row))
        .collect()
}

/// What the columns mean: `meaning`, and what only some runs need.
fn explanation(cells: &[ReportCell], meaning: &str) -> String {
    let words = &cells[0].texts.table;
    let most = repeats::most(cells);
    let again = cells.iter().any(|cell| cell.trials[0].aa_of.is_some());
    let sentences = [
        (most > 1).then(|| (words.medians_of)(most)),
        repeats::left_out(cells).map(str::to_owned),
        again.then(|| words.again.to_owned()),
        Some(meaning.to_owned()),
        Some((words.absent)(ABSENT)),
    ];
    let sentences = sentences.into_iter().flatten();
    let sentences: Vec<String> = sentences.chain(marks::meaning(cells)).collect();
    sentences.join(" ")
}

/// A verdict that is not VALID, and its reasons, each in a sentence.
fn doubts(cell: &ReportCell, style: TextStyle) -> Vec<String> {
    let warnings = cell.warnings();
    if cell.verdict() == Verdict::Valid && warnings.is_empty() {
        return Vec::new();
    }
    let head = format!(
        "{}, {}: {}",
        cell.name(),
        cell.setting,
        cell.verdict_words()
    );
    let reasons = warnings.into_iter().flat_map(|(name, trials)| {
        let sentence = cell.meaning(name, cell.texts.table.unknown_warning);
        style.folded(
            &format!("  {name}{}: {sentence}", cell.of_trials(trials)),
            "  ",
        )
    });
    [String::new(), head].into_iter().chain(reasons).collect()
}
