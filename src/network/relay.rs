//! One way of the link, as a pure function of time: what becomes of each packet.
//!
//! ```text
//! packet ──▶ queue ──▶ transmission at the rate ──▶ loss ──▶ delay ± jitter ──▶ arrival
//! ```
//!
//! A packet that is lost takes its time of transmission, as one that is spoilt on the air does.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::network::conditions::OneWay;

/// Packets that wait for their transmission, where a rate is given: as many as a Linux interface
/// queues by default (ip-link(8), txqueuelen). Further ones are dropped and counted.
pub const QUEUE_PACKETS: usize = 1_000;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives at this time, on the monotonic clock.
    Arrives(u64),
    /// It never arrives.
    Lost,
}

/// How many packets had which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketCounts {
    /// All that were sent into the link.
    pub sent: u64,
    /// By chance, as asked for.
    pub lost: u64,
    /// Because the queue was full.
    pub queue_full: u64,
    /// In the black-out.
    pub blacked_out: u64,
}

/// One way of a link.
#[derive(Debug)]
pub struct Relay {
    way: OneWay,
    rng: SmallRng,
    /// When the last transmission ends.
    free_ns: u64,
    /// When each transmission ends that has not ended yet, as of the last packet.
    waiting: std::collections::VecDeque<u64>,
    /// When the last packet arrives.
    last_ns: u64,
    pub counts: PacketCounts,
}

impl Relay {
    /// The same seed gives the same packets the same fate.
    pub fn new(way: OneWay, seed: u64) -> Self {
        Relay {
            way,
            rng: SmallRng::seed_from_u64(seed),
            free_ns: 0,
            waiting: Default::default(),
            last_ns: 0,
            counts: PacketCounts::default(),
        }
    }

    /// A packet of so many bytes enters the link. `is_dark`: a black-out is on.
    pub fn pass(&mut self, now_ns: u64, bytes: usize, is_dark: bool) -> Fate {
        self.counts.sent += 1;
        if is_dark {
            self.counts.blacked_out += 1;
            return Fate::Lost;
        }
        let Some(sent_ns) = self.transmit(now_ns, bytes) else {
            self.counts.queue_full += 1;
            return Fate::Lost;
        };
        if self.rng.random::<f64>() * 100.0 < self.way.loss_percent {
            self.counts.lost += 1;
            return Fate::Lost;
        }
        let OneWay {
            delay_ns,
            jitter_ns,
            ..
        } = self.way;
        let jittered_ns = match jitter_ns {
            0 => delay_ns,
            _ => delay_ns - jitter_ns + self.rng.random_range(0..=2 * jitter_ns),
        };
        self.last_ns = self.last_ns.max(sent_ns + jittered_ns);
        Fate::Arrives(self.last_ns)
    }

