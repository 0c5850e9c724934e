//! Whether a trial of a search is within its objectives.

use crate::results::{TrialRow, Unit, Verdict, Warning};
use crate::stats::bracket::StepOutcome;
use crate::stats::objective::Objective;

/// Doubts that the load causes. An INVALID trial with one of them fails its step.
const OVERLOAD: [Warning; 3] = [
    Warning::MissedMessages,
    Warning::ConnectFailed,
    Warning::ServerDied,
];
/// Doubts that other processes cause. They may have caused all other doubts as well.
const OTHERS: [Warning; 2] = [Warning::MachineBusy, Warning::CpuStolen];

impl Objective {
    /// Fewest deliveries that show this figure: one lies beyond a percentile, except for the
    /// maximum.
    fn needed(&self) -> f64 {
        match self.metric.share {
            Some(share) if share < 1.0 => (1.0 / (1.0 - share)).round(),
            _ => 1.0,
        }
    }

    /// Checks that the window with which a search begins has enough deliveries.
    pub fn check(&self, deliveries: f64) -> Result<(), String> {
        let (name, needed) = (self.name(), self.needed());
        if deliveries < needed {
            return Err(format!(
                "a {name} needs {needed} deliveries in a window, and clients × rate × window begin \
                 with {deliveries:.0}; write more of one of the three"
            ));
        }
        Ok(())
    }

    /// The outcome of a VALID trial.
    fn outcome(&self, trial: &TrialRow) -> StepOutcome {
        let name = self.name();
        match self.metric.figure(trial) {
            None => StepOutcome::Doubtful(format!("too few deliveries for a {name}")),
            Some(figure) if self.holds(figure) => StepOutcome::Holds,
            Some(us) if self.metric.unit == Unit::Microseconds => {
                StepOutcome::Fails(format!("{name} is {} ms", (us / 10.0).round() / 100.0))
            }
            Some(figure) => StepOutcome::Fails(format!("{name} is {figure}")),
        }
    }
}

/// Fewest deliveries in a window that show all of the objectives.
pub fn needed(objectives: &[Objective]) -> f64 {
    objectives.iter().map(Objective::needed).fold(1.0, f64::max)
}

/// The outcome of a trial. Only a VALID trial holds, or one whose warnings touch none of the
/// objectives' figures. An INVALID one fails its step where the load caused that. Every other trial
/// shows nothing.
pub fn judge(trial: &TrialRow, objectives: &[Objective]) -> StepOutcome {
    let concerns = |warning: &&str| {
        let mut metrics = objectives.iter().map(|objective| objective.metric);
        metrics.any(|metric| metric.is_touched(trial, warning))
    };
    let warnings: Vec<&str> = trial.warnings.split_whitespace().filter(concerns).collect();
    let warned = |of: &[Warning]| {
        let mut names = warnings.iter();
        names.any(|name| of.iter().any(|warning| warning.name() == *name))
    };
    let why = || warnings.join(", ");
    let spared = warnings.is_empty() && trial.doubted_figures.is_some();
    let verdict = if spared {
        Verdict::Valid
    } else {
        trial.verdict
    };
    match verdict {
        Verdict::Invalid if warned(&OVERLOAD) && !warned(&OTHERS) => StepOutcome::Fails(why()),
        Verdict::Invalid | Verdict::Suspect if warned(&OTHERS) => StepOutcome::Disturbed(why()),
        Verdict::Invalid | Verdict::Suspect => StepOutcome::Doubtful(why()),
        Verdict::Valid => {
            let outcomes = objectives.iter().map(|objective| objective.outcome(trial));
            outcomes.max().unwrap_or(StepOutcome::Holds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_needs_a_delivery_beyond_it() {
        let check = |text: &str, deliveries| {
            let objective: Objective = text.parse().unwrap();
            objective.check(deliveries)
        };
        assert!(
            check("p99<1s", 99.0)
                .unwrap_err()
                .contains("needs 100 deliveries")
        );
        assert!(check("p99<1s", 100.0).is_ok() && check("max<1s", 1.0).is_ok());
        assert!(check("p99.9<1s", 999.0).is_err());
    }
}
