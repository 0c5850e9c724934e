//! Where a reader is in a feed: `SEQ`, or `SEQ-EPOCH` where the cursor must survive a restart.
//!
//! A server that starts again counts from 1, so a number alone may name another message than it did
//! before. With the epoch of the server that gave it, a cursor cannot be mistaken.

use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::Deserialize;
use serde::de::Visitor;

/// Characters of an epoch. It travels with every SSE event and every poll, so it is short: of 36⁴
/// epochs, a restart draws the one before in 1 of 1.7 million cases.
const EPOCH_CHARS: usize = 4;

/// One life of a server, from start to end: four of the digits and small letters. Opaque to all.
///
/// The default is the epoch of no server, which is written as nothing at all: whoever asks after
/// `0-` is told the server's, with a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch([u8; EPOCH_CHARS]);

impl Epoch {
    /// One that has most likely never been.
    pub fn draw() -> Self {
        let mut rng = rand::rng();
        let digit = |_| b"0123456789abcdefghijklmnopqrstuvwxyz"[rng.random_range(0..36)];
        Epoch([0; EPOCH_CHARS].map(digit))
    }
}

/// Any text is some epoch; what no server can have drawn is that of no server.
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

/// The last message that a reader has, and the epoch of the server that it had it from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub seq: u64,
    /// None in a plain `SEQ`, which is taken at its word.
    pub epoch: Option<Epoch>,
}

impl Cursor {
    /// A cursor that fits no server: its reader begins anew, and is told so.
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
        // Digits alone: `parse` would take a sign as well.
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
    fn an_epoch_that_nobody_can_have_drawn_is_that_of_no_server() {
        for text in ["", "abc", "abcde", "K3X9", "a\r\nb", "çç", "1-23"] {
            assert_eq!(Epoch::from(text), Epoch::default(), "{text:?}");
        }
        let (one, other) = (Epoch::draw(), Epoch::draw());
        assert_eq!(Epoch::from(&*one.to_string()), one);
        assert!(one != Epoch::default() && other != Epoch::default());
    }
}
