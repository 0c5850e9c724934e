//! The memory that clients make a server use. One bound for the process counts it all:
//!
//! - messages, with their framings for the first seconds
//! - answers that connections have not taken yet, also where a TLS session has taken them
//! - what has come and is not consumed: heads, bodies, WebSocket messages, TLS records and handshakes
//!   in part, and what a client sends before its turn
//!
//! Three quarters are for messages, or fewer bytes (`--history-bytes`). Where they are used up, the
//! feeds that hold most drop their oldest messages, down to one level, so that no feed takes the
//! room of the others: a feed below the level keeps all it has.
//!
//! The last quarter is for what connections are owed, and for requests that have come in part. All
//! connections of one address together may take as much of it as stays free: one address gets half,
//! two get a third each, and there is always room for another one. (Switches share their buffers
//! so: Choudhury and Hahne, Dynamic Queue Length Thresholds for Shared-Memory Packet Switches,
//! 1998.) A connection beyond that is cut, or its request is refused.
//!
//! Not counted is what connections cost alike: their tasks and the first pages of their buffers.
//! `--max-clients` bounds it. Resident memory a connection, measured with 2,000 in each state, without
//! what is counted:
//!
//! | | KiB | at most |
//! |---|---|---|
//! | fast engine | 2.3 | 3 |
//! | an open WebSocket | 2.8 | 7, with a message in part |
//! | general engine | 14 | 27, with a long head |
//! | with TLS | + 5 | |
//!
//! The kernel's socket buffers belong to no process; `tcp_rmem` and `tcp_wmem` bound them (tcp(7)).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use bytes::Bytes;

/// The bound, unless another is given, in bytes.
pub const MAX_MEMORY_BYTES: usize = 256 << 20;

/// Of the room for messages, one part of so many is freed at once, so that finding the largest
/// feeds costs little for each message.
const FREED_SHARE: usize = 16;

/// The most that messages may have of so many bytes in all: the rest is for what connections owe.
pub fn for_messages(max_bytes: usize) -> usize {
    max_bytes - max_bytes / 4
}

/// Something that holds messages and can drop the oldest of them.
pub trait Holder: Debug + Send + Sync {
    /// Bytes held.
    fn bytes(&self) -> usize;

    /// Drops the oldest messages until at most so many bytes are held; returns their number.
    fn shrink(&self, max_bytes: usize) -> u64;
}

/// The memory of one server.
#[derive(Debug)]
pub struct Memory {
    max_message_bytes: usize,
    max_owed_bytes: usize,
    message_bytes: AtomicUsize,
    evicted: AtomicU64,
    debts: Mutex<Debts>,
    /// Connections that were cut, and requests that were refused, because there was no room.
    cut: AtomicU64,
    holders: Mutex<Vec<Weak<dyn Holder>>>,
}

/// Bytes that connections owe.
#[derive(Debug, Default)]
struct Debts {
    all_bytes: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Memory {
    /// So many bytes in all, of which messages have what [`for_messages`] says.
    pub fn new(max_bytes: usize) -> Arc<Self> {
        Self::with_history(max_bytes, for_messages(max_bytes))
    }

    /// So many bytes in all, and for messages no more than what [`for_messages`] says.
    pub fn with_history(max_bytes: usize, max_message_bytes: usize) -> Arc<Self> {
        Arc::new(Memory {
            max_message_bytes,
            max_owed_bytes: max_bytes - for_messages(max_bytes),
            message_bytes: AtomicUsize::new(0),
            evicted: AtomicU64::new(0),
            debts: Mutex::default(),
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
        self.debts().all_bytes
    }

    /// Connections that were cut, and requests that were refused, because there was no room.
    pub fn cut(&self) -> u64 {
        self.cut.load(Relaxed)
    }

    /// The most bytes of messages and of their framings.
    pub fn max_message_bytes(&self) -> usize {
        self.max_message_bytes
    }

    /// Messages dropped because all feeds together held too much.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Relaxed)
    }

    fn debts(&self) -> MutexGuard<'_, Debts> {
        self.debts.lock().expect("no panic under the lock")
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
        let max_bytes = self.max_message_bytes;
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
            self.evicted.fetch_add(holder.shrink(level), Relaxed);
        }
    }

    /// Counts bytes for a connection of `address`, for as long as the value lives. `None` if the
    /// address has no room: then the connection must be cut, or its request refused.
    pub fn owe(self: &Arc<Self>, address: IpAddr, bytes: usize) -> Option<Owed> {
        let mut debts = self.debts();
        let own_bytes = debts.by_address.get(&address).unwrap_or(&0) + bytes;
        let all_bytes = debts.all_bytes + bytes;
        if own_bytes > self.max_owed_bytes.saturating_sub(all_bytes) {
            drop(debts);
            self.cut.fetch_add(1, Relaxed);
            tracing::info!(%address, bytes, "cut or refused: the address uses up its memory");
            return None;
        }
        debts.all_bytes = all_bytes;
        debts.by_address.insert(address, own_bytes);
        Some(Owed {
            memory: self.clone(),
            address,
            bytes,
        })
    }

    /// The same bytes, counted as owed while they live.
    pub fn counted(self: &Arc<Self>, address: IpAddr, bytes: Bytes) -> Option<Bytes> {
        struct Counted(
            Bytes,
            #[expect(dead_code, reason = "it counts until it is dropped")] Owed,
        );
        impl AsRef<[u8]> for Counted {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        let owed = self.owe(address, bytes.len())?;
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

/// Bytes that a connection owes.
#[derive(Debug)]
pub struct Owed {
    memory: Arc<Memory>,
    address: IpAddr,
    pub bytes: usize,
}

impl Drop for Owed {
    fn drop(&mut self) {
        let mut debts = self.memory.debts();
        debts.all_bytes -= self.bytes;
        if let Entry::Occupied(mut own) = debts.by_address.entry(self.address) {
            *own.get_mut() -= self.bytes;
            if *own.get() == 0 {
                own.remove();
            }
        }
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
            && self.memory.message_bytes() + bytes <= self.memory.max_message_bytes
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
        let memory = Memory::new(800);
        let address = IpAddr::from([192, 0, 2, 1]);
        let first = memory.owe(address, 60).unwrap();
        assert!(memory.owe(address, 41).is_none());
        let body = Bytes::from_static(&[0; 40]);
        let body = memory.counted(address, body).unwrap();
        let part = body.slice(..1);
        drop((first, body));
        assert_eq!(memory.owed_bytes(), 40, "a part of it lives");
        drop(part);
        assert_eq!(memory.owed_bytes(), 0);
        assert!(memory.debts().by_address.is_empty());
    }

    #[test]
    fn however_many_addresses_take_all_they_can_another_one_has_room() {
        let memory = Memory::new(40_000);
        let mut owed = Vec::new();
        for host in 1..=9 {
            let address = IpAddr::from([192, 0, 2, host]);
            let before = memory.owed_bytes();
            while let Some(more) = memory.owe(address, 1) {
                owed.push(more);
            }
            let free = 10_000 - memory.owed_bytes();
            assert!((before..=10_000).contains(&memory.owed_bytes()));
            assert!(free > 10, "{free} are free beside {host}");
        }
    }
}
