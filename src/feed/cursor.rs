//! A reader's place in a feed: `SEQ`, or `SEQ-EPOCH` where the cursor must survive a restart.
//!
//! A restarted server counts from 1 again, so a plain number may mean another message than before.
//! The epoch names the run of the server that gave the number.

use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::de::Visitor;
use serde::{Deserialize, Serialize};

/// Characters of an epoch. Every SSE event and every poll carries it, so it is short: of 36⁴
/// epochs, a restart draws the previous one in 1 of 1.7 million cases.
const EPOCH_CHARS: usize = 4;

/// Identifies one run of a server: four digits or lower-case letters, opaque to clients.
///
/// The default is the epoch of no server and is written as an empty string. A request after `0-` is
/// answered with a reset that carries the server's epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch([u8; EPOCH_CHARS]);

impl Epoch {
    /// A random epoch.
    pub fn draw() -> Self {
        let mut rng = rand::rng();
        let digit = |_| b"0123456789abcdefghijklmnopqrstuvwxyz"[rng.random_range(0..36)];
        Epoch([0; EPOCH_CHARS].map(digit))
    }
}

/// Reads any text. What [`Epoch::draw`] can't have made becomes the epoch of no server.
impl From<&str> for Epoch {
    fn from(text: &str) -> Self {
        let digits: [u8; EPOCH_CHARS] = text.as_bytes().try_into().unwrap_or_default();
        let drawable = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        match digits.iter().all(drawable) {
            true => Epoch(digits),
            false => Epoch::default(),
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self == Epoch::default() {
            true => Ok(()),
            false => f.write_str(std::str::from_utf8(&self.0).expect("digits and letters")),
        }
    }
}

impl Serialize for Epoch {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Epoch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an epoch")
            }

            fn visit_str<E>(self, text: &str) -> Result<Epoch, E> {
                Ok(Epoch::from(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The last message that a reader has, and the epoch of the server that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub seq: u64,
    /// None in a plain `SEQ`, which is accepted in every epoch.
    pub epoch: Option<Epoch>,
}

impl Cursor {
    /// A cursor that fits no server: its reader gets a reset and reads from the start.
    pub const OF_NO_SERVER: Cursor = Cursor {
        seq: 0,
        epoch: Some(Epoch([0; EPOCH_CHARS])),
    };
}

impl From<u64> for Cursor {
    fn from(seq: u64) -> Self {
        Cursor { seq, epoch: None }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seq.fmt(f)?;
        self.epoch.map_or(Ok(()), |epoch| {
            f.write_str("-")?;
            epoch.fmt(f)
        })
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (seq, epoch) = match text.split_once('-') {
            Some((seq, epoch)) => (seq, Some(Epoch::from(epoch))),
            None => (text, None),
        };
        // `parse` would accept a sign too.
        let seq = seq.bytes().all(|byte| byte.is_ascii_digit()).then_some(seq);
        let seq = seq.and_then(|seq| seq.parse().ok());
        let seq = seq.ok_or_else(|| format!("{text:?} is no cursor"))?;
        Ok(Cursor { seq, epoch })
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a feed's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub epoch: Epoch,
    /// The newest number; 0 while the feed is empty.
    pub last: u64,
    /// The newest text that was dropped.
    pub dropped_text: u64,
}

/// The start of a feed.
impl From<Epoch> for Position {
    fn from(epoch: Epoch) -> Self {
        Position {
            epoch,
            last: 0,
            dropped_text: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_written_as_they_are_read() {
        for text in ["0", "42", "42-k3x9", "0-", "18446744073709551615-0000"] {
            let cursor: Cursor = text.parse().unwrap();
            assert_eq!(cursor.to_string(), text);
        }
        for bad in [
            "",
            "-",
            "x",
            "-1",
            "+1",
            " 1",
            "1.5",
            "99999999999999999999",
        ] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_epoch_that_draw_cannot_make_is_that_of_no_server() {
        for text in ["", "abc", "abcde", "K3X9", "a\r\nb", "çç", "1-23"] {
            assert_eq!(Epoch::from(text), Epoch::default(), "{text:?}");
        }
        let (one, other) = (Epoch::draw(), Epoch::draw());
        assert_eq!(Epoch::from(&*one.to_string()), one);
        assert!(one != Epoch::default() && other != Epoch::default());
    }
}
