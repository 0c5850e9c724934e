//! Measuring: the clock, the meter in every socket, the recorder, what a process uses and where it
//! runs.

pub mod clock;
pub mod cpus;
pub mod meter;
pub mod process;
pub mod recorder;
pub mod sequence;
