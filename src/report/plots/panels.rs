//! Line plots: one panel a setting, side by side, under one title and one legend.

use plotters::style::RGBColor;

use crate::report::cells::Spread;
use crate::report::marks::DOUBTED;
use crate::report::plots::axis::Axis;
use crate::report::plots::legend::{self, Key};
use crate::report::plots::regions::{self, Region};
use crate::report::plots::sheet::{
    Anchor, Dash, FAINT, HEADING_PX, INK, MARGIN_PX, MIDDLE, NOTE_PX, PAPER, Point, Sheet, TEXT_PX,
    TITLE_PX, WIDTH_PX, fitted, wrapped,
};
use crate::report::plots::tiles::Tiles;
use crate::texts::Numbers;

pub(super) struct Panels {
    pub title: String,
    /// What all panels show; empty where each says it in its own title.
    pub setting: String,
    pub x_title: String,
    /// Of all panels; empty where each says it in its title.
    pub y_title: String,
    pub legend: Vec<Key>,
    pub panels: Vec<Panel>,
}

pub(super) struct Panel {
    /// The setting that this panel shows.
    pub title: String,
    /// Notes on its figures: verdicts that are not VALID, and what is missing.
    pub notes: Vec<String>,
    pub x: Axis,
    /// The labels of the horizontal axis, each with its value.
    pub x_labels: Vec<(f64, String)>,
    pub y: Axis,
    pub y_label: fn(Numbers, f64) -> String,
    pub numbers: Numbers,
    pub curves: Vec<Curve>,
    /// Behind the curves.
    pub tiles: Option<Tiles>,
    /// The faults of its trials.
    pub regions: Vec<Region>,
}

