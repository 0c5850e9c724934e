//! Server-Sent Events: one response that never ends, an event a message (WHATWG HTML, section 9.2).
//!
//! ```text
//! client                                     server
//!   │ GET …/sse?after=41-k3x9                  │
//!   │ Accept: text/event-stream                │
//!   │─────────────────────────────────────────▶│
//!   │ HTTP/1.1 200 OK                          │
//!   │ content-type: text/event-stream          │
//!   │◀─────────────────────────────────────────│
//!   │ id: 42-k3x9                              │
//!   │ data: {"seq":42,"from":"alice",…}        │   at each message
//!   │                                          │
//!   │◀─────────────────────────────────────────│
//!   │ :                                        │   a comment when nothing came for 15 s
//!   │◀─────────────────────────────────────────│
//! ```
//!
//! On HTTP/1.1 each write is one chunk of the chunked coding; all messages that wait share one.

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use futures_util::stream;
use rand::Rng;
use serde::Deserialize;

use super::Transport;
use super::connection::ClientError;
use super::http::{Chunked, Framing};
use super::hub::{ApiError, FeedLog, Hub, Params, STREAM_PIECE_BYTES};
use super::model::{Conditions, Prediction};
use super::presence::Present;
use super::subscription::Subscription;
use super::tally::{Account, Count};
use crate::feed::{self, Batch, Cursor, Stored};

/// The first thing in every stream: how long a browser waits before it reconnects, in ms.
const RETRY: &str = "retry: 2000\n\n";

/// The same in the last event of a server that ends, within which all its readers come back: not
/// at once, since another has to start, and not at the same moment.
const RETRY_AFTER_END_MS: RangeInclusive<u32> = 2_000..=5_000;

/// A comment, which keeps proxies from closing an idle stream.
const HEARTBEAT: &[u8] = b":\n\n";

/// The server's end.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/feeds/{feed}/sse", get(stream))
        .route("/events", get(stream))
}

#[derive(Debug, Deserialize)]
struct Query {
    after: Option<String>,
    user: Option<String>,
}

async fn stream(
    State(hub): State<Arc<Hub>>,
    Extension(account): Extension<Arc<Account>>,
    FeedLog(log): FeedLog,
    Params(query): Params<Query>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    account.serves(Transport::Sse);
    let last_event_id = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or_default());
    let mut reader = log
        .reader(cursor(last_event_id, query.after.as_deref()))
        .in_pieces(STREAM_PIECE_BYTES);
    let present = Present::enter(&log, query.user.as_deref(), Duration::ZERO)?;
    let mut first = RETRY.as_bytes().to_vec();
    first.extend_from_slice(&deliver(&account, &reader.read()));
    let limits = hub.limits;
    let reading = Some((reader, account, present));
    let later = stream::unfold(reading, move |reading| async move {
        let (mut reader, account, present) = reading?;
        let (bytes, goes_on) = match tokio::time::timeout(limits.heartbeat, reader.next()).await {
            Ok(Some(batch)) if limits.give_up(&account, &batch) => return None,
            Ok(Some(batch)) => (deliver(&account, &batch), true),
            Ok(None) => (farewell(), false),
            Err(_) => (Bytes::from_static(HEARTBEAT), true),
        };
        Some((
            Ok::<_, Infallible>(bytes),
            goes_on.then_some((reader, account, present)),
        ))
    });
    let first = stream::once(std::future::ready(Ok(Bytes::from(first))));
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream"),
        (CACHE_CONTROL.as_str(), "no-store"),
        ("x-accel-buffering", "no"),
    ];
    let body = Body::from_stream(stream::StreamExt::chain(first, later));
    Ok((headers, body).into_response())
}

/// Where to begin. The header wins: a browser that reconnects keeps the URL's `after` of long ago.
/// A cursor that is none counts as one of another server: the stream begins with a reset, since a
/// browser would never come back after an error status.
fn cursor(last_event_id: Option<&str>, after: Option<&str>) -> Option<Cursor> {
    last_event_id
        .or(after)
        .map(|cursor| cursor.parse().unwrap_or(Cursor::OF_NO_SERVER))
}

/// The end of a stream whose server ends.
fn farewell() -> Bytes {
    let retry_ms = rand::rng().random_range(RETRY_AFTER_END_MS);
    format!("retry: {retry_ms}\n\n").into()
}

/// A batch as it goes out.
fn deliver(account: &Account, batch: &Batch) -> Bytes {
    account.add(Count::Deliveries, batch.messages.len() as i64);
    encode(batch)
}

