//! The client end of a connection: target, socket with its byte ledger, HTTP, TLS, subscription.

pub mod config;
pub mod connection;
pub mod dialect;
pub mod discover;
pub mod error;
pub mod exchange;
pub mod http;
pub mod outbox;
pub mod publish;
pub mod reconnect;
pub mod scrape;
pub mod slow_readers;
pub mod socket;
pub mod socket_faults;
pub mod subscription;
pub mod target;
pub mod tls;
pub mod token;
pub mod watchdog;
