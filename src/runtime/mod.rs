//! What the load runs on: event loop, timers, clock, shared memory.

pub mod clock;
pub mod event_loop;
pub mod prefetch;
pub mod shared_memory;
pub mod timer;
