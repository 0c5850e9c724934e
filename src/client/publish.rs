//! Publishing one message by POST, and what the answer means.
//!
//! ```text
//! POST /feeds/lobby/messages HTTP/1.1          HTTP/1.1 201 Created
//! Host: 127.0.0.1:8080                         content-type: application/json
//! Content-Type: application/json               content-length: 10
//! Content-Length: 46
//!                                              {"seq":42}
//! {"from":"alice","text":"oi","intended_at_ns":7}
//! ```

use crate::client::connection::Connection;
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
    /// The message is in the feed.
    pub accepted: bool,
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
        let json = body(from, message);
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
    ) -> impl Future<Output = Result<PublishAnswer, ClientError>> {
        read_response(connection, |response| {
            Ok(PublishAnswer {
                accepted: response.head.status == 201,
                closes: response.head.closes,
                json_bytes: response.body.len(),
            })
        })
    }
}

/// The JSON of a message that `from` publishes.
pub fn body(from: &str, message: &Outgoing) -> String {
    let Outgoing {
        intended_at_ns,
        text,
        ..
    } = message;
    serde_json::json!({"from": from, "text": text, "intended_at_ns": intended_at_ns}).to_string()
}
