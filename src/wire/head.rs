//! Heads of HTTP/1.1 requests and responses (RFC 9112), line by line.

use std::ops::Range;

use crate::texts::WireNote as N;
use crate::wire::command::shown;
use crate::wire::fields;
use crate::wire::source::{Source, Spans};
use crate::wire::span::{Field, Layer, Part};

/// A complete head.
#[derive(Debug, Default)]
pub struct Head {
    /// The method of a request.
    pub method: String,
    /// The status of a response.
    pub status: u16,
    /// Names in lower case, and values.
    fields: Vec<(String, String)>,
}

impl Head {
    /// The value of a field; of a repeated one, the first.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    /// Whether a field's list names this, whatever its case.
    pub fn lists(&self, name: &str, item: &str) -> bool {
        let of_name = self.fields.iter().filter(|(known, _)| known == name);
        let mut items = of_name.flat_map(|(_, value)| value.split(','));
        items.any(|listed| listed.trim().eq_ignore_ascii_case(item))
    }

    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> String {
        let value = self.get("content-type").unwrap_or_default();
        let media_type = value.split(';').next().unwrap_or_default();
        media_type.trim().to_ascii_lowercase()
    }
}

/// Takes a head. `None` if it is incomplete or malformed; then nothing is left of the source. A
/// response has the head of its request.
pub fn read(
    source: &mut Source<'_>,
    spans: &mut Spans,
    part: Part,
    request: Option<&Head>,
) -> Option<Head> {
    if source.is_empty() {
        return None;
    }
    spans.begin(source.direction, part);
    while let Some(line @ (b"\r\n" | b"\n")) = source.line() {
        let field = Field::new(N::EmptyLine, "").at("RFC 9112", "2.2");
        push(source, spans, part, line.len(), vec![field]);
    }
    let mut head = start_line(source, spans, part)?;
    loop {
        let Some(line) = source.line() else {
            let why = Field::new(N::Incomplete, "");
            spans.rest(source, part, why);
            return None;
        };
        let is_last = text(line).is_empty();
        let fields = match is_last {
            true => vec![Field::new(N::EndOfHead, "").at("RFC 9112", "2.1")],
            false => field_line(&mut head, text(line), request),
        };
        push(source, spans, part, line.len(), with_line_end(fields, line));
        if is_last {
            return Some(head);
        }
        if spans.are_full() {
            return None;
        }
    }
}

/// Takes the first line.
fn start_line(source: &mut Source<'_>, spans: &mut Spans, part: Part) -> Option<Head> {
    let line = source.line();
    let parsed = line.and_then(|line| match part {
        Part::Request => request_line(text(line)),
        _ => status_line(text(line)),
    });
    let Some((line, (head, fields))) = line.zip(parsed) else {
        let why = match source.rest() {
            [0x14..=0x17, 3, ..] => Field::new(N::TlsRecord, "").at("RFC 8446", "5.1"),
            rest if line.is_none() && rest.is_ascii() => Field::new(N::Incomplete, ""),
            _ => Field::new(N::BadRequestLine, "").at("RFC 9112", "2.1"),
        };
        spans.rest(source, part, why);
        return None;
    };
    push(source, spans, part, line.len(), with_line_end(fields, line));
    Some(head)
}

/// Without its end.
fn text(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn with_line_end(mut fields: Vec<Field>, line: &[u8]) -> Vec<Field> {
    if !line.ends_with(b"\r\n") {
        fields.push(Field::new(N::BadLineEnd, "").at("RFC 9112", "2.2"));
    }
    fields
}

fn push(source: &mut Source<'_>, spans: &mut Spans, part: Part, length: usize, of: Vec<Field>) {
    let range: Range<usize> = source.take(length);
    spans.push(source.direction, range, Layer::Protocol, part, of);
}

fn is_version(text: &str) -> bool {
    matches!(text, "HTTP/1.1" | "HTTP/1.0")
}

fn request_line(line: &[u8]) -> Option<(Head, Vec<Field>)> {
    let line = str::from_utf8(line).ok()?;
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_method = !method.is_empty() && method.bytes().all(is_token);
    if !is_method || target.is_empty() || !is_version(version) || words.next().is_some() {
        return None;
    }
    let fields = vec![
        Field::new(N::RequestLine, shown(line.as_bytes())).at("RFC 9112", "3"),
        Field::new(N::Method, method).at("RFC 9110", "9.3"),
        Field::new(N::RequestTarget, shown(target.as_bytes())).at("RFC 9112", "3.2"),
        Field::new(N::Version, version).at("RFC 9112", "2.3"),
    ];
    let head = Head {
        method: method.to_owned(),
        ..Head::default()
    };
    Some((head, fields))
}

fn status_line(line: &[u8]) -> Option<(Head, Vec<Field>)> {
    let line = String::from_utf8_lossy(line);
    let (version, rest) = line.split_once(' ')?;
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let status = code
        .parse()
        .ok()
        .filter(|_| is_code && is_version(version))?;
    let fields = vec![
        Field::new(N::StatusLine, shown(line.as_bytes())).at("RFC 9112", "4"),
        Field::new(N::Version, version).at("RFC 9112", "2.3"),
        Field::new(N::StatusCode, code).at("RFC 9110", "15"),
        Field::new(N::ReasonPhrase, shown(reason.as_bytes())).at("RFC 9112", "4"),
    ];
    let head = Head {
        status,
        ..Head::default()
    };
    Some((head, fields))
}

/// A line of a field, which the head has from now on.
fn field_line(head: &mut Head, line: &[u8], request: Option<&Head>) -> Vec<Field> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return vec![Field::new(N::FoldedLine, shown(line)).at("RFC 9112", "5.2")];
    }
    let Some((name, value)) = split_field(line) else {
        return vec![Field::new(N::BadHeaderLine, shown(line)).at("RFC 9112", "5")];
    };
    let said = fields::explain(&name, &value, request);
    head.fields.push((name.to_ascii_lowercase(), value));
    said
}

/// Name and value of a field.
pub fn split_field(line: &[u8]) -> Option<(String, String)> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return None;
    }
    let value = String::from_utf8_lossy(value.trim_ascii()).into_owned();
    Some((String::from_utf8_lossy(name).into_owned(), value))
}

/// Whether a name may have this character (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
