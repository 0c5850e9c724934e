//! How the latencies of each transport are distributed, twice: where they lie, on one logarithmic
//! axis for all, and what shape they have, on a linear axis of the transport's own.

use hdrhistogram::Histogram;

use crate::report::cells::ReportCell;
use crate::report::leading::leading_setting;
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::{cell_colour, latency_of};
use crate::report::plots::sheet::{
    Anchor, FAINT, HEADING_PX, MARGIN_PX, MIDDLE, NOTE_PX, Point, Sheet, TEXT_PX, TITLE_PX,
    WIDTH_PX, fitted,
};
use crate::report::plots::ticks;
use crate::results::{TrialLatency, Verdict};
use crate::texts::{Numbers, Texts};

/// Fewer deliveries have no shape.
const FEWEST_DELIVERIES: u64 = 100;

/// Bars in a decade of the logarithmic axis, and of a linear axis.
const BARS_PER_DECADE: f64 = 10.0;
const LINEAR_BARS: u32 = 30;

/// A linear axis ends at this share of the deliveries.
const SHOWN: f64 = 0.999;

/// The quantiles that a pointer over a distribution shows.
const SAID: [f64; 5] = [0.01, 0.25, 0.5, 0.75, 0.99];

/// Left and right edges.
const NAMES_PX: f64 = 140.0;
const PLACES_PX: (f64, f64) = (226.0, 566.0);
const SHAPES_PX: (f64, f64) = (640.0, WIDTH_PX - MARGIN_PX - 12.0);

const ROW_PX: f64 = 118.0;
const BARS_PX: f64 = 72.0;
const LINE_PX: f64 = 19.0;

/// The latencies of a cell, over all its trials, ns.
struct Latencies<'c, 'a> {
    cell: &'c ReportCell<'a>,
    histogram: Histogram<u64>,
}

/// A bar from one latency to the next, µs, and the share of the deliveries in it.
struct Bar {
    from_us: f64,
    to_us: f64,
    share: f64,
}

/// `None` where too few latencies were recorded.
pub(super) fn sheet(
    title: &str,
    cells: &[ReportCell],
    latencies: &[TrialLatency],
) -> Option<Sheet> {
    let texts = cells.first()?.texts;
    let (setting, group) = leading_setting(cells)?;
    let rows = group
        .into_iter()
        .filter_map(|cell| of_cell(cell, latencies));
    let rows: Vec<Latencies> = rows.collect();
    let us = |ns: u64| ns as f64 / 1e3;
    let least = rows
        .iter()
        .map(|row| us(row.histogram.min()))
        .reduce(f64::min)?;
    let most = rows
        .iter()
        .map(|row| us(row.histogram.max()))
        .reduce(f64::max)?;
    let places = Axis::logarithmic(least, most, 1.0);

    let mut sheet = Sheet::new(0.0);
    let line = |sheet: &mut Sheet, text: &str, y: f64, size_px: f64| {
        let text = fitted(text, WIDTH_PX - 2.0 * MARGIN_PX, size_px, true);
        sheet.bold(text, (MARGIN_PX, MARGIN_PX + y), size_px, Anchor::Left);
    };
    line(&mut sheet, title, 12.0, TITLE_PX);
    line(&mut sheet, setting, 42.0, HEADING_PX);
    let share = (MARGIN_PX, MARGIN_PX + 66.0);
    sheet.text(texts.plot.axes.share, share, NOTE_PX, Anchor::Left);
    let head = MARGIN_PX + 92.0;
    let heads = [
        (PLACES_PX, texts.plot.places),
        (SHAPES_PX, texts.plot.shapes),
    ];
    for ((left, right), words) in heads {
        let middle = (f64::midpoint(left, right), head);
        sheet.bold(words, middle, TEXT_PX, Anchor::Middle);
    }
    let top = head + 16.0;
    for (at, row) in rows.iter().enumerate() {
        draw_row(&mut sheet, row, &places, top + at as f64 * ROW_PX);
    }
    let bottom = top + rows.len() as f64 * ROW_PX;
    let axes = [
        (PLACES_PX, texts.plot.axes.latency),
        (SHAPES_PX, texts.plot.axes.shape),
    ];
    for ((left, right), words) in axes {
        let middle = (f64::midpoint(left, right), bottom + 14.0);
        sheet.text(words, middle, TEXT_PX, Anchor::Middle);
    }
    sheet.height_px = bottom + 36.0;
    Some(sheet)
}

fn of_cell<'c, 'a>(
    cell: &'c ReportCell<'a>,
    latencies: &[TrialLatency],
) -> Option<Latencies<'c, 'a>> {
    let trials = cell.counted().into_iter();
    let of_trials = trials.filter_map(|trial| latency_of(trial, latencies));
    let sum = of_trials
        .map(|one| one.window.clone())
        .reduce(|mut sum, one| {
            // Both have the same bounds, which were enough for each.
            let _ = sum.add(&one);
            sum
        });
    let histogram = sum.filter(|sum| sum.len() >= FEWEST_DELIVERIES)?;
    Some(Latencies { cell, histogram })
}

impl Latencies<'_, '_> {
    fn us_at(&self, share: f64) -> f64 {
        self.histogram.value_at_quantile(share) as f64 / 1e3
    }

