//! What a delivery costs in bytes and CPU, and what a client costs in memory.

use plotters::style::RGBColor;

use crate::report::cells::{ReportCell, settings};
use crate::report::plots::bars::{Bar, Bars, Group, Row, draw};
use crate::report::plots::cell_colour;
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::sheet::{Sheet, colour};
use crate::report::{number, warning};
use crate::results::{TrialRow, Verdict};
use crate::transport::Transport;

type Figure = fn(&TrialRow) -> Option<f64>;
type Part = (&'static str, &'static str, Figure);

/// The layers of the byte ledger in colours after Paul Tol's muted scheme, which the colour-blind
/// can tell apart, and of which none is a transport's.
const LAYERS: [Part; 5] = [
    ("payload", "#1a1a1a", |t| t.payload_bytes_per_delivery),
    ("envelope", "#88ccee", |t| t.envelope_bytes_per_delivery),
    ("protocol", "#ddcc77", |t| t.protocol_bytes_per_delivery),
    ("TLS", "#882255", |t| t.tls_bytes_per_delivery),
    ("TCP-IP", "#c8c8c8", |t| t.tcp_ip_bytes_per_delivery),
];

/// Server purple and load grey, user time light and system time dark.
const SERVER_CPU: [Part; 2] = [
    ("server, user", "#b2abd2", |t| {
        t.server_cpu_user_us_per_delivery
    }),
    ("server, system", "#5e3c99", |t| {
        t.server_cpu_sys_us_per_delivery
    }),
];
const LOAD_CPU: [Part; 2] = [
    ("load, user", "#bdbdbd", |t| t.load_cpu_user_us_per_delivery),
    ("load, system", "#525252", |t| {
        t.load_cpu_sys_us_per_delivery
    }),
];
const SERVER_MEMORY: [Part; 1] = [("server", "#5e3c99", |t| t.server_rss_bytes_per_client)];
const LOAD_MEMORY: [Part; 1] = [("load", "#525252", |t| t.load_rss_bytes_per_client)];

/// A kind of cost: its words, and the parts of each bar of a cell.
struct Cost {
    x_title: &'static str,
    bars: &'static [(&'static str, &'static [Part])],
    figure: fn(f64) -> String,
    tick: fn(f64) -> String,
}

/// `None` where no trial has such figures, as where nothing was delivered.
pub(super) fn bytes_sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    sheet(
        title,
        cells,
        &Cost {
            x_title: "bytes per delivery (B, kB), both directions",
            bars: &[("", &LAYERS)],
            figure: number::bytes,
            tick: number::round_bytes,
        },
    )
}

pub(super) fn cpu_sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    sheet(
        title,
        cells,
        &Cost {
            x_title: "CPU time per delivery (µs, ms)",
            bars: &[("server", &SERVER_CPU), ("load", &LOAD_CPU)],
            figure: number::duration_us,
            tick: number::round_duration_us,
        },
    )
}

pub(super) fn memory_sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    sheet(
        title,
        cells,
        &Cost {
            x_title: "resident memory per client (B, kB, MB)",
            bars: &[("server", &SERVER_MEMORY), ("load", &LOAD_MEMORY)],
            figure: number::bytes,
            tick: number::round_bytes,
        },
    )
}

fn sheet(title: &str, cells: &[ReportCell], cost: &Cost) -> Option<Sheet> {
    let parts = || cost.bars.iter().flat_map(|(_, parts)| parts.iter());
    // A layer that no trial has, as TLS without TLS, is no entry of the legend.
    let present = |part: &Part| {
        cells
            .iter()
            .any(|c| c.median(part.2).is_some_and(|v| v != 0.0))
    };
    let legend: Vec<Key> = parts().filter(|part| present(part)).map(key).collect();
    let measured = |part: &Part| cells.iter().any(|c| c.median(part.2).is_some());
    if !parts().any(measured) {
        return None;
    }
    let groups = settings(cells).into_iter().map(|(setting, group)| Group {
        title: setting.to_owned(),
        rows: group.into_iter().map(|cell| row(cell, cost)).collect(),
    });
    Some(draw(&Bars {
        title: title.to_owned(),
        x_title: cost.x_title.to_owned(),
        legend,
        groups: groups.collect(),
        x_label: cost.tick,
    }))
}

fn key(part: &Part) -> Key {
    Key {
        label: part.0.to_owned(),
        colour: part_colour(part),
        sample: Sample::Patch,
    }
}

fn part_colour((_, hex, _): &Part) -> RGBColor {
    colour(hex)
}

fn row(cell: &ReportCell, cost: &Cost) -> Row {
    Row {
        name: cell.transport.name().to_owned(),
        colour: cell_colour(cell),
        variant: cell.variant.clone(),
        verdict: match cell.verdict() {
            Verdict::Valid => String::new(),
            _ => warning::verdict(cell),
        },
        bars: cost
            .bars
            .iter()
            .map(|(name, parts)| bar(cell, name, parts, cost.figure))
            .collect(),
    }
}

/// The segments are the medians of their parts, the figure is the median of the totals.
fn bar(cell: &ReportCell, name: &str, parts: &[Part], figure: fn(f64) -> String) -> Bar {
    let segments = parts
        .iter()
        .filter_map(|part| Some((part_colour(part), cell.median(part.2)?)));
    let missing: Vec<&str> = parts
        .iter()
        .filter(|part| cell.median(part.2).is_none())
        .map(|part| part.0)
        .collect();
    let sum = |trial: &TrialRow| {
        let known: Vec<f64> = parts.iter().filter_map(|part| part.2(trial)).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    };
    let total = cell.spread(sum);
    let others = cell.transport != Transport::BASELINE;
    let ratio = cell.ratio(sum).filter(|_| others);
    let ratio = ratio.map_or_else(String::new, |ratio| {
        format!(" ({} raw-tcp)", number::ratio(ratio))
    });
    let figure = match total {
        None => "not measured".to_owned(),
        Some(total) if missing.is_empty() => figure(total.median),
        Some(total) => {
            format!(
                "{} ({} not measured)",
                figure(total.median),
                missing.join(", ")
            )
        }
    };
    let figure = format!("{name} {figure}{ratio}").trim().to_owned();
    Bar {
        segments: segments.collect(),
        total,
        figure,
    }
}
