//! The dialect: how a given server is asked, read, resumed and published to.
//!
//! This is the only place at the client's end that knows the paths, queries and JSON of a server.
//! An address that a server does not have is `None`. Only wslab's own server is known so far:
//!
//! ```text
//! GET  /feeds/{feed}/{endpoint}?after=SEQ-EPOCH[&user=NAME][&hold_ms=N][&interval_ms=N]
//! GET  /feeds/{feed}/messages?limit=N      {"messages":[…],"last":42,"epoch":"k3x9"}
//! POST /feeds/{feed}/messages              {"from":"alice","text":"oi","intended_at_ns":N} → 201
//! GET  /feeds/{feed}/members               {"members":["alice"],"transports":{"alice":["sse"]}}
//! GET  /healthz, /metrics, /feeds
//! ```

use std::fmt::Write;
use std::ops::Sub;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::error::ClientError;
use crate::client::http::{self, Wanted};
use crate::client::outbox::Outgoing;
use crate::feed::{Cursor, Epoch, Message};

/// Which server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// This program's own server.
    #[default]
    Wslab,
}

/// What a poll says of its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollTiming {
    /// The longest time for which the server may hold its answer back.
    pub hold: Option<Duration>,
    /// Time until the client's next poll, by which a server tells how long the user is present.
    pub interval: Option<Duration>,
}

/// The answer to a poll, and to a request for history.
#[derive(Debug, Deserialize)]
pub struct MessagePage<'a> {
    #[serde(borrow)]
    pub messages: Vec<Message<'a>>,
    /// The number of the feed's last message.
    pub last: u64,
    pub epoch: Epoch,
    /// Messages after the cursor that the server no longer has.
    pub missed: Option<u64>,
    /// Set to 0 if they are joins and leaves alone.
    pub missed_texts: Option<u64>,
}

/// The server does not know a cursor, or no longer has all messages after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Reset {
    pub missed: u64,
    /// Set to 0 if they are joins and leaves alone.
    pub missed_texts: Option<u64>,
    pub epoch: Epoch,
}

/// Bytes through all sockets of a server, and what its transport of the trial wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCounters {
    /// Read by the server.
    pub up_bytes: u64,
    /// Written by the server.
    pub down_bytes: u64,
    pub deliveries: u64,
    pub writes: u64,
    /// Requests for the transport since the server started, by the engine that answered them.
    pub fast_requests: u64,
    pub general_requests: u64,
}

impl ServerCounters {
    /// The engine that answered the transport's requests. `None` if there were none.
    pub fn engine(&self) -> Option<&'static str> {
        match (self.fast_requests, self.general_requests) {
            (0, 0) => None,
            (_, 0) => Some("fast"),
            (0, _) => Some("general"),
            (_, _) => Some("mixed"),
        }
    }
}

impl Sub for ServerCounters {
    type Output = ServerCounters;

    fn sub(self, earlier: ServerCounters) -> ServerCounters {
        ServerCounters {
            up_bytes: self.up_bytes - earlier.up_bytes,
            down_bytes: self.down_bytes - earlier.down_bytes,
            deliveries: self.deliveries - earlier.deliveries,
            writes: self.writes - earlier.writes,
            // A stream's request comes before the window, so requests are not a difference.
            ..self
        }
    }
}

impl Dialect {
    /// The path of a feed, under the prefix of a [`Target`](crate::client::target::Target).
    pub fn feed_path(self, prefix: &str, feed: &str) -> String {
        match self {
            Dialect::Wslab => format!("{prefix}/feeds/{}", http::encode(feed)),
        }
    }

    /// Where the messages of a feed are published.
    pub fn publish_path(self, feed_path: &str) -> String {
        match self {
            Dialect::Wslab => format!("{feed_path}/messages"),
        }
    }

    /// Where the last messages of a feed are read.
    pub fn history_path(self, feed_path: &str, limit: usize) -> String {
        match self {
            Dialect::Wslab => format!("{feed_path}/messages?limit={limit}"),
        }
    }

    /// Where the names of those present in a feed are read.
    pub fn members_path(self, feed_path: &str) -> Option<String> {
        match self {
            Dialect::Wslab => Some(format!("{feed_path}/members")),
        }
    }

