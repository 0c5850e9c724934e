//! When the clients of each transport noticed a fault, were connected again, and had caught up: a
//! panel a fault, and in it three lines a transport, from half of the clients to the last.

use plotters::style::RGBColor;

use crate::report::cells::ReportCell;
use crate::report::content::Report;
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::cell_colour;
use crate::report::plots::font::width_px as text_width_px;
use crate::report::plots::sheet::{
    Anchor, FAINT, HEADING_PX, MARGIN_PX, MIDDLE, NOTE_PX, Sheet, TEXT_PX, TITLE_PX, WIDTH_PX,
    fitted,
};
use crate::report::plots::ticks;
use crate::report::recovery::{FaultGroup, RecoveredCell, faults};
use crate::results::{MetricOf, RecoveryRow, Table, Unit, Verdict, recovery_shown_in};
use crate::texts::Texts;

const LANE_PX: f64 = 20.0;
const CELL_GAP_PX: f64 = 14.0;
const HEADING_ROW_PX: f64 = 34.0;
const AXIS_PX: f64 = 58.0;
const NAMES_MAX_PX: f64 = 330.0;
/// Room for a time at the right of its line.
const TIMES_PX: f64 = 130.0;

type Times = Vec<(&'static str, &'static MetricOf<RecoveryRow>)>;

/// The measures that all panels share.
struct Layout {
    /// Where the names of the times begin, and the axis.
    times: f64,
    left: f64,
    right: f64,
    axis: Axis,
}

/// `None` without a time of any fault.
pub(super) fn sheet(title: &str, cells: &[ReportCell], report: &Report) -> Option<Sheet> {
    let texts = cells.first()?.texts;
    let groups = faults(cells, report.recoveries);
    let times: Times = recovery_shown_in(Table::Recovery)
        .into_iter()
        .filter(|column| column.metric.unit == Unit::Microseconds)
        .filter(|column| !column.metric.beneath.is_empty())
        .map(|column| ((texts.translate)(column.title), column.metric))
        .collect();
    let layout = Layout::of(&groups, &times)?;
    let mut sheet = Sheet::new(0.0);
    let at = (MARGIN_PX, MARGIN_PX + 12.0);
    sheet.bold(title, at, TITLE_PX, Anchor::Left);
    let mut top = MARGIN_PX + 36.0;
    for group in &groups {
        top = draw_fault(&mut sheet, group, &times, &layout, top, texts);
    }
    sheet.height_px = top.ceil();
    Some(sheet)
}

impl Layout {
    fn of(groups: &[FaultGroup], times: &Times) -> Option<Layout> {
        let cells = || groups.iter().flat_map(|group| &group.cells);
        let figures = cells().flat_map(|one| {
            let ends = times.iter().filter_map(|(_, metric)| ends(one, metric));
            ends.flat_map(|(half, last)| [half, last])
                .collect::<Vec<_>>()
        });
        let figures: Vec<f64> = figures.collect();
        let least = figures.iter().copied().reduce(f64::min)?;
        let most = figures.iter().copied().reduce(f64::max)?;
        let names = cells().map(|one| {
            let verdict_px = text_width_px(&one.cell.verdict_words(), NOTE_PX, true);
            text_width_px(&one.name(), TEXT_PX, true).max(verdict_px)
        });
        let names_px = names.fold(0.0, f64::max).min(NAMES_MAX_PX);
        let words = times
            .iter()
            .map(|(word, _)| text_width_px(word, NOTE_PX, false));
        let words_px = words.fold(0.0, f64::max);
        let begin = MARGIN_PX + names_px + 16.0;
        Some(Layout {
            times: begin,
            left: begin + words_px + 14.0,
            right: WIDTH_PX - MARGIN_PX - TIMES_PX,
            axis: Axis::logarithmic(least, most, 100.0),
        })
    }

    fn x(&self, us: f64) -> f64 {
        self.left + self.axis.position(us) * (self.right - self.left)
    }
}

/// A time of half of the clients, and that of the last.
fn ends(one: &RecoveredCell, metric: &MetricOf<RecoveryRow>) -> Option<(f64, f64)> {
    let last = metric.beneath.last().and_then(|(_, last)| one.figure(last));
    let half = one.median(metric)?;
    Some((half, last.unwrap_or(half).max(half)))
}

