//! Access: the host that is asked, the token, and the origins of web pages.
//!
//! A browser states the origin of a page (`Origin`, RFC 6454) on every request of a foreign page
//! that could write or whose answer the page could read, and on every WebSocket. A page is the
//! server's own if its origin's host equals `Host`; the scheme is left out, since a proxy may have
//! ended TLS. Answers to allowed foreign pages name their origin (WHATWG Fetch, section 3.3);
//! otherwise the browser would withhold the answers.
//!
//! A page without an origin of its own, as one opened from a file, states `Origin: null`. So does
//! any page in a sandboxed frame, so `null` must be allowed by name like any other origin.
//!
//! This holds for every path but `/healthz`, which is for probes without a token, and the scripts
//! and styles of the pages, which are the same for all. The pages (`/`) require the token too, and
//! pass it on in their requests. So does `/metrics`, which shows how busy the server is; Prometheus
//! can send an `Authorization`.

use std::str::FromStr;

use axum::extract::Query;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HOST, ORIGIN, VARY,
};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::client::token::Token;
use crate::server::host::Hosts;
use crate::server::page::FILES_PATH;
use crate::service::answer::{ApiError, JSON_BEARER};

/// Whether a path is open to all.
fn is_open(path: &str) -> bool {
    path == "/healthz" || path.starts_with(FILES_PATH)
}

/// How long a browser may cache the answer to a preflight, in s.
const PREFLIGHT_AGE_S: &str = "600";

/// What a request needs to be admitted.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The token that requests must carry.
    pub token: Option<Token>,
    /// Origins of foreign pages that are allowed.
    pub origins: Vec<Origin>,
    /// The hosts that may be asked for.
    pub hosts: Hosts,
}

/// An admitted request.
#[derive(Debug)]
pub struct Admission {
    /// The origin of the foreign page that sent it.
    origin: Option<HeaderValue>,
}

impl Access {
    /// Admits a request of the general engine, or answers it.
    pub fn admit<B>(&self, request: &Request<B>) -> Result<Admission, Box<Response>> {
        let headers = request.headers();
        let host = host(request);
        self.hosts.check(host).map_err(ApiError::into_response)?;
        if is_open(request.uri().path()) {
            return Ok(Admission { origin: None });
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = origins.next();
        if origins.next().is_some() {
            let advice = "Origin comes twice: write it once";
            let error = ApiError::new(StatusCode::BAD_REQUEST, advice);
            return Err(error.into_response().into());
        }
        let text = origin.map(|origin| origin.to_str().unwrap_or_default());
        let foreign = self.foreign_origin(host, text);
        let foreign = foreign.map_err(ApiError::into_response)?;
        let admission = Admission {
            origin: origin.filter(|_| foreign.is_some()).cloned(),
        };
        if admission.origin.is_some() && is_preflight(request) {
            return Err(admission.mark(preflight()).into());
        }
        let authorization = headers.get(AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let query = Query::<TokenQuery>::try_from_uri(request.uri()).ok();
        let token = query.as_ref().map(|query| &*query.token);
        match self.check_token(authorization, token) {
            Ok(()) => Ok(admission),
            Err(error) => Err(admission.mark(error.into_response()).into()),
        }
    }

    /// The origin, if it is that of an allowed foreign page; `None` for the server's own page, or
    /// none.
    ///
    /// # Errors
    /// 403 if the page is not allowed.
    pub fn foreign_origin<'a>(
        &self,
        host: Option<&str>,
        origin: Option<&'a str>,
    ) -> Result<Option<&'a str>, ApiError> {
        let Some(text) = origin else {
            return Ok(None);
        };
        let advice = match text.parse::<Origin>() {
            Ok(origin) if host.is_some_and(|host| origin.is_at(host)) => return Ok(None),
            Ok(origin) if self.origins.contains(&origin) => return Ok(Some(text)),
            Ok(Origin::Null) => "a page without an origin, as one opened from a file, may not use \
                                 this server; if such pages shall, start it with \
                                 --allow-origin null"
                .to_owned(),
            Ok(Origin::Page { .. }) => format!(
                "pages of {text} may not use this server; \
                 if they shall, start it with --allow-origin {text}"
            ),
            Err(_) => "only pages of http and https may use this server: \
                       write Origin as https://lab.example.org"
                .to_owned(),
        };
        Err(ApiError::new(StatusCode::FORBIDDEN, advice))
    }

    /// Checks the token: a bearer token (RFC 6750), or a parameter of the query, which a browser
    /// needs for a WebSocket or an event stream. The time taken does not depend on the token.
    ///
    /// # Errors
    /// 401 if it is wrong or missing.
    pub fn check_token(
        &self,
        authorization: Option<&str>,
        param: Option<&str>,
    ) -> Result<(), ApiError> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        if token.is_bearer(authorization) || param.is_some_and(|given| token.is(given)) {
            return Ok(());
        }
        let advice = "this server asks for its token: write ?token=… or Authorization: Bearer …";
        let error = ApiError::new(StatusCode::UNAUTHORIZED, advice);
        Err(error.with_fields(JSON_BEARER))
    }
}

#[derive(Deserialize)]
struct TokenQuery {
    token: String,
}

impl Admission {
    /// Marks an answer as one that the foreign page may read.
    pub fn mark(self, mut answer: Response) -> Response {
        if let Some(origin) = self.origin {
            let headers = answer.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.append(VARY, HeaderValue::from_name(ORIGIN));
        }
        answer
    }
}

/// Appends what [`Admission::mark`] adds, as header lines after CR LF.
pub fn write_marks(out: &mut Vec<u8>, origin: &str) {
    out.extend_from_slice(b"\r\naccess-control-allow-origin: ");
    out.extend_from_slice(origin.as_bytes());
    out.extend_from_slice(b"\r\nvary: origin");
}

/// The host of the request: that of the request line, if it has one (RFC 9112, section 3.2.2).
fn host<B>(request: &Request<B>) -> Option<&str> {
    let authority = request.uri().authority().map(Authority::as_str);
    authority.or_else(|| request.headers().get(HOST)?.to_str().ok())
}

/// Whether it is a browser's preflight.
fn is_preflight<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight: allowed pages may do all that other clients may.
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

/// The origin of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The origin of a page that has none, written `null` (WHATWG HTML, section 7.1.1).
    Null,
    Page {
        /// `http` or `https`.
        scheme: String,
        /// With the port, in lower case, without the scheme's default port.
        host: String,
    },
}

impl Origin {
    /// Whether its host is that of a `Host` field.
    fn is_at(&self, other: &str) -> bool {
        match self {
            Origin::Null => false,
            Origin::Page { scheme, host } => normalised(scheme, other) == *host,
        }
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "null" {
            return Ok(Origin::Null);
        }
        let (scheme, host) = text.split_once("://").unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        let is_host = |host: &str| !host.contains('@') && host.parse::<Authority>().is_ok();
        match ["http", "https"].contains(&&*scheme) && is_host(host) {
            true => Ok(Origin::Page {
                host: normalised(&scheme, host),
                scheme,
            }),
            false => {
                let advice = "write scheme and host, as https://lab.example.org; or null, for \
                              pages opened from a file";
                Err(advice.to_owned())
            }
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
    fn a_page_is_the_servers_own_whatever_its_scheme_and_case() {
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
        assert_eq!("null".parse(), Ok(Origin::Null));
        for bad in [
            "",
            "NULL",
            "ftp://127.0.0.1:8080",
            "chrome-extension://abcdef",
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
