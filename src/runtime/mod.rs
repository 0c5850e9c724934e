//! What the load runs on: its event loop, timers, the clock, and memory that processes share.

pub mod clock;
pub mod event_loop;
pub mod prefetch;
pub mod shared_memory;
pub mod timer;