/// Draws the panel of a fault, and returns where it ends.
fn draw_fault(
    sheet: &mut Sheet,
    group: &FaultGroup,
    times: &Times,
    layout: &Layout,
    top: f64,
    texts: &Texts,
) -> f64 {
    // A server that stands still closes no connection, so that there is nothing to notice.
    let happened = |(_, metric): &&(&str, &MetricOf<RecoveryRow>)| {
        group.cells.iter().any(|one| ends(one, metric).is_some())
    };
    let times: Times = times.iter().filter(happened).copied().collect();
    let heading = (texts.recovery.after)(group.fault);
    let heading = fitted(&heading, WIDTH_PX - 2.0 * MARGIN_PX, HEADING_PX, true);
    let at = (MARGIN_PX, top + HEADING_ROW_PX / 2.0);
    sheet.bold(heading, at, HEADING_PX, Anchor::Left);
    let begin = top + HEADING_ROW_PX;
    let doubted = |one: &RecoveredCell| one.cell.verdict() != Verdict::Valid;
    let least = if group.cells.iter().any(doubted) {
        2
    } else {
        1
    };
    let lanes = times.len().max(least) as f64 * LANE_PX;
    let bottom = begin + group.cells.len() as f64 * (lanes + CELL_GAP_PX);
    draw_axis(sheet, layout, begin, bottom, texts);
    for (number, one) in group.cells.iter().enumerate() {
        let top = begin + number as f64 * (lanes + CELL_GAP_PX) + CELL_GAP_PX / 2.0;
        let name = fitted(&one.name(), NAMES_MAX_PX, TEXT_PX, true);
        sheet.bold(
            name,
            (MARGIN_PX, top + LANE_PX / 2.0),
            TEXT_PX,
            Anchor::Left,
        );
        if doubted(one) {
            let verdict = fitted(&one.cell.verdict_words(), NAMES_MAX_PX, NOTE_PX, true);
            let at = (MARGIN_PX, top + 1.5 * LANE_PX);
            sheet.bold(verdict, at, NOTE_PX, Anchor::Left);
        }
        for (lane, (word, metric)) in times.iter().enumerate() {
            let y = top + (lane as f64 + 0.5) * LANE_PX;
            sheet.text(*word, (layout.times, y), NOTE_PX, Anchor::Left);
            draw_time(sheet, one, metric, layout, (word, y));
        }
    }
    bottom + AXIS_PX
}

/// A line from the time of half of the clients, which has a dot, to that of the last.
fn draw_time(
    sheet: &mut Sheet,
    one: &RecoveredCell,
    metric: &MetricOf<RecoveryRow>,
    layout: &Layout,
    (word, y): (&str, f64),
) {
    let time = one.time(metric);
    let Some((half, last)) = ends(one, metric) else {
        sheet.text(time, (layout.left + 10.0, y), NOTE_PX, Anchor::Left);
        return;
    };
    let colour: RGBColor = cell_colour(one.cell);
    let said = format!("{}, {word}: {time}", one.name());
    let (from, to) = (layout.x(half), layout.x(last));
    for line in [[(from, y), (to, y)], [(to, y - 6.0), (to, y + 6.0)]] {
        sheet.line(line.to_vec(), colour, 2.5);
        sheet.says(&said);
    }
    sheet.dot((from, y), 4.5, colour);
    sheet.says(&said);
    sheet.text(time, (to + 10.0, y), NOTE_PX, Anchor::Left);
}

fn draw_axis(sheet: &mut Sheet, layout: &Layout, top: f64, bottom: f64, texts: &Texts) {
    let Layout { left, right, .. } = *layout;
    for &tick in layout.axis.minor.iter().chain(&layout.axis.ticks) {
        let x = layout.x(tick);
        sheet.line(vec![(x, top), (x, bottom)], FAINT, 1.0);
    }
    let across = layout.axis.ticks.iter().map(|&tick| layout.x(tick));
    ticks::marks(sheet, across, bottom, 5.0);
    let labels = layout.axis.ticks.iter();
    let labels = labels.map(|&tick| (layout.x(tick), texts.numbers.round_duration_us(tick)));
    ticks::labels(sheet, labels, bottom + 16.0);
    sheet.line(
        vec![(left, top), (left, bottom), (right, bottom)],
        MIDDLE,
        1.0,
    );
    let at = (f64::midpoint(left, right), bottom + 38.0);
    sheet.text(texts.plot.axes.since_fault, at, TEXT_PX, Anchor::Middle);
}
