//! Messages that wait to be published by one author.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// A message on its way out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outgoing {
    /// The feed's number in this trial.
    pub feed: usize,
    pub intended_at_ns: u64,
    pub text: String,
}

/// Messages that wait in an outbox, at the most: a publisher this far behind has lost its race, and
/// what comes on top counts as not published.
const MAX_WAITING: usize = 1_024;

/// Messages that one author is to publish.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: RefCell<VecDeque<Outgoing>>,
    added: Notify,
}

impl Outbox {
    /// Adds a message; gives it back if too many wait already.
    pub fn push(&self, message: Outgoing) -> Result<(), Outgoing> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= MAX_WAITING {
            return Err(message);
        }
        waiting.push_back(message);
        self.added.notify_one();
        Ok(())
    }

    /// Puts messages back that have to be sent again, before all others.
    pub fn put_back(&self, messages: impl DoubleEndedIterator<Item = Outgoing>) {
        let mut waiting = self.waiting.borrow_mut();
        messages
            .rev()
            .for_each(|message| waiting.push_front(message));
        self.added.notify_one();
    }

    /// The next message, waiting for it. May be cancelled without loss.
    pub async fn next(&self) -> Outgoing {
        loop {
            if let Some(message) = self.waiting.borrow_mut().pop_front() {
                return message;
            }
            self.added.notified().await;
        }
    }
}
