//! The lab: scenarios, trials, verdicts and results.

pub mod results;
