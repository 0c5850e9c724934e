//! The identity that the publisher writes into the text of a message, so that a subscriber knows
//! the message whatever the server says of it.
//!
//! ```text
//! hCAAq7Xe lkjh wopq…     text of any length, different in each message of each trial
//! ├──┤                    the message's number in its trial: 4 digits of base 64, lowest first
//!     ├──┤                a check of trial and number: 4 digits
//! ```
//!
//! A shorter text holds the first of these characters. Below [`NUMBER_DIGITS`] characters it does
//! not tell the number alone: the time that the server echoes must lead to a message with the same
//! lowest digits, and a server that does not echo it cannot be measured with such texts.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// Messages that a trial can tell apart.
pub const MAX_MESSAGES: u64 = 1 << (NUMBER_DIGITS * DIGIT_BITS);

const NUMBER_DIGITS: usize = 4;
const IDENTITY_DIGITS: usize = 8;
const DIGIT_BITS: usize = 6;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The value of each character as a digit; 255 for all others.
static VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < DIGITS.len() {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Whether a text cannot hold the number of its message.
pub fn is_short(text: &str) -> bool {
    (1..NUMBER_DIGITS).contains(&text.len())
}

/// The texts of one trial, made from its key.
#[derive(Clone, Copy, Debug)]
pub struct TrialTexts {
    pub key: u64,
}

impl TrialTexts {
    /// Number and check, 6 bits a digit.
    fn identity(self, number: u32) -> u64 {
        // Hashing by multiplication (Knuth, volume 3, section 6.4).
        let check = (u64::from(number) ^ self.key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let check = check >> (64 - (IDENTITY_DIGITS - NUMBER_DIGITS) * DIGIT_BITS);
        u64::from(number) | check << (NUMBER_DIGITS * DIGIT_BITS)
    }

    /// The text of message `number`, `bytes` long: printable, never blank, without a space at its
    /// ends.
    pub fn text(self, number: u32, bytes: usize) -> String {
        let identity = self.identity(number);
        let mut state = identity ^ self.key | 1;
        let mut next = || {
            // Xorshift (Marsaglia 2003): cheap, and nothing depends on its quality.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let character = |at: usize| match at {
            0..IDENTITY_DIGITS => DIGITS[(identity >> (at * DIGIT_BITS)) as usize % DIGITS.len()],
            _ => match (at % 7, next()) {
                (1, random) if random % 3 != 0 && at + 1 < bytes => b' ',
                (_, random) => b'a' + (random % 26) as u8,
            },
        };
        (0..bytes).map(character).map(char::from).collect()
    }

    /// The number of the message whose text begins as this one does. `by_time` finds the number
    /// that a text too short for it does not hold. `None` for a text of no message of this trial.
    pub fn number(self, text: &str, by_time: impl FnOnce() -> Option<u32>) -> Option<u32> {
        let digits = &text.as_bytes()[..text.len().min(IDENTITY_DIGITS)];
        let mut identity = 0;
        for (at, &digit) in digits.iter().enumerate() {
            let value = VALUES[usize::from(digit)];
            if value == 255 {
                return None;
            }
            identity |= u64::from(value) << (at * DIGIT_BITS);
        }
        let number = match digits.len() {
            0 => return None,
            1..NUMBER_DIGITS => by_time()?,
            _ => identity as u32 % MAX_MESSAGES as u32,
        };
        let held = (1 << (digits.len() * DIGIT_BITS)) - 1;
        (self.identity(number) & held == identity).then_some(number)
    }

    /// A hash of a whole text, the same in all processes of a trial.
    pub fn hash(self, text: &str) -> u64 {
        let mut hasher = FixedState::with_seed(self.key).build_hasher();
        hasher.write(text.as_bytes());
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: TrialTexts = TrialTexts { key: 0x1234_5678 };

    #[test]
    fn texts_have_their_size_and_are_never_blank() {
        for bytes in [1, 2, 7, 8, 9, 10, 64, 1_000] {
            for number in 0..50 {
                let text = TEXTS.text(number, bytes);
                assert_eq!(text.len(), bytes);
                assert!(!text.contains("  ") && text.trim() == text, "{text:?}");
            }
        }
        let other = TrialTexts { key: 1 };
        assert_ne!(TEXTS.text(5, 64)[8..], TEXTS.text(6, 64)[8..]);
        assert_ne!(TEXTS.text(5, 64)[4..], other.text(5, 64)[4..]);
    }

    #[test]
    fn a_text_tells_its_number_and_whether_it_was_changed() {
        let largest = MAX_MESSAGES as u32 - 1;
        for bytes in [4, 5, 8, 100] {
            for number in [0, 1, 63, 64, 70_000, largest] {
                let text = TEXTS.text(number, bytes);
                assert_eq!(TEXTS.number(&text, || None), Some(number), "{text:?}");
                assert_ne!(
                    TEXTS.hash(&text),
                    TEXTS.hash(&text.replace(&text[..1], "é"))
                );
            }
        }
        let text = TEXTS.text(70_000, 64);
        let flipped = |at: usize| text[..at].to_owned() + "Z" + &text[at + 1..];
        for at in 0..8 {
            assert_eq!(TEXTS.number(&flipped(at), || None), None, "character {at}");
        }
        assert_eq!(TEXTS.number(&flipped(20), || None), Some(70_000));
        assert_ne!(TEXTS.hash(&flipped(20)), TEXTS.hash(&text));
        let other = TrialTexts { key: 1 };
        for text in [
            &other.text(70_000, 64)[..],
            "",
            "oi",
            "Hello, world",
            "ééééé",
        ] {
            assert_eq!(TEXTS.number(text, || None), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_too_short_for_its_number_confirms_the_one_that_its_time_tells() {
        let text = TEXTS.text(130, 1);
        assert_eq!(TEXTS.number(&text, || Some(130)), Some(130));
        assert_eq!(TEXTS.number(&text, || Some(131)), None);
        assert_eq!(TEXTS.number(&text, || None), None);
    }
}
