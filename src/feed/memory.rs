//! The memory that clients make a server use: messages with their framings, answers that
//! connections have not taken yet, and long messages that WebSockets have sent in part. One bound
//! for the process counts them all.
//!
//! Three quarters are for messages. Where they are used up, the feeds that hold most drop their
//! oldest messages, so that no feed takes the room of the others. The last quarter is for what
//! connections are owed. Where that is used up, a connection that does not read is cut.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use bytes::Bytes;

/// The bound, unless another is given, in bytes.
pub const MAX_MEMORY_BYTES: usize = 256 << 20;

/// Of the room for messages, one part of so many is freed at once, so that finding the largest
/// feeds costs little for each message.
const FREED_SHARE: usize = 16;

/// Something that holds messages and can drop the oldest of them.
pub trait Holder: Debug + Send + Sync {
    /// Bytes held.
    fn bytes(&self) -> usize;

    /// Drops the oldest messages until at most so many bytes are held.
    fn shrink(&self, max_bytes: usize);
}

/// The memory of one server.
#[derive(Debug)]
pub struct Memory {
    max_bytes: usize,
    message_bytes: AtomicUsize,
    owed_bytes: AtomicUsize,
    /// Connections that were cut, and requests that were refused, because there was no room.
    cut: AtomicU64,
    holders: Mutex<Vec<Weak<dyn Holder>>>,
}

impl Memory {
    pub fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Memory {
            max_bytes,
            message_bytes: AtomicUsize::new(0),
            owed_bytes: AtomicUsize::new(0),
            cut: AtomicU64::new(0),
            holders: Mutex::default(),
        })
    }

    /// Bytes of messages and of their framings.
    pub fn message_bytes(&self) -> usize {
        self.message_bytes.load(Relaxed)
    }

    /// Bytes that connections have not taken yet.
    pub fn owed_bytes(&self) -> usize {
        self.owed_bytes.load(Relaxed)
    }

    /// Connections that were cut, and requests that were refused, because there was no room.
    pub fn cut(&self) -> u64 {
        self.cut.load(Relaxed)
    }

    fn max_message_bytes(&self) -> usize {
        self.max_bytes - self.max_owed_bytes()
    }

    fn max_owed_bytes(&self) -> usize {
        self.max_bytes / 4
    }

    fn holders(&self) -> MutexGuard<'_, Vec<Weak<dyn Holder>>> {
        self.holders.lock().expect("no panic under the lock")
    }

    /// Makes a holder one of those that drop messages.
    pub fn register(&self, holder: Weak<dyn Holder>) {
        let mut holders = self.holders();
        if holders.len() == holders.capacity() {
            holders.retain(|holder| holder.strong_count() > 0);
        }
        holders.push(holder);
    }

    /// Drops messages if there are too many: each holder keeps at most as much as leaves the same
    /// for all that want as much.
    pub fn reclaim(&self) {
        let max_bytes = self.max_message_bytes();
        if self.message_bytes() <= max_bytes {
            return;
        }
        // While one thread reclaims, others go on.
        let Ok(holders) = self.holders.try_lock() else {
            return;
        };
        let mut holders: Vec<_> = holders
            .iter()
            .filter_map(Weak::upgrade)
            .map(|holder| (holder.bytes(), holder))
            .collect();
        holders.sort_unstable_by_key(|&(bytes, _)| bytes);
        let level = level(
            holders.iter().map(|&(bytes, _)| bytes),
            max_bytes - max_bytes / FREED_SHARE,
        );
        for (_, holder) in holders.iter().filter(|&&(bytes, _)| bytes > level) {
            holder.shrink(level);
        }
    }

    /// Counts bytes that a connection has not taken yet, for as long as the value lives. `None` if
    /// there is no room: then the connection must be cut.
    pub fn owe(self: &Arc<Self>, bytes: usize) -> Option<Owed> {
        let before = self.owed_bytes.fetch_add(bytes, Relaxed);
        let owed = Owed {
            memory: self.clone(),
            bytes,
        };
        if before + bytes > self.max_owed_bytes() {
            self.cut.fetch_add(1, Relaxed);
            tracing::info!(bytes, "cut or refused: slow clients use up the memory");
            return None;
        }
        Some(owed)
    }

    /// The same bytes, counted as owed while they live.
    pub fn counted(self: &Arc<Self>, bytes: Bytes) -> Option<Bytes> {
        struct Counted(
            Bytes,
            #[expect(dead_code, reason = "it counts until it is dropped")] Owed,
        );
        impl AsRef<[u8]> for Counted {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        let owed = self.owe(bytes.len())?;
        Some(Bytes::from_owner(Counted(bytes, owed)))
    }
}

/// The most that each of some holders may keep so that together they keep at most `max_bytes`.
/// `sizes` are in ascending order.
fn level(sizes: impl ExactSizeIterator<Item = usize>, max_bytes: usize) -> usize {
    let (mut left_bytes, mut holders) = (max_bytes, sizes.len());
    for bytes in sizes {
        let share = left_bytes / holders;
        if bytes > share {
            return share;
        }
        left_bytes -= bytes;
        holders -= 1;
    }
    usize::MAX
}

/// Bytes that a connection has not taken yet.
#[derive(Debug)]
pub struct Owed {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.memory.owed_bytes.fetch_sub(self.bytes, Relaxed);
    }
}

/// The messages of one holder, counted for it and for the server.
#[derive(Debug)]
pub struct Account {
    memory: Arc<Memory>,
    bytes: AtomicUsize,
    max_bytes: usize,
}

impl Account {
    /// An account that lends at most `max_bytes` to framings.
    pub fn new(memory: Arc<Memory>, max_bytes: usize) -> Arc<Self> {
        Arc::new(Account {
            memory,
            bytes: AtomicUsize::new(0),
            max_bytes,
        })
    }

    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether so many bytes more are within both bounds.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.bytes() + bytes <= self.max_bytes
            && self.memory.message_bytes() + bytes <= self.memory.max_message_bytes()
    }

    pub fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Relaxed);
        self.memory.message_bytes.fetch_add(bytes, Relaxed);
    }

    pub fn remove(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Relaxed);
        self.memory.message_bytes.fetch_sub(bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_cuts_the_largest_only() {
        for (sizes, max_bytes, expected) in [
            (&[1, 2, 3][..], 6, usize::MAX),
            (&[1, 2, 30], 10, 7),
            (&[1, 20, 30], 11, 5),
            (&[9, 9, 9], 9, 3),
            (&[9], 0, 0),
            (&[], 0, usize::MAX),
        ] {
            let level = level(sizes.iter().copied(), max_bytes);
            assert_eq!(level, expected, "{sizes:?}");
            let kept: usize = sizes.iter().map(|&bytes| bytes.min(level)).sum();
            assert!(kept <= max_bytes, "{sizes:?}");
        }
    }

    #[test]
    fn what_connections_owe_is_bounded_and_given_back() {
        let memory = Memory::new(400);
        let first = memory.owe(60).unwrap();
        assert!(memory.owe(41).is_none());
        let body = memory.counted(Bytes::from_static(&[0; 40])).unwrap();
        let part = body.slice(..1);
        drop((first, body));
        assert_eq!(memory.owed_bytes(), 40, "a part of it lives");
        drop(part);
        assert_eq!(memory.owed_bytes(), 0);
    }
}
