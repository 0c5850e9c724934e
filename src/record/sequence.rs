//! Which messages a subscriber has: tells fresh from duplicate and reordered by sequence number.

use std::ops::RangeInclusive;

/// Gaps remembered for one subscriber. A message that fills an older, forgotten gap counts as a
/// duplicate; 64 gaps at once mean that the trial is lost anyway.
const MAX_GAPS: usize = 64;

/// What a delivery was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Fresh,
    /// Delivered after a later one.
    Reordered,
    /// Delivered again.
    Duplicate,
}

/// The sequence numbers that one subscriber has seen: the highest, and the gaps below it.
#[derive(Debug, Default)]
pub struct Sequence {
    last: u64,
    gaps: Vec<RangeInclusive<u64>>,
}

impl Sequence {
    /// Everything up to `last` was seen.
    pub fn after(last: u64) -> Self {
        let gaps = Vec::new();
        Sequence { last, gaps }
    }

    /// The highest `seq` seen: the cursor to resume after.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Takes note of one delivery.
    pub fn see(&mut self, seq: u64) -> Delivery {
        if seq > self.last {
            if seq > self.last + 1 {
                self.gaps.truncate(MAX_GAPS - 1);
                self.gaps.insert(0, self.last + 1..=seq - 1);
            }
            self.last = seq;
            return Delivery::Fresh;
        }
        let Some(index) = self.gaps.iter().position(|gap| gap.contains(&seq)) else {
            return Delivery::Duplicate;
        };
        let (start, end) = self.gaps.swap_remove(index).into_inner();
        let rest = [start..=seq - 1, seq + 1..=end];
        self.gaps
            .extend(rest.into_iter().filter(|gap| !gap.is_empty()));
        Delivery::Reordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Delivery::*;

    #[test]
    fn each_delivery_is_named_once() {
        let mut sequence = Sequence::default();
        let story = [
            (1, Fresh),
            (2, Fresh),
            (2, Duplicate),
            (6, Fresh),
            (4, Reordered),
            (4, Duplicate),
            (3, Reordered),
            (5, Reordered),
            (5, Duplicate),
            (1, Duplicate),
            (7, Fresh),
        ];
        for (step, (seq, expected)) in story.into_iter().enumerate() {
            assert_eq!(sequence.see(seq), expected, "step {step}");
        }
        assert_eq!(sequence.last(), 7);
        assert!(sequence.gaps.is_empty());
    }

    #[test]
    fn gaps_are_bounded() {
        let mut sequence = Sequence::default();
        for n in 1..=1_000 {
            sequence.see(2 * n);
        }
        assert!(sequence.gaps.len() <= MAX_GAPS, "{}", sequence.gaps.len());
        assert_eq!(sequence.see(1_999), Reordered);
    }
}