    /// Bars between these latencies, µs.
    fn bars(&self, edges: &[f64]) -> Vec<Bar> {
        let mut counts = vec![0; edges.len()];
        for value in self.histogram.iter_recorded() {
            let us = self.histogram.median_equivalent(value.value_iterated_to()) as f64 / 1e3;
            let bar = edges.partition_point(|edge| *edge <= us);
            if let Some(count) = bar.checked_sub(1).and_then(|bar| counts.get_mut(bar)) {
                *count += value.count_since_last_iteration();
            }
        }
        let bars = edges.windows(2).zip(counts).map(|(edges, count)| Bar {
            from_us: edges[0],
            to_us: edges[1],
            share: count as f64 / self.histogram.len() as f64,
        });
        bars.collect()
    }

    fn said(&self, texts: &Texts) -> String {
        let quantile = |share: f64| {
            let us = texts.numbers.duration_us(self.us_at(share));
            format!("p{} {us}", texts.numbers.plain(share * 100.0))
        };
        let quantiles = SAID.map(quantile);
        format!("{}: {}", self.cell.name(), quantiles.join(", "))
    }
}

fn draw_row(sheet: &mut Sheet, row: &Latencies, places: &Axis, top: f64) {
    let cell = row.cell;
    let middle = top + 20.0 + BARS_PX / 2.0;
    let mut y = middle - LINE_PX / 2.0;
    let left = MARGIN_PX;
    sheet.bold(
        fitted(cell.transport.name(), NAMES_PX, TEXT_PX, true),
        (left, y),
        TEXT_PX,
        Anchor::Left,
    );
    let verdict = match cell.verdict() {
        Verdict::Valid => String::new(),
        _ => cell.verdict_words(),
    };
    for note in [&cell.variant, &verdict]
        .into_iter()
        .filter(|note| !note.is_empty())
    {
        y += LINE_PX;
        sheet.text(
            fitted(note, NAMES_PX, NOTE_PX, false),
            (left, y),
            NOTE_PX,
            Anchor::Left,
        );
    }
    let [low, high] = places.ends();
    let step = |us: f64| us.log10() * BARS_PER_DECADE;
    let edges = (step(low).floor() as i32)..=(step(high).ceil() as i32);
    let edges = edges.map(|at| 10f64.powf(f64::from(at) / BARS_PER_DECADE));
    draw_bars(
        sheet,
        row,
        places,
        &edges.collect::<Vec<_>>(),
        (PLACES_PX, top),
    );

    let shape = Axis::linear(row.us_at(SHOWN), 4);
    let most = shape.ends()[1];
    let edges = (0..=LINEAR_BARS).map(|at| most * f64::from(at) / f64::from(LINEAR_BARS));
    draw_bars(
        sheet,
        row,
        &shape,
        &edges.collect::<Vec<_>>(),
        (SHAPES_PX, top),
    );
}

/// One distribution: its bars from zero, the share of the highest, and the axis below.
fn draw_bars(
    sheet: &mut Sheet,
    row: &Latencies,
    axis: &Axis,
    edges: &[f64],
    ((left, right), top): (Point, f64),
) {
    let texts = row.cell.texts;
    let bottom = top + 20.0 + BARS_PX;
    let x = |us: f64| left + axis.position(us) * (right - left);
    let bars = row.bars(edges);
    let highest = bars.iter().map(|bar| bar.share).fold(0.0, f64::max);
    for &tick in axis.ticks.iter().chain(&axis.minor) {
        sheet.line(
            vec![(x(tick), bottom - BARS_PX), (x(tick), bottom)],
            FAINT,
            1.0,
        );
    }
    let level = bottom - BARS_PX;
    sheet.line(vec![(left - 5.0, level), (right, level)], FAINT, 1.0);
    let share = texts.numbers.percent(highest * 100.0);
    sheet.text(share, (left - 8.0, level), NOTE_PX, Anchor::Right);
    sheet.text("0", (left - 8.0, bottom), NOTE_PX, Anchor::Right);
    let mut outline = vec![(left, bottom)];
    for bar in bars.iter().filter(|bar| bar.share > 0.0) {
        let y = bottom - bar.share / highest * BARS_PX;
        let (from, to) = (x(bar.from_us), x(bar.to_us));
        // Down to zero where bars between this and the one before are empty.
        if let Some(&(end, _)) = outline.last().filter(|(end, _)| from - end > 0.5) {
            outline.extend([(end, bottom), (from, bottom)]);
        }
        outline.extend([(from, y), (to, y)]);
    }
    let end = outline.last().map_or(left, |(end, _)| *end);
    outline.push((end, bottom));
    sheet.area(outline, cell_colour(row.cell), 1.0);
    sheet.says(&row.said(texts));
    sheet.line(
        vec![(left, level), (left, bottom), (right, bottom)],
        MIDDLE,
        1.0,
    );
    draw_ticks(sheet, texts.numbers, axis, bottom, x);
}

/// The labels below an axis, as far as there is room.
fn draw_ticks(
    sheet: &mut Sheet,
    numbers: Numbers,
    axis: &Axis,
    bottom: f64,
    x: impl Fn(f64) -> f64,
) {
    ticks::marks(sheet, axis.ticks.iter().map(|&tick| x(tick)), bottom, 4.0);
    // Where there are several powers of ten, only these have labels.
    let is_power = |tick: &f64| tick.log10().fract() == 0.0;
    let few = axis.ticks.iter().filter(|tick| is_power(tick)).count() < 2;
    let is_labelled = |tick: &&f64| axis.ends()[0] <= 0.0 || few || is_power(tick);
    let labelled = axis.ticks.iter().filter(is_labelled);
    let labels = labelled.map(|&tick| (x(tick), numbers.round_duration_us(tick)));
    ticks::labels(sheet, labels, bottom + 15.0);
}
