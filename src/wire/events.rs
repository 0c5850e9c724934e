//! Event streams (WHATWG HTML, section 9.2.6), field by field.

use crate::texts::WireNote as N;
use crate::wire::command::shown;
use crate::wire::content::Content;
use crate::wire::recording::Direction;
use crate::wire::source::Spans;
use crate::wire::span::{Field, Layer, Part};

const DOCUMENT: &str = "WHATWG HTML";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Makes spans of a stream. Returns the number of complete events.
pub fn explain(content: &Content, spans: &mut Spans) -> usize {
    let bytes = content.bytes();
    let (mut at, mut events, mut has_data) = (0, 0, false);
    spans.begin(Direction::Down, Part::Event);
    if bytes.starts_with(BYTE_ORDER_MARK) {
        at = BYTE_ORDER_MARK.len();
        let field = Field::new(N::ByteOrderMark, "").at(DOCUMENT, "9.2.5");
        content.push(spans, 0..at, Layer::Protocol, Part::Event, vec![field]);
    }
    while at < bytes.len() && !spans.are_full() {
        let (length, end) = line(&bytes[at..]);
        let text = &bytes[at..at + length];
        let line_end = at + length + end;
        match split(text) {
            Some((b"data", prefix)) => {
                has_data = true;
                data(content, spans, [at, at + prefix, at + length, line_end]);
            }
            _ => {
                let field = other(text);
                content.push(
                    spans,
                    at..line_end,
                    Layer::Protocol,
                    Part::Event,
                    vec![field],
                );
            }
        }
        // An event ends with an empty line.
        if length == 0 && end > 0 {
            events += usize::from(std::mem::take(&mut has_data));
            if line_end < bytes.len() {
                spans.begin(Direction::Down, Part::Event);
            }
        }
        at = line_end;
    }
    content.push_rest(spans, at, Part::Event);
    events
}

/// The length of the first line, and of its end: CR LF, LF or CR; 0 if the line is incomplete.
fn line(bytes: &[u8]) -> (usize, usize) {
    match memchr::memchr2(b'\r', b'\n', bytes) {
        None => (bytes.len(), 0),
        Some(length) => match bytes[length..] {
            [b'\r', b'\n', ..] => (length, 2),
            _ => (length, 1),
        },
    }
}

/// The name of a line's field, and where its value begins: after the colon and one space.
fn split(line: &[u8]) -> Option<(&[u8], usize)> {
    let Some(colon) = memchr::memchr(b':', line) else {
        return Some((line, line.len()));
    };
    let has_space = line.get(colon + 1) == Some(&b' ');
    Some((&line[..colon], colon + 1 + usize::from(has_space)))
}

/// A line of data: where it begins, its value, its end and the next line.
fn data(content: &Content, spans: &mut Spans, [start, value, end, next]: [usize; 4]) {
    let field = Field::new(N::EventData, shown(&content.bytes()[start..value]));
    let fields = vec![field.at(DOCUMENT, "9.2.6")];
    content.push(spans, start..value, Layer::Protocol, Part::Event, fields);
    content.json(spans, value..end, Part::Event);
    let field = Field::new(N::EventLineEnd, "").at(DOCUMENT, "9.2.5");
    content.push(spans, end..next, Layer::Protocol, Part::Event, vec![field]);
}

/// Any other line.
fn other(line: &[u8]) -> Field {
    let Some((name, value)) = split(line).filter(|_| !line.is_empty()) else {
        return Field::new(N::EventEnd, "").at(DOCUMENT, "9.2.6");
    };
    let value = &line[value..];
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let note = match name {
        b"" => N::EventComment,
        b"id" => N::EventId,
        b"event" => N::EventType,
        b"retry" if is_number => N::EventRetry,
        b"retry" => N::EventBadRetry,
        _ => N::EventUnknown,
    };
    Field::new(note, shown(value)).at(DOCUMENT, "9.2.6")
}
