//! Feeds: named, ordered streams of messages, each held by one bounded [`Feed`].

pub mod cursor;
pub mod members;
pub mod message;
pub mod ring;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, RwLock};

use tokio::sync::Semaphore;

pub use cursor::{Cursor, Epoch};
pub use members::Members;
pub use message::{InvalidMessage, MAX_NAME_CHARS, Message, NewMessage, check_name, check_text};
pub use ring::{Batch, Feed, Framing, MAX_BATCH_BYTES, Reader, Retention, StoredMessage};

/// Longest feed name, in characters: it travels in every URL.
pub const MAX_FEED_NAME_CHARS: usize = 64;

/// Why a feed cannot be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    #[error("a feed's name has 1 to {MAX_FEED_NAME_CHARS} characters, none of them a control one")]
    BadName,
    #[error("this server holds {0} feeds already, which is its limit: use one of those")]
    TooMany(usize),
}

/// All feeds of one server. A feed comes into being when it is first named.
#[derive(Debug)]
pub struct Feeds {
    logs: RwLock<HashMap<String, Arc<Feed>>>,
    retention: Retention,
    max_feeds: usize,
    epoch: Epoch,
    /// Places for members, shared by all feeds, if presence is kept.
    member_places: Option<Arc<Semaphore>>,
    closed: AtomicBool,
}

impl Feeds {
    /// `max_feeds` bounds what strangers can make the server remember.
    pub fn new(retention: Retention, max_feeds: usize) -> Self {
        Feeds {
            logs: RwLock::default(),
            retention,
            max_feeds,
            epoch: Epoch::draw(),
            member_places: None,
            closed: AtomicBool::new(false),
        }
    }

    /// Keeps presence: readers that give a name are members of the feed they read. `max_members`
    /// bounds how many there are in all feeds together.
    pub fn with_presence(self, max_members: usize) -> Self {
        Feeds {
            member_places: Some(Arc::new(Semaphore::new(max_members))),
            ..self
        }
    }

    /// The log of a feed, made on first use.
    pub fn get(&self, name: &str) -> Result<Arc<Feed>, FeedError> {
        if let Some(log) = self.logs.read().expect("no panic under the lock").get(name) {
            return Ok(log.clone());
        }
        let length = name.chars().count();
        if !(1..=MAX_FEED_NAME_CHARS).contains(&length) || name.chars().any(char::is_control) {
            return Err(FeedError::BadName);
        }
        let mut logs = self.logs.write().expect("no panic under the lock");
        if logs.len() >= self.max_feeds && !logs.contains_key(name) {
            // Feeds that were only named hold nothing: nobody misses them.
            logs.retain(|_, log| log.last() > 0 || Arc::strong_count(log) > 1);
        }
        if logs.len() >= self.max_feeds && !logs.contains_key(name) {
            return Err(FeedError::TooMany(self.max_feeds));
        }
        let new = || {
            let log = Feed::new(self.retention, self.epoch);
            Arc::new(match &self.member_places {
                Some(places) => log.with_members(places.clone()),
                None => log,
            })
        };
        let log = logs.entry(name.to_owned()).or_insert_with(new);
        if self.closed.load(Relaxed) {
            log.close();
        }
        Ok(log.clone())
    }

    /// Nobody waits for a message any more, in whatever feed.
    pub fn close(&self) {
        let logs = self.logs.write().expect("no panic under the lock");
        self.closed.store(true, Relaxed);
        logs.values().for_each(|log| log.close());
    }

    /// Whether readers that give a name are members.
    pub fn keep_presence(&self) -> bool {
        self.member_places.is_some()
    }

    /// How many messages all feeds hold.
    pub fn held(&self) -> usize {
        let logs = self.logs.read().expect("no panic under the lock");
        logs.values().map(|log| log.held()).sum()
    }

    /// How many feeds there are.
    pub fn count(&self) -> usize {
        self.logs.read().expect("no panic under the lock").len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_made_once_and_its_name_is_checked() {
        let feeds = Feeds::new(Retention::default(), 2);
        let lobby = feeds.get("lobby").unwrap();
        assert!(Arc::ptr_eq(&lobby, &feeds.get("lobby").unwrap()));
        assert_eq!(feeds.get("").unwrap_err(), FeedError::BadName);
        assert_eq!(feeds.get("a\nb").unwrap_err(), FeedError::BadName);
        assert_eq!(feeds.get(&"x".repeat(65)).unwrap_err(), FeedError::BadName);
        feeds.get(&"ã".repeat(64)).unwrap();
        feeds
            .get("third")
            .expect("the feed of many characters was empty, and is gone");
        assert_eq!(feeds.count(), 2);
        let held = feeds.get("third").unwrap();
        assert_eq!(feeds.get("fourth").unwrap_err(), FeedError::TooMany(2));
        assert!(
            Arc::ptr_eq(&lobby, &feeds.get("lobby").unwrap()),
            "what exists stays reachable"
        );
        drop((lobby, held));
    }
}
