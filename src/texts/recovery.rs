//! What faults did: which texts there are.

use crate::texts::Definition;

/// The section of the page, its sentences, and the printed table.
#[derive(Debug)]
pub struct RecoveryTexts {
    pub title: &'static str,
    /// What the three times are.
    pub times: [Definition; 3],
    pub note: &'static str,
    /// The heading of what a fault did.
    pub after: fn(&str) -> String,
    /// Follows it above a printed table.
    pub p50_to_last: &'static str,
    /// A fault, the transports that caught up first, and within which times.
    pub first: fn(&str, &str, &str) -> String,
    /// The same with the transport that was last, and its time.
    pub first_and_last: fn(&str, [&str; 2], [&str; 2]) -> String,
    /// A fault after which all caught up at about the same time.
    pub together: fn(&str, &str) -> String,
    /// A fault after which no time of any transport counts.
    pub none: fn(&str) -> String,
    /// Transports, each with how many of its clients did not catch up.
    pub behind: fn(&str) -> String,
    pub nothing_lost: &'static str,
    /// Transports, each with what was missed, duplicate or out of order.
    pub lost: fn(&str) -> String,
    /// Transports, each with how many lost messages its clients were told of.
    pub told: fn(&str) -> String,
    pub one_trial: &'static str,
    /// INVALID transports, whose times do not count; and SUSPECT ones.
    pub left_out: fn(&str) -> String,
    pub suspect: fn(&str) -> String,
    /// A fault with its number in plots over time.
    pub numbered: fn(usize, &str) -> String,
}
