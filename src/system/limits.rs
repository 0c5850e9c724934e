//! What a measurement needs of this machine, and whether its descriptors and ports suffice.

use crate::system::info::SystemInfo;
use crate::system::process;

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
pub const RAISE_OPEN_FILES: &str =
    "raise the hard limit (ulimit -Hn, LimitNOFILE=, /etc/security/limits.conf)";

/// Memory of one client: in the server and in the load 4 KiB, in the kernel 8 KiB for both ends, and
/// what is on its way.
pub const CLIENT_BYTES: u64 = 14 << 10;

/// Most threads with a descriptor table of their own in a process. More would leave their tables
/// little room beside the descriptors that wake threads.
const MAX_TABLES: u64 = 128;

/// Descriptors that every thread of a process knows of each of its threads: what it waits on, and
/// what wakes it.
const DESCRIPTORS_OF_A_THREAD: u64 = 8;

/// Most processes over which the clients of a load are spread.
pub const MAX_LOAD_PROCESSES: u32 = 64;

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
    /// Whether a proxy of ours stands before the server. It has one descriptor table, and a second
    /// connection for each of the clients', from one address.
    pub through_proxy: bool,
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
            through_proxy: false,
            one_address: true,
        }
    }

    /// Connections of all clients.
    pub fn connections(&self) -> u64 {
        self.clients * self.connections_per_client
    }

    fn ports_per_client(&self) -> f64 {
        self.connections_per_client as f64 + self.redials_per_client_s * PORT_REST_S
    }
}

/// Connections that one process can hold, in as many descriptor tables as that takes.
pub fn connections_per_process(info: &SystemInfo) -> u64 {
    most_in_process(in_one_table_of(info), info.one_table)
}

/// The same where one table holds `in_one`, and there may be others or not.
pub fn most_in_process(in_one: u64, one_table: bool) -> u64 {
    let max_tables = if one_table { 1 } else { MAX_TABLES };
    let in_all = (1..=max_tables).map(|tables| connections_in(tables, in_one));
    in_all.max().unwrap_or(in_one)
}

/// The fewest descriptor tables that hold `connections`, where one alone holds `in_one`. `None` if
/// no number does.
pub fn tables(connections: u64, in_one: u64) -> Option<u64> {
    (1..=MAX_TABLES).find(|&tables| connections_in(tables, in_one) >= connections)
}

/// Connections that so many tables hold. The kernel spreads the connections of a server over its
/// threads by a hash: 6 standard deviations below its limit no table is full, but once in 10⁹.
fn connections_in(tables: u64, in_one: u64) -> u64 {
    let room = room_in_each(tables, in_one);
    if tables == 1 {
        return room;
    }
    let spread = 6.0 * (room as f64).sqrt();
    room.saturating_sub(spread as u64).saturating_mul(tables)
}

/// Connections that each of so many tables may hold, where one alone holds `in_one`.
pub fn room_in_each(tables: u64, in_one: u64) -> u64 {
    match tables {
        1 => in_one,
        _ => in_one.saturating_sub(tables * DESCRIPTORS_OF_A_THREAD),
    }
}

/// Connections that one descriptor table holds, of this machine's processes.
pub fn in_one_table_of(info: &SystemInfo) -> u64 {
    info.open_files
        .unwrap_or(u64::MAX)
        .saturating_sub(SPARE_DESCRIPTORS)
}

/// Connections of this process that one descriptor table holds. Raises the soft limit.
pub fn in_one_table() -> u64 {
    process::raise_descriptor_limit().saturating_sub(SPARE_DESCRIPTORS)
}

/// Ports of outgoing connections from one address.
pub fn local_ports(info: &SystemInfo) -> u64 {
    let (first, last) = info.local_ports.unwrap_or(LINUX_PORTS);
    (last.saturating_add(1)).saturating_sub(first)
}

/// Connections of clients that one proxy passes on.
fn most_through_proxy(info: &SystemInfo) -> u64 {
    (in_one_table_of(info) / 2).min(local_ports(info))
}

/// Checks whether the machine can hold the connections of these clients. The error completes the
/// sentence "N clients need …". What it advises passes this check.
pub fn check(info: &SystemInfo, requirements: &Requirements) -> Result<(), String> {
    let Some((need, raise)) = exceeded(info, requirements) else {
        return Ok(());
    };
    let fits = |changed: &Requirements| exceeded(info, changed).is_none();
    let mut ways = Vec::new();
    let most = most_clients(info, requirements);
    if most > 0 {
        ways.push(format!("run at most {most} clients"));
    }
    let connections = requirements.connections();
    let spread = Requirements {
        load_processes: connections.div_ceil(connections_per_process(info).max(1)),
        ..*requirements
    };
    let most_processes = requirements.clients.min(MAX_LOAD_PROCESSES.into());
    if spread.load_processes <= most_processes && fits(&spread) {
        ways.push(format!(
            "spread them with --load-processes {}",
            spread.load_processes
        ));
    }
    let kept_alive = Requirements {
        redials_per_client_s: 0.0,
        ..*requirements
    };
    if fits(&kept_alive) {
        ways.push("keep connections alive (--keep-alive on)".to_owned());
    }
    ways.push(raise.to_owned());
    Err(format!("{need}: {}", ways.join(", or ")))
}

