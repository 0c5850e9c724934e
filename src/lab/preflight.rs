//! Checks before the start, so that nothing half runs: is there a server, and do the descriptors
//! and ports of this machine suffice?

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::{self, Headers};
use crate::client::target::Target;
use crate::client::tls::{ClientTls, Trust};
use crate::client::token::{self, Token};
use crate::error::UsageError;
use crate::lab::capacity::SearchFactor;
use crate::lab::scenario::{MAX_CLIENTS, MAX_RATE_HZ, Scenario, Switch};
use crate::load::protocol::Workload;
use crate::runtime::event_loop;
use crate::system::info::SystemFiles;
use crate::system::process::{self, SPARE_DESCRIPTORS};
use crate::transport::Transport;

/// How long a server may take to answer its first request.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of that answer that are looked at.
const MAX_GREETING_BYTES: usize = 64 << 10;
/// The local ports of a Linux that does not tell.
const LINUX_PORTS: (u64, u64) = (32_768, 60_999);
/// A closed connection's port rests this long (TIME_WAIT); on loopback it is reused at once.
const PORT_REST_S: f64 = 60.0;

/// Finds the server that a URL names: the first of its addresses at which one answers.
/// One of https must show a certificate that `trust` knows, and all must take the `token`.
pub async fn find(
    url: &str,
    trust: Option<&Trust>,
    token: Option<&Token>,
) -> anyhow::Result<Target> {
    let mut refusal = anyhow!("cannot reach {url}: no such host");
    for target in resolve(url, trust).await? {
        let token = token.cloned();
        let target = Target { token, ..target };
        match greet(&target).await {
            Ok(()) => return enter(target).await,
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Takes a URL apart and finds its addresses.
async fn resolve(url: &str, trust: Option<&Trust>) -> anyhow::Result<Vec<Target>> {
    let usage = |why: &str| {
        anyhow!(UsageError(format!(
            "target \"{url}\": {why}; write http://HOST:PORT or https://HOST:PORT"
        )))
    };
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let (tls, port) = match scheme {
        "http" => (None, 80),
        "https" => (Some(tls(url, trust)?), 443),
        _ => return Err(usage("not an http URL")),
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.trim_end_matches('/');
    if host.is_empty() || host.contains('@') || path.contains(['?', '#', ' ']) {
        return Err(usage("not a server's address"));
    }
    let named = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let lookup = if named {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    };
    let found = tokio::net::lookup_host(&lookup).await;
    let found = found.with_context(|| format!("cannot reach {url}: no such host"))?;
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    };
    let target = |address| Target {
        address,
        origin: format!("{scheme}://{host}"),
        prefix: prefix.clone(),
        tls: tls.clone(),
        token: None,
    };
    Ok(found.map(target).collect())
}

/// How to speak TLS with the server of an https URL.
fn tls(url: &str, trust: Option<&Trust>) -> Result<ClientTls, UsageError> {
    let trust = trust.ok_or_else(|| {
        UsageError(format!(
            "{url}: which certificate is to be trusted? Write --fingerprint SHA256, which wslab \
             serve prints, or --ca FILE, a PEM file of authorities (those of the public on Debian: \
             /etc/ssl/certs/ca-certificates.crt)"
        ))
    })?;
    ClientTls::try_from(trust.clone()).map_err(|error| UsageError(format!("--ca: {error}")))
}

/// Asks a target whether it is a server of wslab's feeds.
async fn greet(target: &Target) -> anyhow::Result<()> {
    let at = format!("{}{}", target.origin, target.prefix);
    let answer = tokio::time::timeout(PATIENCE, ask(target, "/healthz"))
        .await
        .with_context(|| format!("cannot reach {at}: no answer within {PATIENCE:?}"))?;
    let (status, body) = match answer {
        Ok(answer) => answer,
        Err(ClientError::Io(error)) => {
            let advice = "start a server there, or leave --target out";
            return Err(error).context(format!("cannot reach {at}: {advice}"));
        }
        Err(ClientError::Tls(rustls::Error::InvalidMessage(_))) => {
            bail!("{at} does not speak TLS: write http://…");
        }
        Err(error @ ClientError::Tls(_)) => {
            return Err(error).context(format!("cannot trust {at}"));
        }
        Err(_) => bail!("{at} does not speak HTTP/1.1"),
    };
    let health: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    ensure!(
        status == 200 && health["status"] == "ok",
        "{at} is not a wslab server: its /healthz is not {{\"status\":\"ok\"}}{}",
        health["error"]
            .as_str()
            .map_or(String::new(), |error| format!(", but says: {error}")),
    );
    Ok(())
}

/// Whether it lets one in. `/healthz` is open to all; any other address would tell, and this one
/// leaves no trace.
async fn enter(target: Target) -> anyhow::Result<Target> {
    let answer = tokio::time::timeout(PATIENCE, ask(&target, "/feeds")).await;
    let at = format!("{}{}", target.origin, target.prefix);
    let (status, _) = answer
        .with_context(|| format!("{at} does not answer any more"))?
        .with_context(|| format!("cannot enter {at}"))?;
    match (status, &target.token) {
        (401, None) => Err(UsageError(format!(
            "{at}: this server asks for its token: give --token, or set {}",
            token::VARIABLE
        ))
        .into()),
        (401, Some(_)) => {
            let why = format!("{at}: this server asks for another token than the one given");
            Err(UsageError(why).into())
        }
        _ => Ok(target),
    }
}

/// The status and the body of its answer.
async fn ask(target: &Target, path: &str) -> Result<(u16, Vec<u8>), ClientError> {
    event_loop::within_tokio(exchange(target, path)).await?
}

async fn exchange(target: &Target, path: &str) -> Result<(u16, Vec<u8>), ClientError> {
    let mut connection = Connection::dial(&Rc::default(), target, None).await?;
    let path = format!("{}{path}", target.prefix);
    let request = target.get(Headers::Minimal, &path, "Connection: close\r\n");
    connection.write_all(&request).await?;
    connection
        .read(|bytes| match http::Response::parse(bytes)? {
            Some((answer, used)) => {
                let answer = (answer.head.status, answer.body.into_owned());
                Ok((used, Some(answer)))
            }
            None if bytes.len() > MAX_GREETING_BYTES => {
                Err(ClientError::protocol("an answer too long"))
            }
            None => Ok((0, None)),
        })
        .await
}

/// Whether this machine can hold the connections that the scenario's largest cell needs.
pub fn capacity(scenario: &Scenario, target: Option<SocketAddr>) -> anyhow::Result<()> {
    let limit = process::raise_descriptor_limit();
    let most = limit.saturating_sub(SPARE_DESCRIPTORS);
    let mend = "or raise the hard limit (ulimit -Hn, LimitNOFILE=, /etc/security/limits.conf)";
    for cell in scenario.cells() {
        let (clients, transport) = (cell.clients, cell.transport);
        let probes = u64::from(scenario.probes(clients));
        let connections = connections(scenario, transport, clients);
        let each = connections.div_ceil(scenario.load_processes.into());
        ensure!(
            each <= most,
            "{clients} clients of {transport} need {} open files in a process of the load, and it \
             may have {limit}: run at most {} clients, or spread them with --load-processes {}, \
             {mend}",
            each + SPARE_DESCRIPTORS,
            most * u64::from(scenario.load_processes) * u64::from(clients) / connections,
            connections.div_ceil(most),
        );
        ensure!(
            target.is_some() || connections + probes <= most,
            "{clients} clients of {transport} need {} open files in the server, and it may have \
             {limit}: run at most {} clients, {mend}",
            connections + probes + SPARE_DESCRIPTORS,
            (most - probes) * u64::from(clients) / connections,
        );
        if !spread(target) {
            enough_ports(scenario, cell.transport, cell.clients)?;
        }
    }
    Ok(())
}

/// A search with an end: where its user set none, what this machine can hold of each transport.
pub fn bounded(scenario: &Scenario, target: Option<SocketAddr>) -> Scenario {
    let mut bounded = scenario.clone();
    if let Some(search) = &mut bounded.capacity {
        search.max.get_or_insert_with(|| match search.vary {
            SearchFactor::Clients => most_clients(scenario, target),
            SearchFactor::Rate => MAX_RATE_HZ as u32,
        });
    }
    bounded
}

/// The most clients that [`capacity`] lets pass, of the transport that needs most for each.
fn most_clients(scenario: &Scenario, target: Option<SocketAddr>) -> u32 {
    let files = process::raise_descriptor_limit().saturating_sub(SPARE_DESCRIPTORS);
    let of_load = files * u64::from(scenario.load_processes);
    let of_server = match target {
        Some(_) => u64::MAX,
        None => files.saturating_sub(scenario.probes(MAX_CLIENTS).into()),
    };
    let most = scenario.transports.iter().map(|&transport| {
        let by_files = of_load.min(of_server) / connections(scenario, transport, 1);
        let by_ports = local_ports() as f64 / ports_needed(scenario, transport, 1);
        match spread(target) {
            true => by_files,
            false => by_files.min(by_ports as u64),
        }
    });
    let most = most.min().unwrap_or(1);
    most.try_into()
        .map_or(MAX_CLIENTS, |most: u32| most.min(MAX_CLIENTS))
}

/// Whether connections can have several source addresses, as only loopback has.
fn spread(target: Option<SocketAddr>) -> bool {
    target.is_none_or(|address| address.is_ipv4() && address.ip().is_loopback())
}

/// Connections open at once in a cell. An author whose transport only reads has a second one.
fn connections(scenario: &Scenario, transport: Transport, clients: u32) -> u64 {
    let posts = scenario.workload == Workload::Chat && !transport.publishes_in_band();
    u64::from(clients) * if posts { 2 } else { 1 }
}

/// On loopback every client has addresses enough; to another host all share this host's ports.
fn enough_ports(scenario: &Scenario, transport: Transport, clients: u32) -> anyhow::Result<()> {
    let (ports, needed) = (local_ports(), ports_needed(scenario, transport, clients));
    ensure!(
        needed <= ports as f64,
        "{clients} clients of {transport} need {needed:.0} local ports, and this host has {ports}: \
         run fewer clients, keep connections alive, or widen net.ipv4.ip_local_port_range",
    );
    Ok(())
}

fn local_ports() -> u64 {
    let files = SystemFiles(Path::new("/"));
    let (first, last) = files.local_ports().unwrap_or(LINUX_PORTS);
    (last + 1).saturating_sub(first)
}

fn ports_needed(scenario: &Scenario, transport: Transport, clients: u32) -> f64 {
    let dials_per_second = match transport {
        _ if scenario.keep_alive == Switch::On => 0.0,
        Transport::ShortPolling => 1.0 / scenario.poll_interval.0.as_secs_f64(),
        Transport::LongPolling => scenario.rate_hz,
        _ => 0.0,
    };
    let resting = f64::from(clients) * dials_per_second * PORT_REST_S;
    connections(scenario, transport, clients) as f64 + resting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn targets_are_taken_apart() {
        let target = &resolve("http://127.0.0.1:8080/some/prefix/", None)
            .await
            .unwrap()[0];
        assert_eq!(target.address, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(
            (&*target.origin, &*target.prefix),
            ("http://127.0.0.1:8080", "/some/prefix")
        );
        let plain = &resolve("http://127.0.0.1", None).await.unwrap()[0];
        assert_eq!(
            (plain.address.port(), &*plain.origin, &*plain.prefix),
            (80, "http://127.0.0.1", "")
        );
        let v6 = &resolve("http://[::1]:9", None).await.unwrap()[0];
        assert_eq!(v6.address, "[::1]:9".parse().unwrap());
        assert_eq!((v6.name(), target.name()), ("::1", "127.0.0.1"));
        let trust = Trust::Fingerprint("00".repeat(32).parse().unwrap());
        let secret = &resolve("https://127.0.0.1", Some(&trust)).await.unwrap()[0];
        assert_eq!((secret.address.port(), secret.name()), (443, "127.0.0.1"));
        assert!(secret.tls.is_some());
        for bad in [
            "localhost:80",
            "https://localhost",
            "http://",
            "ws://x",
            "http://u@h",
            "",
        ] {
            let error = resolve(bad, None).await.unwrap_err();
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
        assert_eq!(connections(&scenario, Transport::WebSocket, 500), 500);
        assert_eq!(connections(&scenario, Transport::Sse, 500), 1_000);
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
