//! What is recorded of a trial: histograms, counts, sequence numbers. No I/O on sockets or files.

pub mod byte_counts;
pub mod histogram;
pub mod recorder;
pub mod recording;
pub mod sequence;
pub mod trial_board;
