//! Finding the server that a URL names.

use std::rc::Rc;
use std::time::{Duration, Instant};

use ::http::Uri;
use anyhow::{Context, anyhow, bail};

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::exchange::{ExchangeError, fetch};
use crate::client::http::{Headers, JSON, Wanted};
use crate::client::target::{DEFAULT_PORT, Target};
use crate::client::tls::{ClientTls, Trust};
use crate::client::token::{self, Token};
use crate::error::UsageError;
use crate::runtime::event_loop;

/// The longest time for one exchange with a server that is being looked for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest wait for room for feeds, and the pause between two attempts. A wslab server makes
/// room by feeds that were not used for 3 s.
const ROOM_PATIENCE: Duration = Duration::from_secs(8);
const ROOM_PAUSE: Duration = Duration::from_millis(500);

/// Finds the server that a URL names: the first of its addresses at which one answers.
/// A server of https must show a certificate that `trust` knows. Any server must take the `token`.
pub async fn find(
    url: &str,
    trust: Option<&Trust>,
    token: Option<&Token>,
) -> anyhow::Result<Target> {
    let mut refusal = anyhow!("cannot reach {url}: no such host");
    for target in resolve(url, trust).await? {
        let token = token.cloned();
        let target = Target { token, ..target };
        match check_health(&target).await {
            Ok(()) => return check_admission(target).await,
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Takes a URL apart, as people paste it, and looks its addresses up. Without a scheme it is the
/// address of a server of http.
async fn resolve(url: &str, trust: Option<&Trust>) -> anyhow::Result<Vec<Target>> {
    let url = url.trim();
    let uri: Option<Uri> = match url.contains("://") {
        true => url.parse().ok(),
        false => format!("http://{url}").parse().ok(),
    };
    let usage = |why: &str| {
        let write = uri.as_ref().and_then(example);
        let write = write.unwrap_or("http://HOST:PORT or https://HOST:PORT".to_owned());
        anyhow!(UsageError(format!("\"{url}\": {why}; write {write}")))
    };
    if let Some(why) = misplaced(url) {
        return Err(usage(why));
    }
    let uri = uri.as_ref().ok_or_else(|| usage("not an http URL"))?;
    let (tls, default_port) = match uri.scheme_str() {
        Some("http") if url.contains("://") => (None, 80),
        Some("http") => (None, DEFAULT_PORT),
        Some("https") => (Some(tls(url, trust)?), 443),
        _ => return Err(usage("not an http URL")),
    };
    let (origin, host) = match uri.authority() {
        Some(authority) => (authority.as_str(), authority.host()),
        None => return Err(usage("not a server's address")),
    };
    // Without a port that is one, the authority must be the host alone.
    if host.is_empty() || uri.port().is_none() && origin != host {
        return Err(usage("not a server's address"));
    }
    let origin = match url.contains("://") || uri.port().is_some() {
        true => origin.to_owned(),
        false => format!("{host}:{default_port}"),
    };
    let lookup = format!("{host}:{}", uri.port_u16().unwrap_or(default_port));
    let found = tokio::net::lookup_host(&lookup).await;
    let found = found.with_context(|| format!("cannot reach {url}: no such host"))?;
    let scheme = uri.scheme_str().unwrap_or_default();
    let target = |address| Target {
        origin: format!("{scheme}://{origin}"),
        prefix: uri.path().trim_end_matches('/').to_owned(),
        tls: tls.clone(),
        ..Target::at(address)
    };
    Ok(found.map(target).collect())
}

/// What a URL has that a server's address does not.
fn misplaced(url: &str) -> Option<&'static str> {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_bare_ipv6 = !authority.contains(['[', '@']) && authority.matches(':').count() > 1;
    [
        (
            is_bare_ipv6,
            "an IPv6 address stands in brackets, as in http://[::1]:8080",
        ),
        (
            authority.contains('@'),
            "a name before the @ is not used, and a token stands in --token",
        ),
        (
            rest.contains(['?', '#']),
            "what follows the ? or the # is not used",
        ),
    ]
    .into_iter()
    .find_map(|(has, why)| has.then_some(why))
}

/// The address of a server in what was written instead: in a WebSocket's URL, or in one of a page.
fn example(uri: &Uri) -> Option<String> {
    let scheme = match uri.scheme_str()? {
        "https" | "wss" => "https",
        _ => "http",
    };
    let authority = uri
        .authority()
        .filter(|authority| authority.port().is_some())?;
    let (host, port) = (authority.host(), authority.port()?);
    Some(format!("{scheme}://{host}:{port}"))
}

/// How to speak TLS with the server of an https URL.
pub fn tls(url: &str, trust: Option<&Trust>) -> Result<ClientTls, UsageError> {
    let trust = trust.ok_or_else(|| {
        UsageError(format!(
            "{url}: which certificate is to be trusted? Write --fingerprint SHA256, which wslab \
             serve prints, or --ca FILE, a PEM file of authorities (those of the public on Debian: \
             /etc/ssl/certs/ca-certificates.crt)"
        ))
    })?;
    ClientTls::try_from(trust.clone()).map_err(|error| UsageError(format!("--ca: {error}")))
}

/// Checks that a target is a server of wslab's feeds.
async fn check_health(target: &Target) -> anyhow::Result<()> {
    let (at, path) = (target.base(), target.dialect.health_path());
    let error = match ask(target, path).await {
        Ok(body) if target.dialect.is_healthy(&body) => return Ok(()),
        Ok(_) => ClientError::wrong(format!("{path} is not {{\"status\":\"ok\"}}")),
        Err(ExchangeError::Client(error)) => error,
        Err(late) => bail!("cannot reach {at}: {late}"),
    };
    match &error {
        ClientError::Io(_) => {
            return Err(error).context(format!("cannot reach {at}: start a server there"));
        }
        ClientError::Tls(rustls::Error::InvalidMessage(_)) => {
            bail!("{at} does not speak TLS: write http://…");
        }
        ClientError::Tls(_) => return Err(error).context(format!("cannot trust {at}")),
        ClientError::Redirected { status, location } => {
            return Err(redirected(target, *status, location).into());
        }
        _ => {}
    }
    if is_at_origin(target).await {
        let (origin, prefix) = (&target.origin, &target.prefix);
        let why = format!("target {at}: the server is at {origin}; write that, without {prefix}");
        return Err(UsageError(why).into());
    }
    let advice = match target.tls {
        None => "; if it speaks TLS, write https://…",
        Some(_) => "",
    };
    bail!("{at} is not a wslab server: {error}{advice}")
}

/// A target that redirects: to where, and what to write instead. Nothing is followed, because the
/// figures of a trial must be those of the server that the user named.
fn redirected(target: &Target, status: u16, location: &str) -> UsageError {
    let to = match location.starts_with('/') {
        true => format!("{}{location}", target.origin),
        false => location.to_owned(),
    };
    let instead = to.trim_end_matches('/');
    let instead = instead.strip_suffix(target.dialect.health_path());
    let instead = instead.unwrap_or("the URL of the server itself");
    let at = target.base();
    UsageError(format!(
        "target {at}: it redirects to {to} (status {status}), and redirects are not followed; \
         write {instead}"
    ))
}

/// Whether the server is at the origin of a target that has a prefix.
async fn is_at_origin(target: &Target) -> bool {
    let origin = Target {
        prefix: String::new(),
        ..target.clone()
    };
    let dialect = target.dialect;
    if target.prefix.is_empty() {
        return false;
    }
    let answer = ask(&origin, dialect.health_path()).await;
    answer.is_ok_and(|body| dialect.is_healthy(&body))
}

/// Whether the server of a target answers as it did when it was found.
pub async fn is_alive(target: &Target) -> bool {
    check_health(target).await.is_ok()
}

/// Makes feeds at a target, so that it has room for all of them when a trial begins. A server
/// without room makes some by feeds that are no longer in use: those of an earlier trial, a few
/// seconds after it.
///
/// # Errors
/// It has no room for [`ROOM_PATIENCE`].
pub async fn make_feeds(target: &Target, feeds: &[String]) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let mut full = None;
        for feed in feeds {
            match ask(target, &target.dialect.make_path(feed)).await {
                Ok(_) => {}
                Err(ExchangeError::Client(error @ ClientError::Refused { status: 409, .. })) => {
                    full = Some(error);
                }
                // It shows in the trial.
                Err(_) => return Ok(()),
            }
        }
        match full {
            None => return Ok(()),
            Some(_) if started.elapsed() < ROOM_PATIENCE => tokio::time::sleep(ROOM_PAUSE).await,
            Some(error) => {
                let (at, feeds) = (target.base(), feeds.len());
                let advice = "start it with a higher --max-feeds, or use fewer --feeds";
                return Err(error).context(format!("{at} has no room for {feeds} feeds: {advice}"));
            }
        }
    }
}

/// Checks that a target takes the token.
async fn check_admission(target: Target) -> anyhow::Result<Target> {
    let at = target.base();
    let answer = ask(&target, target.dialect.admission_path()).await;
    let error = match answer {
        Err(ExchangeError::Client(error)) => error,
        Err(late) => return Err(late).context(format!("cannot enter {at}")),
        Ok(_) => return Ok(target),
    };
    match (&error, &target.token) {
        (ClientError::Refused { status: 404, .. }, _) => Ok(target),
        (ClientError::Refused { status: 401, .. }, given) => {
            let why = match given {
                None => format!("for its token: give --token, or set {}", token::VARIABLE),
                Some(_) => "for another token than the one given".to_owned(),
            };
            Err(UsageError(format!("{at}: this server asks {why}")).into())
        }
        _ => Err(error).context(format!("cannot enter {at}")),
    }
}

/// One exchange over a connection of its own.
async fn ask(target: &Target, path: &str) -> Result<Vec<u8>, ExchangeError> {
    let exchange = async {
        let ledger = Rc::default();
        let dial = Connection::dial(&ledger, target, None);
        let dialled = event_loop::timeout(PATIENCE, dial).await;
        let mut connection = dialled.ok_or(ExchangeError::Late(PATIENCE))??;
        let path = format!("{}{path}", target.prefix);
        let request = target.get(Headers::Minimal, &path, "Connection: close\r\n");
        fetch(&mut connection, &request, Wanted::body(JSON), PATIENCE).await
    };
    event_loop::within_tokio(exchange)
        .await
        .map_err(ClientError::from)?
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn first(url: &str, trust: Option<&Trust>) -> Target {
        resolve(url, trust).await.unwrap().remove(0)
    }

    #[tokio::test]
    async fn urls_are_taken_apart() {
        for (url, address, origin, prefix, name) in [
            (
                "http://127.0.0.1:8080/some/prefix/",
                "127.0.0.1:8080",
                "http://127.0.0.1:8080",
                "/some/prefix",
                "127.0.0.1",
            ),
            (
                "http://127.0.0.1",
                "127.0.0.1:80",
                "http://127.0.0.1",
                "",
                "127.0.0.1",
            ),
            ("http://[::1]:9/", "[::1]:9", "http://[::1]:9", "", "::1"),
            (
                "127.0.0.1:8080",
                "127.0.0.1:8080",
                "http://127.0.0.1:8080",
                "",
                "127.0.0.1",
            ),
            ("[::1]:9", "[::1]:9", "http://[::1]:9", "", "::1"),
            (
                " HTTP://127.0.0.1:9//\n",
                "127.0.0.1:9",
                "http://127.0.0.1:9",
                "",
                "127.0.0.1",
            ),
            (
                "127.0.0.1:9/lab/",
                "127.0.0.1:9",
                "http://127.0.0.1:9",
                "/lab",
                "127.0.0.1",
            ),
            (
                "127.0.0.1",
                "127.0.0.1:8080",
                "http://127.0.0.1:8080",
                "",
                "127.0.0.1",
            ),
            (
                "[::1]/lab",
                "[::1]:8080",
                "http://[::1]:8080",
                "/lab",
                "::1",
            ),
        ] {
            let target = first(url, None).await;
            assert_eq!(target.address, address.parse().unwrap(), "{url}");
            let parts = (&*target.origin, &*target.prefix, target.name());
            assert_eq!(parts, (origin, prefix, name), "{url}");
            let facts = (target.owned, target.same_host, target.pid);
            assert_eq!(facts, (false, true, None), "{url}");
        }
        assert!(!first("http://192.0.2.1", None).await.same_host);
        let trust = Trust::Fingerprint("00".repeat(32).parse().unwrap());
        let secure = first("https://127.0.0.1", Some(&trust)).await;
        assert_eq!((secure.address.port(), secure.name()), (443, "127.0.0.1"));
        assert!(secure.tls.is_some());
    }

    #[tokio::test]
    async fn other_texts_are_refused() {
        for bad in [
            "localhost:",
            ":80",
            "https://localhost",
            "http://",
            "ws://x",
            "http://u@h",
            "http://h:99999",
            "http://h:",
            "http://h/?q",
            "http://h/#f",
            "http://h/a b",
            "",
        ] {
            let error = resolve(bad, None).await.unwrap_err();
            assert!(
                error.downcast_ref::<UsageError>().is_some(),
                "{bad}: {error}"
            );
        }
        for (pasted, write) in [
            ("ws://h:8080/chat", "write http://h:8080"),
            ("wss://h:8080/chat", "write https://h:8080"),
            ("http://h:8080/?feed=system", "write http://h:8080"),
            ("http://u:p@h:8080", "write http://h:8080"),
            ("h:", "write http://HOST:PORT"),
            ("http://::1:8080", "as in http://[::1]:8080"),
            ("::1", "as in http://[::1]:8080"),
        ] {
            let error = resolve(pasted, None).await.unwrap_err().to_string();
            assert!(error.contains(write), "{pasted}: {error}");
        }
    }

    #[test]
    fn a_redirection_says_what_to_write() {
        let target = Target {
            prefix: "/lab".to_owned(),
            ..Target::at(([127, 0, 0, 1], 9).into())
        };
        for (location, instead) in [
            ("https://h/lab/healthz", "write https://h/lab"),
            ("http://h:8/healthz/", "write http://h:8"),
            ("/other/healthz", "write http://127.0.0.1:9/other"),
            ("https://h/login", "write the URL of the server itself"),
        ] {
            let UsageError(why) = redirected(&target, 301, location);
            assert!(
                why.ends_with(instead) && why.contains("(status 301)"),
                "{why}"
            );
        }
    }
}
