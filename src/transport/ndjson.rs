//! NDJSON: one answer that never ends, one JSON text per line, as `fetch` can read it.
//!
//! ```text
//! client                                     server
//!   │ GET …/stream?after=41-k3x9               │
//!   │─────────────────────────────────────────▶│
//!   │ HTTP/1.1 200 OK                          │
//!   │ content-type: application/x-ndjson       │
//!   │ ⏎                                        │   at once, where no message waits
//!   │◀─────────────────────────────────────────│
//!   │ {"seq":42,"from":"alice",…}⏎             │   at each message
//!   │◀─────────────────────────────────────────│
//!   │ ⏎                                        │   an empty line after 15 s of silence
//!   │◀─────────────────────────────────────────│
//! ```
//!
//! As on WebSocket, messages do not repeat the epoch of their numbers. A client that does not know
//! it asks after `0-`, a cursor of no server, and first gets a reset:
//! `{"reset":{"missed":0,"last":42,"epoch":"k3x9"}}`. The client keeps its cursor and reconnects
//! itself; the stream has no field for either. The empty line at the start is for Firefox, where
//! `fetch` returns with the first byte of the body, not with the head.

use std::convert::Infallible;
use std::mem;

use bytes::Bytes;

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::http::{BodyFraming, NDJSON, Wanted};
use crate::client::subscription::Subscription;
use crate::feed::Framing;
use crate::service::answer::ApiError;
use crate::service::limits::STREAM_PIECE_BYTES;
use crate::service::state::AppState;
use crate::transport::ask::Ask;
use crate::transport::body::{chunk_bytes, read_body};
use crate::transport::descriptor::{Descriptor, Usage, spawn};
use crate::transport::reply::Reply;
use crate::transport::stream::{StreamFormat, StreamReply};
use crate::transport::theory::{Conditions, Prediction};

/// Longest line that a client takes, in bytes.
const MAX_LINE_BYTES: usize = 16 << 20;

pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "ndjson",
    title: "NDJSON",
    aliases: &["stream"],
    colour: "#c46d9d",
    endpoint: "stream",
    lobby_path: None,
    usage: Usage {
        about: "NDJSON: an answer that never ends, one message a line",
        query: "?after=0",
        curl: "-N",
    },
    upgrade: None,
    polls: false,
    publishes_in_band: false,
    baseline: false,
    open,
    predict,
    subscribe: |subscription| Box::pin(subscribe(subscription)),
    spawn: |subscription, ended| spawn(subscription, subscribe, ended),
};

