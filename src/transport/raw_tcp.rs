//! The baseline: messages on a TCP connection and nothing more. What it costs is what the machine,
//! the kernel and this program's runtime cost whatever the protocol; the other transports are set
//! against it. No browser speaks it.
//!
//! ```text
//! client                                     server
//!   │ GET …/raw?after=41-k3x9 HTTP/1.1         │
//!   │ Connection: Upgrade, Upgrade: raw-tcp    │   the only HTTP: it finds the feed, and is over
//!   │─────────────────────────────────────────▶│   (RFC 9110, section 7.8)
//!   │ HTTP/1.1 101 Switching Protocols         │
//!   │◀─────────────────────────────────────────│
//!   │ 00 00 00 a5 {"seq":42,"from":"alice",…}  │   length (32 bits, big-endian), JSON
//!   │◀─────────────────────────────────────────│
//! ```

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, UPGRADE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use serde::Deserialize;

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::{ClientError, Parsed};
use crate::client::subscription::Subscription;
use crate::feed::{Batch, Cursor, Framing, Reader};
use crate::server::http1::conn::{Http1Conn, Stream, WaitOutcome};
use crate::server::http1::request::FastRequest;
use crate::service::counters::ConnectionCounters;
use crate::service::state::{ApiError, AppState, FeedLog, Params, STREAM_PIECE_BYTES};
use crate::transport::Transport;
use crate::transport::theory::{Conditions, Prediction};

/// What both sides name in `Upgrade`.
const PROTOCOL: &str = "raw-tcp";

/// Bytes of a length.
const LENGTH_BYTES: usize = size_of::<u32>();

/// Longest message taken from a server, in bytes.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// The server's end.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/feeds/{feed}/raw", get(upgrade))
}

#[derive(Debug, Deserialize)]
struct Query {
    after: Option<Cursor>,
}

async fn upgrade(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    FeedLog(log): FeedLog,
    Params(query): Params<Query>,
    headers: HeaderMap,
    mut request: Request,
) -> Result<Response, Response> {
    if headers.get(UPGRADE).is_none_or(|named| named != PROTOCOL) {
        let advice = format!("ask with Connection: Upgrade and Upgrade: {PROTOCOL}");
        let refusal = ApiError(StatusCode::UPGRADE_REQUIRED, advice);
        return Err(([(UPGRADE, PROTOCOL)], refusal).into_response());
    }
    counters.serves(Transport::RawTcp);
    let mut reader = log.reader(query.after).in_pieces(STREAM_PIECE_BYTES);
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Some(mut conn) = Http1Conn::upgraded(upgraded, state, counters).await {
            let _ = talk(&mut conn, &mut reader).await;
        }
    });
    let headers = [(CONNECTION, "upgrade"), (UPGRADE, PROTOCOL)];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

/// The same, straight on the connection.
pub async fn serve<S: Stream>(conn: &mut Http1Conn<S>, plain: &FastRequest) -> io::Result<()> {
    conn.counters.serves(Transport::RawTcp);
    let log = &plain.log;
    let mut reader = log.reader(plain.query.after).in_pieces(STREAM_PIECE_BYTES);
    conn.switch(format!("\r\nupgrade: {PROTOCOL}")).await?;
    talk(conn, &mut reader).await
}

/// Serves one reader until it goes or the server ends. Readers have nothing to say.
async fn talk<S: Stream>(conn: &mut Http1Conn<S>, reader: &mut Reader) -> io::Result<()> {
    conn.deadline.set(None);
    let mut batch = reader.read();
    loop {
        conn.counters.delivered(batch.messages.len());
        conn.write_all(&encode(&batch)).await?;
        batch = match conn.wait(pin!(reader.next())).await {
            WaitOutcome::Done(Some(next)) if !conn.state.limits.give_up(&conn.counters, &next) => {
                next
            }
            _ => return Ok(()),
        };
    }
}

/// A batch in one piece.
fn encode(batch: &Batch) -> Bytes {
    let reset = |missed| prefixed(format!(r#"{{"reset":{}}}"#, batch.reset(missed)).as_bytes());
    batch.framed(Framing::Length, |message| prefixed(&message.json), reset)
}

fn prefixed(json: &[u8]) -> Bytes {
    let length = u32::try_from(json.len()).expect("a message is far below 4 GiB");
    [&length.to_be_bytes(), json].concat().into()
}

/// The client's end.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let mut connection = Box::pin(upgraded(subscription)).await?;
    subscription.ready();
    let mut deliver = |json: &[u8]| subscription.hear_json(json);
    connection.read(|bytes| read(bytes, &mut deliver)).await
}

async fn upgraded(subscription: &mut Subscription) -> Result<Connection, ClientError> {
    let terms = format!("Connection: Upgrade\r\nUpgrade: {PROTOCOL}\r\n");
    let request = subscription.request("raw", PollTiming::default(), &terms);
    let (connection, _) = subscription.open(&request, 101).await?;
    Ok(connection)
}

/// Gives every message that has come whole to `deliver`.
pub fn read(
    bytes: &[u8],
    deliver: &mut impl FnMut(&[u8]) -> Result<(), ClientError>,
) -> Parsed<Infallible> {
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<LENGTH_BYTES>() {
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_MESSAGE_BYTES {
            return Err(ClientError::protocol("a message over the limit"));
        }
        let Some((json, after)) = after.split_at_checked(length) else {
            break;
        };
        deliver(json)?;
        rest = after;
    }
    Ok((bytes.len() - rest.len(), None))
}

/// A push: the mean reader waits for half of the others.
pub fn model(conditions: &Conditions) -> Prediction {
    Prediction {
        latency_mean_us: conditions.fan_out_us(),
        wire_bytes_per_delivery: conditions.sealed(LENGTH_BYTES as f64 + conditions.json_bytes())
            + conditions.post_bytes(),
    }
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
