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
    let may_join = || hub.paced(account.address).is_ok();
    let present = Present::enter(&log, query.user.as_deref(), Duration::ZERO, may_join)?;
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
    let mut deliver = |item: Item<'_>| {
        match item {
            Item::Event("message", data) => subscription.deliver_json(data.as_bytes())?,
            Item::Event("reset", data) => subscription.reset(data.as_bytes())?,
            Item::Event(..) => {}
            Item::Comment(comment) => {
                let bytes = comment_bytes(comment, head.framing == Framing::Chunked);
                subscription.recorder.heartbeat(bytes);
            }
            Item::Retry(pause) => subscription.retry = pause.min(MAX_RETRY),
        }
        Ok(())
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
        wire_bytes_per_delivery: conditions.sealed(event + chunk) + conditions.post_bytes(),
    }
}

/// The longest pause before it reconnects that a subscriber lets a server impose.
const MAX_RETRY: Duration = Duration::from_secs(60);

/// What stands in a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event's type, `message` unless an `event:` line said otherwise, and its data.
    Event(&'a str, &'a str),
    Comment(&'a str),
    /// How long to wait before reconnecting.
    Retry(Duration),
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
    /// Reads `bytes` and gives everything that they complete to `deliver`.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        deliver: &mut impl FnMut(Item<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        if !bytes.is_empty() && std::mem::take(&mut self.after_cr) {
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
        deliver: &mut impl FnMut(Item<'_>) -> Result<(), ClientError>,
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
            "" => return deliver(Item::Comment(&line[1..])),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // An empty value, or one beyond all measure, is none.
                if let Ok(pause_ms) = value.parse() {
                    return deliver(Item::Retry(Duration::from_millis(pause_ms)));
                }
            }
            // The cursor is each message's `seq`: an `id`, whatever is in it, changes nothing here.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(
        &mut self,
        deliver: &mut impl FnMut(Item<'_>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let kind = std::mem::take(&mut self.kind);
        let Some(data) = self.data.strip_suffix('\n') else {
            return Ok(());
        };
        let kind = if kind.is_empty() { "message" } else { &kind };
        let result = deliver(Item::Event(kind, data));
        self.data.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Log, Message, NewMessage, Retention};

    /// Events as "type: data", comments as ":comment", pauses as "retry 10ms".
    fn read(parts: &[&[u8]]) -> Vec<String> {
        let (mut events, mut seen) = (Events::default(), Vec::new());
        for part in parts {
            let mut see = |item: Item<'_>| {
                seen.push(match item {
                    Item::Event(kind, data) => format!("{kind}: {data}"),
                    Item::Comment(comment) => format!(":{comment}"),
                    Item::Retry(pause) => format!("retry {pause:?}"),
                });
                Ok(())
            };
            events.feed(part, &mut see).unwrap();
        }
        seen
    }

    /// Streams, and what WHATWG HTML, section 9.2.6, makes of them.
    const STREAMS: &[(&[u8], &[&str])] = &[
        // Line ends: LF, CR LF and CR, mixed; a blank line dispatches, whatever ends it.
        (b"data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\r\n\n", &[
            "message: a", "message: b", "message: c", "message: d",
        ]),
        (b"data: a\n\r\ndata: b\r\n\rdata: c\n\r", &["message: a", "message: b", "message: c"]),
        (b"data: a\r\n data: no field\r\n\r\n", &["message: a"]),
        // A byte order mark before all else is none of the stream's; elsewhere it is.
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", &["message: a"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", &[]),
        (b"\xef\xbbdata: a\n\n", &[]),
        // Comments, which do not touch the event they stand in.
        (b":\n: one\n:two:2\ndata: a\n:three\ndata: b\n\n", &[
            ":", ": one", ":two:2", ":three", "message: a\nb",
        ]),
        // Data: one space after the colon is not of it, all lines of one event are one.
        (b"data:a\ndata: b\ndata:  c\n\n", &["message: a\nb\n c"]),
        (b"data\n\ndata\ndata\n\ndata:\n\n", &["message: ", "message: \n", "message: "]),
        (b"data: a:b: c\n\n", &["message: a:b: c"]),
        // Types, which hold for one event; without data there is none.
        (b"event: reset\ndata: a\n\ndata: b\n\n", &["reset: a", "message: b"]),
        (b"event: lost\n\nevent\ndata: a\n\nevent: x\nevent: y\ndata: b\n\n", &[
            "message: a", "y: b",
        ]),
        // Fields are named exactly; others are ignored, as is all that ids may hold.
        (b"Data: a\n data: b\ndata : c\nunknown\n\nid: 1\0\nid: 2\nid\ndata: d\n\n", &[
            "message: d",
        ]),
        // Pauses are digits alone, and take effect at once.
        (b"retry: 10\nretry:007\ndata: a\nretry: 1s\nretry: -1\nretry: +1\nretry: 1.5\nretry:  1\n\
           retry:\nretry\nretry: 99999999999999999999\n\n", &[
            "retry 10ms", "retry 7ms", "message: a",
        ]),
        // UTF-8 in parts; what is none is replaced, and ends no line.
        ("data: \u{e9} \u{1f30d}\u{2028}\u{85}x\n\n".as_bytes(), &[
            "message: \u{e9} \u{1f30d}\u{2028}\u{85}x",
        ]),
        (b"data: \xc3(\xf0\x9f\ndata: \xff\n\n", &["message: \u{fffd}(\u{fffd}\n\u{fffd}"]),
        (b"data: a\0b\n\n", &["message: a\0b"]),
        // What the end of the stream cuts off is never dispatched.
        (b"data: a\n\ndata: b\n", &["message: a"]),
        (b"data: a", &[]),
        (b"\n\n\r\r\n", &[]),
    ];

    #[test]
    fn streams_are_read_as_the_standard_says_wherever_they_are_cut() {
        for (stream, expected) in STREAMS {
            let told = String::from_utf8_lossy(stream);
            for cut in 0..=stream.len() {
                let (a, b) = stream.split_at(cut);
                assert_eq!(read(&[a, b]), *expected, "{told:?} cut at {cut}");
                assert_eq!(read(&[a, b"", b]), *expected, "{told:?} cut at {cut}");
            }
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();
            assert_eq!(read(&bytes), *expected, "{told:?} byte by byte");
        }
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
        let json = seen[2].strip_prefix("message: ").unwrap();
        assert_eq!(Message::from_json(json.as_bytes()).unwrap().text, "c\r\nd");
    }

    #[test]
    fn the_header_wins_and_a_bad_cursor_is_one_of_another_server() {
        assert_eq!(cursor(None, None), None);
        assert_eq!(cursor(None, Some("7")), Some(7.into()));
        assert_eq!(cursor(Some("9"), Some("7-k3x9")), Some(9.into()));
        assert_eq!(cursor(Some("x"), Some("7")), Some(Cursor::OF_NO_SERVER));
    }
}
