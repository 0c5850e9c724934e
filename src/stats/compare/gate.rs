//! A bound on a difference.

use std::fmt;
use std::str::FromStr;

use crate::results::{Metric, Verdict, named_metric};
use crate::stats::compare::{CellPair, Comparison, DifferenceFinding, MetricDifference};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::texts::Texts;
use crate::transport::Transport;

/// A bound on a metric's difference, such as `latency_p99_us > +10%`. `sse: ` before it is for the
/// pairs of that transport, and `sse/websocket: ` for those against another.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// The transport of B; any where it is absent.
    other: Option<Transport>,
    /// The transport of A; any where it is absent.
    base: Option<Transport>,
    pub metric: &'static Metric,
    /// Fails above the bound, or else below it.
    above: bool,
    /// 0.1 is +10 %.
    bound: f64,
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = || {
            "write a metric, > or <, and percent, such as 'p99 > +10%'; before it \
             perhaps transports, such as 'sse/websocket: '"
        };
        let (sides, bound) = match text.split_once(':') {
            Some((sides, bound)) => (Some(sides), bound),
            None => (None, text),
        };
        let transport = |name: &str| name.trim().parse::<Transport>();
        let (other, base) = match sides.map(|sides| sides.split_once('/').ok_or(sides)) {
            Some(Ok((other, base))) => (Some(transport(other)?), Some(transport(base)?)),
            Some(Err(other)) => (Some(transport(other)?), None),
            None => (None, None),
        };
        let at = bound.find(['>', '<']).ok_or_else(advice)?;
        let (metric, percent) = (bound[..at].trim(), bound[at + 1..].trim());
        let percent = percent.strip_suffix('%').ok_or_else(advice)?.trim_end();
        let percent: f64 = percent.parse().map_err(|_| advice())?;
        if metric.is_empty() || !percent.is_finite() {
            return Err(advice().to_owned());
        }
        let metric = named_metric(metric)?;
        Ok(Gate {
            other,
            base,
            metric,
            above: bound[at..].starts_with('>'),
            bound: percent / 100.0,
        })
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.other, self.base) {
            (Some(other), Some(base)) => write!(f, "{other}/{base}: ")?,
            (Some(other), None) => write!(f, "{other}: ")?,
            _ => {}
        }
        let sign = if self.above { '>' } else { '<' };
        write!(
            f,
            "{} {sign} {:+}%",
            self.metric.name,
            round(self.bound * 100.0)
        )
    }
}

/// Without what binary fractions add to a decimal.
fn round(percent: f64) -> f64 {
    (percent * 1e6).round() / 1e6
}

impl Gate {
    /// The transports that it names.
    pub fn transports(&self) -> impl Iterator<Item = Transport> {
        self.other.into_iter().chain(self.base)
    }

    /// Judges every pair and every cell that it concerns.
    ///
    /// It judges the difference of the medians; one that is not shown counts as 0 %, and what went
    /// wrong in trials of B alone as any rise. What is unknown is not judged: too few trials, a
    /// figure that one side or both lack, INVALID trials of B, a figure that warnings touch in half
    /// of a side's trials or more, a cell without a partner. The INVALID trials that are left out
    /// of B flatter it. Those left out of A only make gates stricter.
    pub fn judge(&self, comparison: &Comparison, texts: &Texts) -> Vec<Judgement> {
        let pairs = comparison.pairs.iter();
        let pairs: Vec<CellPair> = pairs.filter_map(|pair| self.oriented(pair)).collect();
        let line = |pair: &CellPair| pair.line(self.metric);
        let lines: Vec<Option<MetricDifference>> = pairs.iter().map(line).collect();
        if !pairs.is_empty() && lines.iter().all(Option::is_none) {
            let why = texts.compare.no_figure.to_owned();
            return vec![self.judgement(String::new(), (Conclusion::Unjudged, why))];
        }
        // Some figures exist on some transports only.
        let has_it = |transport| {
            let mut both = pairs.iter().zip(&lines);
            both.any(|(pair, line)| line.is_some() && pair.other.transport() == transport)
        };
        let judged = pairs.iter().zip(&lines);
        let judged = judged.filter(|(pair, line)| line.is_some() || has_it(pair.other.transport()));
        let judged = judged.map(|(pair, line)| {
            let found = self.judge_pair(pair, line.as_ref(), texts);
            self.judgement(pair.name(texts), found)
        });
        let alone = comparison.unpaired.iter();
        let alone = alone.filter(|cell| self.names(cell.transport));
        let alone = alone.map(|cell| {
            let why = texts.compare.unjudged.to_owned();
            self.judgement(cell.text.clone(), (Conclusion::Unjudged, why))
        });
        judged.chain(alone).collect()
    }

    /// Whether a cell of this transport concerns it.
    fn names(&self, transport: Transport) -> bool {
        self.other.is_none() || self.transports().any(|named| named == transport)
    }

