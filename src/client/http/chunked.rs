//! The chunked transfer coding, for bodies that may never end.

use crate::client::error::ClientError;

/// A decoder of the chunked transfer coding (RFC 9112, section 7.1) that takes input cut anywhere.
#[derive(Debug, Default)]
pub struct ChunkedDecoder(State);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the hexadecimal size, of which this much is known.
    Size {
        size: usize,
        digits: u8,
    },
    /// In what follows the size on its line.
    Extension {
        size: usize,
    },
    Data {
        left: usize,
    },
    /// In the line end after the data.
    DataEnd,
    /// In the trailer section; `blank` while its present line is empty.
    Trailer {
        blank: bool,
    },
    Ended,
}

impl Default for State {
    fn default() -> Self {
        State::Size { size: 0, digits: 0 }
    }
}

impl ChunkedDecoder {
    /// Whether the last chunk and its trailer have passed.
    pub fn ended(&self) -> bool {
        self.0 == State::Ended
    }

    /// Bytes of the present chunk's data that have not come.
    pub fn bytes_left(&self) -> usize {
        match self.0 {
            State::Data { left } => left,
            _ => 0,
        }
    }

    /// Gives the data in `input` to `take`, piece by piece. Returns the number of bytes used: all
    /// of them, unless the body ends before.
    pub fn decode(
        &mut self,
        input: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), ClientError>,
    ) -> Result<usize, ClientError> {
        let mut at = 0;
        while at < input.len() && !self.ended() {
            if let State::Data { left } = self.0 {
                let count = left.min(input.len() - at);
                take(&input[at..at + count])?;
                at += count;
                self.0 = match left - count {
                    0 => State::DataEnd,
                    left => State::Data { left },
                };
            } else {
                self.0 = self.0.after(input[at])?;
                at += 1;
            }
        }
        Ok(at)
    }
}

impl State {
    /// The state after one more byte that is not data.
    fn after(self, byte: u8) -> Result<State, ClientError> {
        let bad = || ClientError::wrong("a chunk's size");
        Ok(match (self, byte) {
            (State::Size { digits: 0, .. } | State::DataEnd, b'\r') => self,
            (State::Size { size, digits: 1.. } | State::Extension { size }, b'\n') => match size {
                0 => State::Trailer { blank: true },
                left => State::Data { left },
            },
            (State::Size { size, digits: 1.. }, b';' | b' ' | b'\t' | b'\r') => {
                State::Extension { size }
            }
            (State::Size { size, digits }, _) => {
                let digit = (byte as char).to_digit(16).ok_or_else(bad)? as usize;
                let size = size.checked_mul(16).ok_or_else(bad)? + digit;
                let digits = digits.saturating_add(1);
                State::Size { size, digits }
            }
            (State::Extension { .. }, _) => self,
            (State::DataEnd, b'\n') => State::default(),
            (State::DataEnd, _) => return Err(bad()),
            (State::Trailer { blank: true }, b'\n') => State::Ended,
            (State::Trailer { .. }, b'\n') => State::Trailer { blank: true },
            (State::Trailer { blank }, b'\r') => State::Trailer { blank },
            (State::Trailer { .. }, _) => State::Trailer { blank: false },
            (State::Data { .. } | State::Ended, _) => self,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_may_be_cut_anywhere() {
        let bytes = b"5\r\nhello\r\n001\r\n!\r\n0\r\n\r\n";
        for cut in 0..bytes.len() {
            let (mut chunked, mut body) = (ChunkedDecoder::default(), Vec::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                let used = chunked.decode(part, |data| {
                    body.extend_from_slice(data);
                    Ok(())
                });
                assert_eq!(used.unwrap(), part.len(), "cut at {cut}");
            }
            assert_eq!(
                (&body[..], chunked.ended()),
                (&b"hello!"[..], true),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn bad_sizes_are_refused() {
        let never = |_: &[u8]| panic!("no data here");
        for bad in ["x\r\n", "\r\n;", "11111111111111111\r\n"] {
            assert!(
                ChunkedDecoder::default()
                    .decode(bad.as_bytes(), never)
                    .is_err(),
                "{bad:?}"
            );
        }
    }
}
