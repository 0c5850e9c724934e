//! Finding the server that a URL names.

use std::rc::Rc;
use std::time::Duration;

use ::http::Uri;
use anyhow::{Context, anyhow, bail, ensure};

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::exchange::{Answer, ExchangeError, fetch};
use crate::client::http::Headers;
use crate::client::target::Target;
use crate::client::tls::{ClientTls, Trust};
use crate::client::token::{self, Token};
use crate::error::UsageError;
use crate::runtime::event_loop;

/// The longest time for one exchange with a server that is being looked for.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Takes a URL apart and looks its addresses up.
async fn resolve(url: &str, trust: Option<&Trust>) -> anyhow::Result<Vec<Target>> {
    let uri: Option<Uri> = match url.contains("://") {
        true => url.parse().ok(),
        // Without a scheme it is an address if it has a port.
        false => format!("http://{url}").parse().ok(),
    };
    let uri = uri.filter(|uri| url.contains("://") || uri.port().is_some());
    let usage = |why: &str| {
        let write = uri.as_ref().and_then(example);
        let write = write.unwrap_or("http://HOST:PORT or https://HOST:PORT".to_owned());
        anyhow!(UsageError(format!("\"{url}\": {why}; write {write}")))
    };
    let uri = uri.as_ref().ok_or_else(|| usage("not an http URL"))?;
    let (tls, default_port) = match uri.scheme_str() {
        Some("http") => (None, 80),
        Some("https") => (Some(tls(url, trust)?), 443),
        _ => return Err(usage("not an http URL")),
    };
    let (origin, host) = match uri.authority() {
        Some(authority) => (authority.as_str(), authority.host()),
        None => return Err(usage("not a server's address")),
    };
    // Without a port that is one, the authority must be the host alone.
    let port_is_bad = uri.port().is_none() && origin != host;
    if origin.contains('@') || port_is_bad || uri.query().is_some() || url.contains('#') {
        return Err(usage("not a server's address"));
    }
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

/// Checks that a target is a server of wslab's feeds.
async fn check_health(target: &Target) -> anyhow::Result<()> {
    let at = target.base();
    let answer = match ask(target, target.dialect.health_path()).await {
        Ok(answer) => answer,
        Err(late @ ExchangeError::Late(_)) => bail!("cannot reach {at}: {late}"),
        Err(ExchangeError::Client(ClientError::Io(error))) => {
            return Err(error).context(format!("cannot reach {at}: start a server there"));
        }
        Err(ExchangeError::Client(ClientError::Tls(rustls::Error::InvalidMessage(_)))) => {
            bail!("{at} does not speak TLS: write http://…");
        }
        Err(error @ ExchangeError::Client(ClientError::Tls(_))) => {
            return Err(error).context(format!("cannot trust {at}"));
        }
        Err(_) => bail!("{at} does not speak HTTP/1.1"),
    };
    ensure!(
        target.dialect.is_healthy(answer.status, &answer.body),
        "{at} is not a wslab server: its {} is not {{\"status\":\"ok\"}}{}",
        target.dialect.health_path(),
        answer
            .advice()
            .map_or(String::new(), |advice| format!(", but says: {advice}")),
    );
    Ok(())
}

/// Checks that a target takes the token.
async fn check_admission(target: Target) -> anyhow::Result<Target> {
    let at = target.base();
    let answer = ask(&target, target.dialect.admission_path()).await;
    let answer = answer.with_context(|| format!("cannot enter {at}"))?;
    match (answer.status, &target.token) {
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

/// One exchange over a connection of its own.
async fn ask(target: &Target, path: &str) -> Result<Answer, ExchangeError> {
    let exchange = async {
        let ledger = Rc::default();
        let dial = Connection::dial(&ledger, target, None);
        let dialled = event_loop::timeout(PATIENCE, dial).await;
        let mut connection = dialled.ok_or(ExchangeError::Late(PATIENCE))??;
        let path = format!("{}{path}", target.prefix);
        let request = target.get(Headers::Minimal, &path, "Connection: close\r\n");
        fetch(&mut connection, &request, PATIENCE).await
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
            "localhost",
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
            ("h", "write http://HOST:PORT"),
        ] {
            let error = resolve(pasted, None).await.unwrap_err().to_string();
            assert!(error.contains(write), "{pasted}: {error}");
        }
    }
}
