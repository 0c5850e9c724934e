//! The server's end of the opening handshake (RFC 6455, section 4.2).

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::service::answer::ApiError;
use crate::service::state::AppState;
use crate::transport::ask::{Ask, Fields};
use crate::transport::reply::{Reply, Session, Upgrade};
use crate::transport::websocket::session::FeedSession;

/// The server's end of a feed's WebSocket.
pub fn open(state: &AppState, ask: &Ask<'_>) -> Result<Reply, ApiError> {
    // Checked before the session: a request that is refused must not announce a member. A client
    // that has the wrong cursor reads of that first.
    ask.cursor()?;
    let fields = accept(ask.fields)?;
    // The cursor is taken before the answer: a message published after the answer arrives.
    let session = Session::WebSocket(FeedSession::new(state, ask)?);
    Ok(Reply::Upgrade(Upgrade { fields, session }))
}

/// The header lines of the answer that upgrades to WebSocket, as [`Upgrade::fields`] has them, if
/// the request is a valid opening handshake.
///
/// # Errors
/// 400, or 426 for another version of the protocol (section 4.4), with the protocol that is spoken
/// (RFC 9110, section 15.5.22).
pub fn accept(fields: &Fields<'_>) -> Result<String, ApiError> {
    fields.check_upgrade("websocket").map_err(bad)?;
    if fields.websocket_version != Some("13") {
        let advice = "this server speaks version 13 of WebSocket";
        let error = ApiError::new(StatusCode::UPGRADE_REQUIRED, advice);
        let fields = "\r\ncontent-type: application/json\r\nsec-websocket-version: 13\
                      \r\nconnection: upgrade\r\nupgrade: websocket";
        return Err(error.with_fields(fields));
    }
    let key = fields.websocket_key.filter(|key| is_key(key));
    let key = key.ok_or_else(|| bad("Sec-WebSocket-Key: write 16 random bytes in base64"))?;
    let accept = derive_accept_key(key.as_bytes());
    let protocol = match fields.offers_chat {
        true => "\r\nsec-websocket-protocol: chat",
        false => "",
    };
    Ok(format!(
        "\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}{protocol}"
    ))
}

/// Whether it is a handshake's key: 16 bytes in base64 (section 4.1).
fn is_key(key: &str) -> bool {
    BASE64_STANDARD.decode(key).is_ok_and(|key| key.len() == 16)
}

fn bad(advice: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, advice)
}
