//! The head of a response as it came, also one that breaks the rules (RFC 9112, sections 2 to 5).

use std::str::from_utf8;

/// A longer head is none.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// The head of a response.
#[derive(Clone, Debug, Default)]
pub struct RawHead {
    /// The first line.
    pub line: String,
    /// 0 where the first line has none.
    pub status: u16,
    pub fields: Vec<(String, String)>,
    /// The first line that breaks the syntax of HTTP/1.1.
    pub malformed: Option<String>,
}

impl RawHead {
    /// The head at the start of `bytes` and its length, once it is whole. Interim responses are
    /// passed over (RFC 9110, section 15.2).
    pub fn parse(bytes: &[u8]) -> Option<(RawHead, usize)> {
        let mut start = 0;
        loop {
            let end = end(&bytes[start..])?;
            let head = RawHead::of(&bytes[start..start + end]);
            start += end;
            if !matches!(head.status, 100 | 102..=199) {
                return Some((head, start));
            }
        }
    }

    /// Whether bytes can't be, or become, a response in HTTP.
    pub fn is_other(bytes: &[u8]) -> bool {
        let begun = bytes.len().min(5);
        bytes[..begun] != b"HTTP/"[..begun] || bytes.len() > MAX_HEAD_BYTES
    }

    fn of(bytes: &[u8]) -> RawHead {
        let mut head = RawHead::default();
        for (number, raw) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let bare = raw.strip_suffix(b"\n").unwrap_or(raw);
            let line = bare.strip_suffix(b"\r").unwrap_or(bare);
            let text = String::from_utf8_lossy(line).into_owned();
            let is_right = match number {
                0 => head.take_status(&text),
                _ => text.is_empty() || head.take_field(&text),
            };
            if (!is_right || bare.len() == line.len()) && head.malformed.is_none() {
                head.malformed = Some(text);
            }
        }
        head
    }

    /// Returns whether it is a status line (RFC 9112, section 4).
    fn take_status(&mut self, text: &str) -> bool {
        self.line = text.to_owned();
        let mut parts = text.splitn(3, ' ');
        let version = parts.next().unwrap_or_default();
        let status = parts.next().unwrap_or_default();
        self.status = status.parse().unwrap_or(0);
        ["HTTP/1.1", "HTTP/1.0"].contains(&version) && status.len() == 3 && self.status >= 100
    }

    /// Returns whether it is a field (RFC 9112, section 5).
    fn take_field(&mut self, text: &str) -> bool {
        let Some((name, value)) = text.split_once(':') else {
            return false;
        };
        let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace());
        let field = (name.trim().to_owned(), value.trim().to_owned());
        self.fields.push(field);
        is_name
    }

    /// The value of a field; those of several with the name are joined (RFC 9110, section 5.3).
    pub fn field(&self, name: &str) -> Option<String> {
        let named = self.fields.iter();
        let named = named.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let values: Vec<&str> = named.map(|(_, value)| &**value).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether a field that is a list has this word.
    pub fn has_word(&self, name: &str, word: &str) -> bool {
        let value = self.field(name).unwrap_or_default();
        value
            .split(',')
            .any(|one| one.trim().eq_ignore_ascii_case(word))
    }

    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> String {
        let value = self.field("Content-Type").unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    }

    pub fn is_chunked(&self) -> bool {
        self.has_word("Transfer-Encoding", "chunked")
    }

    pub fn content_length(&self) -> Option<usize> {
        self.field("Content-Length")?.parse().ok()
    }

    /// Whether the server takes no other request on the connection (RFC 9112, section 9.3).
    pub fn closes(&self) -> bool {
        let keeps = self.has_word("Connection", "keep-alive");
        self.has_word("Connection", "close") || self.line.starts_with("HTTP/1.0") && !keeps
    }
}

/// The length of a head, its blank line included.
fn end(bytes: &[u8]) -> Option<usize> {
    let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let is_blank = |at: usize| {
        let rest = &bytes[at + 1..];
        match rest {
            [b'\n', ..] => Some(at + 2),
            [b'\r', b'\n', ..] => Some(at + 3),
            _ => None,
        }
    };
    ends.find_map(|(at, _)| is_blank(at))
}

/// The beginning of a text, as it is shown to a user.
pub fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 60;
    let text = match from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    let text: String = text.chars().take(MOST).collect();
    text.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_they_come() {
        let bytes =
            b"HTTP/1.1 200 OK\r\nA: 1\r\na:2 \r\nContent-Type: Text/Event-Stream; x=y\r\n\r\nz";
        let (head, used) = RawHead::parse(bytes).unwrap();
        assert_eq!((head.status, used), (200, bytes.len() - 1));
        assert_eq!(head.field("a").as_deref(), Some("1, 2"));
        assert_eq!(head.media_type(), "text/event-stream");
        assert_eq!(head.malformed, None);
        assert!(RawHead::parse(&bytes[..bytes.len() - 2]).is_none());
    }

    #[test]
    fn the_line_that_breaks_the_syntax_is_told() {
        for (bytes, line) in [
            (&b"HTTP/1.1 200 OK\nA: 1\n\n"[..], "HTTP/1.1 200 OK"),
            (b"HTTP/1.1 OK\r\nA: 1\r\n\r\n", "HTTP/1.1 OK"),
            (b"HTTP/1.1 200 OK\r\nno field\r\n\r\n", "no field"),
            (b"HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", "A : 1"),
        ] {
            let (head, _) = RawHead::parse(bytes).unwrap();
            assert_eq!(head.malformed.as_deref(), Some(line));
        }
        assert!(RawHead::is_other(b"SSH-2.0") && !RawHead::is_other(b"HT"));
    }
}
