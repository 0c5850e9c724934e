//! The server's end: axum upgrades and frames; this reads the log and heeds the peer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::close_code;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, State};
use axum::http::header::{ALLOW, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::SinkExt;
use serde::Deserialize;
use tokio::time::{Interval, MissedTickBehavior};

use crate::feed::{Batch, Cursor, Log, NewMessage, Reader, check_name, check_text};
use crate::measure::clock;
use crate::transport::Transport;
use crate::transport::hub::{ApiError, FeedLog, Hub, Limits, Params, STREAM_PIECE_BYTES};
use crate::transport::presence::Present;
use crate::transport::tally::{Account, Count};

/// Bytes read at once from a peer, and held for each of them: peers hardly write.
const READ_BUFFER_BYTES: usize = 4 << 10;

/// How much longer than allowed a message may be to be read to its end and refused in good order.
/// After a longer one the connection can only be cut.
const READABLE_EXCESS: usize = 4;

/// How long a peer may take to answer a close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Bytes gathered before a write. A batch is fed whole and flushed once, so this only bounds what
/// a long backlog gathers.
const WRITE_BUFFER_BYTES: usize = 16 << 10;

/// A control frame holds 125 bytes, of which the close code takes two (RFC 6455, section 5.5).
const MAX_REASON_BYTES: usize = 123;

/// Endpoints: a feed, the lobby, and an echo on the same terms.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/feeds/{feed}/ws", get(upgrade))
        .route("/chat", get(upgrade))
        .route("/echo", get(echo))
}

#[derive(Debug, Deserialize)]
struct Query {
    after: Option<Cursor>,
    user: Option<String>,
}

async fn upgrade(
    State(hub): State<Arc<Hub>>,
    Extension(account): Extension<Arc<Account>>,
    FeedLog(log): FeedLog,
    Params(query): Params<Query>,
    Upgrade(upgrade): Upgrade,
) -> Result<Response, ApiError> {
    let user = query
        .user
        .as_deref()
        .map(check_name)
        .transpose()?
        .map(str::to_owned);
    account.serves(Transport::WebSocket);
    let limits = hub.limits;
    // The cursor is taken before the upgrade is answered: what is published after it, arrives.
    let reader = log.reader(query.after).in_pieces(STREAM_PIECE_BYTES);
    let peer = Peer {
        hub,
        log,
        user,
        account,
    };
    Ok(upgrade.on_upgrade(move |socket| talk(socket, peer, reader, limits)))
}

async fn echo(
    State(hub): State<Arc<Hub>>,
    Extension(account): Extension<Arc<Account>>,
    Upgrade(upgrade): Upgrade,
) -> Response {
    account.serves(Transport::WebSocket);
    upgrade.on_upgrade(move |socket| echo_back(socket, hub))
}

/// A request to upgrade, on the terms that all upgrades share.
struct Upgrade(WebSocketUpgrade);

impl FromRequestParts<Arc<Hub>> for Upgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, hub: &Arc<Hub>) -> Result<Self, Response> {
        if let Some(refusal) = refuse_handshake(&parts.headers) {
            return Err(refusal);
        }
        let limit = hub.limits.max_message_bytes * READABLE_EXCESS;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, hub).await;
        let upgrade = upgrade.map_err(refusal)?;
        Ok(Upgrade(
            upgrade
                .protocols(["chat"])
                .read_buffer_size(READ_BUFFER_BYTES)
                .write_buffer_size(WRITE_BUFFER_BYTES)
                .max_message_size(limit)
                .max_frame_size(limit),
        ))
    }
}

/// Why a request is none to upgrade.
fn refusal(rejection: WebSocketUpgradeRejection) -> Response {
    let error = ApiError(rejection.status(), rejection.body_text());
    match rejection.status() {
        StatusCode::METHOD_NOT_ALLOWED => ([(ALLOW, "GET")], error).into_response(),
        _ => error.into_response(),
    }
}

