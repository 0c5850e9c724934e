//! Whether a link was what was asked for, by what was measured of it. Pure.

use crate::network::conditions::OneWay;
use crate::network::protocol::{WayPassed, WayProbed};

/// The largest differences: of delay and rate as a share of what was asked for, of the delay at
/// least this, in ns …
const SHARE: f64 = 0.05;
const DELAY_NS: f64 = 1e6;
/// … and of loss, as a share of it.
const LOSS_SHARE: f64 = 0.1;
/// Beyond that, what chance explains but once in 10,000 times, in standard deviations.
const CHANCE: f64 = 4.0;

/// Whether one way of a link was what was asked for.
pub fn is_exact(asked: &OneWay, probed: &WayProbed, passed: &WayPassed) -> bool {
    delay_is_exact(asked, probed)
        && rate_is_exact(asked, probed)
        && loss_is_exact(asked, passed)
        && passed.late_p99_ns as f64 <= delay_slack_ns(asked)
}

fn delay_slack_ns(asked: &OneWay) -> f64 {
    DELAY_NS.max(asked.delay_ns as f64 * SHARE)
}

fn delay_is_exact(asked: &OneWay, probed: &WayProbed) -> bool {
    let Some(measured_ns) = probed.delay_ns else {
        return false;
    };
    // The median of n numbers that are evenly distributed over ±j has a deviation of j/√(n+2).
    let deviation_ns = asked.jitter_ns as f64 / f64::from(probed.probes + 2).sqrt();
    let differs_ns = measured_ns.abs_diff(asked.delay_ns) as f64;
    differs_ns <= delay_slack_ns(asked) + CHANCE * deviation_ns
}

fn rate_is_exact(asked: &OneWay, probed: &WayProbed) -> bool {
    let Some(rate) = asked.rate_bit_s else {
        return true;
    };
    let Some(measured) = probed.rate_bit_s else {
        return false;
    };
    // The train may seem longer or shorter by what its ends are jittered.
    let jittered = 2.0 * asked.jitter_ns as f64 / probed.train_ns.max(1) as f64;
    (measured / rate as f64 - 1.0).abs() <= SHARE + jittered
}

fn loss_is_exact(asked: &OneWay, passed: &WayPassed) -> bool {
    let (packets, share) = (passed.at_risk() as f64, asked.loss_percent / 100.0);
    let deviation = (packets * share * (1.0 - share)).sqrt();
    let differs = (passed.lost() as f64 - packets * share).abs();
    differs <= LOSS_SHARE * packets * share + CHANCE * deviation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::relay::PacketCounts;

    const MS: u64 = 1_000_000;

    /// 50 ms, 2 % and 10 Mbit/s, as asked for and as measured.
    fn exact() -> (OneWay, WayProbed, WayPassed) {
        let asked = OneWay {
            delay_ns: 50 * MS,
            jitter_ns: 0,
            loss_percent: 2.0,
            rate_bit_s: Some(10_000_000),
        };
        let probed = WayProbed {
            delay_ns: Some(50 * MS + 80_000),
            probes: 30,
            rate_bit_s: Some(9.9e6),
            train_ns: 100 * MS,
        };
        let passed = WayPassed {
            relay: PacketCounts {
                queue_full: 500,
                blacked_out: 500,
                ..PacketCounts::default()
            },
            kernel_sent: 101_000,
            kernel_received: 97_990,
            under_way: 10,
            late_p99_ns: 100_000,
        };
        (asked, probed, passed)
    }

    #[test]
    fn delay_rate_and_loss_may_differ_by_so_much_and_no_more() {
        let (asked, probed, passed) = exact();
        assert!(is_exact(&asked, &probed, &passed));
        assert_eq!(passed.loss_percent(), Some(2.0), "of 100,000 at risk");
        type Change = fn(&mut OneWay, &mut WayProbed, &mut WayPassed);
        let table: [(Change, bool); 12] = [
            (|_, probed, _| probed.delay_ns = Some(52 * MS), true),
            (|_, probed, _| probed.delay_ns = Some(53 * MS), false),
            (|_, probed, _| probed.delay_ns = None, false),
            (
                |asked, probed, _| {
                    (asked.delay_ns, probed.delay_ns) = (5 * MS, Some(6 * MS - 1));
                },
                true,
            ),
            (
                |asked, probed, _| {
                    (asked.jitter_ns, probed.delay_ns) = (20 * MS, Some(60 * MS));
                },
                true,
            ),
            (|_, probed, _| probed.rate_bit_s = Some(9.4e6), false),
            (|_, probed, _| probed.rate_bit_s = None, false),
            (|asked, _, _| asked.rate_bit_s = None, true),
            (|_, _, passed| passed.kernel_received -= 300, true),
            (|_, _, passed| passed.kernel_received -= 500, false),
            (|asked, _, _| asked.loss_percent = 0.0, false),
            (|_, _, passed| passed.late_p99_ns = 3 * MS, false),
        ];
        for (number, (change, is)) in table.into_iter().enumerate() {
            let (mut asked, mut probed, mut passed) = exact();
            change(&mut asked, &mut probed, &mut passed);
            assert_eq!(is_exact(&asked, &probed, &passed), is, "{number}");
        }
    }

    #[test]
    fn of_few_packets_chance_explains_more() {
        let (asked, probed, mut passed) = exact();
        passed.relay = PacketCounts::default();
        // Of 100 packets 2 should be lost.
        for (lost, is) in [(0, true), (7, true), (9, false)] {
            (passed.kernel_sent, passed.kernel_received) = (100, 90 - lost);
            assert_eq!(is_exact(&asked, &probed, &passed), is, "{lost}");
        }
    }
}
