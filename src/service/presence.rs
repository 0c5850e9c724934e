//! Presence: readers that give a name (`?user=alice`) are members of the feed that they read.
//!
//! Their coming and going are messages of the feed, so that every transport carries them:
//!
//! ```json
//! {"seq":42,"from":"alice","text":"","intended_at_ns":0,"published_at_ns":2,"kind":"join"}
//! {"seq":57,"from":"alice","text":"","intended_at_ns":0,"published_at_ns":9,"kind":"leave"}
//! ```
//!
//! A stream's reader is there while its connection is. A poll's reader is there until it has missed
//! three polls: it may say how often it polls (`&interval_ms=1000`), else [`DEFAULT_INTERVAL`] is
//! what it is granted. While a long poll is held it is there anyway.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use serde_json::json;
use tokio::runtime::Handle;

use crate::feed::{Feed, Members, check_name};
use crate::runtime::clock;
use crate::service::counters::ConnectionCounters;
use crate::service::state::{ApiError, AppState, FeedLog};

/// How often a poll is expected of a reader that does not say, and at the least of any other:
/// whoever is silent for longer is not there.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// Polls that a member may miss.
const MISSED_POLLS: u32 = 3;

/// `GET /feeds/{feed}/members`
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/feeds/{feed}/members", get(members))
}

async fn members(FeedLog(log): FeedLog) -> Result<Response, ApiError> {
    let members = log.members().ok_or_else(|| {
        let advice = "this server keeps no members: start it with --presence on";
        ApiError(StatusCode::NOT_FOUND, advice.to_owned())
    })?;
    Ok(Json(json!({ "members": members.names() })).into_response())
}

/// How long a poll's reader stays after its poll was answered.
pub fn linger(interval_ms: Option<u64>) -> Duration {
    let interval = interval_ms.map_or(DEFAULT_INTERVAL, Duration::from_millis);
    interval.min(MAX_INTERVAL) * MISSED_POLLS
}

/// A reader that is a member for as long as this lives, and lingers after.
#[derive(Debug)]
pub struct PresenceGuard {
    log: Arc<Feed>,
    name: String,
    linger: Duration,
}

impl PresenceGuard {
    /// A connection's reader comes in as `user`, and stays for `linger` after this: a stream's for
    /// no time. Its address may publish too often to be announced; then it just reads.
    pub fn admit(
        state: &AppState,
        counters: &ConnectionCounters,
        log: &Arc<Feed>,
        user: Option<&str>,
        linger: Duration,
    ) -> Result<Option<PresenceGuard>, ApiError> {
        let may_join = || state.paced(counters.address).is_ok();
        PresenceGuard::enter(log, user, linger, may_join)
    }

    /// The reader comes in, unless it gave no name, or this server keeps no members. `may_join` is
    /// asked for each join: it is a message that the feed's readers get, and counts as one.
    fn enter(
        log: &Arc<Feed>,
        user: Option<&str>,
        linger: Duration,
        may_join: impl FnOnce() -> bool,
    ) -> Result<Option<PresenceGuard>, ApiError> {
        let Some(name) = user.map(check_name).transpose()? else {
            return Ok(None);
        };
        let announce = || announce(log, name, "join");
        let enter = |members: &Members| members.enter(name, may_join, announce);
        Ok(log.members().is_some_and(enter).then(|| PresenceGuard {
            log: log.clone(),
            name: name.to_owned(),
            linger,
        }))
    }
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        let (log, name) = (self.log.clone(), std::mem::take(&mut self.name));
        let goodbye = || announce(&log, &name, "leave");
        let watch = log
            .members()
            .is_some_and(|members| members.leave(&name, self.linger, goodbye));
        // Without a runtime the server is ending, and with it all who were there.
        if let (true, Ok(runtime)) = (watch, Handle::try_current()) {
            runtime.spawn(see_off(log, name));
        }
    }
}

/// Waits until a member that polls has missed its polls.
async fn see_off(log: Arc<Feed>, name: String) {
    let expire = |members: &Members| members.expire(&name, || announce(&log, &name, "leave"));
    while let Some(until) = log.members().and_then(expire) {
        tokio::time::sleep_until(until).await;
    }
}

