//! What passes the server's sockets, counted to the byte, by class of connection.
//!
//! A class is a small number; the server has one per transport. Each connection has
//! [`ConnectionCounters`], which only the connection's thread writes: a count is a load and a store,
//! without locks or shared cache lines. A reader of the totals walks all open connections; those that
//! have ended are summed already.
//!
//! A connection has no class at first, so that the head of its first request counts for that
//! request's class and no total ever decreases. Then it has the class of its latest request, or
//! [`OTHER`]. TLS handshakes are always counted as [`OTHER`].
//!
//! Requests with a mark are also added up by [`marks`](crate::service::marks).

use std::array::from_fn;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use slab::Slab;

use crate::feed::{Memory, Owed};
use crate::service::capture::{Capture, ConnectionKey, Level};
use crate::service::marks::{Lap, Marks, SocketBytes, VisitBytes};
use crate::service::totals::Counts;
pub use crate::service::totals::{Counter, MAX_CLASSES, OTHER, Totals};
use crate::wire::Direction;

/// The class of a connection before its first request.
const UNKNOWN: u8 = OTHER as u8 + 1;

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
    marks: Marks,
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
            cut: AtomicBool::new(false),
            counts: from_fn(first),
            read_when_written: AtomicU64::new(0),
            class: UNKNOWN.into(),
            is_marked: AtomicBool::new(false),
            lap: Mutex::default(),
            is_captured: AtomicBool::new(false),
            capture: Mutex::default(),
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
                totals[usize::from(class)].add(&counters.counts);
            }
            totals[usize::from(class).min(OTHER)].open += 1;
        }
        totals
    }

    /// The bytes of requests with this mark.
    pub fn of_visit(&self, mark: u64) -> VisitBytes {
        let connections = self.lock();
        let mut visit = connections.marks.get(mark);
        for (_, counters) in &connections.open {
            if !counters.is_marked.load(Relaxed) {
                continue;
            }
            let lap = counters.lap().as_deref().copied();
            if let Some(lap) = lap.filter(|lap| lap.mark == mark) {
                let passed = counters.passed(&lap);
                visit[lap.class].read += passed.read;
                visit[lap.class].written += passed.written;
            }
        }
        visit
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
        connections.settled[class].add(&counters.counts);
        if let Some(capture) = counters.capture() {
            capture.end(counters.key());
        }
        if let Some(lap) = counters.lap().take() {
            connections.marks.add(&lap, counters.passed(&lap));
        }
    }
}

