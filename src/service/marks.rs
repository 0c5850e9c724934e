//! The bytes of one visit of a page, by class of connection.
//!
//! A page gives all its requests the same `?mark=NUMBER`, at random. A browser takes any free
//! connection for a request, so one connection serves several transports in turn. What passes from
//! one request to the next is a lap, and belongs to the request that it began with.

use std::collections::{HashMap, VecDeque};

use crate::service::counters::OTHER;

/// Visits that are remembered, at most; then the oldest go. They take less than 1 MB.
const MAX_MARKS: usize = 4_096;

/// Bytes of sockets, TLS included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketBytes {
    pub read: u64,
    pub written: u64,
}

/// The bytes of a visit by class; the last is [`OTHER`].
pub type VisitBytes = [SocketBytes; OTHER + 1];

/// A lap of a connection, from the first byte of a request with a mark.
#[derive(Clone, Copy, Debug)]
pub struct Lap {
    pub mark: u64,
    pub class: usize,
    /// The connection's counts where the lap began. They are negative once the connection counts
    /// from 0 again.
    pub read: i64,
    pub written: i64,
}

impl Lap {
    /// What has passed since the lap began.
    pub fn passed(&self, read: u64, written: u64) -> SocketBytes {
        let since = |count: u64, start: i64| (count as i64 - start).max(0) as u64;
        SocketBytes {
            read: since(read, self.read),
            written: since(written, self.written),
        }
    }
}

/// The laps that have ended, by mark.
#[derive(Debug, Default)]
pub struct Marks {
    by_mark: HashMap<u64, VisitBytes>,
    oldest_first: VecDeque<u64>,
}

impl Marks {
    pub fn add(&mut self, lap: &Lap, passed: SocketBytes) {
        let Marks {
            by_mark,
            oldest_first,
        } = self;
        let visit = by_mark.entry(lap.mark).or_insert_with(|| {
            oldest_first.push_back(lap.mark);
            VisitBytes::default()
        });
        visit[lap.class].read += passed.read;
        visit[lap.class].written += passed.written;
        if by_mark.len() > MAX_MARKS
            && let Some(oldest) = oldest_first.pop_front()
        {
            by_mark.remove(&oldest);
        }
    }

    pub fn get(&self, mark: u64) -> VisitBytes {
        self.by_mark.get(&mark).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_visits_are_forgotten() {
        let mut marks = Marks::default();
        let passed = SocketBytes {
            read: 1,
            written: 2,
        };
        for mark in 0..=MAX_MARKS as u64 {
            let lap = Lap {
                mark,
                class: 0,
                read: 0,
                written: 0,
            };
            marks.add(&lap, passed);
        }
        assert_eq!(marks.get(0), VisitBytes::default());
        assert_eq!(marks.get(1)[0], passed);
        assert_eq!(marks.by_mark.len(), MAX_MARKS);
    }
}
