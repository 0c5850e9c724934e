//! Messages that wait to be published by one author.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// A message to publish.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outgoing {
    /// The feed's number in this trial.
    pub feed: usize,
    /// Its number in the publisher's record.
    pub number: u32,
    pub intended_at_ns: u64,
    pub text: String,
}

/// The most messages in an outbox. A publisher this far behind cannot keep up, or has had no
/// connection for long; further messages count as not published.
const MAX_WAITING: usize = 1_024;

/// The messages that one author is to publish.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: RefCell<VecDeque<Outgoing>>,
    added: Notify,
    /// Numbers of messages that were written on a connection which does not answer them, and that
    /// no subscriber had when this was last looked at.
    pub written: RefCell<Vec<u32>>,
}

impl Outbox {
    /// Adds a message; returns it if the outbox is full.
    pub fn push(&self, message: Outgoing) -> Result<(), Outgoing> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= MAX_WAITING {
            return Err(message);
        }
        waiting.push_back(message);
        self.added.notify_one();
        Ok(())
    }

    /// Puts messages that must be sent again before all others.
    pub fn put_back(&self, messages: impl DoubleEndedIterator<Item = Outgoing>) {
        let mut waiting = self.waiting.borrow_mut();
        messages
            .rev()
            .for_each(|message| waiting.push_front(message));
        self.added.notify_one();
    }

    /// Waits until there is a message, which stays.
    pub async fn filled(&self) {
        while self.waiting.borrow().is_empty() {
            self.added.notified().await;
        }
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
