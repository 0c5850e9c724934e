//! A poster: publishes over HTTP for one author, a sensor or a member of a chat.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::{self, Headers};
use crate::client::outbox::{Outbox, Outgoing};
use crate::client::target::Target;
use crate::record::recorder::Recorder;
use crate::runtime::clock;
use crate::runtime::event_loop;

/// Requests go out when they are due, pipelined on one connection, whether or not those before were
/// answered: a server that stalls does not hold the schedule up.
#[derive(Debug)]
pub struct HttpPublisher {
    pub target: Rc<Target>,
    pub source: Option<IpAddr>,
    pub recorder: Rc<Recorder>,
    /// Where to publish to each feed.
    pub paths: Rc<[String]>,
    pub from: String,
    pub headers: Headers,
}

/// The server's answer to one request.
struct Answer {
    status: u16,
    /// It takes no further request on this connection.
    closes: bool,
}

impl HttpPublisher {
    /// Starts a task of this thread's reactor that dials at `at_ns`, so that no message has to wait
    /// for that, and publishes whatever is put into the outbox.
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
                    Some(connection) => self.read_answer(connection).await,
                    None => std::future::pending().await,
                }
            };
            let outcome = tokio::select! {
                message = outbox.next() => {
                    unanswered.push_back(message.clone());
                    self.post(&mut connection, &message).await
                }
                answer = answer => answer.map(|Answer { status, closes }| {
                    if let Some(message) = unanswered.pop_front().filter(|_| status != 201) {
                        self.failed(&message);
                    }
                    if closes {
                        // It has not looked at what was sent after this (RFC 9112, section 9.6).
                        connection = None;
                        outbox.put_back(unanswered.drain(..));
                    }
                }),
            };
            if outcome.is_err() {
                connection = None;
                unanswered
                    .drain(..)
                    .for_each(|message| self.failed(&message));
            }
        }
    }

    fn failed(&self, message: &Outgoing) {
        self.recorder
            .window
            .failed(message.feed, message.intended_at_ns);
    }

    async fn dial(&self) -> Result<Connection, ClientError> {
        Connection::dial(&self.recorder.ledger, &self.target, self.source).await
    }

    async fn post(
        &self,
        connection: &mut Option<Connection>,
        message: &Outgoing,
    ) -> Result<(), ClientError> {
        let Outgoing {
            feed,
            intended_at_ns,
            text,
        } = message;
        let json = serde_json::json!({
            "from": self.from, "text": text, "intended_at_ns": intended_at_ns,
        });
        let json = json.to_string();
        let path = &self.paths[*feed];
        let request = self.target.post(self.headers, path, json.as_bytes());
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(self.dial().await?),
        };
        self.recorder.json(json.len(), text.len());
        self.recorder.published(*intended_at_ns, clock::now_ns());
        connection.write_all(&request).await
    }

    async fn read_answer(&self, connection: &mut Connection) -> Result<Answer, ClientError> {
        connection
            .read(|bytes| {
                let Some((response, used)) = http::Response::parse(bytes)? else {
                    return Ok((0, None));
                };
                self.recorder.json(response.body.len(), 0);
                let http::ResponseHead { status, closes, .. } = response.head;
                Ok((used, Some(Answer { status, closes })))
            })
            .await
    }
}
