//! The teacher's key: what touches others needs it.

use std::net::IpAddr;
use std::num::NonZeroU32;

use rand::seq::IndexedRandom;

use crate::client::token::Token;
use crate::service::rate_limiter::RateLimiter;

/// Characters that are not mistaken for each other: 31, 4.95 bits each.
const CHARACTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Characters of a key that is made here, and fewest of one that a teacher chooses. The right key
/// is accepted however often wrong ones were tried, so a guesser is as fast as the server answers:
/// its 59 bits take 120,000 years on average at 100,000 tries a second.
pub const LENGTH: usize = 12;

/// Wrong tries of one address: a second, and at once.
const WRONG_TRIES_HZ: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// The teacher's key, and how often wrong ones were tried.
#[derive(Debug)]
pub struct TeacherKey {
    key: Token,
    wrong_tries: RateLimiter,
}

/// Why a try fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// No key was given, or a wrong one.
    Wrong,
    /// The same, of an address that has tried too often.
    TooOften,
}

impl TeacherKey {
    pub fn new(key: Token) -> Self {
        TeacherKey {
            key,
            wrong_tries: RateLimiter::new(WRONG_TRIES_HZ),
        }
    }

    /// A key that cannot be guessed.
    pub fn random() -> Token {
        let mut rng = rand::rng();
        let character = |_| char::from(*CHARACTERS.choose(&mut rng).expect("some"));
        let key: String = (0..LENGTH).map(character).collect();
        key.parse().expect("characters of a token")
    }

    /// Checks the field `Authorization: Bearer KEY` of a request (RFC 6750, section 2.1). The time
    /// taken does not depend on the key. Wrong tries of a student do not lock out the teacher:
    /// both may have one address, behind the hall's NAT.
    pub fn check(&self, authorization: Option<&str>, from: IpAddr) -> Result<(), KeyError> {
        if self.key.is_bearer(authorization) {
            return Ok(());
        }
        match self.wrong_tries.check(from) {
            Ok(()) => Err(KeyError::Wrong),
            Err(_) => Err(KeyError::TooOften),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_keys_are_limited_and_the_right_one_is_not() {
        assert_ne!(TeacherKey::random(), TeacherKey::random());
        let teacher = TeacherKey::new(TeacherKey::random());
        let key = teacher.key.reveal().to_owned();
        assert_eq!(key.len(), LENGTH);
        let [here, there] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        let right = format!("Bearer {key}");
        let wrong = [None, Some("Bearer x"), Some(&*key), None, Some("Bearer ")];
        for wrong in wrong {
            assert_eq!(teacher.check(wrong, here), Err(KeyError::Wrong));
            assert_eq!(teacher.check(Some(&right), here), Ok(()));
        }
        for _ in 0..100 {
            assert_eq!(teacher.check(None, here), Err(KeyError::TooOften));
            assert_eq!(teacher.check(Some(&right), here), Ok(()));
        }
        assert_eq!(teacher.check(Some(&format!("bearer {key} ")), here), Ok(()));
        assert_eq!(
            teacher.check(None, there),
            Err(KeyError::Wrong),
            "another address"
        );
    }
}
