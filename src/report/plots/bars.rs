//! Plots of horizontal bars, which leave room for names and figures beside them.

use plotters::style::RGBColor;

use crate::report::cells::Spread;
use crate::report::plots::axis::Axis;
use crate::report::plots::font::width_px as text_width_px;
use crate::report::plots::legend::{self, Key};
use crate::report::plots::panels::dash;
use crate::report::plots::sheet::{
    Anchor, Dash, FAINT, HEADING_PX, INK, MARGIN_PX, MIDDLE, NOTE_PX, PAPER, Sheet, TEXT_PX,
    TITLE_PX, WIDTH_PX, fitted,
};
use crate::report::plots::ticks;
use crate::texts::Numbers;

pub(super) struct Bars {
    pub title: String,
    pub x_title: String,
    pub legend: Vec<Key>,
    pub groups: Vec<Group>,
    pub x_label: fn(Numbers, f64) -> String,
    pub numbers: Numbers,
}

/// The rows of one setting.
pub(super) struct Group {
    pub title: String,
    pub rows: Vec<Row>,
}

/// The bars of one cell.
pub(super) struct Row {
    pub name: String,
    pub colour: RGBColor,
    /// Under the name; empty for none.
    pub variant: String,
    /// Under both where it is not VALID; otherwise empty.
    pub verdict: String,
    pub bars: Vec<Bar>,
}

pub(super) struct Segment {
    pub colour: RGBColor,
    pub value: f64,
    /// What it is, and how much.
    pub label: String,
}

/// Segments, end to end, in the order of the legend.
pub(super) struct Bar {
    pub segments: Vec<Segment>,
    /// Of the whole bar; `None` where nothing of it was measured.
    pub total: Option<Spread>,
    /// The text at the end of the bar.
    pub figure: String,
}

const NAMES_MAX_PX: f64 = 300.0;
const LENGTH_MIN_PX: f64 = 200.0;
const FIGURE_GAP_PX: f64 = 8.0;
const SWATCH_PX: f64 = 22.0;
const LINE_PX: f64 = 20.0;
const BAR_PX: f64 = 22.0;
const BAR_GAP_PX: f64 = 4.0;
const ROW_GAP_PX: f64 = 16.0;
const GROUP_PX: f64 = 34.0;

impl Bar {
    fn end(&self) -> f64 {
        let drawn = self.segments.iter().map(|one| one.value.max(0.0)).sum();
        self.total.map_or(drawn, |total| total.high.max(drawn))
    }
}

impl Row {
    /// What stands under the name, and whether in bold.
    fn notes(&self) -> Vec<(&str, bool)> {
        let notes = [
            (self.variant.as_str(), false),
            (self.verdict.as_str(), true),
        ];
        notes
            .into_iter()
            .filter(|(note, _)| !note.is_empty())
            .collect()
    }

    fn height_px(&self) -> f64 {
        let names = (1 + self.notes().len()) as f64 * LINE_PX;
        let bars = self.bars.len() as f64 * (BAR_PX + BAR_GAP_PX) - BAR_GAP_PX;
        names.max(bars) + ROW_GAP_PX
    }
}

/// The measures that all rows of a plot share.
struct Layout {
    left: f64,
    right: f64,
    names_px: f64,
    axis: Axis,
}