static FORMAT: StreamFormat = StreamFormat {
    fields: "\r\ncontent-type: application/x-ndjson\r\ncache-control: no-store\r\n\
        x-accel-buffering: no",
    first: b"",
    item: |message, _| line(&message.json),
    reset: |batch, missed| line(format!(r#"{{"reset":{}}}"#, batch.reset(missed)).as_bytes()),
    item_cache: Framing::Line,
    chunk_cache: Framing::LineChunk,
    heartbeat: b"\n",
    farewell: Bytes::new,
};

/// The server's end: an answer that never ends.
fn open(state: &AppState, ask: &Ask<'_>) -> Result<Reply, ApiError> {
    let cursor = ask.cursor()?;
    let feed = ask.open_feed(state)?;
    Ok(Reply::Stream(StreamReply {
        reader: feed.reader(cursor).in_pieces(STREAM_PIECE_BYTES),
        format: &FORMAT,
        presence: ask.admit(state, &feed, state.limits.leave_after)?,
    }))
}

fn line(json: &[u8]) -> Bytes {
    [json, b"\n"].concat().into()
}

/// The client's end: reads lines and delivers their messages until the connection ends.
async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let (mut connection, framing) = Box::pin(request(subscription)).await?;
    subscription.ready();
    let heartbeat_bytes = chunk_bytes(FORMAT.heartbeat.len(), framing);
    let mut lines = LineParser::default();
    let mut deliver = |line: &[u8]| match line {
        b"" => {
            subscription.recorder.heartbeat(heartbeat_bytes);
            Ok(())
        }
        json => subscription.hear_json(json),
    };
    let take = |data: &[u8]| lines.feed(data, &mut deliver);
    read_body(&mut connection, framing, take).await
}

async fn request(
    subscription: &mut Subscription,
) -> Result<(Connection, BodyFraming), ClientError> {
    let request = subscription.request(DESCRIPTOR.endpoint, PollTiming::default(), "");
    let (connection, head) = subscription.open(&request, Wanted::body(NDJSON)).await?;
    Ok((connection, head.framing))
}

/// A decoder of lines that takes input cut anywhere. A line ends with LF or CR LF.
#[derive(Debug, Default)]
pub struct LineParser {
    partial: Vec<u8>,
}

impl LineParser {
    /// Gives every complete line to `deliver`, without its end.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        deliver: &mut impl FnMut(&[u8]) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            if self.partial.is_empty() {
                deliver(without_cr(&bytes[..end]))?;
            } else {
                let mut line = mem::take(&mut self.partial);
                line.extend_from_slice(&bytes[..end]);
                deliver(without_cr(&line))?;
            }
            bytes = &bytes[end + 1..];
        }
        self.partial.extend_from_slice(bytes);
        match self.partial.len() {
            ..=MAX_LINE_BYTES => Ok(()),
            _ => Err(ClientError::wrong("a line without end")),
        }
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A push: on average, a client waits for half of the others. Each message is one line in one
/// chunk.
fn predict(conditions: &Conditions) -> Prediction {
    let line_bytes = conditions.json_bytes() as usize + b"\n".len();
    let chunk = chunk_bytes(line_bytes, BodyFraming::Chunked) as f64;
    conditions.push(conditions.sealed(chunk) + conditions.post_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Feed, MAX_MEMORY_BYTES, Memory, NewMessage, Retention, StoredMessage};

    #[test]
    fn lines_are_read_wherever_they_are_cut() {
        let stream = b"{\"a\":1}\n\n{\"b\":\"c\"}\r\n\r\nrest";
        for cut in 0..=stream.len() {
            let (mut lines, mut seen) = (LineParser::default(), Vec::new());
            for part in [&stream[..cut], &stream[cut..]] {
                let mut deliver = |line: &[u8]| {
                    seen.push(String::from_utf8(line.to_vec()).unwrap());
                    Ok(())
                };
                lines.feed(part, &mut deliver).unwrap();
            }
            assert_eq!(seen, ["{\"a\":1}", "", "{\"b\":\"c\"}", ""], "cut at {cut}");
        }
        let mut never = |_: &[u8]| panic!("no line here");
        let long = vec![b'x'; MAX_LINE_BYTES + 1];
        assert!(LineParser::default().feed(&long, &mut never).is_err());
    }

    #[tokio::test]
    async fn batches_are_these_bytes() {
        let retention = Retention {
            messages: 1,
            bytes: usize::MAX,
        };
        let feed = Feed::new(retention, "k3x9".into(), &Memory::new(MAX_MEMORY_BYTES));
        for text in ["a", "b\r\nc"] {
            let new = NewMessage {
                from: "al".into(),
                text: text.into(),
                intended_at_ns: 5,
            };
            feed.append(&new, 7).await.unwrap();
        }
        let batch = feed.read_after(0);
        let item = |message: &StoredMessage| (FORMAT.item)(message, &batch);
        let reset = |missed| (FORMAT.reset)(&batch, missed);
        let expected = concat!(
            r#"{"reset":{"missed":1,"last":2,"epoch":"k3x9"}}"#,
            "\n",
            r#"{"seq":2,"from":"al","text":"b\r\nc","intended_at_ns":5,"published_at_ns":7}"#,
            "\n"
        );
        assert_eq!(batch.framed(FORMAT.item_cache, item, reset), expected);
    }
}
