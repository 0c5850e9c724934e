//! What the checks of one server share: where it is, what was found out about it first, and how it
//! is asked.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::check::address::CheckedServer;
use crate::check::head::{RawHead, shown};
use crate::check::link::{Arrival, Link, Manner};
use crate::check::publish::{Publish, with_parameter};
use crate::check::survey::{PollSurvey, StreamSurvey, WebSocketSurvey};
use crate::check::token::Token;
use crate::check::websocket::language::{Behaviour, Language};
use crate::check::websocket::rules::FrameRules;
use crate::texts::Seen;
use crate::transport::Transport;

/// The longest wait for the head of an answer.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(3);

/// A page of another site.
pub const FOREIGN_ORIGIN: &str = "http://page.example";

/// The hold that a long poll asks a wslab server for, in ms.
const HOLD: &str = "2000";

/// The server under check.
pub struct Bench {
    pub server: CheckedServer,
    pub kind: Transport,
    /// The longest wait for a heartbeat, and for the answer of a long poll.
    pub patience: Duration,
    /// How a message is published, if a way is known.
    pub publish: Option<Publish>,
    pub websocket: OnceLock<WebSocketSurvey>,
    pub stream: OnceLock<StreamSurvey>,
    pub polls: OnceLock<PollSurvey>,
    rules: Mutex<FrameRules>,
}

/// A request, and the head of its answer.
pub struct Asked {
    pub head: RawHead,
    /// What came behind the head.
    pub rest: Vec<u8>,
    pub link: Link,
}

impl Bench {
    pub fn new(
        server: CheckedServer,
        kind: Transport,
        patience: Duration,
        publish: Option<Publish>,
    ) -> Arc<Self> {
        Arc::new(Bench {
            server,
            kind,
            patience,
            publish,
            websocket: OnceLock::new(),
            stream: OnceLock::new(),
            polls: OnceLock::new(),
            rules: Mutex::default(),
        })
    }

    /// Path and query of the URL.
    pub fn path(&self) -> &str {
        &self.server.path
    }

    /// What the server does with messages; nothing before that was found out.
    pub fn behaviour(&self) -> Behaviour {
        let survey = self.websocket.get();
        survey.map_or(Behaviour::default(), |survey| survey.behaviour)
    }

    pub fn language(&self) -> Language {
        self.behaviour().language
    }

    /// A GET of the URL with these header lines, which each end with CR LF.
    pub fn get(&self, fields: &str) -> String {
        self.get_at(self.path(), fields)
    }

    pub fn get_at(&self, path: &str, fields: &str) -> String {
        let host = &self.server.host;
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n")
    }

    /// Whether the server has wslab's own interface.
    pub fn is_contract(&self) -> bool {
        self.publish
            .as_ref()
            .is_some_and(|publish| publish.is_contract)
    }

    /// The path of a poll, after a cursor if there is one.
    pub fn poll_path(&self, after: Option<&str>) -> String {
        let path = match after {
            Some(after) => with_parameter(self.path(), "after", after),
            None => self.path().to_owned(),
        };
        match self.kind {
            Transport::LongPolling if self.is_contract() => with_parameter(&path, "hold_ms", HOLD),
            _ => path,
        }
    }

    /// The longest time that a poll may take.
    pub fn longest_poll(&self) -> Duration {
        match self.kind {
            Transport::LongPolling => self.patience,
            _ => HEAD_TIMEOUT,
        }
    }

    /// Sends a request on a connection of its own and reads the head of its answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn ask(&self, request: &[u8], manner: Manner) -> Result<Asked, Seen> {
        self.ask_within(request, manner, HEAD_TIMEOUT).await
    }

    pub async fn ask_within(
        &self,
        request: &[u8],
        manner: Manner,
        within: Duration,
    ) -> Result<Asked, Seen> {
        let mut link = self.connect(manner).await?;
        link.send(request).await;
        read_head(link, within).await
    }

    pub async fn connect(&self, manner: Manner) -> Result<Link, Seen> {
        let link = self.server.endpoint.connect(manner).await;
        link.map_err(|error| Seen::Unreachable(error.to_string()))
    }

    /// Publishes a message with the token.
    ///
    /// # Errors
    /// No way is known, or the server did not take it.
    pub async fn publish(&self, token: &Token) -> Result<(), Seen> {
        let publish = self.publish.as_ref().ok_or(Seen::NoPublishing)?;
        let request = publish.request(&self.server.host, token);
        let asked = self.ask(request.as_bytes(), Manner::default()).await?;
        match asked.head.status {
            200..=299 => Ok(()),
            _ => Err(Seen::NotPublished(asked.head.line)),
        }
    }

    pub fn rules(&self) -> MutexGuard<'_, FrameRules> {
        self.rules.lock().expect("no check panics")
    }
}

/// Reads the head of an answer.
///
/// # Errors
/// Why there is none.
pub async fn read_head(mut link: Link, within: Duration) -> Result<Asked, Seen> {
    let (started, mut bytes) = (Instant::now(), Vec::new());
    loop {
        if let Some((head, used)) = RawHead::parse(&bytes) {
            let rest = bytes.split_off(used);
            return Ok(Asked { head, rest, link });
        }
        if RawHead::is_other(&bytes) {
            return Err(Seen::NoHttp(shown(&bytes)));
        }
        match link.receive(started + within).await {
            Arrival::Bytes(more) => bytes.extend(more),
            Arrival::Ended => return Err(Seen::EndedWithoutAnswer),
            Arrival::Reset => return Err(Seen::Reset),
            Arrival::Late => return Err(Seen::NoAnswer(within)),
        }
    }
}
