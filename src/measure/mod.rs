//! Measuring: the clock, the meter in every socket, the recorder, what a process uses and where it
//! runs, and what an interface carries.

pub mod cache;
pub mod clock;
pub mod cpus;
pub mod histogram;
pub mod interface;
pub mod meter;
pub mod process;
pub mod reactor;
pub mod recorder;
pub mod recording;
pub mod sequence;
pub mod window;
pub mod words;
