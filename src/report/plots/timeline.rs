//! Second by second through the window: latency, and how much was delivered.

use std::collections::BTreeMap;

use crate::report::cells::{ReportCell, Spread, settings};
use crate::report::content::Report;
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::{cell_colour, cell_keys, log_axis_us, notes, steps_broader};
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::panels::{Curve, Look, Panel, Panels, STROKE_INK, draw};
use crate::report::plots::regions;
use crate::report::plots::sheet::Sheet;
use crate::report::plots::tiles::Stretch;
use crate::results::{TimelineRow, TrialRow};
use crate::texts::Numbers;

/// Seconds of a window from which on its first and last are left out of the rate of deliveries.
const FEWEST_SECONDS: usize = 4;

const WINDOW: &str = "window";

/// Of fewer seconds there is no line to see.
const FEWEST_POINTS: usize = 3;

/// Median and p99 of every second. `None` without latencies of more than a few seconds.
pub(super) fn latency_sheet(title: &str, cells: &[ReportCell], report: &Report) -> Option<Sheet> {
    let (texts, timeline) = (cells.first()?.texts, report.timeline);
    let p99 = |cell: &ReportCell| p99_curve(cell, timeline);
    let p50 = |cell: &ReportCell, over| p50_curve(cell, timeline, over);
    let all: Vec<Curve> = cells
        .iter()
        .flat_map(|cell| [p50(cell, 0.0), p99(cell)])
        .collect();
    let y = log_axis_us(&all).filter(|_| has_course(&all))?;
    let (x, x_labels) = time_axis(&all, texts.numbers);
    let panels = settings(cells).into_iter().map(|(setting, group)| Panel {
        title: setting.to_owned(),
        notes: notes(&group, |cell| p99(cell).points.is_empty()),
        x: x.clone(),
        x_labels: x_labels.clone(),
        y: y.clone(),
        y_label: Numbers::round_duration_us,
        numbers: texts.numbers,
        curves: (group.iter().enumerate())
            .flat_map(|(at, cell)| {
                [
                    p50(cell, steps_broader(cell.transport, at, group.len())),
                    p99(cell),
                ]
            })
            .collect(),
        tiles: None,
        regions: regions::regions(&group, report),
    });
    let stroke = |label: &str, sample| Key {
        label: label.to_owned(),
        colour: STROKE_INK,
        sample,
    };
    let mut legend = cell_keys(cells, Sample::Patch);
    legend.extend([stroke("p50", Sample::Line), stroke("p99", Sample::Dashes)]);
    legend.extend(regions::keys(report, texts));
    Some(draw(&Panels {
        title: title.to_owned(),
        setting: String::new(),
        x_title: texts.plot.axes.time.to_owned(),
        y_title: texts.plot.axes.latency.to_owned(),
        legend,
        panels: panels.collect(),
    }))
}

/// A line, broader than usual by some steps where others lie on it.
fn p50_curve(cell: &ReportCell, timeline: &[TimelineRow], broader: f64) -> Curve {
    Curve {
        points: by_second(cell, timeline, |second| second.row.latency_p50_us),
        name: format!("{} p50", cell.name()),
        doubted: Vec::new(),
        colour: cell_colour(cell),
        width_px: 2.0 + 0.7 * broader,
        look: Look::Line,
    }
}

/// Dashes without a band, which would lie on that of the median.
fn p99_curve(cell: &ReportCell, timeline: &[TimelineRow]) -> Curve {
    let points = by_second(cell, timeline, |second| second.row.latency_p99_us);
    let points = points.into_iter().map(|(at_s, spread)| {
        let (low, high) = (spread.median, spread.median);
        let without_band = Spread {
            low,
            high,
            ..spread
        };
        (at_s, without_band)
    });
    Curve {
        points: points.collect(),
        name: format!("{} p99", cell.name()),
        doubted: Vec::new(),
        colour: cell_colour(cell),
        width_px: 1.5,
        look: Look::Dashes,
    }
}

/// Whether some line has a course. That of few seconds has none.
fn has_course(curves: &[Curve]) -> bool {
    let seconds = curves.iter().map(|curve| curve.points.len());
    seconds.max().is_some_and(|most| most >= FEWEST_POINTS)
}

/// `None` where the timeline has no delivery, or a few seconds only.
pub(super) fn deliveries_sheet(
    title: &str,
    cells: &[ReportCell],
    report: &Report,
) -> Option<Sheet> {
    let (texts, timeline) = (cells.first()?.texts, report.timeline);
    let curve = |cell: &ReportCell, over: f64| {
        let has_rate = |s: &Second| s.is_whole && s.length_s > 0.0;
        let rate = |s: &Second| has_rate(s).then(|| s.row.delivered as f64 / s.length_s);
        let points = by_second(cell, timeline, rate);
        Curve {
            points,
            name: cell.name(),
            doubted: Vec::new(),
            colour: cell_colour(cell),
            width_px: 2.0 + 2.0 * over,
            look: Look::Line,
        }
    };
    let all: Vec<Curve> = cells.iter().map(|cell| curve(cell, 0.0)).collect();
    if highest(&all) <= 0.0 || !has_course(&all) {
        return None;
    }
    let (x, x_labels) = time_axis(&all, texts.numbers);
    let panels = settings(cells).into_iter().map(|(setting, group)| {
        let curves = group.iter().enumerate();
        let curves =
            curves.map(|(at, cell)| curve(cell, steps_broader(cell.transport, at, group.len())));
        let curves: Vec<Curve> = curves.collect();
        Panel {
            title: setting.to_owned(),
            notes: notes(&group, |cell| curve(cell, 0.0).points.is_empty()),
            x: x.clone(),
            x_labels: x_labels.clone(),
            // An axis of its own: ten times the clients are ten times the deliveries.
            y: Axis::linear(highest(&curves), 5),
            y_label: Numbers::plain,
            numbers: texts.numbers,
            curves,
            tiles: None,
            regions: regions::regions(&group, report),
        }
    });
    Some(draw(&Panels {
        title: title.to_owned(),
        setting: String::new(),
        x_title: texts.plot.axes.time.to_owned(),
        y_title: texts.plot.axes.deliveries.to_owned(),
        legend: [cell_keys(cells, Sample::Line), regions::keys(report, texts)].concat(),
        panels: panels.collect(),
    }))
}

