//! The server: an accept loop of our own around hyper, and the routes.
//!
//! [`run`] takes a bound listener and a future that ends it, so that tests bind port 0.

pub mod access;
mod metrics;
mod place;
pub mod places;
mod request;
pub(crate) mod routes;
mod timer;
pub mod tls;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service, service_fn};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;
use tracing::{Level, debug, enabled, info, warn};

use crate::transport::hub::Hub;
use crate::transport::shortcut::Poll;
use crate::transport::tally::Account;
use access::Access;
use place::Placed;
use places::{Capacity, Full, Places, network};
use timer::HeadTimer;
use tls::Tls;

/// Connections that may wait to be accepted; the kernel may hold fewer (somaxconn).
pub const BACKLOG: i32 = 4_096;

/// Bytes that hyper holds of what a peer does not read, beside a piece of messages, and of what it
/// does not take from a body: what thousands of peers may cost.
const MAX_BUFFER_BYTES: usize = 64 << 10;

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

/// How long the rest is read of what a peer writes that was told that it is in vain.
const LINGER: Duration = Duration::from_secs(1);

/// When one who finds no place may try again, in s.
const RETRY_AFTER_S: u32 = 5;

/// What a server is told beside what its feeds and transports are.
#[derive(Clone, Debug)]
pub struct Settings {
    pub access: Access,
    /// Without it, connections are plain ones.
    pub tls: Option<Tls>,
    /// Connections served at once; those beyond are answered with 503.
    pub capacity: Capacity,
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
    hub: Arc<Hub>,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) {
    let settings = Arc::new(settings);
    let router = TowerToHyperService::new(routes::router(hub.clone()));
    let places = Places::new(settings.capacity);
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
        let account = hub.tally.open(address);
        match places.take(address) {
            Ok(place) => {
                prepare(&stream, settings.peer_timeout);
                let stream = Placed::new(stream, account, place);
                let account = stream.account();
                let service = guarded(Desk {
                    router: router.clone(),
                    hub: hub.clone(),
                    settings: settings.clone(),
                    account: account.clone(),
                });
                let closing = hub.closing.subscribe();
                let settings = settings.clone();
                // A task each, so that a plain connection's is not as large as one with TLS.
                match settings.tls.clone() {
                    None => {
                        connections.spawn(serve(stream, account, service, settings, closing));
                    }
                    Some(tls) => {
                        connections.spawn(async move {
                            if let Some(stream) = accept(&tls, stream, &settings).await {
                                serve(stream, account, service, settings, closing).await;
                            }
                        });
                    }
                }
            }
            Err(full) => {
                info!(%address, ?full, "turned away: there is no place");
                if let Ok(porter) = porters.clone().try_acquire_owned() {
                    let stream = Placed::new(stream, account, porter);
                    connections.spawn(turn_away(stream, full, settings.clone()));
                }
            }
        }
    }
    info!("ending: every connection is told");
    drop(listener);
    hub.close();
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

/// Shakes hands, in time; what follows the handshake at once, as tickets do, has been written then.
async fn accept<P: Unpin>(
    tls: &Tls,
    stream: Placed<P>,
    settings: &Settings,
) -> Option<TlsStream<Placed<P>>> {
    let account = stream.account();
    let accepted = tokio::time::timeout(settings.head_timeout, tls.accept(stream));
    let accepted = accepted.await.ok().flatten();
    account.shook_hands();
    accepted
}

