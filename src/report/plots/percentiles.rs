//! Delivery latency by percentile to p99.9, one line a transport. The axis is that of
//! HdrHistogram's plots: at a step of 1, a tenth of the deliveries is left.

use hdrhistogram::Histogram;

use crate::report::cells::{ReportCell, Spread, settings};
use crate::report::marks;
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::{
    cell_colour, cell_keys, latency_of, log_axis_us, notes, open_dots, steps_broader,
};
use crate::report::plots::legend::Sample;
use crate::report::plots::panels::{Curve, Look, Panel, Panels, draw};
use crate::report::plots::sheet::Sheet;
use crate::results::{TrialLatency, TrialRow, metric};
use crate::texts::Numbers;

/// The percentiles with a label and a dot, as shares, and the columns that have them.
const LABELLED: [(f64, &str); 5] = [
    (0.0, "latency_min_us"),
    (0.5, "latency_p50_us"),
    (0.9, "latency_p90_us"),
    (0.99, "latency_p99_us"),
    (0.999, "latency_p999_us"),
];

/// Points of a line in a step of the axis, where histograms are there.
const POINTS_PER_STEP: i32 = 4;

/// Further points near 0, where the axis hardly moves.
const EARLY: [f64; 2] = [0.01, 0.05];

/// Fewer deliveries beyond a percentile do not tell it.
const FEWEST_BEYOND: f64 = 10.0;

/// `None` where too little was delivered for any percentile.
pub(super) fn sheet(
    title: &str,
    cells: &[ReportCell],
    latencies: &[TrialLatency],
) -> Option<Sheet> {
    let texts = cells.first()?.texts;
    let percent = |share: f64| texts.numbers.plain(share * 100.0);
    let labels = LABELLED.map(|(share, _)| (position(share), percent(share)));
    let x = Axis::linear_to(position(LABELLED[4].0), 1);
    let panels = settings(cells).into_iter().map(|(setting, group)| {
        let curves = group.iter().enumerate().map(|(at, cell)| {
            let broader = steps_broader(cell.transport, at, group.len());
            curve(cell, latencies, 2.0 + 0.7 * broader)
        });
        let curves: Vec<Curve> = curves.collect();
        let lacks = |cell: &ReportCell| {
            let mut of_cell = group.iter().zip(&curves);
            of_cell.any(|(one, curve)| one.number == cell.number && curve.points.is_empty())
        };
        let mut notes = notes(&group, lacks);
        notes.extend(open_dots(&curves, texts));
        (setting, notes, curves)
    });
    let panels: Vec<_> = panels.collect();
    let y = log_axis_us(panels.iter().flat_map(|(_, _, curves)| curves))?;
    let panels = panels.into_iter().map(|(setting, notes, curves)| Panel {
        title: setting.to_owned(),
        notes,
        x: x.clone(),
        x_labels: labels.to_vec(),
        y: y.clone(),
        y_label: Numbers::round_duration_us,
        numbers: texts.numbers,
        curves,
        tiles: None,
        regions: Vec::new(),
    });
    Some(draw(&Panels {
        title: title.to_owned(),
        setting: String::new(),
        x_title: texts.plot.axes.percentile.to_owned(),
        y_title: texts.plot.axes.latency.to_owned(),
        legend: cell_keys(cells, Sample::Line),
        panels: panels.collect(),
    }))
}

/// Where a percentile stands, given as a share below 1.
fn position(share: f64) -> f64 {
    -(1.0 - share).log10()
}

fn curve(cell: &ReportCell, latencies: &[TrialLatency], width_px: f64) -> Curve {
    let counted = cell.counted();
    let trials = counted.into_iter().filter(|trial| trial.delivered > 0);
    let trials: Vec<_> = trials
        .map(|trial| (trial, latency_of(trial, latencies)))
        .collect();
    let mut shares = LABELLED.map(|(share, _)| share).to_vec();
    if trials.iter().all(|(_, latency)| latency.is_some()) {
        let between = (1..3 * POINTS_PER_STEP).filter(|at| at % POINTS_PER_STEP > 0);
        let steps = between.map(|at| f64::from(at) / f64::from(POINTS_PER_STEP));
        shares.extend(steps.map(|step| 1.0 - 0.1f64.powf(step)).chain(EARLY));
        shares.sort_by(f64::total_cmp);
    }
    let of_trials = trials.iter().map(|(trial, latency)| match latency {
        Some(latency) => quantiles_us(&latency.window, &shares),
        None => columns_us(trial),
    });
    let of_trials: Vec<Vec<f64>> = of_trials.collect();
    // Of some trials only, a point would be the median of other trials than that beside it.
    let known = of_trials.iter().map(Vec::len).min().unwrap_or(0);
    let points = shares[..known]
        .iter()
        .enumerate()
        .filter_map(|(at, share)| {
            let spread = Spread::of(of_trials.iter().map(|figures| figures[at]));
            Some((position(*share), spread?))
        });
    let doubted = LABELLED
        .iter()
        .filter(|(_, name)| metric(name).is_some_and(|metric| marks::doubted(metric, cell)));
    Curve {
        points: points.collect(),
        doubted: doubted.map(|(share, _)| position(*share)).collect(),
        name: cell.name(),
        colour: cell_colour(cell),
        width_px,
        look: Look::Labelled,
    }
}

/// Whether enough deliveries are beyond a percentile.
fn is_told(delivered: u64, share: f64) -> bool {
    delivered as f64 * (1.0 - share) > FEWEST_BEYOND - 0.001
}

/// The latencies of these shares, which grow, as far as they are told.
fn quantiles_us(latencies: &Histogram<u64>, shares: &[f64]) -> Vec<f64> {
    let all = latencies.len();
    let told = shares.iter().take_while(|share| is_told(all, **share));
    let mut wanted = told
        .map(|share| (share * all as f64).ceil().max(1.0))
        .peekable();
    let (mut figures, mut below) = (Vec::new(), 0);
    for value in latencies.iter_recorded() {
        below += value.count_since_last_iteration();
        while wanted.next_if(|wanted| below as f64 >= *wanted).is_some() {
            figures.push(value.value_iterated_to() as f64 / 1e3);
        }
    }
    figures
}

/// The same of the labelled shares, from the columns of a trial without a histogram.
fn columns_us(trial: &TrialRow) -> Vec<f64> {
    let told = LABELLED
        .iter()
        .take_while(|(share, _)| is_told(trial.delivered, *share));
    told.map_while(|(_, name)| metric(name)?.figure(trial))
        .collect()
}
