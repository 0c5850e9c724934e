//! What a request must be beside what hyper sees to (RFC 9112). Of a request with two lengths hyper
//! believes the chunked coding, and closes after its answer, so that nothing can be smuggled.

use axum::http::header::{CONNECTION, HOST};
use axum::http::{HeaderValue, Request, StatusCode, Version};
use axum::response::{IntoResponse, Response};

use crate::service::state::ApiError;

/// Refuses a request that somebody else on its way might understand in another way; its connection
/// ends, since nobody knows what follows on it.
pub fn check<B>(request: &Request<B>) -> Result<(), Box<Response>> {
    let Err(advice) = host(request) else {
        return Ok(());
    };
    let mut answer = ApiError(StatusCode::BAD_REQUEST, advice.to_owned()).into_response();
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    Err(answer.into())
}

/// One `Host`, and a host in it (section 3.2).
fn host<B>(request: &Request<B>) -> Result<(), &'static str> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+,;=".contains(byte);
    let is_host = |host: &HeaderValue| !host.is_empty() && host.as_bytes().iter().all(is_part);
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (Some(_), None) => Err("Host: write host, or host:port"),
        (None, _) if request.version() < Version::HTTP_11 => Ok(()),
        (None, _) => Err("Host is missing: write Host: host:port"),
        (Some(_), Some(_)) => Err("Host comes twice: write it once"),
    }
}
