//! Publishing one message by POST, and what the answer means.

use crate::client::connection::Connection;
use crate::client::dialect::Dialect;
use crate::client::error::ClientError;
use crate::client::exchange::read_response;
use crate::client::http::Headers;
use crate::client::outbox::Outgoing;
use crate::client::target::Target;

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
                accepted: response.head.check(dialect.published(), &response.body),
                closes: response.head.closes,
                json_bytes: response.body.len(),
            })
        })
    }
}
