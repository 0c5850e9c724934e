//! What lies behind the curves of a panel over time: tiles and phases.

use plotters::style::RGBColor;

use crate::report::plots::font::width_px as text_width_px;
use crate::report::plots::sheet::{Anchor, MIDDLE, NOTE_PX, Point, Sheet, fitted};

/// A pattern of tiles in one colour, which is a transport's. Times are values of the horizontal
/// axis.
pub(super) struct Tiles {
    pub colour: RGBColor,
    pub tiles: Vec<Tile>,
    /// What a pointer over a stretch of time shows.
    pub said: Vec<(Stretch, String)>,
    /// Each with its name.
    pub phases: Vec<(Stretch, String)>,
}

pub(super) struct Tile {
    pub time: Stretch,
    /// On the vertical axis.
    pub value: Stretch,
    pub opacity: f64,
}

/// A part of an axis, from its low to its high end.
pub(super) type Stretch = (f64, f64);

/// How far the name of a phase may reach beyond the left and the right end of the axis.
const BESIDE_PX: (f64, f64) = (50.0, 30.0);

impl Tiles {
    /// Draws into a panel whose data lie between `ends` of the vertical axis.
    pub fn draw(&self, sheet: &mut Sheet, ends: [f64; 2], at: impl Fn(f64, f64) -> Point) {
        let [low, high] = ends;
        for tile in &self.tiles {
            let corner = |time, value| at(time, value);
            let (from, to) = (
                corner(tile.time.0, tile.value.1),
                corner(tile.time.1, tile.value.0),
            );
            sheet.tile(from, to, self.colour, tile.opacity);
        }
        for ((from, to), said) in &self.said {
            sheet.tile(at(*from, high), at(*to, low), self.colour, 0.0);
            sheet.says(said);
        }
        let last = self.phases.len().saturating_sub(1);
        for (number, ((from, to), name)) in self.phases.iter().enumerate() {
            let ((left, top), (right, bottom)) = (at(*from, high), at(*to, low));
            if number > 0 {
                sheet.line(vec![(left, top - 24.0), (left, bottom)], MIDDLE, 1.5);
            }
            // The name of a short phase at an end of the axis reaches beyond it.
            let room_px = right - left - 4.0;
            let (x, room_px, anchor) = match text_width_px(name, NOTE_PX, false) > room_px {
                true if number == 0 => (right - 2.0, room_px + BESIDE_PX.0, Anchor::Right),
                true if number == last => (left + 2.0, room_px + BESIDE_PX.1, Anchor::Left),
                _ => (f64::midpoint(left, right), room_px, Anchor::Middle),
            };
            let name = fitted(name, room_px, NOTE_PX, false);
            sheet.text(name, (x, top - 16.0), NOTE_PX, anchor);
        }
    }
}
