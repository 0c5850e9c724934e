//! Publishing one message by POST, and what the answer means.

use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::dialect::Dialect;
use crate::client::error::ClientError;
use crate::client::exchange::read_response;
use crate::client::http::{Headers, ResponseHead};
use crate::client::outbox::Outgoing;
use crate::client::target::Target;

/// Longest pause that a server is granted before it is asked again. A server that is back before
/// the end of a trial gets its messages.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A request that publishes one message.
#[derive(Debug)]
pub struct PublishRequest {
    pub bytes: Vec<u8>,
    /// Of these, the JSON body's.
    pub json_bytes: usize,
}

/// The answer to a [`PublishRequest`].
#[derive(Debug)]
pub struct PublishAnswer {
    /// Whether the message is in the feed, and why not.
    pub accepted: Result<(), ClientError>,
    /// The server asks for the message again after this time.
    pub retry_after: Option<Duration>,
    /// The server takes no further request on this connection.
    pub closes: bool,
    pub json_bytes: usize,
}

impl PublishRequest {
    /// Publishes `message` as `from` at `path`.
    pub fn new(
        target: &Target,
        headers: Headers,
        path: &str,
        from: &str,
        message: &Outgoing,
    ) -> Self {
        let json = target.dialect.publish_body(Some(from), message);
        PublishRequest {
            bytes: target.post(headers, path, json.as_bytes()),
            json_bytes: json.len(),
        }
    }
}

impl PublishAnswer {
    /// Reads the answer to the oldest request that has none. May be cancelled without loss.
    pub fn read(
        connection: &mut Connection,
        dialect: Dialect,
    ) -> impl Future<Output = Result<PublishAnswer, ClientError>> {
        read_response(connection, move |response| {
            Ok(PublishAnswer {
                retry_after: retry_after(&response.head),
                accepted: response.head.check(dialect.published(), &response.body),
                closes: response.head.closes,
                json_bytes: response.body.len(),
            })
        })
    }
}

/// The pause before the request may be sent again: of an answer 503 with Retry-After, which says
/// that the server has not accepted it and will later (RFC 9110, section 15.6.4).
fn retry_after(head: &ResponseHead) -> Option<Duration> {
    let after = head.field("retry-after").filter(|_| head.status == 503)?;
    let pause = after.parse().map_or(LONGEST_PAUSE, Duration::from_secs);
    Some(pause.min(LONGEST_PAUSE))
}
