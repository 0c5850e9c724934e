//! The general engine: hyper and axum, for every request that the fast engine does not understand.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::UPGRADE;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service, service_fn};
use hyper_util::rt::TokioIo;

use crate::server::closing::drain;
use crate::server::context::ServerContext;
use crate::server::head_timer::HeadTimer;
use crate::server::{access_log, host};
use crate::service::answer::Reason;
use crate::service::counters::{ConnectionCounters, Counter};
use crate::service::rewind::{Rewind, Stream};

/// Bytes that hyper buffers for a peer that does not read, and of a body that is not consumed. It
/// bounds the cost of thousands of such peers.
const MAX_BUFFER_BYTES: usize = 64 << 10;

/// Serves the rest of a connection. When the server shuts down, the present request is finished.
pub async fn serve<S: Stream + 'static>(
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
        drain(parts.io.into_inner()).await;
    }
}

fn offers_websocket(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(UPGRADE).iter();
    let mut offers = offers.filter_map(|offers| offers.to_str().ok());
    offers.any(|offers| offers.to_ascii_lowercase().contains("websocket"))
}

/// The routes behind the checks of Host and access. Each request carries its connection's counters.
fn guarded(
    context: Arc<ServerContext>,
    counters: Arc<ConnectionCounters>,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> {
    service_fn(move |mut request: Request<Incoming>| {
        let counters = counters.clone();
        let websocket = offers_websocket(request.headers());
        let logged = (websocket || access_log::is_enabled())
            .then(|| (request.method().clone(), request.uri().clone()));
        let context = context.clone();
        let admitted = host::check(&request)
            .and_then(|()| context.settings.access.admit(&request))
            .map(|admission| {
                request.extensions_mut().insert(counters.clone());
                (admission, context.router.call(request))
            });
        async move {
            let answer = match admitted {
                Ok((admission, answer)) => admission.mark(answer.await?),
                Err(refusal) => *refusal,
            };
            if let Some((method, uri)) = logged {
                let (address, status) = (counters.address, answer.status());
                access_log::log(address, &method, uri.path(), status);
                let reason = answer.extensions().get().filter(|_| websocket);
                if let Some(Reason(reason)) = reason {
                    context.refused_websocket(address, uri.path(), status, reason);
                }
            }
            let refused = answer.status().is_client_error();
            counters.refused.store(refused, Relaxed);
            counters.serves_other();
            counters.add(Counter::GeneralRequests, 1);
            Ok(answer)
        }
    })
}
