//! The addresses at which other machines of the local network reach this one.

use std::io;
use std::net::{IpAddr, UdpSocket};

/// Beginnings of the names of bridges to containers and virtual machines: no phone reaches them.
const BRIDGES: [&str; 13] = [
    "docker", "br-", "veth", "virbr", "cni", "podman", "lxcbr", "lxdbr", "incusbr", "flannel",
    "cali", "vboxnet", "vmnet",
];

/// Beginnings of the names of tunnels: other machines of the hall are rarely in them.
const TUNNELS: [&str; 7] = ["tailscale", "tun", "tap", "wg", "zt", "ppp", "nordlynx"];

/// An address of one of this machine's interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    pub interface: String,
    pub ip: IpAddr,
    /// The interface is up and has a carrier.
    pub is_up: bool,
}

/// The addresses of this machine for others, the most likely first.
pub fn addresses() -> io::Result<Vec<IpAddr>> {
    let found = if_addrs::get_if_addrs()?.into_iter();
    let found = found.map(|one| InterfaceAddress {
        ip: one.ip(),
        is_up: one.is_oper_up(),
        interface: one.name,
    });
    Ok(reachable(&found.collect::<Vec<_>>(), &on_default_routes()))
}

/// Those of `found` that others can reach, the most likely first: networks before tunnels, IPv4
/// before IPv6, private ranges (RFC 1918, RFC 4193) before public ones, and among these the one of
/// `on_default_routes`. Addresses that a network gave itself (RFC 3927) come last of their kind; an
/// IPv6 address of one link (RFC 4291, section 2.5.6) is left out, since URLs cannot name the link.
pub fn reachable(found: &[InterfaceAddress], on_default_routes: &[IpAddr]) -> Vec<IpAddr> {
    let begins = |one: &InterfaceAddress, names: &[&str]| {
        let interface = &*one.interface;
        names.iter().any(|name| interface.starts_with(name))
    };
    let mut fit: Vec<_> = found.iter().collect();
    fit.retain(|one| {
        let is_of_one_link = match one.ip {
            IpAddr::V4(_) => false,
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        let is_own = one.ip.is_loopback() || one.ip.is_unspecified();
        one.is_up && !is_own && !is_of_one_link && !begins(one, &BRIDGES)
    });
    fit.sort_by_key(|one| {
        let (gave_itself, is_private) = match one.ip {
            IpAddr::V4(ip) => (ip.is_link_local(), ip.is_private()),
            IpAddr::V6(ip) => (false, ip.is_unique_local()),
        };
        let is_default = on_default_routes.contains(&one.ip);
        let is_tunnel = begins(one, &TUNNELS);
        (
            is_tunnel,
            gave_itself,
            one.ip.is_ipv6(),
            !is_private,
            !is_default,
        )
    });
    fit.into_iter().map(|one| one.ip).collect()
}

/// The addresses that this machine uses for others beyond its networks.
fn on_default_routes() -> Vec<IpAddr> {
    // Addresses of documentation (RFC 5737, RFC 3849). Connecting a UDP socket sends nothing.
    let routes = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];
    let address = |(any, far): (&str, &str)| {
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(far).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    routes.into_iter().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of interfaces written as `name address`; those in brackets are down.
    fn order(found: &str, on_default_routes: &str) -> String {
        let one = |text: &str| {
            let bare = text.trim_matches(['[', ']']);
            let (interface, ip) = bare.split_once(' ').unwrap();
            InterfaceAddress {
                interface: interface.to_owned(),
                ip: ip.parse().unwrap(),
                is_up: bare == text,
            }
        };
        let found: Vec<_> = found.split(", ").map(one).collect();
        let routes = on_default_routes.split_whitespace();
        let routes: Vec<IpAddr> = routes.map(|ip| ip.parse().unwrap()).collect();
        let ips = reachable(&found, &routes);
        let ips: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
        ips.join(" ")
    }

    #[test]
    fn the_address_for_a_hall_comes_first() {
        for (found, routes, expected) in [
            ("lo 127.0.0.1, lo ::1", "", ""),
            ("lo 127.0.0.1, wlan0 192.168.0.7", "", "192.168.0.7"),
            ("[eth0 192.168.0.6], wlan0 192.168.0.7", "", "192.168.0.7"),
            // Two networks: that of the default route.
            (
                "eth0 10.1.2.3, wlan0 192.168.0.7",
                "192.168.0.7",
                "192.168.0.7 10.1.2.3",
            ),
            // A private network before a public one, whatever the route.
            (
                "eth0 203.0.113.9, wlan0 10.42.0.1",
                "203.0.113.9",
                "10.42.0.1 203.0.113.9",
            ),
            ("eth0 203.0.113.9", "203.0.113.9", "203.0.113.9"),
            // Containers and virtual machines.
            (
                "docker0 172.17.0.1, br-5f1a 172.18.0.1, veth1 172.19.0.2, virbr0 192.168.122.1, \
                 cni0 10.244.0.1, podman0 10.88.0.1, lxdbr0 10.9.8.1, vboxnet0 192.168.56.1, \
                 wlan0 192.168.0.7",
                "192.168.0.7",
                "192.168.0.7",
            ),
            // A bridge that somebody made for the network itself.
            ("br0 192.168.0.7", "", "192.168.0.7"),
            // Tunnels last, even with the default route in them.
            (
                "tailscale0 100.101.1.2, wg0 10.8.0.2, wlan0 192.168.0.7",
                "10.8.0.2",
                "192.168.0.7 10.8.0.2 100.101.1.2",
            ),
            ("tailscale0 100.101.1.2", "", "100.101.1.2"),
            // No server gave an address.
            (
                "eth0 169.254.3.4, wlan0 192.168.0.7",
                "",
                "192.168.0.7 169.254.3.4",
            ),
            ("eth0 169.254.3.4", "", "169.254.3.4"),
            // IPv6: after IPv4; never one that holds on a link alone.
            (
                "eth0 2001:db8::7, eth0 fe80::1, eth0 192.168.0.7, eth0 fd00::7",
                "192.168.0.7 2001:db8::7",
                "192.168.0.7 fd00::7 2001:db8::7",
            ),
            ("eth0 fe80::1, eth0 2001:db8::7", "", "2001:db8::7"),
        ] {
            assert_eq!(order(found, routes), expected, "{found}");
        }
    }

    #[test]
    fn this_machine_has_no_loopback_among_its_addresses() {
        let found = addresses().unwrap();
        assert!(!found.iter().any(IpAddr::is_loopback), "{found:?}");
    }
}
