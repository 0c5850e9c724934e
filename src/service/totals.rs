//! What is counted of connections, and its sums by class.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Connections, whether open or ended.
    Connections,
    /// Bytes read from the socket, TLS included.
    ReadBytes,
    /// Bytes written to the socket, TLS included.
    WrittenBytes,
    /// Calls that wrote to the socket.
    Writes,
    /// Messages written to clients.
    Deliveries,
    /// Polls answered with messages.
    FullPolls,
    /// Polls answered without messages.
    EmptyPolls,
    /// Times that the ring dropped the next text of a stream before it was read.
    SlowReaders,
    /// Requests served by the fast engine.
    FastRequests,
    /// Requests served by hyper and axum.
    GeneralRequests,
}

const COUNTS: usize = Counter::GeneralRequests as usize + 1;

/// The largest number of classes.
pub const MAX_CLASSES: usize = 8;

/// The class of connections that serve no transport.
pub const OTHER: usize = MAX_CLASSES;

/// The counts of one connection.
pub type Counts = [AtomicU64; COUNTS];

/// The sums of one class.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    counts: [u64; COUNTS],
    /// Connections that are open now.
    pub open: u64,
}

impl Totals {
    pub fn get(&self, count: Counter) -> u64 {
        self.counts[count as usize]
    }

    /// Adds to one count.
    pub fn add_to(&mut self, count: Counter, number: u64) {
        self.counts[count as usize] += number;
    }

    /// Adds the counts of a connection.
    pub fn add(&mut self, counts: &Counts) {
        for (sum, count) in self.counts.iter_mut().zip(counts) {
            *sum += count.load(Relaxed);
        }
    }
}
