//! The check of `Host` (RFC 9112, section 3.2): its form, and that it names this server. hyper does
//! the other checks of a request: of one with two lengths it believes the chunked coding, and
//! closes after the answer, so that nothing can be smuggled.
//!
//! A page of `evil.example` may make that name resolve to this machine (DNS rebinding). Its browser
//! then takes this server for the page's own, and `Origin` equals `Host`. So `Host` must be one of:
//!
//! - an IP address: a page at an address is loaded from that address, so nothing is rebound
//! - a name without a dot, or under `localhost` (RFC 6761, section 6.3): public DNS has none
//! - this machine's name, also under `local` (RFC 6762)
//! - a name in the certificate, for which its owner proved the name
//! - the name that `--bind` gives
//! - a name that `--allow-host` gives: that of a proxy, or of this machine in a local DNS

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::header::{CONNECTION, HOST};
use axum::http::{HeaderValue, Request, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use crate::service::answer::ApiError;

/// The hosts that the server answers for.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: Vec<HostName>,
    certificate: Option<CertificateDer<'static>>,
}

/// A host's name: in lower case, without a port and without the dot of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        match !name.is_empty() && name.bytes().all(is_part) {
            true => Ok(HostName(name.to_ascii_lowercase())),
            false => Err("write a host's name alone, as lab.example.org".to_owned()),
        }
    }
}

impl Hosts {
    /// This machine, these names, and those of the certificate.
    pub fn new(mut names: Vec<HostName>, certificate: Option<CertificateDer<'static>>) -> Self {
        let machine = rustix::system::uname();
        if let Ok(machine) = machine.nodename().to_string_lossy().parse::<HostName>() {
            let label = machine.0.split('.').next().unwrap_or_default();
            names.push(HostName(format!("{label}.local")));
            names.push(machine);
        }
        Hosts { names, certificate }
    }

    /// Checks the host of a request, with or without a port. A request in HTTP/1.0 may have none.
    ///
    /// # Errors
    /// 421 (RFC 9110, section 15.5.20) if it is that of another server.
    pub fn check(&self, host: Option<&str>) -> Result<(), ApiError> {
        let Some(name) = host.map(without_port) else {
            return Ok(());
        };
        if is_local(name) || self.is_named(name) {
            return Ok(());
        }
        let mut advice = format!(
            "{name} is not a name of this server: write its IP address instead of the name"
        );
        if let Ok(HostName(name)) = name.parse() {
            advice += &format!(", or start the server with --allow-host {name}");
        }
        Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, advice))
    }

    fn is_named(&self, name: &str) -> bool {
        let Ok(name) = name.parse::<HostName>() else {
            return false;
        };
        self.names.contains(&name) || self.is_certified(&name)
    }

    fn is_certified(&self, HostName(name): &HostName) -> bool {
        let certificate = self.certificate.as_ref();
        let parsed = certificate.and_then(|one| ParsedCertificate::try_from(one).ok());
        let name = ServerName::try_from(name.as_str()).ok();
        parsed
            .zip(name)
            .is_some_and(|(certificate, name)| verify_server_name(&certificate, &name).is_ok())
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Hosts::new(Vec::new(), None)
    }
}

/// The host without its port. An IPv6 address keeps its brackets.
fn without_port(host: &str) -> &str {
    let end = match host.starts_with('[') {
        true => host.find(']').map_or(host.len(), |end| end + 1),
        false => host.find(':').unwrap_or(host.len()),
    };
    &host[..end]
}

/// Whether no page of another network can have this host.
fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let v6 = || name.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let under_localhost = || {
        let start = name.len().checked_sub(".localhost".len());
        let end = start.and_then(|start| name.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(".localhost"))
    };
    !name.contains('.')
        || name.parse::<IpAddr>().is_ok()
        || v6().is_some_and(|_: Ipv6Addr| true)
        || under_localhost()
}

/// Refuses a request that a proxy on the way might understand in another way. Its connection ends,
/// since the start of the next request is uncertain.
pub fn check<B>(request: &Request<B>) -> Result<(), Box<Response>> {
    let hosts = request.headers().get_all(HOST).iter();
    let Err(advice) = check_host(hosts.map(HeaderValue::as_bytes), request.version()) else {
        return Ok(());
    };
    let mut answer = ApiError::new(StatusCode::BAD_REQUEST, advice).into_response();
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    Err(answer.into())
}

/// Checks that there is one `Host`, with a host in it; HTTP/1.0 needs none.
pub fn check_host<'a>(
    mut hosts: impl Iterator<Item = &'a [u8]>,
    version: Version,
) -> Result<(), &'static str> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+,;=".contains(byte);
    let is_host = |host: &[u8]| !host.is_empty() && host.iter().all(is_part);
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (Some(_), None) => Err("Host: write host, or host:port"),
        (None, _) if version < Version::HTTP_11 => Ok(()),
        (None, _) => Err("Host is missing: write Host: host:port"),
        (Some(_), Some(_)) => Err("Host comes twice: write it once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_local_or_named() {
        let machine = rustix::system::uname();
        let machine = machine.nodename().to_str().unwrap().to_uppercase();
        let certificate = rcgen::generate_simple_self_signed(["*.school.example".to_owned()]);
        let hosts = Hosts::new(
            vec!["Lab.example.org.".parse().unwrap()],
            Some(certificate.unwrap().cert.der().clone()),
        );
        let short = machine.split('.').next().unwrap();
        let (full, local) = (format!("{machine}:8080"), format!("{short}.local:8080"));
        for host in [
            "127.0.0.1",
            "192.168.0.7:8080",
            "[::1]:8080",
            "[fe80::1]",
            "[::ffff:10.0.0.1]:80",
            "localhost:8080",
            "LocalHost.",
            "a.LOCALHOST:1",
            "server",
            "lab.example.org",
            "LAB.example.org.:8443",
            "a.school.example",
            &full,
            &local,
        ] {
            assert!(hosts.check(Some(host)).is_ok(), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "lab.example.org.evil.example",
            "a.lab.example.org",
            "school.example",
            "127.0.0.1.evil.example",
            "evil.local",
            "evillocalhost.example",
            "[evil.example]",
            "1.2.3",
        ] {
            assert!(hosts.check(Some(host)).is_err(), "{host}");
        }
        assert!(hosts.check(None).is_ok());
        let advice = |host| hosts.check(Some(host)).unwrap_err().advice;
        assert!(advice("Evil.example:1").ends_with("--allow-host evil.example"));
        assert!(advice("a.b$c").ends_with("instead of the name"));
    }

    #[test]
    fn a_name_has_no_scheme_and_no_port() {
        for bad in [
            "",
            ".",
            "http://a.example",
            "a.example:80",
            "a b",
            "*.a",
            "é.fr",
        ] {
            bad.parse::<HostName>().expect_err(bad);
        }
    }
}
