//! What a delivery costs in bytes and CPU, and what a client costs in memory.

use crate::report::cells::{ReportCell, settings};
use crate::report::plots::bars::{Bar, Bars, Group, Row, draw};
use crate::report::plots::cell_style::cell_colour;
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::sheet::{Sheet, colour};
use crate::results::{Metric, TrialRow, Verdict, metric};
use crate::texts::{Numbers, PlotTexts};
use crate::transport::Transport;

/// The colours of the byte ledger's layers, after Paul Tol's muted scheme: colour-blind people
/// can distinguish them, and none is a transport's.
const LAYERS: [(&str, &str); 5] = [
    ("payload_bytes_per_delivery", "#1a1a1a"),
    ("envelope_bytes_per_delivery", "#88ccee"),
    ("protocol_bytes_per_delivery", "#ddcc77"),
    ("tls_bytes_per_delivery", "#882255"),
    ("tcp_ip_bytes_per_delivery", "#c8c8c8"),
];

/// Part of a bar.
struct Part {
    label: String,
    colour: &'static str,
    metric: &'static Metric,
}

/// What a plot shows: one or two bars a cell, each with a name and parts.
struct Cost {
    x_title: &'static str,
    bars: Vec<(&'static str, Vec<Part>)>,
    figure: fn(Numbers, f64) -> String,
    tick: fn(Numbers, f64) -> String,
}

fn part(label: impl Into<String>, colour: &'static str, name: &str) -> Part {
    Part {
        label: label.into(),
        colour,
        metric: metric(name).expect("the metric of a plot exists"),
    }
}

/// `None` where no trial has such figures, as where nothing was delivered.
pub(super) fn bytes_sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    let words = words(cells)?;
    let layers = LAYERS.iter().zip(words.layers);
    let layers = layers.map(|((name, colour), label)| part(label, colour, name));
    let cost = Cost {
        x_title: words.axes.bytes,
        bars: vec![("", layers.collect())],
        figure: Numbers::bytes,
        tick: Numbers::round_bytes,
    };
    sheet(title, cells, &cost)
}

/// The server is purple and the load grey; user time is light and system time dark.
pub(super) fn cpu_sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    let words = words(cells)?;
    let (server, load) = (words.server, words.load);
    let (user, system) = (words.user, words.system);
    let server_parts = vec![
        part(user(server), "#b2abd2", "server_cpu_user_us_per_delivery"),
        part(system(server), "#5e3c99", "server_cpu_sys_us_per_delivery"),
    ];
    let load_parts = vec![
        part(user(load), "#bdbdbd", "load_cpu_user_us_per_delivery"),
        part(system(load), "#525252", "load_cpu_sys_us_per_delivery"),
    ];
    let cost = Cost {
        x_title: words.axes.cpu,
        bars: vec![(server, server_parts), (load, load_parts)],
        figure: Numbers::duration_us,
        tick: Numbers::round_duration_us,
    };
    sheet(title, cells, &cost)
}

pub(super) fn memory_sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    let words = words(cells)?;
    let (server, load) = (words.server, words.load);
    let server_part = part(server, "#5e3c99", "server_rss_bytes_per_client");
    let load_part = part(load, "#525252", "load_rss_bytes_per_client");
    let cost = Cost {
        x_title: words.axes.memory,
        bars: vec![(server, vec![server_part]), (load, vec![load_part])],
        figure: Numbers::bytes,
        tick: Numbers::round_bytes,
    };
    sheet(title, cells, &cost)
}

fn words(cells: &[ReportCell]) -> Option<&'static PlotTexts> {
    Some(&cells.first()?.texts.plot)
}

impl Part {
    fn median(&self, cell: &ReportCell) -> Option<f64> {
        cell.median(|trial| self.metric.figure(trial))
    }

    fn key(&self) -> Key {
        Key {
            label: self.label.clone(),
            colour: colour(self.colour),
            sample: Sample::Patch,
        }
    }
}

fn sheet(title: &str, cells: &[ReportCell], cost: &Cost) -> Option<Sheet> {
    let parts = || cost.bars.iter().flat_map(|(_, parts)| parts);
    let is_measured = |part: &Part| cells.iter().any(|cell| part.median(cell).is_some());
    if !parts().any(is_measured) {
        return None;
    }
    // A layer that no trial has, as TLS without TLS, has no key.
    let is_present = |part: &&Part| {
        let mut medians = cells.iter().filter_map(|cell| part.median(cell));
        medians.any(|median| median != 0.0)
    };
    let groups = settings(cells).into_iter().map(|(setting, group)| Group {
        title: setting.to_owned(),
        rows: group.into_iter().map(|cell| row(cell, cost)).collect(),
    });
    Some(draw(&Bars {
        title: title.to_owned(),
        x_title: cost.x_title.to_owned(),
        legend: parts().filter(is_present).map(Part::key).collect(),
        groups: groups.collect(),
        x_label: cost.tick,
        numbers: cells[0].texts.numbers,
    }))
}

fn row(cell: &ReportCell, cost: &Cost) -> Row {
    let bars = cost.bars.iter();
    Row {
        name: cell.transport.name().to_owned(),
        colour: cell_colour(cell),
        variant: cell.variant.clone(),
        verdict: match cell.verdict() {
            Verdict::Valid => String::new(),
            _ => cell.verdict_words(),
        },
        bars: bars
            .map(|(name, parts)| bar(cell, name, parts, cost.figure))
            .collect(),
    }
}

/// The segments are the medians of their parts, the figure is the median of the totals.
fn bar(cell: &ReportCell, name: &str, parts: &[Part], figure: fn(Numbers, f64) -> String) -> Bar {
    let (words, numbers) = (&cell.texts.plot, cell.texts.numbers);
    let segments = parts
        .iter()
        .filter_map(|part| Some((colour(part.colour), part.median(cell)?)));
    let missing = parts.iter().filter(|part| part.median(cell).is_none());
    let missing: Vec<&str> = missing.map(|part| part.label.as_str()).collect();
    let sum = |trial: &TrialRow| {
        let figures = parts.iter().filter_map(|part| part.metric.figure(trial));
        figures.reduce(|sum, figure| sum + figure)
    };
    let total = cell.spread(sum);
    let figure = total.map(|total| figure(numbers, total.median));
    let figure = match figure {
        None => words.not_measured.to_owned(),
        Some(figure) if missing.is_empty() => figure,
        Some(figure) => (words.lacks)(&figure, &missing.join(", ")),
    };
    let others = cell.transport != Transport::BASELINE;
    let ratio = cell.ratio(sum).filter(|_| others);
    let ratio = ratio.map(|ratio| (words.of_baseline)(&numbers.ratio(ratio)));
    let figure = [name, &figure, ratio.as_deref().unwrap_or_default()].join(" ");
    Bar {
        segments: segments.collect(),
        total,
        figure: figure.trim().to_owned(),
    }
}
