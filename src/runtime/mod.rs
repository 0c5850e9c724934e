//! What the load runs on: event loop, timers, clock, shared memory, descriptor tables.

pub mod clock;
pub mod descriptor_table;
pub mod event_loop;
pub mod prefetch;
pub mod shared_memory;
pub mod timer;
