//! How each figure changes with the number of clients: a small panel a figure, a line a transport.

use crate::report::cells::{ReportCell, settings};
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::{cell_colour, cell_keys};
use crate::report::plots::legend::Sample;
use crate::report::plots::panels::{Curve, Look, Panel, Panels, draw_small};
use crate::report::plots::sheet::Sheet;
use crate::results::{Metric, Verdict, metric};
use crate::texts::{Numbers, PlotTexts};

type Title = fn(&PlotTexts) -> &'static str;

/// Panels of one unit. They share an axis, so that they can be compared.
struct Figures {
    /// The least that the axis shows, in its unit.
    floor: f64,
    tick: fn(Numbers, f64) -> String,
    /// The title and the metric of each panel.
    panels: &'static [(Title, &'static str)],
}

const FIGURES: [Figures; 4] = [
    Figures {
        floor: 0.01,
        tick: Numbers::round_duration_us,
        panels: &[
            (|texts| texts.server_cpu, "server_cpu_us_per_delivery"),
            (|texts| texts.load_cpu, "load_cpu_us_per_delivery"),
        ],
    },
    Figures {
        floor: 1.0,
        tick: Numbers::round_bytes,
        panels: &[
            (|texts| texts.server_memory, "server_rss_bytes_per_client"),
            (|texts| texts.load_memory, "load_rss_bytes_per_client"),
        ],
    },
    Figures {
        floor: 1.0,
        tick: Numbers::round_duration_us,
        panels: &[
            (|texts| texts.first_recipient, "first_recipient_p50_us"),
            (|texts| texts.median_recipient, "median_recipient_p50_us"),
            (|texts| texts.last_recipient, "last_recipient_p50_us"),
        ],
    },
    Figures {
        floor: 0.01,
        tick: Numbers::plain,
        panels: &[(|texts| texts.messages_per_write, "messages_per_write")],
    },
];

/// Labels of the horizontal axis that are closer than this share of it would touch.
const LABELS_APART: f64 = 0.17;

/// Of fewer numbers of clients there is no line to see.
const FEWEST_SIZES: usize = 3;

/// `None` where there are too few numbers of clients, or something else varies as well.
pub(super) fn sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    let texts = cells.first()?.texts;
    let mut sizes: Vec<u32> = cells.iter().map(|cell| cell.clients).collect();
    sizes.dedup(); // They are in growing order.
    let (&least, &most) = (sizes.first()?, sizes.last()?);
    if sizes.len() < FEWEST_SIZES || settings(cells).len() != sizes.len() {
        return None;
    }
    let x = Axis::logarithmic(least.into(), most.into(), 1.0);
    let panels: Vec<Panel> = FIGURES
        .iter()
        .flat_map(|figures| panels(figures, cells, &x, &labels(&sizes, &x, texts.numbers)))
        .collect();
    if panels.is_empty() {
        return None;
    }
    let mut sheet = draw_small(&Panels {
        title: title.to_owned(),
        x_title: texts.plot.axes.clients.to_owned(),
        y_title: String::new(),
        legend: cell_keys(cells, Sample::Line),
        panels,
    });
    for verdict in [Verdict::Invalid, Verdict::Suspect] {
        if let Some(names) = names(cells, verdict) {
            sheet.foot(&format!("{verdict}: {names}"));
        }
    }
    Some(sheet)
}

/// The transports that have cells of this verdict, each with their sizes.
fn names(cells: &[ReportCell], verdict: Verdict) -> Option<String> {
    let mut doubted: Vec<(String, Vec<String>)> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.verdict() == verdict) {
        let (name, size) = (cell.name(), cell.texts.numbers.count(cell.clients.into()));
        match doubted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sizes)) => sizes.push(size),
            None => doubted.push((name, vec![size])),
        }
    }
    let with = |(name, sizes): (String, Vec<String>)| format!("{name} ({})", sizes.join("; "));
    let names: Vec<String> = doubted.into_iter().map(with).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The panels of those figures that some trial has.
fn panels(
    figures: &Figures,
    cells: &[ReportCell],
    x: &Axis,
    labels: &[(f64, String)],
) -> Vec<Panel> {
    let texts = cells[0].texts;
    let all: Vec<(&str, Vec<Curve>)> = figures
        .panels
        .iter()
        .filter_map(|(title, name)| Some((title(&texts.plot), curves(cells, metric(name)?))))
        .filter(|(_, curves)| !curves.is_empty())
        .collect();
    let spreads = || {
        all.iter()
            .flat_map(|(_, curves)| curves)
            .flat_map(|curve| &curve.points)
    };
    let low = spreads()
        .map(|(_, spread)| spread.low)
        .fold(f64::INFINITY, f64::min);
    let high = spreads().map(|(_, spread)| spread.high).fold(0.0, f64::max);
    let y = Axis::logarithmic(low, high, figures.floor);
    let panel = |(title, curves): (&str, _)| Panel {
        title: title.to_owned(),
        notes: Vec::new(),
        x: x.clone(),
        x_labels: labels.to_vec(),
        y: y.clone(),
        y_label: figures.tick,
        numbers: texts.numbers,
        curves,
    };
    all.into_iter().map(panel).collect()
}

/// A line for each transport and variant that has the figure.
fn curves(cells: &[ReportCell], metric: &Metric) -> Vec<Curve> {
    let mut lines: Vec<(String, Curve)> = Vec::new();
    for cell in cells {
        let Some(spread) = cell.spread(|trial| metric.figure(trial)) else {
            continue;
        };
        let point = (f64::from(cell.clients), spread);
        match lines.iter_mut().find(|(name, _)| *name == cell.name()) {
            Some((_, curve)) => curve.points.push(point),
            None => lines.push((
                cell.name(),
                Curve {
                    points: vec![point],
                    name: cell.name(),
                    colour: cell_colour(cell),
                    width_px: 2.5,
                    look: Look::Dots { aside_px: 0.0 },
                },
            )),
        }
    }
    lines.into_iter().map(|(_, curve)| curve).collect()
}

/// The numbers of clients, without those that would touch a larger one.
fn labels(sizes: &[u32], x: &Axis, numbers: Numbers) -> Vec<(f64, String)> {
    let mut labels: Vec<(f64, String)> = Vec::new();
    for size in sizes.iter().rev().map(|&size| f64::from(size)) {
        let apart = |(other, _): &(f64, String)| x.position(*other) - x.position(size);
        if labels.last().is_none_or(|last| apart(last) >= LABELS_APART) {
            labels.push((size, numbers.count(size)));
        }
    }
    labels
}
