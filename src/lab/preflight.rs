//! Checks before the start: whether this machine can hold the scenario's connections.

use std::net::SocketAddr;

use anyhow::bail;

use crate::lab::capacity::settings::SearchFactor;
use crate::lab::cells::Factors;
use crate::lab::factors::{MAX_CLIENTS, MAX_RATE_HZ, Switch};
use crate::lab::scenario::Scenario;
use crate::load::protocol::Workload;
use crate::system::doctor;
use crate::system::info::SystemInfo;
use crate::system::limits::{self, Requirements};
use crate::transport::Transport;

/// Checks every cell against the descriptors and ports of this machine. Returns what the doctor
/// doubts about it for the largest cell, by name.
pub fn check(scenario: &Scenario, target: Option<SocketAddr>) -> anyhow::Result<Vec<String>> {
    let info = SystemInfo::read();
    let refusals = scenario.cells().into_iter().filter_map(|cell| {
        let (clients, transport) = (cell.factors.clients, cell.factors.transport());
        let requirements = requirements(&cell.factors, target);
        let limit = limits::check(&info, &requirements).err()?;
        let most = limits::most_clients(&info, &requirements);
        Some((
            most,
            format!("{clients} clients of {transport} need {limit}"),
        ))
    });
    // What helps the transport that needs most for each client helps the others too.
    if let Some((_, refusal)) = refusals.min_by_key(|(most, _)| *most) {
        bail!(refusal);
    }
    let of_largest = Requirements {
        one_address: has_one_address(target),
        ..Requirements::of(scenario.max_clients().into())
    };
    Ok(doctor::doubts(&info, &of_largest))
}

/// The scenario with an upper bound of its search: without one, what this machine can hold of each
/// transport.
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

/// The most clients that [`check`] accepts, of the transport that needs most for each.
fn most_clients(scenario: &Scenario, target: Option<SocketAddr>) -> u32 {
    let info = SystemInfo::read();
    let most = scenario.transports.iter().map(|&transport| {
        let factors = Factors {
            transports: transport,
            clients: MAX_CLIENTS,
            ..scenario.first()
        };
        let requirements = requirements(&factors, target);
        limits::most_clients(&info, &requirements)
    });
    let most = most.min().unwrap_or(1).min(MAX_CLIENTS.into());
    most as u32
}

/// What the clients of one transport need. An author whose transport only reads has a second
/// connection. Without keep-alive each exchange dials anew.
fn requirements(factors: &Factors, target: Option<SocketAddr>) -> Requirements {
    let transport = factors.transport();
    let posts = factors.workload == Workload::Chat && !transport.publishes_in_band();
    Requirements {
        clients: factors.clients.into(),
        connections_per_client: if posts { 2 } else { 1 },
        redials_per_client_s: match transport {
            _ if factors.keep_alive == Switch::On => 0.0,
            Transport::ShortPolling => 1.0 / factors.poll_interval().0.as_secs_f64(),
            Transport::LongPolling => factors.rate_hz,
            _ => 0.0,
        },
        probes: factors.probes().into(),
        load_processes: factors.load_processes.into(),
        own_server: target.is_none(),
        one_address: has_one_address(target),
    }
}

/// Whether connections to this target leave from one address. On IPv4 loopback they have many.
fn has_one_address(target: Option<SocketAddr>) -> bool {
    target.is_some_and(|address| !(address.is_ipv4() && address.ip().is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_that_post_need_a_second_connection() {
        let connections = |workload, transports| {
            let factors = Factors {
                workload,
                transports,
                ..Scenario::default().first()
            };
            requirements(&factors, None).connections_per_client
        };
        let (monitoring, chat) = (Workload::Monitoring, Workload::Chat);
        assert_eq!(connections(monitoring, Transport::Sse), 1);
        assert_eq!(connections(chat, Transport::WebSocket), 1);
        assert_eq!(connections(chat, Transport::Sse), 2);
    }

    #[test]
    fn too_many_clients_are_refused_with_what_would_help() {
        let scenario = Scenario {
            clients: [1_000_000].into(),
            ..Scenario::default()
        };
        let refusal = check(&scenario, None).unwrap_err().to_string();
        assert!(
            refusal.contains("1000000 clients") && refusal.contains("ulimit"),
            "{refusal}"
        );
    }
}
