//! A message, its JSON, and the checks of names and texts.
//!
//! On every transport a message is the same JSON object on one line:
//!
//! ```json
//! {"seq":42,"from":"alice","text":"oi","intended_at_ns":1,"published_at_ns":2}
//! ```
//!
//! JSON escapes CR and LF, so no text can end an SSE line early.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::feed::visible::{disguise, is_seen};

/// Longest author name, in characters.
pub const MAX_NAME_CHARS: usize = 32;

/// One item of a feed. Strings that need no unescaping borrow from the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message<'a> {
    /// Place in the feed: 1, 2, 3 … without holes.
    pub seq: u64,
    #[serde(borrow)]
    pub from: Cow<'a, str>,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// When the schedule says it is due: the publisher's monotonic clock, ns; 0 if unknown.
    pub intended_at_ns: u64,
    /// When the server appended it: the server's monotonic clock, ns.
    pub published_at_ns: u64,
    /// Absent for a text. Readers skip kinds that they don't know.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Cow<'a, str>>,
}

impl<'a> Message<'a> {
    /// Reads a message from its JSON.
    pub fn from_json(json: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }

    /// The same for JSON that is valid UTF-8 already, which saves checking its strings.
    pub fn from_text(json: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    /// Appends the JSON of this message, on one line and without a line end.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self).expect("plain strings and numbers always encode");
    }
}

/// A message to be appended. The server gives it its `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NewMessage {
    pub from: String,
    pub text: String,
    #[serde(default)]
    pub intended_at_ns: u64,
}

/// Why a name or a text is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    #[error("a name has 1 to {MAX_NAME_CHARS} characters, none of them a control character")]
    Name,
    #[error("nothing of this name can be seen: write letters, digits, signs or emoji")]
    BlankName,
    #[error("write one space between the words of a name")]
    DoubleSpace,
    #[error("U+{:04X} makes this name look like another: leave it out", u32::from(*.0))]
    DisguisedName(char),
    #[error("the text is blank: write something that can be seen")]
    BlankText,
}

/// The name, trimmed; an error if it breaks the rule.
pub fn check_name(name: &str) -> Result<&str, InvalidMessage> {
    let name = name.trim();
    let length = name.chars().count();
    if !(1..=MAX_NAME_CHARS).contains(&length) || name.chars().any(char::is_control) {
        return Err(InvalidMessage::Name);
    }
    if !is_seen(name) {
        return Err(InvalidMessage::BlankName);
    }
    match disguise(name) {
        None => Ok(name),
        Some(' ') => Err(InvalidMessage::DoubleSpace),
        Some(char) => Err(InvalidMessage::DisguisedName(char)),
    }
}

/// The text unchanged; an error if nothing of it can be seen.
pub fn check_text(text: &str) -> Result<&str, InvalidMessage> {
    match is_seen(text) {
        true => Ok(text),
        false => Err(InvalidMessage::BlankText),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<'a>(from: &'a str, text: &'a str) -> Message<'a> {
        Message {
            seq: 42,
            from: from.into(),
            text: text.into(),
            intended_at_ns: 7,
            published_at_ns: 8,
            kind: None,
        }
    }

    #[test]
    fn the_json_is_the_contracts_and_stays_on_one_line() {
        let mut json = Vec::new();
        message("alice", "two\r\nlines \"and\" ã").write_json(&mut json);
        let expected = concat!(
            r#"{"seq":42,"from":"alice","text":"two\r\nlines \"and\" ã","#,
            r#""intended_at_ns":7,"published_at_ns":8}"#
        );
        assert_eq!(String::from_utf8(json.clone()).unwrap(), expected);
        assert_eq!(
            Message::from_json(&json).unwrap(),
            message("alice", "two\r\nlines \"and\" ã")
        );
    }

    #[test]
    fn plain_text_is_borrowed_and_kind_is_read() {
        let json = concat!(
            r#"{"seq":1,"from":"a","text":"plain","intended_at_ns":0,"published_at_ns":0,"#,
            r#""kind":"join"}"#
        );
        let message = Message::from_text(json).unwrap();
        assert!(matches!(message.text, Cow::Borrowed("plain")));
        assert_eq!(message.kind.as_deref(), Some("join"));
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(check_name("  alice "), Ok("alice"));
        assert_eq!(check_name(&"ã".repeat(32)).unwrap().chars().count(), 32);
        for bad in ["", "   ", "a\u{7}b", &"x".repeat(33)] {
            assert_eq!(check_name(bad), Err(InvalidMessage::Name), "{bad:?}");
        }
        assert_eq!(check_name("\u{200b}"), Err(InvalidMessage::BlankName));
        let disguised = check_name("teacher\u{200b}").unwrap_err();
        assert!(
            disguised.to_string().starts_with("U+200B makes"),
            "{disguised}"
        );
        assert_eq!(check_name("Ana  M"), Err(InvalidMessage::DoubleSpace));
        assert_eq!(check_text("\u{2060}"), Err(InvalidMessage::BlankText));
        assert_eq!(check_text(" \n "), Err(InvalidMessage::BlankText));
        assert_eq!(check_text(" oi "), Ok(" oi "));
    }
}
