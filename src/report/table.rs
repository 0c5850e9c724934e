//! What a run prints at its end: conditions, one table, what to doubt, and the answer.
//!
//! The table fits the terminal. Where it does not, it lacks columns, in the order of
//! [`DROPPED_FIRST`]: no line is broken. All other tables are in `details`.

use std::collections::BTreeSet;

use console::measure_text_width;

use crate::report::answer::{Answer, answers};
use crate::report::batching;
use crate::report::cells::{ReportCell, cells, settings};
use crate::report::columns;
use crate::report::conditions;
use crate::report::content::{MissingTrials, incomplete};
use crate::report::details;
use crate::report::lines::{TextStyle, aligned, joined, line_width, padded, widths};
use crate::report::marks;
use crate::report::repeats;
use crate::report::warnings;
use crate::results::{Metric, Table, TableColumn, TrialRow, Verdict};
use crate::texts::{Locale, Texts};

/// The columns that a narrow table lacks, the first of them first. What was missed is never
/// dropped.
const DROPPED_FIRST: [&str; 11] = [
    "load_rss_bytes_per_client",
    "load_cpu_percent",
    "proxy_rss_bytes_per_client",
    "server_rss_bytes_per_client",
    "empty_exchanges_percent",
    "latency_p99_us",
    "exchanges_per_client_s",
    "proxy_cpu_us_per_delivery",
    "server_cpu_us_per_delivery",
    "server_cpu_percent",
    "all_layers_bytes_per_delivery",
];

/// The figures of a run: at most `style.width` columns wide, except for names that are longer. Ends
/// with a line break.
pub fn text_table(
    trials: &[TrialRow],
    missing: &[MissingTrials],
    style: TextStyle,
    locale: Locale,
) -> String {
    let texts = locale.texts();
    let cells = cells(trials, locale);
    if cells.is_empty() {
        return format!("{}\n", texts.table.no_trial);
    }
    let mut lines = Vec::new();
    lines.extend(conditions::lines(trials, style, locale));
    lines.push(String::new());
    let columns = columns_that_fit(&cells, style);
    lines.extend(main_table(&cells, &columns, style));
    lines.extend(style.folded(&marks::short_meaning(&cells, &columns).join(" "), "  "));
    let batched: BTreeSet<String> = cells.iter().filter_map(batching::meaning).collect();
    lines.extend(batched.iter().flat_map(|it| style.folded(it, "  ")));
    let answers = answers(trials, locale);
    // Doubted figures are noise anyway.
    let is_told = style.details || answers.iter().any(|answer| !answer.doubted);
    if let Some(noise) = repeats::noise_floor(&cells).filter(|_| is_told) {
        lines.extend(style.folded(&noise, "  "));
    }
    lines.extend(warnings::lines(&warnings::named(&cells), style, texts));
    if style.details {
        lines.push(String::new());
        lines.extend(details::blocks(&cells, style));
    }
    if let Some(incomplete) = incomplete(missing, texts) {
        lines.extend(
            style
                .folded(&incomplete, "")
                .iter()
                .map(|line| style.warn(line)),
        );
    }
    joined(&lines)
}

/// The answer of a run, to be printed last: each setting's after an empty line.
pub fn text_answer(trials: &[TrialRow], style: TextStyle, locale: Locale) -> String {
    let answers = answers(trials, locale);
    let mut lines = Vec::new();
    for answer in &answers {
        lines.push(String::new());
        lines.extend(closing(answer, answers.len() > 1, style, locale.texts()));
    }
    joined(&lines)
}

/// The answer for a setting: the conclusion, then what it rests on. Without details, of several
/// settings and of doubted figures, that is latency alone.
fn closing(answer: &Answer, several: bool, style: TextStyle, texts: &Texts) -> Vec<String> {
    let conclusion = match several {
        true => (texts.answer.setting)(&answer.setting, &answer.conclusion),
        false => answer.conclusion.clone(),
    };
    let conclusion = style.folded(&conclusion, "").into_iter();
    let mut lines: Vec<String> = conclusion.map(|line| style.bold(&line)).collect();
    let Answer {
        figures,
        others,
        limits,
        ..
    } = answer;
    let rest = match style.details {
        true => [&figures[..], others, limits].concat(),
        false if several || answer.doubted => [&figures[..1.min(figures.len())], limits].concat(),
        false => [&figures[..], limits].concat(),
    };
    lines.extend(style.folded(&rest.join(" "), ""));
    lines
}

