//! What all connections of a server share.

use std::sync::Arc;

use hyper_util::service::TowerToHyperService;

use crate::server::routes;
use crate::server::settings::ServerSettings;
use crate::service::state::AppState;

/// What all connections of a server share.
pub struct ServerContext {
    pub settings: ServerSettings,
    pub state: Arc<AppState>,
    pub router: TowerToHyperService<axum::Router>,
}

impl ServerContext {
    pub fn new(state: Arc<AppState>, settings: ServerSettings) -> Self {
        ServerContext {
            router: TowerToHyperService::new(routes::router(state.clone())),
            state,
            settings,
        }
    }
}
