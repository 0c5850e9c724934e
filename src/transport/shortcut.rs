//! The short way of a poll: to its answer without the router and the general reader of queries,
//! which would take longer than all else that is done for it.
//!
//! It is open to polls that are written plainly: no escapes, known parameters, each once. Those are
//! nearly all. Whatever is written otherwise goes through the router, and means the same.

use std::sync::Arc;

use axum::http::{Method, Request, Uri};
use axum::response::{IntoResponse, Response};

use super::hub::{ApiError, Hub};
use super::polling::After;
use super::tally::Account;
use super::{Transport, long_polling, short_polling};
use crate::feed::{FeedError, Log};

/// A plain poll.
#[derive(Debug)]
pub struct Poll {
    transport: Transport,
    log: Result<Arc<Log>, FeedError>,
    query: After,
    hold_ms: Option<u64>,
}

impl Poll {
    /// What a request asks for, if it is a plain poll.
    pub fn of<B>(request: &Request<B>, hub: &Hub) -> Option<Self> {
        let plain = match *request.method() {
            Method::GET => Plain::parse(request.uri())?,
            _ => return None,
        };
        Some(Poll {
            transport: plain.transport,
            log: hub.feeds.get(plain.feed),
            query: plain.query,
            hold_ms: plain.hold_ms,
        })
    }

    /// The answer, when it is time.
    pub async fn answer(self, hub: &Arc<Hub>, account: &Account) -> Response {
        let answer = self.try_answer(hub, account).await;
        answer.unwrap_or_else(ApiError::into_response)
    }

    async fn try_answer(self, hub: &Arc<Hub>, account: &Account) -> Result<Response, ApiError> {
        let (log, query) = (self.log?, self.query);
        match self.transport {
            Transport::LongPolling => {
                long_polling::answer_poll(hub, account, &log, &query, self.hold_ms).await
            }
            _ => short_polling::answer_poll(hub, account, &log, &query),
        }
    }
}

/// What a plain poll's target says.
#[derive(Debug)]
struct Plain<'a> {
    transport: Transport,
    feed: &'a str,
    query: After,
    hold_ms: Option<u64>,
}

impl<'a> Plain<'a> {
    fn parse(uri: &'a Uri) -> Option<Self> {
        let (feed, kind) = uri.path().strip_prefix("/feeds/")?.split_once('/')?;
        let transport = match kind {
            "poll" => Transport::ShortPolling,
            "long-poll" => Transport::LongPolling,
            _ => return None,
        };
        let escaped = |text: &str| text.bytes().any(|byte| matches!(byte, b'%' | b'+'));
        let query = uri.query();
        if feed.is_empty() || escaped(feed) || query.is_some_and(escaped) {
            return None;
        }
        let mut plain = Plain {
            transport,
            feed,
            query: After::default(),
            hold_ms: None,
        };
        for parameter in query.into_iter().flat_map(|query| query.split('&')) {
            let (name, value) = parameter.split_once('=')?;
            match name {
                "after" => once(&mut plain.query.after, value)?,
                "user" => once(&mut plain.query.user, value)?,
                "interval_ms" => once(&mut plain.query.interval_ms, value)?,
                "hold_ms" if transport == Transport::LongPolling => {
                    once(&mut plain.hold_ms, value)?;
                }
                _ => return None,
            }
        }
        Some(plain)
    }
}

/// Takes a parameter that must not have been there before.
fn once<T: std::str::FromStr>(parameter: &mut Option<T>, value: &str) -> Option<()> {
    parameter
        .replace(value.parse().ok()?)
        .is_none()
        .then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_polls_take_the_short_way() {
        let parse = |target: &str| {
            let uri: Uri = target.parse().unwrap();
            Plain::parse(&uri).map(|plain| format!("{plain:?}"))
        };
        let long = parse("/feeds/a/long-poll?after=4-k3x9&hold_ms=50&user=al&interval_ms=9");
        let long = long.expect("a plain poll");
        for part in ["LongPolling", "\"a\"", "seq: 4", "50", "\"al\"", "9"] {
            assert!(long.contains(part), "{long} lacks {part}");
        }
        assert!(parse("/feeds/a/poll").unwrap().contains("after: None"));
        for other in [
            "/feeds/a/sse?after=1",
            "/feeds/a/poll/x",
            "/feeds//poll",
            "/feeds/a%20b/poll",
            "/feeds/a/poll?user=a+b",
            "/feeds/a/poll?after=%31",
            "/feeds/a/poll?after=x",
            "/feeds/a/poll?after=1&after=2",
            "/feeds/a/poll?",
            "/feeds/a/poll?token=t",
            "/feeds/a/poll?hold_ms=1",
            "/events",
        ] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
