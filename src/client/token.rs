//! The secret that a server may require of its clients.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// The environment variable for the token. Other users of a host can read command lines.
pub const VARIABLE: &str = "WSLAB_TOKEN";

/// A secret that all clients share. Only [`Token::reveal`] shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token(String);

impl Token {
    /// Compares in constant time, so that the token cannot be found letter by letter.
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// Whether a field `Authorization: Bearer TOKEN` (RFC 6750, section 2.1) has it.
    pub fn is_bearer(&self, authorization: Option<&str>) -> bool {
        let bearer = authorization.and_then(|value| value.split_once(' '));
        bearer.is_some_and(|(scheme, given)| {
            scheme.eq_ignore_ascii_case("Bearer") && self.is(given.trim())
        })
    }

    /// The secret itself, to print it where it was made.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The header line with the token (RFC 6750, section 2.1). A URL would appear in logs.
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
