//! Publishing: the checks of a POST, and the one place that appends to a feed for a client.

use std::net::IpAddr;

use axum::http::StatusCode;

use crate::feed::{AppendError, Feed, NewMessage, check_name, check_text};
use crate::runtime::clock;
use crate::service::answer::{ApiError, JSON, JSON_RETRY, Whole};
use crate::service::state::AppState;
use crate::texts::BYTE_ORDER_MARK;

/// Checks what precedes the body: the rate of `address` (429), then the media type (415).
pub fn check_head(
    state: &AppState,
    address: IpAddr,
    content_type: Option<&str>,
) -> Result<(), ApiError> {
    state.check_rate(address).map_err(|error| {
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, error.to_string());
        error.with_fields(JSON_RETRY)
    })?;
    check_media_type(content_type)
}

/// Checks the `Content-Type` of a POST.
///
/// # Errors
/// 415 unless it is JSON.
pub fn check_media_type(content_type: Option<&str>) -> Result<(), ApiError> {
    let media_type = content_type.unwrap_or_default().split(';').next();
    let media_type = media_type.unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let advice = "publish JSON: set Content-Type: application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, advice));
    }
    Ok(())
}

/// Reads the body of a POST, which may begin with a byte order mark (RFC 8259, section 8.1).
///
/// # Errors
/// 400 if it is not JSON; 422 if it has no valid name or text.
pub fn parse_message(body: &[u8]) -> Result<NewMessage, ApiError> {
    let json = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let mut new: NewMessage = serde_json::from_slice(json).map_err(|error| {
        let advice = format!("write {{\"from\":\"alice\",\"text\":\"oi\"}}: {error}");
        let status = match error.is_data() {
            true => StatusCode::UNPROCESSABLE_ENTITY,
            false => StatusCode::BAD_REQUEST,
        };
        ApiError::new(status, advice)
    })?;
    new.from = check_name(&new.from)?.to_owned();
    check_text(&new.text)?;
    Ok(new)
}

/// Appends a checked message to a feed, published now. Returns its `seq`.
pub async fn publish(feed: &Feed, new: &NewMessage) -> Result<u64, AppendError> {
    feed.append(new, clock::now_ns()).await
}

/// The answer to a POST whose message is in the feed.
pub fn created(seq: u64) -> Whole {
    Whole {
        status: StatusCode::CREATED,
        fields: JSON,
        body: format!("{{\"seq\":{seq}}}").into(),
    }
}
