//! A trial's row as figures with names: what the summary and the comparison go through.
//!
//! The names are the columns of `trials.csv`, taken from the row itself: a new column is a new
//! metric without a word here, unless it is a factor or a label.

use anyhow::Context;

use crate::results::TrialRow;

/// The columns that say what was asked for. Trials that agree in all of them repeat each other.
/// The window is none: a longer one measures the same more closely.
const FACTORS: [&str; 13] = [
    "transport",
    "clients",
    "workload",
    "feeds",
    "rate_hz",
    "payload_bytes",
    "tls",
    "schedule",
    "poll_interval_ms",
    "hold_ms",
    "keep_alive",
    "headers",
    "aa_of",
];

/// The factors that are a transport's own. Cells that differ in no other can be set side by side.
const OF_ONE_TRANSPORT: [&str; 6] = [
    "transport",
    "poll_interval_ms",
    "hold_ms",
    "keep_alive",
    "headers",
    "aa_of",
];

/// The columns that are neither factors nor figures.
const LABELS: [&str; 8] = [
    "scenario", "run", "cell", "trial", "window_s", "verdict", "warnings", "pin",
];

/// Figures that are sums of columns.
const SUMS: [(&str, &[&str]); 4] = [
    (
        "wire_bytes_per_delivery",
        &[
            "payload_bytes_per_delivery",
            "envelope_bytes_per_delivery",
            "protocol_bytes_per_delivery",
            "tls_bytes_per_delivery",
        ],
    ),
    (
        "all_layers_bytes_per_delivery",
        &["wire_bytes_per_delivery", "tcp_ip_bytes_per_delivery"],
    ),
    (
        "server_cpu_us_per_delivery",
        &[
            "server_cpu_user_us_per_delivery",
            "server_cpu_sys_us_per_delivery",
        ],
    ),
    (
        "load_cpu_us_per_delivery",
        &[
            "load_cpu_user_us_per_delivery",
            "load_cpu_sys_us_per_delivery",
        ],
    ),
];

/// One trial, and its figures by name.
#[derive(Clone, Debug)]
pub struct TrialFigures<'a> {
    pub row: &'a TrialRow,
    columns: Vec<(String, String)>,
}

impl<'a> TrialFigures<'a> {
    /// Those of every row, in the order of the rows.
    pub fn of(rows: &'a [TrialRow]) -> anyhow::Result<Vec<Self>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer
                .serialize(row)
                .context("a row that CSV cannot hold")?;
        }
        let bytes = writer.into_inner().context("flush of a buffer in memory")?;
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let names = reader.headers()?.clone();
        let figures = reader.records().zip(rows).map(|(record, row)| {
            let record = record?;
            let columns = names.iter().zip(&record);
            let columns = columns.map(|(name, value)| (name.to_owned(), value.to_owned()));
            Ok(TrialFigures {
                row,
                columns: columns.collect(),
            })
        });
        figures.collect()
    }

    /// What was asked for, as names and values; an empty value where a factor does not apply.
    pub fn factors(&self) -> Vec<(&'static str, &str)> {
        FACTORS.map(|name| (name, self.text(name))).to_vec()
    }

    /// The factors that cells of different transports must share to be compared.
    pub fn setting(&self) -> Vec<(&'static str, &str)> {
        let mut factors = self.factors();
        factors.retain(|(name, _)| !OF_ONE_TRANSPORT.contains(name));
        factors
    }

    /// The names of all metrics, whether this trial has a figure or not, in the order of columns;
    /// sums come last.
    pub fn names(&self) -> Vec<&str> {
        let columns = self.columns.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = columns
            .filter(|name| !FACTORS.contains(name) && !LABELS.contains(name))
            .collect();
        for (sum, _) in SUMS {
            if !names.contains(&sum) {
                names.push(sum);
            }
        }
        names
    }

    /// A figure, in the unit that its name ends in; `None` where the trial has none. Figures below
    /// zero, which only clocks that disagree produce, are none.
    pub fn get(&self, name: &str) -> Option<f64> {
        let column = self.columns.iter().any(|(column, _)| column == name);
        let sum = SUMS.iter().find(|(sum, _)| *sum == name);
        let figure: f64 = match sum {
            Some((_, parts)) if !column => {
                let parts: Option<Vec<f64>> = parts.iter().map(|part| self.get(part)).collect();
                parts?.iter().sum()
            }
            _ => self.text(name).parse().ok()?,
        };
        (figure.is_finite() && figure >= 0.0).then_some(figure)
    }

    /// A cell of the row as it stands in the file; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        let mut columns = self.columns.iter();
        columns
            .find(|(column, _)| column == name)
            .map_or("", |(_, text)| text)
    }
}