/// A line a cell and a block a setting.
fn main_table(cells: &[ReportCell], columns: &[TableColumn], style: TextStyle) -> Vec<String> {
    let settings = settings(cells);
    let table = rows(cells, columns);
    let widths = widths(&table);
    let mut lines = Vec::new();
    for (setting, group) in &settings {
        if settings.len() > 1 {
            lines.extend((!lines.is_empty()).then(String::new));
            lines.push((*setting).to_owned());
        }
        lines.push(style.dim(&groups(columns, &widths, cells[0].texts)));
        lines.push(style.bold(&aligned(&table[0], &widths, &[0])));
        for (cell, row) in cells.iter().zip(&table[1..]) {
            if group.iter().any(|one| one.number == cell.number) {
                lines.push(coloured(cell, aligned(row, &widths, &[0]), style));
            }
        }
    }
    lines
}

/// The columns, without those for which there is no room.
fn columns_that_fit(cells: &[ReportCell], style: TextStyle) -> Vec<TableColumn> {
    let table = match columns::only_waits(cells) {
        true => Table::PrintedWaiting,
        false => Table::Printed,
    };
    let has = |metric: &Metric| {
        let mut trials = cells.iter().flat_map(|cell| &cell.trials);
        trials.any(|trial| metric.figure(trial).is_some_and(|figure| figure != 0.0))
    };
    let mut columns = columns::usual(table, cells);
    columns.retain(|column| !column.metric.breakage || has(column.metric));
    let mut dropped = DROPPED_FIRST.iter();
    while line_width(&widths(&rows(cells, &columns))) > style.width {
        let Some(name) = dropped.next() else { break };
        columns.retain(|column| column.metric.name != *name);
    }
    columns
}

/// The header, and a row a cell: its name with a verdict that is not VALID, and its figures.
fn rows(cells: &[ReportCell], columns: &[TableColumn]) -> Vec<Vec<String>> {
    let texts = cells[0].texts;
    let titles = columns.iter().map(|column| column.title);
    let titles = titles.map(|title| (texts.table.short)((texts.translate)(title)).to_owned());
    let named = cells
        .iter()
        .map(|cell| vec![cell.name()])
        .collect::<Vec<_>>();
    let name_width = widths(&named)[0];
    let row = |cell: &ReportCell| {
        let name = match cell.verdict() {
            Verdict::Valid => cell.name(),
            doubted => format!("{}  {doubted}", padded(&cell.name(), name_width, true)),
        };
        let figures = columns
            .iter()
            .map(|column| columns::line(Table::Printed, column.metric, cell));
        [vec![name], figures.collect()].concat()
    };
    let header = [vec![texts.table.transport.to_owned()], titles.collect()].concat();
    std::iter::once(header)
        .chain(cells.iter().map(row))
        .collect()
}

/// The line above the header: what neighbouring columns have in common. A title that is wider than
/// its columns begins further left, and so does that before it.
fn groups(columns: &[TableColumn], widths: &[usize], texts: &Texts) -> String {
    let (mut left, mut end) = (widths, line_width(widths));
    let (mut line, mut begins) = (String::new(), end);
    for group in columns.chunk_by(|a, b| a.group == b.group).rev() {
        let (before, own) = left.split_at(left.len() - group.len());
        left = before;
        let title = (texts.translate)(group[0].group);
        let ends = match line.is_empty() {
            true => end,
            false => end.min(begins.saturating_sub(2)),
        };
        line = format!("{title}{}{line}", " ".repeat(begins - ends));
        begins = ends.saturating_sub(measure_text_width(title));
        end -= line_width(own) + 2;
    }
    " ".repeat(begins) + &line
}

/// A line in which the verdict has its colour.
fn coloured(cell: &ReportCell, line: String, style: TextStyle) -> String {
    let verdict = cell.verdict();
    line.replacen(&verdict.to_string(), &style.verdict(verdict), 1)
}
