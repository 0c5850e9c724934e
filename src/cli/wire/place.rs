//! What a URL names: where to connect, and what to ask for there.

use std::net::SocketAddr;

use anyhow::{Context, anyhow};
use http::Uri;

use crate::client::discover;
use crate::client::tls::{ClientTls, Trust};
use crate::error::UsageError;
use crate::transport::Transport;

/// Where to connect, and what to ask for there.
#[derive(Debug)]
pub(super) struct Place {
    pub addresses: Vec<SocketAddr>,
    /// Host and port, as `Host` has them.
    pub authority: String,
    /// The host alone, as certificates name it.
    pub name: String,
    /// Path and query.
    pub target: String,
    pub tls: Option<ClientTls>,
}

impl Place {
    /// Takes a URL apart and looks its host up.
    pub async fn find(
        url: &str,
        transport: Transport,
        feed: &str,
        trust: Option<&Trust>,
    ) -> anyhow::Result<Self> {
        let text = match url.contains("://") {
            true => url.trim().to_owned(),
            false => format!("http://{}", url.trim()),
        };
        let usage = |why: &str| {
            let write = "write http://HOST:PORT, or a whole URL of http, https, ws or wss";
            UsageError(format!("\"{url}\": {why}; {write}"))
        };
        let uri: Uri = text.parse().map_err(|_| usage("not a URL"))?;
        let authority = uri.authority().ok_or_else(|| usage("not a URL"))?;
        let is_websocket = transport == Transport::WebSocket;
        let (is_tls, default_port) = match uri.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            Some("ws") if is_websocket => (false, 80),
            Some("wss") if is_websocket => (true, 443),
            Some("ws" | "wss") => {
                let why = format!("{} is asked over http", transport.name());
                return Err(usage(&why).into());
            }
            _ => return Err(usage("not a URL of http, https, ws or wss").into()),
        };
        if authority.as_str().contains('@') {
            return Err(usage("a name before the @ is not used").into());
        }
        let target = match uri.path_and_query().map(|target| target.as_str()) {
            None | Some("" | "/") => {
                let endpoint = transport.descriptor().endpoint;
                format!("/feeds/{feed}/{endpoint}")
            }
            Some(target) => target.to_owned(),
        };
        let host = authority.host();
        let port = uri.port_u16().unwrap_or(default_port);
        let found = tokio::net::lookup_host(format!("{host}:{port}")).await;
        let addresses: Vec<SocketAddr> = found
            .with_context(|| format!("cannot reach {url}: no such host"))?
            .collect();
        if addresses.is_empty() {
            return Err(anyhow!("cannot reach {url}: no such host"));
        }
        Ok(Place {
            addresses,
            authority: authority.to_string(),
            name: host.trim_matches(['[', ']']).to_owned(),
            target,
            tls: is_tls.then(|| discover::tls(url, trust)).transpose()?,
        })
    }
}