/// What axum does not look at: the key's length, and how a wrong version is answered (RFC 6455,
/// sections 4.2.1 and 4.4).
fn refuse_handshake(headers: &HeaderMap) -> Option<Response> {
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_some_and(|version| version != "13")
    {
        let advice = "this server speaks version 13 of WebSocket".to_owned();
        let error = ApiError(StatusCode::UPGRADE_REQUIRED, advice);
        return Some(([(SEC_WEBSOCKET_VERSION, "13")], error).into_response());
    }
    let bad = |key: &HeaderValue| {
        BASE64_STANDARD
            .decode(key)
            .map_or(true, |key| key.len() != 16)
    };
    if headers.get(SEC_WEBSOCKET_KEY).is_some_and(bad) {
        let advice = "Sec-WebSocket-Key: write 16 random bytes in base64".to_owned();
        return Some(ApiError(StatusCode::BAD_REQUEST, advice).into_response());
    }
    None
}

/// Who is at the other end.
struct Peer {
    hub: Arc<Hub>,
    log: Arc<Log>,
    /// Without a name a peer only reads.
    user: Option<String>,
    account: Arc<Account>,
}

/// How a conversation comes to its end.
#[derive(Debug)]
enum End {
    /// Nobody is there any more.
    Gone,
    /// The peer has said so; its answer goes out while reading on.
    Closed,
    /// The server says so: close code and reason.
    Refused(u16, String),
}

/// Serves one reader of a feed until either side closes.
async fn talk(mut socket: WebSocket, peer: Peer, mut reader: Reader, limits: Limits) {
    let may_join = || peer.hub.paced(peer.account.address).is_ok();
    let present = Present::enter(&peer.log, peer.user.as_deref(), Duration::ZERO, may_join);
    let mut heart = Heart::new(limits.ping);
    let backlog = reader.read();
    let mut outcome = match backlog.is_empty() {
        true => Ok(()),
        false => peer.send(&mut socket, &backlog).await,
    };
    let end = loop {
        if let Err(end) = outcome {
            break end;
        }
        outcome = tokio::select! {
            batch = reader.next() => match batch {
                Some(batch) if limits.give_up(&peer.account, &batch) => Err(too_slow()),
                Some(batch) => peer.send(&mut socket, &batch).await,
                None => Err(away()),
            },
            frame = socket.recv() => heart.heed(frame, limits).and_then(|frame| peer.take(frame)),
            () = heart.beat() => heart.ping(&mut socket).await,
        };
    };
    drop(present);
    close(socket, end).await;
}

/// Sends every message back.
async fn echo_back(mut socket: WebSocket, hub: Arc<Hub>) {
    let limits = hub.limits;
    let mut heart = Heart::new(limits.ping);
    let end = loop {
        let outcome = tokio::select! {
            frame = socket.recv() => match heart.heed(frame, limits) {
                Ok(Some(frame)) => socket.send(frame).await.map_err(|_| End::Gone),
                Ok(None) => Ok(()),
                Err(end) => Err(end),
            },
            () = hub.closed() => Err(away()),
            () = heart.beat() => heart.ping(&mut socket).await,
        };
        if let Err(end) = outcome {
            break end;
        }
    };
    close(socket, end).await;
}

/// Says why, if it is the server that closes, then reads on until the peer has closed too: it must
/// get to see the close frame. After what broke the protocol nothing more can be read.
async fn close(mut socket: WebSocket, end: End) {
    let farewell = match end {
        End::Gone => return,
        End::Closed => None,
        End::Refused(code, mut reason) => {
            while reason.len() > MAX_REASON_BYTES {
                reason.pop();
            }
            let reason = reason.into();
            Some(Frame::Close(Some(CloseFrame { code, reason })))
        }
    };
    let rest = async {
        if let Some(farewell) = farewell {
            socket.send(farewell).await?;
        }
        while let Some(frame) = socket.recv().await {
            frame?;
        }
        Ok::<_, axum::Error>(())
    };
    let _ = tokio::time::timeout(CLOSE_PATIENCE, rest).await;
}

