//! The routes: those of the transports, and what belongs to none of them.

use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::feed::{NewMessage, check_name, check_text};
use crate::runtime::clock;
use crate::server::metrics::metrics;
use crate::service::counters::ConnectionCounters;
use crate::service::presence;
use crate::service::state::{ApiError, AppState, FeedLog, Limits, Params};
use crate::transport::{Transport, answer};

/// The classroom page: one file, in the binary.
const PAGE: &str = include_str!("page/index.html");

/// Messages in one answer of history unless `limit` says otherwise, and at the most.
const HISTORY_LIMIT: usize = 50;
const MAX_HISTORY_LIMIT: usize = 1_000;

/// Every address of the server.
pub fn router(state: Arc<AppState>) -> Router {
    let limit = DefaultBodyLimit::max(state.limits.max_message_bytes);
    let own = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .route("/feeds/{feed}/messages", get(history).post(publish))
        .merge(presence::routes());
    Transport::ALL
        .into_iter()
        .fold(own, |router, transport| router.merge(transport.routes()))
        .fallback(no_such_address)
        .method_not_allowed_fallback(wrong_method)
        .layer(limit)
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

async fn publish(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    FeedLog(log): FeedLog,
    request: Request,
) -> Result<Response, ApiError> {
    if let Err(too_fast) = state.paced(counters.address) {
        let error = ApiError(StatusCode::TOO_MANY_REQUESTS, too_fast.to_string());
        return Ok(([(RETRY_AFTER, "1")], error).into_response());
    }
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let advice = "publish JSON: set Content-Type: application/json".to_owned();
        return Err(ApiError(StatusCode::UNSUPPORTED_MEDIA_TYPE, advice));
    }
    let new = new_message(&body(request, &state.limits).await?)?;
    let seq = log.append(&new, clock::now_ns()).await?;
    Ok((StatusCode::CREATED, Json(json!({ "seq": seq }))).into_response())
}

/// The message that a body holds.
pub fn new_message(body: &[u8]) -> Result<NewMessage, ApiError> {
    let mut new: NewMessage = serde_json::from_slice(body).map_err(|error| {
        let advice = format!("write {{\"from\":\"alice\",\"text\":\"oi\"}}: {error}");
        match error.is_data() {
            true => ApiError(StatusCode::UNPROCESSABLE_ENTITY, advice),
            false => ApiError(StatusCode::BAD_REQUEST, advice),
        }
    })?;
    new.from = check_name(&new.from)?.to_owned();
    check_text(&new.text)?;
    Ok(new)
}

/// The whole body of a request that must not take for ever. One that is announced as too long is
/// refused before it is sent, if its sender waits for a word (RFC 9110, section 10.1.1).
async fn body(request: Request, limits: &Limits) -> Result<Bytes, ApiError> {
    let limit = limits.max_message_bytes;
    let too_long = || {
        let advice = format!("a message has at most {limit} bytes: write less");
        ApiError(StatusCode::PAYLOAD_TOO_LARGE, advice)
    };
    if request.body().size_hint().lower() > limit as u64 {
        return Err(too_long());
    }
    let body = Bytes::from_request(request, &());
    let body = tokio::time::timeout(limits.body_timeout, body).await;
    let body = body.map_err(|_| {
        let advice = "the body did not arrive in time: send it at once".to_owned();
        ApiError(StatusCode::REQUEST_TIMEOUT, advice)
    })?;
    body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        status => ApiError(status, error.body_text()),
    })
}

#[derive(Debug, Deserialize)]
struct History {
    limit: Option<usize>,
    before: Option<u64>,
}

async fn history(FeedLog(log): FeedLog, Params(query): Params<History>) -> Response {
    let limit = query.limit.unwrap_or(HISTORY_LIMIT).min(MAX_HISTORY_LIMIT);
    answer(&log.history(query.before, limit))
}

async fn no_such_address(uri: Uri) -> ApiError {
    let advice = format!(
        "there is nothing at {}: see / for what there is",
        uri.path()
    );
    ApiError(StatusCode::NOT_FOUND, advice)
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let advice = format!(
        "{} does not take {method}: see the Allow header",
        uri.path()
    );
    ApiError(StatusCode::METHOD_NOT_ALLOWED, advice)
}
