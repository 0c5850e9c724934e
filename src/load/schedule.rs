//! The schedule: when each message is due. Pure: it reads no clock.
//!
//! It is open-loop: a message is due at its time, whether or not the server has kept up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::error::unknown;
use crate::load::timeline::LEAD;
use crate::transport::Transport;

/// How the messages of one feed are spread over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[derive(strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown::<Pacing>)]
pub enum Pacing {
    /// One every 1/rate seconds; the feeds take turns.
    #[default]
    Constant,
    /// A Poisson process with the same mean rate.
    Poisson,
}

/// The most messages that a schedule of such a length has. At random times, that is their mean and
/// ten times their spread.
pub fn most_messages(rate_hz: f64, feeds: usize, length: Duration) -> u64 {
    let mean = rate_hz * feeds as f64 * length.as_secs_f64();
    (mean + 10.0 * mean.sqrt()) as u64 + 2 * feeds as u64
}

/// How long messages are published before the window opens, so that the first polls that count
/// carry as many as all others: the polls' interval and [`LEAD`], by which the count begins before
/// the window, as a whole number of messages. It is 0 where a poll finds one message at most.
pub fn lead_in(
    transport: Transport,
    pacing: Pacing,
    rate_hz: f64,
    poll_interval: Duration,
) -> Duration {
    if transport != Transport::ShortPolling {
        return Duration::ZERO;
    }
    // A product has an error in its last digits.
    let messages_in = |time: Duration| (rate_hz * time.as_secs_f64() - 1e-9).ceil();
    let waiting = messages_in(poll_interval);
    let finds_one = match pacing {
        Pacing::Constant => waiting <= 1.0,
        Pacing::Poisson => waiting <= 0.0,
    };
    match finds_one {
        true => Duration::ZERO,
        false => Duration::from_secs_f64(messages_in(poll_interval + LEAD) / rate_hz),
    }
}

/// One message that will be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Since the schedule's beginning, in ns.
    pub offset_ns: u64,
    pub feed: usize,
    /// Counts this feed's messages from 0.
    pub index: u64,
}

/// All messages of all feeds, in the order of their times.
#[derive(Debug)]
pub struct Schedule {
    next: BinaryHeap<Reverse<(u64, usize, u64)>>,
    pacing: Pacing,
    rate_hz: f64,
    feeds: usize,
    length_ns: u64,
    rng: StdRng,
}

impl Schedule {
    /// `rate_hz` messages a second to each of `feeds` feeds, for `length_ns`. A rate of 0 is an
    /// empty schedule. The same seed gives the same schedule.
    pub fn new(pacing: Pacing, rate_hz: f64, feeds: usize, length_ns: u64, seed: u64) -> Self {
        assert!(
            rate_hz >= 0.0 && rate_hz.is_finite(),
            "a rate is a number from 0"
        );
        let mut schedule = Schedule {
            next: BinaryHeap::new(),
            pacing,
            rate_hz,
            feeds,
            length_ns,
            rng: StdRng::seed_from_u64(seed),
        };
        for feed in 0..feeds {
            schedule.plan(feed, 0, 0);
        }
        schedule
    }

    /// Plans a feed's message `index`, which follows the one due at `previous_ns`.
    fn plan(&mut self, feed: usize, index: u64, previous_ns: u64) {
        if self.rate_hz == 0.0 {
            return;
        }
        let offset_ns = match self.pacing {
            Pacing::Constant => {
                let turn = feed as f64 / self.feeds as f64;
                ((index as f64 + turn) / self.rate_hz * 1e9) as u64
            }
            Pacing::Poisson => {
                let uniform: f64 = self.rng.random();
                let gap_ns = (-(1.0 - uniform).ln() / self.rate_hz * 1e9) as u64;
                previous_ns.saturating_add(gap_ns)
            }
        };
        if offset_ns < self.length_ns {
            self.next.push(Reverse((offset_ns, feed, index)));
        }
    }
}

