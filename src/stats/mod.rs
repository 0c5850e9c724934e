//! Statistics over trials. Imports rows and texts only.
//!
//! - `statistics`: medians, their intervals, ratios
//! - `summary`: `summary.csv`
//! - `compare`: two runs, or the transports within one
//! - `judgement`: what came of a demand · `objective`: an absolute bound on a figure
//! - `claim`: whether a claim is so
//! - `groups`: which samples the data can tell apart
//! - `until`: whether a run has repeated enough
//! - `bracket`: the search for capacity, as a function of how its trials went

pub mod bracket;
pub mod claim;
pub mod compare;
pub mod groups;
pub mod judgement;
pub mod objective;
pub mod statistics;
pub mod summary;
pub mod until;
