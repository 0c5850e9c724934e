//! The secret that a server may ask of all who come in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Where the secret may stand instead of in a command line, which others on a machine can read.
pub const VARIABLE: &str = "WSLAB_TOKEN";

/// A secret that all who may enter share. It never shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token(String);

impl Token {
    /// Takes as long wherever the first difference is, so that nobody finds it letter by letter.
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The header line that carries it (RFC 6750, section 2.1): a URL would stand in logs.
    pub fn line(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.0)
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        match !text.is_empty() && text.chars().all(fits) {
            true => Ok(Token(text.to_owned())),
            false => Err("a token has letters of ASCII, digits and -._~+/= only, \
                 such as those of: openssl rand -hex 16"
                .to_owned()),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
