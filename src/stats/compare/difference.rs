//! How far a metric of one cell differs from another's.

use crate::results::Metric;
use crate::stats::compare::CellPair;
use crate::stats::statistics::{self, FEWEST};
use crate::texts::Texts;

/// From so many percent more on, a multiple is written: 101 times as much.
const MANY_PERCENT: f64 = 10_000.0;

/// One metric of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDifference {
    pub metric: &'static Metric,
    /// The medians.
    pub base: Option<f64>,
    pub other: Option<f64>,
    pub finding: DifferenceFinding,
    /// Whether a warning touches the figure in some trial of A, and of B.
    pub doubted: [bool; 2],
    /// Whether tables mark the figure of A, and of B: see [`Metric::is_marked`].
    pub marked: [bool; 2],
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
    /// A count of what went wrong that is above 0 in so many trials of B, and in none of A.
    Broken { trials: usize, of: usize },
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

impl CellPair<'_> {
    /// Compares one metric; `None` where neither side has it.
    pub fn line(&self, metric: &'static Metric) -> Option<MetricDifference> {
        let sides = (self.base.has(metric), self.other.has(metric));
        let (base, other) = (self.base.values(metric), self.other.values(metric));
        let finding = match sides {
            (false, false) => return None,
            (true, true) => match find(&base, &other) {
                shown @ DifferenceFinding::Shown(_) => shown,
                finding if metric.breakage => broken(&base, &other).unwrap_or(finding),
                finding => finding,
            },
            _ => DifferenceFinding::OneSided,
        };
        Some(MetricDifference {
            metric,
            base: statistics::median(&base),
            other: statistics::median(&other),
            finding,
            doubted: [&self.base, &self.other].map(|side| side.doubted(metric).0 > 0),
            marked: [&self.base, &self.other].map(|side| side.is_marked(metric)),
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

/// What A never had and B has. A median hides it, unless half of the trials have it.
fn broken(base: &[f64], other: &[f64]) -> Option<DifferenceFinding> {
    let trials = other.iter().filter(|count| **count > 0.0).count();
    let never_before = !base.is_empty() && base.iter().all(|count| *count == 0.0);
    let of = other.len();
    (never_before && trials > 0).then_some(DifferenceFinding::Broken { trials, of })
}

impl DifferenceFinding {
    /// The finding in words.
    pub fn words(&self, texts: &Texts) -> String {
        let words = &texts.compare;
        match self {
            DifferenceFinding::Shown(change) => change.words(texts),
            DifferenceFinding::NotShown(change) => {
                let [low, high] = [change.low, change.high].map(|end| signed(end, texts));
                (words.not_shown)(&low, &high)
            }
            DifferenceFinding::TooFew { trials } => (words.too_few)(*trials, FEWEST),
            DifferenceFinding::Broken { trials, of } => (words.broken)(*trials, *of),
            DifferenceFinding::OneSided => words.one_sided.to_owned(),
        }
    }
}

impl Change {
    /// A change that is shown, in words: `lower by 12–18 %`, `higher by 3.1–9.4 %`.
    fn words(&self, texts: &Texts) -> String {
        let (words, numbers) = (&texts.compare, texts.numbers);
        let is_drop = self.high < 0.0;
        let word = if is_drop { words.lower } else { words.higher };
        let (a, b) = (self.low.abs() * 100.0, self.high.abs() * 100.0);
        let (least, most) = (a.min(b), a.max(b));
        if least.is_infinite() {
            return (words.from_zero)(word);
        }
        if least >= MANY_PERCENT {
            return (words.times_or_more)(word, &numbers.times(least));
        }
        if most >= MANY_PERCENT {
            return (words.by_or_more)(word, &numbers.fixed(least, decimals(least)));
        }
        let write = |percent: f64| {
            // Of a drop by nearly all, the significant digits are those of what is left.
            let left = if is_drop { 100.0 - percent } else { percent };
            let digits = if left > 0.0 {
                percent.min(left)
            } else {
                percent
            };
            numbers.fixed(percent, decimals(digits))
        };
        let (from, to) = (write(least), write(most));
        match from == to {
            true => (words.by)(word, &from),
            false => (words.by)(word, &format!("{from}–{to}")),
        }
    }
}

/// A relative difference: `+6.3 %`, `−15 %`, `119,000 ×`.
pub fn signed(difference: f64, texts: &Texts) -> String {
    let percent = difference * 100.0;
    if percent.is_infinite() {
        return "+∞".to_owned();
    }
    if percent >= MANY_PERCENT {
        return texts.numbers.times(percent);
    }
    let sign = match percent {
        p if p > 0.0 => "+",
        p if p < 0.0 => "−",
        _ => return texts.numbers.with_unit("0", "%"),
    };
    let number = texts.numbers.fixed(percent.abs(), decimals(percent));
    texts.numbers.with_unit(&format!("{sign}{number}"), "%")
}

/// Decimals that leave two significant digits, at the most four.
pub fn decimals(percent: f64) -> usize {
    let steps = [10.0, 1.0, 0.1, 0.01];
    steps.iter().filter(|step| percent.abs() < **step).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Locale;

    #[test]
    fn changes_have_two_significant_digits() {
        let table = [
            (-0.15, -0.18, -0.12, "lower by 12–18 %"),
            (0.06, 0.031, 0.094, "higher by 3.1–9.4 %"),
            (0.25, 0.25, 0.25, "higher by 25 %"),
            (0.005, 0.0004, 0.02, "higher by 0.040–2.0 %"),
            (-0.98, -0.9985, -0.972, "lower by 97.2–99.85 %"),
            (-1.0, -1.0, -1.0, "lower by 100 %"),
            (65.0, 60.2, 70.4, "higher by 6020–7040 %"),
            (1.0, 0.5, f64::INFINITY, "higher by 50 % or more"),
            (1.0, 0.5, 119_463.0, "higher by 50 % or more"),
            (119_463.0, 9e4, 2e5, "higher: 90,000 × or more"),
            (
                f64::INFINITY,
                f64::INFINITY,
                f64::INFINITY,
                "higher: from 0",
            ),
        ];
        for (difference, low, high, text) in table {
            let change = Change {
                difference,
                low,
                high,
            };
            assert_eq!(change.words(Locale::En.texts()), text);
        }
    }
}