fn highest(curves: &[Curve]) -> f64 {
    let points = curves.iter().flat_map(|curve| &curve.points);
    points.map(|(_, spread)| spread.high).fold(0.0, f64::max)
}

fn time_axis(curves: &[Curve], numbers: Numbers) -> (Axis, Vec<(f64, String)>) {
    let points = curves.iter().flat_map(|curve| &curve.points);
    let end_s = points.map(|(at_s, _)| *at_s).fold(1.0, f64::max);
    let axis = Axis::linear_to(end_s, 6);
    let labels = axis
        .ticks
        .iter()
        .map(|tick| (*tick, numbers.plain(*tick)))
        .collect();
    (axis, labels)
}

/// A row of the timeline, and what follows from its neighbours.
struct Second<'a> {
    row: &'a TimelineRow,
    /// Its end, counted from the window's beginning, as a whole number.
    end_s: i64,
    length_s: f64,
    /// Whether the window neither opens nor closes in it. In a window of few seconds all count.
    is_whole: bool,
}

/// A figure for every second of the window, over the trials of a cell.
fn by_second(
    cell: &ReportCell,
    timeline: &[TimelineRow],
    figure: impl Fn(&Second) -> Option<f64>,
) -> Vec<(f64, Spread)> {
    let mut figures: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for trial in cell.counted() {
        let of_trial = |row: &&TimelineRow| row.cell == cell.number && row.trial == trial.trial;
        for second in window(timeline.iter().filter(of_trial).collect()) {
            figures
                .entry(second.end_s)
                .or_default()
                .extend(figure(&second));
        }
    }
    let spreads = figures
        .into_iter()
        .map(|(end_s, figures)| (end_s as f64, Spread::of(figures)));
    spreads
        .filter_map(|(end_s, spread)| Some((end_s, spread?)))
        .collect()
}

/// The seconds of one trial's window.
fn window(rows: Vec<&TimelineRow>) -> Vec<Second<'_>> {
    let rows = in_order(rows);
    let Some(began_s) = window_began_s(&rows) else {
        return Vec::new();
    };
    let in_window = (0..rows.len()).filter(|&i| rows[i].phase == WINDOW);
    let in_window: Vec<usize> = in_window.collect();
    let (count, ends) = (in_window.len(), [in_window.first(), in_window.last()]);
    let seconds = in_window.iter().map(|i| Second {
        row: rows[*i],
        end_s: (rows[*i].at_s - began_s).round() as i64,
        length_s: rows[*i].at_s - began_at_s(&rows, *i),
        is_whole: count < FEWEST_SECONDS || !ends.contains(&Some(i)),
    });
    seconds.collect()
}

/// When a trial's window began, to a second, since the trial began.
pub(super) fn window_begins_s(trial: &TrialRow, timeline: &[TimelineRow]) -> Option<f64> {
    let is_of = |row: &&TimelineRow| (row.cell, row.trial) == (trial.cell, trial.trial);
    window_began_s(&in_order(timeline.iter().filter(is_of).collect()))
}

/// When a trial's window began, to a second; and its phases, since that time.
pub(super) fn phases(rows: Vec<&TimelineRow>) -> Option<(f64, Vec<(String, Stretch)>)> {
    let rows = in_order(rows);
    let began_s = window_began_s(&rows)?;
    let mut at_s = -began_s;
    let phases = rows
        .chunk_by(|row, next| row.phase == next.phase)
        .map(|phase| {
            let from_s = at_s;
            at_s = (phase[phase.len() - 1].at_s - began_s).round();
            (phase[0].phase.clone(), (from_s, at_s))
        });
    Some((began_s, phases.collect()))
}

fn in_order(mut rows: Vec<&TimelineRow>) -> Vec<&TimelineRow> {
    rows.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    rows
}

/// At the row before its first second, or one second earlier.
fn window_began_s(rows: &[&TimelineRow]) -> Option<f64> {
    let first = rows.iter().position(|row| row.phase == WINDOW)?;
    Some(began_at_s(rows, first))
}

/// When a second began.
fn began_at_s(rows: &[&TimelineRow], second: usize) -> f64 {
    match second.checked_sub(1) {
        Some(before) => rows[before].at_s,
        None => rows[second].at_s - 1.0,
    }
}
