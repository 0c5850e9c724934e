//! The other end's account of the byte ledger: what a server of ours counted itself (`/metrics`).

use std::ops::Sub;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::exchange::exchange;
use crate::client::http::Response;
use crate::client::socket::Ledger;
use crate::load::protocol::Plan;
use crate::runtime::event_loop;

/// How long the server may take to answer; it has other work.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes through all sockets of a server, and what its transport of the trial wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCounters {
    /// Read by the server.
    pub up_bytes: u64,
    /// Written by the server.
    pub down_bytes: u64,
    pub deliveries: u64,
    pub writes: u64,
}

impl Sub for ServerCounters {
    type Output = ServerCounters;

    fn sub(self, earlier: ServerCounters) -> ServerCounters {
        ServerCounters {
            up_bytes: self.up_bytes - earlier.up_bytes,
            down_bytes: self.down_bytes - earlier.down_bytes,
            deliveries: self.deliveries - earlier.deliveries,
            writes: self.writes - earlier.writes,
        }
    }
}

/// One look into the server's books, and the bytes that the look itself put there: down and up
/// before the books were read, and down afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Scrape {
    books: ServerCounters,
    before: (u64, u64),
    after_down: u64,
}

impl Scrape {
    /// Looks at a server of our own; another's are not ours to compare with.
    pub async fn at(plan: &Plan) -> Option<Self> {
        if !plan.target.owned {
            return None;
        }
        let look = event_loop::timeout(PATIENCE, Scrape::ask(plan));
        event_loop::within_tokio(look).await.ok()??.ok()
    }

    /// Two exchanges: whatever comes after a TLS handshake (tickets) has come with the answer to
    /// the first, so that all that comes later is the second one's.
    async fn ask(plan: &Plan) -> Result<Self, ClientError> {
        let (ledger, target) = (Rc::new(Ledger::default()), &plan.target);
        let mut connection = Connection::dial(&ledger, target, None).await?;
        let greeting = format!("{}/healthz", target.prefix);
        let greeting = target.get(plan.client.headers, &greeting, "");
        exchange(&mut connection, &greeting, |_| Ok(())).await?;
        let (down_before, _) = ledger.bytes();
        let path = format!("{}/metrics", target.prefix);
        let request = target.get(plan.client.headers, &path, "Connection: close\r\n");
        let counters = |answer: Response<'_>| Ok(read(&answer.body, plan));
        let books = exchange(&mut connection, &request, counters).await?;
        connection.end().await;
        // It says nothing after its second request.
        let (down, up) = ledger.bytes();
        Ok(Scrape {
            books,
            before: (down_before, up),
            after_down: down - down_before,
        })
    }

    /// What the server counted since an earlier look, without the two looks themselves.
    pub fn since(&self, earlier: &Scrape) -> ServerCounters {
        let mut books = self.books - earlier.books;
        books.down_bytes -= earlier.after_down + self.before.0;
        books.up_bytes -= self.before.1;
        books
    }
}

/// The figures in the text of `/metrics`.
fn read(text: &[u8], plan: &Plan) -> ServerCounters {
    let text = String::from_utf8_lossy(text);
    let sum = |name: &str, label: &str| -> u64 {
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        lines
            .filter(|(series, _)| series.starts_with(name) && series.contains(label))
            .filter_map(|(_, value)| value.parse::<u64>().ok())
            .sum()
    };
    let ours = format!("transport=\"{}\"", plan.transport);
    ServerCounters {
        up_bytes: sum("wslab_read_bytes_total{", ""),
        down_bytes: sum("wslab_written_bytes_total{", ""),
        deliveries: sum("wslab_deliveries_total{", &ours),
        writes: sum("wslab_writes_total{", &ours),
    }
}
