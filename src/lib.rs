//! wslab compares short polling, long polling, Server-Sent Events and WebSocket: the same feed over
//! each, with delivery latency, bytes on the wire and CPU of every delivery.
//!
//! # Layout
//!
//! A message walks straight through the house: the schedule says when it is due, a publisher hands
//! it to the server, the server appends it to the feed's log, a transport carries it through a
//! socket to a subscriber, the recorder notes it, and what a trial recorded becomes a row, a table,
//! a plot, a page. Each floor uses only those above it in this list:
//!
//! - [`feed`]: messages, and the bounded log that holds a feed's recent ones
//! - [`measure`]: the clock, the meter in every socket and the event loop that the load's sockets
//!   wait in, the recorder, what a process uses
//! - [`transport`]: the four conversations, one file each, both ends in it
//! - [`server`]: the accept loop and the routes · [`load`]: schedule, publishers, subscribers,
//!   phases
//! - [`monitor`]: feeds that fill themselves · [`chat`]: a person in a feed, on a load's transports
//! - [`lab`]: scenarios, trials, verdicts, results on disk
//! - [`report`]: rows in, tables, plots and a page out
//! - [`cli`]: every command and flag
//!
//! Tests and fuzzers also see `hostile`: what bytes of any kind may do to those who read them.

pub mod chat;
pub mod cli;
pub mod feed;
#[cfg(any(test, fuzzing))]
pub mod hostile;
pub mod lab;
pub mod load;
pub mod measure;
pub mod monitor;
pub mod report;
pub mod server;
pub mod transport;
