//! The server's end of TLS: its certificate, and the handshake.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rcgen::{Certificate, CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tracing::debug;

use crate::client::tls::{ALPN, Fingerprint};
use crate::server::closing::refuse;
use crate::server::counted_stream::CountedStream;
use crate::server::tls_stream::CountedTls;

/// The server's end of TLS 1.2 and 1.3.
#[derive(Clone, Debug)]
pub struct ServerTls {
    pub fingerprint: Fingerprint,
    pub certificate: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

impl ServerTls {
    /// With a self-signed certificate made now, for this machine and the bound address. Clients
    /// that shall trust it need its fingerprint.
    pub fn self_signed(bound: IpAddr) -> anyhow::Result<Self> {
        let (certificate, key) = make_certificate(bound)?;
        let key = PrivateKeyDer::try_from(key.serialize_der());
        let key = key.map_err(|error| anyhow::anyhow!("the key: {error}"))?;
        ServerTls::of(vec![certificate.der().clone()], key)
    }

    /// With a certificate, its chain and its private key, from PEM files.
    ///
    /// # Errors
    /// A file is none, or they do not belong together: which one, and what to write.
    pub fn read(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
        let chain: Vec<_> = chain.map_err(|error| wrong(CERTIFICATE, certificate, error))?;
        if chain.is_empty() {
            return Err(wrong(CERTIFICATE, certificate, pem::Error::NoItemsFound));
        }
        let private = PrivateKeyDer::from_pem_file(key);
        let private = private.map_err(|error| wrong(PRIVATE_KEY, key, error))?;
        ServerTls::of(chain, private).with_context(|| {
            let (certificate, key) = (certificate.display(), key.display());
            format!(
                "{key} is not the private key of {certificate}: write --cert and --key of one pair"
            )
        })
    }

    fn of(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> anyhow::Result<Self> {
        let certificate = chain[0].clone();
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        // Clients keep their sessions in tickets; the server stores none.
        config.ticketer = Ticketer::new()?;
        let config = Arc::new(config);
        Ok(ServerTls {
            fingerprint: Fingerprint::of(&certificate),
            certificate,
            config,
        })
    }

    /// The handshake, within `timeout`. `None` if it fails; a peer that speaks HTTP is answered
    /// with 400. What follows the handshake at once, as tickets do, is written when it returns.
    pub async fn accept<P: Unpin>(
        &self,
        stream: CountedStream<P>,
        timeout: Duration,
    ) -> Option<CountedTls<P>> {
        let counters = stream.counters().clone();
        let accepted = tokio::time::timeout(timeout, self.handshake(stream));
        let accepted = accepted.await.ok().flatten();
        counters.tls_established();
        accepted
    }

    async fn handshake<P: Unpin>(&self, stream: CountedStream<P>) -> Option<CountedTls<P>> {
        // Requests begin with a method's capital letter, which no TLS record does.
        if stream.peek().await.ok()?.is_ascii_uppercase() {
            refuse(
                stream,
                "400 Bad Request",
                "",
                "this port speaks TLS: write https or wss",
            )
            .await;
            return None;
        }
        let address = stream.counters().address;
        let accepted = CountedTls::accept(self.config.clone(), stream).await;
        accepted
            .inspect_err(|error| debug!(%address, %error, "no TLS handshake"))
            .ok()
    }
}

/// A self-signed certificate and its private key, made now, for this machine and the bound address.
pub fn make_certificate(bound: IpAddr) -> anyhow::Result<(Certificate, KeyPair)> {
    let mut names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    names.extend(
        rustix::system::uname()
            .nodename()
            .to_str()
            .map(str::to_owned),
    );
    if !bound.is_unspecified() {
        names.push(bound.to_string());
    }
    names.sort();
    names.dedup();
    let mut params = CertificateParams::new(names).context("the names of this machine")?;
    params.distinguished_name.push(DnType::CommonName, "wslab");
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?, key))
}

/// What a file must hold, and its flag.
type Needed = (&'static str, &'static str);

const CERTIFICATE: Needed = ("certificate", "--cert");
const PRIVATE_KEY: Needed = ("private key", "--key");

fn wrong((what, flag): Needed, file: &Path, error: pem::Error) -> anyhow::Error {
    let why = match error {
        pem::Error::NoItemsFound => format!("there is no {what} in it"),
        pem::Error::Io(error) => error.to_string(),
        error => format!("it is not PEM: {error}"),
    };
    anyhow::anyhow!(
        "{flag} {}: {why}; write the path of a {what} in PEM, or leave out --cert and --key, and \
         --tls makes both",
        file.display()
    )
}
