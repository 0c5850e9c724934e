//! What is recorded of a trial: histograms, counts, messages. No I/O on sockets or files.

pub mod byte_counts;
mod connections;
pub mod fault;
pub mod histogram;
pub mod identity;
pub mod lookup;
pub mod message_record;
pub mod recorder;
pub mod recording;
pub mod recovery;
pub mod sequence;
pub mod subscriber_figures;
pub mod trial_board;
