//! What is recorded of a trial: histograms, counts, sequences. No I/O.

pub mod byte_counts;
pub mod histogram;
pub mod recorder;
pub mod recording;
pub mod sequence;
pub mod trial_board;
