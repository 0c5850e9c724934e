//! Publishes over HTTP for one author: a sensor, or a member of a chat.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::Headers;
use crate::client::outbox::{Outbox, Outgoing};
use crate::client::publish::{PublishAnswer, PublishRequest};
use crate::client::reconnect::{Backoff, ReconnectPolicy};
use crate::client::socket::Ledger;
use crate::client::target::Target;
use crate::record::recorder::Recorder;
use crate::runtime::clock;
use crate::runtime::event_loop;

/// Requests go out when they are due, pipelined on one connection. They do not wait for earlier
/// answers, so a server that stalls does not delay the schedule.
///
/// While the server is away, messages wait in the outbox and are sent in order once it is back, as
/// late as that is. One that was written and has no answer is not sent again: it may be in the feed.
#[derive(Debug)]
pub struct HttpPublisher {
    pub target: Rc<Target>,
    pub source: Option<IpAddr>,
    pub recorder: Rc<Recorder>,
    pub ledger: Rc<Ledger>,
    /// Where to publish to each feed.
    pub paths: Rc<[String]>,
    pub from: String,
    pub headers: Headers,
    /// Whether it was ever connected; false at first.
    pub dialled: Cell<bool>,
    pub reconnect: ReconnectPolicy,
    /// Where its pauses are in their jitter: 0 to 1.
    pub phase: f64,
}

/// Messages that the server asks for again, in order, and how long it wants to be left alone.
#[derive(Debug, Default)]
struct Again {
    messages: VecDeque<Outgoing>,
    pause: Duration,
}

impl HttpPublisher {
    /// Starts a task of this thread's event loop. It dials at `at_ns`, before the first message is
    /// due, and publishes what is put into the outbox.
    pub fn start(self, at_ns: u64) -> Rc<Outbox> {
        let outbox = Rc::new(Outbox::default());
        let posts = outbox.clone();
        event_loop::spawn(async move {
            event_loop::sleep_until(at_ns).await;
            self.post_all(&posts).await;
        });
        outbox
    }

    async fn post_all(self, outbox: &Outbox) {
        let mut connection = self.dial().await.ok();
        let mut unanswered: VecDeque<Outgoing> = VecDeque::new();
        let mut again = Again::default();
        loop {
            let Some(open) = &mut connection else {
                outbox.filled().await;
                connection = Some(self.dial_again().await);
                continue;
            };
            let outcome = tokio::select! {
                // First, so that nothing is written to a connection that is known to have ended.
                biased;
                answer = PublishAnswer::read(open, self.target.dialect) => answer.map(|answer| {
                    self.recorder.json(answer.json_bytes, 0);
                    if let Some(message) = unanswered.pop_front() {
                        again.pause = answer.retry_after.unwrap_or_default().max(again.pause);
                        self.answered(&message, &answer);
                        again.messages.extend(answer.retry_after.map(|_| message));
                    }
                    if answer.closes {
                        // The server has not read what follows (RFC 9112, section 9.6).
                        connection = None;
                        again.messages.extend(unanswered.drain(..));
                    }
                }),
                message = outbox.next(), if again.messages.is_empty() => {
                    unanswered.push_back(message.clone());
                    self.post(open, &message).await
                }
            };
            if let Err(error) = outcome {
                if !unanswered.is_empty() || error.is_final() {
                    self.note(&error);
                }
                connection = None;
                for message in unanswered.drain(..) {
                    self.recorder.board.lose_answer(message.number);
                }
            }
            if unanswered.is_empty() && !again.messages.is_empty() {
                let resent = again.messages.len() as u64;
                self.recorder
                    .count(|counts| counts.publisher_resent += resent);
                outbox.put_back(again.messages.drain(..));
                event_loop::sleep(mem::take(&mut again.pause)).await;
            }
        }
    }

    fn answered(&self, message: &Outgoing, answer: &PublishAnswer) {
        let board = &self.recorder.board;
        match (&answer.accepted, board.record(message.number)) {
            (Ok(()), Some(record)) => record.accept(clock::now_ns()),
            // Without a record, it was not handed over.
            (Ok(()), None) => {}
            (Err(error), _) => {
                match answer.retry_after {
                    // It counts as published once it was delivered.
                    Some(_) => board.lose_answer(message.number),
                    None => board.refuse(message.number),
                }
                self.note(error);
            }
        }
    }

    fn note(&self, error: &ClientError) {
        let text = format!("publishing: {error}");
        self.recorder.failed(&text, error.is_final());
    }

    /// Dials. A connection in place of an earlier one is counted.
    async fn dial(&self) -> Result<Connection, ClientError> {
        let connection = Connection::dial(&self.ledger, &self.target, self.source).await?;
        let again = u64::from(self.dialled.replace(true));
        self.recorder
            .count(|counts| counts.publisher_redials += again);
        Ok(connection)
    }

    /// Dials until the server takes the connection. What is due meanwhile waits in the outbox.
    async fn dial_again(&self) -> Connection {
        let mut backoff = Backoff::default();
        loop {
            match self.dial().await {
                Ok(connection) => return connection,
                Err(error) => self.note(&error),
            }
            backoff = backoff.after(None);
            event_loop::sleep(backoff.pause(&self.reconnect, self.phase)).await;
        }
    }

    async fn post(
        &self,
        connection: &mut Connection,
        message: &Outgoing,
    ) -> Result<(), ClientError> {
        let path = &self.paths[message.feed];
        let request = PublishRequest::new(&self.target, self.headers, path, &self.from, message);
        self.recorder.json(request.json_bytes, message.text.len());
        self.recorder
            .published(message.number, message.intended_at_ns, clock::now_ns());
        connection.write_all(&request.bytes).await
    }
}
