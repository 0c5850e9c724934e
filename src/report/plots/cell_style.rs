//! How cells look in plots: their colours, their keys in the legend, and notes on their figures.

use plotters::style::RGBColor;

use crate::report::cells::ReportCell;
use crate::report::plots::axis::Axis;
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::panels::Curve;
use crate::report::plots::sheet::{colour, hex, shade};
use crate::results::{TrialLatency, TrialRow, Verdict};
use crate::texts::Texts;
use crate::transport::Transport;

pub(super) fn cell_colour(cell: &ReportCell) -> RGBColor {
    shade(colour(cell.transport.colour()), cell.shade)
}

/// The colour of a cell's lines as `#rrggbb`.
pub(in crate::report) fn cell_hex(cell: &ReportCell) -> String {
    hex(cell_colour(cell))
}

/// By how many steps a line is broader than the narrowest, given its place among so many. The
/// broadest is drawn first, so that it is seen under those that run along it. That is the baseline,
/// with which WebSocket often coincides.
pub(super) fn steps_broader(transport: Transport, at: usize, lines: usize) -> f64 {
    match transport {
        Transport::BASELINE => 5.0,
        _ => (lines - 1 - at).min(4) as f64,
    }
}

/// The latencies of a trial, where they were recorded.
pub(super) fn latency_of<'l>(
    trial: &TrialRow,
    latencies: &'l [TrialLatency],
) -> Option<&'l TrialLatency> {
    let is_of = |one: &&TrialLatency| (one.cell, one.trial) == (trial.cell, trial.trial);
    latencies.iter().find(is_of)
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
pub(super) fn log_axis_us<'c>(curves: impl IntoIterator<Item = &'c Curve>) -> Option<Axis> {
    let points = curves.into_iter().flat_map(|curve| &curve.points);
    let spreads: Vec<_> = points.map(|(_, spread)| spread).collect();
    let min = spreads.iter().map(|s| s.low).min_by(f64::total_cmp)?;
    let max = spreads.iter().map(|s| s.high).max_by(f64::total_cmp)?;
    // Nothing is delivered in less than a microsecond; negatives come with their own warning.
    Some(Axis::logarithmic(min, max, 1.0))
}
