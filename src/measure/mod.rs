//! Measuring: the clock, the meter in every socket, the recorder, and what a process uses.

pub mod clock;
pub mod meter;
pub mod process;
pub mod recorder;
pub mod sequence;
