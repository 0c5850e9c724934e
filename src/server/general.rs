//! The general engine: hyper and axum, for every request that the fast engine does not understand.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::Body;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service, service_fn};
use hyper_util::rt::TokioIo;

use crate::server::client_half::{ClientHalf, HYPER_READ_BYTES, ReadAhead};
use crate::server::closing::drain;
use crate::server::context::ServerContext;
use crate::server::extract::param;
use crate::server::head_timer::HeadTimer;
use crate::server::http1::request::is_unreserved;
use crate::server::{access_log, host};
use crate::service::answer::Reason;
use crate::service::counters::{ConnectionCounters, Counter, OTHER};
use crate::service::rewind::{Rewind, Stream};
use crate::transport::Transport;

/// Serves the rest of a connection. When the server shuts down, the present request is finished.
pub async fn serve<S: Stream + 'static>(
    stream: Rewind<S>,
    counters: Arc<ConnectionCounters>,
    context: Arc<ServerContext>,
) {
    let settings = &context.settings;
    let half = Arc::<ClientHalf>::default();
    let max_body_bytes = context.state.limits.max_message_bytes;
    // Of a body that is not consumed and for a peer that does not read, hyper buffers no more than
    // a head may have. It bounds the cost of thousands of such peers.
    let max_buffer_bytes = settings.max_head_bytes.max(HYPER_READ_BYTES);
    let stream = ReadAhead::new(
        stream,
        counters.clone(),
        half.clone(),
        max_body_bytes,
        max_buffer_bytes,
    );
    let timer = HeadTimer::new(counters.clone(), settings.head_timeout, stream.unread());
    let service = guarded(
        context.clone(),
        counters.clone(),
        half.clone(),
        timer.clone(),
    );
    let mut connection = http1::Builder::new()
        .timer(timer)
        .header_read_timeout(settings.idle_timeout)
        .max_header_size(settings.max_head_bytes)
        .max_buf_size(max_buffer_bytes)
        .half_close(true)
        .serve_connection(TokioIo::new(stream.clone()), service)
        .with_upgrades();
    let mut closing = pin!(context.state.closed());
    let (mut closes, mut half_ended) = (false, false);
    let ended = poll_fn(|cx| {
        half_ended = half_ended || stream.poll_end(cx).is_ready();
        // hyper would close a connection whose request it has not read yet.
        if !closes && half.has_begun() && closing.as_mut().poll(cx).is_ready() {
            closes = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        Pin::new(&mut connection).poll(cx)
    });
    let broken = ended.await.is_err();
    stream.open_gate();
    if (broken || counters.refused.load(Relaxed))
        && let Some(parts) = connection.into_parts()
    {
        drop(parts);
        if let Some(stream) = stream.into_inner() {
            drain(stream).await;
        }
    }
}

/// The URI with the escaped characters of its path decoded that mean themselves (RFC 3986, section
/// 6.2.2.2), if there are any escapes.
fn normalised(uri: &Uri) -> Option<Uri> {
    let mut pieces = uri.path().split('%');
    let mut plain = pieces.next()?.to_owned();
    for piece in pieces {
        let hex = piece
            .get(..2)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.map(char::from) {
            Some(character) if is_unreserved(character.encode_utf8(&mut [0; 4])) => {
                plain.push(character);
                plain += &piece[2..];
            }
            _ => plain.extend(["%", piece]),
        }
    }
    if plain.len() == uri.path().len() {
        return None;
    }
    if let Some(query) = uri.query() {
        plain.extend(["?", query]);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = plain.parse().ok();
    Uri::from_parts(parts).ok()
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
    half: Arc<ClientHalf>,
    timer: HeadTimer,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> {
    service_fn(move |mut request: Request<Incoming>| {
        if let Some(uri) = normalised(request.uri()) {
            *request.uri_mut() = uri;
        }
        let transport = Transport::at(request.uri().path()).map(|(transport, _)| transport);
        let query = request.uri().query();
        counters.begins_lap(
            param(query, "mark"),
            transport.map_or(OTHER, Transport::class),
        );
        // A page's link to a capture must not become part of it.
        let admitted = host::check(&request).and_then(|()| context.settings.access.admit(&request));
        let captured = transport.filter(|_| admitted.is_ok());
        let capture = captured.and_then(|_| param(query, "capture"));
        let captures = &context.state.captures;
        captures.request(&counters, capture, context.level(), &half.take_head());
        half.begin(request.headers().contains_key(TRANSFER_ENCODING));
        let (counters, half, timer) = (counters.clone(), half.clone(), timer.clone());
        let has_body = !request.body().is_end_stream();
        let websocket = offers_websocket(request.headers());
        let logged = (websocket || access_log::is_enabled())
            .then(|| (request.method().clone(), request.uri().clone()));
        let context = context.clone();
        let admitted = admitted.map(|admission| {
            request.extensions_mut().insert(counters.clone());
            request.extensions_mut().insert(half);
            (admission, context.router.call(request))
        });
        async move {
            let mut answer = match admitted {
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
            if context.state.is_closing() && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            let refused = answer.status().is_client_error();
            counters.refused.store(refused, Relaxed);
            counters.serves_other();
            counters.add(Counter::GeneralRequests, 1);
            timer.answered(has_body);
            Ok(answer)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::feed::AddressLimits;
    use crate::feed::{Feeds, Retention};
    use crate::server::ServerSettings;
    use crate::server::access::Access;
    use crate::service::limits::Limits;
    use crate::service::state::AppState;

    #[test]
    fn escaped_characters_that_mean_themselves_are_decoded() {
        for (uri, plain) in [
            ("/f%65eds/%2E%7e/poll?x=%61", Some("/feeds/.~/poll?x=%61")),
            ("http://x:1/%41", Some("http://x:1/A")),
            ("/a%2Fb%20%c3%A3%", None),
            ("/%4", None),
            ("/%+1", None),
            ("/%é", None),
            ("*", None),
        ] {
            let Ok(uri) = uri.parse() else { continue };
            let found = normalised(&uri).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), plain, "{uri}");
        }
    }

    #[tokio::test]
    async fn a_request_that_comes_at_the_shutdown_is_answered() {
        let state = Arc::new(AppState::new(
            Feeds::new(Retention::default(), 1),
            Limits::default(),
        ));
        let settings = ServerSettings {
            access: Access::default(),
            tls: None,
            capacity: AddressLimits {
                all: 1,
                per_address: None,
            },
            max_head_bytes: 1 << 14,
            head_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            peer_timeout: Duration::from_secs(1),
            classroom: None,
        };
        let context = Arc::new(ServerContext::new(state.clone(), settings));
        let counters = state.metrics.open([127, 0, 0, 1].into()).counters.clone();
        let (stream, mut peer) = tokio::io::duplex(1 << 16);
        peer.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        state.close();
        serve(Rewind::new(stream), counters, context).await;
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}
