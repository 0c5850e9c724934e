//! The server's end: axum upgrades and frames; this reads the log and heeds the peer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::ws::{close_code, rejection::WebSocketUpgradeRejection};
use axum::response::Response;
use axum::routing::get;
use futures_util::SinkExt;
use serde::Deserialize;
use tokio::time::{Interval, MissedTickBehavior};

use crate::feed::{Batch, Log, NewMessage, Reader, check_name, check_text};
use crate::transport::hub::{ApiError, FeedLog, Hub, Limits, Params};

/// Bytes read at once from a peer, and held for each of them: peers hardly write.
const READ_BUFFER_BYTES: usize = 4 << 10;

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
    after: Option<u64>,
    user: Option<String>,
}

async fn upgrade(
    State(hub): State<Arc<Hub>>,
    FeedLog(log): FeedLog,
    Params(query): Params<Query>,
    request: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let user = query
        .user
        .as_deref()
        .map(check_name)
        .transpose()?
        .map(str::to_owned);
    let limits = hub.limits;
    // The cursor is taken before the upgrade is answered: what is published after it, arrives.
    let reader = log.reader(query.after);
    let peer = Peer { log, user };
    accept(request, limits)
        .map(|ws| ws.on_upgrade(move |socket| talk(socket, peer, reader, limits)))
}

async fn echo(
    State(hub): State<Arc<Hub>>,
    request: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let limits = hub.limits;
    accept(request, limits).map(|ws| ws.on_upgrade(move |socket| echo_back(socket, limits)))
}

/// The terms that all upgrades share.
fn accept(
    request: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    limits: Limits,
) -> Result<WebSocketUpgrade, ApiError> {
    let upgrade = request.map_err(|error| ApiError(error.status(), error.body_text()))?;
    Ok(upgrade
        .protocols(["chat"])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(limits.max_message_bytes)
        .max_frame_size(limits.max_message_bytes))
}

/// Who is at the other end.
struct Peer {
    log: Arc<Log>,
    /// Without a name a peer only reads.
    user: Option<String>,
}

/// Why the server closes, and what it tells the peer.
type Farewell = (u16, String);

/// Serves one reader of a feed until either side closes.
async fn talk(mut socket: WebSocket, peer: Peer, mut reader: Reader, limits: Limits) {
    let mut heart = Heart::new(limits.ping);
    loop {
        let outcome = tokio::select! {
            batch = reader.next() => send(&mut socket, &batch).await,
            frame = socket.recv() => heart.heed(frame, |text| peer.publish(&text)),
            () = heart.beat() => heart.ping(&mut socket).await,
        };
        if let Err(farewell) = outcome {
            return close(socket, farewell).await;
        }
    }
}

/// Sends every message back.
async fn echo_back(mut socket: WebSocket, limits: Limits) {
    let mut heart = Heart::new(limits.ping);
    loop {
        let outcome = tokio::select! {
            frame = socket.recv() => match frame {
                Some(Ok(frame @ (Frame::Text(_) | Frame::Binary(_)))) => {
                    heart.waiting = false;
                    socket.send(frame).await.map_err(|_| None)
                }
                other => heart.heed(other, |_| Ok(())),
            },
            () = heart.beat() => heart.ping(&mut socket).await,
        };
        if let Err(farewell) = outcome {
            return close(socket, farewell).await;
        }
    }
}

/// Writes a batch: a frame a message, one write for all.
async fn send(socket: &mut WebSocket, batch: &Batch) -> Result<(), Option<Farewell>> {
    let gone = |_| None;
    if let Some(missed) = batch.missed {
        let reset = serde_json::json!({"reset": {"missed": missed, "last": batch.last}});
        socket
            .feed(Frame::text(reset.to_string()))
            .await
            .map_err(gone)?;
    }
    for message in &batch.messages {
        let json = Utf8Bytes::try_from(message.json.clone()).expect("JSON is UTF-8");
        socket.feed(Frame::Text(json)).await.map_err(gone)?;
    }
    socket.flush().await.map_err(gone)
}

/// Says why, then reads on until the peer has closed too: it must get to see the close frame.
async fn close(mut socket: WebSocket, farewell: Option<Farewell>) {
    let Some((code, mut reason)) = farewell else {
        return;
    };
    while reason.len() > MAX_REASON_BYTES {
        reason.pop();
    }
    let reason = Utf8Bytes::from(reason);
    if socket
        .send(Frame::Close(Some(CloseFrame { code, reason })))
        .await
        .is_ok()
    {
        let answered = async { while let Some(Ok(_)) = socket.recv().await {} };
        let _ = tokio::time::timeout(Duration::from_secs(2), answered).await;
    }
}

impl Peer {
    fn publish(&self, text: &str) -> Result<(), Farewell> {
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
            (
                close_code::INVALID,
                format!("write {{\"text\":\"…\"}}: {error}"),
            )
        })?;
        let Some(from) = self.user.clone() else {
            let advice = "to write, connect with ?user=NAME";
            return Err((close_code::POLICY, advice.to_owned()));
        };
        check_text(&text).map_err(|error| (close_code::POLICY, error.to_string()))?;
        self.log.append(&NewMessage {
            from,
            text,
            intended_at_ns,
        });
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

    async fn ping(&mut self, socket: &mut WebSocket) -> Result<(), Option<Farewell>> {
        if std::mem::replace(&mut self.waiting, true) {
            return Err(None);
        }
        socket
            .send(Frame::Ping(Default::default()))
            .await
            .map_err(|_| None)
    }

    /// What a frame from the peer means; `Err(None)` when the conversation is over.
    fn heed(
        &mut self,
        frame: Option<Result<Frame, axum::Error>>,
        publish: impl FnOnce(Utf8Bytes) -> Result<(), Farewell>,
    ) -> Result<(), Option<Farewell>> {
        self.waiting = false;
        match frame {
            Some(Ok(Frame::Text(text))) => publish(text).map_err(Some),
            Some(Ok(Frame::Binary(_))) => Err(Some((
                close_code::UNSUPPORTED,
                "write text frames".to_owned(),
            ))),
            // The reply to a close goes out while reading on; then comes None.
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_))) => Ok(()),
            Some(Err(error)) => Err(farewell_to(error)),
            None => Err(None),
        }
    }
}

/// The close code for what went wrong while reading; none when the connection is gone.
fn farewell_to(error: axum::Error) -> Option<Farewell> {
    use tokio_tungstenite::tungstenite::Error;
    let error = error.into_inner();
    let code = match error.downcast_ref::<Error>()? {
        Error::Capacity(_) => close_code::SIZE,
        Error::Utf8(_) => close_code::INVALID,
        Error::Protocol(_) => close_code::PROTOCOL,
        _ => return None,
    };
    Some((code, error.to_string()))
}
