//! What a measurement needs of this machine, and whether its descriptors and ports suffice.

use crate::system::info::SystemInfo;

/// Connections that may wait for our server to accept them (listen(2)). The kernel may hold fewer
/// (net.core.somaxconn).
pub const BACKLOG: i32 = 4_096;

/// Above this share of all cores, other programs compete with what is measured.
pub const BUSY_SHARE: f64 = 0.1;

/// Descriptors that a process of the load, or the server, needs beside its connections.
pub const SPARE_DESCRIPTORS: u64 = 100;

/// The port range of a Linux that does not show it.
const LINUX_PORTS: (u64, u64) = (32_768, 60_999);

/// How long the port of a closed connection is not used again, s (TIME_WAIT). On loopback it is
/// used again at once.
const PORT_REST_S: f64 = 60.0;

/// What to do about too few descriptors.
const RAISE: &str = "or raise the hard limit (ulimit -Hn, LimitNOFILE=, /etc/security/limits.conf)";

/// What a measurement needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requirements {
    pub clients: u64,
    /// Connections of one client that are open at once.
    pub connections_per_client: u64,
    /// Connections that a client closes and dials again, a second.
    pub redials_per_client_s: f64,
    /// Connections of the probe, which the server holds beside the clients'.
    pub probes: u64,
    pub load_processes: u64,
    /// Whether the server is a process of ours.
    pub own_server: bool,
    /// Whether all connections leave from one address, whose ports they share. On IPv4 loopback
    /// they have many addresses.
    pub one_address: bool,
}

impl Requirements {
    /// The requirements of so many clients, with one connection each, of a server elsewhere.
    pub fn of(clients: u64) -> Self {
        Requirements {
            clients,
            connections_per_client: 1,
            redials_per_client_s: 0.0,
            probes: 0,
            load_processes: 1,
            own_server: false,
            one_address: true,
        }
    }

    fn ports_per_client(&self) -> f64 {
        self.connections_per_client as f64 + self.redials_per_client_s * PORT_REST_S
    }
}

/// Connections that one process can hold.
pub fn connections_per_process(info: &SystemInfo) -> u64 {
    let limit = info.open_files.unwrap_or(u64::MAX);
    limit.saturating_sub(SPARE_DESCRIPTORS)
}

/// Ports of outgoing connections from one address.
pub fn local_ports(info: &SystemInfo) -> u64 {
    let (first, last) = info.local_ports.unwrap_or(LINUX_PORTS);
    (last + 1).saturating_sub(first)
}

/// Checks whether the machine can hold the connections of these clients. The error completes the
/// sentence "N clients need …".
pub fn check(info: &SystemInfo, requirements: &Requirements) -> Result<(), String> {
    let Requirements {
        clients,
        connections_per_client,
        probes,
        load_processes,
        ..
    } = *requirements;
    let most = connections_per_process(info);
    let limit = info.open_files.unwrap_or(u64::MAX);
    let connections = clients * connections_per_client;
    let in_process = connections.div_ceil(load_processes);
    if in_process > most {
        return Err(format!(
            "{} open files in a process of the load, and it may have {limit}: run at most {} \
             clients, or spread them with --load-processes {}, {RAISE}",
            in_process + SPARE_DESCRIPTORS,
            most * load_processes / connections_per_client,
            connections.div_ceil(most.max(1)),
        ));
    }
    if requirements.own_server && connections + probes > most {
        return Err(format!(
            "{} open files in the server, and it may have {limit}: run at most {} clients, {RAISE}",
            connections + probes + SPARE_DESCRIPTORS,
            most.saturating_sub(probes) / connections_per_client,
        ));
    }
    let needed = clients as f64 * requirements.ports_per_client();
    let ports = local_ports(info);
    if requirements.one_address && needed > ports as f64 {
        return Err(format!(
            "{needed:.0} local ports, and this host has {ports}: run fewer clients, keep \
             connections alive, or widen net.ipv4.ip_local_port_range"
        ));
    }
    Ok(())
}

/// The most clients that [`check`] accepts with requirements that are otherwise these.
pub fn most_clients(info: &SystemInfo, requirements: &Requirements) -> u64 {
    let in_process = connections_per_process(info);
    let in_load = in_process.saturating_mul(requirements.load_processes);
    let in_server = match requirements.own_server {
        true => in_process.saturating_sub(requirements.probes),
        false => u64::MAX,
    };
    let by_descriptors = in_load.min(in_server) / requirements.connections_per_client;
    let by_ports = local_ports(info) as f64 / requirements.ports_per_client();
    match requirements.one_address {
        true => by_descriptors.min(by_ports as u64),
        false => by_descriptors,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> SystemInfo {
        SystemInfo {
            open_files: Some(20_000),
            local_ports: Some((32_768, 60_999)),
            ..SystemInfo::default()
        }
    }

    #[test]
    fn the_most_clients_pass_and_one_more_does_not() {
        let own_server = Requirements {
            own_server: true,
            one_address: false,
            probes: 16,
            ..Requirements::of(0)
        };
        let two_connections = Requirements {
            connections_per_client: 2,
            ..own_server
        };
        let elsewhere = Requirements {
            load_processes: 4,
            ..Requirements::of(0)
        };
        let redialling = Requirements {
            redials_per_client_s: 1.0,
            ..elsewhere
        };
        for (requirements, most) in [
            (own_server, 19_884),
            (two_connections, 9_942),
            (Requirements::of(0), 19_900),
            (elsewhere, 28_232),
            (redialling, 462),
        ] {
            assert_eq!(most_clients(&info(), &requirements), most);
            let clients = |clients| Requirements {
                clients,
                ..requirements
            };
            assert_eq!(check(&info(), &clients(most)), Ok(()));
            assert!(check(&info(), &clients(most + 1)).is_err(), "{most}");
        }
    }

    #[test]
    fn an_exceeded_limit_says_what_would_help() {
        let requirements = Requirements {
            own_server: true,
            probes: 100,
            ..Requirements::of(50_000)
        };
        let refusal = |requirements| check(&info(), &requirements).unwrap_err();
        let load = refusal(requirements);
        assert!(
            load.starts_with("50100 open files in a process of the load"),
            "{load}"
        );
        assert!(load.contains("at most 19900 clients"), "{load}");
        assert!(load.contains("--load-processes 3, or raise"), "{load}");
        let few = SystemInfo {
            open_files: Some(64),
            ..info()
        };
        let refused = check(&few, &Requirements::of(1)).unwrap_err();
        assert!(refused.contains("it may have 64"), "{refused}");
        let server = refusal(Requirements {
            load_processes: 3,
            ..requirements
        });
        assert!(
            server.starts_with("50200 open files in the server"),
            "{server}"
        );
        assert!(server.contains("at most 19800 clients"), "{server}");
        let ports = refusal(Requirements {
            load_processes: 3,
            own_server: false,
            ..requirements
        });
        assert!(
            ports.starts_with("50000 local ports, and this host has 28232"),
            "{ports}"
        );
    }

    #[test]
    fn a_machine_without_limits_accepts_any_number_of_descriptors() {
        let unlimited = SystemInfo {
            open_files: Some(u64::MAX),
            ..info()
        };
        let requirements = Requirements {
            load_processes: 2,
            one_address: false,
            ..Requirements::of(1 << 32)
        };
        assert_eq!(check(&unlimited, &requirements), Ok(()));
        assert!(most_clients(&unlimited, &requirements) > 1 << 60);
    }
}
