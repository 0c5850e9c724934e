//! How each figure changes with a factor that is a number: a small panel a figure, a line a
//! transport.

use crate::report::cells::{ReportCell, settings};
use crate::report::marks;
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::{cell_colour, open_dots, steps_broader};
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::panels::{Curve, Look, Panel, Panels, draw_small};
use crate::report::plots::sheet::{Sheet, colour};
use crate::results::{Metric, TrialRow, Verdict, metric};
use crate::texts::{Axes, Numbers, PlotTexts};

type Title = fn(&PlotTexts) -> &'static str;

/// Panels of one unit. They share an axis, so that they can be compared.
struct Figures {
    /// The least that the axis shows, in its unit.
    floor: f64,
    tick: fn(Numbers, f64) -> String,
    /// The title and the metric of each panel.
    panels: &'static [(Title, &'static str)],
}

/// A factor on the horizontal axis.
pub(super) struct Factor {
    /// Its value in the unit that `write` takes; `None` where a transport does not have it.
    value: fn(&TrialRow) -> Option<f64>,
    write: fn(Numbers, f64) -> String,
    axis: fn(&Axes) -> &'static str,
    /// Whether one transport alone has it: cells that differ in it are of one setting.
    of_transport: bool,
}

pub(super) const CLIENTS: Factor = Factor {
    value: |trial| Some(trial.clients.into()),
    write: Numbers::count,
    axis: |axes| axes.clients,
    of_transport: false,
};

pub(super) const RATE: Factor = Factor {
    value: |trial| Some(trial.rate_hz),
    write: Numbers::plain,
    axis: |axes| axes.rate,
    of_transport: false,
};

pub(super) const PAYLOAD: Factor = Factor {
    value: |trial| Some(trial.payload_bytes.into()),
    write: Numbers::round_bytes,
    axis: |axes| axes.payload,
    of_transport: false,
};

pub(super) const POLL_INTERVAL: Factor = Factor {
    value: |trial| trial.poll_interval_ms.map(|ms| ms * 1_000.0),
    write: Numbers::round_duration_us,
    axis: |axes| axes.poll_interval,
    of_transport: true,
};

