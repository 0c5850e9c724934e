//! How often one address may publish.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// After so many messages, addresses are forgotten that have been silent for long enough: this and
/// the addresses that do publish bound what is remembered.
const FORGET_EVERY: u32 = 4_096;

/// A limit on the messages of each address, joins included: so many a second, and as many at once.
#[derive(Debug)]
pub struct Pace {
    pub max_hz: NonZeroU32,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU32,
}

/// An address has published too much in too short a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address may publish {0} messages a second: write less often")]
pub struct TooFast(NonZeroU32);

impl Pace {
    pub fn new(max_hz: NonZeroU32) -> Self {
        Pace {
            max_hz,
            limiter: RateLimiter::keyed(Quota::per_second(max_hz)),
            asked: AtomicU32::new(0),
        }
    }

    /// Counts a message of `address`.
    pub fn check(&self, address: IpAddr) -> Result<(), TooFast> {
        if self.asked.fetch_add(1, Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter
            .check_key(&address)
            .map_err(|_| TooFast(self.max_hz))
    }
}
