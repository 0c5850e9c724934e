//! What a class has beside the feeds: the devices of the room, the teacher's orders, and votes.
//!
//! - [`room`]: the devices, from what their pages report
//! - [`orders`]: what the teacher does to all · [`links`]: the connections that can be cut
//! - [`votes`]: predict, then measure · [`measured`]: the truth
//! - [`key`]: the teacher's key
//! - [`lab`]: the servers that the course's exercises expect
//! - [`qr`]: codes that phones read: the page's address, the hall's Wi-Fi

pub mod key;
pub mod lab;
pub mod links;
pub mod measured;
pub mod orders;
pub mod qr;
pub mod room;
pub mod votes;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use crate::classroom::key::TeacherKey;
use crate::classroom::links::Links;
use crate::classroom::measured::Measured;
use crate::classroom::orders::{Held, Order, Orders, OutOfBounds};
use crate::classroom::qr::Wifi;
use crate::classroom::room::{Report, Room, RoomFull};
use crate::classroom::votes::{Question, VoteError, Votes};
use crate::service::counters::{Counter, ServerMetrics};
use crate::transport::Transport;

/// A snapshot of the room is as old as this at most.
const SNAPSHOT_AGE: Duration = Duration::from_millis(900);

/// The class of a demonstration.
#[derive(Debug)]
pub struct Classroom {
    pub key: TeacherKey,
    /// The page's address for phones, if there is one.
    pub page: Option<String>,
    pub wifi: Option<Wifi>,
    pub room: Room,
    pub orders: Orders,
    pub links: Arc<Links>,
    pub votes: Votes,
    metrics: Arc<ServerMetrics>,
    snapshot: Mutex<Option<(Instant, Bytes)>>,
}

/// What a device learns from its report.
#[derive(Debug, Serialize)]
pub struct ReportAnswer {
    /// Its number.
    device: u32,
    orders: Vec<Held>,
    /// The number of the latest question, and whether it is open.
    ballot: Option<(u32, bool)>,
}

impl Classroom {
    pub fn new(
        key: TeacherKey,
        page: Option<String>,
        wifi: Option<Wifi>,
        metrics: Arc<ServerMetrics>,
    ) -> Self {
        Classroom {
            key,
            page,
            wifi,
            room: Room::default(),
            orders: Orders::default(),
            links: Arc::default(),
            votes: Votes::default(),
            metrics,
            snapshot: Mutex::default(),
        }
    }

    /// Takes a device's report.
    ///
    /// # Errors
    /// See [`Room::report`].
    pub fn report(&self, report: &Report) -> Result<ReportAnswer, RoomFull> {
        Ok(ReportAnswer {
            device: self.room.report(report)?,
            orders: self.orders.held(),
            ballot: self.votes.latest(),
        })
    }

    /// Does what the teacher orders; returns how many connections were cut.
    ///
    /// # Errors
    /// The order is out of bounds, or names no device of the room.
    pub fn give(&self, order: Order) -> Result<usize, GiveError> {
        let mark = match order {
            Order::Cut {
                device: Some(number),
            } => Some(
                self.room
                    .mark_of(number)
                    .ok_or(GiveError::NoDevice(number))?,
            ),
            _ => None,
        };
        self.orders.give(order)?;
        tracing::warn!(%order, "the teacher's order");
        self.forget_snapshot();
        match order {
            Order::Cut { .. } => Ok(self.links.cut(mark)),
            _ => Ok(0),
        }
    }

    /// Opens a question. One about a poll interval sets it for all.
    pub fn ask(&self, question: Question) -> Result<(), String> {
        question.check()?;
        if let Some(ms) = question.interval_ms {
            let for_s = 600.0;
            let given = self.give(Order::Interval { ms, for_s });
            given.map_err(|error| error.to_string())?;
        }
        self.votes.open(question, self.measured());
        self.forget_snapshot();
        Ok(())
    }

    /// Closes the question.
    ///
    /// # Errors
    /// None is open.
    pub fn close(&self, truth: Option<f64>) -> Result<(), VoteError> {
        self.votes.close(truth, &self.measured())?;
        self.forget_snapshot();
        Ok(())
    }

    /// The room as the hall shows it, as JSON: the same bytes for all that ask within a second.
    pub fn snapshot(&self) -> Bytes {
        if self.votes.is_overdue() {
            let _ = self.close(None);
        }
        let mut latest = self.snapshot.lock().expect("no panic under the lock");
        if let Some((at, bytes)) = &*latest
            && at.elapsed() < SNAPSHOT_AGE
        {
            return bytes.clone();
        }
        let bytes = Bytes::from(self.describe().to_string());
        *latest = Some((Instant::now(), bytes.clone()));
        bytes
    }

    fn describe(&self) -> serde_json::Value {
        let totals = self.metrics.totals();
        let transports = Transport::CHOICES.map(|transport| {
            let totals = &totals[transport.class()];
            json!({
                "name": transport.name(),
                "open": totals.open,
                "messages": totals.get(Counter::Deliveries),
                "bytes": totals.get(Counter::ReadBytes) + totals.get(Counter::WrittenBytes),
            })
        });
        json!({
            "page": self.page,
            "devices": self.room.devices(),
            "transports": transports,
            "orders": self.orders.held(),
            "ballot": self.votes.view(),
        })
    }

    fn measured(&self) -> Measured {
        Measured::now(&self.room, &self.metrics)
    }

    /// What was ordered shows at once.
    fn forget_snapshot(&self) {
        *self.snapshot.lock().expect("no panic under the lock") = None;
    }
}

/// Why an order is not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GiveError {
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    #[error("there is no device {0} in the room")]
    NoDevice(u32),
}
