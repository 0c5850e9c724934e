//! The comparison of two runs, or of the transports within one. Pure: trials in, findings out.
//!
//! - `pairs`: which cells belong together
//! - `difference`: how far the metrics of two cells differ
//! - `gate`: whether a difference is within a bound

mod difference;
mod gate;
mod pairs;

pub use difference::{Change, DifferenceFinding, MetricDifference, decimals, signed};
pub use gate::{Gate, is_mostly};
pub use pairs::{CellPair, CellTrials, Comparison, Unpaired, cells, runs, transports};
