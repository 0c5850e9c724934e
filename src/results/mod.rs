//! What a run leaves on disk.
//!
//! - `trial_row`, `timeline_row`, `capacity_row`: the rows of `trials.csv`, `timeline.csv` and
//!   `capacity.csv`. A figure that does not exist is an empty cell, never 0.
//! - `verdict`: how far a trial's figures can be trusted, and the warnings with their meaning
//! - `csv`: reading and writing of files

mod capacity_row;
mod csv;
mod timeline_row;
mod trial_row;
mod verdict;

pub use capacity_row::{CapacityRow, SearchVerdict};
pub use csv::{read_rows, write_rows, write_whole};
pub use timeline_row::TimelineRow;
pub use trial_row::TrialRow;
pub use verdict::{Verdict, Warning};
