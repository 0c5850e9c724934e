//! A server in this process, whose feed fills itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;

use crate::feed::{AddressLimits, Feeds, NewMessage, Retention};
use crate::server::access::Access;
use crate::server::{self, ServerSettings};
use crate::service::limits::Limits;
use crate::service::publish::publish;
use crate::service::state::{AppState, LOBBY};

/// Between two messages of the feed.
const PUBLISH_EVERY: Duration = Duration::from_millis(300);

/// Short, so that a connection of a second shows them.
const HEARTBEAT: Duration = Duration::from_millis(200);
const PING: Duration = Duration::from_millis(400);

/// A server that ends with the runtime.
pub(super) struct OwnServer {
    port: u16,
}

impl OwnServer {
    pub fn start() -> anyhow::Result<Self> {
        let limits = Limits {
            heartbeat: HEARTBEAT,
            ping: PING,
            ..Limits::default()
        };
        let state = Arc::new(AppState::new(Feeds::new(Retention::default(), 1), limits));
        let feed = state.feeds.keep(LOBBY)?;
        let timeout = Duration::from_secs(10);
        let settings = ServerSettings {
            access: Access::default(),
            tls: None,
            capacity: AddressLimits {
                all: 16,
                per_address: None,
            },
            max_head_bytes: 16 << 10,
            head_timeout: timeout,
            idle_timeout: timeout,
            peer_timeout: timeout,
            classroom: None,
        };
        let listener = server::bind(([127, 0, 0, 1], 0).into())?;
        let port = listener.local_addr()?.port();
        tokio::spawn(server::run(
            listener,
            state,
            settings,
            std::future::pending(),
        ));
        tokio::spawn(async move {
            let mut ticks = interval(PUBLISH_EVERY);
            for number in 1.. {
                ticks.tick().await;
                let message = NewMessage {
                    from: "wslab".to_owned(),
                    text: format!("message {number}"),
                    intended_at_ns: 0,
                };
                let _ = publish(&feed, &message).await;
            }
        });
        Ok(OwnServer { port })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
