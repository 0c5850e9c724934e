//! The pauses before new attempts to connect: exponential back-off with jitter. Pure.

use std::time::Duration;

/// Pause after a connection that was up, and before the first new attempt.
const FIRST: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);

/// Where a client stands in its attempts to connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    /// Failed attempts since the client was last connected.
    pub failures: u32,
}

impl Backoff {
    /// An attempt has ended. A client that was connected starts from the first pause again.
    pub fn after(self, was_connected: bool) -> Self {
        Backoff {
            failures: match was_connected {
                true => 0,
                false => self.failures.saturating_add(1),
            },
        }
    }

    /// The pause before the next attempt. It doubles with each failure, up to the longest, and is
    /// then cut to between a half (`phase` 0) and all of itself (`phase` 1), so that clients which
    /// lost their server together do not return together.
    pub fn pause(self, phase: f64) -> Duration {
        FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST)
            .mul_f64(0.5 + phase / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_this_table() {
        for (failures, phase, pause_ms) in [
            (0, 1.0, 100),
            (0, 0.0, 50),
            (1, 1.0, 200),
            (2, 0.5, 300),
            (4, 1.0, 1_600),
            (5, 1.0, 2_000),
            (5, 0.0, 1_000),
            (u32::MAX, 1.0, 2_000),
        ] {
            let pause = Backoff { failures }.pause(phase);
            assert_eq!(
                pause,
                Duration::from_millis(pause_ms),
                "{failures}, {phase}"
            );
        }
    }

    #[test]
    fn failures_count_from_the_last_connection() {
        let ends = [false, false, true, false, true, true];
        let counts = ends.iter().scan(Backoff::default(), |backoff, &connected| {
            *backoff = backoff.after(connected);
            Some(backoff.failures)
        });
        assert_eq!(counts.collect::<Vec<_>>(), [1, 2, 0, 1, 0, 0]);
        let most = Backoff { failures: u32::MAX };
        assert_eq!(most.after(false), most);
    }
}
