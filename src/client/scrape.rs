//! The server's own account of the byte ledger: what it counted itself.

use std::rc::Rc;
use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::dialect::ServerCounters;
use crate::client::error::ClientError;
use crate::client::exchange::exchange;
use crate::client::http::{Headers, JSON, OPEN_METRICS, Response, Wanted};
use crate::client::socket::Ledger;
use crate::client::target::Target;
use crate::runtime::event_loop;

/// The longest time for the two exchanges of a scrape. The server is busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// One reading of the server's counters, and the bytes that the reading itself added to them.
#[derive(Clone, Copy, Debug)]
pub struct Scrape {
    counters: ServerCounters,
    /// Down and up, before the counters were read.
    before: (u64, u64),
    /// Down, afterwards.
    after_down: u64,
}

impl Scrape {
    /// Reads the counters for `transport`, from the server itself where a proxy stands before it.
    /// `None` where the server is not owned, since others use it too, where it has no counters, and
    /// where it does not answer.
    pub async fn of(target: &Target, headers: Headers, transport: &str) -> Option<Self> {
        let path = target.dialect.counters_path().filter(|_| target.owned)?;
        let server = target.without_proxy();
        let scrape = Scrape::exchange(&server, headers, path, transport);
        let scrape = event_loop::timeout(PATIENCE, scrape);
        event_loop::within_tokio(scrape).await.ok()??.ok()
    }

    /// Two exchanges. What follows a TLS handshake (tickets) has arrived before the answer to the
    /// first, so all bytes after that belong to the second.
    async fn exchange(
        target: &Target,
        headers: Headers,
        path: &str,
        transport: &str,
    ) -> Result<Self, ClientError> {
        let (ledger, dialect) = (Rc::new(Ledger::default()), target.dialect);
        let mut connection = Connection::dial(&ledger, target, None).await?;
        let health = [&target.prefix, dialect.health_path()].concat();
        let request = target.get(headers, &health, "");
        exchange(&mut connection, &request, |answer| {
            answer.head.check(Wanted::body(JSON), &answer.body)
        })
        .await?;
        let (down_before, _) = ledger.bytes();
        let path = [&target.prefix, path].concat();
        let request = target.get(headers, &path, "Connection: close\r\n");
        let read = |answer: Response<'_>| {
            answer
                .head
                .check(Wanted::body(OPEN_METRICS), &answer.body)?;
            Ok(dialect.counters(&answer.body, transport))
        };
        let counters = exchange(&mut connection, &request, read).await?;
        connection.end().await;
        // The client sends nothing after its second request.
        let (down, up) = ledger.bytes();
        Ok(Scrape {
            counters,
            before: (down_before, up),
            after_down: down - down_before,
        })
    }

    /// What the server counted since an earlier scrape, without the two scrapes themselves.
    pub fn since(&self, earlier: &Scrape) -> ServerCounters {
        let mut counters = self.counters - earlier.counters;
        counters.down_bytes -= earlier.after_down + self.before.0;
        counters.up_bytes -= self.before.1;
        counters
    }
}
