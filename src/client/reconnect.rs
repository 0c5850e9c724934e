//! The pauses before new attempts to connect: exponential back-off, then jitter. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest back-off, unless the first one is longer.
const LONGEST: Duration = Duration::from_secs(2);

/// A connection that was up for so long proves that the server is well: the next back-off is the
/// first one again.
const STABLE: Duration = Duration::from_secs(5);

/// How clients come back after their connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct ReconnectPolicy {
    /// The first pause. It doubles with each failure.
    pub back_off: Duration,
    /// The longest random time that is added to each pause, after its bound. Before it, clients
    /// whose back-off has reached the bound would fall into step (Brooker, "Exponential Backoff and
    /// Jitter", 2015).
    pub jitter: Duration,
    /// The longest time without a byte from the server, after which a client takes it for gone;
    /// `None`: it waits for ever.
    pub silence: Option<Duration>,
}

impl ReconnectPolicy {
    pub const DEFAULT: ReconnectPolicy = ReconnectPolicy {
        back_off: Duration::from_millis(100),
        jitter: Duration::from_millis(100),
        silence: None,
    };
}

/// Where a client stands in its attempts to connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    /// Failures since the client was last connected for a while.
    pub failures: u32,
}

impl Backoff {
    /// An attempt, or a connection that was up for some time, has ended.
    pub fn after(self, up: Option<Duration>) -> Self {
        Backoff {
            failures: match up {
                Some(up) if up >= STABLE => 0,
                Some(_) if self.failures == 0 => 0,
                _ => self.failures.saturating_add(1),
            },
        }
    }

    /// The pause before the next attempt. `phase`, from 0 to 1, is the client's own; each failure
    /// gives it another place in the jitter.
    pub fn pause(self, policy: &ReconnectPolicy, phase: f64) -> Duration {
        /// The golden section: its multiples are spread evenly (Weyl 1916).
        const STEP: f64 = 0.618_033_988_749_895;
        let back_off = policy.back_off.saturating_mul(1 << self.failures.min(16));
        let place = (phase + f64::from(self.failures) * STEP).fract();
        back_off.min(LONGEST.max(policy.back_off)) + policy.jitter.mul_f64(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_this_table() {
        // First pause and jitter in ms; failures and phase; pause in ms.
        for (back_off, jitter, failures, phase, pause_ms) in [
            (100, 100, 0, 0.0, 100),
            (100, 100, 0, 0.5, 150),
            (100, 100, 1, 0.0, 261),
            (100, 0, 1, 0.9, 200),
            (100, 0, 4, 0.0, 1_600),
            (100, 0, 5, 0.0, 2_000),
            (100, 0, u32::MAX, 0.0, 2_000),
            (8_000, 0, 3, 0.5, 8_000),
            (0, 8_000, 0, 0.25, 2_000),
        ] {
            let policy = ReconnectPolicy {
                back_off: Duration::from_millis(back_off),
                jitter: Duration::from_millis(jitter),
                silence: None,
            };
            let pause = Backoff { failures }.pause(&policy, phase);
            assert_eq!(pause.as_millis(), pause_ms, "{failures}, {phase}");
        }
    }

    #[test]
    fn clients_that_fail_together_do_not_return_in_step() {
        let policy = ReconnectPolicy::DEFAULT;
        for failures in [0, 6, 7, 8] {
            let phases = (0..10).map(|n| f64::from(n) / 10.0);
            let pauses = phases.map(|phase| Backoff { failures }.pause(&policy, phase).as_millis());
            let slots: std::collections::BTreeSet<_> = pauses.map(|ms| ms / 10).collect();
            assert_eq!(slots.len(), 10, "after {failures} failures");
        }
    }

    #[test]
    fn failures_count_until_a_connection_was_up_for_a_while() {
        let (short, long) = (Some(Duration::from_secs(1)), Some(STABLE));
        let ends = [None, None, short, long, short, None, short];
        let counts = ends.iter().scan(Backoff::default(), |backoff, &up| {
            *backoff = backoff.after(up);
            Some(backoff.failures)
        });
        assert_eq!(counts.collect::<Vec<_>>(), [1, 2, 3, 0, 0, 1, 2]);
        let most = Backoff { failures: u32::MAX };
        assert_eq!(most.after(None), most);
    }
}
