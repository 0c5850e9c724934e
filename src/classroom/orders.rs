//! What the teacher does to all: each order ends by itself.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How long a cut is shown: it is over at once.
const CUT_IS_SHOWN: Duration = Duration::from_secs(5);

/// An order, as `{"do":"stop","for_s":5}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Order {
    /// The server's answers stop. Less than a WebSocket's ping interval, so that it survives.
    Stop { for_s: f64 },
    /// Each of the server's answers is late.
    Slow { by_ms: f64, for_s: f64 },
    /// All pages poll at this interval.
    Interval { ms: f64, for_s: f64 },
    /// The sensors publish so many messages a second, all together.
    Rate { hz: f64, for_s: f64 },
    /// Connections are cut: those of one device, or all.
    Cut { device: Option<u32> },
}

/// An order is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: write {} to {}", .range.start(), .range.end())]
pub struct OutOfBounds {
    name: &'static str,
    range: RangeInclusive<u32>,
}

impl Order {
    const KINDS: usize = 5;

    fn kind(&self) -> usize {
        match self {
            Order::Stop { .. } => 0,
            Order::Slow { .. } => 1,
            Order::Interval { .. } => 2,
            Order::Rate { .. } => 3,
            Order::Cut { .. } => 4,
        }
    }

    /// Checks that it is bounded; a number that is not one is out of all bounds.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        let check = |name, value: f64, range: RangeInclusive<u32>| {
            let (least, most) = (f64::from(*range.start()), f64::from(*range.end()));
            match (least..=most).contains(&value) {
                true => Ok(()),
                false => Err(OutOfBounds { name, range }),
            }
        };
        match *self {
            Order::Stop { for_s } => check("for_s", for_s, 1..=15),
            Order::Slow { by_ms, for_s } => {
                check("by_ms", by_ms, 10..=5_000)?;
                check("for_s", for_s, 1..=120)
            }
            Order::Interval { ms, for_s } => {
                check("ms", ms, 100..=30_000)?;
                check("for_s", for_s, 1..=1_800)
            }
            Order::Rate { hz, for_s } => {
                check("hz", hz, 1..=50)?;
                check("for_s", for_s, 1..=1_800)
            }
            Order::Cut { .. } => Ok(()),
        }
    }

    fn lasts(&self) -> Duration {
        match *self {
            Order::Stop { for_s }
            | Order::Slow { for_s, .. }
            | Order::Interval { for_s, .. }
            | Order::Rate { for_s, .. } => Duration::from_secs_f64(for_s),
            Order::Cut { .. } => CUT_IS_SHOWN,
        }
    }
}

/// As it is logged.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::Stop { for_s } => write!(f, "stop for {for_s} s"),
            Order::Slow { by_ms, for_s } => write!(f, "slow by {by_ms} ms for {for_s} s"),
            Order::Interval { ms, for_s } => write!(f, "poll interval {ms} ms for {for_s} s"),
            Order::Rate { hz, for_s } => write!(f, "{hz} messages a second for {for_s} s"),
            Order::Cut {
                device: Some(number),
            } => write!(f, "cut device {number}"),
            Order::Cut { device: None } => f.write_str("cut all"),
        }
    }
}

/// An order that holds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Held {
    #[serde(flatten)]
    pub order: Order,
    /// How long it still holds.
    pub left_ms: u64,
}

/// The orders that hold: at most one of a kind, the newest.
#[derive(Debug, Default)]
pub struct Orders {
    given: Mutex<[Option<(Order, Instant)>; Order::KINDS]>,
    /// Whether answers may be held. It spares every write a lock.
    holds: AtomicBool,
}

impl Orders {
    /// Gives an order, in place of an older one of its kind.
    pub fn give(&self, order: Order) -> Result<(), OutOfBounds> {
        order.check()?;
        let mut given = self.given();
        given[order.kind()] = Some((order, Instant::now() + order.lasts()));
        if matches!(order, Order::Stop { .. } | Order::Slow { .. }) {
            self.holds.store(true, Relaxed);
        }
        Ok(())
    }