/// Serves one connection to its end; when the server closes, it finishes what it is at.
///
/// This is woken for each message, so looking at the signal must cost next to nothing: it is waited
/// for once, in the first poll, and from then on only compared.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    account: Arc<Account>,
    service: impl HttpService<Incoming, ResBody = Body, Error = Infallible>,
    settings: Arc<Settings>,
    closing: watch::Receiver<bool>,
) {
    let timer = HeadTimer::new(account.clone(), settings.head_timeout);
    let mut connection = http1::Builder::new()
        .timer(timer)
        .header_read_timeout(settings.idle_timeout)
        .max_header_size(settings.max_head_bytes)
        .max_buf_size(MAX_BUFFER_BYTES.max(settings.max_head_bytes))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut waiting = closing.clone();
    let mut signal = pin!(waiting.changed());
    let mut waits = false;
    let ended = poll_fn(|cx| {
        let closes = match std::mem::replace(&mut waits, true) {
            true => closing.has_changed().unwrap_or(true),
            false => signal.as_mut().poll(cx).is_ready(),
        };
        if closes {
            Pin::new(&mut connection).graceful_shutdown();
        }
        Pin::new(&mut connection).poll(cx)
    });
    let broken = ended.await.is_err();
    if (broken || account.refused.load(Relaxed))
        && let Some(parts) = connection.into_parts()
    {
        linger(parts.io.into_inner()).await;
    }
}

/// Tells of an answered request; a little louder of those that may not enter.
fn log(address: IpAddr, method: &Method, path: &str, status: StatusCode) {
    let status_code = status.as_u16();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            info!(%address, %method, path, status = status_code, "refused");
        }
        _ => debug!(%address, %method, path, status = status_code, "answered"),
    }
}

/// Ends a connection whose peer may still be writing. If it were just closed, the kernel would
/// answer what comes with a reset, which may overtake what the peer was told (RFC 9112, section
/// 9.6).
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(LINGER, rest).await;
}

/// What the requests of one connection are answered with.
struct Desk {
    router: TowerToHyperService<axum::Router>,
    hub: Arc<Hub>,
    settings: Arc<Settings>,
    account: Arc<Account>,
}

/// The routes, for those who may enter; each request brings its connection's account.
fn guarded(
    desk: Desk,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> {
    let desk = Arc::new(desk);
    service_fn(move |mut request: Request<Incoming>| {
        let desk = desk.clone();
        let logged =
            enabled!(Level::INFO).then(|| (request.method().clone(), request.uri().clone()));
        let entered = request::check(&request)
            .and_then(|()| desk.settings.access.enter(&request))
            .map(|visitor| {
                let way = match Poll::of(&request, &desk.hub) {
                    Some(poll) => Either::Left(poll),
                    None => {
                        request.extensions_mut().insert(desk.account.clone());
                        Either::Right(desk.router.call(request))
                    }
                };
                (visitor, way)
            });
        async move {
            let Desk { hub, account, .. } = &*desk;
            let answer = match entered {
                Ok((visitor, Either::Left(poll))) => visitor.admit(poll.answer(hub, account).await),
                Ok((visitor, Either::Right(answer))) => visitor.admit(answer.await?),
                Err(refusal) => *refusal,
            };
            if let Some((method, uri)) = logged {
                // Never the query, which may hold the token.
                log(account.address, &method, uri.path(), answer.status());
            }
            let refused = answer.status().is_client_error();
            account.refused.store(refused, Relaxed);
            account.serves_other();
            Ok(answer)
        }
    })
}

/// Says that there is no place.
async fn turn_away(stream: Placed<OwnedSemaphorePermit>, full: Full, settings: Arc<Settings>) {
    let why = match full {
        Full::All => "this server has all the clients it takes: try later",
        Full::Address => "your address has all the connections that one may have: try later",
    };
    let status = "503 Service Unavailable";
    let retry = format!("Retry-After: {RETRY_AFTER_S}\r\n");
    match &settings.tls {
        None => refuse(stream, status, &retry, why).await,
        Some(tls) => {
            if let Some(stream) = accept(tls, stream, &settings).await {
                refuse(stream, status, &retry, why).await;
            }
        }
    }
}

/// Answers whatever request comes with an error, and whole header lines that go with it.
async fn refuse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    status: &str,
    fields: &str,
    error: &str,
) {
    let body = format!("{{\"error\":\"{error}\"}}");
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\n{fields}\
         Content-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    // It fits into the buffer of a connection that has just begun.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        linger(stream).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::hub::Limits;

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
