//! A reader of a ring: what every transport follows a feed with.

use std::sync::Arc;

use tokio::sync::watch;

use crate::feed::batch::{Batch, MAX_BATCH_BYTES};
use crate::feed::cursor::Cursor;
use crate::feed::ring::Ring;

/// A cursor into a ring that can wait for messages.
#[derive(Debug)]
pub struct Reader {
    ring: Arc<Ring>,
    cursor: u64,
    newest: watch::Receiver<u64>,
    max_batch_bytes: usize,
}

impl Reader {
    /// Reads the messages after a cursor; without one, those to come.
    pub fn new(ring: Arc<Ring>, after: Option<Cursor>) -> Self {
        Reader {
            cursor: ring.place(after),
            newest: ring.watch(),
            max_batch_bytes: MAX_BATCH_BYTES,
            ring,
        }
    }

    /// The same reader with smaller batches, in bytes of JSON. The last message may exceed it. This
    /// bounds what the server holds for a peer that has stopped reading.
    pub fn in_pieces(mut self, max_batch_bytes: usize) -> Self {
        self.max_batch_bytes = max_batch_bytes;
        self
    }

    /// Another reader at the same cursor.
    pub fn again(&self) -> Self {
        Reader {
            ring: self.ring.clone(),
            newest: self.ring.watch(),
            ..*self
        }
    }

    /// The last message that was read.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Moves on to where others have read for this reader.
    pub fn set_cursor(&mut self, cursor: u64) {
        self.cursor = cursor;
    }

    /// The newest `seq` of the ring.
    pub fn last(&self) -> u64 {
        self.ring.last()
    }

    /// Whether no wait lasts any longer.
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// Tells the ring from all others that exist.
    pub fn ring_key(&self) -> usize {
        Arc::as_ptr(&self.ring).addr()
    }

    /// The messages after the cursor, which moves on.
    pub fn read(&mut self) -> Batch {
        // Mark first, read second: a message appended in between ends the next wait.
        self.newest.borrow_and_update();
        let batch = self.ring.read_up_to(self.cursor, self.max_batch_bytes);
        self.cursor = batch.last;
        batch
    }

    /// Waits for a batch that is not empty. None once the ring is closed and everything was read.
    /// Cancelling it loses nothing.
    pub async fn next(&mut self) -> Option<Batch> {
        loop {
            {
                // The batch is dropped before the wait, so that a waiting task needs less memory.
                let batch = self.read();
                if !batch.is_empty() {
                    return Some(batch);
                }
            }
            if self.is_closed() {
                return None;
            }
            // The sender is in the ring that this reader holds, so it exists.
            let _ = self.newest.changed().await;
        }
    }
}
