//! Publishes over HTTP for one author: a sensor, or a member of a chat.

use std::cell::Cell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::Headers;
use crate::client::outbox::{Outbox, Outgoing};
use crate::client::publish::{PublishAnswer, PublishRequest};
use crate::client::socket::Ledger;
use crate::client::target::Target;
use crate::record::recorder::Recorder;
use crate::runtime::clock;
use crate::runtime::event_loop;

/// Requests go out when they are due, pipelined on one connection. They do not wait for earlier
/// answers, so a server that stalls does not delay the schedule.
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
        loop {
            let answer = async {
                match &mut connection {
                    Some(connection) => PublishAnswer::read(connection, self.target.dialect).await,
                    None => std::future::pending().await,
                }
            };
            let outcome = tokio::select! {
                message = outbox.next() => {
                    unanswered.push_back(message.clone());
                    self.post(&mut connection, &message).await
                }
                answer = answer => answer.map(|answer| {
                    self.recorder.json(answer.json_bytes, 0);
                    if let Some(message) = unanswered.pop_front() {
                        self.answered(&message, answer.accepted);
                    }
                    if answer.closes {
                        // The server has not read what follows (RFC 9112, section 9.6).
                        connection = None;
                        let again = unanswered.len() as u64;
                        self.recorder.count(|counts| counts.publisher_resent += again);
                        outbox.put_back(unanswered.drain(..));
                    }
                }),
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
        }
    }

    fn answered(&self, message: &Outgoing, accepted: Result<(), ClientError>) {
        match (accepted, self.recorder.board.record(message.number)) {
            (Ok(()), Some(record)) => record.accept(clock::now_ns()),
            // Without a record, it was not handed over.
            (Ok(()), None) => {}
            (Err(error), _) => {
                self.recorder.board.refuse(message.number);
                self.note(&error);
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

    async fn post(
        &self,
        connection: &mut Option<Connection>,
        message: &Outgoing,
    ) -> Result<(), ClientError> {
        let path = &self.paths[message.feed];
        let request = PublishRequest::new(&self.target, self.headers, path, &self.from, message);
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(self.dial().await?),
        };
        self.recorder.json(request.json_bytes, message.text.len());
        self.recorder
            .published(message.number, message.intended_at_ns, clock::now_ns());
        connection.write_all(&request.bytes).await
    }
}
