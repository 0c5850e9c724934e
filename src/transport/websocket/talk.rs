//! What is said on a WebSocket once it is open, at the server's end: this reads the log and writes;
//! what the peer says are [`Frames`].

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

use super::frames::Frames;
use crate::feed::{Batch, Cursor, Framing, Log, NewMessage, Reader, check_name, check_text};
use crate::measure::clock;
use crate::transport::hub::{ApiError, Hub, Limits, STREAM_PIECE_BYTES};
use crate::transport::line::{Line, Stream, Wait};
use crate::transport::presence::Present;

/// How long a peer may take to answer a close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// A control frame holds 125 bytes, of which the close code takes two (RFC 6455, section 5.5).
const MAX_REASON_BYTES: usize = 123;

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

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        End::Gone
    }
}

/// One reader of a feed, who may write as well.
pub struct Chat {
    log: Arc<Log>,
    /// Without a name a peer only reads.
    user: Option<String>,
    reader: Reader,
}

impl Chat {
    pub fn new(log: Arc<Log>, user: Option<&str>, after: Option<Cursor>) -> Result<Self, ApiError> {
        Ok(Chat {
            user: user.map(check_name).transpose()?.map(str::to_owned),
            reader: log.reader(after).in_pieces(STREAM_PIECE_BYTES),
            log,
        })
    }

    /// Serves it until either side closes.
    pub async fn hold<S: Stream>(&mut self, line: &mut Line<S>) {
        let user = self.user.as_deref();
        let present = Present::admit(&line.hub, &line.account, &self.log, user, Duration::ZERO);
        let mut talk = Talk::new(line);
        let end = match self.converse(&mut talk).await {
            Err(end) => end,
            Ok(()) => away(),
        };
        drop(present);
        // Boxed, so that who talks on need not have room for it.
        Box::pin(talk.close(end)).await;
    }

    /// Returns when the server is about to end.
    async fn converse<S: Stream>(&mut self, talk: &mut Talk<'_, S>) -> Result<(), End> {
        let address = talk.line.account.address;
        talk.deliver(&self.reader.read()).await?;
        loop {
            let heard = talk.wait(pin!(self.reader.next())).await?;
            match heard {
                Heard::Done(None) => return Ok(()),
                Heard::Done(Some(batch)) if talk.limits().give_up(&talk.line.account, &batch) => {
                    return Err(too_slow());
                }
                Heard::Done(Some(batch)) => talk.deliver(&batch).await?,
                Heard::Frame(Frame::Text(text)) => self.publish(&talk.line.hub, address, &text)?,
                Heard::Frame(_) => {
                    let advice = "write text frames".to_owned();
                    return Err(End::Refused(CloseCode::Unsupported, advice));
                }
            }
        }
    }

    fn publish(&self, hub: &Hub, address: IpAddr, text: &str) -> Result<(), End> {
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
        let on_time = hub.paced(address);
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

/// What comes of waiting.
enum Heard<T> {
    Done(T),
    /// A message of the peer.
    Frame(Frame),
}

/// A connection and its frames.
struct Talk<'a, S> {
    line: &'a mut Line<S>,
    frames: Frames,
    /// A ping is out, and nothing has come since.
    pinged: bool,
}

impl<'a, S: Stream> Talk<'a, S> {
    fn new(line: &'a mut Line<S>) -> Self {
        let limits = line.hub.limits;
        line.alarm.set(Instant::now() + limits.ping);
        Talk {
            frames: Frames::new(limits),
            pinged: false,
            line,
        }
    }

    fn limits(&self) -> &Limits {
        &self.line.hub.limits
    }

