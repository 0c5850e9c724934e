//! The chat's single exchanges with the server: history, members, publishing.

use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::{Headers, Response};
use crate::client::outbox::Outgoing;
use crate::client::socket::Ledger;
use crate::client::target::Target;
use crate::feed::Epoch;

/// How long the server may take for one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the server is, and the feed on it.
#[derive(Debug)]
pub struct Api {
    pub target: Rc<Target>,
    pub ledger: Rc<Ledger>,
    pub feed_path: Rc<str>,
}

/// What was said before, the oldest first.
#[derive(Debug, Deserialize)]
pub struct History {
    pub messages: Vec<Box<RawValue>>,
    pub last: u64,
    pub epoch: Epoch,
}

/// Why an exchange came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ChatApiError {
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("the server answered {status}: {advice}")]
    Refused { status: u16, advice: String },
    #[error("no answer within {PATIENCE:?}")]
    Late,
}

impl Api {
    pub async fn dial(&self) -> Result<Connection, ClientError> {
        Connection::dial(&self.ledger, &self.target, None).await
    }

    pub async fn history(&self, limit: usize) -> Result<History, ChatApiError> {
        self.get(&format!("messages?limit={limit}")).await
    }

    /// The names of those who are there.
    pub async fn members(&self) -> Result<Vec<String>, ChatApiError> {
        #[derive(Deserialize)]
        struct Members {
            members: Vec<String>,
        }
        let answer: Members = self.get("members").await?;
        Ok(answer.members)
    }

    /// Publishes a message over a connection that was dialled for it.
    pub async fn publish(
        &self,
        connection: Connection,
        user: &str,
        message: &Outgoing,
    ) -> Result<(), ChatApiError> {
        let json = serde_json::json!({
            "from": user, "text": message.text, "intended_at_ns": message.intended_at_ns,
        });
        let path = format!("{}/messages", self.feed_path);
        let json = json.to_string();
        let request = self.target.post(Headers::Minimal, &path, json.as_bytes());
        exchange(connection, &request).await.map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ChatApiError> {
        let path = format!("{}/{path}", self.feed_path);
        let headers = Headers::Minimal;
        let request = self.target.get(headers, &path, "Connection: close\r\n");
        let body = exchange(self.dial().await?, &request).await?;
        Ok(serde_json::from_slice(&body).map_err(ClientError::protocol)?)
    }
}

/// Sends a request; returns the body of an answer that is content.
async fn exchange(mut connection: Connection, request: &[u8]) -> Result<Vec<u8>, ChatApiError> {
    let answer = async {
        connection.write_all(request).await?;
        connection
            .read(|bytes| {
                let answer = Response::parse(bytes)?;
                Ok(answer.map_or((0, None), |(response, used)| {
                    let (status, body) = (response.head.status, response.body.into_owned());
                    (used, Some((status, body)))
                }))
            })
            .await
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    match answer.map_err(|_| ChatApiError::Late)?? {
        (200..=299, body) => Ok(body),
        (status, body) => {
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            let advice = json["error"].as_str().unwrap_or("it does not say why");
            let advice = advice.to_owned();
            Err(ChatApiError::Refused { status, advice })
        }
    }
}
