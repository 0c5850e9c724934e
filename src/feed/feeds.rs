//! One feed, and all feeds of a server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, RwLock};

use tokio::sync::Semaphore;

use crate::feed::batch::Batch;
use crate::feed::cursor::{Cursor, Epoch};
use crate::feed::members::Members;
use crate::feed::message::{Message, NewMessage};
use crate::feed::ring::{Reader, Retention, Ring};
use crate::feed::sequencer::{AppendError, Sequencer};

/// Longest feed name, in characters: it is part of every URL.
pub const MAX_FEED_NAME_CHARS: usize = 64;

/// Why a feed is not available.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    #[error(
        "a feed's name has 1 to {MAX_FEED_NAME_CHARS} characters: not dots alone, no control \
         character, and none of / \\ % ? #"
    )]
    BadName,
    #[error("this server holds {0} feeds already, which is its limit: use one of those")]
    TooMany(usize),
}

/// The name of a feed; an error if it breaks the rule. Programs and proxies on the way may take other
/// names for parts of a path or of a URL.
pub fn check_feed_name(name: &str) -> Result<&str, FeedError> {
    let is_bad = |char: char| char.is_control() || "/\\%?#".contains(char);
    let fits = (1..=MAX_FEED_NAME_CHARS).contains(&name.chars().count());
    let is_path = name.chars().all(|char| char == '.');
    match fits && !is_path && !name.contains(is_bad) {
        true => Ok(name),
        false => Err(FeedError::BadName),
    }
}

/// One ordered stream of messages: readers read the ring, publishers append through the sequencer.
#[derive(Debug)]
pub struct Feed {
    ring: Arc<Ring>,
    sequencer: Sequencer,
    members: Option<Members>,
}

impl Feed {
    /// An empty feed, numbered by this process.
    pub fn new(retention: Retention, epoch: Epoch) -> Self {
        Feed {
            ring: Arc::new(Ring::new(retention, epoch)),
            sequencer: Sequencer::default(),
            members: None,
        }
    }

    /// Keeps the members of this feed. The feeds of a server share `places`.
    pub fn with_members(self, places: Arc<Semaphore>) -> Self {
        let members = Some(Members::new(places));
        Feed { members, ..self }
    }

    /// The readers that gave a name; none where presence is not kept.
    pub fn members(&self) -> Option<&Members> {
        self.members.as_ref()
    }

    /// Appends a message, published at `published_at_ns`, wakes the readers and returns its `seq`.
    pub async fn append(&self, new: &NewMessage, published_at_ns: u64) -> Result<u64, AppendError> {
        let message = Message {
            seq: 0,
            from: (&new.from).into(),
            text: (&new.text).into(),
            intended_at_ns: new.intended_at_ns,
            published_at_ns,
            kind: None,
        };
        self.sequencer.append(&self.ring, message).await
    }

    /// Appends a message of a `kind` about `name`, without a text. It does not wait, because a
    /// member leaves where its connection is dropped.
    pub fn announce(
        &self,
        name: &str,
        kind: &'static str,
        published_at_ns: u64,
    ) -> Result<(), AppendError> {
        let message = Message {
            seq: 0,
            from: name.into(),
            text: "".into(),
            intended_at_ns: 0,
            published_at_ns,
            kind: Some(kind.into()),
        };
        self.sequencer.announce(&self.ring, message)
    }

    /// A reader of the messages after a cursor; without one, of those to come.
    pub fn reader(&self, after: Option<Cursor>) -> Reader {
        Reader::new(self.ring.clone(), after)
    }

    /// See [`Ring::place`].
    pub fn place(&self, after: Option<Cursor>) -> u64 {
        self.ring.place(after)
    }

    /// See [`Ring::read_after`].
    pub fn read_after(&self, seq: u64) -> Batch {
        self.ring.read_after(seq)
    }

    /// See [`Ring::history`].
    pub fn history(&self, before: Option<u64>, limit: usize) -> Batch {
        self.ring.history(before, limit)
    }

