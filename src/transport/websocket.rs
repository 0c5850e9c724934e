//! WebSocket: one connection, frames both ways (RFC 6455).
//!
//! ```text
//! client                                         server
//!   │ GET …/ws?after=41 HTTP/1.1                   │
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

mod client;
mod server;

pub use client::subscribe;
pub use server::routes;
