//! What short and long polling share: the body of an answer, and one exchange.
//!
//! ```text
//! GET /feeds/lobby/poll?after=41 HTTP/1.1      HTTP/1.1 200 OK
//! Host: 127.0.0.1:8080                         content-type: application/json
//!                                              content-length: 132
//!
//!                                              {"messages":[{"seq":42,…}],"last":42,
//!                                              "epoch":"k3x9"}
//! ```

use std::io;
use std::sync::Arc;

use axum::body::Body as AnswerBody;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::exchange::exchange;
use crate::client::http;
use crate::client::subscription::Subscription;
use crate::feed::{Batch, Cursor, Feed, Framing};
use crate::server::http1::conn::{Http1Conn, Stream};
use crate::service::counters::ConnectionCounters;
use crate::service::presence::{self, PresenceGuard};
use crate::service::state::{ApiError, AppState};

/// The query of a poll.
#[derive(Debug, Default, Deserialize)]
pub struct PollQuery {
    pub after: Option<Cursor>,
    /// Who asks, and how often: see [`presence`].
    pub user: Option<String>,
    pub interval_ms: Option<u64>,
}

impl PollQuery {
    /// The reader is there, and will be for some time after this poll.
    pub fn enter(
        &self,
        state: &AppState,
        counters: &ConnectionCounters,
        log: &Arc<Feed>,
    ) -> Result<Option<PresenceGuard>, ApiError> {
        let linger = presence::linger(self.interval_ms);
        PresenceGuard::admit(state, counters, log, self.user.as_deref(), linger)
    }
}

/// How every answer's body begins.
const BEGIN: &[u8] = b"{\"messages\":[";

/// The answer to a poll, and to a request for history.
pub fn answer(batch: &Batch) -> Response {
    let mut answer = Response::new(AnswerBody::from(body(batch)));
    for (name, value) in [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ] {
        let value = HeaderValue::from_static(value);
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// The same, straight on the connection.
pub fn reply<S: Stream>(
    conn: &mut Http1Conn<S>,
    batch: Batch,
) -> impl Future<Output = io::Result<()>> {
    let head = "200 OK\r\ncontent-type: application/json\r\ncache-control: no-store";
    conn.answer(head, body(&batch))
}

fn body(batch: &Batch) -> Bytes {
    match (&batch.messages[..], batch.missed) {
        // What nearly all long polls of a feed are answered with: they share it.
        ([message], None) if message.seq == batch.last => {
            message.framed(Framing::Answer, |_| encode(batch)).clone()
        }
        _ => encode(batch),
    }
}

fn encode(batch: &Batch) -> Bytes {
    let (last, epoch) = (batch.last, batch.epoch);
    let mut end = format!("],\"last\":{last},\"epoch\":\"{epoch}\"");
    if let Some(missed) = batch.missed {
        end += &format!(",\"missed\":{missed}");
    }
    end.push('}');
    let commas = batch.messages.len().saturating_sub(1);
    let json: usize = batch.messages.iter().map(|m| m.json.len()).sum();
    let mut body = Vec::with_capacity(BEGIN.len() + json + commas + end.len());
    body.extend_from_slice(BEGIN);
    for (index, message) in batch.messages.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&message.json);
    }
    body.extend_from_slice(end.as_bytes());
    body.into()
}

/// A subscriber's connection for polls: kept, or dialled anew for each.
#[derive(Debug, Default)]
pub struct Poller(Option<Connection>);

impl Poller {
    /// One exchange: sends a [`request`] and delivers what the answer holds.
    pub async fn exchange(
        &mut self,
        subscription: &mut Subscription,
        request: &[u8],
    ) -> Result<(), ClientError> {
        // What few exchanges need is boxed, so that the others have no room for it.
        let kept = self.0.is_some();
        let connection = match &mut self.0 {
            Some(connection) => connection,
            none => none.insert(Box::pin(subscription.dial()).await?),
        };
        let mut answer = ask(connection, subscription, request).await;
        // The server may have closed a connection that it kept just when the poll went out; then
        // it has not seen it, and it is sent again (RFC 9112, section 9.3.1).
        if kept && connection.is_untouched() && matches!(answer, Err(ref e) if e.is_loss()) {
            *connection = Box::pin(subscription.dial()).await?;
            answer = ask(connection, subscription, request).await;
        }
        let closes = answer?;
        if !kept && !subscription.is_connected() {
            connection.settle();
        }
        let ends = closes || !subscription.config.keep_alive;
        if let Some(connection) = self.0.take_if(|_| ends) {
            Box::pin(connection.end()).await;
        }
        Ok(())
    }
}

