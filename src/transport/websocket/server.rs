//! The server's end: tungstenite reads the peer's frames; this reads the log, and writes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{
    ALLOW, CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::feed::{
    Batch, Cursor, Framing, Log, NewMessage, Reader, Stored, check_name, check_text,
};
use crate::measure::clock;
use crate::transport::Transport;
use crate::transport::hub::{ApiError, FeedLog, Hub, Limits, Params, STREAM_PIECE_BYTES};
use crate::transport::line::{Line, Stream};
use crate::transport::plain::Plain;
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
    handshake: Handshake,
) -> Result<Response, ApiError> {
    let peer = Peer::new(hub, log, query.user.as_deref(), account)?;
    // The cursor is taken before the upgrade is answered: what is published after it, arrives.
    let reader = peer.reader(query.after);
    Ok(handshake.agree(|stream| talk(stream, peer, reader)))
}

/// The same, straight on the connection.
pub async fn serve<S: Stream>(line: &mut Line<S>, plain: Plain) -> io::Result<()> {
    let (user, after) = (plain.query.user.as_deref(), plain.query.after);
    let peer = Peer::new(line.hub.clone(), plain.log, user, line.account.clone())?;
    let reader = peer.reader(after);
    let key = plain.fields.websocket_key.unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    let protocol = match plain.fields.offers_chat {
        true => "\r\nsec-websocket-protocol: chat",
        false => "",
    };
    let fields = format!("\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}{protocol}");
    line.switch(&fields).await?;
    talk(&mut line.stream, peer, reader).await;
    Ok(())
}

async fn echo(
    State(hub): State<Arc<Hub>>,
    Extension(account): Extension<Arc<Account>>,
    handshake: Handshake,
) -> Response {
    account.serves(Transport::WebSocket);
    handshake.agree(|stream| echo_back(stream, hub))
}

/// An opening handshake that this server agrees to (RFC 6455, section 4.2).
struct Handshake {
    accept: String,
    offers_chat: bool,
    upgrade: OnUpgrade,
}

impl FromRequestParts<Arc<Hub>> for Handshake {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Hub>) -> Result<Self, Response> {
        if parts.method != Method::GET {
            let advice = format!("{} does not upgrade: write GET", parts.method);
            let error = ApiError(StatusCode::METHOD_NOT_ALLOWED, advice);
            return Err(([(ALLOW, "GET")], error).into_response());
        }
        let key = check(&parts.headers).map_err(|refusal| *refusal)?;
        let upgrade = parts
            .extensions
            .remove()
            .ok_or_else(|| bad("write HTTP/1.1, with Connection: Upgrade").into_response())?;
        let mut offers = listed(&parts.headers, SEC_WEBSOCKET_PROTOCOL);
        Ok(Handshake {
            accept: derive_accept_key(key),
            offers_chat: offers.any(|offer| offer == "chat"),
            upgrade,
        })
    }
}

impl Handshake {
    /// Answers, and talks on the connection once the answer is out.
    fn agree<T>(self, talk: impl FnOnce(TokioIo<Upgraded>) -> T + Send + 'static) -> Response
    where
        T: Future<Output = ()> + Send,
    {
        let upgrade = self.upgrade;
        tokio::spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                talk(TokioIo::new(upgraded)).await;
            }
        });
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        let accept = HeaderValue::from_str(&self.accept).expect("it is base64");
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        if self.offers_chat {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat"));
        }
        answer
    }
}

/// The key of a handshake, if that is one that can be agreed to.
fn check(headers: &HeaderMap) -> Result<&[u8], Box<Response>> {
    let refusal = |advice| Box::new(bad(advice).into_response());
    if !listed(headers, CONNECTION).any(|option| option.eq_ignore_ascii_case("upgrade")) {
        return Err(refusal("to upgrade, write Connection: Upgrade"));
    }
    if !listed(headers, UPGRADE).any(|name| name.eq_ignore_ascii_case("websocket")) {
        return Err(refusal("to upgrade, write Upgrade: websocket"));
    }
    let version = headers.get(SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version != "13") {
        // Section 4.4.
        let advice = "this server speaks version 13 of WebSocket".to_owned();
        let error = ApiError(StatusCode::UPGRADE_REQUIRED, advice);
        return Err(([(SEC_WEBSOCKET_VERSION, "13")], error)
            .into_response()
            .into());
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    key.filter(|key| is_key(key))
        .ok_or_else(|| refusal("Sec-WebSocket-Key: write 16 random bytes in base64"))
}

/// The parts of a header field that is a list.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',').map(str::trim))
}

/// Whether it is the key of a handshake: 16 bytes in base64 (section 4.1).
pub fn is_key(key: &[u8]) -> bool {
    BASE64_STANDARD.decode(key).is_ok_and(|key| key.len() == 16)
}

fn bad(advice: &str) -> ApiError {
    ApiError(StatusCode::BAD_REQUEST, advice.to_owned())
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
    Refused(CloseCode, String),
}

type Socket<S> = WebSocketStream<S>;

