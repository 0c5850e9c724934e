//! The event loop of a thread with thousands of connections (a reactor: Schmidt 1995).
//!
//! Of thousands of connections, none is in the CPU's cache when an event arrives for it. A general
//! runtime goes from the event to the socket, from there to the task and from there to what the
//! task waits in. Each step is a memory access that waits for the one before; together they took a
//! quarter of the load's CPU time. Here two short tables lead from an event to its task, and the
//! task is one piece of memory that is prefetched while other tasks run.
//!
//! A thread that does nothing else runs the loop alone ([`block_on`]). A thread of tokio runs it
//! inside a task ([`within_tokio`]); its epoll is then nested in tokio's, at a small cost to both.
//!
//! Sockets and sleeps belong to the task that polled them last. That task is polled whenever one of
//! them may have changed, so nothing in between may choose what to poll. `FuturesUnordered` does
//! that and panics here; `select!` and `join!` poll everything.

mod driver;
mod readiness;
mod registration;
mod tasks;
mod wake_queue;

#[cfg(test)]
mod tests;

pub use driver::{EventQueue, block_on, within_tokio};
pub use registration::{Emptied, Registration};
pub use tasks::{sleep, sleep_until, spawn, timeout};