/// A poll of an endpoint.
pub fn request(subscription: &Subscription, endpoint: &str, timing: PollTiming) -> Vec<u8> {
    let close = match subscription.config.keep_alive {
        true => "",
        false => "Connection: close\r\n",
    };
    subscription.request(endpoint, timing, close)
}

/// Sends a request and delivers its answer; tells whether the server closes the connection.
async fn ask(
    connection: &mut Connection,
    subscription: &mut Subscription,
    request: &[u8],
) -> Result<bool, ClientError> {
    let read = |response: http::Response<'_>| deliver(subscription, &response);
    exchange(connection, request, read).await
}

/// Delivers the messages of an answer; tells whether the server closes the connection.
fn deliver(
    subscription: &mut Subscription,
    response: &http::Response<'_>,
) -> Result<bool, ClientError> {
    if response.head.status != 200 {
        return Err(ClientError::Status(response.head.status));
    }
    let page = subscription.target.dialect.page(&response.body)?;
    subscription.recorder.json(response.body.len(), 0);
    subscription.recorder.exchange(page.messages.is_empty());
    subscription.located(page.epoch, page.missed);
    for message in &page.messages {
        subscription.deliver(message);
    }
    Ok(response.head.closes)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::net::IpAddr;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::feed::{Feeds, Message, NewMessage, Retention};
    use crate::service::state::Limits;
    use crate::transport::theory::ANSWER_WRAPPING;

    async fn body(batch: &Batch) -> String {
        let body = axum::body::to_bytes(answer(batch).into_body(), usize::MAX)
            .await
            .unwrap();
        String::from_utf8(body.into()).unwrap()
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_its_answer_holds_it_once() {
        let (stream, _deaf) = tokio::io::duplex(8);
        let feeds = Feeds::new(Retention::default(), 1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let log = state.feeds.get("a").unwrap();
        let counters = state
            .tally
            .open(IpAddr::from([127, 0, 0, 1]))
            .counters
            .clone();
        let mut conn = Http1Conn::new(stream, state, counters);
        log.announce("al", "join", 0).unwrap();
        let batch = log.read_after(0);
        let message = batch.messages[0].clone();
        let mut replying = pin!(reply(&mut conn, batch));
        poll_fn(|cx| {
            assert!(replying.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        // This and the log's; and what all long polls share is just the message's own.
        assert_eq!(Arc::strong_count(&message), 2);
        let shared = message.framed(Framing::Answer, |_| unreachable!("it was needed"));
        assert!(shared.is_unique());
    }

    #[tokio::test]
    async fn answers_are_these_bytes() {
        let retention = Retention {
            messages: 2,
            bytes: usize::MAX,
        };
        let log = Feed::new(retention, "k3x9".into());
        assert_eq!(
            body(&log.read_after(0)).await,
            r#"{"messages":[],"last":0,"epoch":"k3x9"}"#
        );
        let message = |text: &str| NewMessage {
            from: "al".into(),
            text: text.into(),
            intended_at_ns: 5,
        };
        for text in ["a", "b", "c"] {
            log.append(&message(text), 0).await.unwrap();
        }
        let stamp = |batch: &Batch, index: usize| {
            Message::from_json(&batch.messages[index].json)
                .unwrap()
                .published_at_ns
        };
        let batch = log.read_after(0);
        let expected = format!(
            r#"{{"messages":[{{"seq":2,"from":"al","text":"b","intended_at_ns":5,"published_at_ns":{}}},{{"seq":3,"from":"al","text":"c","intended_at_ns":5,"published_at_ns":{}}}],"last":3,"epoch":"k3x9","missed":1}}"#,
            stamp(&batch, 0),
            stamp(&batch, 1),
        );
        assert_eq!(body(&batch).await, expected);
        for _ in 4..=10 {
            log.append(&message("x"), 0).await.unwrap();
        }
        assert_eq!(
            body(&log.read_after(10)).await,
            ANSWER_WRAPPING,
            "as the model has it"
        );
    }
}
