//! The other end's account of the byte ledger: what a server of ours counted itself (`/metrics`).

use std::ops::Sub;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::measure::meter::Ledger;
use crate::transport::connection::{ClientError, Connection};
use crate::transport::http::Response;

/// How long the server may take to answer; it has other work.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes through all sockets of a server, and what its transport of the trial wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Read by the server.
    pub up_bytes: u64,
    /// Written by the server.
    pub down_bytes: u64,
    pub deliveries: u64,
    pub writes: u64,
}

impl Sub for Books {
    type Output = Books;

    fn sub(self, earlier: Books) -> Books {
        Books {
            up_bytes: self.up_bytes - earlier.up_bytes,
            down_bytes: self.down_bytes - earlier.down_bytes,
            deliveries: self.deliveries - earlier.deliveries,
            writes: self.writes - earlier.writes,
        }
    }
}

/// One look into the server's books, and what the look itself put there afterwards or before.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    books: Books,
    request_bytes: u64,
    answer_bytes: u64,
}

impl Look {
    /// Looks at a server of our own; another's are not ours to compare with.
    pub async fn at(plan: &Plan) -> Option<Self> {
        plan.server_pid?;
        let look = tokio::time::timeout(PATIENCE, Look::ask(plan)).await;
        look.ok()?.ok()
    }

    async fn ask(plan: &Plan) -> Result<Self, ClientError> {
        let ledger = Rc::new(Ledger::default());
        let mut connection = Connection::dial(&ledger, plan.target.address, None).await?;
        let path = format!("{}/metrics", plan.target.prefix);
        let close = "Connection: close\r\n";
        let request = plan.headers.get(&plan.target.host, &path, close);
        connection.write_all(&request).await?;
        let books = connection
            .read(|bytes| {
                Ok(match Response::parse(bytes)? {
                    Some((answer, used)) => (used, Some(read(&answer.body, plan))),
                    None => (0, None),
                })
            })
            .await?;
        let (answer_bytes, request_bytes) = ledger.bytes();
        Ok(Look {
            books,
            request_bytes,
            answer_bytes,
        })
    }

    /// What the server counted since an earlier look, without the two looks themselves: a look's
    /// own request is in its books already, and its answer is not yet.
    pub fn since(&self, earlier: &Look) -> Books {
        let mut books = self.books - earlier.books;
        books.up_bytes -= self.request_bytes;
        books.down_bytes -= earlier.answer_bytes;
        books
    }
}

/// The figures in the text of `/metrics`.
fn read(text: &[u8], plan: &Plan) -> Books {
    let text = String::from_utf8_lossy(text);
    let sum = |name: &str, label: &str| -> u64 {
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        lines
            .filter(|(series, _)| series.starts_with(name) && series.contains(label))
            .filter_map(|(_, value)| value.parse::<u64>().ok())
            .sum()
    };
    let ours = format!("transport=\"{}\"", plan.transport);
    Books {
        up_bytes: sum("wslab_read_bytes_total{", ""),
        down_bytes: sum("wslab_written_bytes_total{", ""),
        deliveries: sum("wslab_deliveries_total{", &ours),
        writes: sum("wslab_writes_total{", &ours),
    }
}
