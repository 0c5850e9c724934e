//! The WebSocket of the exercises: `Servidor confirmou recebimento: …` for each text.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ALLOW, CONNECTION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::service::answer::{ApiError, append_fields};
use crate::service::peer::Peer;
use crate::service::state::AppState;
use crate::transport::ask::Fields;
use crate::transport::websocket;
use crate::transport::websocket::session::answer_each;

/// What stands before the text that is confirmed.
const CONFIRMED: &str = "Servidor confirmou recebimento: ";

/// The WebSocket at every path, since the exercises name none.
pub fn router(state: Arc<AppState>) -> Router {
    Router::new().fallback(open).with_state(state)
}

async fn open(
    State(state): State<Arc<AppState>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Result<Response, ApiError> {
    if request.method() != Method::GET {
        let allow = [(ALLOW, HeaderValue::from_static("GET"))];
        return Ok((StatusCode::METHOD_NOT_ALLOWED, allow).into_response());
    }
    let upgrade: Option<OnUpgrade> = request.extensions_mut().remove();
    let mut fields = Fields::default();
    for (name, value) in request.headers() {
        fields.take(name.as_str(), value.as_bytes());
    }
    let fields = websocket::accept(&fields)?;
    let upgrade = upgrade.ok_or_else(|| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "write HTTP/1.1, with Connection: Upgrade",
        )
    })?;
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let counted = state.metrics.open(address.ip());
        let stream = TokioIo::new(upgraded);
        let mut peer = Peer::new(stream, state, counted.counters.clone());
        peer.duplex = true;
        answer_each(&mut peer, confirm).await;
    });
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    append_fields(headers, &fields);
    Ok(answer)
}

fn confirm(frame: Frame) -> Frame {
    match frame {
        Frame::Text(text) => Frame::text(format!("{CONFIRMED}{text}")),
        other => other,
    }
}
