//! A WebSocket as a careful client has it: the handshake, messages, and how the server ends it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use crate::check::bench::Bench;
use crate::check::link::{Arrival, Link, Manner};
use crate::check::outcome::Outcome;
use crate::check::token::Token;
use crate::check::websocket::frames::{self, FIN, ServerFrame};
use crate::check::websocket::language::Language;
use crate::texts::Seen;
use crate::transport::websocket::client::upgrade_lines;

/// The longest wait for what a server does at once: an echo, a pong, a close.
pub const SOON: Duration = Duration::from_millis(1_500);

/// The pause between frames that come in packets of their own.
const APART: Duration = Duration::from_millis(40);

/// The header lines of an opening handshake, with a new key.
pub fn handshake_lines() -> String {
    upgrade_lines(&generate_key())
}

/// How a server ended a WebSocket, or did not.
#[derive(Clone, Debug)]
pub enum Ending {
    /// With a close frame: its code and its reason.
    Closed(Option<u16>, String),
    /// Without a close frame.
    Ended,
    Reset,
    /// Not at all, for so long.
    Open(Duration),
}

impl From<Ending> for Seen {
    fn from(ending: Ending) -> Seen {
        match ending {
            Ending::Closed(code, reason) => Seen::Closed(code, reason),
            Ending::Ended => Seen::EndedWithoutClose,
            Ending::Reset => Seen::Reset,
            Ending::Open(time) => Seen::StillOpen(time),
        }
    }
}

/// What came from the server. Its pings are answered, and are not among it.
#[derive(Debug)]
pub enum Event {
    Message { opcode: u8, payload: Vec<u8> },
    Pong(Vec<u8>),
    End(Ending),
}

/// An open WebSocket.
pub struct Conversation {
    bench: Arc<Bench>,
    link: Link,
    received: Vec<u8>,
    /// The message that has come in part.
    partial: Option<(u8, Vec<u8>)>,
    /// Messages that came while a pong was awaited.
    kept: Vec<Vec<u8>>,
}

impl Conversation {
    /// Opens one in the language of the server.
    ///
    /// # Errors
    /// What the check says without a WebSocket.
    pub async fn open(bench: &Arc<Bench>) -> Result<Self, Outcome> {
        Conversation::open_as(bench, Manner::default()).await
    }

    pub async fn open_as(bench: &Arc<Bench>, manner: Manner) -> Result<Self, Outcome> {
        Conversation::speaking(bench, manner, bench.language()).await
    }

    pub async fn speaking(
        bench: &Arc<Bench>,
        manner: Manner,
        language: Language,
    ) -> Result<Self, Outcome> {
        let opened = Conversation::with(bench, manner, language, "");
        opened.await.map_err(Outcome::unknown)
    }

    /// Opens one with further header lines, which each end with CR LF.
    ///
    /// # Errors
    /// Why none opens.
    pub async fn with(
        bench: &Arc<Bench>,
        manner: Manner,
        language: Language,
        fields: &str,
    ) -> Result<Self, Seen> {
        let fields = handshake_lines() + fields;
        let request = bench.get_at(&language.path(bench.path()), &fields);
        let asked = bench.ask(request.as_bytes(), manner).await?;
        match asked.head.status {
            101 => Ok(Conversation {
                bench: bench.clone(),
                link: asked.link,
                received: asked.rest,
                partial: None,
                kept: Vec::new(),
            }),
            _ => Err(Seen::NoWebSocket(asked.head.line)),
        }
    }

    /// Sends a masked frame.
    pub async fn send(&mut self, first: u8, payload: &[u8]) -> bool {
        self.link.send(&frames::masked(first, payload)).await
    }

    /// Sends bytes as they are.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> bool {
        self.link.send(bytes).await
    }

    /// Sends frames, each in a packet of its own.
    pub async fn send_each(&mut self, frames: &[Vec<u8>]) {
        for frame in frames {
            self.link.send(frame).await;
            sleep(APART).await;
        }
    }

    pub async fn send_slowly(&mut self, bytes: &[u8], pause: Duration) {
        self.link.send_slowly(bytes, pause).await;
    }

    pub async fn close(&mut self, code: u16) {
        let payload = frames::close_payload(code, b"");
        self.send(FIN | frames::CLOSE, &payload).await;
    }

    /// The next event, at most until `until`.
    pub async fn next(&mut self, until: Instant) -> Event {
        let started = Instant::now();
        loop {
            if let Some((frame, used)) = ServerFrame::parse(&self.received) {
                self.received.drain(..used);
                self.bench.rules().note(&frame, self.partial.is_some());
                if let Some(event) = self.take(frame).await {
                    return event;
                }
                continue;
            }
            match self.link.receive(until).await {
                Arrival::Bytes(bytes) => self.received.extend(bytes),
                Arrival::Ended => return Event::End(Ending::Ended),
                Arrival::Reset => return Event::End(Ending::Reset),
                Arrival::Late => return Event::End(Ending::Open(started.elapsed())),
            }
        }
    }

    async fn take(&mut self, frame: ServerFrame) -> Option<Event> {
        let ServerFrame {
            opcode,
            payload,
            is_last,
            ..
        } = frame;
        match opcode {
            frames::CLOSE => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                let reason = payload.get(2..).unwrap_or_default();
                let reason = String::from_utf8_lossy(reason).into_owned();
                Some(Event::End(Ending::Closed(code, reason)))
            }
            frames::PING => {
                self.send(FIN | frames::PONG, &payload).await;
                None
            }
            frames::PONG => Some(Event::Pong(payload)),
            _ => {
                let (opcode, mut whole) = match self.partial.take() {
                    Some(begun) if opcode == frames::CONTINUATION => begun,
                    _ => (opcode, Vec::new()),
                };
                whole.extend(payload);
                match is_last {
                    true => {
                        self.bench.rules().note_message(opcode, &whole);
                        Some(Event::Message {
                            opcode,
                            payload: whole,
                        })
                    }
                    false => {
                        self.partial = Some((opcode, whole));
                        None
                    }
                }
            }
        }
    }

    /// How the server ends it, at most so long from now. What else comes is passed over.
    pub async fn ending(&mut self, within: Duration) -> Ending {
        let until = Instant::now() + within;
        loop {
            match self.next(until).await {
                Event::End(Ending::Open(_)) => return Ending::Open(within),
                Event::End(ending) => return ending,
                Event::Message { .. } | Event::Pong(_) => {}
            }
        }
    }

    /// The first message with the token.
    ///
    /// # Errors
    /// How the server ended it, or that nothing came in time.
    pub async fn hear(&mut self, token: &Token, within: Duration) -> Result<Vec<u8>, Ending> {
        if let Some(at) = self.kept.iter().position(|one| token.is_in(one)) {
            return Ok(self.kept.swap_remove(at));
        }
        let until = Instant::now() + within;
        loop {
            match self.next(until).await {
                Event::Message { payload, .. } if token.is_in(&payload) => return Ok(payload),
                Event::End(Ending::Open(_)) => return Err(Ending::Open(within)),
                Event::End(ending) => return Err(ending),
                Event::Message { .. } | Event::Pong(_) => {}
            }
        }
    }

    /// The first pong.
    pub async fn pong(&mut self, within: Duration) -> Result<Vec<u8>, Ending> {
        let until = Instant::now() + within;
        loop {
            match self.next(until).await {
                Event::Pong(payload) => return Ok(payload),
                Event::End(Ending::Open(_)) => return Err(Ending::Open(within)),
                Event::End(ending) => return Err(ending),
                Event::Message { payload, .. } => self.kept.push(payload),
            }
        }
    }
}
