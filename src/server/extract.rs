//! What axum's handlers take from a request: its feed, its query, and its body.

use std::str::FromStr;
use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::feed::check_feed_name;
use crate::server::client_half::ClientHalf;
use crate::service::answer::{ApiError, BAD_QUERY};
use crate::service::counters::ConnectionCounters;
use crate::service::limits::Limits;
use crate::service::publish::check_media_type;
use crate::service::state::{AppState, LOBBY};

/// The name of the feed in the request's path; the lobby if it names none.
pub struct FeedOfPath(pub String);

impl FromRequestParts<Arc<AppState>> for FeedOfPath {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.body_text()))?;
        let name = params
            .iter()
            .find(|(key, _)| *key == "feed")
            .map_or(LOBBY, |(_, name)| name);
        check_feed_name(name)?;
        Ok(FeedOfPath(name.to_owned()))
    }
}

/// The request's query; a malformed one is answered with 400 and the parameter's name.
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await;
        let Query(query) = query.map_err(query_error)?;
        Ok(ApiQuery(query))
    }
}

/// The error for a query that can't be read.
pub fn query_error(rejection: QueryRejection) -> ApiError {
    let why = rejection.body_text();
    let why = why
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(&why);
    let advice = format!("{BAD_QUERY}: {why}; write it like ?after=42");
    ApiError::new(StatusCode::BAD_REQUEST, advice)
}

/// The complete body of a request of at most `limit` bytes, read within a time limit. One whose
/// length is over the limit is refused before it is sent, if its sender waits for 100 Continue (RFC
/// 9110, section 10.1.1).
pub async fn body(
    request: Request,
    half: &ClientHalf,
    limits: &Limits,
    limit: usize,
) -> Result<Bytes, ApiError> {
    let too_long = || {
        let advice = format!("a message has at most {limit} bytes: write less");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, advice)
    };
    if request.body().size_hint().lower() > limit as u64 {
        return Err(too_long());
    }
    let body = Bytes::from_request(request, &());
    let body = half.while_short(tokio::time::timeout(limits.body_timeout, body));
    let body = body.await.ok_or_else(too_long)?.map_err(|_| {
        let advice = "the body did not arrive in time: send it at once";
        ApiError::new(StatusCode::REQUEST_TIMEOUT, advice)
    })?;
    body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        status => ApiError::new(status, error.body_text()),
    })
}

/// Bytes of a [`JsonBody`]: the report of a device has 300.
const MAX_JSON_BYTES: usize = 2 << 10;

/// The body of a POST as JSON, counted in memory while it comes.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<AppState>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, ApiError> {
        let content_type = request.headers().get(CONTENT_TYPE);
        check_media_type(content_type.and_then(|kind| kind.to_str().ok()))?;
        let counters = request
            .extensions()
            .get::<Arc<ConnectionCounters>>()
            .cloned();
        let half = request.extensions().get::<Arc<ClientHalf>>().cloned();
        let (counters, half) = counters.zip(half).expect("every request has both");
        let owed = counters.owe(MAX_JSON_BYTES);
        let _owed = owed.ok_or_else(ApiError::no_memory)?;
        let bytes = body(request, &half, &state.limits, MAX_JSON_BYTES).await?;
        let json = serde_json::from_slice(&bytes);
        json.map(JsonBody).map_err(|error| {
            let advice = format!("the body is not understood: {error}");
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, advice)
        })
    }
}

/// A parameter of a query that is read before any handler; `None` if it is not there or not valid.
pub fn param<T: FromStr>(query: Option<&str>, name: &str) -> Option<T> {
    let mut params = query?.split('&');
    params.find_map(|param| param.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_named_in_full_and_valid() {
        assert_eq!(param(Some("after=1&mark=42"), "mark"), Some(42));
        assert_eq!(param::<u64>(Some("mark=x&remark=1"), "mark"), None);
        assert_eq!(param::<u64>(None, "mark"), None);
    }
}
