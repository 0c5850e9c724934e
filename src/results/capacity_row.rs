//! The rows of `capacity.csv`: what a search for capacity found.

use serde::{Deserialize, Serialize};

use crate::transport::Transport;

/// One row of `capacity.csv`: a transport. `held`, `failed_at`, `not_told_at` and `max` are in the
/// unit of `factor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityRow {
    pub scenario: String,
    pub run: String,
    pub transport: Transport,
    /// `clients` or `rate_hz`.
    pub factor: String,
    pub objective: String,
    /// The most that held; confirmed unless the verdict is `unfinished`.
    pub held: Option<f64>,
    /// The least that did not.
    pub failed_at: Option<f64>,
    /// Below that, the least of which no trial was VALID.
    pub not_told_at: Option<f64>,
    /// The most that was to be tried.
    pub max: f64,
    pub verdict: SearchVerdict,
    /// What ended it: the figure beyond the objective, the names of warnings, or that no more was
    /// to be tried.
    pub why: String,
    pub trials: usize,
}

/// How certain the result of a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchVerdict {
    /// The limit lies between what held and what failed.
    Found,
    /// This much holds. More never had a VALID trial, or was not to be tried.
    AtLeast,
    /// Not even the least holds.
    Fails,
    /// The least never had a VALID trial.
    NotTold,
    /// The search was interrupted; what it found so far is not confirmed.
    Unfinished,
}
