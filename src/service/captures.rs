//! The captures of a server: the bytes of connections whose clients asked for it with
//! `?capture=ID`. They show a visitor the bytes of the visitor's own connection.
//!
//! A capture begins with the head of the request that names it, and has what follows on this
//! connection: also further requests, as those of a poll, that name the same capture. Requests that
//! name none are left out, with their answers. A browser may take another connection for a later
//! request: then the capture goes on with that one. A capture is bounded in bytes and time, counted
//! as owed by its client's address, and kept for some minutes. Connections without a capture pay for
//! one flag at a read or a write.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::feed::{AddressLimiter, AddressLimits, LimitReached};
use crate::service::capture::{Capture, CaptureId, Level};
use crate::service::counters::ConnectionCounters;
use crate::wire::Direction;

/// Captures that are kept. One address of another machine may have half of them, which is enough
/// for a class behind one address.
const MAX_CAPTURES: u32 = 1_024;

/// How long a capture is kept.
const KEPT: Duration = Duration::from_secs(600);

/// The captures of a server.
#[derive(Debug)]
pub struct Captures {
    limiter: Arc<AddressLimiter>,
    oldest_first: Mutex<VecDeque<Arc<Capture>>>,
}

impl Default for Captures {
    fn default() -> Self {
        let limiter = AddressLimiter::new(AddressLimits {
            all: MAX_CAPTURES,
            per_address: None,
        });
        Captures {
            limiter,
            oldest_first: Mutex::default(),
        }
    }
}

impl Captures {
    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Capture>>> {
        self.oldest_first.lock().expect("no panic under the lock")
    }

    pub fn get(&self, id: CaptureId) -> Option<Arc<Capture>> {
        self.kept().iter().find(|capture| capture.id == id).cloned()
    }

    /// Forgets the captures whose time is over.
    pub fn sweep(&self) {
        self.kept().retain(|capture| {
            let is_kept = capture.age() < KEPT;
            if !is_kept {
                capture.forget();
            }
            is_kept
        });
    }

    /// A request has come, which names a capture or none. `raw` are the bytes that have come from the
    /// beginning of the request on.
    pub fn request(
        &self,
        counters: &ConnectionCounters,
        id: Option<CaptureId>,
        level: Level,
        raw: &[u8],
    ) {
        if id.is_none() && !counters.is_captured() {
            return;
        }
        let present = counters.capture();
        if let Some(present) = present {
            let key = counters.key();
            match id {
                Some(id) if id == present.id => {
                    if present.resume(key) {
                        counters.record(Direction::Up, level, raw);
                    }
                    return;
                }
                None => return present.pause_before_request(key),
                Some(_) => {
                    present.pause_before_request(key);
                    present.end(key);
                    counters.set_capture(None);
                }
            }
        }
        if let Some(capture) = id.and_then(|id| self.find_or_begin(counters, id, level)) {
            counters.set_capture(Some(capture));
            counters.record(Direction::Up, level, raw);
        }
    }

