//! Whether a message arrives where this server's messages do: at its author, or at another client.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::check::bench::Bench;
use crate::check::head::shown;
use crate::check::outcome::Outcome;
use crate::check::token::Token;
use crate::check::websocket::conversation::{Conversation, Ending, Event, SOON};
use crate::check::websocket::frames::{FIN, PING};
use crate::texts::Seen;

/// How long a message may take that arrives whole: a large one over a slow network takes longer.
const ARRIVAL: Duration = Duration::from_secs(3);

/// A message on its way.
pub struct Delivery {
    bench: Arc<Bench>,
    token: Token,
    message: Vec<u8>,
    /// The token of a message after it.
    second: Option<Token>,
    /// The payload of a ping among its frames.
    pong: Option<Vec<u8>>,
    /// The pause after each byte.
    pause: Option<Duration>,
    /// A refusal as too large is right.
    may_be_refused: bool,
}

impl Delivery {
    pub fn of(bench: &Arc<Bench>, token: Token, message: &[u8]) -> Self {
        Delivery {
            bench: bench.clone(),
            token,
            message: message.to_owned(),
            second: None,
            pong: None,
            pause: None,
            may_be_refused: false,
        }
    }

    pub fn and(mut self, second: Token) -> Self {
        self.second = Some(second);
        self
    }

    pub fn with_pong(mut self, payload: Vec<u8>) -> Self {
        self.pong = Some(payload);
        self
    }

    pub fn slowly(mut self, pause: Duration) -> Self {
        self.pause = Some(pause);
        self
    }

    pub fn too_large(mut self) -> Self {
        self.may_be_refused = true;
        self
    }

    /// Sends the frames, each in a packet of its own, and judges what is heard.
    pub async fn judge(self, sent: &[Vec<u8>]) -> Outcome {
        let opened = (
            Conversation::open(&self.bench).await,
            Conversation::open(&self.bench).await,
        );
        let (mut author, mut other) = match opened {
            (Ok(author), Ok(other)) => (author, other),
            (Err(outcome), _) | (_, Err(outcome)) => return outcome,
        };
        // Another check judges a server that answers no ping.
        let answers_pings = self.pong.is_some() && is_alive(&mut author).await.is_right();
        match self.pause {
            Some(pause) => author.send_slowly(&sent.concat(), pause).await,
            None => author.send_each(sent).await,
        }
        if let (Some(payload), true) = (&self.pong, answers_pings) {
            match author.pong(SOON).await {
                Ok(pong) if pong == *payload => {}
                Ok(pong) => return Outcome::wrong([Seen::OtherPong(shown(&pong))]),
                Err(ending) => return Outcome::wrong([Seen::NoPong, ending.into()]),
            }
        }
        let behaviour = self.bench.behaviour();
        if !behaviour.is_heard() {
            let alive = is_alive(&mut author).await;
            return match alive.is_right() {
                true => Outcome::unknown(Seen::AnswersNothing),
                false => alive,
            };
        }
        let hears = if behaviour.to_author {
            &mut author
        } else {
            &mut other
        };
        let mut heard = hears.hear(&self.token, ARRIVAL).await;
        if let (Ok(_), Some(second)) = (&heard, &self.second) {
            heard = hears.hear(second, SOON).await.map(|_| self.message.clone());
        }
        match heard {
            Ok(payload) => self.whole(&payload),
            Err(Ending::Open(_)) if !behaviour.to_author => {
                self.not_heard(author.ending(Duration::from_millis(100)).await)
            }
            Err(ending) => self.not_heard(ending),
        }
    }

    /// A message that came back is the one that was sent.
    fn whole(&self, payload: &[u8]) -> Outcome {
        let behaviour = self.bench.behaviour();
        let is_whole = match behaviour.exactly {
            true => payload == self.message,
            false => has_text(payload, &self.message),
        };
        Outcome::of(is_whole, Seen::OtherMessage(payload.len(), shown(payload)))
    }

    fn not_heard(&self, ending: Ending) -> Outcome {
        match ending {
            Ending::Closed(Some(1009), _) if self.may_be_refused => {
                Outcome::right_with(Seen::Closed(Some(1009), String::new()))
            }
            Ending::Open(_) => Outcome::wrong([Seen::NotHeard(ARRIVAL)]),
            ending => Outcome::wrong([ending.into()]),
        }
    }
}

/// Whether an answer with a message in it has the same characters: as they are, or as JSON escapes
/// them. A server may shorten a long text, so its end does not count.
fn has_text(payload: &[u8], message: &[u8]) -> bool {
    let message = String::from_utf8_lossy(message);
    let payload = String::from_utf8_lossy(payload).to_lowercase();
    match message.find("🌍") {
        None => true,
        Some(_) => payload.contains("🌍") || payload.contains("\\ud83c\\udf0d"),
    }
}

/// Whether the server still answers a ping.
pub async fn is_alive(one: &mut Conversation) -> Outcome {
    let token = Token::random();
    one.send(FIN | PING, token.text().as_bytes()).await;
    let until = Instant::now() + SOON;
    loop {
        match one.next(until).await {
            Event::Pong(payload) if token.is_in(&payload) => return Outcome::right(),
            // It has taken no ping, and has not closed either.
            Event::End(open @ Ending::Open(_)) => return Outcome::unknown(open.into()),
            Event::End(ending) => return Outcome::wrong([ending.into()]),
            Event::Message { .. } | Event::Pong(_) => {}
        }
    }
}
