//! Whether a claim is so, as far as trials show it. Pure.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::results::{Metric, TrialRow, Verdict, metric};
use crate::stats::statistics::{
    Interval, difference_interval_at, median, median_interval, ratio, ratio_interval,
};

/// In how many of 100 runs the interval of a difference holds, divided by 100.
const CONFIDENCE: f64 = 0.95;

/// What a figure is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Nothing: it is the figure itself.
    None,
    /// It is divided by the figure of another cell.
    Over,
    /// The figure of another cell is subtracted from it.
    Minus,
}

/// A cell, and its trials that finished.
#[derive(Clone, Debug)]
pub struct CellRows<'r> {
    /// A row that says what was asked for, and nothing else.
    pub asked: TrialRow,
    pub trials: Vec<&'r TrialRow>,
}

/// A figure of a cell, or of a cell and the one that it is compared with.
#[derive(Clone, Debug)]
pub struct MeasuredFigure<'r> {
    pub metric: &'static Metric,
    pub reference: Reference,
    pub of: CellRows<'r>,
    /// `None` without a reference.
    pub base: Option<CellRows<'r>>,
}

/// What a figure says of a claim, or the figures together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimVerdict {
    Holds,
    DoesNotHold,
    NotShown,
    /// It holds by some of the figures and does not by others.
    Depends,
}

/// Why a figure says nothing of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotShownReason {
    /// No trial has the figure.
    NoFigure,
    /// A trial is INVALID.
    Invalid,
    /// Fewer trials than an interval needs.
    FewTrials,
    /// An end of the range that the claim allows lies within the interval.
    WideInterval,
}

impl<'r> MeasuredFigure<'r> {
    fn base_trials(&self) -> &[&'r TrialRow] {
        self.base.as_ref().map_or(&[], |base| &base.trials)
    }

    fn trials(&self) -> impl Iterator<Item = &'r TrialRow> {
        self.of.trials.iter().chain(self.base_trials()).copied()
    }

    fn samples(&self) -> [Vec<f64>; 2] {
        [&self.of.trials, self.base_trials()].map(|rows| {
            let values = rows.iter().filter_map(|row| self.metric.value(row));
            values.collect()
        })
    }

    /// The median, or the ratio or the difference of two; `None` where a figure does not exist.
    pub fn value(&self) -> Option<f64> {
        let [of, base] = self.samples();
        let value = match self.reference {
            Reference::None => median(&of),
            Reference::Over => ratio(&base, &of),
            Reference::Minus => Some(median(&of)? - median(&base)?),
        };
        value.filter(|value| value.is_finite())
    }

    /// The same by theory; `None` where theory predicts no such figure.
    pub fn predicted(&self) -> Option<f64> {
        let predicted = match self.metric.name {
            "latency_mean_us" => "predicted_latency_mean_us",
            "wire_bytes_per_delivery" => "predicted_wire_bytes_per_delivery",
            "server_cpu_us_per_delivery" => "predicted_cpu_us_per_delivery",
            _ => return None,
        };
        let metric = metric(predicted)?;
        let figure = MeasuredFigure {
            metric,
            ..self.clone()
        };
        figure.value()
    }

    /// Its 95 % interval; `None` of fewer than
    /// [`FEWEST`](crate::stats::statistics::FEWEST) trials.
    pub fn interval(&self) -> Option<Interval> {
        let [of, base] = self.samples();
        match self.reference {
            Reference::None => median_interval(&of),
            Reference::Over => ratio_interval(&base, &of),
            Reference::Minus => difference_interval_at(&base, &of, CONFIDENCE),
        }
    }

    /// The fewest trials of a cell that have the figure.
    pub fn trial_count(&self) -> usize {
        let [of, base] = self.samples();
        match self.reference {
            Reference::None => of.len(),
            Reference::Over | Reference::Minus => of.len().min(base.len()),
        }
    }

    /// Whether a warning of some trial touches the figure.
    pub fn is_doubted(&self) -> bool {
        self.trials().any(|trial| self.metric.is_doubted(trial))
    }

    /// Whether the figure is in the range that a claim allows.
    ///
    /// # Errors
    /// The reason, where that is not shown.
    pub fn is_within(&self, range: &RangeInclusive<f64>) -> Result<bool, NotShownReason> {
        self.value().ok_or(NotShownReason::NoFigure)?;
        if self.trials().any(|trial| trial.verdict == Verdict::Invalid) {
            return Err(NotShownReason::Invalid);
        }
        let Interval { low, high } = self.interval().ok_or(NotShownReason::FewTrials)?;
        match (range.contains(&low), range.contains(&high)) {
            (true, true) => Ok(true),
            (false, false) if high < *range.start() || low > *range.end() => Ok(false),
            _ => Err(NotShownReason::WideInterval),
        }
    }
}

