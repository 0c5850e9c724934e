//! How a client asks: the settings that every subscriber of a trial shares.

use std::time::Duration;

use crate::client::http::Headers;

/// What a subscriber does, beside its transport.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    pub poll_interval: Duration,
    pub hold: Duration,
    /// Polls reuse their connection.
    pub keep_alive: bool,
    pub headers: Headers,
}
