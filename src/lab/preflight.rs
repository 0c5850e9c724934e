//! Checks before the start: whether the descriptors and ports of this machine suffice.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::ensure;

use crate::lab::capacity::settings::SearchFactor;
use crate::lab::factors::{MAX_CLIENTS, MAX_RATE_HZ, Switch};
use crate::lab::scenario::Scenario;
use crate::load::protocol::Workload;
use crate::system::info::SystemFiles;
use crate::system::process::{self, SPARE_DESCRIPTORS};
use crate::transport::Transport;

/// The local ports of a Linux that does not tell.
const LINUX_PORTS: (u64, u64) = (32_768, 60_999);
/// A closed connection's port rests this long (TIME_WAIT); on loopback it is reused at once.
const PORT_REST_S: f64 = 60.0;

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
