//! The prediction for WebSocket.

use crate::service::limits::Limits;
use crate::transport::theory::{Conditions, Prediction};

/// Bytes of a ping from the server, and of the masked pong that answers it.
const PING_BYTES: f64 = 2.0;
const PONG_BYTES: f64 = 6.0;

/// A push: on average, a client waits for half of the others. Each message is one frame; in a chat
/// its author sends it in one masked frame.
pub fn predict(conditions: &Conditions) -> Prediction {
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
    let heartbeats = heartbeat * heartbeats_hz / conditions.rate_hz;
    conditions.push(conditions.sealed(json + head_bytes(json)) + heartbeats + up)
}

/// Bytes of an unmasked frame's head (RFC 6455, section 5.2).
fn head_bytes(payload_bytes: f64) -> f64 {
    match payload_bytes as u64 {
        ..126 => 2.0,
        126..65_536 => 4.0,
        _ => 10.0,
    }
}
