//! The chat: a user reads and writes a feed at a terminal or through pipes, over any transport and
//! with the client ends that the load measures.
//!
//! ```text
//! history, members ──▶ room ◀── what the transport delivers        lines typed ──▶ outbox
//!                       │                                                            │
//!                       ▼                                                            ▼
//!                    console                                 POST, or in band on a WebSocket
//! ```
//!
//! A lost connection is dialled again and continues after the last message that was shown.

pub mod api;
pub mod client;
pub mod console;
pub mod options;
pub mod room;

pub use client::run;
pub use options::ChatOptions;