    /// The pair, with A and B as the gate names them; `None` where it does not concern the pair.
    fn oriented<'r>(&self, pair: &CellPair<'r>) -> Option<CellPair<'r>> {
        let is = |named: Option<Transport>, transport| named.is_none_or(|one| one == transport);
        let fits = |pair: &CellPair| {
            is(self.other, pair.other.transport()) && is(self.base, pair.base.transport())
        };
        let both = [pair.clone(), pair.flipped()];
        both.into_iter().find(fits)
    }

    fn judge_pair(
        &self,
        pair: &CellPair,
        line: Option<&MetricDifference>,
        texts: &Texts,
    ) -> (Conclusion, String) {
        let words = &texts.compare;
        let Some(line) = line else {
            return (Conclusion::Unjudged, words.no_figure.to_owned());
        };
        let conclusion = self.conclusion(&line.finding);
        if conclusion == Conclusion::Passed {
            let (invalid, all) = (pair.other.count(Verdict::Invalid), pair.other.trials.len());
            if invalid > 0 {
                let reasons = pair.other.reasons(Verdict::Invalid, texts);
                let why = (words.invalid_in_b)(invalid, all, &reasons);
                return (Conclusion::Unjudged, why);
            }
            for side in [&pair.base, &pair.other] {
                let (doubted, of) = side.doubted(line.metric);
                if is_mostly(doubted, of) {
                    let reasons = side.reasons(Verdict::Suspect, texts);
                    let why = (words.mostly_doubted)(&side.name, doubted, of, &reasons);
                    return (Conclusion::Unjudged, why);
                }
            }
        }
        (conclusion, line.finding.words(texts))
    }

    fn judgement(&self, of: String, (conclusion, why): (Conclusion, String)) -> Judgement {
        Judgement {
            demand: self.to_string(),
            of,
            conclusion,
            why,
            figure: None,
            margin: None,
        }
    }

    fn conclusion(&self, finding: &DifferenceFinding) -> Conclusion {
        let difference = match finding {
            DifferenceFinding::Shown(change) => change.difference,
            DifferenceFinding::NotShown(_) => 0.0,
            DifferenceFinding::Broken { .. } => f64::INFINITY,
            DifferenceFinding::TooFew { .. } | DifferenceFinding::OneSided => {
                return Conclusion::Unjudged;
            }
        };
        let fails = match self.above {
            true => difference > self.bound,
            false => difference < self.bound,
        };
        match fails {
            true => Conclusion::Failed,
            false => Conclusion::Passed,
        }
    }
}

/// Whether so many of a median's figures are doubted that it may be one of them: half or more.
pub fn is_mostly(doubted: usize, of: usize) -> bool {
    doubted > 0 && 2 * doubted >= of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::compare::Change;
    use crate::stats::judgement::Conclusion::{Failed, Passed, Unjudged};

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
            ("ws:missed>0%", "websocket: missed > +0%"),
            (
                "sse / websocket : missed > 0%",
                "sse/websocket: missed > +0%",
            ),
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
            "sse:",
        ] {
            let error = wrong.parse::<Gate>().unwrap_err();
            assert!(error.contains("'p99 > +10%'"), "{wrong}: {error}");
        }
        let error = "ssse: missed > 0%".parse::<Gate>().unwrap_err();
        assert!(error.contains("unknown transport \"ssse\""), "{error}");
    }

    #[test]
    fn a_gate_judges_the_difference_that_is_shown() {
        let higher = |difference: f64| DifferenceFinding::Shown(change(difference, 0.01, 0.5));
        let lower = DifferenceFinding::Shown(change(-0.2, -0.3, -0.1));
        let none = DifferenceFinding::NotShown(change(0.3, -0.1, 0.6));
        let table = [
            ("p99 > +10%", higher(0.2), Failed),
            ("p99 > +10%", higher(0.05), Passed),
            ("p99 > +10%", lower, Passed),
            ("p99 > +10%", none, Passed),
            ("p99 > 0%", none, Passed),
            ("p99 > 0%", higher(0.02), Failed),
            ("p99 < -10%", lower, Failed),
            ("p99 < -30%", lower, Passed),
            // Asks for an improvement, and none is shown.
            ("p99 > -5%", none, Failed),
            ("p99 > -5%", lower, Passed),
            (
                "p99 > +10%",
                DifferenceFinding::TooFew { trials: 4 },
                Unjudged,
            ),
            ("p99 > +10%", DifferenceFinding::OneSided, Unjudged),
            (
                "p99 > +10%",
                DifferenceFinding::Broken { trials: 1, of: 9 },
                Failed,
            ),
            (
                "p99 < +10%",
                DifferenceFinding::Broken { trials: 1, of: 9 },
                Passed,
            ),
        ];
        for (gate, finding, expected) in table {
            let found = gate.parse::<Gate>().unwrap().conclusion(&finding);
            assert_eq!(found, expected, "{gate}: {finding:?}");
        }
    }
}
