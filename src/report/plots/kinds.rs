//! The kinds of plots, and the drawing of those that a report has figures for.

use crate::report::cells::{ReportCell, cells};
use crate::report::content::Report;
use crate::report::plots::sheet::Sheet;
use crate::report::plots::{capacity, costs, percentiles, render, scaling, timeline};
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
    pub svg: String,
    pub png: Vec<u8>,
}

/// A kind of plot.
struct Kind {
    name: &'static str,
    text: fn(&'static PlotTexts) -> &'static PlotText,
    /// Draws it under a title; `None` where there is nothing to draw.
    sheet: fn(&str, &[ReportCell], &Report) -> Option<Sheet>,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "latency",
        text: |texts| &texts.latency,
        sheet: |title, cells, _| percentiles::sheet(title, cells),
    },
    Kind {
        name: "bytes",
        text: |texts| &texts.bytes,
        sheet: |title, cells, _| costs::bytes_sheet(title, cells),
    },
    Kind {
        name: "cpu",
        text: |texts| &texts.cpu,
        sheet: |title, cells, _| costs::cpu_sheet(title, cells),
    },
    Kind {
        name: "memory",
        text: |texts| &texts.memory,
        sheet: |title, cells, _| costs::memory_sheet(title, cells),
    },
    Kind {
        name: "latency-over-time",
        text: |texts| &texts.latency_over_time,
        sheet: |title, cells, report| timeline::latency_sheet(title, cells, report.timeline),
    },
    Kind {
        name: "deliveries-over-time",
        text: |texts| &texts.deliveries_over_time,
        sheet: |title, cells, report| timeline::deliveries_sheet(title, cells, report.timeline),
    },
];

/// Only where there are several numbers of clients.
const SCALING: Kind = Kind {
    name: "scaling",
    text: |texts| &texts.scaling,
    sheet: |title, cells, _| scaling::sheet(title, cells),
};

/// The one plot of a search: its steps are too many, and too different, for the others.
const CAPACITY: Kind = Kind {
    name: "capacity",
    text: |texts| &texts.capacity,
    sheet: |title, _, report| capacity::sheet(title, report.capacity, report.locale.texts()),
};

/// Whether some plot of a run that is no search is left out because its figures do not exist.
pub(in crate::report) fn lacks_some(plots: &[Plot]) -> bool {
    let lacks = |kind: &Kind| plots.iter().all(|plot| plot.name != kind.name);
    KINDS.iter().any(lacks)
}

/// The names of all plots, including those that a report leaves out.
pub(in crate::report) fn names() -> impl Iterator<Item = &'static str> {
    let kinds = KINDS.iter().chain([&SCALING, &CAPACITY]);
    kinds.map(|kind| kind.name)
}

/// Draws every plot that has something to show. Fails only where plotters does.
pub fn plots(report: &Report) -> anyhow::Result<Vec<Plot>> {
    let cells = cells(report.trials, report.locale);
    let (kinds, marks): (Vec<&Kind>, _) = match report.capacity {
        [] => (
            KINDS.iter().chain([&SCALING]).collect(),
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
        Some((kind.name, *title, *caption, sheet))
    });
    let plots = drawn.map(|(name, title, caption, sheet)| {
        Ok(Plot {
            name,
            title,
            caption,
            svg: render::svg(&sheet)?,
            png: render::png(&sheet)?,
        })
    });
    plots.collect()
}
