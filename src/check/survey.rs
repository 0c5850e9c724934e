//! What is found out about a server before its checks, and what several of them judge.

use std::time::Duration;

use crate::check::head::RawHead;
use crate::check::transcript::Transcript;
use crate::check::websocket::language::Behaviour;
use crate::texts::Seen;

/// The opening handshake, and what the server does with messages.
pub struct WebSocketSurvey {
    /// The answer to the handshake.
    pub head: Result<RawHead, Seen>,
    /// The key of that handshake.
    pub key: String,
    pub behaviour: Behaviour,
}

/// The beginning of a stream.
pub struct StreamSurvey {
    pub head: Result<RawHead, Seen>,
    pub transcript: Transcript,
    /// How long each message that was published took to arrive; `None` if it did not. Or why
    /// nothing was published.
    pub arrivals: Result<Vec<Option<Duration>>, Seen>,
}

/// Two polls on one connection.
pub struct PollSurvey {
    pub first: Result<Polled, Seen>,
    /// On the same connection.
    pub second: Option<Result<Polled, Seen>>,
}

/// One poll.
#[derive(Clone, Debug)]
pub struct Polled {
    pub head: RawHead,
    pub body: Vec<u8>,
    /// From the request to the end of the body.
    pub took: Duration,
    /// The body ended before its length.
    pub cut_off: bool,
    pub bad_chunk: bool,
    /// Bytes that came behind the body.
    pub behind: usize,
}

impl Polled {
    pub fn is_whole(&self) -> bool {
        !self.cut_off && !self.bad_chunk
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}
