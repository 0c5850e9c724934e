//! In which language a server takes messages, and what it does with them.

use crate::check::token::Token;

/// What a server takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Any text.
    #[default]
    Plain,
    /// `{"text":"…"}`
    Json,
    /// The same, of a client that has said its name in the query: `?user=NAME`.
    JsonOfUser,
}

/// What a server does with a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Behaviour {
    pub language: Language,
    /// The author gets it back, or an answer with it.
    pub to_author: bool,
    /// The author gets exactly what was sent.
    pub exactly: bool,
    /// Other clients get it.
    pub to_others: bool,
    /// A client that comes later gets it.
    pub to_later: bool,
}

impl Behaviour {
    /// A message is heard by a client.
    pub fn is_heard(&self) -> bool {
        self.to_author || self.to_others
    }
}

impl Language {
    pub const ALL: [Language; 3] = [Language::Plain, Language::Json, Language::JsonOfUser];

    pub fn path(self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        match self {
            Language::JsonOfUser if !path.contains("user=") => {
                format!("{path}{separator}user=wslab-check")
            }
            _ => path.to_owned(),
        }
    }

    /// A message with the token and `more`.
    pub fn message(self, token: &Token, more: &str) -> Vec<u8> {
        let text = format!("{} {more}", token.text());
        let text = text.trim_end();
        match self {
            Language::Plain => text.to_owned(),
            _ => format!("{{\"text\":\"{text}\"}}"),
        }
        .into_bytes()
    }

    /// A message with the token that has so many bytes; `None` where the token needs more.
    pub fn message_of(self, token: &Token, bytes: usize) -> Option<Vec<u8>> {
        let least = self.message(token, "x").len();
        let more = "x".repeat((bytes + 1).checked_sub(least)?);
        Some(self.message(token, &more)).filter(|message| message.len() == bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_length_that_is_asked_for() {
        let token = Token::random();
        for language in Language::ALL {
            for bytes in [125, 126, 65_535, 65_536] {
                let message = language.message_of(&token, bytes).unwrap();
                assert_eq!(message.len(), bytes);
                assert!(token.is_in(&message));
            }
            assert_eq!(language.message_of(&token, 5), None);
        }
        let user = Language::JsonOfUser;
        assert_eq!(user.path("/chat"), "/chat?user=wslab-check");
        assert_eq!(user.path("/chat?user=ana"), "/chat?user=ana");
        assert_eq!(user.path("/ws?after=0"), "/ws?after=0&user=wslab-check");
    }
}
