//! The kinds of plots, and the drawing of those that a report has figures for.

use maud::{PreEscaped, html};

use crate::report::cells::{ReportCell, cells};
use crate::report::content::Report;
use crate::report::plots::sheet::Sheet;
use crate::report::plots::{
    capacity, costs, distribution, font, heat_map, percentiles, png, recovery, scaling, svg,
    timeline,
};
use crate::report::repeats;
use crate::report::runs::other_machines;
use crate::texts::{PlotText, PlotTexts};

/// One picture in two formats. The PNG has twice the SVG's pixels in each direction.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The stem of its files' names.
    pub name: &'static str,
    pub title: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// The file with what it shows.
    pub data: &'static str,
    /// Without its letters, which a page has once for all.
    pub svg: String,
    pub png: Vec<u8>,
}

impl Plot {
    /// The SVG as a file of its own: with its letters, and its caption as the alternative text.
    pub fn svg_file(&self) -> String {
        let about = html! {
            title { (self.title) }
            desc { (self.caption) }
            style { (PreEscaped(font::css())) }
        };
        let begins = self.svg.find('>').map_or(0, |at| at + 1);
        let (tag, drawing) = self.svg.split_at(begins);
        format!("{tag}{}{drawing}", about.into_string())
    }
}

/// A kind of plot.
struct Kind {
    name: &'static str,
    /// The file with what it shows, of a report on one run.
    data: &'static str,
    text: fn(&'static PlotTexts) -> &'static PlotText,
    /// Whether it shows medians and their intervals, which need an explanation.
    marks: bool,
    /// Draws it under a title; `None` where there is nothing to draw.
    sheet: fn(&str, &[ReportCell], &Report) -> Option<Sheet>,
}

impl Kind {
    /// A report on several runs has rows only, and so has a run without histograms.
    fn data(&self, report: &Report) -> &'static str {
        match self.data {
            LATENCIES if !report.runs.is_empty() || report.latencies.is_empty() => "summary.csv",
            SECONDS if !report.runs.is_empty() => "timeline.csv",
            file => file,
        }
    }
}

const LATENCIES: &str = "latency.hlog";
const SECONDS: &str = "timeline.hlog";

const KINDS: [Kind; 9] = [
    Kind {
        name: "recovery",
        data: "recovery.csv",
        text: |texts| &texts.recovery,
        marks: false,
        sheet: recovery::sheet,
    },
    Kind {
        name: "latency",
        data: LATENCIES,
        text: |texts| &texts.latency,
        marks: true,
        sheet: |title, cells, report| percentiles::sheet(title, cells, report.latencies),
    },
    Kind {
        name: "distribution",
        data: LATENCIES,
        text: |texts| &texts.distribution,
        marks: false,
        sheet: |title, cells, report| distribution::sheet(title, cells, report.latencies),
    },
    Kind {
        name: "bytes",
        data: "summary.csv",
        text: |texts| &texts.bytes,
        marks: true,
        sheet: |title, cells, _| costs::bytes_sheet(title, cells),
    },
    Kind {
        name: "cpu",
        data: "summary.csv",
        text: |texts| &texts.cpu,
        marks: true,
        sheet: |title, cells, _| costs::cpu_sheet(title, cells),
    },
    Kind {
        name: "memory",
        data: "summary.csv",
        text: |texts| &texts.memory,
        marks: true,
        sheet: |title, cells, _| costs::memory_sheet(title, cells),
    },
    Kind {
        name: "heat-map",
        data: SECONDS,
        text: |texts| &texts.heat_map,
        marks: false,
        sheet: heat_map::sheet,
    },
    Kind {
        name: "latency-over-time",
        data: "timeline.csv",
        text: |texts| &texts.latency_over_time,
        marks: true,
        sheet: timeline::latency_sheet,
    },
    Kind {
        name: "deliveries-over-time",
        data: "timeline.csv",
        text: |texts| &texts.deliveries_over_time,
        marks: true,
        sheet: timeline::deliveries_sheet,
    },
];

/// Only where such a factor has several values and nothing else varies. Then they come first, since
/// the run asks how figures grow.
const SCALING: [Kind; 4] = [
    Kind {
        name: "scaling",
        data: "summary.csv",
        text: |texts| &texts.scaling,
        marks: true,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::CLIENTS),
    },
    Kind {
        name: "rate",
        data: "summary.csv",
        text: |texts| &texts.against_rate,
        marks: true,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::RATE),
    },
    Kind {
        name: "payload",
        data: "summary.csv",
        text: |texts| &texts.against_payload,
        marks: true,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::PAYLOAD),
    },
    Kind {
        name: "poll-interval",
        data: "summary.csv",
        text: |texts| &texts.against_poll_interval,
        marks: true,
        sheet: |title, cells, _| scaling::sheet(title, cells, &scaling::POLL_INTERVAL),
    },
];

/// The one plot of a search: its steps are too many, and too different, for the others.
const CAPACITY: Kind = Kind {
    name: "capacity",
    data: "capacity.csv",
    text: |texts| &texts.capacity,
    marks: false,
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
        if let Some(marks) = marks.as_ref().filter(|_| kind.marks) {
            sheet.foot(marks);
        }
        if let Some(machines) = other_machines(report, report.locale.texts()) {
            sheet.foot(machines);
        }
        Some((kind, title, caption, sheet))
    });
    let plots = drawn.map(|(kind, title, caption, sheet)| {
        Ok(Plot {
            name: kind.name,
            data: kind.data(report),
            title,
            caption,
            svg: svg::svg(&sheet),
            png: png::png(&sheet)?,
        })
    });
    plots.collect()
}
