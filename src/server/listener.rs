//! The accept loop: binds, serves every connection in a task of its own, and shuts down.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tracing::{info, warn};

use crate::feed::{AddressLimiter, AddressPermit, LimitReached, network};
use crate::runtime::clock;
use crate::server::access_log::LOG;
use crate::server::closing::refuse;
use crate::server::connection;
use crate::server::context::ServerContext;
use crate::server::counted_stream::CountedStream;
use crate::server::gated_stream::GatedStream;
use crate::server::settings::ServerSettings;
use crate::server::tls_stream::CountedTls;
use crate::service::counters::OpenConnection;
use crate::service::state::AppState;
use crate::system::limits::BACKLOG;

/// The shortest silence after which the kernel can probe a connection (tcp(7), TCP_KEEPIDLE).
const MIN_PROBE: Duration = Duration::from_secs(1);

/// How often the kernel probes a silent connection.
const PROBE_EVERY: Duration = Duration::from_secs(10);

/// Connections over the limit that are answered at once. Others are closed without an answer, so
/// that they cannot use up the descriptors.
const MAX_REFUSALS: usize = 16;

/// How long connections may take to end at shutdown. With a second for the rest of the process,
/// this is within the 5 s that its callers wait.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(4);

/// When a refused client may try again, in s.
const RETRY_AFTER_S: u32 = 5;

/// Binds `address`, ready for thousands of clients that connect at once.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket_for(address)?;
    socket.bind(&address.into())?;
    listen(socket)
}

/// A socket that is not bound yet.
pub fn socket_for(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Listens, in the runtime of this thread.
pub fn listen(bound: Socket) -> io::Result<TcpListener> {
    bound.listen(BACKLOG)?;
    TcpListener::from_std(bound.into())
}

/// Serves until `shutdown` completes, then until every connection has ended in good order. Those
/// that have not after [`SHUTDOWN_TIMEOUT`] are cut.
pub async fn run(
    listener: TcpListener,
    state: Arc<AppState>,
    settings: ServerSettings,
    shutdown: impl Future<Output = ()>,
) {
    Server::new(state, settings).serve(listener, shutdown).await;
}

/// What all listeners of a server share.
pub struct Server {
    context: Arc<ServerContext>,
    limiter: Arc<AddressLimiter>,
    refusals: Arc<Semaphore>,
}

impl Server {
    pub fn new(state: Arc<AppState>, settings: ServerSettings) -> Self {
        Server {
            limiter: AddressLimiter::new(settings.capacity),
            context: Arc::new(ServerContext::new(state, settings)),
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
        }
    }

    /// Serves the connections of one listener until `shutdown` completes, as [`run`].
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        tokio::join!(
            self.accept(listener, usize::MAX),
            self.sweep_until(shutdown)
        );
    }

    /// Clears up each second, until `shutdown` completes. Then all listeners and connections end.
    pub async fn sweep_until(&self, shutdown: impl Future<Output = ()>) {
        let state = &self.context.state;
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                _ = seconds.tick() => {
                    state.captures.sweep();
                    state.feeds.sweep(clock::now_ns(), |address| state.may_join(address));
                }
                () = &mut shutdown => break,
            }
        }
        info!(target: LOG, "ending: closing every connection");
        state.close();
    }

    /// Accepts connections, and serves at most `most` of them at once, until the server ends and
    /// its connections have ended.
    pub async fn accept(&self, listener: TcpListener, most: usize) {
        let mut connections = JoinSet::new();
        let mut closed = pin!(self.context.state.closed());
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                () = &mut closed => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let is_full = connections.len() >= most;
                    self.admit(&mut connections, stream, network(peer.ip()), is_full);
                }
                // Most likely all descriptors are in use: wait for one.
                Err(error) => {
                    warn!(target: LOG, %error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        // All permits are free once every connection has ended, upgraded ones included.
        let ended = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.limiter.all_free()).await;
        if ended.is_err() {
            info!(target: LOG, "cut: connections that did not end in time");
        }
    }

    fn admit(
        &self,
        connections: &mut JoinSet<()>,
        stream: TcpStream,
        address: IpAddr,
        is_full: bool,
    ) {
        let counted = self.context.state.metrics.open(address);
        let permit = match is_full {
            true => Err(LimitReached::All),
            false => self.limiter.acquire(address),
        };
        match permit {
            Ok(permit) => spawn(connections, stream, counted, permit, &self.context),
            Err(limit) => {
                info!(target: LOG, %address, ?limit, "refused: a connection limit is reached");
                if let Ok(permit) = self.refusals.clone().try_acquire_owned() {
                    let stream = CountedStream::new(stream, counted, permit);
                    connections.spawn(refuse_connection(stream, limit, self.context.clone()));
                }
            }
        }
    }
}

/// Spawns the task of a connection. Those with TLS, and those of a demonstration, have other types
/// of tasks, so that one without either is smaller.
fn spawn(
    connections: &mut JoinSet<()>,
    stream: TcpStream,
    counted: OpenConnection,
    permit: AddressPermit,
    context: &Arc<ServerContext>,
) {
    prepare(&stream, context.settings.peer_timeout);
    let stream = CountedStream::new(stream, counted, permit);
    let (counters, context) = (stream.counters().clone(), context.clone());
    let classroom = context.settings.classroom.clone();
    match (context.settings.tls.is_some(), classroom) {
        (false, None) => connections.spawn(connection::serve(stream, counters, context)),
        (false, Some(classroom)) => {
            let stream = GatedStream::new(stream, classroom);
            connections.spawn(connection::serve(stream, counters, context))
        }
        (true, None) => connections.spawn(async move {
            if let Some(stream) = accept(stream, &context).await {
                connection::serve(stream, counters, context).await;
            }
        }),
        (true, Some(classroom)) => connections.spawn(async move {
            if let Some(stream) = accept(stream, &context).await {
                let stream = GatedStream::new(stream, classroom);
                connection::serve(stream, counters, context).await;
            }
        }),
    };
}

/// The TLS handshake, if this server has TLS. Boxed, so that the task does not keep room for it.
fn accept<P: Unpin + Send + Sync>(
    stream: CountedStream<P>,
    context: &ServerContext,
) -> Pin<Box<impl Future<Output = Option<CountedTls<P>>> + Send>> {
    let settings = &context.settings;
    Box::pin(async {
        let tls = settings.tls.as_ref()?;
        tls.accept(stream, settings.head_timeout).await
    })
}

/// Sets the socket's options. None of this fails on an open connection.
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

/// Answers a connection over a limit with 503.
async fn refuse_connection(
    stream: CountedStream<OwnedSemaphorePermit>,
    limit: LimitReached,
    context: Arc<ServerContext>,
) {
    let why = match limit {
        LimitReached::All => "this server has all the clients it takes: try later",
        LimitReached::Address => {
            "your address has all the connections that one may have: try later"
        }
    };
    let status = "503 Service Unavailable";
    let retry = format!("Retry-After: {RETRY_AFTER_S}\r\n");
    if context.settings.tls.is_none() {
        refuse(stream, status, &retry, why).await;
    } else if let Some(stream) = accept(stream, &context).await {
        refuse(stream, status, &retry, why).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::limits::Limits;

    /// Silence is probed and unacknowledged data given up: with the default settings, both within a
    /// minute.
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
