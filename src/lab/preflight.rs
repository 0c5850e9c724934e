//! Checks before the start: whether this machine can hold the scenario's connections.

use std::net::SocketAddr;

use anyhow::bail;

use crate::error::UsageError;
use crate::lab::capacity::settings::SearchFactor;
use crate::lab::cells::Factors;
use crate::lab::factors::{MAX_CLIENTS, MAX_RATE_HZ, Network, Proxy, Switch};
use crate::lab::scenario::Scenario;
use crate::load::worker::CLIENTS_PER_SOURCE;
use crate::network::NEEDS;
use crate::network::child::NetworkProcess;
use crate::system::doctor;
use crate::system::info::SystemInfo;
use crate::system::limits::{self, CLIENT_BYTES, Requirements};
use crate::transport::Transport;

/// What a scenario finds on this machine.
#[derive(Debug)]
pub struct Checked {
    /// What the doctor doubts about the machine for the largest cell, by name.
    pub doubts: Vec<String>,
    /// What the largest cell takes, if that is more than one descriptor table holds.
    pub takes: Option<String>,
}

/// Checks every cell against the descriptors, ports and memory of this machine.
///
/// # Errors
/// What a cell needs and the machine does not have, with what would help.
pub fn check(scenario: &Scenario, target: Option<SocketAddr>) -> anyhow::Result<Checked> {
    check_on(&SystemInfo::read(), scenario, target)
}

fn check_on(
    info: &SystemInfo,
    scenario: &Scenario,
    target: Option<SocketAddr>,
) -> anyhow::Result<Checked> {
    let cells = scenario.cells();
    let refusals = cells.iter().filter_map(|cell| {
        let (clients, transport) = (cell.factors.clients, cell.factors.transport());
        let requirements = requirements(&cell.factors, target);
        let limit = limits::check(info, &requirements).err()?;
        let most = limits::most_clients(info, &requirements);
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
    let largest = cells.iter().max_by_key(|cell| cell.factors.clients);
    Ok(Checked {
        doubts: doctor::doubts(info, &of_largest),
        takes: largest.and_then(|cell| takes(info, &cell.factors, target)),
    })
}

/// What the clients of one cell take, if that is more than one descriptor table holds.
fn takes(info: &SystemInfo, factors: &Factors, target: Option<SocketAddr>) -> Option<String> {
    let requirements = requirements(factors, target);
    let clients = requirements.clients;
    let in_one = limits::in_one_table_of(info);
    let tables = limits::tables(requirements.connections(), in_one)?;
    let ends = match requirements.own_server {
        true => "in load and server",
        false => "in the load",
    };
    let addresses = match requirements.one_address {
        true => 1,
        false => clients.div_ceil(CLIENTS_PER_SOURCE.into()),
    };
    let free = info.memory_available_bytes;
    let free = free.map_or(String::new(), |free| format!(" ({} available)", free >> 20));
    let needed = (clients * CLIENT_BYTES) >> 20;
    let ramp_up_s = clients as f64 / factors.connect_rate_hz;
    (tables > 1).then(|| {
        format!(
            "{clients} clients take: descriptor tables {ends} {tables}; source addresses \
             {addresses}; memory about {needed} MiB{free}; time to connect {ramp_up_s:.0} s"
        )
    })
}

/// Checks that a scenario asks for nothing which a run does for a server of its own alone.
pub fn check_target(scenario: &Scenario) -> Result<(), UsageError> {
    let proxies = scenario.proxy.iter();
    let proxy = proxies.filter(|proxy| **proxy != Proxy::None).map(|_| {
        "proxy: a run starts it before a server of its own, not before --target; leave out \
         --target, or proxy"
            .to_owned()
    });
    let faults = scenario.fault.iter();
    let fault = faults
        .filter(|fault| fault.kind.is_of_server())
        .map(|fault| {
            format!(
                "fault: {fault} is done to a server that the run starts itself; leave --target out"
            )
        });
    let network = link_of(scenario).into_iter().map(|network| {
        format!(
            "network {network}: a run makes networks for servers of its own; leave --target or \
             --network out"
        )
    });
    let first = proxy.chain(fault).chain(network).next();
    first.map_or(Ok(()), |why| Err(UsageError(why)))
}

/// The first network of a scenario that a run makes.
fn link_of(scenario: &Scenario) -> Option<&Network> {
    scenario.network.iter().find(|one| one.link().is_some())
}

/// Checks that the networks of a scenario can be made here, and go with an interface that the user
/// named.
pub async fn check_network(scenario: &Scenario, has_interface: bool) -> Result<(), UsageError> {
    let Some(network) = link_of(scenario) else {
        return Ok(());
    };
    let refused = |why: String| Err(UsageError(format!("network {network}: {why}")));
    if has_interface {
        let why = "it has interfaces of its own, whose packets are counted in trials.csv; leave \
                   --interface out";
        return refused(why.to_owned());
    }
    match NetworkProcess::check().await {
        Ok(()) => Ok(()),
        Err(missing) => refused(format!("this machine cannot make it: {missing:#}; {NEEDS}")),
    }
}

/// The scenario with an upper bound of its search: without one, what a descriptor table of this
/// machine can hold of each transport.
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

/// The most clients that [`check`] accepts where there is one table, of the transport that needs most
/// for each.
fn most_clients(scenario: &Scenario, target: Option<SocketAddr>) -> u32 {
    // More take minutes to connect, which only a search that asks for them should try.
    let info = SystemInfo {
        one_table: true,
        ..SystemInfo::read()
    };
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

/// What the clients of one transport need. Without keep-alive each exchange dials anew.
fn requirements(factors: &Factors, target: Option<SocketAddr>) -> Requirements {
    let transport = factors.transport();
    Requirements {
        clients: factors.clients.into(),
        connections_per_client: factors.workload.connections_per_client(transport),
        redials_per_client_s: match transport {
            _ if factors.keep_alive == Switch::On => 0.0,
            Transport::ShortPolling => 1.0 / factors.poll_interval().0.as_secs_f64(),
            Transport::LongPolling => factors.rate_hz,
            _ => 0.0,
        },
        probes: factors.probes().into(),
        load_processes: factors.load_processes.into(),
        own_server: target.is_none(),
        through_proxy: factors.proxy != Proxy::None,
        one_address: has_one_address(target),
    }
}

/// The connections that a server has at once of one cell.
pub fn server_connections(factors: &Factors) -> u64 {
    let requirements = requirements(factors, None);
    requirements.connections() + requirements.probes
}

/// Whether connections to this target leave from one address. On IPv4 loopback they have many.
fn has_one_address(target: Option<SocketAddr>) -> bool {
    target.is_some_and(|address| !(address.is_ipv4() && address.ip().is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::protocol::Workload;

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
    fn too_many_clients_are_refused_with_what_would_help_and_many_are_told() {
        let scenario = Scenario {
            clients: [1_000, 1_000_000].into(),
            ..Scenario::default()
        };
        let mut info = SystemInfo {
            open_files: Some(20_000),
            one_table: true,
            memory_available_bytes: Some(20 << 30),
            ..SystemInfo::default()
        };
        let refusal = check_on(&info, &scenario, None).unwrap_err().to_string();
        assert!(
            refusal.contains("1000000 clients") && refusal.contains("ulimit"),
            "{refusal}"
        );
        info.one_table = false;
        let checked = check_on(&info, &scenario, None).unwrap();
        assert_eq!(
            checked.takes.as_deref(),
            Some(
                "1000000 clients take: descriptor tables in load and server 54; source addresses \
                 500; memory about 13671 MiB (20480 available); time to connect 200 s"
            )
        );
    }
}