    /// Answers whether the server is well, to every client.
    pub fn health_path(self) -> &'static str {
        match self {
            Dialect::Wslab => "/healthz",
        }
    }

    /// Answers 401 to a client without the token and 404 to all others, and changes nothing on the
    /// server.
    pub fn admission_path(self) -> &'static str {
        match self {
            Dialect::Wslab => "/feeds",
        }
    }

    /// What makes a feed that does not exist, and waits for nothing.
    pub fn make_path(self, feed: &str) -> String {
        match self {
            Dialect::Wslab => format!("{}/long-poll?hold_ms=0", self.feed_path("", feed)),
        }
    }

    /// Where the server tells what it counted.
    pub fn counters_path(self) -> Option<&'static str> {
        match self {
            Dialect::Wslab => Some("/metrics"),
        }
    }

    /// What follows `after` in a feed, over the transport with this endpoint, read by `user`.
    pub fn subscribe_path(
        self,
        feed_path: &str,
        endpoint: &str,
        after: Cursor,
        user: Option<&str>,
        timing: PollTiming,
    ) -> String {
        let mut path = String::with_capacity(feed_path.len() + 64);
        path.extend([feed_path, "/", endpoint, "?after="]);
        let ms = |time: Duration| time.as_millis();
        // Writing to a String cannot fail.
        let _ = write!(path, "{after}");
        if let Some(user) = user {
            path.extend(["&user=", &http::encode(user)]);
        }
        if let Some(hold) = timing.hold {
            let _ = write!(path, "&hold_ms={}", ms(hold));
        }
        if let (Some(interval), Some(_)) = (timing.interval, user) {
            let _ = write!(path, "&interval_ms={}", ms(interval));
        }
        path
    }

    /// The JSON that publishes a message; without `from` where the connection has the name.
    pub fn publish_body(self, from: Option<&str>, message: &Outgoing) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            from: Option<&'a str>,
            text: &'a str,
            intended_at_ns: u64,
        }
        let body = Body {
            from,
            text: &message.text,
            intended_at_ns: message.intended_at_ns,
        };
        serde_json::to_string(&body).expect("strings and numbers always encode")
    }

    /// The answer to a POST which says that the message is in the feed.
    pub fn published(self) -> Wanted {
        let (status, kind) = match self {
            Dialect::Wslab => (201, http::JSON),
        };
        Wanted { status, kind }
    }

    /// Whether an answer from [`health_path`](Dialect::health_path) says that the server is well.
    pub fn is_healthy(self, body: &[u8]) -> bool {
        let health: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        health["status"] == "ok"
    }

    /// Reads the answer to a poll or a request for history.
    pub fn page(self, body: &[u8]) -> Result<MessagePage<'_>, ClientError> {
        let body = str::from_utf8(body).map_err(ClientError::wrong)?;
        serde_json::from_str(body).map_err(ClientError::wrong)
    }

    /// Reads the names of those present.
    pub fn members(self, body: &[u8]) -> Result<Vec<String>, ClientError> {
        #[derive(Deserialize)]
        struct Body {
            members: Vec<String>,
        }
        let body: Body = serde_json::from_slice(body).map_err(ClientError::wrong)?;
        Ok(body.members)
    }

    /// Reads what the server counted for a transport from its counters' text, in the Prometheus
    /// exposition format.
    pub fn counters(self, text: &[u8], transport: &str) -> ServerCounters {
        let text = String::from_utf8_lossy(text);
        let sum = |name: &str, label: &str| -> u64 {
            let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
            lines
                .filter(|(series, _)| series.starts_with(name) && series.contains(label))
                .filter_map(|(_, value)| value.parse::<u64>().ok())
                .sum()
        };
        let label = format!("transport=\"{transport}\"");
        let requests = |engine: &str| {
            sum(
                "wslab_requests_total{",
                &format!("{label},engine=\"{engine}\""),
            )
        };
        ServerCounters {
            up_bytes: sum("wslab_read_bytes_total{", ""),
            down_bytes: sum("wslab_written_bytes_total{", ""),
            deliveries: sum("wslab_deliveries_total{", &label),
            writes: sum("wslab_writes_total{", &label),
            fast_requests: requests("fast"),
            general_requests: requests("general"),
        }
    }

    /// Reads one message of a stream.
    pub fn message(self, json: &str) -> Result<Message<'_>, ClientError> {
        Message::from_text(json).map_err(ClientError::wrong)
    }

    /// The JSON of a [`Reset`] in what a stream carries, if it is one: `{"reset":…}`.
    pub fn reset_in(self, json: &[u8]) -> Option<&[u8]> {
        json.strip_prefix(b"{\"reset\":")?.strip_suffix(b"}")
    }

    /// Reads the JSON of a reset.
    pub fn reset(self, json: &[u8]) -> Result<Reset, ClientError> {
        serde_json::from_slice(json).map_err(ClientError::wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WSLAB: Dialect = Dialect::Wslab;

    #[test]
    fn paths_are_these() {
        let feed = WSLAB.feed_path("/lab", "a b");
        assert_eq!(feed, "/lab/feeds/a%20b");
        let path = |user, timing| {
            let after = "41-k3x9".parse().unwrap();
            WSLAB.subscribe_path(&feed, "poll", after, user, timing)
        };
        let second = Some(Duration::from_secs(1));
        let both = PollTiming {
            hold: second,
            interval: second,
        };
        let ask = "/lab/feeds/a%20b/poll?after=41-k3x9";
        assert_eq!(path(None, PollTiming::default()), ask);
        assert_eq!(path(None, both), format!("{ask}&hold_ms=1000"));
        assert_eq!(
            path(Some("é"), both),
            format!("{ask}&user=%C3%A9&hold_ms=1000&interval_ms=1000")
        );
    }

    #[test]
    fn a_message_is_published_as_this_json() {
        let message = Outgoing {
            feed: 3,
            number: 0,
            intended_at_ns: 7,
            text: "\"oi\"".into(),
        };
        assert_eq!(
            WSLAB.publish_body(Some("al"), &message),
            r#"{"from":"al","text":"\"oi\"","intended_at_ns":7}"#
        );
        assert_eq!(
            WSLAB.publish_body(None, &message),
            r#"{"text":"\"oi\"","intended_at_ns":7}"#
        );
    }

    #[test]
    fn a_page_has_messages_and_where_they_end() {
        let json = br#"{"messages":[{"seq":2,"from":"al","text":"b","intended_at_ns":5,"published_at_ns":6}],"last":2,"epoch":"k3x9","missed":1}"#;
        let page = WSLAB.page(json).unwrap();
        assert_eq!(page.messages[0].text, "b");
        assert_eq!((page.last, page.missed), (2, Some(1)));
        for bad in [&b"{}"[..], b"[]", b"\xff"] {
            assert!(WSLAB.page(bad).is_err());
        }
    }

    #[test]
    fn a_reset_is_told_from_a_message() {
        let json = br#"{"reset":{"missed":1,"last":9,"epoch":"k3x9"}}"#;
        let reset = WSLAB.reset_in(json).map(|json| WSLAB.reset(json).unwrap());
        let expected = Reset {
            missed: 1,
            missed_texts: None,
            epoch: "k3x9".into(),
        };
        assert_eq!(reset, Some(expected));
        for other in [&br#"{"reset":"#[..], br#"{"seq":1}"#, b"}", b""] {
            assert_eq!(WSLAB.reset_in(other), None);
        }
    }

    #[test]
    fn counters_of_one_transport_and_bytes_of_all_are_summed() {
        let text = b"# HELP wslab_read_bytes_total bytes\n\
            wslab_read_bytes_total{transport=\"sse\"} 10\n\
            wslab_read_bytes_total{transport=\"none\"} 5\n\
            wslab_written_bytes_total{transport=\"sse\"} 70\n\
            wslab_deliveries_total{transport=\"sse\"} 3\n\
            wslab_deliveries_total{transport=\"websocket\"} 8\n\
            wslab_writes_total{transport=\"sse\"} 2\n\
            wslab_requests_total{transport=\"sse\",engine=\"fast\"} 4\n\
            wslab_requests_total{transport=\"sse\",engine=\"general\"} 1\n\
            wslab_requests_total{transport=\"websocket\",engine=\"fast\"} 9\n";
        let expected = ServerCounters {
            up_bytes: 15,
            down_bytes: 70,
            deliveries: 3,
            writes: 2,
            fast_requests: 4,
            general_requests: 1,
        };
        assert_eq!(WSLAB.counters(text, "sse"), expected);
        assert_eq!(expected.engine(), Some("mixed"));
        assert_eq!(WSLAB.counters(text, "websocket").engine(), Some("fast"));
        assert_eq!(WSLAB.counters(text, "ndjson").engine(), None);
    }

    #[test]
    fn only_a_server_that_says_so_is_well() {
        let healthy = |body: &str| WSLAB.is_healthy(body.as_bytes());
        assert!(healthy(r#"{"status":"ok","version":"1"}"#));
        assert!(!healthy("<html>") && !healthy("{}"));
    }
}