/// What several figures say of a claim together. Those that show nothing do not outweigh others
/// that contradict each other.
pub fn verdict_of(found: &[Result<bool, NotShownReason>]) -> ClaimVerdict {
    let any = |one| found.contains(&one);
    let shows_all = found.iter().all(Result::is_ok) && !found.is_empty();
    match (any(Ok(true)), any(Ok(false))) {
        (true, true) => ClaimVerdict::Depends,
        (true, false) if shows_all => ClaimVerdict::Holds,
        (false, true) if shows_all => ClaimVerdict::DoesNotHold,
        _ => ClaimVerdict::NotShown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[f64]) -> Vec<TrialRow> {
        let row = |value: &f64| TrialRow {
            protocol_bytes_per_delivery: Some(*value),
            ..TrialRow::default()
        };
        values.iter().map(row).collect()
    }

    fn measured<'r>(of: &'r [TrialRow], base: &'r [TrialRow]) -> MeasuredFigure<'r> {
        let rows = |trials: &'r [TrialRow]| CellRows {
            asked: TrialRow::default(),
            trials: trials.iter().collect(),
        };
        MeasuredFigure {
            metric: metric("protocol_bytes_per_delivery").unwrap(),
            reference: match base {
                [] => Reference::None,
                _ => Reference::Over,
            },
            of: rows(of),
            base: (!base.is_empty()).then(|| rows(base)),
        }
    }

    #[test]
    fn a_figure_is_in_the_range_outside_or_its_interval_is_too_wide() {
        let of = rows(&[8.0, 9.0, 10.0, 11.0, 12.0]);
        let figure = measured(&of, &[]);
        for (range, found) in [
            (8.0..=12.0, Ok(true)),
            (0.0..=7.9, Ok(false)),
            (12.1..=20.0, Ok(false)),
            (9.0..=20.0, Err(NotShownReason::WideInterval)),
            (9.5..=10.5, Err(NotShownReason::WideInterval)),
        ] {
            assert_eq!(figure.is_within(&range), found, "{range:?}");
        }
        assert_eq!(figure.value(), Some(10.0));
    }

    #[test]
    fn a_ratio_and_a_difference_have_the_intervals_of_two_cells() {
        let (of, base) = (rows(&[870.0; 5]), rows(&[2.0; 6]));
        let mut figure = measured(&of, &base);
        assert_eq!((figure.value(), figure.trial_count()), (Some(435.0), 5));
        assert_eq!(figure.is_within(&(400.0..=500.0)), Ok(true));
        figure.reference = Reference::Minus;
        assert_eq!(figure.value(), Some(868.0));
        assert_eq!(figure.is_within(&(400.0..=500.0)), Ok(false));
    }

    #[test]
    fn few_trials_invalid_ones_and_absent_figures_show_nothing() {
        let few = rows(&[2.0; 4]);
        let all = 0.0..=1e9;
        assert_eq!(
            measured(&few, &[]).is_within(&all),
            Err(NotShownReason::FewTrials)
        );
        let mut invalid = rows(&[2.0; 6]);
        invalid[5].verdict = Verdict::Invalid;
        assert_eq!(
            measured(&invalid, &[]).is_within(&all),
            Err(NotShownReason::Invalid)
        );
        let empty = vec![TrialRow::default(); 5];
        assert_eq!(
            measured(&empty, &[]).is_within(&all),
            Err(NotShownReason::NoFigure)
        );
        // Nothing is a multiple of 0.
        let (of, zeros) = (rows(&[2.0; 5]), rows(&[0.0; 5]));
        assert_eq!(
            measured(&of, &zeros).is_within(&all),
            Err(NotShownReason::NoFigure)
        );
    }

    #[test]
    fn figures_that_contradict_each_other_make_a_claim_depend() {
        use ClaimVerdict::{Depends, DoesNotHold, Holds, NotShown};
        let wide = Err(NotShownReason::WideInterval);
        for (found, verdict) in [
            (&[Ok(true), Ok(true)][..], Holds),
            (&[Ok(false)], DoesNotHold),
            (&[Ok(true), Ok(false)], Depends),
            (&[Ok(true), wide, Ok(false)], Depends),
            (&[Ok(true), wide], NotShown),
            (&[wide], NotShown),
            (&[], NotShown),
        ] {
            assert_eq!(verdict_of(found), verdict, "{found:?}");
        }
    }
}
