//! `wslab check`: whether a server keeps the rules, tried as a careful client would try it.
//!
//! [`check`] finds the server, surveys it, and runs the checks of [`table`], each an entry with its
//! texts beside its function.
//!
//! - [`link`], [`head`], [`body`], [`transcript`]: bytes of a connection, heads, bodies and events,
//!   also malformed ones · [`token`]: what marks a check's message · [`publish`]: how one is
//!   published over HTTP
//! - [`address`]: the server of a URL · [`kind`]: its transport · [`survey`]: what is found out
//!   first · [`mod@bench`]: what the checks share
//! - [`entry`], [`outcome`]: a check, and what it finds · [`table`]: all of them
//! - [`websocket`], [`http`]: the checks
//! - [`run`]: running them · [`report`]: what is printed

pub mod address;
pub mod bench;
pub mod body;
pub mod entry;
pub mod head;
pub mod http;
pub mod kind;
pub mod link;
pub mod outcome;
pub mod publish;
pub mod report;
pub mod run;
pub mod survey;
pub mod table;
pub mod token;
pub mod transcript;
pub mod websocket;

pub use kind::Kind;
pub use outcome::CheckVerdict;
pub use report::CheckReport;
pub use run::{CheckOptions, check};
