//! The server that a URL names, and whether it may be checked.

use std::net::{IpAddr, SocketAddr};

use anyhow::{anyhow, bail};
use http::Uri;
use rustls::pki_types::ServerName;

use crate::check::link::{Endpoint, Link, Manner};
use crate::client::tls;
use crate::error::UsageError;

/// The server under check.
pub struct CheckedServer {
    /// As it was given.
    pub url: String,
    pub endpoint: Endpoint,
    /// The value of `Host`.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// The scheme is `ws` or `wss`.
    pub is_websocket: bool,
}

/// Finds the server of a URL: the first of its addresses that takes a connection.
///
/// # Errors
/// The URL is wrong, the server can't be reached, or it is on another network and `may_check` does
/// not allow that.
pub async fn find(url: &str, may_check: bool) -> anyhow::Result<CheckedServer> {
    let wrong = |why: &str| {
        let examples =
            "write ws://127.0.0.1:8765/ for a WebSocket, or http://127.0.0.1:8000/eventos";
        anyhow!(UsageError(format!("\"{url}\": {why}; {examples}")))
    };
    let url = url.trim();
    let uri: Uri = match url.contains("://") {
        true => url.parse().map_err(|_| wrong("not a URL"))?,
        false => {
            return Err(wrong(
                "a URL begins with ws://, wss://, http:// or https://",
            ));
        }
    };
    let (is_websocket, is_secret) = match uri.scheme_str() {
        Some("ws") => (true, false),
        Some("wss") => (true, true),
        Some("http") => (false, false),
        Some("https") => (false, true),
        _ => {
            return Err(wrong(
                "a URL begins with ws://, wss://, http:// or https://",
            ));
        }
    };
    let authority = uri.authority().ok_or_else(|| wrong("not a URL"))?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(wrong("it names a host and a port alone"));
    }
    let name = authority.host().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if is_secret { 443 } else { 80 });
    let found = tokio::net::lookup_host((name, port)).await;
    let found = found.map_err(|_| wrong(&format!("no host has the name {name}")))?;
    let found: Vec<SocketAddr> = found.collect();
    if let (false, Some(other)) = (may_check, found.iter().find(|one| !is_near(one.ip()))) {
        bail!(UsageError(format!(
            "{name} is {}, on another network. A check sends malformed input, which only the owner \
             of a server may allow: write --i-may if that is you, or if you were allowed to",
            other.ip()
        )));
    }
    let name = ServerName::try_from(name.to_owned()).map_err(|_| wrong("not a host's name"))?;
    let endpoint = |address| Endpoint {
        address,
        tls: is_secret.then(|| (tls::trusting_any(), name.clone())),
    };
    let endpoint = first(found.into_iter().map(endpoint)).await;
    let endpoint = endpoint.map_err(|error| unreachable(url, is_secret, &error))?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(CheckedServer {
        url: url.to_owned(),
        endpoint,
        host: authority.as_str().to_owned(),
        path: path.to_owned(),
        is_websocket,
    })
}

/// The first endpoint that takes a connection.
async fn first(endpoints: impl Iterator<Item = Endpoint>) -> std::io::Result<Endpoint> {
    let mut refusal = std::io::ErrorKind::AddrNotAvailable.into();
    for endpoint in endpoints {
        let connected: std::io::Result<Link> = endpoint.connect(Manner::default()).await;
        match connected {
            Ok(_) => return Ok(endpoint),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn unreachable(url: &str, is_secret: bool, error: &std::io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "nothing listens there: start the server, or \
                                                  write its port"
            .to_owned(),
        _ if is_secret => {
            let (scheme, rest) = url.split_once("://").unwrap_or_default();
            let scheme = scheme.trim_end_matches('s');
            let scheme = if scheme == "w" { "ws" } else { scheme };
            format!("if it does not speak TLS, write {scheme}://{rest}")
        }
        _ => "is the address right?".to_owned(),
    };
    anyhow!(UsageError(format!("cannot reach {url}: {error}; {advice}")))
}

/// Whether an address is of this machine or of a private network (RFC 1918, RFC 4193), or of the
/// link alone.
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_other_networks_are_told_apart() {
        for near in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.7",
            "169.254.1.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_near(near.parse().unwrap()), "{near}");
        }
        for far in [
            "8.8.8.8",
            "172.32.0.1",
            "192.169.0.1",
            "2001:db8::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(!is_near(far.parse().unwrap()), "{far}");
        }
    }
}
