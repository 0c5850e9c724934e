//! The objective of a search, and whether a trial is within it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::results::{METRICS, Metric, TrialRow, Verdict, Warning, touched};
use crate::stats::bracket::StepOutcome;

/// Doubts that the load causes. An INVALID trial with one of them fails its step.
const OVERLOAD: [Warning; 3] = [
    Warning::MissedMessages,
    Warning::ConnectFailed,
    Warning::ServerDied,
];
/// Doubts that other processes cause. They may have caused all other doubts as well.
const OTHERS: [Warning; 2] = [Warning::MachineBusy, Warning::CpuStolen];

/// A bound on the delivery latency, written `p99<100ms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Objective {
    /// The percentile, which the registry of metrics knows as an objective.
    metric: &'static Metric,
    /// Latencies below it are within the objective.
    bound: Duration,
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = "write p50, p90, p99, p99.9 or max, <, and a time, such as 'p99<100ms'; \
                      missed messages never hold, so they need no objective";
        let (name, bound) = text.split_once('<').ok_or(advice)?;
        let named = |metric: &&Metric| {
            let objective = metric.objective;
            objective.is_some_and(|(percentile, _)| percentile == name.trim())
        };
        let metric = METRICS.iter().find(named).ok_or(advice)?;
        let bound = humantime::parse_duration(bound.trim())
            .ok()
            .filter(|bound| !bound.is_zero())
            .ok_or(advice)?;
        Ok(Objective { metric, bound })
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
        let bound = humantime::format_duration(self.bound);
        write!(f, "{}<{bound}", self.percentile().0)
    }
}

impl Objective {
    /// The name, and the share of all deliveries.
    fn percentile(&self) -> (&'static str, f64) {
        self.metric
            .objective
            .expect("an objective is parsed from such a metric")
    }

    /// Fewest deliveries that show this percentile: one lies beyond it, except for the maximum.
    fn needed(&self) -> f64 {
        match self.percentile().1 {
            1.0 => 1.0,
            share => (1.0 / (1.0 - share)).round(),
        }
    }

    /// Checks that the window with which a search begins has enough deliveries.
    pub fn check(&self, deliveries: f64) -> Result<(), String> {
        let (name, needed) = (self.percentile().0, self.needed());
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
        let (name, _) = self.percentile();
        let Some(us) = self.metric.figure(trial) else {
            return StepOutcome::Doubtful(format!("too few deliveries for a {name}"));
        };
        match us < self.bound.as_secs_f64() * 1e6 {
            true => StepOutcome::Holds,
            false => StepOutcome::Fails(format!("{name} is {} ms", (us / 10.0).round() / 100.0)),
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
    let concerns = |warning: &&str| match touched(trial.doubted_figures.as_deref(), warning) {
        Some(figures) => {
            let mut names = objectives.iter().map(|objective| objective.percentile().0);
            names.any(|name| figures.contains(&name))
        }
        None => true,
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
    fn objectives_are_read_as_they_are_written() {
        for (text, again) in [
            ("p99<100ms", "p99<100ms"),
            (" p99.9 < 1s ", "p99.9<1s"),
            ("max<250us", "max<250us"),
            ("p50<1500ms", "p50<1s 500ms"),
        ] {
            let objective: Objective = text.parse().unwrap();
            assert_eq!(objective.to_string(), again);
            assert_eq!(again.parse(), Ok(objective));
        }
        for wrong in [
            "", "p99", "<100ms", "p98<1s", "p99<0s", "p99<100", "p99>1s", "p99<=1s", "missed<1",
        ] {
            let error = wrong.parse::<Objective>().unwrap_err();
            assert!(error.contains("'p99<100ms'"), "{wrong}: {error}");
        }
    }

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
