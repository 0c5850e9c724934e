//! The chat's single exchanges with the server: history, members, publishing.

use std::rc::Rc;
use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::exchange::{ExchangeError, fetch};
use crate::client::http::{Headers, JSON, Wanted};
use crate::client::outbox::Outgoing;
use crate::client::publish::PublishRequest;
use crate::client::socket::Ledger;
use crate::client::target::Target;
use crate::feed::{Epoch, Message};

/// The longest time for one exchange.
const PATIENCE: Duration = Duration::from_secs(10);

/// The server and the feed on it.
#[derive(Debug)]
pub struct Api {
    pub target: Rc<Target>,
    pub ledger: Rc<Ledger>,
    pub feed_path: Rc<str>,
}

impl Api {
    pub async fn dial(&self) -> Result<Connection, ClientError> {
        Connection::dial(&self.ledger, &self.target, None).await
    }

    /// Gives the last `limit` messages to `read`, the oldest first. Returns the number of the last
    /// message and the server's epoch.
    pub async fn history(
        &self,
        limit: usize,
        read: impl FnMut(&Message<'_>),
    ) -> Result<(u64, Epoch), ExchangeError> {
        let dialect = self.target.dialect;
        let path = dialect.history_path(&self.feed_path, limit);
        let body = self.get(&path).await?;
        let page = dialect.page(&body)?;
        page.messages.iter().for_each(read);
        Ok((page.last, page.epoch))
    }

    /// The names of those present. Empty where the server does not tell.
    pub async fn members(&self) -> Result<Vec<String>, ExchangeError> {
        let dialect = self.target.dialect;
        match dialect.members_path(&self.feed_path) {
            Some(path) => Ok(dialect.members(&self.get(&path).await?)?),
            None => Ok(Vec::new()),
        }
    }

    /// Publishes a message over a connection that was dialled for it.
    pub async fn publish(
        &self,
        mut connection: Connection,
        user: &str,
        message: &Outgoing,
    ) -> Result<(), ExchangeError> {
        let path = self.target.dialect.publish_path(&self.feed_path);
        let request = PublishRequest::new(&self.target, Headers::Minimal, &path, user, message);
        let wanted = self.target.dialect.published();
        let answer = fetch(&mut connection, &request.bytes, wanted, PATIENCE);
        answer.await.map(drop)
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, ExchangeError> {
        let headers = Headers::Minimal;
        let request = self.target.get(headers, path, "Connection: close\r\n");
        let mut connection = self.dial().await?;
        fetch(&mut connection, &request, Wanted::body(JSON), PATIENCE).await
    }
}