    /// All that hold.
    pub fn held(&self) -> Vec<Held> {
        let now = Instant::now();
        let given = *self.given();
        let held = given.into_iter().flatten().map(|(order, until)| Held {
            order,
            left_ms: until.saturating_duration_since(now).as_millis() as u64,
        });
        held.filter(|held| held.left_ms > 0).collect()
    }

    /// When an answer may go that was ready at `ready`; `None` if it may go now.
    pub fn holds(&self, ready: Instant) -> Option<Instant> {
        if !self.holds.load(Relaxed) {
            return None;
        }
        let (now, given) = (Instant::now(), self.given());
        let held = given.iter().flatten().filter(|(_, until)| *until > now);
        let release = held.filter_map(|(order, until)| match order {
            Order::Stop { .. } => Some(*until),
            Order::Slow { by_ms, .. } => Some(ready + Duration::from_secs_f64(by_ms / 1e3)),
            _ => None,
        });
        let release = release.max();
        if release.is_none() {
            // Under the lock: a newer order sets it again.
            self.holds.store(false, Relaxed);
        }
        release.filter(|release| *release > now)
    }

    /// The sensors' messages a second, if an order says how many.
    pub fn rate_hz(&self) -> Option<f64> {
        let now = Instant::now();
        self.given()
            .iter()
            .flatten()
            .find_map(|(order, until)| match order {
                Order::Rate { hz, .. } if *until > now => Some(*hz),
                _ => None,
            })
    }

    fn given(&self) -> MutexGuard<'_, [Option<(Order, Instant)>; Order::KINDS]> {
        self.given.lock().expect("no panic under the lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn answers_are_held_until_the_order_ends_by_itself() {
        let orders = Orders::default();
        let start = Instant::now();
        assert_eq!(orders.holds(start), None);
        orders.give(Order::Stop { for_s: 5.0 }).unwrap();
        assert_eq!(orders.holds(start), Some(start + 5 * SECOND));
        orders
            .give(Order::Slow {
                by_ms: 2_000.0,
                for_s: 9.0,
            })
            .unwrap();
        tokio::time::advance(4 * SECOND).await;
        let late = start + 4 * SECOND;
        assert_eq!(
            orders.holds(late),
            Some(start + 6 * SECOND),
            "slow is longer"
        );
        assert_eq!(
            orders.holds(start),
            Some(start + 5 * SECOND),
            "stop is longer"
        );
        tokio::time::advance(2 * SECOND).await;
        assert_eq!(orders.holds(start), None, "it was late enough");
        let left: Vec<u64> = orders.held().iter().map(|held| held.left_ms).collect();
        assert_eq!(left, [3_000]);
        tokio::time::advance(3 * SECOND).await;
        assert_eq!(orders.holds(Instant::now()), None);
        assert!(orders.held().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_order_takes_the_place_of_one_of_its_kind() {
        let orders = Orders::default();
        orders
            .give(Order::Rate {
                hz: 5.0,
                for_s: 60.0,
            })
            .unwrap();
        orders
            .give(Order::Rate {
                hz: 9.0,
                for_s: 1.0,
            })
            .unwrap();
        assert_eq!(orders.rate_hz(), Some(9.0));
        tokio::time::advance(SECOND).await;
        assert_eq!(orders.rate_hz(), None);
    }

    #[test]
    fn orders_without_bounds_are_refused() {
        for bad in [
            Order::Stop { for_s: 0.0 },
            Order::Stop { for_s: 16.0 },
            Order::Stop { for_s: f64::NAN },
            Order::Slow {
                by_ms: 1e9,
                for_s: 1.0,
            },
            Order::Interval {
                ms: 1.0,
                for_s: 10.0,
            },
            Order::Rate {
                hz: f64::INFINITY,
                for_s: 10.0,
            },
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(": write "), "{error}");
        }
    }
}
