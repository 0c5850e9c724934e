//! The settings of a search: the table `[capacity]` of a scenario.

use serde::{Deserialize, Serialize};

use crate::error::unknown;
use crate::results::TrialRow;
use crate::stats::objective::Objective;

/// What is searched for. The scenario's `clients` or `rate_hz` is where the search starts, and its
/// `repeats` are the trials that must hold at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapacitySearch {
    /// All of them must hold.
    pub slo: Vec<Objective>,
    pub vary: SearchFactor,
    /// The highest value that is tried, in the unit of `vary`. Without it: what this machine
    /// allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// How close the lowest value that fails must come to the highest that holds.
    pub within_percent: f64,
}

impl Default for CapacitySearch {
    fn default() -> Self {
        CapacitySearch {
            slo: Vec::new(),
            vary: SearchFactor::Clients,
            max: None,
            within_percent: 5.0,
        }
    }
}

impl CapacitySearch {
    /// Checks the settings for a search that begins with the value `start` and with so many
    /// deliveries in a window. The error is the keys and what is wrong with them.
    pub fn check(&self, start: f64, deliveries: f64) -> Result<(), (&'static str, String)> {
        if self.slo.is_empty() {
            let why = "say what is to hold, such as --slo 'p99<100ms'";
            return Err(("slo", why.into()));
        }
        if let Some(count) = self.slo.iter().find(|objective| objective.metric.breakage) {
            let why = format!("{count}: missed messages never hold, so they need no objective");
            return Err(("slo", why));
        }
        if !(0.1..=100.0).contains(&self.within_percent) {
            let why = "write 0.1% to 100%, such as --within 5%";
            return Err(("within", why.into()));
        }
        if let Some(max) = self.max
            && f64::from(max) < start
        {
            let keys = match self.vary {
                SearchFactor::Clients => "max, clients",
                SearchFactor::Rate => "max, rate_hz",
            };
            let why = match max {
                0 => {
                    "the search is to try at most 0; write how many it may try, such as 10k".into()
                }
                max => format!(
                    "the search begins with {start}, so it cannot try at most {max}; write a higher \
                     most, or begin with less"
                ),
            };
            return Err((if max == 0 { "max" } else { keys }, why));
        }
        let mut objectives = self.slo.iter();
        objectives
            .try_for_each(|objective| objective.check(deliveries))
            .map_err(|why| ("slo", why))
    }

    /// The objectives as one text.
    pub fn objective(&self) -> String {
        let all: Vec<String> = self.slo.iter().map(Objective::to_string).collect();
        all.join(" and ")
    }
}

/// The factor that a search varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String)]
#[strum(parse_err_fn = unknown::<SearchFactor>)]
pub enum SearchFactor {
    /// Subscribers.
    Clients,
    /// Messages per second to each feed.
    Rate,
}

impl SearchFactor {
    /// Its column in `trials.csv`, with its unit.
    pub const fn column(self) -> &'static str {
        match self {
            SearchFactor::Clients => "clients",
            SearchFactor::Rate => "rate_hz",
        }
    }

    /// Its value in a trial.
    pub fn of(self, trial: &TrialRow) -> f64 {
        match self {
            SearchFactor::Clients => trial.clients.into(),
            SearchFactor::Rate => trial.rate_hz,
        }
    }
}
