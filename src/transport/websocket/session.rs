//! What is said on a WebSocket once it is open, at the server's end: this reads the log and writes;
//! what the peer says are [`FrameCodec`].

use std::future::pending;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::feed::{Batch, Cursor, Feed, Framing, NewMessage, Reader, check_name, check_text};
use crate::runtime::clock;
use crate::server::http1::conn::{Http1Conn, Stream, WaitOutcome};
use crate::service::presence::PresenceGuard;
use crate::service::state::{ApiError, AppState, Limits, STREAM_PIECE_BYTES};
use crate::transport::websocket::codec::FrameCodec;

/// How long a peer may take to answer a close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// A control frame holds 125 bytes, of which the close code takes two (RFC 6455, section 5.5).
const MAX_REASON_BYTES: usize = 123;

/// How a conversation comes to its end.
#[derive(Debug)]
enum SessionEnd {
    /// Nobody is there any more.
    Gone,
    /// The peer has said so; its answer goes out while reading on.
    Closed,
    /// The server says so: close code and reason.
    Refused(CloseCode, String),
}

impl From<io::Error> for SessionEnd {
    fn from(_: io::Error) -> Self {
        SessionEnd::Gone
    }
}

/// One reader of a feed, who may write as well.
pub struct FeedSession {
    log: Arc<Feed>,
    /// Without a name a peer only reads.
    user: Option<String>,
    reader: Reader,
}

impl FeedSession {
    pub fn new(
        log: Arc<Feed>,
        user: Option<&str>,
        after: Option<Cursor>,
    ) -> Result<Self, ApiError> {
        Ok(FeedSession {
            user: user.map(check_name).transpose()?.map(str::to_owned),
            reader: log.reader(after).in_pieces(STREAM_PIECE_BYTES),
            log,
        })
    }

    /// Serves it until either side closes.
    pub async fn hold<S: Stream>(&mut self, conn: &mut Http1Conn<S>) {
        let user = self.user.as_deref();
        let present =
            PresenceGuard::admit(&conn.state, &conn.counters, &self.log, user, Duration::ZERO);
        let mut session = WebSocketSession::new(conn);
        let end = match self.converse(&mut session).await {
            Err(end) => end,
            Ok(()) => away(),
        };
        drop(present);
        // Boxed, so that who talks on need not have room for it.
        Box::pin(session.close(end)).await;
    }

    /// Returns when the server is about to end.
    async fn converse<S: Stream>(
        &mut self,
        session: &mut WebSocketSession<'_, S>,
    ) -> Result<(), SessionEnd> {
        let address = session.conn.counters.address;
        session.deliver(&self.reader.read()).await?;
        loop {
            let heard = session.wait(pin!(self.reader.next())).await?;
            match heard {
                SessionEvent::Done(None) => return Ok(()),
                SessionEvent::Done(Some(batch))
                    if session.limits().give_up(&session.conn.counters, &batch) =>
                {
                    return Err(too_slow());
                }
                SessionEvent::Done(Some(batch)) => session.deliver(&batch).await?,
                SessionEvent::Frame(Frame::Text(text)) => {
                    // Boxed: most peers never publish, and wait in less memory.
                    Box::pin(self.publish(&session.conn.state, address, &text)).await?
                }
                SessionEvent::Frame(_) => {
                    let advice = "write text frames".to_owned();
                    return Err(SessionEnd::Refused(CloseCode::Unsupported, advice));
                }
            }
        }
    }

    async fn publish(
        &self,
        state: &AppState,
        address: IpAddr,
        text: &str,
    ) -> Result<(), SessionEnd> {
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
            SessionEnd::Refused(
                CloseCode::Invalid,
                format!("write {{\"text\":\"…\"}}: {error}"),
            )
        })?;
        let policy = |advice: String| SessionEnd::Refused(CloseCode::Policy, advice);
        let on_time = state.paced(address);
        on_time.map_err(|error| policy(error.to_string()))?;
        let from = self
            .user
            .clone()
            .ok_or_else(|| policy("to write, connect with ?user=NAME".to_owned()))?;
        check_text(&text).map_err(|error| policy(error.to_string()))?;
        let new = NewMessage {
            from,
            text,
            intended_at_ns,
        };
        let appended = self.log.append(&new, clock::now_ns()).await;
        appended.map_err(|error| SessionEnd::Refused(CloseCode::Again, error.to_string()))?;
        Ok(())
    }
}

/// What comes of waiting.
enum SessionEvent<T> {
    Done(T),
    /// A message of the peer.
    Frame(Frame),
}

/// A connection and its frames.
struct WebSocketSession<'a, S> {
    conn: &'a mut Http1Conn<S>,
    frames: FrameCodec,
    /// A ping is out, and nothing has come since.
    pinged: bool,
}

impl<'a, S: Stream> WebSocketSession<'a, S> {
    fn new(conn: &'a mut Http1Conn<S>) -> Self {
        let limits = conn.state.limits;
        conn.deadline.set(Instant::now() + limits.ping);
        WebSocketSession {
            frames: FrameCodec::new(limits),
            pinged: false,
            conn,
        }
    }

    fn limits(&self) -> &Limits {
        &self.conn.state.limits
    }