/// The limit that requirements exceed, if they do: what they need, and how the limit is raised.
fn exceeded(info: &SystemInfo, requirements: &Requirements) -> Option<(String, &'static str)> {
    let most = connections_per_process(info);
    let limit = info.open_files.unwrap_or(u64::MAX);
    let connections = requirements.connections();
    let in_load = connections.div_ceil(requirements.load_processes);
    let in_server = connections + requirements.probes;
    let files = |process: &str, connections: u64| {
        let files = connections + SPARE_DESCRIPTORS;
        let need = format!("{files} open files in {process}, and it may have {limit}");
        Some((need, RAISE_OPEN_FILES))
    };
    if in_load > most {
        return files("a process of the load", in_load);
    }
    if requirements.own_server && in_server > most {
        return files("the server", in_server);
    }
    if requirements.through_proxy && in_server > most_through_proxy(info) {
        let files = 2 * in_server + SPARE_DESCRIPTORS;
        let ports = local_ports(info);
        let need = format!(
            "{files} open files in the proxy, which may have {limit}, and {in_server} ports \
             between it and the server, of which this host has {ports}"
        );
        return Some((need, RAISE_OPEN_FILES));
    }
    let bytes = requirements.clients * CLIENT_BYTES;
    if let Some(free) = info.memory_available_bytes.filter(|free| bytes > *free) {
        let (needed, free) = (bytes >> 20, free >> 20);
        let need = format!("{needed} MiB of memory, and this host has {free} MiB available");
        return Some((need, "end what else holds memory"));
    }
    let needed = requirements.clients as f64 * requirements.ports_per_client();
    let ports = local_ports(info);
    let is_too_many = requirements.one_address && needed > ports as f64;
    is_too_many.then(|| {
        let need = format!("{needed:.0} local ports, and this host has {ports}");
        (need, "widen net.ipv4.ip_local_port_range")
    })
}

/// The most clients that [`check`] accepts with requirements that are otherwise these.
pub fn most_clients(info: &SystemInfo, requirements: &Requirements) -> u64 {
    let in_process = connections_per_process(info);
    let in_load = in_process.saturating_mul(requirements.load_processes);
    let in_server = match requirements.own_server {
        true => in_process.saturating_sub(requirements.probes),
        false => u64::MAX,
    };
    let in_server = match requirements.through_proxy {
        true => in_server.min(most_through_proxy(info).saturating_sub(requirements.probes)),
        false => in_server,
    };
    let by_descriptors = in_load.min(in_server) / requirements.connections_per_client;
    let by_memory = info
        .memory_available_bytes
        .map_or(u64::MAX, |free| free / CLIENT_BYTES);
    let by_ports = local_ports(info) as f64 / requirements.ports_per_client();
    match requirements.one_address {
        true => by_descriptors.min(by_memory).min(by_ports as u64),
        false => by_descriptors.min(by_memory),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> SystemInfo {
        SystemInfo {
            open_files: Some(20_000),
            one_table: true,
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
        let through_proxy = Requirements {
            through_proxy: true,
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
            (through_proxy, 9_934),
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
        let own_server = Requirements {
            own_server: true,
            one_address: false,
            probes: 100,
            ..Requirements::of(50_000)
        };
        let elsewhere = Requirements {
            own_server: false,
            ..own_server
        };
        let one_address = Requirements {
            one_address: true,
            ..elsewhere
        };
        let redialling = Requirements {
            redials_per_client_s: 1.0,
            ..Requirements::of(1_000)
        };
        for (open_files, requirements, expected) in [
            (
                20_000,
                own_server,
                "50100 open files in a process of the load, and it may have 20000: \
                 run at most 19800 clients, or raise the hard limit",
            ),
            (
                20_000,
                elsewhere,
                "50100 open files in a process of the load, and it may have 20000: \
                 run at most 19900 clients, or spread them with --load-processes 3, or raise",
            ),
            (
                20_000,
                one_address,
                ": run at most 19900 clients, or raise the hard limit",
            ),
            (
                60_000,
                one_address,
                "50000 local ports, and this host has 28232: \
                 run at most 28232 clients, or widen",
            ),
            (
                20_000,
                redialling,
                "run at most 462 clients, or keep connections alive (--keep-alive on), or widen",
            ),
            (110, elsewhere, ": run at most 10 clients, or raise"),
            (100, elsewhere, "it may have 100: raise the hard limit"),
            (30, own_server, "it may have 30: raise the hard limit"),
        ] {
            let info = SystemInfo {
                open_files: Some(open_files),
                ..info()
            };
            let refusal = check(&info, &requirements).unwrap_err();
            assert!(refusal.contains(expected), "{expected}: {refusal}");
        }
    }

    #[test]
    fn more_connections_than_a_table_holds_are_in_several() {
        for (connections, tables_needed) in [
            (0, 1),
            (19_900, 1),
            (19_901, 2),
            (38_076, 2),
            (38_077, 3),
            (1_000_000, 54),
        ] {
            assert_eq!(
                tables(connections, 19_900),
                Some(tables_needed),
                "{connections}"
            );
        }
        assert_eq!(tables(5_000, 924), Some(8));
        assert_eq!(tables(100_000, 924), None);
        let many = SystemInfo {
            one_table: false,
            ..info()
        };
        let requirements = |clients| Requirements {
            own_server: true,
            one_address: false,
            ..Requirements::of(clients)
        };
        assert_eq!(check(&many, &requirements(1_000_000)), Ok(()));
        let small = SystemInfo {
            memory_available_bytes: Some(8 << 30),
            ..many
        };
        let refusal = check(&small, &requirements(1_000_000)).unwrap_err();
        assert_eq!(
            refusal,
            "13671 MiB of memory, and this host has 8192 MiB available: \
             run at most 599186 clients, or end what else holds memory"
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
