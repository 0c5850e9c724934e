//! Complete answers: a status, header fields and a body; and errors, which become one.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

#[cfg(doc)]
use crate::feed::Memory;
use crate::feed::{AppendError, FeedError, InvalidMessage};
use crate::service::counters::ConnectionCounters;

/// The header field of a JSON body, as a header line after CR LF.
pub const JSON: &str = "\r\ncontent-type: application/json";

/// The same, for a request that needs a token or key (RFC 6750, section 3).
pub const JSON_BEARER: &str = "\r\ncontent-type: application/json\r\nwww-authenticate: Bearer";

/// The same, for an answer after which the client may try again in 1 s.
pub const JSON_RETRY: &str = "\r\ncontent-type: application/json\r\nretry-after: 1";

/// How the advice about a query begins. The rest of it quotes the query.
pub const BAD_QUERY: &str = "the query is not understood";

/// What a client is told whose address may owe no more, see [`Memory`].
pub const NO_MEMORY: &str = "this server has no memory left for your address: read what you are \
                             sent, send what you have begun, and try again";

/// Why a request was refused: an extension of the response, for the log. Without the query.
#[derive(Clone, Debug)]
pub struct Reason(pub String);

/// An answer whose body is known.
#[derive(Debug, Default)]
pub struct Whole {
    pub status: StatusCode,
    /// Header lines, each after CR LF, without Content-Length, Date and Connection.
    pub fields: &'static str,
    pub body: Bytes,
}

impl Whole {
    /// The same answer, whose body is counted while a connection has not taken it.
    ///
    /// # Errors
    /// 503 if there is no memory for it.
    pub fn counted(self, counters: &ConnectionCounters) -> Result<Self, ApiError> {
        let body = counters.counted(self.body);
        let body = body.ok_or_else(ApiError::no_memory)?;
        Ok(Whole { body, ..self })
    }
}

impl IntoResponse for Whole {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        append_fields(response.headers_mut(), self.fields);
        response
    }
}

/// Appends header lines, each after CR LF, to `headers`. Lines must be valid.
pub fn append_fields(headers: &mut HeaderMap, lines: &str) {
    for line in lines.split("\r\n").skip(1) {
        let (name, value) = line.split_once(": ").expect("name: value");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a field's name");
        headers.append(name, HeaderValue::from_str(value).expect("a field's value"));
    }
}

/// An error that says what to change; its body is `{"error":"…"}`.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub advice: String,
    /// Header lines as in [`Whole::fields`].
    fields: &'static str,
}

impl ApiError {
    pub fn new(status: StatusCode, advice: impl Into<String>) -> Self {
        ApiError {
            status,
            advice: advice.into(),
            fields: JSON,
        }
    }

    /// 503 for a client whose address may owe no more.
    pub fn no_memory() -> Self {
        let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, NO_MEMORY);
        error.with_fields(JSON_RETRY)
    }

    /// The advice as the log may have it: without the query.
    pub fn reason(&self) -> &str {
        match self.advice.starts_with(BAD_QUERY) {
            true => BAD_QUERY,
            false => &self.advice,
        }
    }

    /// The same error with these header lines instead of [`JSON`] alone.
    pub fn with_fields(self, fields: &'static str) -> Self {
        ApiError { fields, ..self }
    }
}

impl From<ApiError> for Whole {
    fn from(error: ApiError) -> Self {
        let json = serde_json::json!({ "error": error.advice });
        Whole {
            status: error.status,
            fields: error.fields,
            body: json.to_string().into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let reason = Reason(self.reason().to_owned());
        let mut response = Whole::from(self).into_response();
        response.extensions_mut().insert(reason);
        response
    }
}

impl From<FeedError> for ApiError {
    fn from(error: FeedError) -> Self {
        let (status, fields) = match error {
            FeedError::BadName => (StatusCode::BAD_REQUEST, JSON),
            FeedError::TooMany(_) | FeedError::TooManyOfAddress => {
                (StatusCode::CONFLICT, JSON_RETRY)
            }
        };
        ApiError::new(status, error.to_string()).with_fields(fields)
    }
}

impl From<AppendError> for ApiError {
    fn from(error: AppendError) -> Self {
        let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
        error.with_fields(JSON_RETRY)
    }
}

impl From<InvalidMessage> for ApiError {
    fn from(error: InvalidMessage) -> Self {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
    }
}
