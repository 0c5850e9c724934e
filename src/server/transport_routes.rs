//! The transports in the general engine: asks from axum's requests, replies as hyper's responses.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::server::addresses::{Address, Route};
use crate::server::client_half::ClientHalf;
use crate::server::extract::{FeedOfPath, query_error};
use crate::service::answer::{ApiError, Whole, append_fields};
use crate::service::counters::ConnectionCounters;
use crate::service::peer::Peer;
use crate::service::state::{AppState, LOBBY};
use crate::service::upgrade::{check_line, no_upgrade, switching};
use crate::transport::Transport;
use crate::transport::ask::{Ask, Fields, Params};
use crate::transport::descriptor::Usage;
use crate::transport::reply::{Reply, Session, Upgrade};
use crate::transport::stream::{Coding, StreamEvent, StreamReply};
use crate::transport::websocket;

/// The routes of every transport, and the echo.
pub fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for transport in Transport::ALL {
        let handler = get(
            move |State(state): State<Arc<AppState>>,
                  Extension(counters): Extension<Arc<ConnectionCounters>>,
                  FeedOfPath(feed): FeedOfPath,
                  request: Request| open(transport, state, counters, feed, request),
        );
        let descriptor = transport.descriptor();
        let Usage { about, query, curl } = descriptor.usage;
        let at = |path: &str, about: &str| Address {
            query,
            curl,
            ..Address::get(path, about)
        };
        let path = format!("/feeds/{{feed}}/{}", descriptor.endpoint);
        routes.push((at(&path, about), handler.clone()));
        if let Some(path) = descriptor.lobby_path {
            let about = format!("{about} (feed {LOBBY})");
            routes.push((at(path, &about), handler));
        }
    }
    let address = Address {
        curl: Transport::WebSocket.descriptor().usage.curl,
        ..Address::get("/echo", "WebSocket: each message comes back")
    };
    routes.push((address, get(echo)));
    routes
}

async fn open(
    transport: Transport,
    state: Arc<AppState>,
    counters: Arc<ConnectionCounters>,
    feed: String,
    mut request: Request,
) -> Result<Response, ApiError> {
    if transport.descriptor().upgrade.is_some() {
        check_line(&request)?;
    }
    let half = half(&request);
    let upgrade = request.extensions_mut().remove();
    let reply = {
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let query = query.map_err(query_error)?;
        let mut params = Params::default();
        for (name, value) in &query.0 {
            params.set(name, value)?;
        }
        if request.method() == Method::HEAD {
            // It is answered without a body, so its client reads nothing and is no member.
            params.user = None;
        }
        let ask = Ask {
            counters: &counters,
            transport: transport.name(),
            feed: &feed,
            params,
            fields: &Fields::from(request.headers()),
        };
        transport.open(&state, &ask)?
    };
    // An answer may wait long for messages: its request's head is not held meanwhile.
    drop(request);
    respond(reply, state, counters, half, upgrade).await
}

async fn echo(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    mut request: Request,
) -> Result<Response, ApiError> {
    check_line(&request)?;
    let half = half(&request);
    let upgrade = request.extensions_mut().remove();
    let fields = websocket::accept(&Fields::from(request.headers()))?;
    let session = Session::Echo;
    counters.serves(Transport::WebSocket.class());
    let reply = Reply::Upgrade(Upgrade { fields, session });
    respond(reply, state, counters, half, upgrade).await
}

/// The client's half of the connection.
fn half(request: &Request) -> Arc<ClientHalf> {
    let half = request.extensions().get::<Arc<ClientHalf>>();
    half.cloned().unwrap_or_default()
}

/// Plays a reply.
async fn respond(
    reply: Reply,
    state: Arc<AppState>,
    counters: Arc<ConnectionCounters>,
    half: Arc<ClientHalf>,
    upgrade: Option<OnUpgrade>,
) -> Result<Response, ApiError> {
    match reply {
        Reply::Whole(whole) => Ok(whole.counted(&counters)?.into_response()),
        Reply::Later(mut later) => {
            let next = tokio::time::timeout(later.hold, later.reader.next());
            let next = half.until_end(unless_asked(&counters, next)).await;
            let batch = next.flatten().and_then(Result::ok).flatten();
            let whole = later.finish(&counters, batch);
            Ok(whole.counted(&counters)?.into_response())
        }
        Reply::Stream(stream) => stream_response(stream, state, counters, half),
        Reply::Upgrade(Upgrade { fields, session }) => {
            let upgrade = upgrade.ok_or_else(no_upgrade)?;
            tokio::spawn(run_session(session, upgrade, state, counters));
            Ok(switching(&fields))
        }
    }
}

/// The result of `future`; `None` if the client's page asks for a sign of life before.
async fn unless_asked<T>(
    counters: &ConnectionCounters,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if counters.takes_ping() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

fn stream_response(
    mut reply: StreamReply,
    state: Arc<AppState>,
    counters: Arc<ConnectionCounters>,
    half: Arc<ClientHalf>,
) -> Result<Response, ApiError> {
    let fields = reply.format.fields;
    let first = Whole {
        body: reply.first(&counters, Coding::Identity),
        ..Whole::default()
    };
    let first = first.counted(&counters)?.body;
    let open = Some((reply, state, counters, half));
    let later = stream::unfold(open, move |open| async move {
        let (mut reply, state, counters, half) = open?;
        let limits = &state.limits;
        let next = tokio::time::timeout(limits.heartbeat, reply.reader.next());
        let event = match half.until_end(unless_asked(&counters, next)).await {
            Some(Some(Ok(Some(batch)))) => StreamEvent::Batch(batch),
            Some(Some(Ok(None))) => StreamEvent::Closed,
            Some(Some(Err(_)) | None) => StreamEvent::Idle,
            None => StreamEvent::Disconnected,
        };
        let (bytes, ends) = reply.piece(event, limits, &counters, Coding::Identity);
        // Without memory for a peer that does not read, its stream ends.
        let bytes = counters.counted(bytes)?;
        Some((bytes, (!ends).then_some((reply, state, counters, half))))
    });
    let first = stream::once(std::future::ready(first));
    let pieces = first.chain(later).map(Ok::<Bytes, Infallible>);
    let mut answer = Response::new(Body::from_stream(pieces));
    append_fields(answer.headers_mut(), fields);
    Ok(answer)
}

/// Runs a session once hyper has written the answer and gives the connection away.
async fn run_session(
    mut session: Session,
    upgrade: OnUpgrade,
    state: Arc<AppState>,
    counters: Arc<ConnectionCounters>,
) {
    if let Ok(upgraded) = upgrade.await {
        let mut peer = Peer::new(TokioIo::new(upgraded), state, counters);
        peer.duplex = true;
        let _ = session.run(&mut peer).await;
    }
}
