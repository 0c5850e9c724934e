//! The kinds of plots, and the drawing of those that a report has figures for.

use crate::report::cells::{ReportCell, cells};
use crate::report::content::Report;
use crate::report::plots::sheet::Sheet;
use crate::report::plots::{capacity, costs, percentiles, png, scaling, svg, timeline};
use crate::report::repeats;
use crate::texts::{PlotText, PlotTexts};

/// One picture in two formats. The PNG has twice the SVG's pixels in each direction.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The stem of its files' names.
    pub name: &'static str,
    pub title: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// The file with the rows that it shows.
    pub data: &'static str,
    pub svg: String,
    pub png: Vec<u8>,
}

/// A kind of plot.
struct Kind {
    name: &'static str,
    data: &'static str,
    text: fn(&'static PlotTexts) -> &'static PlotText,
    /// Draws it under a title; `None` where there is nothing to draw.
    sheet: fn(&str, &[ReportCell], &Report) -> Option<Sheet>,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "latency",
        data: "summary.csv",
        text: |texts| &texts.latency,
        sheet: |title, cells, _| percentiles::sheet(title, cells),
    },
    Kind {
        name: "bytes",
        data: "summary.csv",
        text: |texts| &texts.bytes,
        sheet: |title, cells, _| costs::bytes_sheet(title, cells),
    },
    Kind {
        name: "cpu",
        data: "summary.csv",
        text: |texts| &texts.cpu,
        sheet: |title, cells, _| costs::cpu_sheet(title, cells),
    },
    Kind {
        name: "memory",
        data: "summary.csv",
        text: |texts| &texts.memory,
        sheet: |title, cells, _| costs::memory_sheet(title, cells),
    },
    Kind {
        name: "latency-over-time",
        data: "timeline.csv",
        text: |texts| &texts.latency_over_time,
        sheet: |title, cells, report| timeline::latency_sheet(title, cells, report.timeline),
    },
    Kind {
        name: "deliveries-over-time",
        data: "timeline.csv",
        text: |texts| &texts.deliveries_over_time,
        sheet: |title, cells, report| timeline::deliveries_sheet(title, cells, report.timeline),
    },
];

/// Only where such a factor has several values and nothing else varies. Then they come first, since
/// the run asks how figures grow.
const SCALING: [Kind; 4] = [
    Kind {
        name: "scaling",
        data: "summary.csv",
        text: |texts| &texts.scaling,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::CLIENTS),
    },
    Kind {
        name: "rate",
        data: "summary.csv",
        text: |texts| &texts.against_rate,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::RATE),
    },
    Kind {
        name: "payload",
        data: "summary.csv",
        text: |texts| &texts.against_payload,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::PAYLOAD),
    },
    Kind {
        name: "poll-interval",
        data: "summary.csv",
        text: |texts| &texts.against_poll_interval,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::POLL_INTERVAL),
    },
];

/// The one plot of a search: its steps are too many, and too different, for the others.
const CAPACITY: Kind = Kind {
    name: "capacity",
    data: "capacity.csv",
    text: |texts| &texts.capacity,
    sheet: |title, _, report| capacity::sheet(title, report.capacity, report.locale.texts()),
};

/// The names of all plots, including those that a report leaves out.
pub(in crate::report) fn names() -> impl Iterator<Item = &'static str> {
    let kinds = KINDS.iter().chain(&SCALING).chain([&CAPACITY]);
    kinds.map(|kind| kind.name)
}

/// Draws every plot that has something to show. Fails only where plotters does.
pub fn plots(report: &Report) -> anyhow::Result<Vec<Plot>> {
    let cells = cells(report.trials, report.locale);
    let (kinds, marks): (Vec<&Kind>, _) = match report.capacity {
        [] => (
            SCALING.iter().chain(&KINDS).collect(),
            repeats::marks(&cells),
        ),
        _ => (vec![&CAPACITY], None),
    };
    let drawn = kinds.into_iter().filter_map(|kind| {
        let PlotText { title, caption } = (kind.text)(&report.locale.texts().plot);
        let mut sheet = (kind.sheet)(title, &cells, report)?;
        if let Some(marks) = &marks {
            sheet.foot(marks);
        }
        Some((kind, title, caption, sheet))
    });
    let plots = drawn.map(|(kind, title, caption, sheet)| {
        Ok(Plot {
            name: kind.name,
            data: kind.data,
            title,
            caption,
            svg: svg::svg(&sheet),
            png: png::png(&sheet)?,
        })
    });
    plots.collect()
}
