//! Long polling: the client asks, and the server holds the answer until there is a message or the
//! hold ends.
//!
//! ```text
//! client                                        server
//!   │ GET …/long-poll?after=41-k3x9&hold_ms=25000 │
//!   │────────────────────────────────────────────▶│
//!   ┆                                             ┆   held
//!   │ {"messages":[{"seq":42,…}],"last":42,…}     │   as soon as 42 is published
//!   │◀────────────────────────────────────────────│
//!   │ GET …/long-poll?after=42-k3x9&hold_ms=25000 │   at once: a message published in between
//!   │────────────────────────────────────────────▶│   waits behind the cursor
//! ```

use std::convert::Infallible;
use std::time::Duration;

use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::subscription::Subscription;
use crate::service::answer::ApiError;
use crate::service::presence;
use crate::service::state::AppState;
use crate::transport::ask::Ask;
use crate::transport::descriptor::{Descriptor, Usage, spawn};
use crate::transport::polling::{Poller, request};
use crate::transport::reply::{Later, Reply};
use crate::transport::theory::{ANSWER_WRAPPING, Conditions, Prediction, Work};

/// The poll interval that a client gives: it polls again at once, and this allows for the network.
const INTERVAL: Duration = Duration::from_secs(2);

pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "long-polling",
    title: "long polling",
    aliases: &["long-poll"],
    colour: "#c08000",
    endpoint: "long-poll",
    lobby_path: None,
    usage: Usage {
        about: "long polling: answers as soon as there is a message, or empty when the hold ends",
        query: "?after=0&hold_ms=25000",
        curl: "",
    },
    upgrade: None,
    polls: true,
    publishes_in_band: false,
    baseline: false,
    open,
    predict,
    subscribe: |subscription| Box::pin(subscribe(subscription)),
    spawn: |subscription, ended| spawn(subscription, subscribe, ended),
};

/// The server's end: waits for a message after the cursor.
fn open(state: &AppState, ask: &Ask<'_>) -> Result<Reply, ApiError> {
    let (cursor, grace) = (ask.cursor()?, presence::grace(ask.interval_ms()?));
    let hold = state.limits.hold(ask.hold_ms()?);
    let feed = ask.open_feed(state)?;
    Ok(Reply::Later(Later {
        reader: feed.reader(cursor),
        presence: ask.admit(state, &feed, grace)?,
        hold,
    }))
}

/// The client's end: always one poll in flight. The first has no hold, so that its answer shows
/// that the server is there.
async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let mut poller = Poller::default();
    poll_once(&mut poller, subscription, Duration::ZERO).await?;
    subscription.ready();
    loop {
        subscription.while_wanting().await;
        let hold = subscription.config.hold;
        poll_once(&mut poller, subscription, hold).await?;
    }
}

async fn poll_once(
    poller: &mut Poller,
    subscription: &mut Subscription,
    hold: Duration,
) -> Result<(), ClientError> {
    let timing = PollTiming {
        hold: Some(hold),
        interval: Some(INTERVAL),
    };
    let request = request(subscription, DESCRIPTOR.endpoint, timing);
    poller.exchange(subscription, &request).await
}

/// A message finds every client's poll held, so its latency is that of a push. Only messages that
/// come faster than a round trip wait for the next poll. Each costs an exchange.
fn predict(conditions: &Conditions) -> Prediction {
    const EXCHANGE: Work = Work::Exchanges(1.0);
    let timing = PollTiming {
        hold: Some(conditions.client.hold),
        ..PollTiming::default()
    };
    let wrapping = ANSWER_WRAPPING.len() as f64;
    let heads = conditions.exchange_bytes(DESCRIPTOR.endpoint, timing, wrapping);
    Prediction {
        latency_mean_us: conditions.fan_out_us(EXCHANGE),
        wire_bytes_per_delivery: heads + conditions.json_bytes() + conditions.post_bytes(),
        server_cpu_us_per_delivery: conditions.server_cpu_us(EXCHANGE),
    }
}
