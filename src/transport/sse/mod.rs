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

pub mod events;

use std::convert::Infallible;
use std::io;
use std::ops::RangeInclusive;
use std::pin::pin;
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
use tokio::time::Instant;

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::http::{BodyFraming, ChunkedDecoder};
use crate::client::subscription::Subscription;
use crate::feed::{self, Batch, Cursor, StoredMessage};
use crate::server::http1::conn::{Http1Conn, Stream, WaitOutcome};
use crate::server::http1::request::FastRequest;
use crate::service::counters::ConnectionCounters;
use crate::service::presence::PresenceGuard;
use crate::service::state::{ApiError, AppState, FeedLog, Params, STREAM_PIECE_BYTES};
use crate::transport::Transport;
use crate::transport::theory::{Conditions, Prediction};
pub use events::{EventStreamItem, EventStreamParser};

/// The first thing in every stream: how long a browser waits before it reconnects, in ms.
const RETRY: &str = "retry: 2000\n\n";

/// The same in the last event of a server that ends, within which all its readers come back: not
/// at once, since another has to start, and not at the same moment.
const RETRY_AFTER_END_MS: RangeInclusive<u32> = 2_000..=5_000;

/// A comment, which keeps proxies from closing an idle stream.
const HEARTBEAT: &[u8] = b":\n\n";

/// Status and fields of a stream's answer.
const HEAD: &str = "200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\
    x-accel-buffering: no\r\ntransfer-encoding: chunked";

