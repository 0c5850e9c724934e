//! The comparison as plain text, for the end of a run in a terminal.

use crate::results::{Table, TrialRow, Verdict, shown_in};

use crate::report::cells::{ReportCell, cells, settings};
use crate::report::columns::{self, ABSENT, value};
use crate::report::{repeats, warning};

const LINE_CHARS: usize = 110;
/// Of the name at the most, so that five ranges of usual figures fit beside it.
const NAME_CHARS: usize = 30;

/// The comparison of a run's transports, a line a cell and a block a setting, at most 110
/// characters wide for figures of a usual size. Ends with the warnings and a line break.
pub fn text_table(trials: &[TrialRow]) -> String {
    let cells = cells(trials);
    if cells.is_empty() {
        return "No trial finished.\n".to_owned();
    }
    let waiting = columns::only_waits(&cells);
    let compared = if waiting {
        Table::PrintedWaiting
    } else {
        Table::Printed
    };
    let mut lines = block(&cells, compared, "");
    let more = [
        (
            !waiting && repeats::has_intervals(&cells),
            Table::PrintedIntervals,
            ": 95 % intervals of the medians",
        ),
        (
            !waiting && columns::has_beyond(&cells),
            Table::PrintedBeyond,
            ": recipients of a message",
        ),
        (
            columns::has_ratios(&cells),
            Table::PrintedRatios,
            ": times raw-tcp",
        ),
        (
            columns::has_theory(&cells),
            Table::PrintedTheory,
            ": theory and practice",
        ),
    ];
    for (_, table, heading) in more.into_iter().filter(|(shown, ..)| *shown) {
        lines.extend(block(&cells, table, heading));
    }
    if let Some(noise) = repeats::noise_floor(&cells) {
        lines.extend(folded(&noise, ""));
        lines.push(String::new());
    }
    let words = if waiting { WAITING_WORDS } else { WORDS };
    lines.extend(explanation(&cells, words));
    for cell in &cells {
        lines.extend(doubts(cell));
    }
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// A line a cell and a block a setting, whose heading `what` follows.
fn block(cells: &[ReportCell], table: Table, what: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let header = header(table);
    let rows: Vec<Vec<String>> = cells.iter().map(|cell| row(cell, table)).collect();
    let widths = widths(&[&rows[..], std::slice::from_ref(&header)].concat());
    for (setting, group) in settings(cells) {
        lines.push(format!("{setting}{what}"));
        lines.push(aligned(&header, &widths));
        lines.extend(group.iter().map(|cell| aligned(&row(cell, table), &widths)));
        lines.push(String::new());
    }
    lines
}

/// Whether a table begins with the verdict.
fn has_verdict(table: Table) -> bool {
    matches!(table, Table::Printed | Table::PrintedWaiting)
}

fn header(table: Table) -> Vec<String> {
    let mut header = vec!["transport".to_owned()];
    header.extend(has_verdict(table).then(|| "verdict".to_owned()));
    let columns = shown_in(table).into_iter();
    header.extend(columns.map(|column| column.title.to_owned()));
    header
}

fn row(cell: &ReportCell, table: Table) -> Vec<String> {
    let mut row = vec![cell.name().chars().take(NAME_CHARS).collect()];
    row.extend(has_verdict(table).then(|| cell.verdict().to_string()));
    // Further lines are details, for which the page has room.
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let columns = shown_in(table).into_iter();
    row.extend(columns.map(|column| first_line(value(table, column.metric, cell))));
    row
}

/// Of each column, for the widest text of any row.
pub(super) fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let width = |column: usize| {
        let texts = rows.iter().map(|row| row[column].chars().count());
        texts.max().unwrap_or(0)
    };
    (0..rows.first().map_or(0, Vec::len)).map(width).collect()
}

/// The name to the left, figures to the right.
pub(super) fn aligned(texts: &[String], widths: &[usize]) -> String {
    let padded = texts
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(i, (text, &width))| match i {
            0 => format!("{text:<width$}"),
            _ => format!("{text:>width$}"),
        });
    padded.collect::<Vec<_>>().join("  ")
}

/// What the columns mean.
const WORDS: &str = "p50, p99, max: delivery latency, from the intended time. bytes: all layers, a \
    delivery. empty: share of the exchanges. srv CPU: server, a delivery. srv mem: server, a \
    client. first, median, last: latency of a message's recipients, medians of all messages. \
    stale: share of the window in which a client had not the newest message. fairness: Jain's \
    index of the clients' mean latencies, 1 if all are alike. probe: subscribers in a process of \
    their own. theory: from the poll interval, or from half the clients × the CPU time of a \
    delivery / cores; wire bytes are without TCP-IP.";
const WAITING_WORDS: &str = "Nothing was published, so this is what waiting cost. wire: bytes, and \
    exchanges: polls, a client and second. empty: share of the exchanges. CPU: percent of a core. \
    mem: a client.";

fn explanation(cells: &[ReportCell], words: &str) -> Vec<String> {
    let medians = match repeats::most(cells) {
        0 | 1 => String::new(),
        most => format!("Medians of up to {most} trials a line. "),
    };
    let left_out = repeats::left_out(cells).map_or(String::new(), |words| format!("{words} "));
    let again = match cells.iter().any(|cell| cell.trials[0].aa_of.is_some()) {
        true => "again (A/A): the same once more. ",
        false => "",
    };
    let text =
        format!("{medians}{left_out}{again}{words} {ABSENT}: not measured, or it does not exist.");
    folded(&text, "")
}

/// A verdict that is not VALID is followed by its reasons, each in a sentence.
fn doubts(cell: &ReportCell) -> Vec<String> {
    let warnings = warning::of_cell(cell);
    if cell.verdict() == Verdict::Valid && warnings.is_empty() {
        return Vec::new();
    }
    let head = format!(
        "{}, {}: {}",
        cell.name(),
        cell.setting,
        warning::verdict(cell)
    );
    let reasons = warnings.into_iter().flat_map(|(name, _)| {
        let sentence = warning::sentence(name).unwrap_or("(a warning this version does not know)");
        folded(&format!("{name}: {sentence}"), "  ")
    });
    [String::new(), head].into_iter().chain(reasons).collect()
}

/// The text in lines of the table's width.
pub(super) fn folded(text: &str, indent: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}
