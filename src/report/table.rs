//! The comparison as plain text, for the end of a run in a terminal.

use crate::results::{TrialRow, Verdict};

use crate::report::cells::{ReportCell, cells, settings};
use crate::report::columns::{self, ABSENT};
use crate::report::{repeats, warning};

type Column = (&'static str, fn(&ReportCell) -> String);

const COLUMNS: [Column; 10] = [
    ("verdict", |c| c.verdict().to_string()),
    ("delivered", columns::delivered),
    ("missed", columns::missed),
    ("p50", columns::latency_p50),
    ("p99", columns::latency_p99),
    ("max", columns::latency_max),
    ("bytes", columns::bytes_in_all),
    ("empty", columns::empty_exchanges),
    ("srv CPU", columns::server_cpu),
    ("srv mem", columns::server_memory),
];

/// Theory beside practice: what was measured, and how far off the prediction is.
const THEORY: [Column; 6] = [
    ("mean latency", columns::latency_mean),
    ("theory", columns::latency_predicted),
    ("off", columns::latency_off),
    ("wire bytes", columns::wire_measured),
    ("theory", columns::wire_predicted),
    ("off", columns::wire_off),
];

/// What the average client does not tell.
const BEYOND: [Column; 7] = [
    ("first", columns::first_recipient),
    ("median", columns::median_recipient),
    ("last", columns::last_recipient),
    ("stale", columns::stale),
    ("fairness", columns::fairness),
    ("msg/write", columns::messages_per_write),
    ("probe p50", columns::probe_p50),
];

/// How many times what the machine itself costs.
const RATIOS: [Column; 6] = [
    ("p50", columns::ratio_p50),
    ("p99", columns::ratio_p99),
    ("bytes", columns::ratio_bytes),
    ("srv CPU", columns::ratio_server_cpu),
    ("srv mem", columns::ratio_server_memory),
    ("load CPU", columns::ratio_load_cpu),
];

/// How far the medians can be told.
const INTERVALS: [Column; 5] = [
    ("p50", columns::latency_p50_interval),
    ("p99", columns::latency_p99_interval),
    ("bytes", columns::bytes_interval),
    ("srv CPU", columns::server_cpu_interval),
    ("srv mem", columns::server_memory_interval),
];

/// Where nothing was to be published.
const WAITING: [Column; 8] = [
    ("verdict", |c| c.verdict().to_string()),
    ("wire", columns::wire_bytes_waiting),
    ("exchanges", columns::exchanges_waiting),
    ("empty", columns::empty_exchanges),
    ("srv CPU", columns::server_cpu_percent),
    ("srv mem", columns::server_memory),
    ("load CPU", columns::load_cpu_percent),
    ("load mem", columns::load_memory),
];

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
    let columns = if waiting { &WAITING[..] } else { &COLUMNS };
    let mut lines = block(&cells, columns, "");
    if !waiting && repeats::has_intervals(&cells) {
        lines.extend(block(&cells, &INTERVALS, ": 95 % intervals of the medians"));
    }
    if !waiting && columns::has_beyond(&cells) {
        lines.extend(block(&cells, &BEYOND, ": recipients of a message"));
    }
    if columns::has_ratios(&cells) {
        lines.extend(block(&cells, &RATIOS, ": times raw-tcp"));
    }
    if columns::has_theory(&cells) {
        lines.extend(block(&cells, &THEORY, ": theory and practice"));
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
fn block(cells: &[ReportCell], columns: &[Column], what: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let rows: Vec<Vec<String>> = cells.iter().map(|cell| row(cell, columns)).collect();
    let header = header(columns);
    let widths = widths(&[&rows[..], std::slice::from_ref(&header)].concat());
    for (setting, group) in settings(cells) {
        lines.push(format!("{setting}{what}"));
        lines.push(aligned(&header, &widths));
        lines.extend(
            group
                .iter()
                .map(|cell| aligned(&row(cell, columns), &widths)),
        );
        lines.push(String::new());
    }
    lines
}

fn header(columns: &[Column]) -> Vec<String> {
    let titles = columns.iter().map(|(title, _)| (*title).to_owned());
    std::iter::once("transport".to_owned())
        .chain(titles)
        .collect()
}

fn row(cell: &ReportCell, columns: &[Column]) -> Vec<String> {
    let name: String = cell.name().chars().take(NAME_CHARS).collect();
    // Further lines are details, for which the page has room.
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let figures = columns.iter().map(|(_, value)| first_line(value(cell)));
    std::iter::once(name).chain(figures).collect()
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