impl Layout {
    fn new(plot: &Bars) -> Layout {
        let rows = || plot.groups.iter().flat_map(|group| &group.rows);
        let bars = || rows().flat_map(|row| &row.bars);
        let names = rows().flat_map(|row| {
            let notes = row.notes().into_iter();
            let notes = notes.map(|(note, bold)| text_width_px(note, NOTE_PX, bold));
            notes
                .chain([text_width_px(&row.name, TEXT_PX, true)])
                .collect::<Vec<_>>()
        });
        let names_px = names.fold(0.0, f64::max).min(NAMES_MAX_PX);
        let left = MARGIN_PX + SWATCH_PX + names_px + 12.0;
        let axis = Axis::linear(bars().map(Bar::end).fold(0.0, f64::max), 5);
        // The axis is as long as the figures of the bars and the label of the last tick permit.
        let room_px = WIDTH_PX - MARGIN_PX - left;
        let lengths = bars().map(|bar| {
            let figure_px = text_width_px(&bar.figure, NOTE_PX, false) + FIGURE_GAP_PX;
            (room_px - figure_px) / axis.position(bar.end()).max(0.01)
        });
        let length_px = lengths.fold(room_px - 30.0, f64::min).max(LENGTH_MIN_PX);
        Layout {
            left,
            right: left + length_px,
            names_px,
            axis,
        }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.axis.position(value) * (self.right - self.left)
    }
}

pub(super) fn draw(plot: &Bars) -> Sheet {
    let layout = Layout::new(plot);
    let legend_top = MARGIN_PX + 40.0;
    let top = legend_top + legend::height_px(&plot.legend) + 8.0;
    let rows = plot.groups.iter().flat_map(|group| &group.rows);
    let bottom = top + plot.groups.len() as f64 * GROUP_PX + rows.map(Row::height_px).sum::<f64>();

    let mut sheet = Sheet::new(bottom + 66.0);
    sheet.bold(
        &plot.title,
        (MARGIN_PX, MARGIN_PX + 12.0),
        TITLE_PX,
        Anchor::Left,
    );
    legend::draw(&mut sheet, &plot.legend, legend_top);
    draw_axis(&mut sheet, plot, &layout, top, bottom);
    let (mut y, mut ends) = (top, Vec::new());
    for group in &plot.groups {
        let heading = fitted(&group.title, WIDTH_PX - 2.0 * MARGIN_PX, HEADING_PX, true);
        // Covers the lines of the axis, which would cross a long heading.
        let end = MARGIN_PX + text_width_px(&heading, HEADING_PX, true) + 6.0;
        sheet.rectangle((MARGIN_PX, y + 4.0), (end, y + GROUP_PX - 6.0), PAPER);
        sheet.bold(
            heading,
            (MARGIN_PX, y + GROUP_PX / 2.0),
            HEADING_PX,
            Anchor::Left,
        );
        y += GROUP_PX;
        let rows_top = y;
        for row in &group.rows {
            ends.extend(draw_row(&mut sheet, row, &layout, y));
            y += row.height_px();
        }
        sheet.line(vec![(layout.left, rows_top), (layout.left, y)], MIDDLE, 1.0);
    }
    draw_ends(&mut sheet, &ends);
    sheet
}

fn draw_axis(sheet: &mut Sheet, plot: &Bars, layout: &Layout, top: f64, bottom: f64) {
    for &tick in &layout.axis.ticks {
        let x = layout.x(tick);
        sheet.line(vec![(x, top), (x, bottom)], FAINT, 1.0);
    }
    let across = layout.axis.ticks.iter().map(|&tick| layout.x(tick));
    ticks::marks(sheet, across, bottom, 5.0);
    let labels = layout.axis.ticks.iter();
    let labels = labels.map(|&tick| (layout.x(tick), (plot.x_label)(plot.numbers, tick)));
    ticks::labels(sheet, labels, bottom + 18.0);
    sheet.line(
        vec![(layout.left, bottom), (layout.right, bottom)],
        MIDDLE,
        1.0,
    );
    // The title is wider than a narrow axis, and is then centred on the sheet.
    let title_px = text_width_px(&plot.x_title, TEXT_PX, false);
    let middle = f64::midpoint(layout.left, layout.right);
    let rightmost = WIDTH_PX - MARGIN_PX - title_px / 2.0;
    let at = (
        middle.min(rightmost).max(MARGIN_PX + title_px / 2.0),
        bottom + 44.0,
    );
    sheet.text(&plot.x_title, at, TEXT_PX, Anchor::Middle);
}

