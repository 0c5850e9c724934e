//! All feeds of a server.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use crate::feed::address_limiter::{AddressLimiter, AddressLimits, AddressPermit, LimitReached};
use crate::feed::cursor::{Epoch, Position};
use crate::feed::feed_name::{FeedError, check_feed_name};
use crate::feed::memory::{MAX_MEMORY_BYTES, Memory};
use crate::feed::one_feed::Feed;
use crate::feed::ring::{Retention, Ring};

/// How long a feed without readers and members stays, in s: with a text, and without one. Where the
/// limit of feeds is reached, it stays [`BUSY_S`] only.
const IDLE_S: u64 = 3_600;
const EMPTY_S: u64 = 10;

/// A feed that was asked for in so many seconds is in use: a client polls it, publishes to
/// it, or has made it and will read it.
const BUSY_S: u64 = 3;

/// Where the limit of feeds is reached, one of so many idle feeds goes, so that finding them costs
/// little for each feed that is made.
const ROOM_SHARE: usize = 8;

/// The usual number of feeds that clients make at once.
pub const MAX_FEEDS: u32 = 10_000;

/// All feeds of one server.
///
/// Some are kept for good. The others are made by the clients that publish to them, or read them as
/// a stream or as a member, and go when they are idle. Their number is limited, in all and for the
/// address that made them.
#[derive(Debug)]
pub struct Feeds {
    table: RwLock<FeedTable>,
    retention: Retention,
    max_feeds: u32,
    places: Arc<AddressLimiter>,
    /// Places for members, shared by all feeds; none where presence is not kept.
    member_places: Option<Arc<AddressLimiter>>,
    memory: Arc<Memory>,
    /// Seconds, counted by [`Feeds::sweep`].
    now_s: AtomicU64,
    closed: AtomicBool,
}

#[derive(Debug)]
struct FeedTable {
    by_name: HashMap<String, Arc<Feed>>,
    /// The epoch of feeds that are made now. A feed that goes takes its numbers with it, so the
    /// next of its name needs another epoch.
    epoch: Epoch,
    /// The searches for room in this second that found none, for an address or for all: they are
    /// not repeated within it.
    no_room: (u64, HashSet<Option<IpAddr>>),
}

impl FeedTable {
    /// Removes feeds. Where numbers go with them, feeds that are made later have another epoch.
    fn remove(&mut self, goes: impl Fn(&str, &Arc<Feed>) -> bool) {
        let mut numbered = false;
        self.by_name.retain(|name, feed| {
            let goes = goes(name, feed);
            numbered |= goes && feed.ring.last() > 0;
            !goes
        });
        if numbered {
            self.epoch = Epoch::draw();
        }
    }

    /// Where `limit` is reached for a client at `address`: removes some of the feeds that count for
    /// it, those that are idle for longest.
    fn make_room(&mut self, limit: LimitReached, address: IpAddr, now_s: u64) {
        let whose = (limit == LimitReached::Address).then_some(address);
        if self.no_room.0 != now_s {
            self.no_room = (now_s, HashSet::new());
        }
        if self.no_room.1.contains(&whose) {
            return;
        }
        let is_of = |address| move |place: &AddressPermit| place.address == address;
        let counts = |feed: &Feed| {
            whose.is_none_or(|address| feed.place.as_ref().is_some_and(is_of(address)))
        };
        let idle_s = |feed: &Arc<Feed>| {
            let idle_s = feed.idle_s(now_s).filter(|_| counts(feed))?;
            (idle_s >= BUSY_S).then_some(idle_s)
        };
        let feeds = self.by_name.iter();
        let mut idle: Vec<_> = feeds
            .filter_map(|(name, feed)| Some((idle_s(feed)?, name)))
            .collect();
        if idle.is_empty() {
            self.no_room.1.insert(whose);
            return;
        }
        idle.sort_unstable_by(|one, other| other.cmp(one));
        idle.truncate(idle.len().div_ceil(ROOM_SHARE));
        let names: HashSet<String> = idle.into_iter().map(|(_, name)| name.clone()).collect();
        self.remove(|name, _| names.contains(name));
    }
}

