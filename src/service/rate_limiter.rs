//! How often one address may publish.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use governor::{DefaultKeyedRateLimiter, Quota};

/// After so many messages, addresses are forgotten that have been silent for long enough: this and
/// the addresses that do publish bound what is remembered.
const FORGET_EVERY: u32 = 4_096;

/// Joins of one address: a second, and at once.
const JOINS_HZ: NonZeroU32 = NonZeroU32::new(20).unwrap();
const JOINS_AT_ONCE: NonZeroU32 = NonZeroU32::new(200).unwrap();

/// A limit on the messages of each address, joins included: so many a second, and as many at once.
#[derive(Debug)]
pub struct RateLimiter {
    pub max_hz: NonZeroU32,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU32,
}

/// An address has published too much in too short a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address may publish {0} messages a second: write less often")]
pub struct RateExceeded(NonZeroU32);

impl RateLimiter {
    pub fn new(max_hz: NonZeroU32) -> Self {
        RateLimiter {
            max_hz,
            limiter: governor::RateLimiter::keyed(Quota::per_second(max_hz)),
            asked: AtomicU32::new(0),
        }
    }

    /// The limit on joins, which all readers of a feed get: a class behind one address joins at
    /// once, and a page that joins with ever new names does not fill the feed.
    pub fn of_joins() -> Self {
        let [max_hz, burst] = [JOINS_HZ, JOINS_AT_ONCE];
        RateLimiter {
            max_hz,
            limiter: governor::RateLimiter::keyed(Quota::per_second(max_hz).allow_burst(burst)),
            asked: AtomicU32::new(0),
        }
    }

    /// Counts a message of `address`.
    pub fn check(&self, address: IpAddr) -> Result<(), RateExceeded> {
        if self.asked.fetch_add(1, Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter
            .check_key(&address)
            .map_err(|_| RateExceeded(self.max_hz))
    }
}
