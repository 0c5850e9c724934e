//! Presence: readers that give a name (`?user=alice`) are members of the feed that they read.
//!
//! Joins and leaves are messages of the feed, so every transport carries them:
//!
//! ```json
//! {"seq":42,"from":"alice","text":"","intended_at_ns":0,"published_at_ns":2,"kind":"join"}
//! {"seq":57,"from":"alice","text":"","intended_at_ns":0,"published_at_ns":9,"kind":"leave"}
//! ```
//!
//! The reader of a stream is present while its connection is open, and for
//! [`Limits::leave_after`](crate::service::limits::Limits) more: a page that is loaded again does
//! not leave. The reader of polls is present until it has missed three polls. It may state how
//! often it polls (`&interval_ms=1000`); otherwise [`DEFAULT_INTERVAL`] is assumed. While a long
//! poll is held, its reader is present.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::feed::{Feed, check_name};
use crate::runtime::clock;
use crate::service::answer::ApiError;
use crate::service::counters::ConnectionCounters;
use crate::service::state::AppState;

/// The poll interval of a reader that does not give one.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// The longest poll interval that is believed.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// Polls that a member may miss.
const MISSED_POLLS: u32 = 3;

/// How long the reader of a poll stays present after the poll is answered.
pub fn grace(interval_ms: Option<u64>) -> Duration {
    let interval = interval_ms.map_or(DEFAULT_INTERVAL, Duration::from_millis);
    interval.min(MAX_INTERVAL) * MISSED_POLLS
}

/// A reader that is a member while this lives, and for the grace period after.
#[derive(Debug)]
pub struct PresenceGuard {
    feed: Arc<Feed>,
    name: String,
    transport: &'static str,
    grace: Duration,
}

impl PresenceGuard {
    /// Makes a connection's reader by `transport` a member as `user`; none if there is no name, or the server
    /// keeps no members. Where the server has no place for it, or its address joins or publishes
    /// too often for a join to be announced, it reads unannounced, and joins later if it still
    /// reads.
    ///
    /// # Errors
    /// 422 if the name is not valid.
    pub fn admit(
        state: &AppState,
        counters: &ConnectionCounters,
        feed: &Arc<Feed>,
        user: Option<&str>,
        transport: &'static str,
        grace: Duration,
    ) -> Result<Option<PresenceGuard>, ApiError> {
        let may_join = |address| state.may_join(address);
        PresenceGuard::join(feed, user, transport, counters.address, grace, may_join)
    }

    /// The same, where `may_join` is called for each join: it is a message that all readers of the
    /// feed get, and counts as one.
    fn join(
        feed: &Arc<Feed>,
        user: Option<&str>,
        transport: &'static str,
        address: IpAddr,
        grace: Duration,
        may_join: impl FnOnce(IpAddr) -> bool,
    ) -> Result<Option<PresenceGuard>, ApiError> {
        let Some(name) = user.map(check_name).transpose()? else {
            return Ok(None);
        };
        Ok(feed.members().map(|members| {
            members.enter(name, transport, address, may_join, || {
                announce_join(feed, name)
            });
            PresenceGuard {
                feed: feed.clone(),
                name: name.to_owned(),
                transport,
                grace,
            }
        }))
    }
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        if let Some(members) = self.feed.members() {
            members.leave(&self.name, self.transport, self.grace);
        }
    }
}

