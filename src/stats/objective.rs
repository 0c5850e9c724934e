//! Objectives: absolute bounds on a figure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::results::{Better, METRICS, Metric, TrialRow, Unit, Verdict, measured};
use crate::stats::compare::{CellTrials, cells, is_mostly};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::stats::statistics::median;
use crate::texts::Texts;
use crate::transport::Transport;

/// A bound on a figure, written `p99<100ms` or `server_cpu_us_per_delivery<20`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Objective {
    pub metric: &'static Metric,
    /// Figures above the bound hold, or else those below it.
    above: bool,
    /// In the metric's unit.
    bound: f64,
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = "write p50, p90, p99, p99.9 or max, <, and a time, such as 'p99<100ms'; or a \
                      column of trials.csv, < or >, and a number, such as \
                      'server_cpu_us_per_delivery<20'";
        let at = text.find(['<', '>']).ok_or(advice)?;
        let (name, bound) = (text[..at].trim(), text[at + 1..].trim());
        let percentile = |metric: &&Metric| metric.objective.is_some_and(|(word, _)| word == name);
        let by_word = METRICS.iter().find(percentile);
        let by_column = || measured().find(|metric| metric.name == name);
        let metric = by_word.or_else(by_column).ok_or(advice)?;
        let above = text[at..].starts_with('>');
        let time = humantime::parse_duration(bound).ok();
        let time = time.filter(|_| metric.unit == Unit::Microseconds);
        let number = || match metric.unit {
            Unit::Percent => bound.trim_end_matches('%').trim_end().parse().ok(),
            _ => bound.parse::<f64>().ok(),
        };
        let bound = match (time, by_word) {
            (Some(time), _) => Some(time.as_secs_f64() * 1e6),
            (None, Some(_)) => None,
            (None, None) => number(),
        };
        let bound = bound
            .filter(|bound| bound.is_finite() && *bound > 0.0)
            .ok_or(advice)?;
        if above && metric.better == Better::Lower {
            return Err(format!("{name}: lower is better, so write <; {advice}"));
        }
        Ok(Objective {
            metric,
            above,
            bound,
        })
    }
}

impl TryFrom<String> for Objective {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Objective> for String {
    fn from(objective: Objective) -> String {
        objective.to_string()
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.above { '>' } else { '<' };
        write!(f, "{}{sign}", self.name())?;
        match self.metric.unit {
            Unit::Microseconds => {
                let bound = Duration::from_nanos((self.bound * 1e3).round() as u64);
                write!(f, "{}", humantime::format_duration(bound))
            }
            Unit::Percent => write!(f, "{}%", self.bound),
            _ => write!(f, "{}", self.bound),
        }
    }
}

impl Objective {
    /// The percentile, or the column.
    pub fn name(&self) -> &'static str {
        let percentile = self.metric.objective;
        percentile.map_or(self.metric.name, |(name, _)| name)
    }

    pub fn holds(&self, figure: f64) -> bool {
        match self.above {
            true => figure > self.bound,
            false => figure < self.bound,
        }
    }

    /// Judges the median of a cell; of a count of what went wrong the worst trial, whatever its
    /// verdict. A cell with INVALID trials, or of which warnings touch the figure in half of the
    /// trials or more, is not judged.
    fn judge(&self, cell: &CellTrials, texts: &Texts) -> (Conclusion, String) {
        let words = &texts.compare;
        let (invalid, all) = (cell.count(Verdict::Invalid), cell.trials.len());
        let figures = cell.values(self.metric);
        let figure = match self.metric.breakage {
            true => figures.into_iter().reduce(f64::max),
            false => median(&figures),
        };
        let (doubted, of) = cell.doubted(self.metric);
        let unjudged = if invalid > 0 && !self.metric.breakage {
            (words.invalid_of)(invalid, all, &cell.reasons(Verdict::Invalid, texts))
        } else if is_mostly(doubted, of) {
            let reasons = cell.reasons(Verdict::Suspect, texts);
            (words.mostly_doubted)(&cell.name, doubted, of, &reasons)
        } else {
            match figure {
                Some(figure) => return self.conclude(figure, texts),
                None => words.no_figure.to_owned(),
            }
        };
        (Conclusion::Unjudged, unjudged)
    }

    /// Whether a figure holds, and its distance from the bound.
    fn conclude(&self, figure: f64, texts: &Texts) -> (Conclusion, String) {
        let percent = (figure / self.bound - 1.0) * 100.0;
        let numbers = texts.numbers;
        let written = self.metric.unit.write(numbers, figure);
        let why = (texts.compare.margin)(&written, &numbers.percent(percent.abs()), percent < 0.0);
        match self.holds(figure) {
            true => (Conclusion::Passed, why),
            false => (Conclusion::Failed, why),
        }
    }
}

/// An objective for all transports of a run, or for one: `sse: p99<50ms`.
#[derive(Clone, Debug, PartialEq)]
pub struct TransportObjective {
    pub transport: Option<Transport>,
    objective: Objective,
}

impl FromStr for TransportObjective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (transport, objective) = match text.split_once(':') {
            Some((transport, objective)) => (Some(transport.trim().parse()?), objective),
            None => (None, text),
        };
        let objective = objective.parse()?;
        Ok(TransportObjective {
            transport,
            objective,
        })
    }
}

impl TransportObjective {
    /// Judges each cell that it concerns: those of its transport, or all but the baseline's. The
    /// second half of an A/A pair is no cell of its own.
    pub fn judge(&self, trials: &[TrialRow], texts: &Texts) -> Vec<Judgement> {
        let concerned = |cell: &CellTrials| match self.transport {
            Some(transport) => cell.transport() == transport,
            None => cell.transport() != Transport::BASELINE,
        };
        let cells = cells(trials, texts);
        let cells = cells
            .iter()
            .filter(|cell| concerned(cell) && !cell.is_again());
        let judged = cells.map(|cell| {
            let (conclusion, why) = self.objective.judge(cell, texts);
            Judgement {
                demand: self.objective.to_string(),
                of: format!("{}, {}", cell.name, cell.setting),
                conclusion,
                why,
            }
        });
        judged.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read_as_they_are_written() {
        for (text, again) in [
            ("p99<100ms", "p99<100ms"),
            (" p99.9 < 1s ", "p99.9<1s"),
            ("max<250us", "max<250us"),
            ("p50<1500ms", "p50<1s 500ms"),
            ("missed<1", "missed<1"),
            ("latency_p99_us<100ms", "p99<100ms"),
            ("latency_p99_us<100000", "p99<100ms"),
            (
                "server_cpu_us_per_delivery<20.5",
                "server_cpu_us_per_delivery<20us 500ns",
            ),
            ("server_cpu_percent < 50 %", "server_cpu_percent<50%"),
            ("wire_bytes_per_delivery<200", "wire_bytes_per_delivery<200"),
            ("fairness_index>0.9", "fairness_index>0.9"),
        ] {
            let objective: Objective = text.parse().unwrap();
            assert_eq!(objective.to_string(), again);
            assert_eq!(again.parse(), Ok(objective));
        }
        for wrong in [
            "",
            "p99",
            "<100ms",
            "p98<1s",
            "p99<0s",
            "p99<100",
            "p99>1s",
            "p99<=1s",
            "missed<x",
            "missed<0",
            "transport<1",
            "missed>1",
            "missed<1s",
        ] {
            let error = wrong.parse::<Objective>().unwrap_err();
            assert!(error.contains("'p99<100ms'"), "{wrong}: {error}");
        }
    }
}