    /// When the packet's transmission ends; `None` where the queue is full.
    fn transmit(&mut self, now_ns: u64, bytes: usize) -> Option<u64> {
        let takes_ns = match self.way.transmission_ns(bytes) {
            0 => return Some(now_ns),
            ns => ns,
        };
        while self.waiting.front().is_some_and(|ends| *ends <= now_ns) {
            self.waiting.pop_front();
        }
        if self.waiting.len() >= QUEUE_PACKETS {
            return None;
        }
        self.free_ns = self.free_ns.max(now_ns) + takes_ns;
        self.waiting.push_back(self.free_ns);
        Some(self.free_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn relay(way: OneWay) -> Relay {
        Relay::new(way, 7)
    }

    /// The fates of packets that enter at these times, in ms, with so many bytes: ms, or none.
    fn fates(way: OneWay, packets: &[(u64, usize)]) -> Vec<Option<f64>> {
        let mut relay = relay(way);
        let fate = |&(at_ms, bytes): &(u64, usize)| match relay.pass(at_ms * MS, bytes, false) {
            Fate::Arrives(at_ns) => Some(at_ns as f64 / MS as f64),
            Fate::Lost => None,
        };
        packets.iter().map(fate).collect()
    }

    #[test]
    fn delay_and_rate_say_when_a_packet_arrives() {
        let delayed = OneWay {
            delay_ns: 50 * MS,
            ..OneWay::NONE
        };
        // 1,000 bytes take 8 ms.
        let slow = OneWay {
            rate_bit_s: Some(1_000_000),
            ..OneWay::NONE
        };
        let both = OneWay {
            rate_bit_s: Some(1_000_000),
            ..delayed
        };
        for (way, packets, expected) in [
            (
                OneWay::NONE,
                &[(0, 1), (0, 1_500), (9, 1)][..],
                vec![0.0, 0.0, 9.0],
            ),
            (delayed, &[(1, 1), (2, 1_500)], vec![51.0, 52.0]),
            // The second one waits for the first, the third one finds the link free.
            (
                slow,
                &[(0, 1_000), (1, 1_000), (20, 500)],
                vec![8.0, 16.0, 24.0],
            ),
            (both, &[(0, 1_000), (0, 1_000)], vec![58.0, 66.0]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(Some).collect();
            assert_eq!(fates(way, packets), expected, "{way:?}");
        }
    }

    #[test]
    fn jitter_is_even_around_the_delay_and_keeps_the_order() {
        let way = OneWay {
            delay_ns: 50 * MS,
            jitter_ns: 20 * MS,
            ..OneWay::NONE
        };
        let apart: Vec<_> = (0..2_000).map(|n| (n * 100, 100)).collect();
        let arrivals = fates(way, &apart);
        let delays = arrivals.iter().zip(&apart);
        let delays: Vec<f64> = delays
            .map(|(at, sent)| at.unwrap() - sent.0 as f64)
            .collect();
        let mean = delays.iter().sum::<f64>() / delays.len() as f64;
        assert!((mean - 50.0).abs() < 1.0, "{mean}");
        assert!(delays.iter().all(|delay| (30.0..=70.0).contains(delay)));
        assert!(delays.iter().any(|delay| *delay < 32.0));
        assert!(delays.iter().any(|delay| *delay > 68.0));
        let close: Vec<_> = (0..500).map(|n| (n, 100)).collect();
        assert!(fates(way, &close).is_sorted());
    }

    #[test]
    fn as_many_packets_are_lost_as_asked_for_and_the_same_ones_again() {
        for percent in [0.0, 0.5, 2.0, 50.0] {
            let way = OneWay {
                loss_percent: percent,
                ..OneWay::NONE
            };
            let packets: Vec<_> = (0..20_000).map(|n| (n, 100)).collect();
            let all = fates(way, &packets);
            let lost = all.iter().filter(|fate| fate.is_none()).count() as f64;
            let expected = 200.0 * percent;
            assert!((lost - expected).abs() <= 4.0 * expected.sqrt(), "{lost}");
            assert_eq!(fates(way, &packets), all);
        }
    }

    #[test]
    fn a_full_queue_drops_its_tail_and_empties_at_the_rate() {
        // A packet takes 1 ms.
        let way = OneWay {
            rate_bit_s: Some(8_000_000),
            ..OneWay::NONE
        };
        let mut relay = relay(way);
        let burst = QUEUE_PACKETS as u64 + 200;
        let arrive = |relay: &mut Relay, at_ms: u64, packets: u64| {
            let fates = (0..packets).map(|_| relay.pass(at_ms * MS, 1_000, false));
            fates.filter(|fate| *fate != Fate::Lost).count()
        };
        assert_eq!(arrive(&mut relay, 0, burst), QUEUE_PACKETS);
        assert_eq!(relay.counts.queue_full, 200);
        assert_eq!(arrive(&mut relay, 30, 100), 30, "30 ms have made room");
        assert_eq!(relay.counts.sent, burst + 100);
    }

    #[test]
    fn in_a_black_out_everything_is_lost_and_counted_apart() {
        let mut relay = relay(OneWay::NONE);
        assert_eq!(relay.pass(5, 100, true), Fate::Lost);
        assert_eq!(relay.pass(6, 100, false), Fate::Arrives(6));
        let counts = PacketCounts {
            sent: 2,
            blacked_out: 1,
            ..PacketCounts::default()
        };
        assert_eq!(relay.counts, counts);
    }
}