impl Peer {
    /// Writes a batch: a frame a message, one write for all.
    async fn send(&self, socket: &mut WebSocket, batch: &Batch) -> Result<(), End> {
        let gone = |_| End::Gone;
        self.account
            .add(Count::Deliveries, batch.messages.len() as i64);
        if let Some(missed) = batch.missed {
            let reset = format!(r#"{{"reset":{}}}"#, batch.reset(missed));
            socket.feed(Frame::text(reset)).await.map_err(gone)?;
        }
        for message in &batch.messages {
            let json = Utf8Bytes::try_from(message.json.clone()).expect("JSON is UTF-8");
            socket.feed(Frame::Text(json)).await.map_err(gone)?;
        }
        socket.flush().await.map_err(gone)
    }

    /// A frame that carries something: text is a message to publish.
    fn take(&self, frame: Option<Frame>) -> Result<(), End> {
        match frame {
            None => Ok(()),
            Some(Frame::Text(text)) => self.publish(&text),
            Some(_) => Err(End::Refused(
                close_code::UNSUPPORTED,
                "write text frames".to_owned(),
            )),
        }
    }

    fn publish(&self, text: &str) -> Result<(), End> {
        #[derive(Deserialize)]
        struct Draft {
            text: String,
            #[serde(default)]
            intended_at_ns: u64,
        }
        let Draft {
            text,
            intended_at_ns,
        } = serde_json::from_str(text).map_err(|error| {
            End::Refused(
                close_code::INVALID,
                format!("write {{\"text\":\"…\"}}: {error}"),
            )
        })?;
        let policy = |advice: String| End::Refused(close_code::POLICY, advice);
        let on_time = self.hub.paced(self.account.address);
        on_time.map_err(|error| policy(error.to_string()))?;
        let from = self
            .user
            .clone()
            .ok_or_else(|| policy("to write, connect with ?user=NAME".to_owned()))?;
        check_text(&text).map_err(|error| policy(error.to_string()))?;
        self.log.append(
            &NewMessage {
                from,
                text,
                intended_at_ns,
            },
            clock::now_ns(),
        );
        Ok(())
    }
}

/// Pings, and notices a peer that has gone silent.
struct Heart {
    ticks: Interval,
    /// A ping is out, and nothing has come since.
    waiting: bool,
}

impl Heart {
    fn new(every: Duration) -> Self {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Heart {
            ticks,
            waiting: false,
        }
    }

    async fn beat(&mut self) {
        self.ticks.tick().await;
    }

    async fn ping(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        if std::mem::replace(&mut self.waiting, true) {
            return Err(End::Gone);
        }
        socket
            .send(Frame::Ping(Default::default()))
            .await
            .map_err(|_| End::Gone)
    }

    /// What came from the peer: a frame with something in it, or nothing to act upon.
    fn heed(
        &mut self,
        frame: Option<Result<Frame, axum::Error>>,
        limits: Limits,
    ) -> Result<Option<Frame>, End> {
        self.waiting = false;
        match frame {
            Some(Ok(Frame::Text(text))) if text.len() > limits.max_message_bytes => {
                Err(too_long(limits))
            }
            Some(Ok(Frame::Binary(bytes))) if bytes.len() > limits.max_message_bytes => {
                Err(too_long(limits))
            }
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => Ok(None),
            Some(Ok(Frame::Close(_))) => Err(End::Closed),
            Some(Ok(frame)) => Ok(Some(frame)),
            Some(Err(error)) => Err(end_by(error, limits)),
            None => Err(End::Gone),
        }
    }
}

fn away() -> End {
    End::Refused(
        close_code::AWAY,
        "this server ends: come back later".to_owned(),
    )
}

fn too_slow() -> End {
    let advice = "you read too slowly: messages are gone that you had not read yet";
    End::Refused(close_code::AGAIN, advice.to_owned())
}

fn too_long(limits: Limits) -> End {
    let advice = format!("a message has at most {} bytes", limits.max_message_bytes);
    End::Refused(close_code::SIZE, advice)
}

/// What is told to a peer whose bytes cannot be read on.
fn end_by(error: axum::Error, limits: Limits) -> End {
    use tokio_tungstenite::tungstenite::Error;
    let error = error.into_inner();
    match error.downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => too_long(limits),
        Some(Error::Utf8(_)) => End::Refused(close_code::INVALID, error.to_string()),
        Some(Error::Protocol(_)) => End::Refused(close_code::PROTOCOL, error.to_string()),
        _ => End::Gone,
    }
}
