//! The transports: four conversations that carry the same feed, one file each.
//!
//! [`Transport`] is the only list of them. Adding one means adding a variant, after which the
//! compiler points at every `match` that must learn about it.

pub mod long_polling;
pub mod polling;
pub mod raw_tcp;
pub mod short_polling;
pub mod sse;
pub mod theory;
pub mod websocket;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use serde::{Deserialize, Serialize};

use crate::client::error::ClientError;
use crate::client::subscription::Subscription;
use crate::runtime::event_loop;
use crate::server::http1::conn::{Http1Conn, Stream};
use crate::server::http1::request::FastRequest;
use crate::service::state::AppState;
use crate::transport::theory::{Conditions, Prediction};
pub use polling::answer;

/// A way to carry a feed from the server to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Transport {
    ShortPolling,
    LongPolling,
    Sse,
    WebSocket,
    RawTcp,
}

impl Transport {
    /// Every transport, in the order in which tables and plots show them.
    pub const ALL: [Transport; 5] = [
        Transport::ShortPolling,
        Transport::LongPolling,
        Transport::Sse,
        Transport::WebSocket,
        Transport::BASELINE,
    ];

    /// What somebody may choose between: all but the baseline.
    pub const CHOICES: [Transport; 4] = [
        Transport::ShortPolling,
        Transport::LongPolling,
        Transport::Sse,
        Transport::WebSocket,
    ];

    /// What the others are set against.
    pub const BASELINE: Transport = Transport::RawTcp;

    /// The spelling used on the command line, in TOML, CSV, plots and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::ShortPolling => "short-polling",
            Transport::LongPolling => "long-polling",
            Transport::Sse => "sse",
            Transport::WebSocket => "websocket",
            Transport::RawTcp => "raw-tcp",
        }
    }

    /// The colour of this transport wherever it is drawn, as `#rrggbb`: from the palette of
    /// Okabe and Ito (2008), which stays distinguishable to the colour-blind.
    pub const fn colour(self) -> &'static str {
        match self {
            Transport::ShortPolling => "#d55e00",
            Transport::LongPolling => "#e69f00",
            Transport::Sse => "#0072b2",
            Transport::WebSocket => "#009e73",
            Transport::RawTcp => "#000000",
        }
    }

    /// Whether subscribers ask, exchange by exchange, rather than being told.
    pub const fn polls(self) -> bool {
        match self {
            Transport::ShortPolling | Transport::LongPolling => true,
            Transport::Sse | Transport::WebSocket | Transport::RawTcp => false,
        }
    }

    /// Whether a subscriber publishes over its own connection, rather than by POST.
    pub const fn publishes_in_band(self) -> bool {
        matches!(self, Transport::WebSocket)
    }

    /// The last part of its address: `/feeds/{feed}/poll`.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Transport::ShortPolling => "poll",
            Transport::LongPolling => "long-poll",
            Transport::Sse => "sse",
            Transport::WebSocket => "ws",
            Transport::RawTcp => "raw",
        }
    }

    /// What its connections become instead of HTTP (RFC 9110, section 7.8).
    pub const fn upgrade(self) -> Option<&'static str> {
        match self {
            Transport::ShortPolling | Transport::LongPolling | Transport::Sse => None,
            Transport::WebSocket => Some("websocket"),
            Transport::RawTcp => Some("raw-tcp"),
        }
    }

    /// The server's end, straight on a connection, of what its plain requests ask for. An error
    /// ends the connection.
    pub async fn serve<S: Stream>(line: &mut Http1Conn<S>, plain: &FastRequest) -> io::Result<()> {
        match plain.transport {
            Transport::ShortPolling => short_polling::serve(line, plain).await,
            Transport::LongPolling => long_polling::serve(line, plain).await,
            Transport::Sse => sse::serve(line, plain).await,
            Transport::WebSocket => websocket::serve(line, plain).await,
            Transport::RawTcp => raw_tcp::serve(line, plain).await,
        }
    }

    /// The server's end, for all other requests.
    pub fn routes(self) -> Router<Arc<AppState>> {
        match self {
            Transport::ShortPolling => short_polling::routes(),
            Transport::LongPolling => long_polling::routes(),
            Transport::Sse => sse::routes(),
            Transport::WebSocket => websocket::routes(),
            Transport::RawTcp => raw_tcp::routes(),
        }
    }

    /// What theory predicts of its latency and bytes.
    pub fn model(self, conditions: &Conditions) -> Prediction {
        match self {
            Transport::ShortPolling => short_polling::model(conditions),
            Transport::LongPolling => long_polling::model(conditions),
            Transport::Sse => sse::model(conditions),
            Transport::WebSocket => websocket::model(conditions),
            Transport::RawTcp => raw_tcp::model(conditions),
        }
    }

    /// The client's end: connects and delivers to the recorder until the conversation breaks.
    ///
    /// Each is boxed on its own: a subscriber is as small as its transport lets it be.
    pub async fn subscribe(self, to: &mut Subscription) -> Result<Infallible, ClientError> {
        match self {
            Transport::ShortPolling => Box::pin(short_polling::subscribe(to)).await,
            Transport::LongPolling => Box::pin(long_polling::subscribe(to)).await,
            Transport::Sse => Box::pin(sse::subscribe(to)).await,
            Transport::WebSocket => Box::pin(websocket::subscribe(to)).await,
            Transport::RawTcp => Box::pin(raw_tcp::subscribe(to)).await,
        }
    }

    /// The same, as a task of its own, which gives the subscription back with why it ended.
    ///
    /// All of it lies together, in a task that is as small as its transport lets it be.
    pub fn spawn(
        self,
        subscription: Subscription,
        ended: impl FnOnce(Subscription, ClientError) + 'static,
    ) {
        match self {
            Transport::ShortPolling => spawn(subscription, short_polling::subscribe, ended),
            Transport::LongPolling => spawn(subscription, long_polling::subscribe, ended),
            Transport::Sse => spawn(subscription, sse::subscribe, ended),
            Transport::WebSocket => spawn(subscription, websocket::subscribe, ended),
            Transport::RawTcp => spawn(subscription, raw_tcp::subscribe, ended),
        }
    }
}

/// Spawns the client's end; see [`Transport::spawn`].
fn spawn(
    mut subscription: Subscription,
    subscribe: impl AsyncFnOnce(&mut Subscription) -> Result<Infallible, ClientError> + 'static,
    ended: impl FnOnce(Subscription, ClientError) + 'static,
) {
    event_loop::spawn(async move {
        let Err(error) = subscribe(&mut subscription).await;
        ended(subscription, error);
    });
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = match text {
            "short-poll" => "short-polling",
            "long-poll" => "long-polling",
            "ws" => "websocket",
            other => other,
        };
        Transport::ALL
            .into_iter()
            .find(|t| t.name() == name)
            .ok_or_else(|| {
                let names = Transport::ALL.map(Transport::name).join(", ");
                format!("unknown transport \"{text}\": write one of {names}")
            })
    }
}

impl TryFrom<String> for Transport {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Transport> for String {
    fn from(transport: Transport) -> String {
        transport.name().to_owned()
    }
}
