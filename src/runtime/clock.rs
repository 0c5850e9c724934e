//! The clock of all measurements: CLOCK_MONOTONIC, in nanoseconds.
//!
//! Publisher and subscribers of a run live on one host and read the same clock, so delivery latency
//! needs no synchronisation, even to a remote server.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds since some fixed moment before this process began, usually the host's boot.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
