//! The comparison as plain text, for the end of a run in a terminal.

use crate::report::cells::{ReportCell, cells, settings};
use crate::report::columns::{self, ABSENT, value};
use crate::report::content::{MissingTrials, incomplete};
use crate::report::lines::{aligned, folded, joined, widths};
use crate::report::marks;
use crate::report::repeats;
use crate::results::{Table, TrialRow, Verdict, shown_in};
use crate::texts::{Locale, Texts};

/// The longest name, so that five ranges of usual figures fit beside it.
const NAME_CHARS: usize = 30;

/// The comparison of a run's transports, a line a cell and a block a setting, at most 110
/// characters wide for figures of a usual size. Begins with what is missing, and ends with the
/// warnings and a line break.
pub fn text_table(trials: &[TrialRow], missing: &[MissingTrials], locale: Locale) -> String {
    let words = &locale.texts().table;
    let cells = cells(trials, locale);
    if cells.is_empty() {
        return format!("{}\n", words.no_trial);
    }
    let waiting = columns::only_waits(&cells);
    let (compared, meaning) = match waiting {
        true => (Table::PrintedWaiting, words.columns_waiting),
        false => (Table::Printed, words.columns),
    };
    let has_intervals = !waiting && repeats::has_intervals(&cells);
    let has_beyond = !waiting && columns::has_beyond(&cells);
    let blocks = [
        (true, compared, ""),
        (has_intervals, Table::PrintedIntervals, words.intervals),
        (has_beyond, Table::PrintedBeyond, words.beyond),
        (
            columns::has_ratios(&cells),
            Table::PrintedRatios,
            words.ratios,
        ),
        (
            columns::has_theory(&cells),
            Table::PrintedTheory,
            words.theory,
        ),
    ];
    let shown = blocks.into_iter().filter(|(shown, ..)| *shown);
    let mut lines = Vec::new();
    if let Some(incomplete) = incomplete(missing, locale.texts()) {
        lines.extend(folded(&incomplete, ""));
        lines.push(String::new());
    }
    lines.extend(shown.flat_map(|(_, table, heading)| block(&cells, table, heading)));
    if let Some(noise) = repeats::noise_floor(&cells) {
        lines.extend(folded(&noise, ""));
        lines.push(String::new());
    }
    lines.extend(explanation(&cells, meaning));
    lines.extend(cells.iter().flat_map(doubts));
    joined(&lines)
}

/// A line a cell and a block a setting, whose heading ends with `what`.
fn block(cells: &[ReportCell], table: Table, what: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let header = header(table, cells[0].texts);
    let rows: Vec<Vec<String>> = cells.iter().map(|cell| row(cell, table)).collect();
    let widths = widths(&[&rows[..], std::slice::from_ref(&header)].concat());
    for (setting, group) in settings(cells) {
        lines.push(format!("{setting}{what}"));
        lines.push(aligned(&header, &widths, &[0]));
        let rows = group.iter().map(|cell| row(cell, table));
        lines.extend(rows.map(|row| aligned(&row, &widths, &[0])));
        lines.push(String::new());
    }
    lines
}

fn header(table: Table, texts: &Texts) -> Vec<String> {
    let mut header = vec![texts.table.transport.to_owned()];
    header.push(texts.table.verdict.to_owned());
    let columns = shown_in(table).into_iter();
    header.extend(columns.map(|column| (texts.translate)(column.title).to_owned()));
    header
}

fn row(cell: &ReportCell, table: Table) -> Vec<String> {
    let name = cell.name().chars().take(NAME_CHARS).collect();
    let mut row = vec![name, cell.verdict().to_string()];
    // Further lines are details, for which only the page has room.
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let columns = shown_in(table).into_iter();
    row.extend(columns.map(|column| first_line(value(table, column.metric, cell))));
    row
}

/// What the columns mean: `meaning`, and what only some runs need.
fn explanation(cells: &[ReportCell], meaning: &str) -> Vec<String> {
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
    folded(&sentences.join(" "), "")
}

/// A verdict that is not VALID, and its reasons, each in a sentence.
fn doubts(cell: &ReportCell) -> Vec<String> {
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
    let of_trials = |trials| match cell.trials.len() {
        1 => String::new(),
        all => format!(" {}", (cell.texts.cell.of_trials)(trials, all)),
    };
    let reasons = warnings.into_iter().flat_map(|(name, trials)| {
        let sentence = cell.meaning(name, cell.texts.table.unknown_warning);
        folded(&format!("{name}{}: {sentence}", of_trials(trials)), "  ")
    });
    [String::new(), head].into_iter().chain(reasons).collect()
}
