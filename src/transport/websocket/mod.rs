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
//! Messages don't repeat the epoch of their numbers, since one connection has one. Who does not
//! have it from elsewhere asks after `0-`, a cursor of no server, and is answered with a reset
//! first: `{"reset":{"missed":0,"last":42,"epoch":"k3x9"}}`.

pub mod client;
pub mod codec;
pub mod handshake;
pub mod session;

pub use client::subscribe;
pub use handshake::{is_key, routes, serve};

use crate::service::state::Limits;
use crate::transport::theory::{Conditions, Prediction};

/// Bytes of a ping from the server, and of the masked pong that answers it.
const PING_BYTES: f64 = 2.0;
const PONG_BYTES: f64 = 6.0;

/// A push: the mean reader waits for half of the others. Each message is one frame; in a chat its
/// author sent it up in one, masked.
pub fn model(conditions: &Conditions) -> Prediction {
    let json = conditions.json_bytes();
    let up = match conditions.chat {
        true => {
            let draft = format!(r#"{{"intended_at_ns":{},"text":""}}"#, conditions.now_ns);
            let draft = (draft.len() + conditions.text_bytes) as f64;
            conditions.sealed(draft + head_bytes(draft) + 4.0) / conditions.readers
        }
        false => 0.0,
    };
    let heartbeat = conditions.sealed(PING_BYTES) + conditions.sealed(PONG_BYTES);
    let heartbeats_hz = 1.0 / Limits::default().ping.as_secs_f64();
    Prediction {
        latency_mean_us: conditions.fan_out_us(),
        wire_bytes_per_delivery: conditions.sealed(json + head_bytes(json))
            + heartbeat * heartbeats_hz / conditions.rate_hz
            + up,
    }
}

/// Bytes of an unmasked frame's head (RFC 6455, section 5.2).
fn head_bytes(payload_bytes: f64) -> f64 {
    match payload_bytes as u64 {
        ..126 => 2.0,
        126..65_536 => 4.0,
        _ => 10.0,
    }
}
