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

use crate::server::counted_stream::CountedStream;
use crate::server::head_timer::HeadTimer;
use crate::server::http1::conn::{Http1Conn, LOG, NextRequest, Rewind, Stream, Timeouts};
use crate::server::tls::ServerTls;
use crate::server::{ServerSettings, request, routes};
use crate::service::counters::ConnectionCounters;
use crate::service::state::AppState;
use crate::transport::Transport;

/// Bytes that hyper holds of what a peer does not read, beside a piece of messages, and of what it
/// does not take from a body: what thousands of peers may cost.
const MAX_BUFFER_BYTES: usize = 64 << 10;

/// How long the rest is read of what a peer writes that was told that it is in vain.
const LINGER: Duration = Duration::from_secs(1);

/// What all connections of a server share.
pub struct ServerContext {
    pub settings: ServerSettings,
    state: Arc<AppState>,
    router: TowerToHyperService<axum::Router>,
    timeouts: Timeouts,
}

impl ServerContext {
    pub fn new(state: Arc<AppState>, settings: ServerSettings) -> Self {
        ServerContext {
            router: TowerToHyperService::new(routes::router(state.clone())),
            timeouts: Timeouts {
                head: settings.head_timeout,
                idle: settings.idle_timeout,
                max_head_bytes: settings.max_head_bytes,
            },
            state,
            settings,
        }
    }
}

/// Shakes hands, in time; what follows the handshake at once, as tickets do, has been written then.
pub async fn accept<P: Unpin>(
    tls: &ServerTls,
    stream: CountedStream<P>,
    settings: &ServerSettings,
) -> Option<TlsStream<CountedStream<P>>> {
    let counters = stream.counters();
    let accepted = tokio::time::timeout(settings.head_timeout, tls.accept(stream));
    let accepted = accepted.await.ok().flatten();
    counters.shook_hands();
    accepted
}

/// Serves one connection to its end.
pub fn serve<S: Stream + 'static>(
    stream: S,
    counters: Arc<ConnectionCounters>,
    context: Arc<ServerContext>,
) -> impl Future<Output = ()> + Send {
    let mut conn = Http1Conn::new(stream, context.state.clone(), counters);
    async move {
        // Who must know the token is asked for it the general way.
        let direct = context.settings.access.token.is_none();
        if direct && !answer_plain(&mut conn, &context).await {
            return;
        }
        Box::pin(serve_generally(conn.stream, conn.counters, context)).await;
    }
}

/// Answers plain requests for as long as they are. Returns whether something else has come, which
/// is unread; else the connection is at its end.
async fn answer_plain<S: Stream>(conn: &mut Http1Conn<S>, context: &ServerContext) -> bool {
    let mut closing = pin!(context.state.closed());
    conn.deadline.set(Instant::now() + context.timeouts.head);
    let late = loop {
        let mut plain = match conn.next(&context.timeouts, closing.as_mut()).await {
            NextRequest::Fast(plain) => plain,
            NextRequest::Other => return true,
            NextRequest::Late => break true,
            NextRequest::Gone => break false,
        };
        conn.path = plain.path.take();
        conn.ends = plain.fields.closes;
        if Transport::serve(conn, &plain).await.is_err() {
            return false;
        }
        if conn.ends {
            break false;
        }
        conn.deadline.set(Instant::now() + context.timeouts.idle);
    };
    if late {
        Box::pin(linger(&mut conn.stream)).await;
    } else {
        // Over TLS, a connection that just closes counts as cut (RFC 8446, section 6.1).
        let _ = conn.stream.shutdown().await;
    }
    false
}

/// Serves what is left of a connection with hyper; when the server closes, it finishes what it is
/// at.
async fn serve_generally<S: Stream + 'static>(
    stream: Rewind<S>,
    counters: Arc<ConnectionCounters>,
    context: Arc<ServerContext>,
) {
    let settings = &context.settings;
    let service = guarded(context.clone(), counters.clone());
    let timer = HeadTimer::new(counters.clone(), settings.head_timeout);
    let mut connection = http1::Builder::new()
        .timer(timer)
        .header_read_timeout(settings.idle_timeout)
        .max_header_size(settings.max_head_bytes)
        .max_buf_size(MAX_BUFFER_BYTES.max(settings.max_head_bytes))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut closing = pin!(context.state.closed());
    let mut closes = false;
    let ended = poll_fn(|cx| {
        if !closes && closing.as_mut().poll(cx).is_ready() {
            closes = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        Pin::new(&mut connection).poll(cx)
    });
    let broken = ended.await.is_err();
    if (broken || counters.refused.load(Relaxed))
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
    context: Arc<ServerContext>,
    counters: Arc<ConnectionCounters>,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> {
    service_fn(move |mut request: Request<Incoming>| {
        let counters = counters.clone();
        let logged =
            enabled!(Level::INFO).then(|| (request.method().clone(), request.uri().clone()));
        let entered = request::check(&request)
            .and_then(|()| context.settings.access.enter(&request))
            .map(|visitor| {
                request.extensions_mut().insert(counters.clone());
                (visitor, context.router.call(request))
            });
        async move {
            let answer = match entered {
                Ok((visitor, answer)) => visitor.admit(answer.await?),
                Err(refusal) => *refusal,
            };
            if let Some((method, uri)) = logged {
                // Never the query, which may hold the token.
                log(counters.address, &method, uri.path(), answer.status());
            }
            let refused = answer.status().is_client_error();
            counters.refused.store(refused, Relaxed);
            counters.serves_other();
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