/// A batch as events, in one piece.
fn encode(batch: &Batch) -> Bytes {
    if let ([message], None) = (&batch.messages[..], batch.missed) {
        return framed(message, batch).clone();
    }
    let mut bytes = Vec::new();
    if let Some(missed) = batch.missed {
        // Its id is where the messages that follow begin: who is cut off right here resumes there.
        let (before, data) = (batch.before(), batch.reset(missed));
        bytes.extend_from_slice(format!("event: reset\nid: {before}\ndata: {data}\n\n").as_bytes());
    }
    for message in &batch.messages {
        bytes.extend_from_slice(framed(message, batch));
    }
    bytes.into()
}

/// One message of a batch as an event. Its id carries the epoch: a browser resumes with nothing but
/// the last id that it has seen.
fn framed<'a>(message: &'a Stored, batch: &Batch) -> &'a Bytes {
    message.framed(feed::Framing::Event, |message| {
        let id = batch.at(message.seq).to_string();
        [b"id: ", id.as_bytes(), b"\ndata: ", &message.json, b"\n\n"]
            .concat()
            .into()
    })
}

/// The client's end.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let path = format!("{}/sse?{}", subscription.feed_path, subscription.query());
    let request = subscription.get(&path, "Accept: text/event-stream\r\n");
    let (mut connection, head) = subscription.open(&request, 200).await?;
    subscription.ready();
    let mut events = Events::default();
    let mut deliver = |event: Event<'_>| match event.kind {
        "message" => subscription.deliver_json(event.data.as_bytes()),
        "reset" => subscription.reset(event.data.as_bytes()),
        COMMENT => {
            let chunked = head.framing == Framing::Chunked;
            subscription
                .recorder
                .heartbeat(comment_bytes(event.data, chunked));
            Ok(())
        }
        _ => Ok(()),
    };
    match head.framing {
        Framing::Chunked => {
            let mut chunked = Chunked::default();
            let take = |bytes: &[u8]| {
                let used = chunked.decode(bytes, |data| events.feed(data, &mut deliver))?;
                if chunked.ended() {
                    Err(ClientError::Closed)
                } else {
                    Ok((used, None))
                }
            };
            connection.read(take).await
        }
        _ => {
            let take = |bytes: &[u8]| {
                events.feed(bytes, &mut deliver)?;
                Ok((bytes.len(), None))
            };
            connection.read(take).await
        }
    }
}

/// Bytes of a comment with the line ends after it, as this server sends it: in a chunk of its own.
fn comment_bytes(comment: &str, chunked: bool) -> usize {
    let bytes = comment.len() + b":\n\n".len();
    match chunked {
        true => format!("{bytes:x}\r\n\r\n").len() + bytes,
        false => bytes,
    }
}

/// A push: the mean reader waits for half of the others. Each message is one event in one chunk.
pub fn model(conditions: &Conditions) -> Prediction {
    let event = conditions.json_bytes() + b"id: 10-k3x9\ndata: \n\n".len() as f64;
    let chunk = format!("{:X}\r\n\r\n", event as usize).len() as f64;
    Prediction {
        latency_mean_us: conditions.fan_out_us(),
        wire_bytes_per_delivery: event + chunk + conditions.post_bytes(),
    }
}

/// The kind of what is no event but a comment: no event's type is empty.
const COMMENT: &str = "";

/// One event of a stream, or a comment.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its type: `message` unless an `event:` line said otherwise.
    pub kind: &'a str,
    pub data: &'a str,
}

/// Longest line and longest data of one event, in bytes.
const MAX_EVENT_BYTES: usize = 16 << 20;

/// A reader of event streams (WHATWG HTML, section 9.2.6) that takes input cut anywhere.
#[derive(Debug, Default)]
pub struct Events {
    /// The beginning of a line that is not complete yet.
    line: Vec<u8>,
    data: String,
    kind: String,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    /// The first line has passed, before which a byte order mark may stand.
    begun: bool,
}

