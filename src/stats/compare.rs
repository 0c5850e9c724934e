//! The comparison of two runs, or of the transports within one: which cells belong together, how
//! far their metrics differ, and whether a gate lets that pass.
//!
//! Everything here is pure: trials in, findings out.

use std::fmt;
use std::str::FromStr;

use crate::results::Verdict;
use crate::stats::figures::TrialFigures;
use crate::stats::statistics::{self, FEWEST};

/// What is compared unless somebody asks for other metrics.
pub const HEADLINE: [&str; 14] = [
    "latency_p50_us",
    "latency_p90_us",
    "latency_p99_us",
    "missed",
    "publish_lag_p99_us",
    "connect_p99_us",
    "exchanges",
    "wire_bytes_per_delivery",
    "all_layers_bytes_per_delivery",
    "server_cpu_us_per_delivery",
    "server_cpu_percent",
    "server_rss_bytes_per_client",
    "load_cpu_us_per_delivery",
    "load_rss_bytes_per_client",
];

/// The trials of one cell.
#[derive(Clone, Debug)]
pub struct CellTrials<'f> {
    pub trials: Vec<&'f TrialFigures<'f>>,
}

/// Two cells that can be compared.
#[derive(Clone, Debug)]
pub struct CellPair<'f> {
    /// `sse, 1000 clients`, or `sse against short-polling, 1000 clients`.
    pub name: String,
    /// A, what the other is compared to.
    pub base: CellTrials<'f>,
    /// B.
    pub other: CellTrials<'f>,
}

/// One metric of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDifference {
    pub metric: String,
    /// The medians.
    pub base: Option<f64>,
    pub other: Option<f64>,
    pub finding: DifferenceFinding,
}

/// How far B lies from A.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DifferenceFinding {
    /// The interval does not hold 0.
    Shown(Change),
    /// It does.
    NotShown(Change),
    /// One side has fewer trials than an interval needs.
    TooFew { trials: usize },
    /// Only one side has such a figure at all.
    OneSided,
}

/// The relative difference of the medians and its 95 % interval: −0.2 is 20 % lower. Infinite where
/// A is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

/// The cells of two runs that agree in every factor, and the names of those without a partner.
pub fn runs<'f>(a: &'f [TrialFigures], b: &'f [TrialFigures]) -> (Vec<CellPair<'f>>, Vec<String>) {
    let (of_a, mut of_b) = (cells(a), cells(b));
    let all: Vec<&CellTrials> = of_a.iter().chain(&of_b).collect();
    let varying = varying(&all);
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for base in of_a {
        let name = base.name(&varying);
        let same = |cell: &CellTrials| cell.factors() == base.factors();
        match of_b.iter().position(same) {
            Some(found) => pairs.push(CellPair {
                name,
                other: of_b.remove(found),
                base,
            }),
            None => alone.push(format!("{name}: only in A")),
        }
    }
    let rest = of_b.iter().map(|cell| cell.name(&varying));
    alone.extend(rest.map(|name| format!("{name}: only in B")));
    (pairs, alone)
}

/// Each cell of a run with the first one of the same setting; the second half of an A/A pair with
/// the cell that it repeats.
pub fn transports<'f>(run: &'f [TrialFigures]) -> Vec<CellPair<'f>> {
    let cells = cells(run);
    let varying = varying(&cells.iter().collect::<Vec<_>>());
    let mut pairs = Vec::new();
    for (at, other) in cells.iter().enumerate() {
        let before = &cells[..at];
        let repeated = before
            .iter()
            .find(|cell| cell.trials[0].row.cell.to_string() == other.trials[0].text("aa_of"));
        let first = before
            .iter()
            .find(|cell| cell.trials[0].setting() == other.trials[0].setting());
        if let Some(base) = repeated.or(first) {
            let against = format!(" against {},", base.trials[0].row.transport);
            pairs.push(CellPair {
                name: other.name(&varying).replacen(',', &against, 1),
                base: base.clone(),
                other: other.clone(),
            });
        }
    }
    pairs
}

/// The cells of a run in growing order.
fn cells<'f>(run: &'f [TrialFigures]) -> Vec<CellTrials<'f>> {
    let mut cells: Vec<CellTrials> = Vec::new();
    for trial in run {
        match cells
            .iter_mut()
            .find(|cell| cell.factors() == trial.factors())
        {
            Some(cell) => cell.trials.push(trial),
            None => cells.push(CellTrials {
                trials: vec![trial],
            }),
        }
    }
    cells.sort_by_key(|cell| cell.trials[0].row.cell);
    cells
}

/// The factors that a name must tell, beside transport and clients: those in which cells of one
/// transport differ.
fn varying(cells: &[&CellTrials]) -> Vec<&'static str> {
    let Some(first) = cells.first() else {
        return Vec::new();
    };
    let transport = |cell: &CellTrials| cell.trials[0].row.transport;
    let differ = |name: &str, a: &CellTrials, b: &CellTrials| {
        transport(a) == transport(b) && a.trials[0].text(name) != b.trials[0].text(name)
    };
    let factors = first.factors().into_iter().map(|(name, _)| name).skip(2);
    factors
        .filter(|name| {
            cells
                .iter()
                .any(|a| cells.iter().any(|b| differ(name, a, b)))
        })
        .collect()
}

