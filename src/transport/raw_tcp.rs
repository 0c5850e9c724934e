//! The baseline: the same server with the least protocol. What another transport costs beyond it is
//! the cost of that transport's protocol. It is not the least that a machine takes for a message:
//! `scripts/bench` compares with a plain server on epoll. No browser supports it.
//!
//! ```text
//! client                                     server
//!   │ GET …/raw?after=41-k3x9 HTTP/1.1         │
//!   │ Connection: Upgrade, Upgrade: raw-tcp    │   the only HTTP: it names the feed
//!   │─────────────────────────────────────────▶│   (RFC 9110, section 7.8)
//!   │ HTTP/1.1 101 Switching Protocols         │
//!   │◀─────────────────────────────────────────│
//!   │ 00 00 00 a5 {"seq":42,"from":"alice",…}  │   length (32 bits, big-endian), JSON
//!   │◀─────────────────────────────────────────│
//! ```

use std::convert::Infallible;

use axum::http::StatusCode;
use bytes::Bytes;

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::{ClientError, Parsed};
use crate::client::http::Wanted;
use crate::client::subscription::Subscription;
use crate::feed::Framing;
use crate::service::answer::ApiError;
use crate::service::limits::STREAM_PIECE_BYTES;
use crate::service::state::AppState;
use crate::transport::ask::Ask;
use crate::transport::descriptor::{Descriptor, Usage, spawn};
use crate::transport::reply::{Reply, Session, Upgrade};
use crate::transport::stream::{StreamFormat, StreamReply};
use crate::transport::theory::{Conditions, Prediction};

/// The protocol in `Upgrade`, in both directions.
const PROTOCOL: &str = "raw-tcp";

/// Bytes of a length.
const LENGTH_BYTES: usize = size_of::<u32>();

/// Longest message that a client takes, in bytes.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "raw-tcp",
    title: "raw TCP",
    aliases: &[],
    colour: "#000000",
    endpoint: "raw",
    lobby_path: None,
    usage: Usage {
        about: "the baseline: each message behind its length, on a connection without HTTP",
        query: "?after=0",
        curl: "-N -o - -H 'Connection: Upgrade' -H 'Upgrade: raw-tcp'",
    },
    upgrade: Some(PROTOCOL),
    polls: false,
    publishes_in_band: false,
    baseline: true,
    open,
    predict,
    subscribe: |subscription| Box::pin(subscribe(subscription)),
    spawn: |subscription, ended| spawn(subscription, subscribe, ended),
};

/// The stream after the upgrade.
static FORMAT: StreamFormat = StreamFormat {
    fields: "",
    first: b"",
    item: |message, _| prefixed(&message.json),
    reset: |batch, missed| prefixed(format!(r#"{{"reset":{}}}"#, batch.reset(missed)).as_bytes()),
    item_cache: Framing::Length,
    chunk_cache: Framing::Length,
    heartbeat: b"",
    farewell: Bytes::new,
};

/// The server's end. The client must not send anything after the upgrade.
fn open(state: &AppState, ask: &Ask<'_>) -> Result<Reply, ApiError> {
    ask.fields.check_upgrade(PROTOCOL).map_err(|_| {
        let advice = format!("ask with Connection: Upgrade and Upgrade: {PROTOCOL}");
        ApiError::new(StatusCode::UPGRADE_REQUIRED, advice)
            .with_fields("\r\ncontent-type: application/json\r\nupgrade: raw-tcp")
    })?;
    let cursor = ask.cursor()?;
    let session = Session::Stream(StreamReply {
        reader: ask
            .open_feed(state)?
            .reader(cursor)
            .in_pieces(STREAM_PIECE_BYTES),
        format: &FORMAT,
        presence: None,
    });
    let fields = format!("\r\nupgrade: {PROTOCOL}");
    Ok(Reply::Upgrade(Upgrade { fields, session }))
}

fn prefixed(json: &[u8]) -> Bytes {
    let length = u32::try_from(json.len()).expect("a message is far below 4 GiB");
    [&length.to_be_bytes(), json].concat().into()
}

/// The client's end.
async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let mut connection = Box::pin(upgraded(subscription)).await?;
    subscription.ready();
    let mut deliver = |json: &[u8]| subscription.hear_json(json);
    connection.read(|bytes| read(bytes, &mut deliver)).await
}

async fn upgraded(subscription: &mut Subscription) -> Result<Connection, ClientError> {
    let terms = format!("Connection: Upgrade\r\nUpgrade: {PROTOCOL}\r\n");
    let request = subscription.request("raw", PollTiming::default(), &terms);
    let (connection, _) = subscription
        .open(&request, Wanted::upgrade(PROTOCOL))
        .await?;
    Ok(connection)
}

/// Gives every complete message to `deliver`.
pub fn read(
    bytes: &[u8],
    deliver: &mut impl FnMut(&[u8]) -> Result<(), ClientError>,
) -> Parsed<Infallible> {
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<LENGTH_BYTES>() {
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_MESSAGE_BYTES {
            return Err(ClientError::wrong("a message over the limit"));
        }
        let Some((json, after)) = after.split_at_checked(length) else {
            break;
        };
        deliver(json)?;
        rest = after;
    }
    Ok((bytes.len() - rest.len(), None))
}

/// A push: on average, a client waits for half of the others.
fn predict(conditions: &Conditions) -> Prediction {
    let prefixed = conditions.sealed(LENGTH_BYTES as f64 + conditions.json_bytes());
    conditions.push(prefixed + conditions.post_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_wherever_they_are_cut() {
        let stream = [prefixed(b"one"), prefixed(b""), prefixed(b"three")].concat();
        assert_eq!(stream[..7], *b"\0\0\0\x03one");
        for cut in 0..=stream.len() {
            let (mut seen, mut carry) = (Vec::new(), Vec::new());
            for part in [&stream[..cut], &stream[cut..]] {
                carry.extend_from_slice(part);
                let mut deliver = |json: &[u8]| {
                    seen.push(json.to_vec());
                    Ok(())
                };
                let (used, _) = read(&carry, &mut deliver).unwrap();
                carry.drain(..used);
            }
            assert_eq!(seen, [&b"one"[..], b"", b"three"], "cut at {cut}");
            assert!(carry.is_empty());
        }
        let mut never = |_: &[u8]| panic!("no message here");
        assert!(read(b"\xff\0\0\0rest", &mut never).is_err());
    }
}
