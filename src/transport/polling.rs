//! What short and long polling share: one exchange at the client's end.
//!
//! ```text
//! GET /feeds/lobby/poll?after=41 HTTP/1.1      HTTP/1.1 200 OK
//! Host: 127.0.0.1:8080                         content-type: application/json
//!                                              content-length: 132
//!
//!                                              {"messages":[{"seq":42,…}],"last":42,
//!                                              "epoch":"k3x9"}
//! ```

use crate::client::connection::Connection;
use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::exchange::exchange;
use crate::client::http::{JSON, Response, Wanted};
use crate::client::subscription::Subscription;

/// A subscriber's connection for polls: kept alive, or a new one for each exchange.
#[derive(Debug, Default)]
pub struct Poller(Option<Connection>);

impl Poller {
    /// One exchange: sends a [`request`] and delivers the messages of the answer.
    pub async fn exchange(
        &mut self,
        subscription: &mut Subscription,
        request: &[u8],
    ) -> Result<(), ClientError> {
        let kept = match &mut self.0 {
            Some(connection) => connection.is_reusable().await,
            None => false,
        };
        if !kept {
            // Boxed, because few exchanges dial: the others need no room for it.
            self.0 = Some(Box::pin(dial(subscription)).await?);
        }
        let connection = self.0.as_mut().expect("a connection was dialled");
        let mut answer = poll(connection, subscription, request).await;
        // The server may have closed the idle connection while the poll was on its way. It has not
        // read the poll then, so the poll is sent again (RFC 9112, section 9.3.1).
        if kept && connection.is_untouched() && matches!(answer, Err(ref e) if e.is_loss()) {
            *connection = Box::pin(dial(subscription)).await?;
            subscription.recorder.count(|counts| counts.resent += 1);
            answer = poll(connection, subscription, request).await;
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

/// Dials. A connection in place of one that was to be kept is counted.
async fn dial(subscription: &mut Subscription) -> Result<Connection, ClientError> {
    let replaces = subscription.config.keep_alive && subscription.is_connected();
    if replaces {
        subscription.lost_connection();
    }
    let connection = subscription.dial().await?;
    if replaces {
        subscription.reconnected();
        subscription.recorder.count(|counts| counts.redials += 1);
    }
    Ok(connection)
}

/// The request of a poll to an endpoint.
pub fn request(subscription: &Subscription, endpoint: &str, timing: PollTiming) -> Vec<u8> {
    let close = match subscription.config.keep_alive {
        true => "",
        false => "Connection: close\r\n",
    };
    subscription.request(endpoint, timing, close)
}

/// Sends a request and delivers its answer; returns whether the server closes the connection.
async fn poll(
    connection: &mut Connection,
    subscription: &mut Subscription,
    request: &[u8],
) -> Result<bool, ClientError> {
    let read = |response: Response<'_>| deliver(subscription, &response);
    exchange(connection, request, read).await
}

/// Delivers the messages of an answer; returns whether the server closes the connection.
fn deliver(subscription: &mut Subscription, response: &Response<'_>) -> Result<bool, ClientError> {
    let body = &response.body;
    let checked = response.head.check(Wanted::body(JSON), body);
    let page = checked.and_then(|()| subscription.target.dialect.page(body));
    let empty = page.as_ref().map_or(true, |page| page.messages.is_empty());
    subscription.recorder.exchange(empty);
    let page = page?;
    subscription.recorder.json(body.len(), 0);
    subscription.located(page.epoch, page.missed, page.missed_texts);
    for message in &page.messages {
        subscription.deliver(message);
    }
    Ok(response.head.closes)
}
