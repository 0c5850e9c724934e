//! Upgrades of a connection in requests and responses of axum (RFC 9110, section 7.8).

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, StatusCode, Version};
use axum::response::Response;

use crate::service::answer::{ApiError, append_fields};

/// Checks that the request line allows an upgrade, before anything is opened for it: only GET does,
/// while axum would route HEAD as well, and only HTTP/1.1.
///
/// # Errors
/// 400 or 405.
pub fn check_line(request: &Request) -> Result<(), ApiError> {
    if request.version() < Version::HTTP_11 {
        return Err(no_upgrade());
    }
    let method = request.method();
    if method == Method::GET {
        return Ok(());
    }
    let advice = format!("{method} does not upgrade: write GET");
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, advice);
    Err(error.with_fields("\r\ncontent-type: application/json\r\nallow: GET"))
}

/// The answer to a request whose connection cannot be upgraded.
pub fn no_upgrade() -> ApiError {
    let advice = "write HTTP/1.1, with Connection: Upgrade";
    ApiError::new(StatusCode::BAD_REQUEST, advice)
}

/// 101 Switching Protocols, with header lines after CR LF each.
pub fn switching(lines: &str) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    append_fields(headers, lines);
    answer
}
