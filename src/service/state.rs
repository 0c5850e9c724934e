//! What the server ends of all transports share: the feeds, the limits, and how requests name a
//! feed and a cursor.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use strum::{Display, EnumString, VariantNames};
use tokio::sync::Notify;

use crate::error::unknown;
use crate::feed::{AppendError, Batch, Feed, FeedError, Feeds, InvalidMessage};
use crate::service::counters::{ConnectionCounters, Counter, ServerMetrics};
use crate::service::rate_limiter::{RateExceeded, RateLimiter};

/// The feed of the addresses that name none: `/chat` and `/events`.
pub const LOBBY: &str = "lobby";

/// The state behind every route.
#[derive(Debug)]
pub struct AppState {
    pub feeds: Feeds,
    pub limits: Limits,
    /// How often one address may publish; as often as it likes if not given.
    pub pace: Option<RateLimiter>,
    pub tally: Arc<ServerMetrics>,
    /// Whether the server is about to end, and who waits for that.
    closing: AtomicBool,
    closes: Notify,
}

impl AppState {
    pub fn new(feeds: Feeds, limits: Limits) -> Self {
        AppState {
            feeds,
            limits,
            pace: None,
            tally: Arc::default(),
            closing: AtomicBool::new(false),
            closes: Notify::new(),
        }
    }

    /// Counts a message of `address`, which may come too soon after others.
    pub fn paced(&self, address: IpAddr) -> Result<(), RateExceeded> {
        self.pace
            .as_ref()
            .map_or(Ok(()), |pace| pace.check(address))
    }

    /// Ends every conversation in good order.
    pub fn close(&self) {
        // First, so that the answers of held polls say that they are the last.
        self.closing.store(true, Release);
        self.closes.notify_waiters();
        self.feeds.close();
    }

    /// Whether the server is about to end.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Acquire)
    }

    /// Returns once the server is about to end.
    pub async fn closed(&self) {
        // Listen first, look second: an end in between is heard.
        let closes = self.closes.notified();
        if !self.is_closing() {
            closes.await;
        }
    }
}

/// Bytes of messages that a stream takes at once: enough for one write of many, and little enough
/// to be held for each of thousands of readers that have stopped reading.
pub const STREAM_PIECE_BYTES: usize = 64 << 10;

/// What becomes of a reader of a stream that is so slow that the log has moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<SlowReader>)]
pub enum SlowReader {
    /// It is told how many messages it missed, and goes on with those that there are.
    Skip,
    /// Its stream ends.
    Close,
}

/// Intervals and bounds of the server ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A silent SSE stream gets a comment this often: proxies cut idle connections after 60 s.
    pub heartbeat: Duration,
    /// A WebSocket gets a ping this often; a peer silent for two of these is gone.
    pub ping: Duration,
    /// The longest wait of one long poll, whatever the client asks for.
    pub max_hold: Duration,
    /// Bytes of one published message, as it arrives.
    pub max_message_bytes: usize,
    /// What becomes of a reader whose next message the log no longer holds.
    pub slow_reader: SlowReader,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
}

impl Limits {
    /// Counts a stream's reader that the log has moved on past; tells whether its stream must end.
    pub fn give_up(&self, counters: &ConnectionCounters, next: &Batch) -> bool {
        let behind = next.missed.is_some();
        if behind {
            counters.add(Counter::SlowReaders, 1);
            tracing::info!(address = %counters.address, missed = next.missed, "a slow reader");
        }
        behind && self.slow_reader == SlowReader::Close
    }

    /// How long a long poll is held that asks for so much, or does not ask.
    pub fn hold(&self, asked_ms: Option<u64>) -> Duration {
        asked_ms.map_or(self.max_hold, |ms| {
            Duration::from_millis(ms).min(self.max_hold)
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            heartbeat: Duration::from_secs(15),
            ping: Duration::from_secs(20),
            max_hold: Duration::from_secs(25),
            max_message_bytes: 64 << 10,
            slow_reader: SlowReader::Skip,
            body_timeout: Duration::from_secs(10),
        }
    }
}

/// An answer that says what to change, as `{"error":"…"}`.
#[derive(Debug)]
pub struct ApiError(pub StatusCode, pub String);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(serde_json::json!({ "error": self.1 }));
        match self.0 {
            StatusCode::SERVICE_UNAVAILABLE => (self.0, [(RETRY_AFTER, "1")], body).into_response(),
            status => (status, body).into_response(),
        }
    }
}

/// Where an answer is past, all that is left is to end the connection.
impl From<ApiError> for io::Error {
    fn from(error: ApiError) -> Self {
        io::Error::other(error.1)
    }
}

impl From<FeedError> for ApiError {
    fn from(error: FeedError) -> Self {
        let status = match error {
            FeedError::BadName => StatusCode::BAD_REQUEST,
            FeedError::TooMany(_) => StatusCode::CONFLICT,
        };
        ApiError(status, error.to_string())
    }
}

impl From<AppendError> for ApiError {
    fn from(error: AppendError) -> Self {
        ApiError(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl From<InvalidMessage> for ApiError {
    fn from(error: InvalidMessage) -> Self {
        ApiError(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        let why = rejection.body_text();
        let why = why
            .strip_prefix("Failed to deserialize query string: ")
            .unwrap_or(&why);
        let advice = format!("the query is not understood: {why}; write it like ?after=42");
        ApiError(StatusCode::BAD_REQUEST, advice)
    }
}

/// The log of the feed that the request's path names; of the lobby if it names none.
pub struct FeedLog(pub Arc<Feed>);

impl FromRequestParts<Arc<AppState>> for FeedLog {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError(StatusCode::BAD_REQUEST, error.body_text()))?;
        let name = params
            .iter()
            .find(|(key, _)| *key == "feed")
            .map_or(LOBBY, |(_, name)| name);
        Ok(FeedLog(state.feeds.get(name)?))
    }
}

/// The request's query parameters; a bad one is answered with 400 and its name.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(params) = Query::from_request_parts(parts, state).await?;
        Ok(Params(params))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::Ordering::Relaxed;
    use std::task::{Context, Wake};

    use super::*;
    use crate::feed::Retention;

    /// Looks, when it is woken, whether the server is known to end.
    struct Look(Arc<AppState>, AtomicBool);

    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            self.1.store(self.0.is_closing(), Relaxed);
        }
    }

    #[test]
    fn a_held_poll_that_the_end_answers_knows_that_it_is_the_end() {
        let feeds = Feeds::new(Retention::default(), 1);
        let state = Arc::new(AppState::new(feeds, Limits::default()));
        let mut reader = state.feeds.get("a").unwrap().reader(None);
        let mut next = pin!(reader.next());
        let look = Arc::new(Look(state.clone(), AtomicBool::new(false)));
        let waker = look.clone().into();
        let mut context = Context::from_waker(&waker);
        assert!(next.as_mut().poll(&mut context).is_pending());
        state.close();
        assert!(look.1.load(Relaxed));
        assert!(next.as_mut().poll(&mut context).is_ready());
    }
}