impl Feeds {
    /// `max_feeds` bounds the feeds that clients make, see [`AddressLimits`].
    pub fn new(retention: Retention, max_feeds: u32) -> Self {
        Feeds {
            table: RwLock::new(FeedTable {
                by_name: HashMap::new(),
                epoch: Epoch::draw(),
                no_room: Default::default(),
            }),
            retention,
            max_feeds,
            places: AddressLimiter::new(AddressLimits {
                all: max_feeds,
                per_address: None,
            }),
            member_places: None,
            memory: Memory::new(MAX_MEMORY_BYTES),
            now_s: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// Keeps presence: a reader that gives a name is a member of its feed. `max_members` bounds the
    /// members of all feeds together. One address has half of them at most, on this machine too.
    pub fn with_presence(self, max_members: u32) -> Self {
        let limits = AddressLimits {
            all: max_members,
            per_address: Some(max_members.div_ceil(2)),
        };
        Feeds {
            member_places: Some(AddressLimiter::new(limits)),
            ..self
        }
    }

    /// Bounds the memory of all messages, and of what connections are owed.
    pub fn with_memory(self, memory: Arc<Memory>) -> Self {
        Feeds { memory, ..self }
    }

    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    fn table(&self) -> RwLockReadGuard<'_, FeedTable> {
        self.table.read().expect("no panic under the lock")
    }

    fn table_mut(&self) -> RwLockWriteGuard<'_, FeedTable> {
        self.table.write().expect("no panic under the lock")
    }

    /// The feed of that name, made if need be and kept for good.
    pub fn keep(&self, name: &str) -> Result<Arc<Feed>, FeedError> {
        check_feed_name(name)?;
        let mut table = self.table_mut();
        let epoch = table.epoch;
        let feed = table.by_name.entry(name.to_owned());
        let feed = feed.or_insert_with(|| self.made(self.new_feed(epoch, None)));
        Ok(feed.clone())
    }

    /// The feed of that name. One that does not exist is empty, and is not made.
    pub fn peek(&self, name: &str) -> Result<Arc<Feed>, FeedError> {
        let table = self.table();
        match table.by_name.get(name) {
            Some(feed) => {
                feed.touch(self.now_s.load(Relaxed));
                Ok(feed.clone())
            }
            None => {
                check_feed_name(name)?;
                Ok(self.new_feed(table.epoch, None))
            }
        }
    }

    /// The feed of that name, for a client at `address` that makes it if it does not exist.
    pub fn open(&self, name: &str, address: IpAddr) -> Result<Arc<Feed>, FeedError> {
        let now_s = self.now_s.load(Relaxed);
        if let Some(feed) = self.table().by_name.get(name) {
            feed.touch(now_s);
            return Ok(feed.clone());
        }
        check_feed_name(name)?;
        let mut table = self.table_mut();
        if let Some(feed) = table.by_name.get(name) {
            return Ok(feed.clone());
        }
        let place = self.places.acquire(address).or_else(|limit| {
            table.make_room(limit, address, now_s);
            self.places.acquire(address)
        });
        let place = place.map_err(|limit| match limit {
            LimitReached::All => FeedError::TooMany(self.max_feeds as usize),
            LimitReached::Address => FeedError::TooManyOfAddress,
        })?;
        let feed = self.made(self.new_feed(table.epoch, Some(place)));
        feed.touch(now_s);
        table.by_name.insert(name.to_owned(), feed.clone());
        Ok(feed)
    }

    /// All feeds, those that were used last first, and the epoch of those that are made now.
    pub(super) fn all(&self) -> (Epoch, Vec<(String, Arc<Feed>)>) {
        let table = self.table();
        let feeds = table.by_name.iter();
        let mut feeds: Vec<_> = feeds
            .map(|(name, feed)| (name.clone(), feed.clone()))
            .collect();
        feeds.sort_by_key(|(_, feed)| Reverse(feed.used_s.load(Relaxed)));
        (table.epoch, feeds)
    }

    /// Feeds that are made from now on have this epoch.
    pub(super) fn set_epoch(&self, epoch: Epoch) {
        self.table_mut().epoch = epoch;
    }

    /// A feed of an earlier process, without its messages. `None` if there is no place for it; then
    /// a later feed of this name has another epoch.
    pub(super) fn restore(
        &self,
        name: &str,
        position: Position,
    ) -> Result<Option<Arc<Feed>>, FeedError> {
        check_feed_name(name)?;
        let mut table = self.table_mut();
        let place = match table.by_name.get(name) {
            Some(kept) if kept.place.is_none() => None,
            _ => match self.places.acquire(Ipv4Addr::LOCALHOST.into()) {
                Ok(place) => Some(place),
                Err(_) => {
                    table.epoch = Epoch::draw();
                    return Ok(None);
                }
            },
        };
        let feed = self.made(self.new_feed(position, place));
        table.by_name.insert(name.to_owned(), feed.clone());
        Ok(Some(feed))
    }