fn draw_row<'r>(sheet: &mut Sheet, row: &'r Row, layout: &Layout, top: f64) -> Vec<End<'r>> {
    let middle = top + row.height_px() / 2.0;
    let mut y = middle - row.notes().len() as f64 * LINE_PX / 2.0;
    let names_left = MARGIN_PX + SWATCH_PX;
    sheet.rectangle(
        (MARGIN_PX, y - 7.0),
        (MARGIN_PX + 14.0, y + 7.0),
        row.colour,
    );
    let name = fitted(&row.name, layout.names_px, TEXT_PX, true);
    sheet.bold(name, (names_left, y), TEXT_PX, Anchor::Left);
    for (note, bold) in row.notes() {
        y += LINE_PX;
        let note = fitted(note, layout.names_px, NOTE_PX, bold);
        let write = if bold { Sheet::bold } else { Sheet::text };
        write(sheet, note, (names_left, y), NOTE_PX, Anchor::Left);
    }
    let bars_px = row.bars.len() as f64 * (BAR_PX + BAR_GAP_PX) - BAR_GAP_PX;
    let tops = (0..).map(|at| middle - bars_px / 2.0 + f64::from(at) * (BAR_PX + BAR_GAP_PX));
    let bars = row.bars.iter().zip(tops);
    bars.map(|(bar, top)| draw_bar(sheet, (&row.name, bar), layout, top))
        .collect()
}

/// What stands at the end of a bar.
struct End<'b> {
    /// The ends of the interval, and how it is drawn.
    interval: Option<([f64; 2], Dash)>,
    figure: &'b str,
    x: f64,
    middle: f64,
}

fn draw_bar<'b>(
    sheet: &mut Sheet,
    (name, bar): (&str, &'b Bar),
    layout: &Layout,
    top: f64,
) -> End<'b> {
    let mut from = 0.0;
    for segment in &bar.segments {
        let to = from + segment.value.max(0.0);
        let (left, right) = (layout.x(from), layout.x(to));
        if right - left >= 0.5 {
            sheet.outlined((left, top), (right, top + BAR_PX), segment.colour);
            sheet.says(&format!("{name}: {}", segment.label));
        }
        from = to;
    }
    let total = bar.total.filter(|total| total.low < total.high);
    let interval = total.map(|total| ([layout.x(total.low), layout.x(total.high)], dash(&total)));
    End {
        x: interval.map_or(layout.x(from), |([_, high], _)| high.max(layout.x(from))),
        interval,
        figure: &bar.figure,
        middle: top + BAR_PX / 2.0,
    }
}

/// The intervals and the figures of all bars. What looks alike is one element of the picture.
fn draw_ends(sheet: &mut Sheet, ends: &[End]) {
    let intervals = ends.iter().filter_map(|end| Some((end, end.interval?)));
    let intervals: Vec<_> = intervals
        .map(|(end, (ends, dash))| (ends.map(|x| (x, end.middle)).to_vec(), dash))
        .collect();
    // White around them, because a segment may be as dark as the line.
    for (line, _) in &intervals {
        sheet.line(line.clone(), PAPER, 4.0);
    }
    for (line, dash) in intervals {
        sheet.broken_line(line, INK, 2.0, dash);
    }
    let figures = ends.iter().map(|end| {
        let left = end.x + FIGURE_GAP_PX;
        let figure = fitted(end.figure, WIDTH_PX - MARGIN_PX - left, NOTE_PX, false);
        (figure, (left, end.middle))
    });
    let figures: Vec<_> = figures.collect();
    // Covers the lines of the axis, which would cross the figure.
    for (figure, (left, middle)) in &figures {
        let right = left + text_width_px(figure, NOTE_PX, false);
        let half = BAR_PX / 2.0 - 2.0;
        let corners = ((left - 3.0, middle - half), (right + 3.0, middle + half));
        sheet.tile(corners.0, corners.1, PAPER, 1.0);
    }
    for (figure, at) in figures {
        sheet.text(figure, at, NOTE_PX, Anchor::Left);
    }
}
