//! The server's end of an open WebSocket: reads the feed, writes frames, and publishes what the
//! peer sends. The peer's bytes are decoded by [`FrameCodec`].

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
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::feed::{Batch, Feed, Framing, NewMessage, Owed, Reader, check_name, check_text};
use crate::service::answer::{ApiError, NO_MEMORY};
use crate::service::fan_out::{self, Place};
use crate::service::limits::{Limits, STREAM_PIECE_BYTES};
use crate::service::peer::{Peer, WaitOutcome};
use crate::service::presence::PresenceGuard;
use crate::service::publish::publish;
use crate::service::rewind::Stream;
use crate::service::state::AppState;
use crate::transport::ask::Ask;
use crate::transport::websocket::codec::{FrameCodec, encode};

/// How long a peer may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A control frame holds 125 bytes, of which the close code takes two (RFC 6455, section 5.5).
const MAX_REASON_BYTES: usize = 123;

/// Bytes of messages in part that are not counted, so that a short one costs no lock.
const MAX_UNCOUNTED_BYTES: usize = 1 << 10;

/// Why a session ends.
#[derive(Debug)]
enum SessionEnd {
    /// The peer has disconnected.
    Disconnected,
    /// The peer has sent a close frame; the answer goes out while the server reads on.
    Closed,
    /// The server closes, with this close code and reason.
    Refused(CloseCode, String),
}

impl From<io::Error> for SessionEnd {
    fn from(_: io::Error) -> Self {
        SessionEnd::Disconnected
    }
}

/// A client that reads a feed and may publish to it.
pub struct FeedSession {
    feed: Arc<Feed>,
    /// The author of what the client publishes; without it, the client only reads.
    user: Option<String>,
    reader: Reader,
    presence: Option<PresenceGuard>,
}

impl FeedSession {
    pub fn new(state: &AppState, ask: &Ask<'_>) -> Result<Self, ApiError> {
        let user = ask.params.user.map(check_name).transpose()?;
        let cursor = ask.cursor()?;
        let feed = ask.open_feed(state)?;
        Ok(FeedSession {
            user: user.map(str::to_owned),
            reader: feed.reader(cursor).in_pieces(STREAM_PIECE_BYTES),
            presence: ask.admit(state, &feed, state.limits.leave_after)?,
            feed,
        })
    }

    /// Runs until either side closes.
    pub async fn run<S: Stream>(&mut self, peer: &mut Peer<S>) {
        let place = peer.take_place(&self.reader, Framing::Frame, encode);
        let mut session = WebSocketSession::new(peer);
        let (end, goes_away) = match self.serve(&mut session, place.as_ref()).await {
            Err(end) => (end, false),
            Ok(()) => (going_away(), true),
        };
        self.presence = None;
        // What the peer wrote before it read that the server ends is still published.
        let author = goes_away.then_some(&*self);
        // Boxed, so that an open session needs no room for it.
        Box::pin(session.close(end, author)).await;
        peer.leave(place);
    }

