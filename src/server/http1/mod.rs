//! The fast engine: HTTP/1.1 requests of clients, parsed from their bytes and answered in one
//! write, without hyper and the router, which would cost more than everything else about a poll.
//!
//! - [`request`]: which requests it understands
//! - [`conn`]: reading requests, writing answers
//! - [`engine`]: the loop of a connection

pub mod conn;
pub mod engine;
pub mod request;
