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

use super::Transport;
use super::connection::ClientError;
use super::hub::{ApiError, FeedLog, Hub, Params};
use super::line::{Line, Stream, Wait};
use super::model::{ANSWER_WRAPPING, Conditions, Prediction};
use super::plain::Plain;
use super::polling::{After, Poller, answer, reply, request};
use super::subscription::Subscription;
use super::tally::Account;

/// What a client that gives a name says of when it polls again: at once, but networks have moods.
const AGAIN_SOON: &str = "&interval_ms=2000";

/// The server's end.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/feeds/{feed}/long-poll", get(long_poll))
}

#[derive(Debug, Deserialize)]
struct Hold {
    hold_ms: Option<u64>,
}

async fn long_poll(
    State(hub): State<Arc<Hub>>,
    Extension(account): Extension<Arc<Account>>,
    FeedLog(log): FeedLog,
    Params(query): Params<After>,
    Params(Hold { hold_ms }): Params<Hold>,
) -> Result<Response, ApiError> {
    account.serves(Transport::LongPolling);
    let mut reader = log.reader(query.after);
    let _present = query.enter(&hub, &account, &log)?;
    let batch = tokio::time::timeout(hub.limits.hold(hold_ms), reader.next()).await;
    let batch = batch.ok().flatten().unwrap_or_else(|| reader.read());
    account.answered(batch.messages.len());
    Ok(answer(&batch))
}

/// The same, straight on the connection. A peer that goes while its poll is held, is noticed.
pub async fn serve<S: Stream>(line: &mut Line<S>, plain: &Plain) -> io::Result<()> {
    line.account.serves(Transport::LongPolling);
    let mut reader = plain.log.reader(plain.query.after);
    let _present = plain.query.enter(&line.hub, &line.account, &plain.log)?;
    let hold = line.hub.limits.hold(plain.hold_ms);
    line.alarm.set(Instant::now() + hold);
    let waited = line.wait(pin!(reader.next())).await;
    let batch = match waited {
        Wait::Done(Some(batch)) => batch,
        Wait::Done(None) | Wait::Rang => reader.read(),
        Wait::Said | Wait::Gone => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    line.account.answered(batch.messages.len());
    reply(line, batch).await
}

/// The client's end: always one poll in flight. The first does not wait, so that its answer tells
/// that the server is there.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let mut poller = Poller::default();
    poll_once(&mut poller, subscription, Duration::ZERO).await?;
    subscription.ready();
    loop {
        subscription.while_wanting().await;
        let hold = subscription.habits.hold;
        poll_once(&mut poller, subscription, hold).await?;
    }
}

async fn poll_once(
    poller: &mut Poller,
    subscription: &mut Subscription,
    hold: Duration,
) -> Result<(), ClientError> {
    let hold_ms = hold.as_millis();
    let again = match subscription.author {
        Some(_) => AGAIN_SOON,
        None => "",
    };
    let more = format!("&hold_ms={hold_ms}{again}");
    let request = request(subscription, "long-poll", &more);
    poller.exchange(subscription, &request).await
}

/// A message finds every reader's poll waiting, so it is as late as a push; only messages that come
/// faster than a round trip wait for the next poll. Each costs an exchange.
pub fn model(conditions: &Conditions) -> Prediction {
    let query = format!(
        "long-poll?after=10-k3x9&hold_ms={}",
        conditions.hold.as_millis()
    );
    let heads = conditions.exchange_bytes(&query, ANSWER_WRAPPING.len() as f64);
    Prediction {
        latency_mean_us: conditions.fan_out_us(),
        wire_bytes_per_delivery: heads + conditions.json_bytes() + conditions.post_bytes(),
    }
}
