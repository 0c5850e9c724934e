//! The settings of a client, the same for every subscriber of a trial.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::http::Headers;
use crate::client::reconnect::ReconnectPolicy;

/// How a client asks the server, whatever its transport.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientConfig {
    /// Pause between the starts of two short polls.
    pub poll_interval: Duration,
    /// Longest wait of one long poll: below the 60 s after which proxies cut idle connections.
    pub hold: Duration,
    /// The polling transports reuse their connection.
    pub keep_alive: bool,
    /// Header fields of each request.
    pub headers: Headers,
    pub reconnect: ReconnectPolicy,
}

impl ClientConfig {
    pub const DEFAULT: ClientConfig = ClientConfig {
        poll_interval: Duration::from_secs(1),
        hold: Duration::from_secs(25),
        keep_alive: true,
        headers: Headers::Minimal,
        reconnect: ReconnectPolicy::DEFAULT,
    };
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig::DEFAULT
    }
}