    /// Whether a message or a reader would be lost with this feed.
    fn is_used(self: &Arc<Self>) -> bool {
        self.ring.last() > 0 || self.ring.has_readers() || Arc::strong_count(self) > 1
    }
}

/// All feeds of one server. A feed is made when it is first named.
#[derive(Debug)]
pub struct Feeds {
    by_name: RwLock<HashMap<String, Arc<Feed>>>,
    retention: Retention,
    max_feeds: usize,
    epoch: Epoch,
    /// Places for members, shared by all feeds; none where presence is not kept.
    member_places: Option<Arc<Semaphore>>,
    closed: AtomicBool,
}

impl Feeds {
    /// `max_feeds` bounds the memory that requests can make the server use.
    pub fn new(retention: Retention, max_feeds: usize) -> Self {
        Feeds {
            by_name: RwLock::default(),
            retention,
            max_feeds,
            epoch: Epoch::draw(),
            member_places: None,
            closed: AtomicBool::new(false),
        }
    }

    /// Keeps presence: a reader that gives a name is a member of its feed. `max_members` bounds the
    /// members of all feeds together.
    pub fn with_presence(self, max_members: usize) -> Self {
        Feeds {
            member_places: Some(Arc::new(Semaphore::new(max_members))),
            ..self
        }
    }

    /// The feed of that name, made on first use.
    pub fn get(&self, name: &str) -> Result<Arc<Feed>, FeedError> {
        let feeds = self.by_name.read().expect("no panic under the lock");
        if let Some(feed) = feeds.get(name) {
            return Ok(feed.clone());
        }
        drop(feeds);
        check_feed_name(name)?;
        let mut feeds = self.by_name.write().expect("no panic under the lock");
        if feeds.len() >= self.max_feeds && !feeds.contains_key(name) {
            // A feed that was only named holds nothing.
            feeds.retain(|_, feed| feed.is_used());
        }
        if feeds.len() >= self.max_feeds && !feeds.contains_key(name) {
            return Err(FeedError::TooMany(self.max_feeds));
        }
        let new = || {
            let feed = Feed::new(self.retention, self.epoch);
            Arc::new(match &self.member_places {
                Some(places) => feed.with_members(places.clone()),
                None => feed,
            })
        };
        let feed = feeds.entry(name.to_owned()).or_insert_with(new);
        if self.closed.load(Relaxed) {
            feed.ring.close();
        }
        Ok(feed.clone())
    }

    /// Ends every wait for a message, in all feeds, those of later too.
    pub fn close(&self) {
        let feeds = self.by_name.write().expect("no panic under the lock");
        self.closed.store(true, Relaxed);
        feeds.values().for_each(|feed| feed.ring.close());
    }

    /// Whether readers that give a name are members.
    pub fn keep_presence(&self) -> bool {
        self.member_places.is_some()
    }

    /// Messages held by all feeds.
    pub fn held(&self) -> usize {
        let feeds = self.by_name.read().expect("no panic under the lock");
        feeds.values().map(|feed| feed.ring.held()).sum()
    }

    /// Number of feeds.
    pub fn count(&self) -> usize {
        self.by_name.read().expect("no panic under the lock").len()
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
        for bad in [
            "a\nb", ".", "..", "...", "../..", "a/b", "a\\b", "%2e", "a?b", "a#b",
        ] {
            assert_eq!(feeds.get(bad).unwrap_err(), FeedError::BadName, "{bad}");
        }
        assert_eq!(feeds.get(&"x".repeat(65)).unwrap_err(), FeedError::BadName);
        feeds.get(&"ã".repeat(64)).unwrap();
        feeds
            .get("third")
            .expect("the feed of many characters was empty, and is gone");
        assert_eq!(feeds.count(), 2);
        let reader = feeds.get("third").unwrap().reader(None);
        assert_eq!(feeds.get("fourth").unwrap_err(), FeedError::TooMany(2));
        assert!(
            Arc::ptr_eq(&lobby, &feeds.get("lobby").unwrap()),
            "what exists stays reachable"
        );
        drop((lobby, reader));
        feeds.get("fourth").expect("nothing uses the third now");
    }
}