/// One line, of a transport or of one of its figures. A point's spread is drawn around it where its trials differ.
pub(super) struct Curve {
    pub name: String,
    pub points: Vec<(f64, Spread)>,
    /// The places of figures that a warning touches, whose dots are open.
    pub doubted: Vec<f64>,
    pub colour: RGBColor,
    pub width_px: f64,
    pub look: Look,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Look {
    /// Dots joined by a line, moved sideways so that lines beside each other stay apart, and the
    /// spread as a thin upright line.
    Dots {
        aside_px: f64,
    },
    /// A line, and the spread as a pale band.
    Line,
    /// The same, with dots where the axis has labels.
    Labelled,
    Dashes,
}

const PANEL_HEIGHT_PX: f64 = 300.0;
const LONE_PANEL_HEIGHT_PX: f64 = 400.0;
const SMALL_PANEL_HEIGHT_PX: f64 = 190.0;
const Y_LABELS_PX: f64 = 82.0;
const X_LABELS_PX: f64 = 30.0;
const NOTE_LINE_PX: f64 = 19.0;
const PHASES_PX: f64 = 24.0;

/// The rectangle of a panel's data, in pixels.
struct Frame {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Frame {
    fn point(&self, panel: &Panel, x: f64, y: f64) -> Point {
        let across = panel.x.position(x) * (self.right - self.left);
        let up = panel.y.position(y) * (self.bottom - self.top);
        (self.left + across, self.bottom - up)
    }
}

pub(super) fn draw(plot: &Panels) -> Sheet {
    draw_in(
        plot,
        match plot.panels.len() {
            1 => LONE_PANEL_HEIGHT_PX,
            _ => PANEL_HEIGHT_PX,
        },
    )
}

/// The same with small panels, where there are many.
pub(super) fn draw_small(plot: &Panels) -> Sheet {
    draw_in(plot, SMALL_PANEL_HEIGHT_PX)
}

fn draw_in(plot: &Panels, height_px: f64) -> Sheet {
    let columns = plot.panels.len().min(2);
    let y_title_px = if plot.y_title.is_empty() { 0.0 } else { 30.0 };
    let panel_px = (WIDTH_PX - 2.0 * MARGIN_PX - y_title_px) / columns as f64;
    let text_px = panel_px - 24.0;
    let note_lines = |panel: &Panel| {
        panel
            .notes
            .iter()
            .flat_map(|n| wrapped(n, text_px, NOTE_PX, true))
            .collect::<Vec<_>>()
    };
    let setting_px = if plot.setting.is_empty() { 0.0 } else { 26.0 };
    let legend_top = MARGIN_PX + 40.0 + setting_px;
    let mut top = legend_top + legend::height_px(&plot.legend) + 8.0;

    let mut sheet = Sheet::new(0.0);
    sheet.bold(
        &plot.title,
        (MARGIN_PX, MARGIN_PX + 12.0),
        TITLE_PX,
        Anchor::Left,
    );
    if !plot.setting.is_empty() {
        let setting = fitted(&plot.setting, WIDTH_PX - 2.0 * MARGIN_PX, HEADING_PX, true);
        let at = (MARGIN_PX, MARGIN_PX + 42.0);
        sheet.bold(setting, at, HEADING_PX, Anchor::Left);
    }
    legend::draw(&mut sheet, &plot.legend, legend_top);
    for row in plot.panels.chunks(columns) {
        let notes: Vec<_> = row.iter().map(note_lines).collect();
        let most_notes = notes.iter().map(Vec::len).max().unwrap_or(0);
        let has_tiles = row.iter().any(|panel| panel.tiles.is_some());
        let phases_px = if has_tiles { PHASES_PX } else { 0.0 };
        let has_regions = row.iter().any(|panel| !panel.regions.is_empty());
        let regions_px = if has_regions { regions::LABELS_PX } else { 0.0 };
        let frame_top = top + 38.0 + phases_px + regions_px + most_notes as f64 * NOTE_LINE_PX;
        let bottom = frame_top + height_px;
        for (column, (panel, notes)) in row.iter().zip(&notes).enumerate() {
            let left = MARGIN_PX + y_title_px + column as f64 * panel_px;
            let heading = fitted(&panel.title, text_px, HEADING_PX, true);
            sheet.bold(heading, (left, top + 12.0), HEADING_PX, Anchor::Left);
            for (line, note) in notes.iter().enumerate() {
                let at = (left, top + 34.0 + line as f64 * NOTE_LINE_PX);
                sheet.bold(note, at, NOTE_PX, Anchor::Left);
            }
            let right = left + panel_px - 12.0;
            let frame = Frame {
                left: left + Y_LABELS_PX,
                top: frame_top,
                right,
                bottom,
            };
            draw_panel(&mut sheet, panel, &frame);
            let middle = f64::midpoint(frame.left, frame.right);
            let at = (middle, bottom + X_LABELS_PX + 18.0);
            sheet.text(&plot.x_title, at, TEXT_PX, Anchor::Middle);
        }
        let middle = f64::midpoint(frame_top, bottom);
        if !plot.y_title.is_empty() {
            let at = (MARGIN_PX + 8.0, middle);
            sheet.text(&plot.y_title, at, TEXT_PX, Anchor::Upwards);
        }
        top = bottom + X_LABELS_PX + 42.0;
    }
    sheet.height_px = top;
    sheet
}

fn draw_panel(sheet: &mut Sheet, panel: &Panel, frame: &Frame) {
    let level = |value: f64| frame.point(panel, 0.0, value).1;
    for &value in panel.y.minor.iter().chain(&panel.y.ticks) {
        let y = level(value);
        sheet.line(vec![(frame.left, y), (frame.right, y)], FAINT, 1.0);
    }
    // Lines beside each other are one element of the picture, so the labels come after them.
    for &tick in &panel.y.ticks {
        let y = level(tick);
        sheet.line(vec![(frame.left - 5.0, y), (frame.left, y)], MIDDLE, 1.0);
    }
    let across = |value: f64| frame.point(panel, value, 0.0).0;
    for (value, _) in &panel.x_labels {
        let tick = [frame.bottom, frame.bottom + 5.0].map(|y| (across(*value), y));
        sheet.line(tick.to_vec(), MIDDLE, 1.0);
    }
    for &tick in &panel.y.ticks {
        let label = (panel.y_label)(panel.numbers, tick);
        sheet.text(
            label,
            (frame.left - 10.0, level(tick)),
            NOTE_PX,
            Anchor::Right,
        );
    }
    for (value, label) in &panel.x_labels {
        let at = (across(*value), frame.bottom + 18.0);
        sheet.text(label, at, NOTE_PX, Anchor::Middle);
    }
    if let Some(tiles) = &panel.tiles {
        tiles.draw(sheet, panel.y.ends(), |x, y| frame.point(panel, x, y));
    }
    let corners = [(frame.left, frame.top), (frame.right, frame.bottom)];
    let phases_px = if panel.tiles.is_some() {
        PHASES_PX
    } else {
        0.0
    };
    regions::draw(sheet, &panel.regions, corners, phases_px, across);
    for curve in &panel.curves {
        draw_spread(sheet, panel, frame, curve);
    }
    let mut curves: Vec<&Curve> = panel.curves.iter().collect();
    curves.sort_by(|a, b| b.width_px.total_cmp(&a.width_px));
    for curve in curves {
        draw_curve(sheet, panel, frame, curve);
    }
    let corners = [
        (frame.left, frame.top),
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    ];
    sheet.line(corners.to_vec(), MIDDLE, 1.0);
}

fn draw_spread(sheet: &mut Sheet, panel: &Panel, frame: &Frame, curve: &Curve) {
    if curve
        .points
        .iter()
        .all(|(_, spread)| spread.low == spread.high)
    {
        return;
    }
    let at = |x: f64, y: f64| frame.point(panel, x, y);
    if let Look::Dots { aside_px } = curve.look {
        for (x, spread) in &curve.points {
            let ends = [at(*x, spread.low), at(*x, spread.high)].map(|(x, y)| (x + aside_px, y));
            sheet.broken_line(ends.to_vec(), curve.colour, 1.5, dash(spread));
        }
        return;
    }
    let upper = curve.points.iter().map(|(x, spread)| at(*x, spread.high));
    let lower = curve
        .points
        .iter()
        .rev()
        .map(|(x, spread)| at(*x, spread.low));
    // A range of trials is paler than an interval.
    let is_interval = curve.points.iter().all(|(_, spread)| spread.is_interval);
    let opacity = if is_interval { 0.18 } else { 0.08 };
    sheet.area(upper.chain(lower).collect(), curve.colour, opacity);
}

/// The line of an interval, or of a range that is none.
pub(super) fn dash(spread: &Spread) -> Dash {
    match spread.is_interval {
        true => Dash::Solid,
        false => Dash::Dotted,
    }
}

fn draw_curve(sheet: &mut Sheet, panel: &Panel, frame: &Frame, curve: &Curve) {
    let aside = if let Look::Dots { aside_px } = curve.look {
        aside_px
    } else {
        0.0
    };
    let points: Vec<Point> = curve
        .points
        .iter()
        .map(|(x, spread)| frame.point(panel, *x, spread.median))
        .map(|(x, y)| (x + aside, y))
        .collect();
    match curve.look {
        Look::Dashes => {
            sheet.broken_line(points.clone(), curve.colour, curve.width_px, Dash::Dashed);
        }
        Look::Dots { .. } | Look::Line | Look::Labelled => {
            sheet.line(points.clone(), curve.colour, curve.width_px);
        }
    }
    let said = format!("{}: {}", curve.name, said(panel, curve));
    sheet.says(&said);
    let radius_px = match curve.look {
        Look::Dots { .. } => 3.2 + curve.width_px / 2.0,
        Look::Labelled => 1.8 + 0.7 * curve.width_px,
        Look::Line | Look::Dashes => 3.0,
    };
    for (&point, (x, _)) in points.iter().zip(&curve.points) {
        // A line of one point would not be seen.
        if points.len() == 1 || has_dot(panel, curve, *x) {
            sheet.dot(point, radius_px, curve.colour);
            sheet.says(&said);
            if curve.doubted.contains(x) {
                sheet.dot(point, radius_px / 2.0, PAPER);
                sheet.says(&said);
            }
        }
    }
}

fn has_dot(panel: &Panel, curve: &Curve, x: f64) -> bool {
    match curve.look {
        Look::Dots { .. } => true,
        Look::Labelled => panel.x_labels.iter().any(|(label, _)| *label == x),
        Look::Line | Look::Dashes => false,
    }
}

/// The figures of a curve in words: all of them, or of a line over time the least and the greatest.
fn said(panel: &Panel, curve: &Curve) -> String {
    let write = |y| (panel.y_label)(panel.numbers, y);
    let range = |low, high| panel.numbers.range(low, high, write);
    if matches!(curve.look, Look::Line | Look::Dashes) {
        let medians = || curve.points.iter().map(|(_, spread)| spread.median);
        return range(
            medians().fold(f64::INFINITY, f64::min),
            medians().fold(0.0, f64::max),
        );
    }
    let told = curve
        .points
        .iter()
        .filter(|(x, _)| has_dot(panel, curve, *x));
    let figures = told.map(|(x, spread)| {
        let label = panel.x_labels.iter().find(|(value, _)| value == x);
        let label = label.map_or_else(|| panel.numbers.plain(*x), |(_, label)| label.clone());
        let mark = if curve.doubted.contains(x) {
            DOUBTED
        } else {
            ""
        };
        let figure = write(spread.median) + mark;
        match spread.low < spread.high {
            true => format!("{label} {figure} ({})", range(spread.low, spread.high)),
            false => format!("{label} {figure}"),
        }
    });
    figures.collect::<Vec<_>>().join(", ")
}

/// The plain look of a legend's entries that explain strokes and not transports.
pub(super) const STROKE_INK: RGBColor = INK;