    fn new_feed(&self, position: impl Into<Position>, place: Option<AddressPermit>) -> Arc<Feed> {
        let feed = Feed::at(self.retention, position.into(), &self.memory);
        let mut feed = match &self.member_places {
            Some(places) => feed.with_members(places.clone()),
            None => feed,
        };
        if self.closed.load(Relaxed) {
            feed.ring.close();
        }
        feed.place = place;
        Arc::new(feed)
    }

    /// Registers a new feed with the memory.
    fn made(&self, feed: Arc<Feed>) -> Arc<Feed> {
        let ring: Weak<Ring> = Arc::downgrade(&feed.ring);
        self.memory.register(ring);
        feed
    }

    /// Must be called once a second. Members whose time is over leave, and readers that `may_join`
    /// now join, announced as of `published_at_ns`; idle feeds go.
    pub fn sweep(&self, published_at_ns: u64, may_join: impl Fn(IpAddr) -> bool) {
        let now_s = self.now_s.fetch_add(1, Relaxed) + 1;
        let goes = |feed: &Arc<Feed>| {
            let longest_s = match feed.ring.has_texts() {
                true => IDLE_S,
                false => EMPTY_S,
            };
            feed.idle_s(now_s).is_some_and(|idle_s| idle_s >= longest_s)
        };
        let table = self.table();
        table
            .by_name
            .values()
            .for_each(|feed| feed.sweep(published_at_ns, &may_join));
        let any = table.by_name.values().any(goes);
        drop(table);
        if any {
            self.table_mut().remove(|_, feed| goes(feed));
        }
    }

    /// Ends every wait for a message, in all feeds, those of later too.
    pub fn close(&self) {
        let table = self.table_mut();
        self.closed.store(true, Relaxed);
        table.by_name.values().for_each(|feed| feed.ring.close());
    }

    /// Whether readers that give a name are members.
    pub fn keep_presence(&self) -> bool {
        self.member_places.is_some()
    }

    /// Messages held by all feeds.
    pub fn held(&self) -> usize {
        self.table()
            .by_name
            .values()
            .map(|feed| feed.ring.held())
            .sum()
    }

