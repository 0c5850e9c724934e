//! The list of the transports, in the order in which tables and plots show them.

use std::convert::Infallible;
use std::fmt;
use std::iter::once;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::client::error::ClientError;
use crate::client::subscription::Subscription;
use crate::error::did_you_mean;
use crate::service::answer::ApiError;
use crate::service::counters;
use crate::service::state::{AppState, LOBBY};
use crate::transport::ask::Ask;
use crate::transport::descriptor::Descriptor;
use crate::transport::reply::Reply;
use crate::transport::theory::{Conditions, Prediction};
use crate::transport::{long_polling, ndjson, raw_tcp, short_polling, sse, websocket};

macro_rules! transports {
    ($($variant:ident => $module:ident),+ $(,)?) => {
        /// A way to carry a feed from the server to a subscriber.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Transport {
            $($variant),+
        }

        /// The descriptors, in the order of the variants.
        static DESCRIPTORS: [&Descriptor; Transport::ALL.len()] = [$(&$module::DESCRIPTOR),+];

        impl Transport {
            /// Every transport, the baseline last.
            pub const ALL: [Transport; [$(stringify!($variant)),+].len()] =
                [$(Transport::$variant),+];
        }
    };
}

transports! {
    ShortPolling => short_polling,
    LongPolling => long_polling,
    Sse => sse,
    Ndjson => ndjson,
    WebSocket => websocket,
    RawTcp => raw_tcp,
}

const _: () = assert!(Transport::ALL.len() <= counters::MAX_CLASSES);

impl Transport {
    /// The transports that users choose among: all but the baseline.
    pub const CHOICES: [Transport; Transport::ALL.len() - 1] =
        *Transport::ALL.first_chunk().unwrap();

    /// The transport that the others are compared with.
    pub const BASELINE: Transport = *Transport::ALL.last().unwrap();

    /// The names of [`Transport::CHOICES`], for help texts.
    pub fn choice_names() -> String {
        Transport::CHOICES.map(Transport::name).join(", ")
    }

    pub fn descriptor(self) -> &'static Descriptor {
        DESCRIPTORS[self as usize]
    }

    /// See [`Descriptor::name`].
    pub fn name(self) -> &'static str {
        self.descriptor().name
    }

    /// See [`Descriptor::title`].
    pub fn title(self) -> &'static str {
        self.descriptor().title
    }

    /// See [`Descriptor::colour`].
    pub fn colour(self) -> &'static str {
        self.descriptor().colour
    }

    /// See [`Descriptor::polls`].
    pub fn polls(self) -> bool {
        self.descriptor().polls
    }

    /// See [`Descriptor::publishes_in_band`].
    pub fn publishes_in_band(self) -> bool {
        self.descriptor().publishes_in_band
    }

    /// The class of its connections in the server's counters.
    pub fn class(self) -> usize {
        self as usize
    }

    /// The transport and the feed that a path without escapes names.
    pub fn at(path: &str) -> Option<(Transport, &str)> {
        let mut all = Transport::ALL.into_iter();
        let rest = path.strip_prefix("/feeds/");
        match rest.and_then(|rest| rest.split_once('/')) {
            Some((feed, endpoint)) => {
                let transport = all.find(|one| one.descriptor().endpoint == endpoint)?;
                Some((transport, feed))
            }
            None => {
                let transport = all.find(|one| one.descriptor().lobby_path == Some(path))?;
                Some((transport, LOBBY))
            }
        }
    }

    /// The server's end: counts the request and replies to it.
    pub fn open(self, state: &AppState, ask: &Ask<'_>) -> Result<Reply, ApiError> {
        ask.counters.serves(self.class());
        (self.descriptor().open)(state, ask)
    }

    /// Latency and bytes by theory.
    pub fn predict(self, conditions: &Conditions) -> Prediction {
        (self.descriptor().predict)(conditions)
    }

    /// The client's end: connects and delivers messages until the connection ends.
    pub async fn subscribe(self, to: &mut Subscription) -> Result<Infallible, ClientError> {
        (self.descriptor().subscribe)(to).await
    }

    /// The client's end as a task of its own, which gives the subscription back with the reason.
    pub fn spawn(
        self,
        subscription: Subscription,
        ended: impl FnOnce(Subscription, ClientError) + 'static,
    ) {
        (self.descriptor().spawn)(subscription, Box::new(ended));
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
        let is = |one: &Descriptor| one.name == text || one.aliases.contains(&text);
        let found = Transport::ALL.into_iter().find(|one| is(one.descriptor()));
        found.ok_or_else(|| {
            let all = Transport::ALL.map(Transport::descriptor);
            let spellings = all
                .iter()
                .flat_map(|one| once(one.name).chain(one.aliases.iter().copied()));
            let near = did_you_mean(text, spellings);
            let names = all.map(|one| one.name).join(", ");
            format!("unknown transport \"{text}\"{near}: write one of {names}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_transport_alone_is_the_baseline_and_spellings_are_unique() {
        let baselines = Transport::ALL.map(|one| one.descriptor().baseline);
        assert_eq!(baselines.iter().filter(|is| **is).count(), 1);
        assert!(Transport::BASELINE.descriptor().baseline);
        let mut spellings: Vec<&str> = Vec::new();
        for one in Transport::ALL.map(Transport::descriptor) {
            spellings.push(one.name);
            spellings.extend(one.aliases);
        }
        for text in &spellings {
            assert_eq!(spellings.iter().filter(|other| *other == text).count(), 1);
            assert!(text.parse::<Transport>().is_ok());
        }
    }

    #[test]
    fn paths_name_a_transport_and_a_feed() {
        assert_eq!(Transport::at("/feeds/a/sse"), Some((Transport::Sse, "a")));
        let ndjson = Some((Transport::Ndjson, "a"));
        assert_eq!(Transport::at("/feeds/a/stream"), ndjson);
        assert_eq!(Transport::at("/events"), Some((Transport::Sse, "lobby")));
        assert_eq!(
            Transport::at("/chat"),
            Some((Transport::WebSocket, "lobby"))
        );
        for other in [
            "/",
            "/feeds/a",
            "/feeds/a/",
            "/feeds/a/messages",
            "/feeds/a/sse/x",
        ] {
            assert_eq!(Transport::at(other), None, "{other}");
        }
    }
}