fn announce_join(feed: &Feed, name: &str) {
    if let Err(error) = feed.announce(name, "join", clock::now_ns()) {
        tracing::warn!(name, %error, "a join is not announced");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::advance;

    use super::*;
    use crate::feed::{Feeds, Message, Retention};

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    /// A feed on a server with so many places for members.
    fn feed(places: u32) -> Arc<Feed> {
        let feeds = Feeds::new(Retention::default(), 1).with_presence(places);
        feeds.keep("a").unwrap()
    }

    fn join(log: &Arc<Feed>, name: &str, grace: Duration) -> Option<PresenceGuard> {
        PresenceGuard::join(log, Some(name), "sse", HERE, grace, |_| true).unwrap()
    }

    /// Lets time pass, up to a sweep.
    async fn sleep(log: &Feed, time: Duration) {
        advance(time).await;
        log.sweep(0, |_| true);
    }

    /// The joins and leaves in the feed.
    fn history(log: &Feed) -> String {
        let line = |json: &[u8]| {
            let message = Message::from_json(json).unwrap();
            format!("{} {}s", message.from, message.kind.unwrap())
        };
        let messages = log.read_after(0).messages;
        let lines: Vec<_> = messages.iter().map(|stored| line(&stored.json)).collect();
        lines.join(", ")
    }

    const NO: Duration = Duration::ZERO;
    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn several_connections_of_one_name_are_one_member() {
        let log = feed(10);
        let first = join(&log, " alice ", NO);
        let second = join(&log, "alice", NO);
        let bob = join(&log, "bob", NO);
        assert_eq!(log.members().unwrap().names(), ["alice", "bob"]);
        drop((first, bob));
        sleep(&log, NO).await;
        assert_eq!(log.members().unwrap().names(), ["alice"]);
        drop(second);
        sleep(&log, NO).await;
        assert_eq!(
            history(&log),
            "alice joins, bob joins, bob leaves, alice leaves"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_that_comes_back_in_time_has_never_left() {
        let log = feed(10);
        for _ in 0..3 {
            drop(join(&log, "alice", SECOND * 5));
            sleep(&log, SECOND * 4).await;
        }
        assert_eq!(history(&log), "alice joins");
        sleep(&log, SECOND).await;
        assert_eq!(history(&log), "alice joins, alice leaves");
    }

    #[tokio::test(start_paused = true)]
    async fn a_poller_leaves_after_three_missed_polls_and_not_before() {
        let log = feed(10);
        let ms = Duration::from_millis(1);
        assert_eq!(grace(Some(1_000)) / 3, SECOND);
        for _ in 0..10 {
            drop(join(&log, "alice", grace(Some(1_000))));
            sleep(&log, SECOND * 2).await;
        }
        // A held poll is not a missed one.
        let held = join(&log, "alice", grace(Some(1_000)));
        sleep(&log, SECOND * 10).await;
        drop(held);
        sleep(&log, SECOND * 3 - ms).await;
        assert_eq!(history(&log), "alice joins");
        sleep(&log, ms).await;
        assert_eq!(history(&log), "alice joins, alice leaves");
        assert_eq!(grace(None), DEFAULT_INTERVAL * 3);
        assert_eq!(grace(Some(u64::MAX)), MAX_INTERVAL * 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_that_polls_and_streams_stays_for_the_longer_of_both() {
        let log = feed(10);
        let stream = join(&log, "alice", NO);
        drop(join(&log, "alice", grace(Some(1_000))));
        sleep(&log, SECOND * 5).await;
        assert_eq!(history(&log), "alice joins", "the stream is still open");
        drop(join(&log, "alice", grace(Some(1_000))));
        drop(stream);
        sleep(&log, SECOND * 2).await;
        assert_eq!(history(&log), "alice joins", "it may poll again");
        sleep(&log, SECOND).await;
        assert_eq!(history(&log), "alice joins, alice leaves");
    }

    fn names(log: &Feed) -> Vec<String> {
        log.members().unwrap().names()
    }

    #[tokio::test(start_paused = true)]
    async fn members_are_bounded_and_others_read_unannounced_until_there_is_room() {
        let log = feed(1);
        let alice = join(&log, "alice", NO);
        let bob = join(&log, "bob", NO);
        drop(join(&log, "carol", SECOND));
        let again = join(&log, "alice", NO);
        assert_eq!(names(&log), ["alice"]);
        drop((alice, again));
        sleep(&log, NO).await;
        sleep(&log, NO).await;
        assert_eq!(names(&log), ["bob"]);
        drop(bob);
        sleep(&log, NO).await;
        let expected = "alice joins, alice leaves, bob joins, bob leaves";
        assert_eq!(history(&log), expected);
        assert!(log.members().unwrap().is_empty());
        let attempt = |name| PresenceGuard::join(&log, name, "sse", HERE, NO, |_| true);
        assert!(attempt(None).unwrap().is_none());
        assert!(attempt(Some(" ")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_takes_half_of_the_places_at_most() {
        let log = feed(4);
        let _members = ["a", "b", "c", "d"].map(|name| join(&log, name, NO));
        let elsewhere = [192, 0, 2, 1].into();
        let _other = PresenceGuard::join(&log, Some("e"), "sse", elsewhere, NO, |_| true).unwrap();
        assert_eq!(names(&log), ["a", "b", "e"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_may_not_join_yet_joins_once_later() {
        let log = feed(1);
        let checks = Cell::new(0);
        let attempt = |may_join| {
            let check = |_| {
                checks.set(checks.get() + 1);
                may_join
            };
            PresenceGuard::join(&log, Some("alice"), "sse", HERE, NO, check).unwrap()
        };
        let first = attempt(false);
        assert_eq!((names(&log).len(), checks.get()), (0, 1));
        log.sweep(0, |_| false);
        assert_eq!(history(&log), "");
        log.sweep(0, |_| true);
        let second = attempt(true);
        drop((first, second));
        sleep(&log, NO).await;
        let story = "alice joins, alice leaves";
        assert_eq!((history(&log).as_str(), checks.get()), (story, 1));
    }
}
