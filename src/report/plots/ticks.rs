//! Ticks below a plot: marks, and labels where there is room.

use crate::report::plots::font::width_px;
use crate::report::plots::sheet::{Anchor, MIDDLE, NOTE_PX, Sheet};

/// Draws upright marks of a length, from a height down.
pub(super) fn marks(sheet: &mut Sheet, across: impl Iterator<Item = f64>, y: f64, length: f64) {
    for x in across {
        sheet.line(vec![(x, y), (x, y + length)], MIDDLE, 1.0);
    }
}

/// Writes labels at a height, each around its place. One that would touch the label before it is
/// left out.
pub(super) fn labels(sheet: &mut Sheet, labels: impl Iterator<Item = (f64, String)>, y: f64) {
    let mut free_from = 0.0;
    for (x, label) in labels {
        let half = width_px(&label, NOTE_PX, false) / 2.0;
        if x - half > free_from {
            sheet.text(label, (x, y), NOTE_PX, Anchor::Middle);
            free_from = x + half + 10.0;
        }
    }
}
