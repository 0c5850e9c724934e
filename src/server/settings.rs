//! The settings of a server, apart from its feeds and transports.

use std::sync::Arc;
use std::time::Duration;

use crate::classroom::Classroom;
use crate::feed::AddressLimits;
use crate::server::access::Access;
use crate::server::tls::ServerTls;

/// The usual [`ServerSettings::peer_timeout`].
pub const PEER_TIMEOUT: Duration = Duration::from_secs(30);

/// The settings of a server, apart from its feeds and transports.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    pub access: Access,
    /// Without it, connections are not encrypted.
    pub tls: Option<ServerTls>,
    /// Connections served at once; the others are answered with 503.
    pub capacity: AddressLimits,
    /// Bytes of a request's head; a longer one is answered with 431.
    pub max_head_bytes: usize,
    /// How long a request's head may take from its first byte on; how long the first byte of a
    /// connection may take; and how long a TLS handshake may take.
    pub head_timeout: Duration,
    /// How long a connection may stay without a request.
    pub idle_timeout: Duration,
    /// How long sent data may stay unacknowledged, or the peer's window shut, before the kernel
    /// gives the connection up (tcp(7), TCP_USER_TIMEOUT); and how long a connection may be silent
    /// before the kernel probes it.
    pub peer_timeout: Duration,
    /// What a class has beside the feeds, in a demonstration.
    pub classroom: Option<Arc<Classroom>>,
}
