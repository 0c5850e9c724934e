//! TLS at the client's end (RFC 8446, RFC 5246): which certificate is trusted, and the session
//! between a connection and its socket.
//!
//! Every connection makes a full handshake. All subscribers of a process share one configuration,
//! and would otherwise resume each other's sessions, which separate browsers cannot.

pub mod records;
pub mod session;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use serde::{Deserialize, Serialize};
pub use session::TlsSession;

/// The application protocol (RFC 7301).
pub const ALPN: &[u8] = b"http/1.1";

/// The SHA-256 of a certificate, written as OpenSSL does: `AB:CD:…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; SHA256_OUTPUT_LEN]);

impl Fingerprint {
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let digest = digest(&SHA256, certificate);
        Fingerprint(digest.as_ref().try_into().expect("SHA-256 has 32 octets"))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.0.map(|octet| format!("{octet:02X}"));
        f.write_str(&octets.join(":"))
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != ':')
            .map_while(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect();
        let (pairs, rest) = digits.as_chunks::<2>();
        let octets: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let whole = rest.is_empty() && text.chars().all(|c| c == ':' || c.is_ascii_hexdigit());
        octets
            .try_into()
            .ok()
            .filter(|_| whole)
            .map(Fingerprint)
            .ok_or_else(|| "write the 64 hexadecimal digits of a certificate's SHA-256".to_owned())
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> String {
        fingerprint.to_string()
    }
}

/// Which servers are trusted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The server with the certificate of this fingerprint, and its key. Names and dates in the
    /// certificate are ignored.
    Fingerprint(Fingerprint),
    /// Servers with a certificate for their name that is in this PEM file, or signed by an
    /// authority in it.
    Authorities(PathBuf),
}

/// How to speak TLS with a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Trust", into = "Trust")]
pub struct ClientTls {
    trust: Trust,
    config: Arc<ClientConfig>,
}

impl TryFrom<Trust> for ClientTls {
    type Error = String;

    fn try_from(trust: Trust) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let mut config = match &trust {
            Trust::Fingerprint(fingerprint) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(PinnedCertificate {
                    fingerprint: Some(*fingerprint),
                    provider,
                }))
                .with_no_client_auth(),
            // The load gets the path as JSON.
            Trust::Authorities(file) if file.to_str().is_none() => {
                let named = file.display();
                return Err(format!("{named}: give the file a name in UTF-8"));
            }
            Trust::Authorities(file) => {
                let roots = authorities(file);
                let roots = roots.map_err(|error| format!("{}: {error}", file.display()))?;
                builder.with_root_certificates(roots).with_no_client_auth()
            }
        };
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        let config = Arc::new(config);
        Ok(ClientTls { trust, config })
    }
}

impl ClientTls {
    /// For a session with buffers, as other libraries have it.
    pub fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }
}

impl From<ClientTls> for Trust {
    fn from(tls: ClientTls) -> Trust {
        tls.trust
    }
}

fn authorities(file: &PathBuf) -> Result<RootCertStore, String> {
    let text = std::fs::read(file).map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    match roots.is_empty() {
        true => Err("there is no certificate in it: name a PEM file".to_owned()),
        false => Ok(roots),
    }
}

/// A configuration that takes any certificate, for connections that carry no secrets.
pub fn trusting_any() -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring speaks both versions of TLS");
    let any = PinnedCertificate {
        fingerprint: None,
        provider,
    };
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(any))
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    Arc::new(config)
}

/// Trusts one certificate, or any.
#[derive(Debug)]
struct PinnedCertificate {
    fingerprint: Option<Fingerprint>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedCertificate {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Fingerprint::of(certificate);
        match self.fingerprint.is_none_or(|pinned| pinned == shown) {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(rustls::Error::General(format!(
                "the server's certificate is another one: its SHA-256 is {shown}"
            ))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_written_as_openssl_writes_them_and_read_with_or_without_colons() {
        let text = ["AB"; 31].join(":") + ":0C";
        let fingerprint: Fingerprint = text.parse().unwrap();
        assert_eq!(fingerprint.to_string(), text);
        assert_eq!(
            text.replace(':', "").to_lowercase().parse(),
            Ok(fingerprint)
        );
        for bad in [
            "",
            "AB",
            &text[1..],
            &text.replace('C', "G"),
            &(text.clone() + ":00"),
        ] {
            bad.parse::<Fingerprint>().expect_err(bad);
        }
        let of_nothing = Fingerprint::of(&CertificateDer::from(Vec::new())).to_string();
        assert!(
            of_nothing.starts_with("E3:B0:C4:42:98:FC:1C:14:"),
            "{of_nothing}"
        );
    }

    #[test]
    fn what_is_trusted_survives_its_way_to_the_load() {
        let fingerprint = Fingerprint([7; SHA256_OUTPUT_LEN]);
        let tls = ClientTls::try_from(Trust::Fingerprint(fingerprint)).unwrap();
        let json = serde_json::to_string(&tls).unwrap();
        let there: ClientTls = serde_json::from_str(&json).unwrap();
        assert!(matches!(there.trust, Trust::Fingerprint(same) if same == fingerprint));
        let missing = Trust::Authorities("/nowhere/ca.pem".into());
        let error = ClientTls::try_from(missing).unwrap_err();
        assert!(error.contains("/nowhere/ca.pem"), "{error}");
    }
}
