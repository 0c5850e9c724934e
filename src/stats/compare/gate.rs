//! A bound on a difference.

use std::fmt;
use std::str::FromStr;

use crate::results::{self, Verdict};
use crate::stats::compare::{CellPair, DifferenceFinding, MetricDifference};
use crate::texts::Texts;

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
    /// Why this gate fails, pair by pair; empty if it passes.
    ///
    /// It judges the difference of the medians; one that is not shown counts as 0 %, and what went
    /// wrong in trials of B alone as any rise. What is unknown fails: too few trials, or a figure
    /// that one side or both lack.
    pub fn failures(&self, pairs: &[CellPair], texts: &Texts) -> Vec<String> {
        let metric = results::metric(&self.metric);
        let lines = pairs
            .iter()
            .map(|pair| (pair, metric.and_then(|metric| pair.line(metric))));
        let lines: Vec<(&CellPair, Option<MetricDifference>)> = lines.collect();
        let has_it = |transport| {
            let mut with = lines.iter().filter(|(_, line)| line.is_some());
            with.any(|(pair, _)| pair.other.transport() == transport)
        };
        if lines.iter().all(|(_, line)| line.is_none()) {
            return vec![format!("{self}: no trial has this figure")];
        }
        let judged = lines.iter().filter_map(|(pair, line)| match line {
            Some(line) => {
                let fails = self.fails(&line.finding);
                fails.then(|| format!("{self}: {}: {}", pair.name, line.finding.words(texts)))
            }
            // Some figures exist on some transports only.
            None => has_it(pair.other.transport())
                .then(|| format!("{self}: {}: no trial has this figure", pair.name)),
        });
        judged.collect()
    }

    fn fails(&self, finding: &DifferenceFinding) -> bool {
        let difference = match finding {
            DifferenceFinding::Shown(change) => change.difference,
            DifferenceFinding::NotShown(_) => 0.0,
            DifferenceFinding::Broken { .. } => f64::INFINITY,
            DifferenceFinding::TooFew { .. } | DifferenceFinding::OneSided => return true,
        };
        match self.above {
            true => difference > self.bound,
            false => difference < self.bound,
        }
    }
}

/// What no gate can judge, cell by cell: cells without a partner, as [`runs`](super::runs) and
/// [`transports`](super::transports) name them, and those where trials of B are INVALID.
///
/// The trials that are left of B flatter it. Those that are left of A flatter A, which only makes
/// gates stricter.
pub fn unjudged(pairs: &[CellPair], unpaired: &[String], texts: &Texts) -> Vec<String> {
    let words = &texts.compare;
    let invalid = pairs.iter().filter_map(|pair| {
        let (invalid, all) = (pair.other.count(Verdict::Invalid), pair.other.trials.len());
        let reasons = || pair.other.invalid_reasons(texts);
        (invalid > 0).then(|| (words.invalid_in_b)(&pair.name, invalid, all, &reasons()))
    });
    let cells = invalid.chain(unpaired.iter().cloned());
    cells.map(|cell| (words.unjudged)(&cell)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::compare::Change;
    use crate::texts::Locale;

    fn change(difference: f64, low: f64, high: f64) -> Change {
        Change {
            difference,
            low,
            high,
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
            (
                "m > +10%",
                DifferenceFinding::Broken { trials: 1, of: 9 },
                false,
            ),
            (
                "m < +10%",
                DifferenceFinding::Broken { trials: 1, of: 9 },
                true,
            ),
        ];
        for (gate, finding, passes) in table {
            let fails = gate.parse::<Gate>().unwrap().fails(&finding);
            assert_eq!(!fails, passes, "{gate}: {finding:?}");
        }
    }

    #[test]
    fn a_gate_on_a_figure_that_no_trial_has_fails() {
        let gate: Gate = "exchanges > +10%".parse().unwrap();
        assert_eq!(
            gate.failures(&[], Locale::En.texts()),
            ["exchanges > +10%: no trial has this figure"]
        );
    }
}