    /// Returns when the server shuts down.
    async fn serve<S: Stream>(
        &mut self,
        session: &mut WebSocketSession<'_, S>,
        place: Option<&Place>,
    ) -> Result<(), SessionEnd> {
        session.deliver(self.reader.read()).await?;
        loop {
            let event = session
                .wait(pin!(fan_out::next(&mut self.reader, place)))
                .await?;
            match event {
                SessionEvent::Done(None) => return Ok(()),
                SessionEvent::Done(Some(batch))
                    if session
                        .limits()
                        .ends_slow_reader(&session.peer.counters, &batch) =>
                {
                    return Err(too_slow());
                }
                SessionEvent::Done(Some(batch)) => session.deliver(batch).await?,
                SessionEvent::Frame(Frame::Text(text)) => {
                    // Boxed: most peers never publish, and wait in less memory.
                    let (state, address) = (&session.peer.state, session.peer.counters.address);
                    Box::pin(self.publish(state, address, &text)).await?;
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
        let policy = |advice: String| SessionEnd::Refused(CloseCode::Policy, advice);
        let Draft {
            text,
            intended_at_ns,
        } = serde_json::from_str(text).map_err(|error| {
            let advice = format!("write {{\"text\":\"…\"}}: {error}");
            SessionEnd::Refused(CloseCode::Invalid, advice)
        })?;
        let rate = state.check_rate(address);
        rate.map_err(|error| policy(error.to_string()))?;
        let no_name = || policy("to write, connect with ?user=NAME".to_owned());
        let from = self.user.clone().ok_or_else(no_name)?;
        check_text(&text).map_err(|error| policy(error.to_string()))?;
        let new = NewMessage {
            from,
            text,
            intended_at_ns,
        };
        let published = publish(&self.feed, &new).await;
        published.map_err(|error| SessionEnd::Refused(CloseCode::Again, error.to_string()))?;
        Ok(())
    }
}

/// What a client publishes.
#[derive(Deserialize)]
struct Draft {
    text: String,
    #[serde(default)]
    intended_at_ns: u64,
}

/// What ended a wait.
enum SessionEvent<T> {
    Done(T),
    /// A message from the peer.
    Frame(Frame),
}

/// A connection and the codec of its frames.
struct WebSocketSession<'a, S> {
    peer: &'a mut Peer<S>,
    frames: FrameCodec,
    /// A ping was sent, and nothing has come since.
    pinged: bool,
    /// Counts what has come of messages, beyond [`MAX_UNCOUNTED_BYTES`].
    partial: Option<Owed>,
}

impl<'a, S: Stream> WebSocketSession<'a, S> {
    fn new(peer: &'a mut Peer<S>) -> Self {
        let limits = peer.state.limits;
        peer.deadline.set(Instant::now() + limits.ping);
        WebSocketSession {
            frames: FrameCodec::new(limits),
            pinged: false,
            partial: None,
            peer,
        }
    }

    fn limits(&self) -> &Limits {
        &self.peer.state.limits
    }

    /// Waits for `future` or a message from the peer. Answers pings and sends its own meanwhile.
    async fn wait<T>(
        &mut self,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<SessionEvent<T>, SessionEnd> {
        loop {
            // Boxed, like a ping: most peers never send anything, and wait in less memory.
            while self.frames.are_fed()
                && let Some(frame) = Box::pin(self.next()).await?
            {
                if let Some(frame) = check_frame(frame, self.limits())? {
                    return Ok(SessionEvent::Frame(frame));
                }
            }
            self.count_partial()?;
            if let Some(done) = self.wait_for_bytes(future.as_mut()).await? {
                return Ok(SessionEvent::Done(done));
            }
        }
    }

    /// The next complete frame. Its replies are written.
    async fn next(&mut self) -> Result<Option<Result<Frame, Error>>, SessionEnd> {
        let frame = self.frames.next_frame();
        self.flush().await?;
        Ok(frame)
    }

    /// Waits for `future`; returns `None` when more frames may have come.
    async fn wait_for_bytes<T>(
        &mut self,
        future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<Option<T>, SessionEnd> {
        match self.peer.wait(future).await {
            WaitOutcome::Done(done) => return Ok(Some(done)),
            WaitOutcome::Disconnected => return Err(SessionEnd::Disconnected),
            WaitOutcome::Timeout if self.pinged => return Err(SessionEnd::Disconnected),
            WaitOutcome::Timeout => {
                self.pinged = true;
                self.peer.deadline.set(Instant::now() + self.limits().ping);
                Box::pin(self.send(Frame::Ping(Bytes::new()))).await?;
            }
            WaitOutcome::PeerData(bytes) => {
                self.pinged = false;
                self.frames.feed(bytes);
                self.count_partial()?;
            }
        }
        Ok(None)
    }

    /// Counts what is held of messages that have come in part: the peer may never send the rest,
    /// nor read what it is answered.
    fn count_partial(&mut self) -> Result<(), SessionEnd> {
        let bytes = self.frames.partial_bytes();
        if bytes <= MAX_UNCOUNTED_BYTES {
            self.partial = None;
            return Ok(());
        }
        let held = self.peer.counters.hold(&mut self.partial, bytes);
        held.map_err(|_| SessionEnd::Refused(CloseCode::Again, NO_MEMORY.to_owned()))
    }

    /// Writes a batch, whose encoding all connections share. The batch is dropped first: a peer
    /// that does not read must not hold its messages.
    async fn deliver(&mut self, batch: Batch) -> Result<(), SessionEnd> {
        self.peer.counters.delivered(batch.messages.len());
        let bytes = encode(&batch);
        drop(batch);
        Ok(self.peer.write_all(&bytes).await?)
    }

    async fn send(&mut self, frame: Frame) -> Result<(), SessionEnd> {
        self.frames
            .send(frame)
            .map_err(|_| SessionEnd::Disconnected)?;
        self.flush().await
    }

    /// Writes the pending frames.
    async fn flush(&mut self) -> Result<(), SessionEnd> {
        let bytes = self.frames.take_output();
        if !bytes.is_empty() {
            self.peer.write_all(&bytes).await?;
        }
        Ok(())
    }

    /// Sends the server's close frame, if the server closes, then reads until the peer has closed
    /// too. Otherwise a TCP reset could overtake the close frame (RFC 6455, section 7.1.1). What
    /// still comes from an `author` is published.
    async fn close(mut self, end: SessionEnd, author: Option<&FeedSession>) {
        let close_frame = match end {
            SessionEnd::Disconnected => return,
            SessionEnd::Closed => None,
            SessionEnd::Refused(code, mut reason) => {
                while reason.len() > MAX_REASON_BYTES {
                    reason.pop();
                }
                let reason = reason.into();
                Some(Frame::Close(Some(CloseFrame { code, reason })))
            }
        };
        self.peer.deadline.set(None);
        let rest = async {
            if let Some(close_frame) = close_frame {
                self.send(close_frame).await?;
            }
            loop {
                match self.next().await? {
                    Some(Ok(Frame::Text(text))) => {
                        if let Some(author) = author {
                            let (state, address) = (&self.peer.state, self.peer.counters.address);
                            let _ = author.publish(state, address, &text).await;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(Error::ConnectionClosed)) => {
                        return Ok(self.peer.stream.shutdown().await?);
                    }
                    Some(Err(_)) => {}
                    None => {
                        if self.frames.are_broken() {
                            self.peer.stream.shutdown().await?;
                        }
                        self.wait_for_bytes(pin!(pending::<()>())).await?;
                    }
                }
            }
        };
        let _: Result<Result<(), SessionEnd>, _> = tokio::time::timeout(CLOSE_TIMEOUT, rest).await;
    }
}

/// Sends every message back.
pub async fn echo<S: Stream>(peer: &mut Peer<S>) {
    answer_each(peer, |frame| frame).await;
}

/// Answers every message.
pub async fn answer_each<S: Stream>(peer: &mut Peer<S>, answer: fn(Frame) -> Frame) {
    let state = peer.state.clone();
    let mut session = WebSocketSession::new(peer);
    let end = loop {
        let outcome = match session.wait(pin!(state.closed())).await {
            Ok(SessionEvent::Frame(frame)) => session.send(answer(frame)).await,
            Ok(SessionEvent::Done(())) => Err(going_away()),
            Err(end) => Err(end),
        };
        if let Err(end) = outcome {
            break end;
        }
    };
    session.close(end, None).await;
}

/// A frame to act upon, or `None` for control frames.
fn check_frame(frame: Result<Frame, Error>, limits: &Limits) -> Result<Option<Frame>, SessionEnd> {
    match frame {
        Ok(Frame::Text(text)) if text.len() > limits.max_message_bytes => Err(too_long(limits)),
        Ok(Frame::Binary(data)) if data.len() > limits.max_message_bytes => Err(too_long(limits)),
        Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_)) => Ok(None),
        Ok(Frame::Close(_)) => Err(SessionEnd::Closed),
        Ok(frame) => Ok(Some(frame)),
        Err(error) => Err(decode_error(error, limits)),
    }
}

fn going_away() -> SessionEnd {
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

/// The end of a session whose peer sent bytes that can't be decoded.
fn decode_error(error: Error, limits: &Limits) -> SessionEnd {
    match error {
        Error::Capacity(_) => too_long(limits),
        Error::Utf8(_) => SessionEnd::Refused(CloseCode::Invalid, error.to_string()),
        Error::Protocol(_) => SessionEnd::Refused(CloseCode::Protocol, error.to_string()),
        _ => SessionEnd::Disconnected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Feeds, Memory, Retention};

    #[tokio::test]
    async fn a_message_that_comes_in_part_is_counted() {
        let (stream, mut client) = tokio::io::duplex(1 << 20);
        let feeds = Feeds::new(Retention::default(), 1).with_memory(Memory::new(1 << 20));
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let counted = state.metrics.open([127, 0, 0, 1].into());
        let mut peer = Peer::new(stream, state.clone(), counted.counters.clone());
        peer.duplex = true;
        let sends = async {
            // A text frame of 60,000 bytes, masked by 0.
            client.write_all(b"\x81\xfe\xea\x60\0\0\0\0").await.unwrap();
            client.write_all(&[b'a'; 50_000]).await.unwrap();
            while state.feeds.memory().owed_bytes() < 50_000 {
                tokio::task::yield_now().await;
            }
            client.write_all(&[b'a'; 10_000]).await.unwrap();
            let mut echo = [0; 60_004];
            tokio::io::AsyncReadExt::read_exact(&mut client, &mut echo)
                .await
                .unwrap();
            client.write_all(b"\x81\x81\0\0\0\0a").await.unwrap();
            while state.feeds.memory().owed_bytes() > 0 {
                tokio::task::yield_now().await;
            }
            drop(client);
        };
        tokio::join!(echo(&mut peer), sends);
    }
}
