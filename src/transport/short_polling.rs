//! Short polling: the client asks again and again, and the server answers at once.
//!
//! ```text
//! client                            server
//!   │ GET …/poll?after=41-k3x9        │
//!   │────────────────────────────────▶│
//!   │ {"messages":[],"last":41,…}     │   nothing new: an empty exchange
//!   │◀────────────────────────────────│
//!   ┆ poll interval                   ┆
//!   │ GET …/poll?after=41-k3x9        │
//!   │────────────────────────────────▶│
//!   │ {"messages":[{"seq":42,…}],…}   │   what came meanwhile, all at once
//!   │◀────────────────────────────────│
//! ```

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::subscription::Subscription;
use crate::feed::{Batch, Cursor, Feed};
use crate::runtime::clock;
use crate::runtime::event_loop;
use crate::server::http1::conn::{Http1Conn, Stream};
use crate::server::http1::request::FastRequest;
use crate::service::counters::ConnectionCounters;
use crate::service::state::{ApiError, AppState, FeedLog, Params};
use crate::transport::Transport;
use crate::transport::polling::{PollQuery, Poller, answer, reply, request};
use crate::transport::theory::{ANSWER_WRAPPING, Conditions, Prediction};

/// The server's end.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/feeds/{feed}/poll", get(poll))
}

async fn poll(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
    FeedLog(log): FeedLog,
    Params(query): Params<PollQuery>,
) -> Result<Response, ApiError> {
    Ok(answer(&read(&state, &counters, &log, &query)?))
}

/// The same, straight on the connection.
pub async fn serve<S: Stream>(conn: &mut Http1Conn<S>, plain: &FastRequest) -> io::Result<()> {
    let batch = read(&conn.state, &conn.counters, &plain.log, &plain.query)?;
    reply(conn, batch).await
}

/// What there is.
fn read(
    state: &AppState,
    counters: &ConnectionCounters,
    log: &Arc<Feed>,
    query: &PollQuery,
) -> Result<Batch, ApiError> {
    counters.serves(Transport::ShortPolling);
    let place = log.place(query.after);
    let _present = query.enter(state, counters, log)?;
    let batch = log.read_after(place);
    counters.answered(batch.messages.len());
    Ok(batch)
}

/// The client's end: polls on a schedule of its own, absolute and with a phase of its own, so that
/// a slow answer does not shift the polls that follow and clients are not in step.
///
/// One poll is in flight at a time. A poll that is late goes out as soon as it can; slots that
/// passed entirely are left out.
pub async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
    let interval_ns = subscription.config.poll_interval.as_nanos().max(1) as u64;
    let mut poller = Poller::default();
    let mut poll = Poll::default();
    let now_ns = clock::now_ns();
    let mut due_ns = now_ns + until_ns(interval_ns, subscription.phase, now_ns);
    poller
        .exchange(subscription, poll.bytes(subscription))
        .await?;
    subscription.ready();
    loop {
        due_ns = latest_slot_ns(due_ns, interval_ns);
        event_loop::sleep_until(due_ns).await;
        if subscription.until_open().await {
            // Slots that passed in rest are nobody's: the next one is.
            due_ns = latest_slot_ns(due_ns, interval_ns) + interval_ns;
            continue;
        }
        poller
            .exchange(subscription, poll.bytes(subscription))
            .await?;
        due_ns += interval_ns;
    }
}

/// The last slot that has begun, of those from `due_ns` on; or that, if none has.
fn latest_slot_ns(due_ns: u64, interval_ns: u64) -> u64 {
    due_ns + clock::now_ns().saturating_sub(due_ns) / interval_ns * interval_ns
}

/// How long it is from `now_ns` to the next time that lies at `phase` in its interval: by the
/// clock, so that phases which are spread evenly stay so whenever their clients have dialled.
fn until_ns(interval_ns: u64, phase: f64, now_ns: u64) -> u64 {
    let at_ns = (interval_ns as f64 * phase) as u64;
    (at_ns + interval_ns - now_ns % interval_ns) % interval_ns
}

/// A poll as it was last written, which is the next one as well until a message has come.
#[derive(Debug, Default)]
struct Poll {
    after: Option<Cursor>,
    bytes: Vec<u8>,
}

impl Poll {
    fn bytes(&mut self, subscription: &Subscription) -> &[u8] {
        let cursor = subscription.cursor();
        if self.after.replace(cursor) != Some(cursor) {
            let timing = PollTiming {
                interval: Some(subscription.config.poll_interval),
                ..PollTiming::default()
            };
            self.bytes = request(subscription, "poll", timing);
        }
        &self.bytes
    }
}

/// A message waits for the next poll: for half the interval on average, whoever reads. The heads of
/// an exchange are shared by the messages that it carries, and paid all the same when it is empty.
pub fn model(conditions: &Conditions) -> Prediction {
    let interval_s = conditions.client.poll_interval.as_secs_f64();
    let messages_per_poll = conditions.rate_hz * interval_s;
    let commas = (messages_per_poll - 1.0).max(0.0);
    let body = ANSWER_WRAPPING.len() as f64 + commas;
    let heads = conditions.exchange_bytes("poll", PollTiming::default(), body);
    let json = conditions.json_bytes();
    Prediction {
        latency_mean_us: Some(interval_s / 2.0 * 1e6),
        wire_bytes_per_delivery: heads / messages_per_poll + json + conditions.post_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_one_of_the_clock() {
        let ns = |ms: u64| ms * 1_000_000;
        for (now_ms, phase, wait_ms) in [
            (0, 0.0, 0),
            (0, 0.25, 250),
            (7_200, 0.25, 50),
            (7_250, 0.25, 0),
            (7_300, 0.25, 950),
            (7_999, 0.0, 1),
        ] {
            let wait_ns = until_ns(ns(1_000), phase, ns(now_ms));
            assert_eq!(wait_ns, ns(wait_ms), "{now_ms}");
        }
        assert_eq!(until_ns(1, 0.5, 7), 0);
    }
}
