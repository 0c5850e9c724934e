//! Classifies deliveries as fresh, reordered or duplicate by their sequence numbers.

use std::ops::RangeInclusive;

/// Gaps kept for one subscriber. A message that fills an older gap counts as a duplicate; with 64
/// gaps at once the trial is INVALID in any case.
const MAX_GAPS: usize = 64;

/// What one delivery is.
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
    /// Newest first; not empty, not adjacent, at most [`MAX_GAPS`].
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

    /// Classifies one delivery and remembers it.
    pub fn record(&mut self, seq: u64) -> Delivery {
        if seq > self.last {
            if seq > self.last + 1 {
                self.gaps.insert(0, self.last + 1..=seq - 1);
                self.gaps.truncate(MAX_GAPS);
            }
            self.last = seq;
            return Delivery::Fresh;
        }
        let Some(index) = self.gaps.iter().position(|gap| gap.contains(&seq)) else {
            return Delivery::Duplicate;
        };
        let gap = &self.gaps[index];
        let rest = [seq + 1..=*gap.end(), *gap.start()..=seq - 1];
        let rest = rest.into_iter().filter(|gap| !gap.is_empty());
        self.gaps.splice(index..=index, rest);
        self.gaps.truncate(MAX_GAPS);
        Delivery::Reordered
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

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
            assert_eq!(sequence.record(seq), expected, "step {step}");
        }
        assert_eq!(sequence.last(), 7);
        assert!(sequence.gaps.is_empty());
    }

    #[test]
    fn gaps_are_bounded() {
        let mut sequence = Sequence::default();
        for n in 1..=1_000 {
            sequence.record(2 * n);
        }
        assert_eq!(sequence.gaps.len(), MAX_GAPS);
        assert_eq!(sequence.record(1_999), Reordered);
    }

    #[test]
    fn a_split_gap_keeps_its_place_and_the_oldest_gap_is_dropped() {
        let mut sequence = Sequence::default();
        for n in 1..MAX_GAPS as u64 {
            sequence.record(2 * n);
        }
        sequence.record(1_000);
        assert_eq!(sequence.gaps.len(), MAX_GAPS);
        assert_eq!(sequence.record(500), Reordered);
        assert_eq!(sequence.gaps[..2], [501..=999, 127..=499]);
        assert_eq!(sequence.gaps.len(), MAX_GAPS);
        assert_eq!(sequence.record(1), Duplicate, "the oldest gap");
        assert_eq!(sequence.record(3), Reordered);
    }

    /// The same by a set of all missing numbers, of which the newest runs are kept.
    #[derive(Default)]
    struct Model {
        last: u64,
        missing: BTreeSet<u64>,
    }

    impl Model {
        fn record(&mut self, seq: u64) -> Delivery {
            let delivery = match (seq > self.last, self.missing.remove(&seq)) {
                (true, _) => Fresh,
                (false, true) => Reordered,
                (false, false) => Duplicate,
            };
            self.missing.extend(self.last + 1..seq);
            self.last = self.last.max(seq);
            let missing = self.missing.clone();
            let mut ends = missing
                .iter()
                .rev()
                .filter(|n| !missing.contains(&(*n + 1)));
            if let Some(forgotten) = ends.nth(MAX_GAPS) {
                self.missing.retain(|n| n > forgotten);
            }
            delivery
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn deliveries_are_classified_as_by_a_set_of_numbers(
            deliveries in prop::collection::vec(0u64..300, 0..200),
            ordered in any::<bool>(),
        ) {
            let (mut sequence, mut model) = (Sequence::default(), Model::default());
            let mut deliveries = deliveries;
            if ordered {
                // Many gaps first, then deliveries that fill them.
                deliveries.sort_unstable_by_key(|seq| (seq % 2, *seq));
            }
            for seq in deliveries {
                prop_assert_eq!(sequence.record(seq), model.record(seq));
                prop_assert!(sequence.gaps.len() <= MAX_GAPS);
                let gaps = &sequence.gaps;
                prop_assert!(gaps.is_sorted_by(|newer, older| newer.start() > older.end()));
            }
            prop_assert_eq!(sequence.last(), model.last);
        }
    }
}