impl Iterator for Schedule {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        let Reverse((offset_ns, feed, index)) = self.next.pop()?;
        self.plan(feed, index + 1, offset_ns);
        Some(Due {
            offset_ns,
            feed,
            index,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn constant_pacing_is_this_table() {
        // rate, feeds, length in s → (offset in ms, feed)
        type Row<'a> = (f64, usize, u64, &'a [(u64, usize)]);
        let table: [Row; 6] = [
            (1.0, 1, 3, &[(0, 0), (1000, 0), (2000, 0)]),
            (2.0, 1, 1, &[(0, 0), (500, 0)]),
            (1.0, 2, 2, &[(0, 0), (500, 1), (1000, 0), (1500, 1)]),
            (0.5, 1, 4, &[(0, 0), (2000, 0)]),
            (0.0, 3, 10, &[]),
            (1.0, 1, 0, &[]),
        ];
        for (rate_hz, feeds, length_s, expected) in table {
            let schedule = Schedule::new(Pacing::Constant, rate_hz, feeds, length_s * SECOND, 1);
            let seen: Vec<_> = schedule
                .map(|due| (due.offset_ns / 1_000_000, due.feed))
                .collect();
            assert_eq!(
                seen, expected,
                "rate {rate_hz}, {feeds} feeds, {length_s} s"
            );
        }
    }

    #[test]
    fn a_window_that_polls_share_begins_after_an_interval_of_messages() {
        use Pacing::{Constant, Poisson};
        for (pacing, rate_hz, interval_ms, lead_in_ms) in [
            (Constant, 0.0, 1_000, 0),
            (Constant, 10.0, 0, 0),
            (Constant, 10.0, 100, 0),
            (Constant, 1.0, 300, 0),
            (Constant, 1.0 / 0.3, 300, 0),
            (Constant, 1.0, 10_000, 11_000),
            (Constant, 2.0, 700, 1_000),
            (Poisson, 2.0, 700, 1_000),
            (Poisson, 2.0, 100, 500),
            (Poisson, 0.0, 100, 0),
        ] {
            let interval = Duration::from_millis(interval_ms);
            let expected = Duration::from_millis(lead_in_ms);
            let of = |transport| lead_in(transport, pacing, rate_hz, interval);
            assert_eq!(of(Transport::ShortPolling), expected);
            assert_eq!(of(Transport::LongPolling), Duration::ZERO);
        }
    }

    #[test]
    fn an_overload_is_scheduled_like_anything_else() {
        let schedule = Schedule::new(Pacing::Constant, 1e6, 1, SECOND, 1);
        let due: Vec<_> = schedule.collect();
        assert_eq!(due.len(), 1_000_000);
        assert_eq!(due[999_999].offset_ns, 999_999_000);
        assert_eq!(due[999_999].index, 999_999);
    }

    #[test]
    fn a_poisson_process_has_its_mean_its_spread_and_its_seed() {
        for seed in 0..100 {
            let schedule = Schedule::new(Pacing::Poisson, 3.0, 2, SECOND, seed);
            let most = most_messages(3.0, 2, Duration::from_secs(1));
            assert!(schedule.count() as u64 <= most, "seed {seed}");
        }
        let gaps = |seed| {
            let schedule = Schedule::new(Pacing::Poisson, 100.0, 1, 500 * SECOND, seed);
            let offsets: Vec<u64> = schedule.map(|due| due.offset_ns).collect();
            offsets
                .windows(2)
                .map(|pair| (pair[1] - pair[0]) as f64 / 1e9)
                .collect::<Vec<_>>()
        };
        let sample = gaps(7);
        let count = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / count;
        let variance = sample.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
        assert!((count - 50_000.0).abs() < 1_000.0, "{count} messages");
        assert!((mean - 0.01).abs() < 0.0002, "mean gap {mean} s");
        assert!(
            (variance.sqrt() / mean - 1.0).abs() < 0.03,
            "an exponential's spread is its mean"
        );
        assert_eq!(sample, gaps(7));
        assert_ne!(sample, gaps(8));
    }

    #[test]
    fn feeds_are_merged_in_order_and_counted_apart() {
        let schedule = Schedule::new(Pacing::Poisson, 10.0, 5, 10 * SECOND, 3);
        let (mut last_ns, mut counts) = (0, [0; 5]);
        for due in schedule {
            assert!(due.offset_ns >= last_ns);
            assert_eq!(due.index, counts[due.feed]);
            (last_ns, counts[due.feed]) = (due.offset_ns, due.index + 1);
        }
        assert!(
            counts.iter().all(|&count| (60..140).contains(&count)),
            "{counts:?}"
        );
    }
}
