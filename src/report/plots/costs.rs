//! What a delivery costs in bytes and CPU, and what a client costs in memory.

use crate::report::batching::{self, BATCHED};
use crate::report::cells::{ReportCell, settings};
use crate::report::leading::leading_setting;
use crate::report::plots::bars::{Bar, Bars, Group, Row, Segment, draw};
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

/// A bar of every cell.
struct Stack {
    /// Stands before its figure; empty for none.
    name: &'static str,
    /// The metric of its figure.
    metric: &'static str,
    parts: Vec<Part>,
    /// What is drawn where no part is told: their sum.
    whole: Option<Part>,
}

/// What a plot shows: one or two bars a cell.
struct Cost {
    x_title: &'static str,
    bars: Vec<Stack>,
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
        bars: vec![Stack {
            name: "",
            metric: "all_layers_bytes_per_delivery",
            parts: layers.collect(),
            whole: None,
        }],
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
    let whole =
        |process: &'static str, colour, name| part((words.undivided)(process), colour, name);
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
        bars: vec![
            Stack {
                name: server,
                metric: "server_cpu_us_per_delivery",
                parts: server_parts,
                whole: Some(whole(server, "#8871ae", "server_cpu_us_per_delivery")),
            },
            Stack {
                name: load,
                metric: "load_cpu_us_per_delivery",
                parts: load_parts,
                whole: Some(whole(load, "#8a8a8a", "load_cpu_us_per_delivery")),
            },
        ],
        figure: Numbers::duration_us,
        tick: Numbers::round_duration_us,
    };
    sheet(title, cells, &cost)
}

pub(super) fn memory_sheet(title: &str, cells: &[ReportCell]) -> Option<Sheet> {
    let words = words(cells)?;
    let (server, load) = (words.server, words.load);
    let memory = |name: &'static str, colour, column: &'static str| Stack {
        name,
        metric: column,
        parts: vec![part(name, colour, column)],
        whole: None,
    };
    let cost = Cost {
        x_title: words.axes.memory,
        bars: vec![
            memory(server, "#5e3c99", "server_rss_bytes_per_client"),
            memory(load, "#525252", "load_rss_bytes_per_client"),
        ],
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
    let parts = || {
        cost.bars
            .iter()
            .flat_map(|stack| stack.parts.iter().chain(&stack.whole))
    };
    let is_measured = |part: &Part| cells.iter().any(|cell| part.median(cell).is_some());
    if !parts().any(is_measured) {
        return None;
    }
    // A layer that no trial has, as TLS without TLS, has no key.
    let is_drawn = |stack: &Stack, part: &Part| {
        let drawn = cells
            .iter()
            .flat_map(|cell| stack.segments(cell, cost.figure));
        drawn
            .into_iter()
            .any(|segment| segment.colour == part.key().colour && segment.value != 0.0)
    };
    let keys = cost.bars.iter().flat_map(|stack| {
        let all = stack.parts.iter().chain(&stack.whole);
        all.filter(|part| is_drawn(stack, part)).map(Part::key)
    });
    let groups = settings(cells).into_iter().map(|(setting, group)| Group {
        title: setting.to_owned(),
        rows: group.into_iter().map(|cell| row(cell, cost)).collect(),
    });
    let mut sheet = draw(&Bars {
        title: title.to_owned(),
        x_title: cost.x_title.to_owned(),
        legend: keys.collect(),
        groups: groups.collect(),
        x_label: cost.tick,
        numbers: cells[0].texts.numbers,
    });
    if let Some(shared) = shared(cells, cost) {
        sheet.foot(&shared);
    }
    Some(sheet)
}

/// What the mark of figures means that rest on batching, for the setting that stands first or
/// else for the first cell that has one.
fn shared(cells: &[ReportCell], cost: &Cost) -> Option<String> {
    let marked = |cell: &&ReportCell| {
        let mut metrics = cost.bars.iter().map(|stack| stack.metric);
        metrics.any(|metric| batching::is_cheaper(metric, cell))
    };
    let (_, leading) = leading_setting(cells)?;
    let of_setting = leading.into_iter().filter(marked);
    let meanings: Vec<String> = of_setting.filter_map(batching::meaning).collect();
    match meanings.is_empty() {
        true => batching::meaning(cells.iter().find(marked)?),
        false => Some(meanings.join(" ")),
    }
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
        bars: bars.map(|stack| bar(cell, stack, cost.figure)).collect(),
    }
}

impl Stack {
    /// Whether a cell has a part.
    fn is_divided(&self, cell: &ReportCell) -> bool {
        self.parts.iter().any(|part| part.median(cell).is_some())
    }

    /// The sum of the parts in a trial; `None` where it has none of them.
    fn sum(&self, trial: &TrialRow) -> Option<f64> {
        let figures = self
            .parts
            .iter()
            .filter_map(|part| part.metric.figure(trial));
        let sum = figures.reduce(|sum, figure| sum + figure);
        sum.or_else(|| self.whole.as_ref()?.metric.figure(trial))
    }

    /// The parts of a cell's bar. Of several trials, the medians of the parts do not add up to that
    /// of the sums, so they share it in proportion.
    fn segments(&self, cell: &ReportCell, figure: fn(Numbers, f64) -> String) -> Vec<Segment> {
        let parts: Vec<&Part> = match (&self.whole, self.is_divided(cell)) {
            (Some(whole), false) => vec![whole],
            _ => self.parts.iter().collect(),
        };
        let medians = parts
            .iter()
            .filter_map(|part| Some((part, part.median(cell)?)));
        let medians: Vec<_> = medians.collect();
        let all: f64 = medians.iter().map(|(_, median)| median).sum();
        let total = cell.median(|trial| self.sum(trial)).unwrap_or(all);
        let share = if all > 0.0 { total / all } else { 1.0 };
        let segments = medians.into_iter().map(|(part, median)| Segment {
            colour: colour(part.colour),
            value: median * share,
            label: format!("{} {}", part.label, figure(cell.texts.numbers, median)),
        });
        segments.collect()
    }
}

/// A bar ends at the median of the sums, which is its figure.
fn bar(cell: &ReportCell, stack: &Stack, figure: fn(Numbers, f64) -> String) -> Bar {
    let (words, numbers) = (&cell.texts.plot, cell.texts.numbers);
    let parts = &stack.parts;
    let missing = parts.iter().filter(|part| part.median(cell).is_none());
    let missing: Vec<&str> = missing.map(|part| part.label.as_str()).collect();
    let is_whole = missing.is_empty() || !stack.is_divided(cell);
    let sum = |trial: &TrialRow| stack.sum(trial);
    let total = cell.spread(sum);
    let written = total.map(|total| figure(numbers, total.median));
    let written = match written {
        None => words.not_measured.to_owned(),
        Some(figure) if batching::is_cheaper(stack.metric, cell) => figure + BATCHED,
        Some(figure) if is_whole => figure,
        Some(figure) => (words.lacks)(&figure, &missing.join(", ")),
    };
    let others = cell.transport != Transport::BASELINE;
    let ratio = cell.ratio(sum).filter(|_| others);
    let ratio = ratio.map(|ratio| (words.of_baseline)(&numbers.ratio(ratio)));
    let text = [stack.name, &written, ratio.as_deref().unwrap_or_default()].join(" ");
    Bar {
        segments: stack.segments(cell, figure),
        total,
        figure: text.trim().to_owned(),
    }
}
