//! Server-Sent Events: one answer that never ends, one event per message (WHATWG HTML, section
//! 9.2).
//!
//! ```text
//! client                                     server
//!   │ GET …/sse?after=41-k3x9                  │
//!   │ Accept: text/event-stream                │
//!   │─────────────────────────────────────────▶│
//!   │ HTTP/1.1 200 OK                          │
//!   │ content-type: text/event-stream          │
//!   │◀─────────────────────────────────────────│
//!   │ id: 42-k3x9                              │
//!   │ data: {"seq":42,"from":"alice",…}        │   at each message
//!   │                                          │
//!   │◀─────────────────────────────────────────│
//!   │ :                                        │   a comment after 15 s of silence
//!   │◀─────────────────────────────────────────│
//! ```
//!
//! On HTTP/1.1 each write is one chunk; all messages that wait share one.

pub mod client;
pub mod events;
pub mod server;

use crate::transport::descriptor::{Descriptor, Usage, spawn};
pub use events::{EventStreamItem, EventStreamParser};

pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "sse",
    title: "SSE",
    aliases: &[],
    colour: "#0072b2",
    endpoint: "sse",
    lobby_path: Some("/events"),
    usage: Usage {
        about: "Server-Sent Events: an answer that never ends",
        query: "?after=0",
        curl: "-N",
    },
    upgrade: None,
    polls: false,
    publishes_in_band: false,
    baseline: false,
    open: server::open,
    predict: client::predict,
    subscribe: |subscription| Box::pin(client::subscribe(subscription)),
    spawn: |subscription, ended| spawn(subscription, client::subscribe, ended),
};
