//! Servers of HTTP: event streams, NDJSON, polls.
//!
//! - [`watch`]: reading a stream · [`surveys`]: what is found out first
//! - [`answer`]: heads of answers · [`stream`]: events · [`polling`]: polls
//! - [`clients`]: several clients

pub mod answer;
pub mod clients;
pub mod polling;
pub mod stream;
pub mod surveys;
pub mod watch;
