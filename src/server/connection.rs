//! One connection, from its first byte to its last.
//!
//! Plain requests of readers are answered straight on it; with the first one that is not plain it
//! is hyper's and the router's, for good.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service, service_fn};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;
use tracing::{Level, debug, enabled, info};

use super::place::Placed;
use super::timer::HeadTimer;
use super::tls::Tls;
use super::{Settings, request, routes};
use crate::transport::Transport;
use crate::transport::hub::Hub;
use crate::transport::line::{LOG, Line, Next, Patience, Stream, Unread};
use crate::transport::tally::Account;

/// Bytes that hyper holds of what a peer does not read, beside a piece of messages, and of what it
/// does not take from a body: what thousands of peers may cost.
const MAX_BUFFER_BYTES: usize = 64 << 10;

/// How long the rest is read of what a peer writes that was told that it is in vain.
const LINGER: Duration = Duration::from_secs(1);

/// What all connections of a server share.
pub struct House {
    pub settings: Settings,
    hub: Arc<Hub>,
    router: TowerToHyperService<axum::Router>,
    patience: Patience,
}

impl House {
    pub fn new(hub: Arc<Hub>, settings: Settings) -> Self {
        House {
            router: TowerToHyperService::new(routes::router(hub.clone())),
            patience: Patience {
                head: settings.head_timeout,
                idle: settings.idle_timeout,
                max_head_bytes: settings.max_head_bytes,
            },
            hub,
            settings,
        }
    }
}

/// Shakes hands, in time; what follows the handshake at once, as tickets do, has been written then.
pub async fn accept<P: Unpin>(
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

/// Serves one connection to its end.
pub fn serve<S: Stream + 'static>(
    stream: S,
    account: Arc<Account>,
    house: Arc<House>,
) -> impl Future<Output = ()> + Send {
    let mut line = Line::new(stream, house.hub.clone(), account);
    async move {
        // Who must know the token is asked for it the general way.
        let direct = house.settings.access.token.is_none();
        if direct && !answer_plain(&mut line, &house).await {
            return;
        }
        Box::pin(serve_generally(line.stream, line.account, house)).await;
    }
}

/// Answers plain requests for as long as they are. Returns whether something else has come, which
/// is unread; else the connection is at its end.
async fn answer_plain<S: Stream>(line: &mut Line<S>, house: &House) -> bool {
    let mut closing = pin!(house.hub.closed());
    line.alarm.set(Instant::now() + house.patience.head);
    let late = loop {
        let mut plain = match line.next(&house.patience, closing.as_mut()).await {
            Next::Plain(plain) => plain,
            Next::Other => return true,
            Next::Late => break true,
            Next::Gone => break false,
        };
        line.path = plain.path.take();
        line.ends = plain.fields.closes;
        if Transport::serve(line, &plain).await.is_err() {
            return false;
        }
        if line.ends {
            break false;
        }
        line.alarm.set(Instant::now() + house.patience.idle);
    };
    if late {
        Box::pin(linger(&mut line.stream)).await;
    } else {
        // Over TLS, a connection that just closes counts as cut (RFC 8446, section 6.1).
        let _ = line.stream.shutdown().await;
    }
    false
}

/// Serves what is left of a connection with hyper; when the server closes, it finishes what it is
/// at.
async fn serve_generally<S: Stream + 'static>(
    stream: Unread<S>,
    account: Arc<Account>,
    house: Arc<House>,
) {
    let settings = &house.settings;
    let service = guarded(house.clone(), account.clone());
    let timer = HeadTimer::new(account.clone(), settings.head_timeout);
    let mut connection = http1::Builder::new()
        .timer(timer)
        .header_read_timeout(settings.idle_timeout)
        .max_header_size(settings.max_head_bytes)
        .max_buf_size(MAX_BUFFER_BYTES.max(settings.max_head_bytes))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut closing = pin!(house.hub.closed());
    let mut closes = false;
    let ended = poll_fn(|cx| {
        if !closes && closing.as_mut().poll(cx).is_ready() {
            closes = true;
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
            info!(target: LOG, %address, %method, path, status = status_code, "refused");
        }
        _ => debug!(target: LOG, %address, %method, path, status = status_code, "answered"),
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

/// The routes, for those who may enter; each request brings its connection's account.
fn guarded(
    house: Arc<House>,
    account: Arc<Account>,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> {
    service_fn(move |mut request: Request<Incoming>| {
        let account = account.clone();
        let logged =
            enabled!(Level::INFO).then(|| (request.method().clone(), request.uri().clone()));
        let entered = request::check(&request)
            .and_then(|()| house.settings.access.enter(&request))
            .map(|visitor| {
                request.extensions_mut().insert(account.clone());
                (visitor, house.router.call(request))
            });
        async move {
            let answer = match entered {
                Ok((visitor, answer)) => visitor.admit(answer.await?),
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

/// Answers whatever request comes with an error, and whole header lines that go with it.
pub async fn refuse(
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