/// The end of a body in the chunked coding.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The server's end.
pub fn routes() -> Router<Arc<AppState>> {
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
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    FeedLog(log): FeedLog,
    Params(query): Params<Query>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    counters.serves(Transport::Sse);
    let last_event_id = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or_default());
    let parse = |after: &str| after.parse().unwrap_or(Cursor::OF_NO_SERVER);
    let after = query.after.as_deref().map(parse);
    let mut reader = log
        .reader(cursor(last_event_id, after))
        .in_pieces(STREAM_PIECE_BYTES);
    let user = query.user.as_deref();
    let present = PresenceGuard::admit(&state, &counters, &log, user, Duration::ZERO)?;
    let mut first = RETRY.as_bytes().to_vec();
    first.extend_from_slice(&deliver(&counters, &reader.read()));
    let limits = state.limits;
    let reading = Some((reader, counters, present));
    let later = stream::unfold(reading, move |reading| async move {
        let (mut reader, counters, present) = reading?;
        let (bytes, goes_on) = match tokio::time::timeout(limits.heartbeat, reader.next()).await {
            Ok(Some(batch)) if limits.give_up(&counters, &batch) => return None,
            Ok(Some(batch)) => (deliver(&counters, &batch), true),
            Ok(None) => (farewell(), false),
            Err(_) => (Bytes::from_static(HEARTBEAT), true),
        };
        Some((
            Ok::<_, Infallible>(bytes),
            goes_on.then_some((reader, counters, present)),
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

/// The same, straight on the connection, in the chunked coding (RFC 9112, section 7.1).
pub async fn serve<S: Stream>(conn: &mut Http1Conn<S>, plain: &FastRequest) -> io::Result<()> {
    conn.counters.serves(Transport::Sse);
    let after = cursor(plain.fields.last_event_id.as_deref(), plain.query.after);
    let mut reader = plain.log.reader(after).in_pieces(STREAM_PIECE_BYTES);
    let (log, user) = (&plain.log, plain.query.user.as_deref());
    let _present = PresenceGuard::admit(&conn.state, &conn.counters, log, user, Duration::ZERO)?;
    let backlog = deliver(&conn.counters, &reader.read());
    let first = chunk(&[RETRY.as_bytes(), &backlog].concat());
    conn.begin(HEAD, first).await?;
    loop {
        conn.deadline
            .set(Instant::now() + conn.state.limits.heartbeat);
        let waited = conn.wait(pin!(reader.next())).await;
        match waited {
            WaitOutcome::Done(Some(batch)) if conn.state.limits.give_up(&conn.counters, &batch) => {
                break;
            }
            WaitOutcome::Done(Some(batch)) => {
                conn.counters.delivered(batch.messages.len());
                conn.write_all(&chunked(&batch)).await?;
            }
            WaitOutcome::Done(None) => {
                conn.write_all(&chunk(&farewell())).await?;
                break;
            }
            WaitOutcome::Rang => conn.write_all(&chunk(HEARTBEAT)).await?,
            WaitOutcome::Said | WaitOutcome::Gone => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
    conn.write_all(LAST_CHUNK).await
}

/// Where to begin. The header wins: a browser that reconnects keeps the URL's `after` of long ago.
/// A cursor that is none counts as one of another server: the stream begins with a reset, since a
/// browser would never come back after an error status.
fn cursor(last_event_id: Option<&str>, after: Option<Cursor>) -> Option<Cursor> {
    last_event_id.map_or(after, |id| Some(id.parse().unwrap_or(Cursor::OF_NO_SERVER)))
}

/// The end of a stream whose server ends.
fn farewell() -> Bytes {
    let retry_ms = rand::rng().random_range(RETRY_AFTER_END_MS);
    format!("retry: {retry_ms}\n\n").into()
}

/// A batch as it goes out.
fn deliver(counters: &ConnectionCounters, batch: &Batch) -> Bytes {
    counters.delivered(batch.messages.len());
    encode(batch)
}

/// A batch as events, in one piece.
fn encode(batch: &Batch) -> Bytes {
    let reset = |missed| {
        // Its id is where the messages that follow begin: who is cut off right here resumes there.
        let (before, data) = (batch.before(), batch.reset(missed));
        format!("event: reset\nid: {before}\ndata: {data}\n\n").into()
    };
    batch.framed(feed::Framing::Event, |message| event(message, batch), reset)
}

/// A batch as one chunk.
fn chunked(batch: &Batch) -> Bytes {
    match (&batch.messages[..], batch.missed) {
        ([message], None) => {
            let frame = |message: &StoredMessage| chunk(&event(message, batch));
            message.framed(feed::Framing::Chunk, frame).clone()
        }
        _ => chunk(&encode(batch)),
    }
}

fn chunk(data: &[u8]) -> Bytes {
    let size = format!("{:X}\r\n", data.len());
    [size.as_bytes(), data, b"\r\n"].concat().into()
}

/// Its id carries the epoch: a browser resumes with nothing but the last id that it has seen.
fn event(message: &StoredMessage, batch: &Batch) -> Bytes {
    let id = batch.at(message.seq).to_string();
    [b"id: ", id.as_bytes(), b"\ndata: ", &message.json, b"\n\n"]
        .concat()
        .into()
}

/// The client's end.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let (mut connection, framing) = Box::pin(opened(subscription)).await?;
    subscription.ready();
    let mut events = EventStreamParser::default();
    let mut deliver = |item: EventStreamItem<'_>| {
        match item {
            EventStreamItem::Event("message", data) => subscription.deliver_json(data)?,
            EventStreamItem::Event("reset", data) => subscription.reset(data.as_bytes())?,
            EventStreamItem::Event(..) => {}
            EventStreamItem::Comment(comment) => {
                let bytes = comment_bytes(comment, framing == BodyFraming::Chunked);
                subscription.recorder.heartbeat(bytes);
            }
            EventStreamItem::Retry(pause) => subscription.retry = pause.min(MAX_RETRY),
        }
        Ok(())
    };
    match framing {
        BodyFraming::Chunked => {
            let mut chunked = ChunkedDecoder::default();
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

async fn opened(subscription: &mut Subscription) -> Result<(Connection, BodyFraming), ClientError> {
    let request = subscription.request(
        "sse",
        PollTiming::default(),
        "Accept: text/event-stream\r\n",
    );
    let (connection, head) = subscription.open(&request, 200).await?;
    Ok((connection, head.framing))
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::rc::Rc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::config::ClientConfig;
    use crate::client::target::Target;
    use crate::feed::{Feed, Feeds, Message, NewMessage, Retention};
    use crate::record::recorder::Recorder;
    use crate::record::trial_board::TrialBoard;
    use crate::runtime::event_loop;
    use crate::server::http1::request::ParsedHead;
    use crate::service::state::Limits;

    #[test]
    fn a_heartbeat_is_as_long_as_it_is_on_the_wire() {
        assert_eq!(comment_bytes("", false), HEARTBEAT.len());
        assert_eq!(comment_bytes("", true), b"3\r\n:\n\n\r\n".len());
        assert_eq!(
            comment_bytes(" still here ..", true),
            b"11\r\n\r\n".len() + 17
        );
    }

    #[tokio::test]
    async fn batches_are_these_bytes() {
        let retention = Retention {
            messages: 2,
            bytes: usize::MAX,
        };
        let log = Feed::new(retention, "k3x9".into());
        for text in ["a", "b", "c\r\nd"] {
            let (from, text) = ("al".to_owned(), text.to_owned());
            let new = NewMessage {
                from,
                text,
                intended_at_ns: 0,
            };
            log.append(&new, 0).await.unwrap();
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
        let mut texts = Vec::new();
        let mut see = |item: EventStreamItem<'_>| {
            if let EventStreamItem::Event("message", json) = item {
                texts.push(
                    Message::from_json(json.as_bytes())
                        .unwrap()
                        .text
                        .into_owned(),
                );
            }
            Ok(())
        };
        EventStreamParser::default()
            .feed(all.as_bytes(), &mut see)
            .unwrap();
        assert_eq!(texts, ["b", "c\r\nd"]);
    }

    #[tokio::test]
    async fn a_reader_that_gave_a_name_leaves_with_its_stream() {
        let feeds = Feeds::new(Retention::default(), 1).with_presence(1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let counters = state.tally.open([127, 0, 0, 1].into()).counters.clone();
        let request = b"GET /feeds/a/sse?user=al HTTP/1.1\r\nHost: x\r\n\r\n";
        let ParsedHead::Fast(plain, _) = ParsedHead::of(request, request.len(), &state) else {
            panic!("a plain request")
        };
        let members = || plain.log.members().unwrap().names();
        let (stream, mut peer) = tokio::io::duplex(1 << 10);
        let mut conn = Http1Conn::new(stream, state.clone(), counters);
        let reads_a_little = async {
            peer.read_u8().await.unwrap();
            assert_eq!(members(), ["al"]);
            drop(peer);
        };
        let (ended, ()) = tokio::join!(serve(&mut conn, &plain), reads_a_little);
        assert!(ended.is_err());
        assert!(members().is_empty());
    }

    #[tokio::test]
    async fn a_subscriber_knows_how_long_the_server_wants_it_to_wait() {
        let story = async {
            for (stream, retry_ms) in [
                ("retry: 2000\n\nretry: 3500\n\n", 3_500),
                ("retry: 86400000\n\n", MAX_RETRY.as_millis() as u64),
                ("retry: soon\n\n", 0),
            ] {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let mut subscription = subscription(listener.local_addr().unwrap());
                let serve = async {
                    let (mut socket, _) = listener.accept().await.unwrap();
                    socket.read_u8().await.unwrap();
                    let answer = format!("HTTP/1.1 200 OK\r\n\r\n{stream}");
                    socket.write_all(answer.as_bytes()).await.unwrap();
                    socket.shutdown().await.unwrap();
                    // Until the client has closed, too.
                    let _ = socket.read_to_end(&mut Vec::new()).await;
                };
                let (ended, ()) = tokio::join!(subscribe(&mut subscription), serve);
                assert!(matches!(ended, Err(ClientError::Closed)), "{ended:?}");
                assert_eq!(
                    subscription.retry,
                    Duration::from_millis(retry_ms),
                    "{stream:?}"
                );
            }
        };
        event_loop::within_tokio(story).await.unwrap();
    }

    fn subscription(address: SocketAddr) -> Subscription {
        let target = Target::at(address);
        let recorder = Rc::new(Recorder::new(Arc::new(TrialBoard::new(1, 1).unwrap()), 0));
        let path = "/feeds/a".into();
        let (target, config) = (Rc::new(target), Rc::new(ClientConfig::DEFAULT));
        Subscription::new(target, config, recorder, Rc::default(), 0, path, 1)
    }

    #[test]
    fn the_header_wins_and_a_bad_cursor_is_one_of_another_server() {
        assert_eq!(cursor(None, None), None);
        assert_eq!(cursor(None, Some(7.into())), Some(7.into()));
        assert_eq!(cursor(Some("9"), Some(7.into())), Some(9.into()));
        let none = Some(Cursor::OF_NO_SERVER);
        assert_eq!(cursor(Some("x"), Some(7.into())), none);
    }
}
