//! What axum's handlers take from a request: its feed, and its query.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::feed::check_feed_name;
use crate::service::answer::{ApiError, BAD_QUERY};
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
