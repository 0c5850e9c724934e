//! The check of `Host` (RFC 9112, section 3.2). hyper does the other checks of a request: of one
//! with two lengths it believes the chunked coding, and closes after the answer, so that nothing
//! can be smuggled.

use axum::http::header::{CONNECTION, HOST};
use axum::http::{HeaderValue, Request, StatusCode, Version};
use axum::response::{IntoResponse, Response};

use crate::service::answer::ApiError;

/// Refuses a request that a proxy on the way might understand in another way. Its connection ends,
/// since the start of the next request is uncertain.
pub fn check<B>(request: &Request<B>) -> Result<(), Box<Response>> {
    let hosts = request.headers().get_all(HOST).iter();
    let Err(advice) = check_host(hosts.map(HeaderValue::as_bytes), request.version()) else {
        return Ok(());
    };
    let mut answer = ApiError::new(StatusCode::BAD_REQUEST, advice).into_response();
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    Err(answer.into())
}

/// Checks that there is one `Host`, with a host in it; HTTP/1.0 needs none.
pub fn check_host<'a>(
    mut hosts: impl Iterator<Item = &'a [u8]>,
    version: Version,
) -> Result<(), &'static str> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+,;=".contains(byte);
    let is_host = |host: &[u8]| !host.is_empty() && host.iter().all(is_part);
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (Some(_), None) => Err("Host: write host, or host:port"),
        (None, _) if version < Version::HTTP_11 => Ok(()),
        (None, _) => Err("Host is missing: write Host: host:port"),
        (Some(_), Some(_)) => Err("Host comes twice: write it once"),
    }
}
