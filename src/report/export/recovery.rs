//! What faults did, for scripts and for GitHub.

use serde::Serialize;
use serde_json::{Map, Value};

use super::markdown::table;
use super::number;
use crate::report::cells::ReportCell;
use crate::report::recovery::{FaultGroup, Findings, RecoveredCell, faults};
use crate::results::{Kind, RECOVERY_METRICS, RecoveryRow, Table, recovery_shown_in};
use crate::texts::Texts;
use crate::transport::Transport;

/// What a fault did to a cell, for scripts.
#[derive(Debug, Serialize)]
pub struct RecoveryDocument {
    pub fault: String,
    pub cell: u32,
    pub transport: Transport,
    /// Medians by column of `recovery.csv`; of a count of what went wrong, the most of any trial.
    #[serde(flatten)]
    pub figures: Map<String, Value>,
}

pub(super) fn recovery(cells: &[ReportCell], rows: &[RecoveryRow]) -> Vec<RecoveryDocument> {
    let groups = faults(cells, rows);
    let each = groups.iter().flat_map(|group| {
        let cells = group.cells.iter();
        cells.map(|one| RecoveryDocument {
            fault: group.fault.to_owned(),
            cell: one.cell.number,
            transport: one.cell.transport,
            figures: figures(one),
        })
    });
    each.collect()
}

fn figures(one: &RecoveredCell) -> Map<String, Value> {
    let measured = RECOVERY_METRICS.iter();
    let measured = measured.filter(|metric| metric.kind == Kind::Measured);
    let figures = measured.map(|metric| {
        let figure = match metric.breakage {
            true => Some(one.most(metric.name)),
            false => one.median(metric),
        };
        (metric.name.to_owned(), number(figure))
    });
    figures.collect()
}

/// A table a fault, and what they show.
pub(super) fn markdown(cells: &[ReportCell], rows: &[RecoveryRow], texts: &Texts) -> Vec<String> {
    let groups = faults(cells, rows);
    let tables = groups.iter().flat_map(|group| {
        let heading = format!("**{}**", (texts.recovery.after)(group.fault));
        [heading, fault(group, texts)]
    });
    let mut paragraphs: Vec<String> = tables.collect();
    if !groups.is_empty() {
        let words = &texts.recovery;
        paragraphs.push(words.note.to_owned());
        paragraphs.extend(Findings::of(&groups, texts).paragraphs());
    }
    paragraphs
}

fn fault(group: &FaultGroup, texts: &Texts) -> String {
    let columns = recovery_shown_in(Table::Recovery);
    let mut header = vec![
        texts.table.transport.to_owned(),
        texts.table.verdict.to_owned(),
    ];
    header.extend(columns.iter().map(|column| {
        let [group, title] = [column.group, column.title].map(texts.translate);
        format!("{group}: {title}")
    }));
    let rows = group.cells.iter().map(|one| {
        let mut row = vec![one.name(), one.cell.verdict().to_string()];
        let figures = columns.iter().map(|column| one.value(column.metric));
        row.extend(figures.map(|figure| figure.replace('\n', "<br>")));
        row
    });
    table(&header, &rows.collect::<Vec<_>>(), 2)
}
