//! What one subscriber has: which messages, by the publisher's numbers, and how the server numbered
//! them.

use std::collections::VecDeque;

/// Messages in a word of the set.
const WORD: u32 = u64::BITS;

/// The most words that a subscriber's set keeps: 128 KiB, a million messages after the oldest one
/// that is lacking. That one counts as missed then, and as a duplicate if it still comes.
const MAX_WORDS: u32 = 16 << 10;

/// The messages of one feed that a subscriber has, by their place in the publisher's schedule: a
/// bit for each message from the oldest lacking one to the newest.
#[derive(Debug, Default)]
pub struct DeliveredSet {
    /// All messages of the words before this one are there.
    first: u32,
    /// Bits of word `first`.
    word: u64,
    /// The words after it. A subscriber that gets its messages in order needs none.
    later: Option<Box<Later>>,
}

#[derive(Debug, Default)]
struct Later(VecDeque<u64>);

impl DeliveredSet {
    /// Adds the message at `index`. Returns whether it was not there.
    pub fn insert(&mut self, index: u32) -> bool {
        let (word, bit) = (index / WORD, 1 << (index % WORD));
        let Some(after) = word.checked_sub(self.first) else {
            return false;
        };
        if let Some(forgotten @ 1..) = after.checked_sub(MAX_WORDS) {
            (0..forgotten).for_each(|_| self.advance());
        }
        let bits = match (word - self.first).checked_sub(1) {
            None => &mut self.word,
            Some(place) => {
                let words = &mut self.later.get_or_insert_default().0;
                if words.len() <= place as usize {
                    words.resize(place as usize + 1, 0);
                }
                &mut words[place as usize]
            }
        };
        let is_new = *bits & bit == 0;
        *bits |= bit;
        while self.word == u64::MAX {
            self.advance();
        }
        is_new
    }

    fn advance(&mut self) {
        self.first += 1;
        let next = self.later.as_mut().and_then(|later| later.0.pop_front());
        self.word = next.unwrap_or(0);
    }
}

/// The server's numbers as a subscriber sees them: 1, 2, 3 … without holes.
#[derive(Debug, Default)]
pub struct ServerNumbers {
    last: u64,
    /// Where the numbers go on is not known: the server has told of messages that it lost.
    open: bool,
}

impl ServerNumbers {
    /// Everything up to `last` was seen.
    pub fn after(last: u64) -> Self {
        ServerNumbers { last, open: false }
    }

    /// The numbers go on anywhere after `last`.
    pub fn open_after(last: u64) -> Self {
        ServerNumbers { last, open: true }
    }

    /// The highest number seen: the cursor to resume after.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// A message came with number `seq`; `is_new` if it never came before. Returns the change in
    /// the number of holes. It is below 0 in sum where numbers repeat.
    pub fn record(&mut self, seq: u64, is_new: bool) -> i64 {
        if seq <= self.last {
            return -i64::from(is_new);
        }
        let open = std::mem::replace(&mut self.open, false);
        let skipped = seq - std::mem::replace(&mut self.last, seq) - 1;
        match open {
            true => 0,
            false => i64::try_from(skipped).unwrap_or(i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_in_order_need_no_memory() {
        let mut set = DeliveredSet::default();
        assert!((0..100_000).all(|index| set.insert(index)));
        assert!(set.later.is_none());
        assert!((0..100_000).all(|index| !set.insert(index)));
    }

    #[test]
    fn any_order_is_counted_once_each() {
        let mut set = DeliveredSet::default();
        let blocks = (0..20u32).flat_map(|block| (0..500).rev().map(move |n| block * 500 + n));
        let backwards: Vec<u32> = blocks.collect();
        assert!(backwards.iter().all(|&index| set.insert(index)));
        assert!(backwards.iter().all(|&index| !set.insert(index)));
        assert!(set.later.unwrap().0.is_empty());
    }

    #[test]
    fn the_span_is_bounded_and_what_falls_out_of_it_is_missed_for_good() {
        let mut set = DeliveredSet::default();
        let far = MAX_WORDS * WORD;
        assert!(set.insert(far) && set.insert(0), "still within the span");
        assert!(set.insert(far + WORD), "the first word is given up");
        assert!(!set.insert(1) && set.insert(WORD));
        assert!(set.insert(20_000_000) && !set.insert(20_000_000));
        assert!(set.later.unwrap().0.len() <= MAX_WORDS as usize);
    }

    #[test]
    fn holes_in_the_servers_numbers_are_counted_until_they_are_filled() {
        let holes = |numbers: &[(u64, bool)]| {
            let mut seen = ServerNumbers::default();
            let changes = numbers
                .iter()
                .map(|&(seq, is_new)| seen.record(seq, is_new));
            (changes.sum::<i64>(), seen.last())
        };
        let new = |numbers: &[u64]| {
            let numbers: Vec<_> = numbers.iter().map(|&seq| (seq, true)).collect();
            holes(&numbers)
        };
        assert_eq!(new(&[1, 2, 3]), (0, 3));
        assert_eq!(new(&[1, 3, 2, 4]), (0, 4), "two that changed places");
        assert_eq!(new(&[1000, 1001]), (999, 1001));
        assert_eq!(new(&[1, 3, 5]), (2, 5));
        assert_eq!(new(&[1, 1, 2]), (-1, 2), "a number for two messages");
        assert_eq!(holes(&[(1, true), (1, false), (2, true)]), (0, 2), "a copy");
        assert_eq!(
            holes(&[(1, true), (2, false), (3, true)]),
            (0, 3),
            "numbered anew"
        );
        assert_eq!(new(&[u64::MAX]), (i64::MAX, u64::MAX));
        let mut told = ServerNumbers::open_after(0);
        assert_eq!((told.record(500, true), told.record(502, true)), (0, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_set_of_bits_is_a_set(deliveries in prop::collection::vec(0u32..400, 0..600)) {
            let (mut set, mut model) = (DeliveredSet::default(), HashSet::new());
            for index in deliveries {
                prop_assert_eq!(set.insert(index), model.insert(index));
            }
        }
    }
}
