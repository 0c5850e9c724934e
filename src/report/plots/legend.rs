//! The legend: entries in a row under the title, in as many rows as they need.

use plotters::style::RGBColor;

use crate::report::plots::font::width_px as text_width_px;
use crate::report::plots::sheet::{Anchor, Dash, MARGIN_PX, Sheet, TEXT_PX, WIDTH_PX, fitted};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub label: String,
    pub colour: RGBColor,
    pub sample: Sample,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sample {
    Patch,
    Line,
    Dashes,
    /// A tile of this opacity.
    Tile(f64),
}

const ROW_PX: f64 = 26.0;
const SAMPLE_PX: f64 = 26.0;
const GAP_PX: f64 = 26.0;

pub(super) fn height_px(keys: &[Key]) -> f64 {
    places(keys)
        .last()
        .map_or(0.0, |(row, _)| (*row as f64 + 1.0) * ROW_PX)
}

pub(super) fn draw(sheet: &mut Sheet, keys: &[Key], top: f64) {
    for (key, (row, x)) in keys.iter().zip(places(keys)) {
        let y = top + (row as f64 + 0.5) * ROW_PX;
        let ends = [(x, y), (x + SAMPLE_PX, y)];
        let patch = ((x + 6.0, y - 8.0), (x + SAMPLE_PX - 4.0, y + 8.0));
        match key.sample {
            Sample::Patch => sheet.rectangle(patch.0, patch.1, key.colour),
            Sample::Tile(opacity) => sheet.tile(patch.0, patch.1, key.colour, opacity),
            Sample::Line => sheet.line(ends.to_vec(), key.colour, 4.0),
            Sample::Dashes => sheet.broken_line(ends.to_vec(), key.colour, 2.0, Dash::Dashed),
        }
        sheet.text(label(key), (x + SAMPLE_PX + 8.0, y), TEXT_PX, Anchor::Left);
    }
}

fn label(key: &Key) -> String {
    fitted(
        &key.label,
        WIDTH_PX - 2.0 * MARGIN_PX - SAMPLE_PX - 8.0,
        TEXT_PX,
        false,
    )
}

/// Row and left edge of each entry.
fn places(keys: &[Key]) -> Vec<(usize, f64)> {
    let (mut row, mut x) = (0, MARGIN_PX);
    let mut places = Vec::new();
    for key in keys {
        let width = SAMPLE_PX + 8.0 + text_width_px(&label(key), TEXT_PX, false);
        if x > MARGIN_PX && x + width > WIDTH_PX - MARGIN_PX {
            (row, x) = (row + 1, MARGIN_PX);
        }
        places.push((row, x));
        x += width + GAP_PX;
    }
    places
}
