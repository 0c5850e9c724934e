//! The server's end: the opening handshake (RFC 6455, section 4.2), in front of the talk.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::header::{
    ALLOW, CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::feed::Cursor;
use crate::server::http1::conn::{Http1Conn, Stream};
use crate::server::http1::request::{FastRequest, RequestFields};
use crate::service::counters::ConnectionCounters;
use crate::service::state::{ApiError, AppState, FeedLog, Params};
use crate::transport::Transport;
use crate::transport::websocket::session::{FeedSession, echo_back};

/// Endpoints: a feed, the lobby, and an echo on the same terms.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/feeds/{feed}/ws", get(upgrade))
        .route("/chat", get(upgrade))
        .route("/echo", get(echo))
}

#[derive(Debug, Deserialize)]
struct Query {
    after: Option<Cursor>,
    user: Option<String>,
}

async fn upgrade(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    FeedLog(log): FeedLog,
    Params(query): Params<Query>,
    handshake: Handshake,
) -> Result<Response, ApiError> {
    counters.serves(Transport::WebSocket);
    // The cursor is taken before the upgrade is answered: what is published after it, arrives.
    let mut chat = FeedSession::new(log, query.user.as_deref(), query.after)?;
    Ok(handshake.agree(state, counters, |mut conn| async move {
        chat.hold(&mut conn).await
    }))
}

/// The same, straight on the connection.
pub async fn serve<S: Stream>(conn: &mut Http1Conn<S>, plain: &FastRequest) -> io::Result<()> {
    conn.counters.serves(Transport::WebSocket);
    let (user, after) = (plain.query.user.as_deref(), plain.query.after);
    let mut chat = FeedSession::new(plain.log.clone(), user, after)?;
    conn.switch(agreed(&plain.fields)).await?;
    chat.hold(conn).await;
    Ok(())
}

/// What is agreed to (section 4.2.2), as header lines that each begin with CR LF.
fn agreed(fields: &RequestFields) -> String {
    let key = fields.websocket_key.as_deref().unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    let protocol = match fields.offers_chat {
        true => "\r\nsec-websocket-protocol: chat",
        false => "",
    };
    format!("\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}{protocol}")
}

async fn echo(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    handshake: Handshake,
) -> Response {
    counters.serves(Transport::WebSocket);
    handshake.agree(state, counters, |mut conn| async move {
        echo_back(&mut conn).await
    })
}

/// An opening handshake that this server agrees to (RFC 6455, section 4.2).
struct Handshake {
    accept: String,
    offers_chat: bool,
    upgrade: OnUpgrade,
}

impl FromRequestParts<Arc<AppState>> for Handshake {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self, Response> {
        if parts.method != Method::GET {
            let advice = format!("{} does not upgrade: write GET", parts.method);
            let error = ApiError(StatusCode::METHOD_NOT_ALLOWED, advice);
            return Err(([(ALLOW, "GET")], error).into_response());
        }
        let key = check(&parts.headers).map_err(|refusal| *refusal)?;
        let upgrade = parts
            .extensions
            .remove()
            .ok_or_else(|| bad("write HTTP/1.1, with Connection: Upgrade").into_response())?;
        let mut offers = listed(&parts.headers, SEC_WEBSOCKET_PROTOCOL);
        Ok(Handshake {
            accept: derive_accept_key(key),
            offers_chat: offers.any(|offer| offer == "chat"),
            upgrade,
        })
    }
}

impl Handshake {
    /// Answers, and talks on the connection once the answer is out.
    fn agree<T>(
        self,
        state: Arc<AppState>,
        counters: Arc<ConnectionCounters>,
        talk: impl FnOnce(Http1Conn<TokioIo<Upgraded>>) -> T + Send + 'static,
    ) -> Response
    where
        T: Future<Output = ()> + Send,
    {
        let upgrade = self.upgrade;
        tokio::spawn(async move {
            if let Some(conn) = Http1Conn::upgraded(upgrade, state, counters).await {
                talk(conn).await;
            }
        });
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        let accept = HeaderValue::from_str(&self.accept).expect("it is base64");
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        if self.offers_chat {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat"));
        }
        answer
    }
}

/// The key of a handshake, if that is one that can be agreed to.
fn check(headers: &HeaderMap) -> Result<&[u8], Box<Response>> {
    let refusal = |advice| Box::new(bad(advice).into_response());
    if !listed(headers, CONNECTION).any(|option| option.eq_ignore_ascii_case("upgrade")) {
        return Err(refusal("to upgrade, write Connection: Upgrade"));
    }
    if !listed(headers, UPGRADE).any(|name| name.eq_ignore_ascii_case("websocket")) {
        return Err(refusal("to upgrade, write Upgrade: websocket"));
    }
    let version = headers.get(SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version != "13") {
        // Section 4.4.
        let advice = "this server speaks version 13 of WebSocket".to_owned();
        let error = ApiError(StatusCode::UPGRADE_REQUIRED, advice);
        return Err(([(SEC_WEBSOCKET_VERSION, "13")], error)
            .into_response()
            .into());
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    key.filter(|key| is_key(key))
        .ok_or_else(|| refusal("Sec-WebSocket-Key: write 16 random bytes in base64"))
}

/// The parts of a header field that is a list.
fn listed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',').map(str::trim))
}

/// Whether it is the key of a handshake: 16 bytes in base64 (section 4.1).
pub fn is_key(key: &[u8]) -> bool {
    BASE64_STANDARD.decode(key).is_ok_and(|key| key.len() == 16)
}

fn bad(advice: &str) -> ApiError {
    ApiError(StatusCode::BAD_REQUEST, advice.to_owned())
}
