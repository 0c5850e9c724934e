//! WebSocket: one connection, frames both ways (RFC 6455).
//!
//! ```text
//! client                                         server
//!   │ GET …/ws?after=41-k3x9 HTTP/1.1              │
//!   │ Upgrade: websocket, Sec-WebSocket-Key: …     │
//!   │─────────────────────────────────────────────▶│
//!   │ HTTP/1.1 101 Switching Protocols             │
//!   │ Sec-WebSocket-Accept: …                      │
//!   │◀─────────────────────────────────────────────│
//!   │ 81 62 {"seq":42,"from":"alice",…}            │   FIN+text, length, JSON: 2 to 10 bytes
//!   │◀─────────────────────────────────────────────│   of frame head a message
//!   │ 81 8f <mask> {"text":"oi"} masked            │   the client publishes: 4 bytes more
//!   │─────────────────────────────────────────────▶│
//!   │ 89 00                                        │   a ping every 20 s
//!   │◀─────────────────────────────────────────────│
//! ```
//!
//! Messages do not repeat the epoch of their numbers, since a connection has only one. A client
//! that does not know the epoch asks after `0-`, a cursor of no server, and first gets a reset:
//! `{"reset":{"missed":0,"last":42,"epoch":"k3x9"}}`.

pub mod client;
pub mod codec;
pub mod handshake;
pub mod prediction;
pub mod session;

use crate::transport::descriptor::{Descriptor, Usage, spawn};
pub use handshake::accept;

pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "websocket",
    title: "WebSocket",
    aliases: &["ws"],
    colour: "#009e73",
    endpoint: "ws",
    lobby_path: Some("/chat"),
    usage: Usage {
        about: "WebSocket: one message a text frame; send {\"text\":\"oi\"} to publish as this user",
        query: "?after=0&user=alice",
        curl: "-N -o - -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
            -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg=='",
    },
    upgrade: Some("websocket"),
    polls: false,
    publishes_in_band: true,
    baseline: false,
    open: handshake::open,
    predict: prediction::predict,
    subscribe: |subscription| Box::pin(client::subscribe(subscription)),
    spawn: |subscription, ended| spawn(subscription, client::subscribe, ended),
};