    /// Waits for `future` or a message of the peer. Meanwhile it answers pings, and sends its own.
    async fn wait<T>(
        &mut self,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<Heard<T>, End> {
        loop {
            // Boxed, like a ping: nearly all peers say nothing, always, and wait in less memory.
            while self.frames.are_fed()
                && let Some(frame) = Box::pin(self.next()).await?
            {
                if let Some(frame) = heed(frame, self.limits())? {
                    return Ok(Heard::Frame(frame));
                }
            }
            if let Some(done) = self.wait_for_bytes(future.as_mut()).await? {
                return Ok(Heard::Done(done));
            }
        }
    }

    /// The next frame that has come whole. Replies that it calls for are written.
    async fn next(&mut self) -> Result<Option<Result<Frame, Error>>, End> {
        let frame = self.frames.next();
        self.flush().await?;
        Ok(frame)
    }

    /// Waits for `future`; returns without it when more frames may have come.
    async fn wait_for_bytes<T>(
        &mut self,
        future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<Option<T>, End> {
        match self.line.wait(future).await {
            Wait::Done(done) => return Ok(Some(done)),
            Wait::Gone => return Err(End::Gone),
            Wait::Rang if self.pinged => return Err(End::Gone),
            Wait::Rang => {
                self.pinged = true;
                self.line.alarm.set(Instant::now() + self.limits().ping);
                Box::pin(self.say(Frame::Ping(Bytes::new()))).await?;
            }
            Wait::Said => {
                self.pinged = false;
                self.frames.feed(self.line.stream.take_all());
            }
        }
        Ok(None)
    }

    /// Writes a batch as it was encoded for all.
    async fn deliver(&mut self, batch: &Batch) -> Result<(), End> {
        self.line.account.delivered(batch.messages.len());
        Ok(self.line.write_all(&encode(batch)).await?)
    }

    async fn say(&mut self, frame: Frame) -> Result<(), End> {
        self.frames.send(frame).map_err(|_| End::Gone)?;
        self.flush().await
    }

    /// Writes what is to be said: replies, most of all.
    async fn flush(&mut self) -> Result<(), End> {
        let bytes = self.frames.take_output();
        if !bytes.is_empty() {
            self.line.write_all(&bytes).await?;
        }
        Ok(())
    }

    /// Says why, if it is the server that closes, then reads on until the peer has closed too: it
    /// must get to see the close frame, which a reset could overtake (RFC 6455, section 7.1.1).
    async fn close(mut self, end: End) {
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
        self.line.alarm.set(None);
        let rest = async {
            if let Some(farewell) = farewell {
                self.say(farewell).await?;
            }
            loop {
                match self.next().await? {
                    Some(Ok(_)) => {}
                    Some(Err(Error::ConnectionClosed)) => {
                        return Ok(self.line.stream.shutdown().await?);
                    }
                    Some(Err(_)) => {}
                    None => {
                        if self.frames.are_broken() {
                            self.line.stream.shutdown().await?;
                        }
                        self.wait_for_bytes(pin!(pending::<()>())).await?;
                    }
                }
            }
        };
        let _: Result<Result<(), End>, _> = tokio::time::timeout(CLOSE_PATIENCE, rest).await;
    }
}

/// Sends every message back.
pub async fn echo_back<S: Stream>(line: &mut Line<S>) {
    let hub = line.hub.clone();
    let mut talk = Talk::new(line);
    let end = loop {
        let said = match talk.wait(pin!(hub.closed())).await {
            Ok(Heard::Frame(frame)) => talk.say(frame).await,
            Ok(Heard::Done(())) => Err(away()),
            Err(end) => Err(end),
        };
        if let Err(end) = said {
            break end;
        }
    };
    talk.close(end).await;
}

/// What came from the peer: a frame with something in it, or nothing to act upon.
fn heed(frame: Result<Frame, Error>, limits: &Limits) -> Result<Option<Frame>, End> {
    match frame {
        Ok(Frame::Text(text)) if text.len() > limits.max_message_bytes => Err(too_long(limits)),
        Ok(Frame::Binary(data)) if data.len() > limits.max_message_bytes => Err(too_long(limits)),
        Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_)) => Ok(None),
        Ok(Frame::Close(_)) => Err(End::Closed),
        Ok(frame) => Ok(Some(frame)),
        Err(error) => Err(end_by(error, limits)),
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

fn too_long(limits: &Limits) -> End {
    let advice = format!("a message has at most {} bytes", limits.max_message_bytes);
    End::Refused(CloseCode::Size, advice)
}

/// What is told to a peer whose bytes cannot be read on.
fn end_by(error: Error, limits: &Limits) -> End {
    match error {
        Error::Capacity(_) => too_long(limits),
        Error::Utf8(_) => End::Refused(CloseCode::Invalid, error.to_string()),
        Error::Protocol(_) => End::Refused(CloseCode::Protocol, error.to_string()),
        _ => End::Gone,
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
