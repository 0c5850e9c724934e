//! A number that tells a message of a check from all others.

use rand::Rng;

/// How the text of a check's message begins.
const TEXT: &str = "wslab check";

/// A number that no other message has. It survives a server that writes in capitals.
#[derive(Clone, Debug)]
pub struct Token(String);

impl Token {
    pub fn random() -> Self {
        Token(
            rand::rng()
                .random_range(10_000_000..100_000_000_u32)
                .to_string(),
        )
    }

    pub fn is_in(&self, payload: &[u8]) -> bool {
        self.end_in(payload).is_some()
    }

    /// Where it first ends in these bytes.
    pub fn end_in(&self, bytes: &[u8]) -> Option<usize> {
        let start = memchr::memmem::find(bytes, self.0.as_bytes())?;
        Some(start + self.0.len())
    }

    /// A text with the token.
    pub fn text(&self) -> String {
        format!("{TEXT} {}", self.0)
    }

    /// Whether bytes come from a message of a check.
    pub fn is_of_check(bytes: &[u8]) -> bool {
        memchr::memmem::find(bytes, TEXT.as_bytes()).is_some()
    }
}
