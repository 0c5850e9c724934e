//! The server that a client talks to.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::client::dialect::Dialect;
use crate::client::http::{self, Headers};
use crate::client::tls::ClientTls;
use crate::client::token::Token;
use crate::error::UsageError;
use crate::system::process::ProcessUsage;
use crate::system::server_process::{self, Found};

/// The port of an address that names none and is no URL: the one of `wslab serve`.
pub const DEFAULT_PORT: u16 = 8080;

/// A proxy on this host, between clients and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyHop {
    /// Where the server itself listens.
    pub server: SocketAddr,
    /// The proxy's process.
    pub pid: u32,
}

/// A server: where it is, and, as separate facts, whose it is, on which host, and its process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    pub address: SocketAddr,
    /// Scheme, host and port as in the URL: `http://lab.example.org:8080`.
    pub origin: String,
    /// What stands before the server's own paths in the URL; empty or `/prefix`.
    pub prefix: String,
    /// How the server is asked and read.
    pub dialect: Dialect,
    /// How to speak TLS with the server, if its scheme is https.
    pub tls: Option<ClientTls>,
    /// The secret that the server asks of its clients, if it asks for one.
    pub token: Option<Token>,
    /// The run started the server, and the trial is its only user.
    pub owned: bool,
    /// The server runs on this host, so that both read the same clock.
    pub same_host: bool,
    /// The server's process on this host, if it is known: its CPU time and memory are measured.
    pub pid: Option<u32>,
    /// The proxy that a trial started before the server. `address` and `origin` are then those of
    /// the proxy, and all other facts those of the server.
    pub proxy: Option<ProxyHop>,
}

impl Target {
    /// A server at an address, over plain HTTP, of which nothing else is known. It is taken to be
    /// on this host if the address is a loopback address.
    pub fn at(address: SocketAddr) -> Self {
        Target {
            address,
            origin: format!("http://{address}"),
            prefix: String::new(),
            dialect: Dialect::default(),
            tls: None,
            token: None,
            owned: false,
            same_host: address.ip().is_loopback(),
            pid: None,
            proxy: None,
        }
    }

    /// The same server with what this host tells of its process. `pid` names the process, which is
    /// then one of this host; without it, the one is looked for that listens at the address.
    pub fn located(self, pid: Option<u32>) -> Result<Self, UsageError> {
        let found = match pid {
            Some(pid) if ProcessUsage::of(pid).is_ok() => Found {
                on_this_host: true,
                pid: Some(pid),
            },
            Some(pid) => {
                let why = format!("--server-pid {pid}: no process of this host has this number");
                return Err(UsageError(why));
            }
            None => server_process::find(self.address),
        };
        Ok(Target {
            same_host: self.same_host || found.on_this_host,
            pid: found.pid,
            ..self
        })
    }

    /// The server itself, without a proxy before it.
    pub fn without_proxy(&self) -> Target {
        let itself = self.proxy.map(|hop| Target {
            address: hop.server,
            origin: format!("http://{}", hop.server),
            proxy: None,
            ..self.clone()
        });
        itself.unwrap_or_else(|| self.clone())
    }

    /// The URL without a path of its own: origin and prefix.
    pub fn base(&self) -> String {
        format!("{}{}", self.origin, self.prefix)
    }

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
        headers.get(&self.origin, path, &(self.authorization() + extra))
    }

    /// A request with a JSON body.
    pub fn post(&self, headers: Headers, path: &str, json: &[u8]) -> Vec<u8> {
        headers.post(&self.origin, path, &self.authorization(), json)
    }

    fn authorization(&self) -> String {
        self.token.as_ref().map_or(String::new(), Token::line)
    }
}
