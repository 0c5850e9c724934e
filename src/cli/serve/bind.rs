//! Where a server listens, in the ways in which people write and paste it.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use crate::client::target::DEFAULT_PORT;
use crate::server::host::HostName;

/// Where to listen, and the name of it if one was written.
#[derive(Clone, Debug)]
pub(super) struct BindAddress {
    pub address: SocketAddr,
    pub name: Option<HostName>,
    /// A port alone or a name was written, which some servers take for all networks.
    pub is_short: bool,
}

/// Reads ADDR:PORT. The address may be a name of this machine, or `*` for all networks, and both
/// may stand in a URL. What is missing is that of the default, so that a port alone opens this
/// server to no network.
pub(super) fn parse_bind(text: &str) -> Result<BindAddress, String> {
    if text.is_empty() {
        return Err("write ADDR:PORT, as 127.0.0.1:8080".to_owned());
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    match scheme {
        "http" if path.is_empty() => {}
        "https" => return Err(format!("write {authority}, and --tls for https")),
        _ => return Err(format!("write the address and the port alone: {authority}")),
    }
    let bare = authority
        .strip_prefix('[')
        .and_then(|ip| ip.strip_suffix(']'));
    if let Ok(ip) = bare.unwrap_or(authority).parse::<IpAddr>() {
        return Ok(BindAddress {
            address: (ip, DEFAULT_PORT).into(),
            name: None,
            is_short: false,
        });
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None if is_number(authority) => ("", authority.parse().ok()),
        None => (authority, Some(DEFAULT_PORT)),
    };
    let port = port.ok_or("a port is a number to 65535: write ADDR:PORT, as 127.0.0.1:8080")?;
    let ip = match host {
        "" => "127.0.0.1",
        "*" => "0.0.0.0",
        host => host.trim_matches(['[', ']']),
    };
    let found = (ip, port).to_socket_addrs().into_iter().flatten();
    // Where a name has addresses of both kinds, more clients reach that of IPv4.
    let address = found.min_by_key(SocketAddr::is_ipv6).ok_or_else(|| {
        format!("this machine knows no \"{host}\": write ADDR:PORT, as 127.0.0.1:{port}")
    })?;
    let name = (ip.parse::<IpAddr>().is_err()).then(|| host.parse().ok());
    Ok(BindAddress {
        address,
        name: name.flatten(),
        is_short: ip.parse::<IpAddr>().is_err() || host.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, address) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("0.0.0.0", "0.0.0.0:8080"),
            ("localhost:9000", "127.0.0.1:9000"),
            ("localhost", "127.0.0.1:8080"),
            ("[::1]:9000", "[::1]:9000"),
            ("[::1]", "[::1]:8080"),
            ("::1", "[::1]:8080"),
            ("::", "[::]:8080"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("http://localhost:9000", "127.0.0.1:9000"),
            (":9000", "127.0.0.1:9000"),
            ("9000", "127.0.0.1:9000"),
            ("http://:9000", "127.0.0.1:9000"),
            ("*:9000", "0.0.0.0:9000"),
            ("*", "0.0.0.0:8080"),
        ] {
            let bind = parse_bind(text).unwrap();
            assert_eq!(bind.address, address.parse().unwrap(), "{text}");
            let named = text.contains("localhost").then(|| "localhost".parse());
            assert_eq!(bind.name, named.transpose().unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_unclear_is_refused_with_what_to_write() {
        for (text, advice) in [
            ("", "write ADDR:PORT, as 127.0.0.1:8080"),
            ("99999", "a number to 65535"),
            ("127.0.0.1:http", "as 127.0.0.1:8080"),
            ("127.0.0.1:", "as 127.0.0.1:8080"),
            ("https://127.0.0.1:9000", "write 127.0.0.1:9000, and --tls"),
            ("127.0.0.1:9000/hall", "alone: 127.0.0.1:9000"),
            ("ws://127.0.0.1:9000", "alone: 127.0.0.1:9000"),
            ("no such host:9000", "as 127.0.0.1:9000"),
        ] {
            let refusal = parse_bind(text).unwrap_err();
            assert!(refusal.contains(advice), "{text}: {refusal}");
        }
    }
}
