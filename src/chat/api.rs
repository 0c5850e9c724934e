//! The chat's single exchanges with the server: history, members, publishing.

use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::exchange::{ExchangeError, fetch};
use crate::client::http::Headers;
use crate::client::outbox::Outgoing;
use crate::client::publish::PublishRequest;
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

impl Api {
    pub async fn dial(&self) -> Result<Connection, ClientError> {
        Connection::dial(&self.ledger, &self.target, None).await
    }

    pub async fn history(&self, limit: usize) -> Result<History, ExchangeError> {
        self.get(&format!("messages?limit={limit}")).await
    }

    /// The names of those who are there.
    pub async fn members(&self) -> Result<Vec<String>, ExchangeError> {
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
        mut connection: Connection,
        user: &str,
        message: &Outgoing,
    ) -> Result<(), ExchangeError> {
        let path = format!("{}/messages", self.feed_path);
        let request = PublishRequest::new(&self.target, Headers::Minimal, &path, user, message);
        let answer = fetch(&mut connection, &request.bytes, PATIENCE).await?;
        answer.content().map(drop)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ExchangeError> {
        let path = format!("{}/{path}", self.feed_path);
        let headers = Headers::Minimal;
        let request = self.target.get(headers, &path, "Connection: close\r\n");
        let mut connection = self.dial().await?;
        let answer = fetch(&mut connection, &request, PATIENCE).await?;
        let body = answer.content()?;
        Ok(serde_json::from_slice(&body).map_err(ClientError::protocol)?)
    }
}
