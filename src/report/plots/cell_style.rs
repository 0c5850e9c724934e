//! How cells look in plots: their colours, their keys in the legend, and notes on their figures.

use plotters::style::RGBColor;

use crate::report::cells::ReportCell;
use crate::report::plots::axis::Axis;
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::panels::Curve;
use crate::report::plots::sheet::{colour, hex, shade};
use crate::results::Verdict;
use crate::texts::Texts;

pub(super) fn cell_colour(cell: &ReportCell) -> RGBColor {
    shade(colour(cell.transport.colour()), cell.shade)
}

/// The colour of a cell's lines as `#rrggbb`.
pub(in crate::report) fn cell_hex(cell: &ReportCell) -> String {
    hex(cell_colour(cell))
}

/// One entry a transport and variant, however many settings it appears in.
pub(super) fn cell_keys(cells: &[ReportCell], sample: Sample) -> Vec<Key> {
    let mut keys: Vec<(&ReportCell, Key)> = Vec::new();
    for cell in cells {
        let key = Key {
            label: cell.name(),
            colour: cell_colour(cell),
            sample,
        };
        if !keys.iter().any(|(_, known)| *known == key) {
            keys.push((cell, key));
        }
    }
    keys.sort_by_key(|(cell, _)| cell.transport);
    keys.into_iter().map(|(_, key)| key).collect()
}

/// What a panel says about its cells: the verdicts, and which cells lack figures.
pub(super) fn notes(group: &[&ReportCell], lacks: impl Fn(&ReportCell) -> bool) -> Vec<String> {
    let Some(first) = group.first() else {
        return Vec::new();
    };
    let of_verdict = |verdict: Verdict| {
        let doubted = group.iter().filter(move |cell| cell.verdict() == verdict);
        let names = doubted.map(|cell| format!("{} {}", cell.name(), cell.trials_concerned()));
        let names = names.map(|name| name.trim_end().to_owned()).collect();
        (verdict.to_string(), names)
    };
    let lacking = group.iter().filter(|cell| lacks(cell));
    let lacking: Vec<String> = lacking.map(|cell| cell.name()).collect();
    let notes = [
        of_verdict(Verdict::Invalid),
        of_verdict(Verdict::Suspect),
        (first.texts.plot.not_measured.to_owned(), lacking),
    ];
    let notes = notes.into_iter().filter(|(_, names)| !names.is_empty());
    notes
        .map(|(what, names)| format!("{what}: {}", names.join(", ")))
        .collect()
}

/// What an open dot means, where there is one.
pub(super) fn open_dots(curves: &[Curve], texts: &Texts) -> Option<String> {
    let mut doubted = curves.iter().flat_map(|curve| &curve.doubted);
    doubted.next().map(|_| (texts.cell.doubted)("○"))
}

/// An axis of latencies for all curves together, so that panels can be compared.
pub(super) fn log_axis_us(curves: &[Curve]) -> Option<Axis> {
    let spreads = || {
        curves
            .iter()
            .flat_map(|curve| &curve.points)
            .map(|(_, spread)| spread)
    };
    let min = spreads().map(|s| s.low).min_by(f64::total_cmp)?;
    let max = spreads().map(|s| s.high).max_by(f64::total_cmp)?;
    // Nothing is delivered in less than a microsecond; negatives come with their own warning.
    Some(Axis::logarithmic(min, max, 1.0))
}
