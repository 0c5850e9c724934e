//! Intervals and bounds of the server's end of every transport.

use std::time::Duration;

use strum::{Display, EnumString, VariantNames};

use crate::error::unknown;
use crate::feed::Batch;
use crate::service::counters::{ConnectionCounters, Counter};

/// Bytes of messages that a stream reads at once. One write of this size carries many messages,
/// and the server can hold it for each of thousands of clients that have stopped reading.
pub const STREAM_PIECE_BYTES: usize = 64 << 10;

/// What happens to a stream whose next message the ring no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<SlowReader>)]
pub enum SlowReader {
    /// The reader gets the number of missed messages, then those that the ring holds.
    Skip,
    /// The stream ends.
    Close,
}

/// Intervals and bounds of the server's end of every transport.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A silent SSE or NDJSON stream gets a heartbeat this often. Proxies cut idle connections
    /// after 60 s.
    pub heartbeat: Duration,
    /// A WebSocket gets a ping this often; a peer that is silent for two pings is disconnected.
    pub ping: Duration,
    /// The longest wait of one long poll, whatever the client asks for.
    pub max_hold: Duration,
    /// Bytes of one published message, as it arrives.
    pub max_message_bytes: usize,
    pub slow_reader: SlowReader,
    /// How long a member stays after its last stream has ended, in steps of a second. A page that
    /// is loaded again, or a connection that is made again, is back before.
    pub leave_after: Duration,
    /// How long the body of a request may take to arrive.
    pub body_timeout: Duration,
}

impl Limits {
    /// Counts a slow reader if `next` skips texts: joins and leaves are kept less long, so that
    /// every reader of older messages misses some. Returns whether its stream must end.
    pub fn ends_slow_reader(&self, counters: &ConnectionCounters, next: &Batch) -> bool {
        let behind = next.missed_text;
        if behind {
            counters.add(Counter::SlowReaders, 1);
            tracing::info!(address = %counters.address, missed = next.missed, "a slow reader");
        }
        behind && self.slow_reader == SlowReader::Close
    }

    /// The hold of a long poll that asks for `asked_ms`.
    pub fn hold(&self, asked_ms: Option<u64>) -> Duration {
        asked_ms.map_or(self.max_hold, |ms| {
            Duration::from_millis(ms).min(self.max_hold)
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            heartbeat: Duration::from_secs(15),
            ping: Duration::from_secs(20),
            max_hold: Duration::from_secs(25),
            max_message_bytes: 64 << 10,
            slow_reader: SlowReader::Skip,
            leave_after: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
        }
    }
}
