//! The log of answered requests.

use std::net::IpAddr;

use axum::http::{Method, StatusCode};
use tracing::{Level, debug, enabled, info, warn};

/// The target of the server's log, whichever engine answers.
pub const LOG: &str = "wslab::server";

/// Whether any request is logged.
pub fn is_enabled() -> bool {
    enabled!(target: LOG, Level::INFO)
}

/// Logs a WebSocket that is refused, at level warn: browsers do not show a page the reason.
pub fn refused_websocket(address: IpAddr, path: &str, status: StatusCode, reason: &str) {
    let status = status.as_u16();
    warn!(target: LOG, %address, path, status, reason, "refused a WebSocket");
}

/// Logs an answered request: refusals for lack of access at level info, others at debug. `path`
/// must not include the query, which may hold the token.
pub fn log(address: IpAddr, method: &Method, path: &str, status: StatusCode) {
    let status_code = status.as_u16();
    match status {
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::MISDIRECTED_REQUEST
        | StatusCode::TOO_MANY_REQUESTS => {
            info!(target: LOG, %address, %method, path, status = status_code, "refused");
        }
        _ => debug!(target: LOG, %address, %method, path, status = status_code, "answered"),
    }
}
