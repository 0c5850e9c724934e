//! What faults did, as plain text for a terminal.

use crate::report::cells::cells;
use crate::report::lines::{TextStyle, aligned, joined, line_width, padded, widths};
use crate::report::recovery::{FaultGroup, Findings, RecoveredCell, faults};
use crate::results::{
    MetricOf, RecoveryRow, Table, TableColumnOf, TrialRow, Unit, Verdict, recovery_shown_in,
};
use crate::texts::{Locale, Texts};

type RecoveryColumn = TableColumnOf<MetricOf<RecoveryRow>>;

/// The columns that a narrow table lacks, the first of them first.
const DROPPED_FIRST: [&str; 3] = ["resets", "reconnected_p50_us", "noticed_p50_us"];

/// A table a fault, and what they show; empty without rows.
pub fn recovery_table(
    trials: &[TrialRow],
    rows: &[RecoveryRow],
    style: TextStyle,
    locale: Locale,
) -> String {
    let (cells, texts) = (cells(trials, locale), locale.texts());
    let groups = faults(&cells, rows);
    if groups.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    for group in &groups {
        lines.extend(table(group, style, texts));
    }
    lines.push(String::new());
    let found = Findings::of(&groups, texts);
    // What else there is to say stands in the tables, and verdicts beside the names.
    let brief = found.first.iter().cloned().chain([found.closing.join(" ")]);
    let paragraphs = match style.details {
        true => found.paragraphs(),
        false => brief.collect(),
    };
    lines.extend(paragraphs.iter().flat_map(|text| style.folded(text, "  ")));
    joined(&lines)
}

fn table(group: &FaultGroup, style: TextStyle, texts: &Texts) -> Vec<String> {
    let mut columns = recovery_shown_in(Table::PrintedRecovery);
    let has_time = |column: &RecoveryColumn| {
        let mut cells = group.cells.iter();
        cells.any(|one| one.median(column.metric).is_some())
    };
    columns.retain(has_time);
    let table = |columns: &[_]| rows(group, columns, texts);
    let mut dropped = DROPPED_FIRST.iter();
    while line_width(&widths(&table(&columns))) > style.width {
        let Some(name) = dropped.next() else { break };
        columns.retain(|column| column.metric.name != *name);
    }
    let table = table(&columns);
    let widths = widths(&table);
    let heading = (texts.recovery.after)(group.fault);
    let heading = format!("{heading}: {}", texts.recovery.p50_to_last);
    let mut lines = style.folded(&heading, "  ");
    lines.push(style.bold(&aligned(&table[0], &widths, &[0])));
    for (one, row) in group.cells.iter().zip(&table[1..]) {
        let verdict = one.cell.verdict();
        let line = aligned(row, &widths, &[0]);
        lines.push(line.replacen(&verdict.to_string(), &style.verdict(verdict), 1));
    }
    lines
}

/// The header, and a row a cell: its name with a verdict that is not VALID, and its figures.
fn rows(group: &FaultGroup, columns: &[RecoveryColumn], texts: &Texts) -> Vec<Vec<String>> {
    let titles = columns.iter();
    let titles = titles.map(|column| (texts.table.short)((texts.translate)(column.title)));
    let titles = titles.map(str::to_owned);
    let header = [texts.table.transport.to_owned()].into_iter().chain(titles);
    let names: Vec<Vec<String>> = group.cells.iter().map(|one| vec![one.name()]).collect();
    let name_width = widths(&names)[0];
    let row = |one: &RecoveredCell| {
        let name = match one.cell.verdict() {
            Verdict::Valid => one.name(),
            doubted => format!("{}  {doubted}", padded(&one.name(), name_width, true)),
        };
        let figures = columns.iter().map(|column| match column.metric.unit {
            Unit::Microseconds => one.time(column.metric),
            _ => one
                .value(column.metric)
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        });
        [name].into_iter().chain(figures).collect()
    };
    std::iter::once(header.collect())
        .chain(group.cells.iter().map(row))
        .collect()
}
