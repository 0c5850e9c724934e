//! wslab compares short polling, long polling, Server-Sent Events and WebSocket: the same feed over
//! each, with delivery latency, bytes on the wire and CPU of every delivery.
//!
//! To read first: [`docs::measuring`], how it measures and what it cannot tell; [`docs::server`], what
//! the server does; [`docs::networks`], links that delay and lose; [`docs::figures`], what was
//! measured.
//!
//! # Layout
//!
//! The walk of a message: schedule → publisher → server → ring → transport → socket → subscriber →
//! recorder → row → metric → plot → page. Each folder imports only from folders above it in this
//! list:
//!
//! - [`error`]: the errors that have exit codes of their own
//! - [`texts`]: every sentence of the report, by language; how numbers are written
//! - [`feed`]: messages, cursors, the ring of a feed's recent messages
//! - [`runtime`]: the load's event loop, timers, clock, shared memory, descriptor tables
//! - [`system`]: what this machine is and does, read from /proc and /sys
//! - [`record`]: recorder, histograms, sequences, byte counts
//! - [`wire`]: the bytes of a connection, explained field by field; pcap
//! - [`client`]: target, socket with its byte ledger, HTTP, TLS, subscription
//! - [`service`]: state, limits, counters, presence and fan-out behind all transports
//! - [`transport`]: one file or folder a transport, both ends in it
//! - [`classroom`]: what a class has beside the feeds
//! - [`server`]: accept loops and their threads, the fast HTTP/1.1 engine, hyper and axum, routes
//! - [`monitor`]: feeds that fill themselves
//! - [`load`]: schedule, publishers, subscribers, controller and agents
//! - [`network`]: links with delay, loss and a rate between server and load
//! - [`results`]: the rows on disk · [`stats`]: statistics, comparison, search
//! - [`lab`]: scenarios, trials, verdicts
//! - [`report`]: rows in, tables, plots and a page out
//! - [`check`]: whether a server keeps the rules
//! - [`chat`]: a person in a feed · [`cli`]: one file a command

// They work in the pages of `cargo doc --document-private-items`.
#![allow(rustdoc::private_intra_doc_links)]

pub mod chat;
pub mod check;
pub mod classroom;
pub mod cli;
pub mod client;
pub mod docs;
pub mod error;
pub mod feed;
pub mod lab;
pub mod load;
pub mod monitor;
pub mod network;
pub mod record;
pub mod report;
pub mod results;
pub mod runtime;
pub mod server;
pub mod service;
pub mod stats;
pub mod system;
pub mod texts;
pub mod transport;
pub mod wire;
