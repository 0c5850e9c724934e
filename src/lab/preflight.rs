//! Checks before the start, so that nothing half runs: is there a server, and do the descriptors
//! and ports of this machine suffice?

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::scenario::{Scenario, Switch, UsageError};
use crate::load::plan::Workload;
use crate::measure::process;
use crate::transport::subscription::Target;
use crate::transport::{Transport, http};

/// Descriptors that a process needs beside its connections.
const SPARE_DESCRIPTORS: u64 = 100;
/// How long a server may take to answer its first request.
const PATIENCE: Duration = Duration::from_secs(5);
/// A closed connection's port rests this long (TIME_WAIT); on loopback it is reused at once.
const PORT_REST_S: f64 = 60.0;

/// Takes a URL apart and finds its address.
pub async fn resolve(url: &str) -> anyhow::Result<Target> {
    let usage = |why: &str| {
        anyhow!(UsageError(format!(
            "target \"{url}\": {why}; write http://HOST:PORT"
        )))
    };
    if url.starts_with("https://") {
        return Err(usage("a load over TLS is not supported yet"));
    }
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| usage("not an http URL"))?;
    let (host, path) = rest
        .split_once('/')
        .map_or((rest, ""), |(host, path)| (host, path));
    let prefix = path.trim_end_matches('/');
    let named = host
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok());
    let lookup = if named.is_some() {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    if host.is_empty() || host.contains('@') || prefix.contains(['?', '#', ' ']) {
        return Err(usage("not a server's address"));
    }
    let mut found = tokio::net::lookup_host(&lookup)
        .await
        .with_context(|| format!("cannot reach {url}: no such host"))?;
    Ok(Target {
        address: found
            .next()
            .with_context(|| format!("cannot reach {url}: no such host"))?,
        host: host.to_owned(),
        prefix: if prefix.is_empty() {
            String::new()
        } else {
            format!("/{prefix}")
        },
    })
}

/// Asks a target whether it is a server of wslab's feeds.
pub async fn greet(target: &Target) -> anyhow::Result<()> {
    let at = format!("http://{}{}", target.host, target.prefix);
    let asking = async {
        let mut stream = TcpStream::connect(target.address).await?;
        let path = format!("{}/healthz", target.prefix);
        stream
            .write_all(&http::get(&target.host, &path, "Connection: close\r\n"))
            .await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, asking)
        .await
        .with_context(|| format!("cannot reach {at}: no answer within {PATIENCE:?}"))?
        .with_context(|| {
            format!("cannot reach {at}: start a server there, or leave --target out")
        })?;
    let status = match http::Head::parse(&answer) {
        Ok(Some((head, _))) => head.status,
        _ => bail!("{at} does not speak HTTP/1.1"),
    };
    ensure!(
        status == 200,
        "{at} is not a wslab server: /healthz answered {status}, not 200"
    );
    Ok(())
}

/// Whether this machine can hold the connections that the scenario's largest cell needs.
pub fn capacity(scenario: &Scenario, target: Option<SocketAddr>) -> anyhow::Result<()> {
    let limit = process::raise_descriptor_limit();
    let loopback = target.is_none_or(|address| address.ip().is_loopback());
    for cell in scenario.cells() {
        let needed = connections(scenario, cell.transport, cell.clients) + SPARE_DESCRIPTORS;
        let most = limit.saturating_sub(SPARE_DESCRIPTORS);
        ensure!(
            needed <= limit,
            "{} clients of {} need {needed} open files in one process, and this one may have \
             {limit}: run at most {most} clients, or raise the hard limit (ulimit -Hn, \
             LimitNOFILE=, /etc/security/limits.conf)",
            cell.clients,
            cell.transport,
        );
        if !loopback {
            enough_ports(scenario, cell.transport, cell.clients)?;
        }
    }
    Ok(())
}

/// Connections open at once in a cell, at the most.
fn connections(scenario: &Scenario, transport: Transport, clients: u32) -> u64 {
    let posts = scenario.workload == Workload::Chat && !transport.publishes_in_band();
    // An author that only reads opens a second connection when it first writes.
    let published = (scenario.warm_up.0 + scenario.window.0).as_secs_f64()
        * scenario.rate_hz
        * f64::from(scenario.feeds)
        * 1.5;
    let authors = if posts {
        f64::from(clients).min(published.ceil()) as u64
    } else {
        0
    };
    u64::from(clients) + authors
}

/// On loopback every client has addresses enough; to another host all share this host's ports.
fn enough_ports(scenario: &Scenario, transport: Transport, clients: u32) -> anyhow::Result<()> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.unwrap_or_else(|_| "32768 60999".to_owned());
    let mut ends = range
        .split_whitespace()
        .filter_map(|end| end.parse::<f64>().ok());
    let ports = match (ends.next(), ends.next()) {
        (Some(first), Some(last)) => last - first + 1.0,
        _ => return Ok(()),
    };
    let dials = transport == Transport::ShortPolling && scenario.keep_alive == Switch::Off;
    let resting = match dials {
        true => f64::from(clients) / scenario.poll_interval.0.as_secs_f64() * PORT_REST_S,
        false => 0.0,
    };
    let needed = connections(scenario, transport, clients) as f64 + resting;
    ensure!(
        needed <= ports,
        "{clients} clients of {transport} need {needed:.0} local ports, and this host has {ports}: \
         run fewer clients, keep connections alive, or widen net.ipv4.ip_local_port_range",
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn targets_are_taken_apart() {
        let target = resolve("http://127.0.0.1:8080/some/prefix/").await.unwrap();
        assert_eq!(target.address, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(
            (&*target.host, &*target.prefix),
            ("127.0.0.1:8080", "/some/prefix")
        );
        let plain = resolve("http://127.0.0.1").await.unwrap();
        assert_eq!(
            (plain.address.port(), &*plain.host, &*plain.prefix),
            (80, "127.0.0.1", "")
        );
        let v6 = resolve("http://[::1]:9").await.unwrap();
        assert_eq!(v6.address, "[::1]:9".parse().unwrap());
        for bad in [
            "localhost:80",
            "https://localhost",
            "http://",
            "ws://x",
            "http://u@h",
            "",
        ] {
            let error = resolve(bad).await.unwrap_err();
            assert!(
                error.downcast_ref::<UsageError>().is_some(),
                "{bad}: {error}"
            );
        }
    }

    #[test]
    fn authors_that_post_need_a_second_connection() {
        let mut scenario = Scenario::default();
        assert_eq!(connections(&scenario, Transport::Sse, 500), 500);
        scenario.workload = Workload::Chat;
        scenario.feeds = 5;
        assert_eq!(connections(&scenario, Transport::WebSocket, 500), 500);
        assert_eq!(connections(&scenario, Transport::Sse, 500), 500 + 83);
        assert_eq!(connections(&scenario, Transport::Sse, 20), 40);
    }

    #[test]
    fn too_many_clients_are_refused_with_what_would_help() {
        let scenario = Scenario {
            clients: vec![1_000_000],
            ..Scenario::default()
        };
        let refusal = capacity(&scenario, None).unwrap_err().to_string();
        assert!(
            refusal.contains("1000000 clients") && refusal.contains("ulimit"),
            "{refusal}"
        );
    }
}
