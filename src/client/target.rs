//! The server that a client talks to.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::client::http::{self, Headers};
use crate::client::tls::ClientTls;
use crate::client::token::Token;

/// The server that is measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    pub address: SocketAddr,
    /// Scheme, host and port as in the URL, as `http://lab.example.org:8080`.
    pub origin: String,
    /// What stands before `/feeds/…` in the URL; empty or `/prefix`.
    pub prefix: String,
    /// How to speak TLS with it, if its scheme says so.
    pub tls: Option<ClientTls>,
    /// What it asks of those who come in, if it does.
    pub token: Option<Token>,
}

impl Target {
    /// The host alone, as certificates name it.
    pub fn name(&self) -> &str {
        let host = http::host(&self.origin);
        match host.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((v6, _)) => v6,
            None => host.split_once(':').map_or(host, |(name, _)| name),
        }
    }

    /// A request without a body, with whole header lines that each end with CR LF.
    pub fn get(&self, headers: Headers, path: &str, extra: &str) -> Vec<u8> {
        headers.get(&self.origin, path, &(self.pass() + extra))
    }

    /// A request with a JSON body.
    pub fn post(&self, headers: Headers, path: &str, json: &[u8]) -> Vec<u8> {
        headers.post(&self.origin, path, &self.pass(), json)
    }

    fn pass(&self) -> String {
        self.token.as_ref().map_or(String::new(), Token::line)
    }
}
