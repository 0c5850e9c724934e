//! The server's end of SSE.

use std::ops::RangeInclusive;

use bytes::Bytes;
use rand::Rng;

use crate::feed::{Batch, Cursor, Framing, StoredMessage};
use crate::service::answer::ApiError;
use crate::service::limits::STREAM_PIECE_BYTES;
use crate::service::state::AppState;
use crate::transport::ask::Ask;
use crate::transport::reply::Reply;
use crate::transport::stream::{StreamFormat, StreamReply};

/// The pause before a reconnection in the farewell, in ms. Clients must not return at once, since
/// the next server has to start, and not all at the same moment.
const FAREWELL_RETRY_MS: RangeInclusive<u32> = 2_000..=5_000;

static FORMAT: StreamFormat = StreamFormat {
    fields: "\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\
        x-accel-buffering: no",
    // How long a browser waits before it reconnects, in ms.
    first: b"retry: 2000\n\n",
    item: event,
    reset,
    item_cache: Framing::Event,
    chunk_cache: Framing::Chunk,
    // A comment, which keeps proxies from closing an idle stream.
    heartbeat: b":\n\n",
    farewell,
};

/// The server's end: an answer that never ends.
pub fn open(state: &AppState, ask: &Ask<'_>) -> Result<Reply, ApiError> {
    let cursor = cursor(ask.fields.last_event_id, ask.params.after);
    let feed = ask.open_feed(state)?;
    Ok(Reply::Stream(StreamReply {
        reader: feed.reader(cursor).in_pieces(STREAM_PIECE_BYTES),
        format: &FORMAT,
        presence: ask.admit(state, &feed, state.limits.leave_after)?,
    }))
}

/// The cursor to read after. `Last-Event-ID` wins: a browser that reconnects repeats the first
/// URL's `after`. A malformed cursor counts as one of another server, so that the stream begins
/// with a reset: a browser never reconnects after an error status.
fn cursor(last_event_id: Option<&str>, after: Option<&str>) -> Option<Cursor> {
    let text = last_event_id.or(after)?;
    Some(text.parse().unwrap_or(Cursor::OF_NO_SERVER))
}

/// An event. Its id carries the epoch: a browser resumes with nothing but the last id.
fn event(message: &StoredMessage, batch: &Batch) -> Bytes {
    let id = batch.at(message.seq).to_string();
    [b"id: ", id.as_bytes(), b"\ndata: ", &message.json, b"\n\n"]
        .concat()
        .into()
}

/// The event of missed messages. Its id is the cursor before the messages that follow, so that a
/// client that is cut off right here resumes there.
fn reset(batch: &Batch, missed: u64) -> Bytes {
    let (before, data) = (batch.before(), batch.reset(missed));
    format!("event: reset\nid: {before}\ndata: {data}\n\n").into()
}

/// The end of a stream when the server shuts down.
fn farewell() -> Bytes {
    let retry_ms = rand::rng().random_range(FAREWELL_RETRY_MS);
    format!("retry: {retry_ms}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Feed, MAX_MEMORY_BYTES, Memory, Message, NewMessage, Retention};
    use crate::transport::sse::events::{EventStreamItem, EventStreamParser};

    /// A batch as it is written.
    fn encode(batch: &Batch) -> Bytes {
        let item = |message: &StoredMessage| event(message, batch);
        batch.framed(FORMAT.item_cache, item, |missed| reset(batch, missed))
    }

    #[tokio::test]
    async fn batches_are_these_bytes() {
        let retention = Retention {
            messages: 2,
            bytes: usize::MAX,
        };
        let log = Feed::new(retention, "k3x9".into(), &Memory::new(MAX_MEMORY_BYTES));
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

    #[test]
    fn the_header_wins_and_a_bad_cursor_is_one_of_another_server() {
        assert_eq!(cursor(None, None), None);
        assert_eq!(cursor(None, Some("7")), Some(7.into()));
        assert_eq!(cursor(Some("9"), Some("7")), Some(9.into()));
        let none = Some(Cursor::OF_NO_SERVER);
        assert_eq!(cursor(Some("x"), Some("7")), none);
    }
}