/// The counts of one connection. Only its own thread may add.
#[derive(Debug)]
pub struct ConnectionCounters {
    /// The peer's address, which limits go by.
    pub address: IpAddr,
    /// Whether the latest request was answered with a 4xx status.
    pub refused: AtomicBool,
    /// Whether the connection is being cut, since there was no memory for it.
    cut: AtomicBool,
    counts: Counts,
    /// Bytes read when bytes were last written: what is read after them is the next request.
    read_when_written: AtomicU64,
    class: AtomicU8,
    is_marked: AtomicBool,
    /// Is there if `is_marked`. Locked after the metrics.
    lap: Mutex<Option<Box<Lap>>>,
    is_captured: AtomicBool,
    /// What records the bytes of the connection, or did until it was over.
    capture: Mutex<Option<Arc<Capture>>>,
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
    /// There is no memory for them; then `owed` counts none, and the connection must be closed.
    pub fn hold(&self, owed: &mut Option<Owed>, bytes: usize) -> io::Result<()> {
        if bytes > owed.as_ref().map_or(0, |owed| owed.bytes) {
            *owed = None;
            // It is being cut, and counts once, whatever is tried with it until it is closed.
            if self.cut.load(Relaxed) {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            *owed = self.owe(bytes);
            if owed.is_none() {
                self.cut.store(true, Relaxed);
                return Err(io::ErrorKind::OutOfMemory.into());
            }
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

    /// So many bytes are about to be written. What the peer has received is counted, even if this
    /// thread is preempted right after the system call.
    pub fn begins_write(&self, length: usize) {
        self.add(Counter::WrittenBytes, length as i64);
        self.add(Counter::Writes, 1);
        self.answers();
    }

    /// So many of them were written; `None` if the call failed.
    pub fn ended_write(&self, length: usize, written: Option<usize>) {
        if written.is_none() {
            self.add(Counter::Writes, -1);
        }
        let written = written.unwrap_or(0);
        if written < length {
            self.add(Counter::WrittenBytes, written as i64 - length as i64);
        }
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
            connections.settled[usize::from(earlier)].add(&self.counts);
            self.count_anew();
        }
        self.class.store(class, Relaxed);
    }

    /// Sets all counts to 0, and where a lap began to as much less.
    fn count_anew(&self) {
        let read = self.get(Counter::ReadBytes);
        let before = self.read_when_written.load(Relaxed);
        self.read_when_written
            .store(before.wrapping_sub(read), Relaxed);
        if let Some(lap) = self.lap().as_deref_mut() {
            lap.read -= read as i64;
            lap.written -= self.get(Counter::WrittenBytes) as i64;
        }
        self.counts.iter().for_each(|count| count.store(0, Relaxed));
    }

    /// Bytes are being written: what is read from now on is the next request.
    pub fn answers(&self) {
        let read = self.get(Counter::ReadBytes);
        self.read_when_written.store(read, Relaxed);
    }

    /// A request has come, with or without a mark; `class` is its class.
    pub fn begins_lap(&self, mark: Option<u64>, class: usize) {
        if mark.is_none() && !self.is_marked.load(Relaxed) {
            return;
        }
        let mut connections = self.metrics.lock();
        let mut lap = self.lap();
        let read = self.read_when_written.load(Relaxed);
        let written = self.get(Counter::WrittenBytes);
        if let Some(ended) = lap.take() {
            connections.marks.add(&ended, ended.passed(read, written));
        }
        *lap = mark.map(|mark| {
            Box::new(Lap {
                mark,
                class,
                read: read as i64,
                written: written as i64,
            })
        });
        self.is_marked.store(lap.is_some(), Relaxed);
    }

    fn lap(&self) -> MutexGuard<'_, Option<Box<Lap>>> {
        self.lap.lock().expect("no panic under the lock")
    }

    fn passed(&self, lap: &Lap) -> SocketBytes {
        lap.passed(
            self.get(Counter::ReadBytes),
            self.get(Counter::WrittenBytes),
        )
    }

    /// Tells this connection from all that are open.
    pub fn key(&self) -> ConnectionKey {
        std::ptr::from_ref(self).addr()
    }

    /// Whether the bytes of the connection are recorded now.
    pub fn is_captured(&self) -> bool {
        self.is_captured.load(Relaxed)
    }

    /// What records the bytes of the connection, or did until it was over.
    pub fn capture(&self) -> Option<Arc<Capture>> {
        self.capture
            .lock()
            .expect("no panic under the lock")
            .clone()
    }

    pub fn set_capture(&self, capture: Option<Arc<Capture>>) {
        self.is_captured.store(capture.is_some(), Relaxed);
        *self.capture.lock().expect("no panic under the lock") = capture;
    }

    /// Bytes have passed: records them, if the connection is captured.
    pub fn record(&self, direction: Direction, level: Level, bytes: &[u8]) {
        if self.is_captured() && !bytes.is_empty() {
            self.add_to_capture(direction, level, bytes);
        }
    }

    #[cold]
    fn add_to_capture(&self, direction: Direction, level: Level, bytes: &[u8]) {
        let hold = |owed: &mut Option<Owed>, bytes| self.hold(owed, bytes).is_ok();
        if let Some(capture) = self.capture()
            && !capture.add(self.key(), (direction, level), bytes, hold)
        {
            self.is_captured.store(false, Relaxed);
        }
    }

    /// Whether the client's page has asked for a sign of life since this was last called.
    pub fn takes_ping(&self) -> bool {
        self.is_captured() && self.capture().is_some_and(|capture| capture.takes_ping())
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
            other.add_to(count, passed);
        }
        self.read_when_written.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_connection_that_is_cut_counts_once_whatever_is_tried_with_it() {
        let memory = Memory::new(400);
        let metrics = ServerMetrics::new(memory.clone());
        let open = || metrics.open(Ipv4Addr::LOCALHOST.into());
        let (connection, other) = (open(), open());
        let mut owed = None;
        assert!(connection.counters.hold(&mut owed, 40).is_ok());
        // Its write fails, then the flush and the reads of an orderly end.
        for _ in 0..3 {
            let error = connection.counters.hold(&mut owed, 90).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
            assert!(owed.is_none());
        }
        assert_eq!(memory.cut(), 1);
        // Another one counts for itself, and holds what there is room for.
        assert!(other.counters.hold(&mut owed, 90).is_err());
        assert_eq!(memory.cut(), 2);
        assert!(open().counters.hold(&mut owed, 40).is_ok());
    }
}
