//! What passes the server's sockets, counted to the byte, by class of connection.
//!
//! A class is a small number; the server has one per transport. Each connection has
//! [`ConnectionCounters`], which only its own task writes: a count is a load and a store, without
//! locks or shared cache lines. A reader of the totals walks all open connections; those that have
//! ended are summed already.
//!
//! A connection has no class at first, so that the head of its first request counts for that
//! request's class and no total ever decreases. Then it has the class of its latest request, or
//! [`OTHER`]. TLS handshakes are always counted as [`OTHER`].

use std::array::from_fn;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use slab::Slab;

use crate::feed::{Memory, Owed};

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

/// The class of a connection before its first request.
const UNKNOWN: u8 = OTHER as u8 + 1;

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

    fn add(&mut self, counters: &ConnectionCounters) {
        for (sum, count) in self.counts.iter_mut().zip(&counters.counts) {
            *sum += count.load(Relaxed);
        }
    }
}

/// The counts of all connections of one server.
#[derive(Debug)]
pub struct ServerMetrics {
    memory: Arc<Memory>,
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    open: Slab<Arc<ConnectionCounters>>,
    /// The counts of connections that have ended or have another class since.
    settled: [Totals; OTHER + 1],
}

impl ServerMetrics {
    /// Metrics of connections whose bytes are counted in `memory`.
    pub fn new(memory: Arc<Memory>) -> Arc<Self> {
        Arc::new(ServerMetrics {
            memory,
            connections: Mutex::default(),
        })
    }

    /// Registers a new connection, which is open until the value is dropped.
    pub fn open(self: &Arc<Self>, address: IpAddr) -> OpenConnection {
        let first = |count| AtomicU64::new((count == Counter::Connections as usize).into());
        let counters = Arc::new(ConnectionCounters {
            address,
            refused: AtomicBool::new(false),
            counts: from_fn(first),
            class: UNKNOWN.into(),
            metrics: self.clone(),
        });
        OpenConnection {
            key: self.lock().open.insert(counters.clone()),
            counters,
        }
    }

    /// The totals by class; the last is [`OTHER`].
    pub fn totals(&self) -> [Totals; OTHER + 1] {
        let connections = self.lock();
        let mut totals = connections.settled;
        for (_, counters) in &connections.open {
            let class = counters.class.load(Relaxed);
            if class != UNKNOWN {
                totals[usize::from(class)].add(counters);
            }
            totals[usize::from(class).min(OTHER)].open += 1;
        }
        totals
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().expect("no panic under the lock")
    }
}

/// The counters of an open connection, for its socket.
#[derive(Debug)]
pub struct OpenConnection {
    key: usize,
    pub counters: Arc<ConnectionCounters>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let counters = &self.counters;
        let mut connections = counters.metrics.lock();
        connections.open.remove(self.key);
        let class = usize::from(counters.class.load(Relaxed)).min(OTHER);
        connections.settled[class].add(counters);
    }
}

/// The counts of one connection. Only its own task may add.
#[derive(Debug)]
pub struct ConnectionCounters {
    /// The peer's address, which limits go by.
    pub address: IpAddr,
    /// Whether the latest request was answered with a 4xx status.
    pub refused: AtomicBool,
    counts: [AtomicU64; COUNTS],
    class: AtomicU8,
    metrics: Arc<ServerMetrics>,
}

impl ConnectionCounters {
    /// Counts bytes that the server holds for this connection, see [`Memory::owe`].
    pub fn owe(&self, bytes: usize) -> Option<Owed> {
        self.metrics.memory.owe(self.address, bytes)
    }

    /// The same bytes, counted as owed while they live, see [`Memory::counted`].
    pub fn counted(&self, bytes: Bytes) -> Option<Bytes> {
        self.metrics.memory.counted(self.address, bytes)
    }

    /// Makes `owed` count at least so many bytes.
    ///
    /// # Errors
    /// There is no memory for them; then `owed` counts none.
    pub fn hold(&self, owed: &mut Option<Owed>, bytes: usize) -> io::Result<()> {
        if bytes > owed.as_ref().map_or(0, |owed| owed.bytes) {
            *owed = None;
            *owed = Some(self.owe(bytes).ok_or(io::ErrorKind::OutOfMemory)?);
        }
        Ok(())
    }

    /// Adds to a count; a negative number corrects one that was too high.
    pub fn add(&self, count: Counter, number: i64) {
        let count = &self.counts[count as usize];
        count.store(count.load(Relaxed).wrapping_add_signed(number), Relaxed);
    }

    /// A count so far, since the connection has its present class.
    pub fn get(&self, count: Counter) -> u64 {
        self.counts[count as usize].load(Relaxed)
    }

    /// Counts messages that are about to be written to the client.
    pub fn delivered(&self, messages: usize) {
        self.add(Counter::Deliveries, messages as i64);
    }

    /// Counts a poll that is answered with so many messages.
    pub fn poll_answered(&self, messages: usize) {
        self.delivered(messages);
        match messages {
            0 => self.add(Counter::EmptyPolls, 1),
            _ => self.add(Counter::FullPolls, 1),
        }
    }

    /// A request of this class has come: the connection has it from now on.
    pub fn serves(&self, class: usize) {
        let (earlier, class) = (self.class.load(Relaxed), class as u8);
        if earlier == class {
            return;
        }
        let mut connections = self.metrics.lock();
        if earlier != UNKNOWN {
            connections.settled[usize::from(earlier)].add(self);
            self.counts.iter().for_each(|count| count.store(0, Relaxed));
        }
        self.class.store(class, Relaxed);
    }

    /// A request without a class has come. A class that an earlier request gave stays.
    pub fn serves_other(&self) {
        if self.class.load(Relaxed) == UNKNOWN {
            self.serves(OTHER);
        }
    }

    /// Moves what has passed so far, a TLS handshake, to [`OTHER`]. It is in the totals from now
    /// on, even if no request follows.
    pub fn tls_established(&self) {
        let mut connections = self.metrics.lock();
        let other = &mut connections.settled[OTHER];
        for count in [Counter::ReadBytes, Counter::WrittenBytes, Counter::Writes] {
            let passed = self.counts[count as usize].swap(0, Relaxed);
            other.counts[count as usize] += passed;
        }
    }
}
