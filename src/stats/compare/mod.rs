//! The comparison of two runs, or of the transports within one. Pure: trials in, findings out.
//!
//! - `pairs`: which cells belong together
//! - `difference`: how far the metrics of two cells differ
//! - `gate`: whether a difference is within a bound

mod difference;
mod gate;
mod pairs;

pub use difference::{Change, DifferenceFinding, MANY_PERCENT, MetricDifference, decimals};
pub use gate::{Gate, unjudged};
pub use pairs::{CellPair, CellTrials, runs, transports};