const FIGURES: [Figures; 6] = [
    Figures {
        floor: 1.0,
        tick: Numbers::round_duration_us,
        panels: &[(|texts| texts.latency_p50, "latency_p50_us")],
    },
    Figures {
        floor: 1.0,
        tick: Numbers::round_bytes,
        panels: &[(|texts| texts.all_bytes, "all_layers_bytes_per_delivery")],
    },
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

/// Of fewer values there is no line to see.
const FEWEST_VALUES: usize = 3;

/// `None` where the factor has too few values, or something else varies as well.
pub(super) fn sheet(title: &str, cells: &[ReportCell], factor: &Factor) -> Option<Sheet> {
    let texts = cells.first()?.texts;
    let mut values: Vec<f64> = cells.iter().filter_map(|cell| factor.of(cell)).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let (&least, &most) = (values.first()?, values.last()?);
    let of_setting = if factor.of_transport { 1 } else { values.len() };
    if values.len() < FEWEST_VALUES || settings(cells).len() != of_setting || least <= 0.0 {
        return None;
    }
    let x = Axis::logarithmic(least, most, 0.01);
    let labels = labels(&values, &x, |value| (factor.write)(texts.numbers, value));
    // What a transport alone has changes what its messages cost, not its recipients' order.
    let figures = &FIGURES[..if factor.of_transport {
        3
    } else {
        FIGURES.len()
    }];
    let panels: Vec<Panel> = figures
        .iter()
        .flat_map(|figures| panels(figures, cells, factor, &x, &labels))
        .collect();
    if panels.is_empty() {
        return None;
    }
    let mut sheet = draw_small(&Panels {
        title: title.to_owned(),
        setting: String::new(),
        x_title: (factor.axis)(&texts.plot.axes).to_owned(),
        y_title: String::new(),
        legend: legend(&panels),
        panels,
    });
    for verdict in [Verdict::Invalid, Verdict::Suspect] {
        if let Some(names) = names(cells, factor, verdict) {
            sheet.foot(&format!("{verdict}: {names}"));
        }
    }
    Some(sheet)
}

impl Factor {
    fn of(&self, cell: &ReportCell) -> Option<f64> {
        (self.value)(cell.trials[0])
    }

    /// The name of a cell's line.
    fn line(&self, cell: &ReportCell) -> String {
        match self.of_transport {
            true => cell.transport.to_string(),
            false => cell.name(),
        }
    }
}

/// One key a line, however many panels it appears in.
fn legend(panels: &[Panel]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for curve in panels.iter().flat_map(|panel| &panel.curves) {
        let key = Key {
            label: curve.name.clone(),
            colour: curve.colour,
            sample: match curve.look {
                Look::Dashes => Sample::Dashes,
                _ => Sample::Line,
            },
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The transports that have cells of this verdict, each with their values of the factor.
fn names(cells: &[ReportCell], factor: &Factor, verdict: Verdict) -> Option<String> {
    let mut doubted: Vec<(String, Vec<String>)> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.verdict() == verdict) {
        let value = factor.of(cell);
        let value = value.map(|value| (factor.write)(cell.texts.numbers, value));
        let name = factor.line(cell);
        match doubted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.extend(value),
            None => doubted.push((name, value.into_iter().collect())),
        }
    }
    let with = |(name, values): (String, Vec<String>)| match values.is_empty() {
        true => name,
        false => format!("{name} ({})", values.join("; ")),
    };
    let names: Vec<String> = doubted.into_iter().map(with).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The panels of those figures that some trial has.
fn panels(
    figures: &Figures,
    cells: &[ReportCell],
    factor: &Factor,
    x: &Axis,
    labels: &[(f64, String)],
) -> Vec<Panel> {
    let texts = cells[0].texts;
    let all: Vec<(&str, Vec<Curve>)> = figures
        .panels
        .iter()
        .filter_map(|(title, name)| {
            Some((title(&texts.plot), curves(cells, factor, metric(name)?, x)))
        })
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
    let panel = |(title, curves): (&str, Vec<Curve>)| Panel {
        title: title.to_owned(),
        notes: open_dots(&curves, texts).into_iter().collect(),
        x: x.clone(),
        x_labels: labels.to_vec(),
        y: y.clone(),
        y_label: figures.tick,
        numbers: texts.numbers,
        curves,
        tiles: None,
        regions: Vec::new(),
    };
    all.into_iter().map(panel).collect()
}

/// A line for each transport and variant that has the figure. Of a transport that does not have the
/// factor it is dashed, and level.
fn curves(cells: &[ReportCell], factor: &Factor, metric: &Metric, x: &Axis) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.trials[0].aa_of.is_none()) {
        let Some(spread) = cell.spread(|trial| metric.figure(trial)) else {
            continue;
        };
        let name = factor.line(cell);
        let (points, look) = match factor.of(cell) {
            Some(value) => (vec![(value, spread)], Look::Dots { aside_px: 0.0 }),
            None => (x.ends().map(|end| (end, spread)).to_vec(), Look::Dashes),
        };
        let is_doubted = marks::doubted(metric, cell);
        let doubted = points.iter().map(|(x, _)| *x).filter(|_| is_doubted);
        let doubted: Vec<f64> = doubted.collect();
        match curves.iter_mut().find(|curve| curve.name == name) {
            Some(curve) => {
                curve.points.extend(points);
                curve.doubted.extend(doubted);
            }
            None => curves.push(Curve {
                points,
                doubted,
                name,
                colour: match factor.of_transport {
                    true => colour(cell.transport.colour()),
                    false => cell_colour(cell),
                },
                width_px: 2.5,
                look,
            }),
        }
    }
    let lines = curves.len();
    for (at, curve) in curves.iter_mut().enumerate() {
        let cell = cells.iter().find(|cell| factor.line(cell) == curve.name);
        let transport = cell.expect("a curve is of a cell").transport;
        curve.width_px += steps_broader(transport, at, lines);
        curve.points.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    curves
}

/// The values, without those that would touch a larger one.
fn labels(values: &[f64], x: &Axis, write: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    let mut labels: Vec<(f64, String)> = Vec::new();
    for &value in values.iter().rev() {
        let apart = |(other, _): &(f64, String)| x.position(*other) - x.position(value);
        if labels.last().is_none_or(|last| apart(last) >= LABELS_APART) {
            labels.push((value, write(value)));
        }
    }
    labels
}
