//! The names of feeds, and why a feed is not available.

use crate::feed::visible::{disguise, is_seen};

/// Longest feed name, in characters: it is part of every URL.
pub const MAX_FEED_NAME_CHARS: usize = 64;

/// Why a feed is not available.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    #[error(
        "a feed's name has 1 to {MAX_FEED_NAME_CHARS} characters: not dots alone, no control \
         or invisible character, and none of / \\ % ? #"
    )]
    BadName,
    #[error(
        "this server holds {0} feeds already, which is its limit, and all are in use: use one of \
         those, or try again when one is idle for 3 s"
    )]
    TooMany(usize),
    #[error(
        "your address uses all the feeds that one may have made: use one of those, or try again \
         when one is idle for 3 s"
    )]
    TooManyOfAddress,
}

/// The name of a feed; an error if it breaks the rule. Programs and proxies on the way may take
/// other names for parts of a path or of a URL.
pub fn check_feed_name(name: &str) -> Result<&str, FeedError> {
    let is_bad = |char: char| char.is_control() || "/\\%?#".contains(char);
    let fits = (1..=MAX_FEED_NAME_CHARS).contains(&name.chars().count());
    let is_path = name.chars().all(|char| char == '.');
    match fits && !is_path && !name.contains(is_bad) && is_seen(name) && disguise(name).is_none() {
        true => Ok(name),
        false => Err(FeedError::BadName),
    }
}
