//! Short polling: the client asks at intervals, and the server answers at once.
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
//!   │ {"messages":[{"seq":42,…}],…}   │   all messages since, in one answer
//!   │◀────────────────────────────────│
//! ```

use std::convert::Infallible;

use crate::client::dialect::PollTiming;
use crate::client::error::ClientError;
use crate::client::subscription::Subscription;
use crate::feed::Cursor;
use crate::runtime::clock;
use crate::runtime::event_loop;
use crate::service::answer::ApiError;
use crate::service::presence;
use crate::service::state::AppState;
use crate::transport::answer;
use crate::transport::ask::Ask;
use crate::transport::descriptor::{Descriptor, Usage, spawn};
use crate::transport::polling::{Poller, request};
use crate::transport::reply::Reply;
use crate::transport::theory::{ANSWER_WRAPPING, Conditions, Prediction, Work};

pub const DESCRIPTOR: Descriptor = Descriptor {
    name: "short-polling",
    title: "short polling",
    aliases: &["short-poll"],
    colour: "#c04a00",
    endpoint: "poll",
    lobby_path: None,
    usage: Usage {
        about: "short polling: answers at once",
        query: "?after=0",
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

/// The server's end: answers with what the feed has after the cursor. A poll makes no feed, unless
/// it makes a member.
fn open(state: &AppState, ask: &Ask<'_>) -> Result<Reply, ApiError> {
    let (cursor, grace) = (ask.cursor()?, presence::grace(ask.interval_ms()?));
    let feed = match ask.member_name() {
        Some(_) => ask.open_feed(state)?,
        None => state.feeds.peek(ask.feed)?,
    };
    let position = feed.place(cursor);
    let _present = ask.admit(state, &feed, grace)?;
    let batch = feed.read_after(position);
    ask.counters.poll_answered(batch.messages.len());
    Ok(Reply::Whole(answer::messages(&batch)))
}

/// The client's end: polls on an absolute schedule with a phase of its own, so that a slow answer
/// does not shift the polls that follow and clients are not in step.
///
/// One poll is in flight at a time. A late poll goes out as soon as possible; a slot that has
/// passed entirely is left out.
async fn subscribe(subscription: &mut Subscription) -> Result<Infallible, ClientError> {
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
            // Slots that passed during the rest are left out.
            due_ns = latest_slot_ns(due_ns, interval_ns) + interval_ns;
            continue;
        }
        poller
            .exchange(subscription, poll.bytes(subscription))
            .await?;
        due_ns += interval_ns;
    }
}

/// The last slot from `due_ns` on that has begun; `due_ns` if none has.
fn latest_slot_ns(due_ns: u64, interval_ns: u64) -> u64 {
    due_ns + clock::now_ns().saturating_sub(due_ns) / interval_ns * interval_ns
}

/// Time from `now_ns` to the next time at `phase` of an interval of the clock, in ns. Phases that
/// are spread evenly stay so, whenever their clients have dialled.
fn until_ns(interval_ns: u64, phase: f64, now_ns: u64) -> u64 {
    let at_ns = (interval_ns as f64 * phase) as u64;
    (at_ns + interval_ns - now_ns % interval_ns) % interval_ns
}

/// The bytes of the latest poll. They are the next poll's as well until a message arrives.
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
            self.bytes = request(subscription, DESCRIPTOR.endpoint, timing);
        }
        &self.bytes
    }
}

/// A message waits for the next poll: half the interval on average. The messages of an exchange
/// share its heads, and an empty exchange costs them as well.
fn predict(conditions: &Conditions) -> Prediction {
    let interval_s = conditions.client.poll_interval.as_secs_f64();
    let messages_per_poll = conditions.rate_hz * interval_s;
    let commas = (messages_per_poll - 1.0).max(0.0);
    let body = ANSWER_WRAPPING.len() as f64 + commas;
    let heads = conditions.exchange_bytes(DESCRIPTOR.endpoint, PollTiming::default(), body);
    let json = conditions.json_bytes();
    let work = Work::Exchanges(1.0 / messages_per_poll);
    Prediction {
        latency_mean_us: Some(interval_s / 2.0 * 1e6),
        wire_bytes_per_delivery: heads / messages_per_poll + json + conditions.post_bytes(),
        server_cpu_us_per_delivery: conditions.server_cpu_us(work),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_a_time_of_the_clock() {
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
