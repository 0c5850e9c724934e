//! The teacher's key: what touches others needs it.

use std::net::IpAddr;
use std::num::NonZeroU32;

use rand::seq::IndexedRandom;

use crate::client::token::Token;
use crate::service::rate_limiter::RateLimiter;

/// Characters that are not mistaken for each other: 31, 4.95 bits each.
const CHARACTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Characters of a key that is made here: 59 bits. At the limit below, guessing it takes 10⁹ years.
const LENGTH: usize = 12;

/// The shortest key that a teacher may choose.
pub const LEAST_LENGTH: usize = 8;

/// Tries of one address, right or wrong: a second, and at once.
const TRIES_HZ: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// The teacher's key, and how often it was tried.
#[derive(Debug)]
pub struct TeacherKey {
    key: Token,
    tries: RateLimiter,
}

/// Why a try fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// No key was given, or a wrong one.
    Wrong,
    /// The address has tried too often; the key was not looked at.
    TooOften,
}

impl TeacherKey {
    pub fn new(key: Token) -> Self {
        TeacherKey {
            key,
            tries: RateLimiter::new(TRIES_HZ),
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
    /// taken does not depend on the key.
    pub fn check(&self, authorization: Option<&str>, from: IpAddr) -> Result<(), KeyError> {
        self.tries.check(from).map_err(|_| KeyError::TooOften)?;
        if self.key.is_bearer(authorization) {
            Ok(())
        } else {
            Err(KeyError::Wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_checked_and_cannot_be_tried_without_end() {
        assert_ne!(TeacherKey::random(), TeacherKey::random());
        let teacher = TeacherKey::new(TeacherKey::random());
        let key = teacher.key.reveal().to_owned();
        assert_eq!(key.len(), LENGTH);
        let [here, there] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        assert_eq!(teacher.check(Some(&format!("Bearer {key}")), here), Ok(()));
        assert_eq!(teacher.check(Some(&format!("bearer {key} ")), here), Ok(()));
        for wrong in [None, Some("Bearer x"), Some(&*key)] {
            assert_eq!(teacher.check(wrong, here), Err(KeyError::Wrong));
        }
        let right = format!("Bearer {key}");
        assert_eq!(teacher.check(Some(&right), here), Err(KeyError::TooOften));
        assert_eq!(
            teacher.check(Some(&right), there),
            Ok(()),
            "another address"
        );
    }
}
