//! Clients that read a few bytes a second.

use std::collections::HashMap;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::record::fault::ClientSubset;

/// How often a slow reader may read.
pub const SLOW_TICK: Duration = Duration::from_millis(100);
const TICKS_PER_S: u64 = 10;

/// Some clients of a worker, and what their sockets may still read in this tick.
#[derive(Debug)]
pub(super) struct SlowReaders {
    clients: ClientSubset,
    bytes_per_tick: usize,
    /// Those that have read since the last tick, by their keys in the ledger.
    sockets: HashMap<usize, SlowSocket>,
}

#[derive(Debug)]
struct SlowSocket {
    left: usize,
    waker: Option<Waker>,
}

impl SlowReaders {
    pub(super) fn new(clients: ClientSubset, bytes_per_s: u64) -> Self {
        SlowReaders {
            clients,
            bytes_per_tick: (bytes_per_s / TICKS_PER_S).max(1) as usize,
            sockets: HashMap::new(),
        }
    }

    /// How much a client's socket may read now, up to `most` bytes.
    pub(super) fn poll_room(
        &mut self,
        key: usize,
        client: u32,
        cx: &Context<'_>,
        most: usize,
    ) -> Poll<usize> {
        if !self.clients.contains(client) {
            return Poll::Ready(most);
        }
        let socket = self.sockets.entry(key).or_insert(SlowSocket {
            left: self.bytes_per_tick,
            waker: None,
        });
        if socket.left == 0 {
            socket.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(socket.left.min(most))
    }

    /// A socket has read.
    pub(super) fn took(&mut self, key: usize, bytes: usize) {
        if let Some(socket) = self.sockets.get_mut(&key) {
            socket.left = socket.left.saturating_sub(bytes);
        }
    }

    /// All of them may read again.
    pub(super) fn tick(&mut self) {
        for (_, socket) in self.sockets.drain() {
            socket.waker.into_iter().for_each(Waker::wake);
        }
    }
}
