//! The transports: four conversations that carry the same feed, one file each.
//!
//! [`Transport`] is the only list of them. Adding one means adding a variant, after which the
//! compiler points at every `match` that must learn about it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A way to carry a feed from the server to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Transport {
    ShortPolling,
    LongPolling,
    Sse,
    WebSocket,
}

impl Transport {
    /// Every transport, in the order in which tables and plots show them.
    pub const ALL: [Transport; 4] = [
        Transport::ShortPolling,
        Transport::LongPolling,
        Transport::Sse,
        Transport::WebSocket,
    ];

    /// The spelling used on the command line, in TOML, CSV, plots and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::ShortPolling => "short-polling",
            Transport::LongPolling => "long-polling",
            Transport::Sse => "sse",
            Transport::WebSocket => "websocket",
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
        }
    }
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
