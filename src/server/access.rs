//! Who may enter: those who know the token, and pages that may be here.
//!
//! A browser sends along where a page comes from (`Origin`, RFC 6454), on every request of a
//! foreign page that could write or whose answer it could read, and on every WebSocket. A page is
//! our own if its origin's host is the one that was asked (`Host`): the scheme is left out of it,
//! since a proxy may have ended TLS. To foreign pages that are welcome, answers say so (WHATWG
//! Fetch, section 3.3), or else the browser would keep the answers from them.
//!
//! All this holds for every address but one: `/healthz` says nothing that matters, to probes that
//! know nothing. The page itself (`/`) asks for the token as well, and hands it on in its requests:
//! without one it would only fail later. So does `/metrics`, which tells strangers how busy
//! this server is; Prometheus can send an `Authorization`.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HOST, ORIGIN, VARY,
    WWW_AUTHENTICATE,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::client::token::Token;
use crate::service::state::ApiError;

/// The one address that is open to all.
const OPEN: &str = "/healthz";

/// How long a browser may remember what a preflight said, in s.
const PREFLIGHT_AGE_S: &str = "600";

/// What is asked of those who come in.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// What they must know; nothing if none.
    pub token: Option<Token>,
    /// Foreign pages that are welcome.
    pub origins: Vec<Origin>,
}

/// One who was let in.
#[derive(Debug)]
pub struct Admission {
    /// The foreign page on whose behalf it came.
    origin: Option<HeaderValue>,
}

impl Access {
    /// Lets a request in, or answers it.
    pub fn enter<B>(&self, request: &Request<B>) -> Result<Admission, Box<Response>> {
        let headers = request.headers();
        if request.uri().path() == OPEN {
            return Ok(Admission { origin: None });
        }
        let origin = self
            .foreign(headers, host(request))
            .map_err(|error| error.into_response())?;
        let visitor = Admission { origin };
        if visitor.origin.is_some() && is_preflight(request) {
            return Err(visitor.admit(preflight()).into());
        }
        let admitted = |token: &Token| carries(token, headers, request.uri());
        match self.token.as_ref().is_none_or(admitted) {
            true => Ok(visitor),
            false => Err(visitor.admit(no_token()).into()),
        }
    }

    /// The origin of a foreign page that is welcome; none for a page of our own, or no page.
    fn foreign(
        &self,
        headers: &HeaderMap,
        host: Option<&str>,
    ) -> Result<Option<HeaderValue>, ApiError> {
        let Some(value) = headers.get(ORIGIN) else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default();
        match text.parse::<Origin>() {
            Ok(origin) if host.is_some_and(|host| origin.is_at(host)) => Ok(None),
            Ok(origin) if self.origins.contains(&origin) => Ok(Some(value.clone())),
            _ => {
                let advice = format!(
                    "pages of {text} may not use this server; \
                     if they shall, start it with --allow-origin {text}"
                );
                Err(ApiError(StatusCode::FORBIDDEN, advice))
            }
        }
    }
}

impl Admission {
    /// Marks an answer as one that the foreign page may read.
    pub fn admit(self, mut answer: Response) -> Response {
        if let Some(origin) = self.origin {
            let headers = answer.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.append(VARY, HeaderValue::from_name(ORIGIN));
        }
        answer
    }
}

/// The host that was asked: that of the request line, if it has one, is the one that counts
/// (RFC 9112, section 3.2.2).
fn host<B>(request: &Request<B>) -> Option<&str> {
    let authority = request.uri().authority().map(Authority::as_str);
    authority.or_else(|| request.headers().get(HOST)?.to_str().ok())
}

/// Whether a browser asks what a page may do, before it does it.
fn is_preflight<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What pages may do: all that others may.
fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, last-event-id",
        ),
        (ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE_S),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn no_token() -> Response {
    let advice = "this server asks for its token: write ?token=… or Authorization: Bearer …";
    let error = ApiError(StatusCode::UNAUTHORIZED, advice.to_owned());
    ([(WWW_AUTHENTICATE, "Bearer")], error).into_response()
}

/// Whether a request carries the token: as a bearer token (RFC 6750), or in its query, where
/// browsers can put it for a WebSocket or an event stream.
fn carries(token: &Token, headers: &HeaderMap, uri: &Uri) -> bool {
    #[derive(Deserialize)]
    struct Pass {
        token: String,
    }
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .is_some_and(|(scheme, given)| {
            scheme.eq_ignore_ascii_case("Bearer") && token.is(given.trim())
        });
    bearer || Query::<Pass>::try_from_uri(uri).is_ok_and(|pass| token.is(&pass.token))
}

/// Where a page comes from: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    /// In lower case, without the scheme's own port.
    host: String,
}

impl Origin {
    /// Whether it is this host, in the sense of the `Host` header.
    fn is_at(&self, host: &str) -> bool {
        normalised(&self.scheme, host) == self.host
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, host) = text.split_once("://").unwrap_or_default();
        let is_host = |host: &str| !host.contains('@') && host.parse::<Authority>().is_ok();
        match !scheme.is_empty() && is_host(host) {
            true => Ok(Origin {
                scheme: scheme.to_ascii_lowercase(),
                host: normalised(&scheme.to_ascii_lowercase(), host),
            }),
            false => Err("write scheme and host, as https://lab.example.org".to_owned()),
        }
    }
}

fn normalised(scheme: &str, host: &str) -> String {
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_our_own_whatever_the_proxy_made_of_scheme_and_case() {
        for (origin, host, own) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("https://Lab.example.org", "lab.example.org", true),
            ("https://lab.example.org", "lab.example.org:443", true),
            ("http://lab.example.org:80", "LAB.example.org", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://127.0.0.1:8081", "127.0.0.1:8080", false),
            ("http://lab.example.org", "lab.example.org:443", false),
            ("https://lab.example.org.evil.net", "lab.example.org", false),
            ("https://evil.net", "lab.example.org", false),
        ] {
            let parsed: Origin = origin.parse().unwrap();
            assert_eq!(parsed.is_at(host), own, "{origin} at {host}");
        }
        for bad in [
            "null",
            "",
            "https://",
            "lab.example.org",
            "https://a/b",
            "https://b@a",
        ] {
            bad.parse::<Origin>().expect_err(bad);
        }
    }

    #[test]
    fn a_token_never_shows() {
        let access = Access {
            token: Some("s3cret".parse().unwrap()),
            ..Access::default()
        };
        assert!(!format!("{access:?}").contains("s3cret"));
    }
}
