//! Long polling: the client asks, and the server holds the answer back until there is something to
//! tell or the hold ends.
//!
//! ```text
//! client                                        server
//!   │ GET …/long-poll?after=41-k3x9&hold_ms=25000 │
//!   │────────────────────────────────────────────▶│
//!   ┆                                             ┆   held
//!   │ {"messages":[{"seq":42,…}],"last":42,…}     │   as soon as 42 is published
//!   │◀────────────────────────────────────────────│
//!   │ GET …/long-poll?after=42-k3x9&hold_ms=25000 │   at once: what is published in between
//!   │────────────────────────────────────────────▶│   waits behind the cursor
//! ```

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;
use tokio::time::Instant;

use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::subscription::Subscription;
use crate::server::http1::conn::{Http1Conn, Stream, WaitOutcome};
use crate::server::http1::request::FastRequest;
use crate::service::counters::ConnectionCounters;
use crate::service::state::{ApiError, AppState, FeedLog, Params};
use crate::transport::Transport;
use crate::transport::polling::{PollQuery, Poller, answer, reply, request};
use crate::transport::theory::{ANSWER_WRAPPING, Conditions, Prediction};

/// When a client says that it polls again: at once, with room for a slow network.
const NEXT_POLL: Duration = Duration::from_secs(2);

/// The server's end.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/feeds/{feed}/long-poll", get(long_poll))
}

#[derive(Debug, Deserialize)]
struct Hold {
    hold_ms: Option<u64>,
}

async fn long_poll(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    FeedLog(log): FeedLog,
    Params(query): Params<PollQuery>,
    Params(Hold { hold_ms }): Params<Hold>,
) -> Result<Response, ApiError> {
    counters.serves(Transport::LongPolling);
    let mut reader = log.reader(query.after);
    let _present = query.enter(&state, &counters, &log)?;
    let batch = tokio::time::timeout(state.limits.hold(hold_ms), reader.next()).await;
    let batch = batch.ok().flatten().unwrap_or_else(|| reader.read());
    counters.answered(batch.messages.len());
    Ok(answer(&batch))
}

/// The same, straight on the connection. A peer that goes while its poll is held, is noticed.
pub async fn serve<S: Stream>(conn: &mut Http1Conn<S>, plain: &FastRequest) -> io::Result<()> {
    conn.counters.serves(Transport::LongPolling);
    let mut reader = plain.log.reader(plain.query.after);
    let _present = plain.query.enter(&conn.state, &conn.counters, &plain.log)?;
    let hold = conn.state.limits.hold(plain.hold_ms);
    conn.deadline.set(Instant::now() + hold);
    let waited = conn.wait(pin!(reader.next())).await;
    let batch = match waited {
        WaitOutcome::Done(Some(batch)) => batch,
        WaitOutcome::Done(None) | WaitOutcome::Rang => reader.read(),
        WaitOutcome::Said | WaitOutcome::Gone => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    conn.counters.answered(batch.messages.len());
    reply(conn, batch).await
}

/// The client's end: always one poll in flight. The first does not wait, so that its answer tells
/// that the server is there.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
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
        interval: Some(NEXT_POLL),
    };
    let request = request(subscription, "long-poll", timing);
    poller.exchange(subscription, &request).await
}

/// A message finds every reader's poll waiting, so it is as late as a push; only messages that come
/// faster than a round trip wait for the next poll. Each costs an exchange.
pub fn model(conditions: &Conditions) -> Prediction {
    let timing = PollTiming {
        hold: Some(conditions.client.hold),
        ..PollTiming::default()
    };
    let heads = conditions.exchange_bytes("long-poll", timing, ANSWER_WRAPPING.len() as f64);
    Prediction {
        latency_mean_us: conditions.fan_out_us(),
        wire_bytes_per_delivery: heads + conditions.json_bytes() + conditions.post_bytes(),
    }
}