    /// The capture of this name: a new one, or the one that goes on with this connection. `None` if
    /// it is over, or there is no room.
    fn find_or_begin(
        &self,
        counters: &ConnectionCounters,
        id: CaptureId,
        level: Level,
    ) -> Option<Arc<Capture>> {
        let mut kept = self.kept();
        if let Some(capture) = kept.iter().find(|capture| capture.id == id) {
            let (_, is_over) = capture.progress();
            return (!is_over).then(|| {
                capture.resume(counters.key());
                capture.clone()
            });
        }
        let permit = match self.limiter.acquire(counters.address) {
            Ok(permit) => permit,
            Err(limit) => {
                let mut makes_room = kept.iter();
                let oldest = makes_room.position(|capture| {
                    let is_own = capture.address == counters.address;
                    let (_, is_over) = capture.progress();
                    is_over && (is_own || limit == LimitReached::All)
                });
                kept.remove(oldest?)?.forget();
                self.limiter.acquire(counters.address).ok()?
            }
        };
        let capture = Arc::new(Capture::new(id, level, counters.key(), permit));
        kept.push_back(capture.clone());
        Some(capture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Memory;
    use crate::service::counters::ServerMetrics;

    const LEVEL: Level = Level::Socket;

    fn id(number: u128) -> CaptureId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn a_capture_has_what_follows_its_request_up_to_one_of_another() {
        let captures = Captures::default();
        let metrics = ServerMetrics::new(Memory::new(1 << 20));
        let open = metrics.open([192, 0, 2, 1].into());
        let counters = &open.counters;
        counters.record(Direction::Up, LEVEL, b"before");
        captures.request(counters, None, LEVEL, b"before");
        captures.request(counters, Some(id(1)), LEVEL, b"first");
        counters.record(Direction::Down, LEVEL, b"answer");
        counters.record(Direction::Up, LEVEL, b"second");
        captures.request(counters, Some(id(1)), LEVEL, b"second");
        counters.record(Direction::Down, LEVEL, b"answer");
        counters.record(Direction::Up, LEVEL, b"third");
        captures.request(counters, None, LEVEL, b"third");
        counters.record(Direction::Down, LEVEL, b"not this");
        counters.record(Direction::Up, LEVEL, b"fourth");
        captures.request(counters, Some(id(1)), LEVEL, b"fourth");
        counters.record(Direction::Down, LEVEL, b"answer");
        let capture = captures.get(id(1)).unwrap();
        let recording = capture.recording();
        assert_eq!(recording.bytes(Direction::Up), b"firstsecondfourth");
        assert_eq!(recording.bytes(Direction::Down), b"answer".repeat(3));
        assert_eq!(recording.chunks().len(), 6);
        captures.request(counters, Some(id(2)), LEVEL, b"another");
        assert!(capture.progress().1 && !captures.get(id(2)).unwrap().progress().1);
        // That one is over.
        captures.request(counters, Some(id(1)), LEVEL, b"again");
        assert!(!counters.is_captured());
        // Another connection takes the second one over.
        let other = metrics.open([192, 0, 2, 1].into());
        captures.request(counters, Some(id(3)), LEVEL, b"one");
        captures.request(&other.counters, Some(id(3)), LEVEL, b"two");
        counters.record(Direction::Down, LEVEL, b"not this");
        drop(open);
        let third = captures.get(id(3)).unwrap();
        assert_eq!(third.recording().bytes(Direction::Up), b"onetwo");
        assert_eq!(third.recording().bytes(Direction::Down), b"");
        assert!(third.recording().further_connections == 1 && !third.progress().1);
    }

    #[test]
    fn captures_are_bounded_in_bytes_and_number_and_their_memory_is_counted() {
        let captures = Captures::default();
        let memory = Memory::new(64 << 20);
        let metrics = ServerMetrics::new(memory.clone());
        let connections: Vec<_> = (0..600)
            .map(|number| {
                let open = metrics.open([192, 0, 2, 1].into());
                captures.request(&open.counters, Some(id(number)), LEVEL, b"GET");
                open
            })
            .collect();
        let captured = connections
            .iter()
            .filter(|open| open.counters.is_captured());
        assert_eq!(captured.count() as u32, MAX_CAPTURES / 2);
        let first = &connections[0].counters;
        for _ in 0..100 {
            first.record(Direction::Down, LEVEL, &[b'a'; 1 << 10]);
        }
        let recording = captures.get(id(0)).unwrap().recording();
        assert!(recording.truncated && recording.held_bytes() <= 80 << 10);
        assert!(!first.is_captured() && memory.owed_bytes() > 30 << 10);
        // The oldest that is over makes room.
        let open = metrics.open([192, 0, 2, 1].into());
        captures.request(&open.counters, Some(id(1_000)), LEVEL, b"GET");
        assert!(open.counters.is_captured() && captures.get(id(0)).is_none());
        drop((connections, open));
        captures.kept().clear();
        assert_eq!(memory.owed_bytes(), 0);
    }
}
