//! The plots: rows → a sheet of shapes → SVG and PNG. Nothing here touches the disk.

pub mod axis;
pub mod bars;
pub mod capacity;
pub mod costs;
pub mod font;
pub mod legend;
pub mod panels;
pub mod percentiles;
pub mod render;
pub mod scaling;
pub mod sheet;
pub mod timeline;

use plotters::style::RGBColor;

use crate::report::Report;
use crate::report::cells::{ReportCell, cells};
use crate::report::plots::axis::Axis;
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::panels::Curve;
use crate::report::plots::sheet::Sheet;
use crate::report::{repeats, warning};
use crate::results::Verdict;

/// One picture in two formats. The PNG has twice the SVG's pixels in each direction.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The stem of its files' names.
    pub name: &'static str,
    pub title: &'static str,
    /// How to read it, in a sentence or two.
    pub caption: &'static str,
    pub svg: String,
    pub png: Vec<u8>,
}

/// A kind of plot: its words, and how it is drawn. `None` where there is nothing to draw.
struct Kind {
    name: &'static str,
    title: &'static str,
    caption: &'static str,
    /// Takes the title.
    sheet: fn(&str, &[ReportCell], &Report) -> Option<Sheet>,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "latency",
        title: "Delivery latency by percentile",
        caption: "Lower is faster, and on this scale an equal step up is an equal multiple; p99 is \
            the latency that 99 of 100 deliveries did not exceed.",
        sheet: |title, cells, _| percentiles::sheet(title, cells),
    },
    Kind {
        name: "bytes",
        title: "Bytes per delivery by layer",
        caption: "The dark beginning of a bar is the text that somebody wanted to deliver, and \
            all the rest is what it took to deliver it, empty exchanges included.",
        sheet: |title, cells, _| costs::bytes_sheet(title, cells),
    },
    Kind {
        name: "cpu",
        title: "CPU time per delivery",
        caption: "Shorter is cheaper: the light part was spent in the program, the dark part in \
            the kernel on its behalf, where the network's work is done.",
        sheet: |title, cells, _| costs::cpu_sheet(title, cells),
    },
    Kind {
        name: "memory",
        title: "Memory per client",
        caption: "How much memory each process held for a client; what the kernel holds for its \
            sockets is not part of it.",
        sheet: |title, cells, _| costs::memory_sheet(title, cells),
    },
    Kind {
        name: "latency-over-time",
        title: "Delivery latency over time",
        caption: "Each point covers the messages that arrived within one second: a level line is \
            a steady state, a rising one a queue that grows.",
        sheet: |title, cells, report| timeline::latency_sheet(title, cells, report.timeline),
    },
    Kind {
        name: "deliveries-over-time",
        title: "Deliveries per second over time",
        caption: "All transports carry the same feed, so their lines should lie on each other, \
            and a dip shows when deliveries fell behind.",
        sheet: |title, cells, report| timeline::deliveries_sheet(title, cells, report.timeline),
    },
];

/// Only where there are several numbers of clients.
const SCALING: Kind = Kind {
    name: "scaling",
    title: "How it scales with the number of clients",
    caption: "A level line costs each client the same however many there are. A line that rises \
        with them is work that is done for one after the other, as the last recipient of a message \
        sees it. Both scales are logarithmic.",
    sheet: |title, cells, _| scaling::sheet(title, cells),
};

/// The one plot of a search: its steps are too many, and too different, for the others.
const CAPACITY: Kind = Kind {
    name: "capacity",
    title: "Capacity within the objective",
    caption: "A bar is the most that held, by VALID trials alone, and again in further ones unless \
        the search is unfinished; the thin line reaches to the least that failed. Without such a \
        line the transport may well hold more: what lies beyond was not told, or not tried.",
    sheet: |title, _, report| capacity::sheet(title, report.capacity),
};

/// Whether some plot of a run that is no search is left out, since its figures were not measured.
pub(super) fn lacks_some(plots: &[Plot]) -> bool {
    let lacks = |kind: &Kind| plots.iter().all(|plot| plot.name != kind.name);
    KINDS.iter().any(lacks)
}

/// The names of all plots, also of those that a report leaves out.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KINDS
        .iter()
        .chain([&SCALING, &CAPACITY])
        .map(|kind| kind.name)
}

/// Draws every plot that has something to show. Fails only where plotters does.
pub fn plots(report: &Report) -> anyhow::Result<Vec<Plot>> {
    let cells = cells(report.trials);
    let (kinds, marks): (Vec<&Kind>, _) = match report.capacity {
        [] => (
            KINDS.iter().chain([&SCALING]).collect(),
            repeats::marks(&cells),
        ),
        _ => (vec![&CAPACITY], None),
    };
    let sheets = kinds.into_iter().filter_map(|kind| {
        let mut sheet = (kind.sheet)(kind.title, &cells, report)?;
        if let Some(marks) = &marks {
            sheet.foot(marks);
        }
        Some((kind, sheet))
    });
    sheets
        .map(|(kind, sheet)| {
            Ok(Plot {
                name: kind.name,
                title: kind.title,
                caption: kind.caption,
                svg: render::svg(&sheet)?,
                png: render::png(&sheet)?,
            })
        })
        .collect()
}

fn cell_colour(cell: &ReportCell) -> RGBColor {
    sheet::tinted(sheet::colour(cell.transport.colour()), cell.tint)
}

/// The colour of a cell's lines as `#rrggbb`, for whoever writes about them.
pub(super) fn cell_hex(cell: &ReportCell) -> String {
    let RGBColor(red, green, blue) = cell_colour(cell);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// One entry a transport and variant, however many settings it appears in.
fn cell_keys(cells: &[ReportCell], sample: Sample) -> Vec<Key> {
    let mut keys: Vec<(&ReportCell, Key)> = Vec::new();
    for cell in cells {
        let key = Key {
            label: cell.name(),
            colour: cell_colour(cell),
            sample,
        };
        if !keys.iter().any(|(_, known)| *known == key) {
            keys.push((cell, key));
        }
    }
    keys.sort_by_key(|(cell, _)| cell.transport);
    keys.into_iter().map(|(_, key)| key).collect()
}

/// What a panel must say about its cells: the verdicts, and whose figures are missing.
fn notes(group: &[&ReportCell], missing: impl Fn(&ReportCell) -> bool) -> Vec<String> {
    let of_verdict = |verdict: Verdict| {
        let doubted = group.iter().filter(move |cell| cell.verdict() == verdict);
        let names = doubted.map(|c| format!("{}{}", c.name(), warning::trials_concerned(c)));
        (verdict.to_string(), names.collect::<Vec<_>>())
    };
    let missing = group
        .iter()
        .filter(|cell| missing(cell))
        .map(|cell| cell.name())
        .collect();
    [
        of_verdict(Verdict::Invalid),
        of_verdict(Verdict::Suspect),
        ("not measured".into(), missing),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(what, names)| format!("{what}: {}", names.join(", ")))
    .collect()
}

/// An axis of latencies for all curves together, so that panels can be compared.
fn log_axis_us(curves: &[Curve]) -> Option<Axis> {
    let spreads = || {
        curves
            .iter()
            .flat_map(|curve| &curve.points)
            .map(|(_, spread)| spread)
    };
    let min = spreads().map(|s| s.low).min_by(f64::total_cmp)?;
    let max = spreads().map(|s| s.high).max_by(f64::total_cmp)?;
    // Nothing is delivered in less than a microsecond; negatives come with their own warning.
    Some(Axis::logarithmic(min, max, 1.0))
}
