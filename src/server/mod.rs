//! The server: an accept loop of our own, whose connections answer readers' plain requests
//! themselves and leave all others to hyper and the routes.
//!
//! [`run`] takes a bound listener and a future that ends it, so that tests bind port 0.

pub mod access;
pub mod connection;
pub mod connection_limiter;
pub mod counted_stream;
pub mod head_timer;
pub mod http1;
pub mod lazy_deadline;
pub mod metrics;
pub mod request;
pub mod routes;
pub mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::server::access::Access;
use crate::server::connection::{ServerContext, accept, refuse};
use crate::server::connection_limiter::{
    ConnectionLimiter, ConnectionLimits, LimitReached, network,
};
use crate::server::counted_stream::CountedStream;
use crate::server::tls::ServerTls;
use crate::service::state::AppState;

/// Connections that may wait to be accepted; the kernel may hold fewer (somaxconn).
pub const BACKLOG: i32 = 4_096;

/// The shortest silence after which the kernel can ask (tcp(7), TCP_KEEPIDLE).
const MIN_PROBE: Duration = Duration::from_secs(1);

/// How often a connection on which nothing moves is probed, once it is.
const PROBE_EVERY: Duration = Duration::from_secs(10);

/// Connections that are being told at once that there is no place; any beyond are just closed, so
/// that a crowd cannot use up the descriptors.
const MAX_TURNED_AWAY: usize = 16;

/// How long connections may take to end when the server does. With a second for what else a
/// process has to end, this stays within the 5 s that its callers wait.
const END_PATIENCE: Duration = Duration::from_secs(4);

/// When one who finds no place may try again, in s.
const RETRY_AFTER_S: u32 = 5;

/// What a server is told beside what its feeds and transports are.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    pub access: Access,
    /// Without it, connections are plain ones.
    pub tls: Option<ServerTls>,
    /// Connections served at once; those beyond are answered with 503.
    pub capacity: ConnectionLimits,
    /// Bytes of a request's head: a longer one is answered with 431.
    pub max_head_bytes: usize,
    /// How long a request's head may take from its first byte on, or from the connection's begin;
    /// and before it, a TLS handshake.
    pub head_timeout: Duration,
    /// How long a connection may stay without a request.
    pub idle_timeout: Duration,
    /// How long what is sent may stay unacknowledged, or a peer's window shut, before the kernel
    /// gives the connection up (tcp(7), TCP_USER_TIMEOUT); how long nothing may come before it asks
    /// whether the peer is still there.
    pub peer_timeout: Duration,
}

/// Binds `address` ready for thousands of clients that come at once.
pub fn bind(address: std::net::SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Serves until `shutdown` completes, and then until every connection has come to its end, which
/// each is told of in its own way; those that have not after [`END_PATIENCE`] are cut.
pub async fn run(
    listener: TcpListener,
    state: Arc<AppState>,
    settings: ServerSettings,
    shutdown: impl Future<Output = ()>,
) {
    let places = ConnectionLimiter::new(settings.capacity);
    let context = Arc::new(ServerContext::new(state.clone(), settings));
    let porters = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = &mut shutdown => break,
        };
        let (stream, address) = match accepted {
            Ok((stream, peer)) => (stream, network(peer.ip())),
            // Out of descriptors, most likely: those in use must end first.
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let counters = state.tally.open(address);
        match places.take(address) {
            Ok(place) => {
                prepare(&stream, context.settings.peer_timeout);
                let stream = CountedStream::new(stream, counters, place);
                let counters = stream.counters();
                let context = context.clone();
                // A task each, so that a plain connection's is not as large as one with TLS.
                match context.settings.tls.clone() {
                    None => {
                        connections.spawn(connection::serve(stream, counters, context));
                    }
                    Some(tls) => {
                        connections.spawn(async move {
                            if let Some(stream) = accept(&tls, stream, &context.settings).await {
                                connection::serve(stream, counters, context).await;
                            }
                        });
                    }
                }
            }
            Err(full) => {
                info!(%address, ?full, "turned away: there is no place");
                if let Ok(porter) = porters.clone().try_acquire_owned() {
                    let stream = CountedStream::new(stream, counters, porter);
                    connections.spawn(turn_away(stream, full, context.clone()));
                }
            }
        }
    }
    info!("ending: every connection is told");
    drop(listener);
    state.close();
    // Whoever holds all places knows that nobody else is there, upgraded connections included.
    let ended = tokio::time::timeout(END_PATIENCE, places.all_free()).await;
    if ended.is_err() {
        info!("cut: connections that did not end in time");
    }
}

/// Sets what the kernel sees to. It refuses none of this on a connection that is still there.
fn prepare(stream: &TcpStream, peer_timeout: Duration) {
    // A message must not wait for the acknowledgement of the one before it.
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_user_timeout(Some(peer_timeout));
    let probes = TcpKeepalive::new()
        .with_time(peer_timeout.max(MIN_PROBE))
        .with_interval(PROBE_EVERY);
    let _ = socket.set_tcp_keepalive(&probes);
}

/// Says that there is no place.
async fn turn_away(
    stream: CountedStream<OwnedSemaphorePermit>,
    full: LimitReached,
    context: Arc<ServerContext>,
) {
    let why = match full {
        LimitReached::All => "this server has all the clients it takes: try later",
        LimitReached::Address => {
            "your address has all the connections that one may have: try later"
        }
    };
    let status = "503 Service Unavailable";
    let retry = format!("Retry-After: {RETRY_AFTER_S}\r\n");
    match &context.settings.tls {
        None => refuse(stream, status, &retry, why).await,
        Some(tls) => {
            if let Some(stream) = accept(tls, stream, &context.settings).await {
                refuse(stream, status, &retry, why).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::state::Limits;

    /// What is silent is probed, what is sent is given up: with what the command line has by
    /// default, both within a minute.
    #[tokio::test]
    async fn a_peer_that_vanishes_is_given_up_within_a_minute() {
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (_client, (stream, _)) = (client.unwrap(), accepted.unwrap());
        prepare(&stream, Duration::from_secs(30));
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        let unsent = socket.tcp_user_timeout().unwrap().expect("one was set");
        let (probe, again) = (
            socket.tcp_keepalive_time().unwrap(),
            socket.tcp_keepalive_interval().unwrap(),
        );
        let limits = Limits::default();
        let minute = Duration::from_secs(60);
        assert!(unsent + limits.heartbeat.max(limits.max_hold) <= minute);
        // The kernel looks at an idle connection's time-out when it would probe again.
        assert!(probe.max(unsent) + again <= minute);
        assert!(limits.ping * 2 <= minute);
    }
}
