//! Statistics over trials. Imports rows and texts only.
//!
//! - `statistics`: medians, their intervals, ratios
//! - `summary`: `summary.csv`
//! - `compare`: two runs, or the transports within one
//! - `bracket`: the search for capacity, as a function of how its trials went

pub mod bracket;
pub mod compare;
pub mod statistics;
pub mod summary;
