//! The server: an accept loop of our own around hyper, and the routes.
//!
//! [`run`] takes a bound listener and a future that ends it, so that tests bind port 0.

pub mod access;
mod metrics;
mod place;
mod routes;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::transport::hub::Hub;
use crate::transport::tally::Account;
use access::Access;
use place::Placed;

/// Connections that may wait to be accepted; the kernel may hold fewer (somaxconn).
pub const BACKLOG: i32 = 4_096;

/// How long a request's head may take, and an idle connection may stay: longer than the poll
/// interval of any patient client, shorter than for ever.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// How long what is sent may stay unacknowledged, or a peer's window shut, before the kernel gives
/// the connection up (tcp(7), TCP_USER_TIMEOUT).
const UNSENT_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections that are being told at once that there is no place; any beyond are just closed, so
/// that a crowd cannot use up the descriptors.
const MAX_TURNED_AWAY: usize = 16;

/// How long connections may take to end when the server does. With a second for what else a
/// process has to end, this stays within the 5 s that its callers wait.
const END_PATIENCE: Duration = Duration::from_secs(4);

/// The answer to one connection too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\
    Content-Type: application/json\r\nConnection: close\r\nContent-Length: 63\r\n\r\n\
    {\"error\":\"this server has all the clients it takes: try later\"}";

/// What a server is told beside what its feeds and transports are.
#[derive(Clone, Debug)]
pub struct Settings {
    pub access: Access,
    /// Connections served at once; those beyond are answered with 503.
    pub max_clients: u32,
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
    let Settings {
        access,
        max_clients,
    } = settings;
    let access = Arc::new(access);
    let service = TowerToHyperService::new(routes::router(hub.clone()));
    let places = Arc::new(Semaphore::new(max_clients as usize));
    let porters = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = &mut shutdown => break,
        };
        match (accepted, places.clone().try_acquire_owned()) {
            (Ok((stream, _)), Ok(place)) => {
                // A message must not wait for the acknowledgement of the one before it.
                let _ = stream.set_nodelay(true);
                let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNSENT_TIMEOUT));
                let stream = Placed::new(stream, hub.tally.open(), place);
                let service = guarded(service.clone(), access.clone(), stream.account());
                connections.spawn(serve(stream, service, hub.closing.subscribe()));
            }
            (Ok((stream, _)), Err(_)) => {
                if let Ok(porter) = porters.clone().try_acquire_owned() {
                    connections.spawn(turn_away(Placed::new(stream, hub.tally.open(), porter)));
                }
            }
            // Out of descriptors, most likely: those in use must end first.
            (Err(_), _) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    drop(listener);
    hub.close();
    // Whoever holds all places knows that nobody else is there, upgraded connections included.
    let _ = tokio::time::timeout(END_PATIENCE, places.acquire_many(max_clients)).await;
}

/// Serves one connection to its end; when the server closes, it finishes what it is at.
///
/// This is woken for each message, so looking at the signal must cost next to nothing: it is waited
/// for once, in the first poll, and from then on only compared.
async fn serve(
    stream: Placed,
    service: impl HttpService<Incoming, ResBody = Body, Error = Infallible>,
    closing: watch::Receiver<bool>,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut waiting = closing.clone();
    let mut signal = pin!(waiting.changed());
    let mut waits = false;
    let ended = poll_fn(|cx| {
        let closes = match std::mem::replace(&mut waits, true) {
            true => closing.has_changed().unwrap_or(true),
            false => signal.as_mut().poll(cx).is_ready(),
        };
        if closes {
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    });
    // An error here is a peer that left or broke the protocol: nobody is there to be told.
    let _ = ended.await;
}

/// The routes, for those who may enter; each request brings its connection's account.
fn guarded(
    routes: TowerToHyperService<axum::Router>,
    access: Arc<Access>,
    account: Arc<Account>,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> {
    service_fn(move |mut request: Request<Incoming>| {
        let account = account.clone();
        request.extensions_mut().insert(account.clone());
        let entered = access
            .enter(&request)
            .map(|visitor| (visitor, routes.call(request)));
        async move {
            let answer = match entered {
                Ok((visitor, answer)) => visitor.admit(answer.await?),
                Err(refusal) => *refusal,
            };
            account.serves_other();
            Ok(answer)
        }
    })
}

/// Says that there is no place, and reads what the client sends so that it gets to see the answer.
async fn turn_away(mut stream: Placed) {
    let answer = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), answer).await;
}