impl CellTrials<'_> {
    fn factors(&self) -> Vec<(&'static str, &str)> {
        self.trials[0].factors()
    }

    fn name(&self, varying: &[&str]) -> String {
        let row = self.trials[0].row;
        let clients = if row.clients == 1 {
            "client"
        } else {
            "clients"
        };
        let mut name = format!("{}, {} {clients}", row.transport, row.clients);
        for (factor, value) in self.factors() {
            if factor == "aa_of" && !value.is_empty() {
                name.push_str(" again (A/A)");
            } else if varying.contains(&factor) && !value.is_empty() {
                name.push_str(&format!(", {factor} {value}"));
            }
        }
        name
    }

    /// How many of its trials have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |trial: &&&TrialFigures| trial.row.verdict == verdict;
        self.trials.iter().filter(same).count()
    }

    /// A metric's figures; INVALID trials have none.
    fn values(&self, metric: &str) -> Vec<f64> {
        let counted = self.trials.iter();
        counted
            .filter(|trial| trial.row.verdict != Verdict::Invalid)
            .filter_map(|trial| trial.get(metric))
            .collect()
    }

    fn has(&self, metric: &str) -> bool {
        self.trials.iter().any(|trial| trial.get(metric).is_some())
    }
}

impl CellPair<'_> {
    /// Compares one metric; `None` where neither side has it.
    pub fn line(&self, metric: &str) -> Option<MetricDifference> {
        let sides = (self.base.has(metric), self.other.has(metric));
        let (base, other) = (self.base.values(metric), self.other.values(metric));
        let finding = match sides {
            (false, false) => return None,
            (true, true) => find(&base, &other),
            _ => DifferenceFinding::OneSided,
        };
        Some(MetricDifference {
            metric: metric.to_owned(),
            base: statistics::median(&base),
            other: statistics::median(&other),
            finding,
        })
    }
}

fn find(base: &[f64], other: &[f64]) -> DifferenceFinding {
    let ratio = statistics::ratio(base, other);
    let interval = statistics::ratio_interval(base, other);
    let (Some(ratio), Some(interval)) = (ratio, interval) else {
        let trials = base.len().min(other.len());
        return DifferenceFinding::TooFew { trials };
    };
    let change = Change {
        difference: ratio - 1.0,
        low: interval.low - 1.0,
        high: interval.high - 1.0,
    };
    match interval.contains(1.0) {
        true => DifferenceFinding::NotShown(change),
        false => DifferenceFinding::Shown(change),
    }
}

impl fmt::Display for DifferenceFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DifferenceFinding::Shown(change) => change.fmt(f),
            DifferenceFinding::NotShown(_) => f.write_str("no difference shown"),
            DifferenceFinding::TooFew { trials } => write!(
                f,
                "too few trials to tell (n = {trials}: repeat with --repeats {FEWEST})"
            ),
            DifferenceFinding::OneSided => f.write_str("only one side has it"),
        }
    }
}

/// Said of a change that is shown: `lower by 12–18 %`, `higher by 3.1–9.4 %`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.high < 0.0 { "lower" } else { "higher" };
        let (a, b) = (self.low.abs() * 100.0, self.high.abs() * 100.0);
        let (least, most) = (a.min(b), a.max(b));
        if least.is_infinite() {
            return write!(f, "{word}: from 0");
        }
        if most.is_infinite() {
            return write!(f, "{word} by {least:.*} % or more", decimals(least));
        }
        // Of a drop by nearly all, the digits that matter are those of what is left.
        let say = |percent: f64| {
            let left = if self.high < 0.0 {
                100.0 - percent
            } else {
                percent
            };
            let telling = if left > 0.0 {
                percent.min(left)
            } else {
                percent
            };
            format!("{percent:.*}", decimals(telling))
        };
        let (from, to) = (say(least), say(most));
        match from == to {
            true => write!(f, "{word} by {from} %"),
            false => write!(f, "{word} by {from}–{to} %"),
        }
    }
}

/// Decimals that leave two significant digits, at the most four.
pub fn decimals(percent: f64) -> usize {
    let steps = [10.0, 1.0, 0.1, 0.01];
    steps.iter().filter(|step| percent.abs() < **step).count()
}

/// A bound on a metric's difference, such as `latency_p99_us > +10%`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    pub metric: String,
    /// Fails above the bound, or else below it.
    above: bool,
    /// 0.1 is +10 %.
    bound: f64,
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = || "write a metric, > or <, and percent, such as 'latency_p99_us > +10%'";
        let at = text.find(['>', '<']).ok_or_else(advice)?;
        let (metric, bound) = (text[..at].trim(), text[at + 1..].trim());
        let percent = bound.strip_suffix('%').ok_or_else(advice)?.trim_end();
        let percent: f64 = percent.parse().map_err(|_| advice())?;
        if metric.is_empty() || !percent.is_finite() {
            return Err(advice().to_owned());
        }
        Ok(Gate {
            metric: metric.to_owned(),
            above: text[at..].starts_with('>'),
            bound: percent / 100.0,
        })
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.above { '>' } else { '<' };
        write!(f, "{} {sign} {:+}%", self.metric, round(self.bound * 100.0))
    }
}