impl Events {
    /// Reads `bytes` and gives every event that they complete to `deliver`.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        deliver: &mut impl FnMut(Event<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        if std::mem::take(&mut self.after_cr) && !bytes.is_empty() {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr::memchr2(b'\r', b'\n', bytes) {
            let rest = &bytes[end + 1..];
            if self.line.is_empty() {
                self.take_line(&bytes[..end], deliver)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                self.take_line(&line, deliver)?;
            }
            let cr = bytes[end] == b'\r';
            self.after_cr = cr && rest.is_empty();
            bytes = if cr {
                rest.strip_prefix(b"\n").unwrap_or(rest)
            } else {
                rest
            };
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() + self.data.len() > MAX_EVENT_BYTES {
            return Err(ClientError::protocol("an event without end"));
        }
        Ok(())
    }

    fn take_line(
        &mut self,
        mut line: &[u8],
        deliver: &mut impl FnMut(Event<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch(deliver);
        }
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "event" => value.clone_into(&mut self.kind),
            "" => {
                let data = &line[1..];
                return deliver(Event {
                    kind: COMMENT,
                    data,
                });
            }
            // The cursor is each message's `seq`; `id` and `retry` change nothing here.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(
        &mut self,
        deliver: &mut impl FnMut(Event<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let kind = std::mem::take(&mut self.kind);
        let Some(data) = self.data.strip_suffix('\n') else {
            return Ok(());
        };
        let kind = if kind.is_empty() { "message" } else { &kind };
        let result = deliver(Event { kind, data });
        self.data.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Log, Message, NewMessage, Retention};

    fn read(parts: &[&[u8]]) -> Vec<(String, String)> {
        let (mut events, mut seen) = (Events::default(), Vec::new());
        for part in parts {
            events
                .feed(part, &mut |event| {
                    seen.push((event.kind.to_owned(), event.data.to_owned()));
                    Ok(())
                })
                .unwrap();
        }
        seen
    }

    fn event(kind: &str, data: &str) -> (String, String) {
        (kind.to_owned(), data.to_owned())
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let stream = "\u{feff}: a comment\nretry: 10\n\ndata\n\nid: 1\ndata: one\n\n\
                      event: reset\r\ndata:two\r\ndata:  lines\r\n\r\n\
                      data: cr\r\revent: lost\n\nunknown: x\ndata: é\n\ndata: never dispatched";
        let expected = [
            event(COMMENT, " a comment"),
            event("message", ""),
            event("message", "one"),
            event("reset", "two\n lines"),
            event("message", "cr"),
            event("message", "é"),
        ];
        assert_eq!(read(&[stream.as_bytes()]), expected);
        for cut in 0..=stream.len() {
            let (a, b) = stream.as_bytes().split_at(cut);
            assert_eq!(read(&[a, b]), expected, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes), expected, "byte by byte");
    }

    #[test]
    fn a_heartbeat_is_as_long_as_it_is_on_the_wire() {
        assert_eq!(comment_bytes("", false), HEARTBEAT.len());
        assert_eq!(comment_bytes("", true), b"3\r\n:\n\n\r\n".len());
        assert_eq!(
            comment_bytes(" still here ..", true),
            b"11\r\n\r\n".len() + 17
        );
    }

    #[test]
    fn batches_are_these_bytes() {
        let retention = Retention {
            messages: 2,
            bytes: usize::MAX,
        };
        let log = Log::new(retention, "k3x9".into());
        for text in ["a", "b", "c\r\nd"] {
            let (from, text) = ("al".to_owned(), text.to_owned());
            log.append(
                &NewMessage {
                    from,
                    text,
                    intended_at_ns: 0,
                },
                0,
            );
        }
        let json = |seq: u64| {
            let batch = log.read_after(seq - 1);
            String::from_utf8(batch.messages[0].json.to_vec()).unwrap()
        };
        let one = format!("id: 3-k3x9\ndata: {}\n\n", json(3));
        assert_eq!(encode(&log.read_after(2)), one);
        assert!(one.contains(r"c\r\nd"), "{one}");
        let all = format!(
            "event: reset\nid: 1-k3x9\ndata: {{\"missed\":1,\"last\":3,\"epoch\":\"k3x9\"}}\n\n\
             id: 2-k3x9\ndata: {}\n\n{one}",
            json(2)
        );
        assert_eq!(encode(&log.read_after(0)), all);
        let seen = read(&[all.as_bytes()]);
        assert_eq!(
            Message::from_json(seen[2].1.as_bytes()).unwrap().text,
            "c\r\nd"
        );
    }

    #[test]
    fn the_header_wins_and_a_bad_cursor_is_one_of_another_server() {
        assert_eq!(cursor(None, None), None);
        assert_eq!(cursor(None, Some("7")), Some(7.into()));
        assert_eq!(cursor(Some("9"), Some("7-k3x9")), Some(9.into()));
        assert_eq!(cursor(Some("x"), Some("7")), Some(Cursor::OF_NO_SERVER));
    }
}