    /// Waits for `future` or a message of the peer. Meanwhile it answers pings, and sends its own.
    async fn wait<T>(
        &mut self,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<SessionEvent<T>, SessionEnd> {
        loop {
            // Boxed, like a ping: nearly all peers say nothing, always, and wait in less memory.
            while self.frames.are_fed()
                && let Some(frame) = Box::pin(self.next()).await?
            {
                if let Some(frame) = heed(frame, self.limits())? {
                    return Ok(SessionEvent::Frame(frame));
                }
            }
            if let Some(done) = self.wait_for_bytes(future.as_mut()).await? {
                return Ok(SessionEvent::Done(done));
            }
        }
    }

    /// The next frame that has come whole. Replies that it calls for are written.
    async fn next(&mut self) -> Result<Option<Result<Frame, Error>>, SessionEnd> {
        let frame = self.frames.next_frame();
        self.flush().await?;
        Ok(frame)
    }

    /// Waits for `future`; returns without it when more frames may have come.
    async fn wait_for_bytes<T>(
        &mut self,
        future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<Option<T>, SessionEnd> {
        match self.conn.wait(future).await {
            WaitOutcome::Done(done) => return Ok(Some(done)),
            WaitOutcome::Gone => return Err(SessionEnd::Gone),
            WaitOutcome::Rang if self.pinged => return Err(SessionEnd::Gone),
            WaitOutcome::Rang => {
                self.pinged = true;
                self.conn.deadline.set(Instant::now() + self.limits().ping);
                Box::pin(self.say(Frame::Ping(Bytes::new()))).await?;
            }
            WaitOutcome::Said => {
                self.pinged = false;
                self.frames.feed(self.conn.stream.take_all());
            }
        }
        Ok(None)
    }

    /// Writes a batch as it was encoded for all.
    async fn deliver(&mut self, batch: &Batch) -> Result<(), SessionEnd> {
        self.conn.counters.delivered(batch.messages.len());
        Ok(self.conn.write_all(&encode(batch)).await?)
    }

    async fn say(&mut self, frame: Frame) -> Result<(), SessionEnd> {
        self.frames.send(frame).map_err(|_| SessionEnd::Gone)?;
        self.flush().await
    }

    /// Writes what is to be said: replies, most of all.
    async fn flush(&mut self) -> Result<(), SessionEnd> {
        let bytes = self.frames.take_output();
        if !bytes.is_empty() {
            self.conn.write_all(&bytes).await?;
        }
        Ok(())
    }

    /// Says why, if it is the server that closes, then reads on until the peer has closed too: it
    /// must get to see the close frame, which a reset could overtake (RFC 6455, section 7.1.1).
    async fn close(mut self, end: SessionEnd) {
        let farewell = match end {
            SessionEnd::Gone => return,
            SessionEnd::Closed => None,
            SessionEnd::Refused(code, mut reason) => {
                while reason.len() > MAX_REASON_BYTES {
                    reason.pop();
                }
                let reason = reason.into();
                Some(Frame::Close(Some(CloseFrame { code, reason })))
            }
        };
        self.conn.deadline.set(None);
        let rest = async {
            if let Some(farewell) = farewell {
                self.say(farewell).await?;
            }
            loop {
                match self.next().await? {
                    Some(Ok(_)) => {}
                    Some(Err(Error::ConnectionClosed)) => {
                        return Ok(self.conn.stream.shutdown().await?);
                    }
                    Some(Err(_)) => {}
                    None => {
                        if self.frames.are_broken() {
                            self.conn.stream.shutdown().await?;
                        }
                        self.wait_for_bytes(pin!(pending::<()>())).await?;
                    }
                }
            }
        };
        let _: Result<Result<(), SessionEnd>, _> = tokio::time::timeout(CLOSE_PATIENCE, rest).await;
    }
}

/// Sends every message back.
pub async fn echo_back<S: Stream>(conn: &mut Http1Conn<S>) {
    let state = conn.state.clone();
    let mut session = WebSocketSession::new(conn);
    let end = loop {
        let said = match session.wait(pin!(state.closed())).await {
            Ok(SessionEvent::Frame(frame)) => session.say(frame).await,
            Ok(SessionEvent::Done(())) => Err(away()),
            Err(end) => Err(end),
        };
        if let Err(end) = said {
            break end;
        }
    };
    session.close(end).await;
}

/// What came from the peer: a frame with something in it, or nothing to act upon.
fn heed(frame: Result<Frame, Error>, limits: &Limits) -> Result<Option<Frame>, SessionEnd> {
    match frame {
        Ok(Frame::Text(text)) if text.len() > limits.max_message_bytes => Err(too_long(limits)),
        Ok(Frame::Binary(data)) if data.len() > limits.max_message_bytes => Err(too_long(limits)),
        Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_)) => Ok(None),
        Ok(Frame::Close(_)) => Err(SessionEnd::Closed),
        Ok(frame) => Ok(Some(frame)),
        Err(error) => Err(end_by(error, limits)),
    }
}

fn away() -> SessionEnd {
    SessionEnd::Refused(
        CloseCode::Away,
        "this server ends: come back later".to_owned(),
    )
}

fn too_slow() -> SessionEnd {
    let advice = "you read too slowly: messages are gone that you had not read yet";
    SessionEnd::Refused(CloseCode::Again, advice.to_owned())
}

fn too_long(limits: &Limits) -> SessionEnd {
    let advice = format!("a message has at most {} bytes", limits.max_message_bytes);
    SessionEnd::Refused(CloseCode::Size, advice)
}

/// What is told to a peer whose bytes cannot be read on.
fn end_by(error: Error, limits: &Limits) -> SessionEnd {
    match error {
        Error::Capacity(_) => too_long(limits),
        Error::Utf8(_) => SessionEnd::Refused(CloseCode::Invalid, error.to_string()),
        Error::Protocol(_) => SessionEnd::Refused(CloseCode::Protocol, error.to_string()),
        _ => SessionEnd::Gone,
    }
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
    let reset = |missed| frame(format!(r#"{{"reset":{}}}"#, batch.reset(missed)).as_bytes());
    batch.framed(Framing::Frame, |message| frame(&message.json), reset)
}
