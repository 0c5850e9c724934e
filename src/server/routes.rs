//! The routes of the general engine: those of the transports, and all others.

use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::classroom::Classroom;
use crate::runtime::clock;
use crate::server::addresses::{Address, Directory, Route, help, no_such_address};
use crate::server::captures;
use crate::server::classroom_routes;
use crate::server::client_half::ClientHalf;
use crate::server::extract::{ApiQuery, FeedOfPath, body, param};
use crate::server::metrics::metrics;
use crate::server::page;
use crate::server::transport_routes;
use crate::service::answer::{ApiError, Whole};
use crate::service::counters::{ConnectionCounters, OTHER};
use crate::service::marks::SocketBytes;
use crate::service::publish::{check_head, created, parse_message, publish};
use crate::service::state::AppState;
use crate::transport::{Transport, answer};

/// Messages in one answer of history: by default, and at most.
const HISTORY_LIMIT: usize = 50;
const MAX_HISTORY_LIMIT: usize = 1_000;

/// Every address of the server, in the order in which `/help` lists them.
fn routes(has_class: bool) -> Vec<Route> {
    let publish = Address {
        method: "POST",
        curl: r#"-H 'Content-Type: application/json' -d '{"from":"alice","text":"oi"}'"#,
        ..Address::get("/feeds/{feed}/messages", "publishes a message")
    };
    let past = Address {
        query: "?limit=50",
        ..Address::get(
            "/feeds/{feed}/messages",
            "history, oldest first; before=SEQ: the messages before that one",
        )
    };
    let mut routes = vec![(publish, post(post_message)), (past, get(history))];
    routes.extend(transport_routes::routes());
    routes.extend([
        (
            Address::get(
                "/feeds/{feed}/members",
                "the members, and by which transports they read",
            ),
            get(members),
        ),
        (
            Address::get("/clock", "the server's clock, which stamps messages"),
            get(async || Json(json!({ "now_ns": clock::now_ns() }))),
        ),
        (
            Address {
                query: "?mark=1",
                ..Address::get(
                    "/connections",
                    "bytes of the requests that carry mark=NUMBER, by transport",
                )
            },
            get(marked_bytes),
        ),
        (Address::get("/help", "this list"), get(help)),
        (
            Address::get("/healthz", "whether the server runs"),
            get(health),
        ),
        (
            Address::get("/metrics", "counters, for Prometheus"),
            get(metrics),
        ),
    ]);
    routes.extend(captures::routes());
    routes.extend(page::routes(has_class));
    if has_class {
        routes.extend(classroom_routes::routes());
    }
    routes
}

/// The router of a server that is asked over `scheme`.
pub fn router(
    state: Arc<AppState>,
    scheme: &'static str,
    classroom: Option<Arc<Classroom>>,
) -> Router {
    let limit = DefaultBodyLimit::max(state.limits.max_message_bytes);
    let mut router = Router::new();
    let mut addresses = Vec::new();
    for (address, handler) in routes(classroom.is_some()) {
        router = router.route(&address.path, handler);
        addresses.push(address);
    }
    let directory = Arc::new(Directory { scheme, addresses });
    if let Some(classroom) = classroom {
        router = router.layer(Extension(classroom));
    }
    router
        .fallback(no_such_address)
        .method_not_allowed_fallback(wrong_method)
        .layer(limit)
        .layer(Extension(directory))
        .with_state(state)
}

async fn health(State(state): State<Arc<AppState>>) -> Response {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "feeds": state.feeds.count(),
        "presence": state.feeds.keep_presence(),
    }))
    .into_response()
}

/// What passed the sockets for the requests of one visit.
async fn marked_bytes(State(state): State<Arc<AppState>>, uri: Uri) -> Result<Response, ApiError> {
    let mark = param(uri.query(), "mark").ok_or_else(|| {
        let advice = "write ?mark=NUMBER, with the number of the requests to be counted";
        ApiError::new(StatusCode::BAD_REQUEST, advice)
    })?;
    let visit = state.metrics.of_visit(mark);
    let transports = Transport::ALL.map(|one| (one.name(), one.class()));
    let classes = transports.into_iter().chain([("other", OTHER)]);
    let bytes = classes.map(|(name, class)| {
        let SocketBytes { read, written } = visit[class];
        let bytes = json!({ "read_bytes": read, "written_bytes": written });
        (name.to_owned(), bytes)
    });
    Ok(Json(bytes.collect::<serde_json::Map<_, _>>()).into_response())
}

async fn members(
    State(state): State<Arc<AppState>>,
    FeedOfPath(feed): FeedOfPath,
) -> Result<Response, ApiError> {
    let feed = state.feeds.peek(&feed)?;
    let members = feed.members().ok_or_else(|| {
        let advice = "this server keeps no members: start it with --presence on";
        ApiError::new(StatusCode::NOT_FOUND, advice)
    })?;
    let transports = members.transports();
    let names: Vec<_> = transports.keys().collect();
    Ok(Json(json!({ "members": names, "transports": transports })).into_response())
}

async fn post_message(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    Extension(half): Extension<Arc<ClientHalf>>,
    FeedOfPath(feed): FeedOfPath,
    request: Request,
) -> Result<Whole, ApiError> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|kind| str::from_utf8(kind.as_bytes()).ok());
    check_head(&state, counters.address, content_type)?;
    let limit = state.limits.max_message_bytes as u64;
    let bytes = request
        .body()
        .size_hint()
        .upper()
        .unwrap_or(limit)
        .min(limit);
    let owed = counters.owe(bytes as usize);
    let _owed = owed.ok_or_else(ApiError::no_memory)?;
    let new = parse_message(&body(request, &half, &state.limits, limit as usize).await?)?;
    let feed = state.feeds.open(&feed, counters.address)?;
    Ok(created(publish(&feed, &new).await?))
}

#[derive(Debug, Deserialize)]
struct History {
    limit: Option<usize>,
    before: Option<u64>,
}

async fn history(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    FeedOfPath(feed): FeedOfPath,
    ApiQuery(query): ApiQuery<History>,
) -> Result<Whole, ApiError> {
    let limit = query.limit.unwrap_or(HISTORY_LIMIT).min(MAX_HISTORY_LIMIT);
    let feed = state.feeds.peek(&feed)?;
    let whole = answer::messages(&feed.history(query.before, limit));
    whole.counted(&counters)
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let advice = format!(
        "{} does not take {method}: see the Allow header",
        uri.path()
    );
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, advice)
}
