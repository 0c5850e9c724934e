//! What passes the server's sockets, counted to the byte, by transport.
//!
//! Each connection has an [`ConnectionCounters`], which its one task alone writes: so a count is a load and a
//! store, without locks or shared cache lines. Who asks for the sums walks all open accounts; those
//! of connections that have ended are summed up already.
//!
//! A connection belongs to what its requests are for: at first to nobody, so that the head of its
//! first request counts for that request's transport, and nothing that was ever shown is taken
//! back; then to the transport that it serves, or to `other`. TLS handshakes are always `other`.

use std::array::from_fn;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use slab::Slab;

use crate::transport::Transport;

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
    /// Messages written to readers.
    Deliveries,
    /// Polls whose answer held messages.
    FullPolls,
    /// Polls whose answer held none.
    EmptyPolls,
    /// Times that the log moved on past the next message of a stream's reader.
    SlowReaders,
}

const COUNTS: usize = Counter::SlowReaders as usize + 1;

/// The transports, and one more place for what belongs to none of them.
const OWNERS: usize = Transport::ALL.len() + 1;
const OTHER: u8 = Transport::ALL.len() as u8;
/// Of a connection that nobody's request has come through yet.
const NOBODY: u8 = OTHER + 1;

/// The sums of one owner's connections.
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

/// The accounts of all connections of one server.
#[derive(Debug, Default)]
pub struct ServerMetrics(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    open: Slab<Arc<ConnectionCounters>>,
    /// What connections counted that have ended, or belong to another owner since.
    settled: [Totals; OWNERS],
}

impl ServerMetrics {
    /// A new connection, which is open until the value is dropped.
    pub fn open(self: &Arc<Self>, address: IpAddr) -> OpenConnection {
        let counters = Arc::new(ConnectionCounters {
            address,
            refused: AtomicBool::new(false),
            counts: from_fn(|count| {
                AtomicU64::new((count == Counter::Connections as usize).into())
            }),
            owner: NOBODY.into(),
            tally: self.clone(),
        });
        OpenConnection {
            key: self.books().open.insert(counters.clone()),
            counters,
        }
    }

    /// The sums of every transport, and of what belongs to none.
    pub fn sums(&self) -> impl Iterator<Item = (Option<Transport>, Totals)> {
        let books = self.books();
        let mut sums = books.settled;
        for (_, counters) in &books.open {
            let owner = counters.owner.load(Relaxed);
            if owner != NOBODY {
                sums[usize::from(owner)].add(counters);
            }
            sums[usize::from(owner.min(OTHER))].open += 1;
        }
        let owners = Transport::ALL.into_iter().map(Some).chain([None]);
        owners.zip(sums)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().expect("no panic under the lock")
    }
}

/// The account of an open connection, for its socket.
#[derive(Debug)]
pub struct OpenConnection {
    key: usize,
    pub counters: Arc<ConnectionCounters>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let counters = &self.counters;
        let mut books = counters.tally.books();
        books.open.remove(self.key);
        let owner = counters.owner.load(Relaxed).min(OTHER);
        books.settled[usize::from(owner)].add(counters);
    }
}

/// What one connection counts. Only its own task may add.
#[derive(Debug)]
pub struct ConnectionCounters {
    /// Whose connection it is: the address that limits go by.
    pub address: IpAddr,
    /// Whether the latest request was answered with an error of the client's.
    pub refused: AtomicBool,
    counts: [AtomicU64; COUNTS],
    owner: AtomicU8,
    tally: Arc<ServerMetrics>,
}

impl ConnectionCounters {
    /// Adds to a count; a negative number takes back what did not come true.
    pub fn add(&self, count: Counter, number: i64) {
        let count = &self.counts[count as usize];
        count.store(count.load(Relaxed).wrapping_add_signed(number), Relaxed);
    }

    /// A count so far, of the connection's latest owner.
    pub fn get(&self, count: Counter) -> u64 {
        self.counts[count as usize].load(Relaxed)
    }

    /// Counts messages that go out to a reader.
    pub fn delivered(&self, messages: usize) {
        self.add(Counter::Deliveries, messages as i64);
    }

    /// Counts an answered poll.
    pub fn answered(&self, messages: usize) {
        self.delivered(messages);
        match messages {
            0 => self.add(Counter::EmptyPolls, 1),
            _ => self.add(Counter::FullPolls, 1),
        }
    }

    /// A request for this transport has come: the connection is its own from now on.
    pub fn serves(&self, transport: Transport) {
        let owner = Transport::ALL.iter().position(|one| *one == transport);
        self.belongs_to(owner.expect("all are listed") as u8);
    }

    /// A request has come that was for no transport; which changes nothing if an earlier one was.
    pub fn serves_other(&self) {
        if self.owner.load(Relaxed) == NOBODY {
            self.belongs_to(OTHER);
        }
    }

    /// All that has passed was a TLS handshake, which is for no transport. It shows from now on,
    /// even if no request follows.
    pub fn shook_hands(&self) {
        let mut books = self.tally.books();
        let other = &mut books.settled[usize::from(OTHER)];
        for count in [Counter::ReadBytes, Counter::WrittenBytes, Counter::Writes] {
            let passed = self.counts[count as usize].swap(0, Relaxed);
            other.counts[count as usize] += passed;
        }
    }

    fn belongs_to(&self, owner: u8) {
        let earlier = self.owner.load(Relaxed);
        if earlier == owner {
            return;
        }
        let mut books = self.tally.books();
        if earlier != NOBODY {
            books.settled[usize::from(earlier)].add(self);
            self.counts.iter().for_each(|count| count.store(0, Relaxed));
        }
        self.owner.store(owner, Relaxed);
    }
}