fn announce(log: &Feed, name: &str, kind: &'static str) {
    if let Err(error) = log.announce(name, kind, clock::now_ns()) {
        tracing::warn!(name, kind, %error, "not announced");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::Semaphore;
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::feed::{Epoch, Message, Retention};

    fn feed(places: usize) -> Arc<Feed> {
        let log = Feed::new(Retention::default(), Epoch::draw());
        Arc::new(log.with_members(Arc::new(Semaphore::new(places))))
    }

    fn enter(log: &Arc<Feed>, name: &str, linger: Duration) -> Option<PresenceGuard> {
        PresenceGuard::enter(log, Some(name), linger, || true).unwrap()
    }

    /// What the feed says of who came and went.
    fn story(log: &Feed) -> String {
        let told = |json: &[u8]| {
            let message = Message::from_json(json).unwrap();
            format!("{} {}s", message.from, message.kind.unwrap())
        };
        let messages = log.read_after(0).messages;
        let lines: Vec<_> = messages.iter().map(|stored| told(&stored.json)).collect();
        lines.join(", ")
    }

    #[tokio::test(start_paused = true)]
    async fn several_connections_of_one_name_are_one_member() {
        let log = feed(10);
        let first = enter(&log, " alice ", Duration::ZERO);
        let second = enter(&log, "alice", Duration::ZERO);
        let bob = enter(&log, "bob", Duration::ZERO);
        assert_eq!(log.members().unwrap().names(), ["alice", "bob"]);
        drop((first, bob));
        assert_eq!(log.members().unwrap().names(), ["alice"]);
        drop(second);
        assert_eq!(
            story(&log),
            "alice joins, bob joins, bob leaves, alice leaves"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_poller_leaves_after_three_missed_polls_and_not_before() {
        let log = feed(10);
        let (interval, ms) = (linger(Some(1_000)) / 3, Duration::from_millis(1));
        assert_eq!(interval, Duration::from_secs(1));
        let started = Instant::now();
        for _ in 0..10 {
            drop(enter(&log, "alice", linger(Some(1_000))));
            sleep(interval * 2).await;
        }
        // A poll that is held for longer than all of that is no missed poll.
        let held = enter(&log, "alice", linger(Some(1_000)));
        sleep(interval * 10).await;
        drop(held);
        sleep(interval * 3 - ms).await;
        assert_eq!(story(&log), "alice joins");
        sleep(ms * 2).await;
        assert_eq!(story(&log), "alice joins, alice leaves");
        assert_eq!(started.elapsed(), interval * 33 + ms);
        assert_eq!(linger(None), DEFAULT_INTERVAL * 3);
        assert_eq!(linger(Some(u64::MAX)), MAX_INTERVAL * 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_that_polls_and_streams_stays_for_the_longer_of_both() {
        let log = feed(10);
        let stream = enter(&log, "alice", Duration::ZERO);
        drop(enter(&log, "alice", linger(Some(1_000))));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(story(&log), "alice joins", "the stream is still open");
        drop(enter(&log, "alice", linger(Some(1_000))));
        drop(stream);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(story(&log), "alice joins", "it may poll again");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(story(&log), "alice joins, alice leaves");
    }

    #[tokio::test(start_paused = true)]
    async fn members_are_bounded_and_those_beyond_just_read() {
        let log = feed(1);
        let alice = enter(&log, "alice", Duration::ZERO).expect("there is a place");
        assert!(enter(&log, "bob", Duration::ZERO).is_none());
        assert!(enter(&log, "alice", Duration::ZERO).is_some());
        drop(alice);
        let bob = enter(&log, "bob", Duration::ZERO).expect("alice left her place");
        drop(bob);
        let told = "alice joins, alice leaves, bob joins, bob leaves";
        assert_eq!(story(&log), told);
        let attempt = |name| PresenceGuard::enter(&log, name, Duration::ZERO, || true);
        assert!(attempt(None).unwrap().is_none());
        assert!(attempt(Some(" ")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_not_join_is_not_announced_and_asked_about_no_more_than_once() {
        let log = feed(1);
        let asked = Cell::new(0);
        let attempt = |may_join| {
            let ask = || {
                asked.set(asked.get() + 1);
                may_join
            };
            PresenceGuard::enter(&log, Some("alice"), Duration::ZERO, ask).unwrap()
        };
        assert!(attempt(false).is_none());
        let first = attempt(true).expect("the place was given back");
        let second = attempt(false).expect("she is there already");
        drop((first, second));
        assert_eq!(
            (story(&log).as_str(), asked.get()),
            ("alice joins, alice leaves", 2)
        );
    }
}