    /// Number of feeds.
    pub fn count(&self) -> usize {
        self.table().by_name.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;
    use crate::feed::{Framing, NewMessage, StoredMessage};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn feeds(max_feeds: u32) -> Feeds {
        Feeds::new(Retention::default(), max_feeds)
    }

    fn publish(feed: &Feed) {
        let new = NewMessage {
            from: "al".into(),
            text: "oi".into(),
            intended_at_ns: 0,
        };
        let appended = feed.append(&new, 0).now_or_never();
        appended.expect("at once").expect("this process numbers it");
    }

    fn sweep(feeds: &Feeds, seconds: u64) {
        (0..seconds).for_each(|_| feeds.sweep(0, |_| true));
    }

    #[test]
    fn a_feed_is_made_once_and_its_name_is_checked() {
        let feeds = feeds(2);
        let lobby = feeds.open("lobby", HERE).unwrap();
        assert!(Arc::ptr_eq(&lobby, &feeds.open("lobby", HERE).unwrap()));
        for name in [
            "",
            "a\nb",
            ".",
            "..",
            "...",
            "../..",
            "a/b",
            "a\\b",
            "%2e",
            "a?b",
            "a#b",
            " ",
            "\u{200b}",
            "lobby\u{200b}",
            "\u{202e}ybbol",
            &"x".repeat(65),
        ] {
            let refused = [feeds.open(name, HERE), feeds.peek(name), feeds.keep(name)];
            for refused in refused {
                assert_eq!(refused.unwrap_err(), FeedError::BadName, "{name:?}");
            }
        }
        feeds.open(&"ã".repeat(64), HERE).unwrap();
        assert_eq!(feeds.count(), 2);
    }

    #[test]
    fn looking_at_feeds_that_do_not_exist_makes_none() {
        let feeds = feeds(1);
        for number in 0..100 {
            assert!(
                feeds
                    .peek(&number.to_string())
                    .unwrap()
                    .read_after(0)
                    .is_empty()
            );
        }
        assert_eq!(feeds.count(), 0);
        let made = feeds.open("a", HERE).unwrap();
        let (before, after) = (feeds.peek("b").unwrap(), feeds.peek("a").unwrap());
        assert_eq!(before.read_after(0).epoch, made.read_after(0).epoch);
        assert!(Arc::ptr_eq(&made, &after));
    }

    #[test]
    fn idle_feeds_make_room_the_oldest_first_and_those_in_use_and_those_kept_stay() {
        let feeds = feeds(3);
        publish(&feeds.keep("lobby").unwrap());
        let (old, read) = (
            feeds.open("old", HERE).unwrap(),
            feeds.open("read", HERE).unwrap(),
        );
        publish(&old);
        let reader = read.reader(None);
        drop((old, read));
        sweep(&feeds, BUSY_S);
        publish(&feeds.open("new", HERE).unwrap());
        feeds.open("a", HERE).expect("the old one is gone");
        assert!(feeds.peek("old").unwrap().read_after(0).is_empty());
        let busy = feeds.open("a", HERE).unwrap();
        assert_eq!(feeds.open("b", HERE).unwrap_err(), FeedError::TooMany(3));
        sweep(&feeds, 1);
        assert_eq!(feeds.open("b", HERE).unwrap_err(), FeedError::TooMany(3));
        drop((busy, reader));
        sweep(&feeds, BUSY_S);
        feeds.open("b", HERE).expect("nothing reads a");
        sweep(&feeds, EMPTY_S);
        let names = |feeds: &Feeds| feeds.table().by_name.keys().cloned().collect::<Vec<_>>();
        let mut left = names(&feeds);
        left.sort();
        assert_eq!(left, ["lobby", "new"], "without a text, they go");
        sweep(&feeds, IDLE_S);
        assert_eq!(names(&feeds), ["lobby"]);
    }

    #[test]
    fn an_address_that_makes_many_feeds_loses_its_own() {
        let feeds = feeds(4);
        let [one, other] = [1, 2].map(|host| IpAddr::from([192, 0, 2, host]));
        publish(&feeds.open("other", other).unwrap());
        let held = feeds.open("0", one).unwrap();
        for number in 0..20 {
            publish(&feeds.open(&format!("a{number}"), one).unwrap());
            sweep(&feeds, BUSY_S);
        }
        assert_eq!(feeds.count(), 3, "two of four at most");
        assert!(feeds.peek("other").unwrap().ring.has_texts());
        let second = feeds.open("1", one).unwrap();
        let refused = feeds.open("2", one).unwrap_err();
        assert_eq!(refused, FeedError::TooManyOfAddress);
        drop((held, second));
        feeds.open("2", other).unwrap();
    }

    #[test]
    fn a_feed_that_is_made_again_has_another_epoch_for_its_numbers() {
        let feeds = feeds(1);
        let epoch = || feeds.peek("a").unwrap().read_after(0).epoch;
        publish(&feeds.open("a", HERE).unwrap());
        let before = epoch();
        sweep(&feeds, BUSY_S);
        feeds.open("b", HERE).unwrap();
        assert_ne!(epoch(), before);
    }

    #[test]
    fn all_feeds_together_keep_to_the_memory_and_the_largest_give_first() {
        let feeds = feeds(100).with_memory(Memory::new(4 << 20));
        let small = feeds.keep("lobby").unwrap();
        (0..10).for_each(|_| publish(&small));
        let text = "x".repeat(60_000);
        for round in 0..500 {
            let feed = feeds.open(&format!("{}", round % 50), HERE).unwrap();
            let new = NewMessage {
                from: "al".into(),
                text: text.clone(),
                intended_at_ns: 0,
            };
            let _ = feed.append(&new, 0).now_or_never();
            let newest = feed.read_after(0);
            for framing in [Framing::Frame, Framing::Event, Framing::Length] {
                let copy = |message: &StoredMessage| message.json.to_vec().into();
                newest.framed(framing, copy, |_| Bytes::new());
            }
            let bytes = feeds.memory().message_bytes();
            assert!(bytes <= 3 << 20, "{bytes}");
        }
        assert_eq!(small.read_after(0).messages.len(), 10);
    }
}
