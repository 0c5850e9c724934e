//! What all connections of a server share.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::http::StatusCode;
use hyper_util::service::TowerToHyperService;

use crate::server::settings::ServerSettings;
use crate::server::{access_log, routes};
use crate::service::capture::Level;
use crate::service::rate_limiter::RateLimiter;
use crate::service::state::AppState;

/// What all connections of a server share.
pub struct ServerContext {
    pub settings: ServerSettings,
    pub state: Arc<AppState>,
    /// Refused WebSockets of one address that are logged.
    pub refusals: RateLimiter,
    pub router: TowerToHyperService<axum::Router>,
}

impl ServerContext {
    /// Where captures look at bytes.
    pub fn level(&self) -> Level {
        match self.settings.tls {
            Some(_) => Level::Plaintext,
            None => Level::Socket,
        }
    }

    /// Logs a refused WebSocket, at most one a second of an address.
    pub fn refused_websocket(&self, address: IpAddr, path: &str, status: StatusCode, why: &str) {
        if self.refusals.check(address).is_ok() {
            access_log::refused_websocket(address, path, status, why);
        }
    }

    pub fn new(state: Arc<AppState>, settings: ServerSettings) -> Self {
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        ServerContext {
            router: TowerToHyperService::new(routes::router(
                state.clone(),
                scheme,
                settings.classroom.clone(),
            )),
            refusals: RateLimiter::new(NonZeroU32::MIN),
            state,
            settings,
        }
    }
}
