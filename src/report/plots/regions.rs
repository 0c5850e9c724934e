//! Faults in panels over time: a grey region while one lasts, with a dashed line where it begins.

use crate::report::cells::ReportCell;
use crate::report::content::Report;
use crate::report::plots::font::width_px as text_width_px;
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::sheet::{Anchor, Dash, INK, MIDDLE, NOTE_PX, Point, Sheet, fitted};
use crate::report::plots::timeline::window_begins_s;
use crate::results::RecoveryRow;
use crate::stats::statistics::median;
use crate::texts::Texts;

/// The height of the labels above a panel.
pub(super) const LABELS_PX: f64 = 22.0;

const OPACITY: f64 = 0.22;

/// A fault in a panel. Times are since the window began.
#[derive(Clone)]
pub(super) struct Region {
    /// In the legend, from 1.
    number: usize,
    fault: String,
    from_s: f64,
    /// `None`: to the end.
    to_s: Option<f64>,
}

/// The faults of some cells, each at the median of its times in their trials.
pub(super) fn regions(cells: &[&ReportCell], report: &Report) -> Vec<Region> {
    let mut rows: Vec<(f64, &RecoveryRow)> = Vec::new();
    for trial in cells.iter().flat_map(|cell| cell.counted()) {
        let Some(began_s) = window_begins_s(trial, report.timeline) else {
            continue;
        };
        let is_of = |row: &&RecoveryRow| (row.cell, row.trial) == (trial.cell, trial.trial);
        let own = report.recoveries.iter().filter(is_of);
        rows.extend(own.map(|row| (began_s, row)));
    }
    let regions = named(report).into_iter().zip(1..);
    let regions = regions.filter_map(|((fault, _), number)| {
        let same = || rows.iter().filter(|(_, row)| row.fault == fault);
        let begins: Vec<f64> = same().map(|(at_s, row)| row.begins_at_s - at_s).collect();
        let ends: Vec<f64> = same()
            .filter_map(|(at_s, row)| Some(row.ends_at_s? - at_s))
            .collect();
        Some(Region {
            number,
            fault: fault.to_owned(),
            from_s: median(&begins)?,
            to_s: median(&ends),
        })
    });
    regions.collect()
}

/// What the numbers of the faults stand for.
pub(super) fn keys(report: &Report, texts: &Texts) -> Vec<Key> {
    let keys = named(report).into_iter().zip(1..);
    let keys = keys.map(|((fault, lasts), number)| Key {
        label: (texts.recovery.numbered)(number, fault),
        colour: if lasts { MIDDLE } else { INK },
        sample: if lasts {
            Sample::Tile(2.0 * OPACITY)
        } else {
            Sample::Dashes
        },
    });
    keys.collect()
}

/// The faults of a report in the order of their rows, and whether each lasts some time.
fn named<'r>(report: &Report<'r>) -> Vec<(&'r str, bool)> {
    let mut named: Vec<(&str, bool)> = Vec::new();
    for row in report.recoveries {
        if !named.iter().any(|(fault, _)| *fault == row.fault) {
            let lasts = row
                .ends_at_s
                .is_none_or(|ends_at_s| ends_at_s > row.begins_at_s);
            named.push((&row.fault, lasts));
        }
    }
    named
}

impl Region {
    /// The number, and what is done.
    fn label(&self) -> String {
        let kind = self.fault.split('@').next().unwrap_or_default();
        format!("{} {kind}", self.number)
    }
}

/// Draws regions between the top left and the bottom right corner of a panel's data, and their
/// labels `above_px` higher. A label without room is left out: the pointer still shows it.
pub(super) fn draw(
    sheet: &mut Sheet,
    regions: &[Region],
    [(left, top), (right, bottom)]: [Point; 2],
    above_px: f64,
    across: impl Fn(f64) -> f64,
) {
    let mut free_from = left;
    for (at, region) in regions.iter().enumerate() {
        let (from, to) = (across(region.from_s), region.to_s.map_or(right, &across));
        if to - from >= 1.0 {
            let corners = [(from, top), (to, top), (to, bottom), (from, bottom)];
            sheet.area(corners.to_vec(), MIDDLE, OPACITY);
            sheet.says(&region.fault);
        }
        let line = vec![(from, top - 4.0), (from, bottom)];
        sheet.broken_line(line, INK, 1.5, Dash::Dashed);
        sheet.says(&region.fault);
        let next = regions.get(at + 1).map(|next| across(next.from_s));
        let room_px = next.map_or(right + 10.0, |next| next - 6.0) - from;
        let mut label = fitted(&region.label(), room_px, NOTE_PX, false);
        if label.contains('…') {
            label = region.number.to_string();
        }
        let label_px = text_width_px(&label, NOTE_PX, false);
        if from >= free_from && label_px <= room_px && !label.is_empty() {
            let at = (from, top - above_px - LABELS_PX / 2.0);
            sheet.text(label, at, NOTE_PX, Anchor::Left);
            free_from = from + label_px + 4.0;
        }
    }
}