/// Frames on a connection that has been upgraded.
async fn frames<S: Stream>(stream: S, limits: Limits) -> Socket<S> {
    let limit = limits.max_message_bytes * READABLE_EXCESS;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// Serves one reader of a feed until either side closes.
async fn talk<S: Stream>(stream: S, peer: Peer, mut reader: Reader) {
    let limits = peer.hub.limits;
    let mut socket = frames(stream, limits).await;
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
            frame = socket.next() => heart.heed(frame, limits).and_then(|frame| peer.take(frame)),
            () = heart.beat() => heart.ping(&mut socket).await,
        };
    };
    drop(present);
    close(socket, end).await;
}

/// Sends every message back.
async fn echo_back<S: Stream>(stream: S, hub: Arc<Hub>) {
    let limits = hub.limits;
    let mut socket = frames(stream, limits).await;
    let mut heart = Heart::new(limits.ping);
    let end = loop {
        let outcome = tokio::select! {
            frame = socket.next() => match heart.heed(frame, limits) {
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
async fn close<S: Stream>(mut socket: Socket<S>, end: End) {
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
        while let Some(frame) = socket.next().await {
            frame?;
        }
        Ok::<_, Error>(())
    };
    let _ = tokio::time::timeout(CLOSE_PATIENCE, rest).await;
}

/// The frame of a message, or of what else is told (RFC 6455, section 5.2).
fn frame(json: &[u8]) -> Bytes {
    let head = FrameHeader {
        opcode: OpCode::Data(Data::Text),
        ..FrameHeader::default()
    };
    let length = json.len() as u64;
    let mut frame = Vec::with_capacity(head.len(length) + json.len());
    head.format(length, &mut frame).expect("memory takes it");
    frame.extend_from_slice(json);
    frame.into()
}

/// A batch in one piece: a frame a message.
fn encode(batch: &Batch) -> Bytes {
    let framed = |message: &Arc<Stored>| {
        let frame = |message: &Stored| frame(&message.json);
        message.framed(Framing::Frame, frame).clone()
    };
    if let ([message], None) = (&batch.messages[..], batch.missed) {
        return framed(message);
    }
    let reset = |missed| frame(format!(r#"{{"reset":{}}}"#, batch.reset(missed)).as_bytes());
    let frames = batch.messages.iter().map(framed);
    let frames: Vec<_> = batch.missed.map(reset).into_iter().chain(frames).collect();
    frames.concat().into()
}

impl Peer {
    fn new(
        hub: Arc<Hub>,
        log: Arc<Log>,
        user: Option<&str>,
        account: Arc<Account>,
    ) -> Result<Self, ApiError> {
        let user = user.map(check_name).transpose()?.map(str::to_owned);
        account.serves(Transport::WebSocket);
        Ok(Peer {
            hub,
            log,
            user,
            account,
        })
    }

    fn reader(&self, after: Option<Cursor>) -> Reader {
        self.log.reader(after).in_pieces(STREAM_PIECE_BYTES)
    }

    /// Writes a batch as it was encoded for all, past the socket's own frames; what is left of
    /// those goes first.
    async fn send<S: Stream>(&self, socket: &mut Socket<S>, batch: &Batch) -> Result<(), End> {
        self.account
            .add(Count::Deliveries, batch.messages.len() as i64);
        socket.flush().await.map_err(|_| End::Gone)?;
        let stream = socket.get_mut();
        let written = async {
            stream.write_all(&encode(batch)).await?;
            stream.flush().await
        };
        written.await.map_err(|_| End::Gone)
    }

    /// A frame that carries something: text is a message to publish.
    fn take(&self, frame: Option<Frame>) -> Result<(), End> {
        match frame {
            None => Ok(()),
            Some(Frame::Text(text)) => self.publish(&text),
            Some(_) => Err(End::Refused(
                CloseCode::Unsupported,
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
                CloseCode::Invalid,
                format!("write {{\"text\":\"…\"}}: {error}"),
            )
        })?;
        let policy = |advice: String| End::Refused(CloseCode::Policy, advice);
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

    async fn ping<S: Stream>(&mut self, socket: &mut Socket<S>) -> Result<(), End> {
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
        frame: Option<Result<Frame, Error>>,
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
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => Ok(None),
            Some(Ok(Frame::Close(_))) => Err(End::Closed),
            Some(Ok(frame)) => Ok(Some(frame)),
            Some(Err(error)) => Err(end_by(error, limits)),
            None => Err(End::Gone),
        }
    }
}

fn away() -> End {
    End::Refused(
        CloseCode::Away,
        "this server ends: come back later".to_owned(),
    )
}

fn too_slow() -> End {
    let advice = "you read too slowly: messages are gone that you had not read yet";
    End::Refused(CloseCode::Again, advice.to_owned())
}

fn too_long(limits: Limits) -> End {
    let advice = format!("a message has at most {} bytes", limits.max_message_bytes);
    End::Refused(CloseCode::Size, advice)
}

/// What is told to a peer whose bytes cannot be read on.
fn end_by(error: Error, limits: Limits) -> End {
    match error {
        Error::Capacity(_) => too_long(limits),
        Error::Utf8(_) => End::Refused(CloseCode::Invalid, error.to_string()),
        Error::Protocol(_) => End::Refused(CloseCode::Protocol, error.to_string()),
        _ => End::Gone,
    }
}