/// Without what binary fractions add to a decimal.
fn round(percent: f64) -> f64 {
    (percent * 1e6).round() / 1e6
}

impl Gate {
    /// Why this gate fails, pair by pair; empty where it lets everything pass.
    ///
    /// It judges the difference of the medians; one that is not shown counts as none, 0 %. What
    /// can't be told fails: too few trials, a figure that only one side has or that nobody has.
    pub fn failures(&self, pairs: &[CellPair]) -> Vec<String> {
        let lines = pairs
            .iter()
            .filter_map(|pair| Some((pair, pair.line(&self.metric)?)));
        let lines: Vec<(&CellPair, MetricDifference)> = lines.collect();
        if lines.is_empty() {
            return vec![format!("{self}: no trial has this figure")];
        }
        let judged = lines.iter().filter_map(|(pair, line)| {
            let why = self.failure(&line.finding)?;
            Some(format!("{self}: {}: {why}", pair.name))
        });
        judged.collect()
    }

    fn failure(&self, finding: &DifferenceFinding) -> Option<String> {
        let difference = match finding {
            DifferenceFinding::Shown(change) => change.difference,
            DifferenceFinding::NotShown(_) => 0.0,
            DifferenceFinding::TooFew { .. } | DifferenceFinding::OneSided => {
                return Some(finding.to_string());
            }
        };
        let beyond = match self.above {
            true => difference > self.bound,
            false => difference < self.bound,
        };
        beyond.then(|| finding.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(difference: f64, low: f64, high: f64) -> Change {
        Change {
            difference,
            low,
            high,
        }
    }

    #[test]
    fn changes_are_said_with_two_digits() {
        let table = [
            (-0.15, -0.18, -0.12, "lower by 12–18 %"),
            (0.06, 0.031, 0.094, "higher by 3.1–9.4 %"),
            (0.25, 0.25, 0.25, "higher by 25 %"),
            (0.005, 0.0004, 0.02, "higher by 0.040–2.0 %"),
            (-0.98, -0.9985, -0.972, "lower by 97.2–99.85 %"),
            (-1.0, -1.0, -1.0, "lower by 100 %"),
            (65.0, 60.2, 70.4, "higher by 6020–7040 %"),
            (1.0, 0.5, f64::INFINITY, "higher by 50 % or more"),
            (
                f64::INFINITY,
                f64::INFINITY,
                f64::INFINITY,
                "higher: from 0",
            ),
        ];
        for (difference, low, high, text) in table {
            assert_eq!(change(difference, low, high).to_string(), text);
        }
    }

    #[test]
    fn gates_are_read_as_they_are_written() {
        for (text, again) in [
            ("latency_p99_us > +10%", "latency_p99_us > +10%"),
            ("latency_p99_us>10 %", "latency_p99_us > +10%"),
            ("  missed < -2.5% ", "missed < -2.5%"),
        ] {
            assert_eq!(text.parse::<Gate>().unwrap().to_string(), again);
        }
        for wrong in [
            "",
            "latency_p99_us",
            "> +10%",
            "missed > 10",
            "missed > x%",
            "missed = 1%",
        ] {
            let error = wrong.parse::<Gate>().unwrap_err();
            assert!(
                error.contains("'latency_p99_us > +10%'"),
                "{wrong}: {error}"
            );
        }
    }

    #[test]
    fn a_gate_judges_the_difference_that_is_shown() {
        let higher = |difference: f64| DifferenceFinding::Shown(change(difference, 0.01, 0.5));
        let lower = DifferenceFinding::Shown(change(-0.2, -0.3, -0.1));
        let none = DifferenceFinding::NotShown(change(0.3, -0.1, 0.6));
        let table = [
            ("m > +10%", higher(0.2), false),
            ("m > +10%", higher(0.05), true),
            ("m > +10%", lower, true),
            ("m > +10%", none, true),
            ("m > 0%", none, true),
            ("m > 0%", higher(0.02), false),
            ("m < -10%", lower, false),
            ("m < -30%", lower, true),
            // Asks for an improvement, and none is shown.
            ("m > -5%", none, false),
            ("m > -5%", lower, true),
            ("m > +10%", DifferenceFinding::TooFew { trials: 4 }, false),
            ("m > +10%", DifferenceFinding::OneSided, false),
        ];
        for (gate, finding, passes) in table {
            let failure = gate.parse::<Gate>().unwrap().failure(&finding);
            assert_eq!(failure.is_none(), passes, "{gate}: {finding:?}");
        }
    }

    #[test]
    fn a_gate_that_nobody_can_answer_fails() {
        let gate: Gate = "exchanges > +10%".parse().unwrap();
        assert_eq!(
            gate.failures(&[]),
            ["exchanges > +10%: no trial has this figure"]
        );
    }
}
