//! Objectives: absolute bounds on a figure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::results::{Better, Metric, TrialRow, Unit, Verdict, named_metric};
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

/// A figure as people write it: `100ms`, `300`, `300B`, `5%`. In the metric's unit; a time
/// needs its own.
pub fn read_figure(metric: &Metric, text: &str) -> Option<f64> {
    let number = |unit: char| text.trim_end_matches(unit).trim_end().parse::<f64>().ok();
    match metric.unit {
        Unit::Microseconds => {
            let time = humantime::parse_duration(text).ok();
            time.map(|time| time.as_secs_f64() * 1e6)
        }
        Unit::Percent => number('%'),
        Unit::Bytes => number('B'),
        _ => number(' '),
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = "write a metric, < or >, and a bound, such as 'p99<100ms', 'cpu<20us' or \
                      'bytes<300'";
        let at = text.find(['<', '>']).ok_or(advice)?;
        let (name, bound) = (text[..at].trim(), text[at + 1..].trim());
        let metric = named_metric(name).map_err(|why| format!("{why} ({advice})"))?;
        let above = text[at..].starts_with('>');
        let bound = read_figure(metric, bound).or_else(|| {
            // The column's name says the unit, and the alias does not.
            let is_time = metric.unit == Unit::Microseconds;
            let bare = bound.parse().ok();
            bare.filter(|_| is_time && name == metric.name)
        });
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
    /// See [`Metric::short_name`].
    pub fn name(&self) -> &'static str {
        self.metric.short_name()
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
    fn judge(&self, cell: &CellTrials, texts: &Texts) -> Judgement {
        let words = &texts.compare;
        let (invalid, all) = (cell.count(Verdict::Invalid), cell.trials.len());
        let figures = cell.values(self.metric);
        let figure = match self.metric.breakage {
            true => figures.into_iter().reduce(f64::max),
            false => median(&figures),
        };
        let (doubted, of) = cell.doubted(self.metric);
        let unjudged = if invalid > 0 && !self.metric.breakage {
            Some((words.invalid_of)(
                invalid,
                all,
                &cell.reasons(Verdict::Invalid, texts),
            ))
        } else if is_mostly(doubted, of) {
            let reasons = cell.reasons(Verdict::Suspect, texts);
            Some((words.mostly_doubted)(&cell.name, doubted, of, &reasons))
        } else {
            figure.is_none().then(|| words.no_figure.to_owned())
        };
        let (conclusion, why) = match (unjudged, figure) {
            (Some(why), _) => (Conclusion::Unjudged, why),
            (None, Some(figure)) if self.holds(figure) => {
                (Conclusion::Passed, self.margin_words(figure, texts))
            }
            (None, figure) => {
                let figure = figure.unwrap_or_default();
                (Conclusion::Failed, self.margin_words(figure, texts))
            }
        };
        Judgement {
            demand: self.to_string(),
            of: format!("{}, {}", cell.name, cell.setting),
            conclusion,
            why,
            figure,
            margin: figure.map(|figure| self.margin(figure)),
        }
    }

    /// How far a figure is from the bound; below 0 where it is beyond.
    fn margin(&self, figure: f64) -> f64 {
        match self.above {
            true => figure - self.bound,
            false => self.bound - figure,
        }
    }

    /// `p99 12.4 ms, 188 ms under 200 ms`.
    fn margin_words(&self, figure: f64, texts: &Texts) -> String {
        let write = |value| self.metric.unit.write(texts.numbers, value);
        let apart = write((figure - self.bound).abs());
        let (figure, is_under) = (write(figure), figure < self.bound);
        (texts.compare.margin)(
            self.name(),
            &figure,
            &apart,
            is_under,
            &self.metric.unit.write_round(texts.numbers, self.bound),
        )
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

impl fmt::Display for TransportObjective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(transport) = self.transport {
            write!(f, "{transport}: ")?;
        }
        self.objective.fmt(f)
    }
}

impl TransportObjective {
    /// What is bounded.
    pub fn metric(&self) -> &'static Metric {
        self.objective.metric
    }

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
        cells
            .map(|cell| self.objective.judge(cell, texts))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Locale;

    #[test]
    fn a_margin_is_the_distance_to_the_bound_in_its_unit() {
        for (objective, figure, margin, words) in [
            (
                "p99<200ms",
                12_400.0,
                187_600.0,
                "p99 12.4 ms, 188 ms under 200 ms",
            ),
            (
                "p99<10ms",
                12_400.0,
                -2_400.0,
                "p99 12.4 ms, 2.40 ms over 10 ms",
            ),
            ("bytes<300", 274.0, 26.0, "bytes 274 B, 26 B under 300 B"),
        ] {
            let objective: Objective = objective.parse().unwrap();
            assert_eq!(objective.margin(figure), margin);
            assert_eq!(objective.margin_words(figure, Locale::En.texts()), words);
        }
    }

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
            ("server_cpu_us_per_delivery<20.5", "cpu<20us 500ns"),
            ("server_cpu_percent < 50 %", "server_cpu_percent<50%"),
            ("wire_bytes_per_delivery<200", "wire_bytes_per_delivery<200"),
            ("bytes < 300 B", "bytes<300"),
            ("cpu<20us", "cpu<20us"),
            ("p999<1s", "p99.9<1s"),
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
            "cpu<20",
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
