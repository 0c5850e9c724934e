//! The WebSocket of the exercises: `Servidor confirmou recebimento: …` for each text.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::service::answer::ApiError;
use crate::service::peer::Peer;
use crate::service::state::AppState;
use crate::service::upgrade::{check_line, no_upgrade, switching};
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
    check_line(&request)?;
    let upgrade: Option<OnUpgrade> = request.extensions_mut().remove();
    let fields = websocket::accept(&Fields::from(request.headers()))?;
    let upgrade = upgrade.ok_or_else(no_upgrade)?;
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let counted = state.metrics.open(address.ip());
        let stream = TokioIo::new(upgraded);
        let mut peer = Peer::new(stream, state, counted.counters.clone());
        peer.duplex = true;
        answer_each(&mut peer, confirm).await;
    });
    Ok(switching(&fields))
}

fn confirm(frame: Frame) -> Frame {
    match frame {
        Frame::Text(text) => Frame::text(format!("{CONFIRMED}{text}")),
        other => other,
    }
}
