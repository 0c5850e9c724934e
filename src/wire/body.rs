//! Bodies of HTTP/1.1 messages (RFC 9112, sections 6 and 7).

use crate::texts::WireNote as N;
use crate::wire::command::{self, shown};
use crate::wire::content::{Content, Kind};
use crate::wire::head::{Head, split_field};
use crate::wire::source::{Source, Spans};
use crate::wire::span::{Field, Layer, Part};

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    None,
    Length(usize),
    Chunked,
    /// The end of the connection.
    ToEnd,
    /// Not at all.
    Unclear,
}

/// A body that has been taken.
#[derive(Debug, Default)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// Complete messages in it.
    pub messages: usize,
    /// Whether its end has come.
    pub is_complete: bool,
}

impl Framing {
    /// That of a request's body.
    pub fn of_request(head: &Head) -> Self {
        match Framing::of_fields(head) {
            Some(framing) => framing,
            None => Framing::None,
        }
    }

    /// That of a response's body (RFC 9112, section 6.3).
    pub fn of_response(head: &Head, request: Option<&Head>) -> Self {
        let is_head = request.is_some_and(|request| request.method == "HEAD");
        match head.status {
            100..200 | 204 | 304 => Framing::None,
            _ if is_head => Framing::None,
            _ => Framing::of_fields(head).unwrap_or(Framing::ToEnd),
        }
    }

    fn of_fields(head: &Head) -> Option<Self> {
        if head.get("transfer-encoding").is_some() {
            return Some(match head.lists("transfer-encoding", "chunked") {
                true => Framing::Chunked,
                false => Framing::ToEnd,
            });
        }
        let length = head.get("content-length")?;
        let digits = length.bytes().all(|byte| byte.is_ascii_digit());
        let length = length.parse().ok().filter(|_| digits);
        Some(length.map_or(Framing::Unclear, Framing::Length))
    }
}

/// Takes the body that follows a head.
pub fn read(source: &mut Source<'_>, spans: &mut Spans, head: &Head, framing: Framing) -> Body {
    let kind = kind(head);
    let mut content = Content::new(source.direction);
    if framing != Framing::None && matches!(kind, Kind::Json | Kind::Other | Kind::Compressed) {
        spans.begin(source.direction, Part::Body);
    }
    let is_complete = match framing {
        Framing::None => true,
        Framing::Length(length) => {
            let there = length.min(source.rest().len());
            add(source, &mut content, there);
            there == length
        }
        Framing::Chunked => chunks(source, spans, &mut content),
        Framing::ToEnd => {
            let there = source.rest().len();
            add(source, &mut content, there);
            false
        }
        Framing::Unclear => {
            let why = Field::new(N::BadLength, "").at("RFC 9112", "6.3");
            spans.rest(source, Part::Body, why);
            false
        }
    };
    let is_whole = is_complete || framing == Framing::ToEnd;
    let messages = content.explain(spans, kind, Part::Body, is_whole);
    if let (Framing::Length(length), true) = (framing, is_complete) {
        note_length(spans, source, length, content.bytes());
    }
    Body {
        bytes: content.into_bytes(),
        messages,
        is_complete,
    }
}

fn kind(head: &Head) -> Kind {
    let coding = head.get("content-encoding").unwrap_or("identity");
    match &*head.media_type() {
        _ if !coding.eq_ignore_ascii_case("identity") => Kind::Compressed,
        "text/event-stream" => Kind::Events,
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Kind::Lines,
        "application/json" => Kind::Json,
        _ => Kind::Other,
    }
}

fn add(source: &mut Source<'_>, content: &mut Content, length: usize) {
    let bytes = &source.rest()[..length];
    content.add(source.take(length).start, bytes, None);
}

/// Says at Content-Length how its value follows from the body.
fn note_length(spans: &mut Spans, source: &Source<'_>, length: usize, body: &[u8]) {
    let Some(command) = command::length(body) else {
        return;
    };
    let of_length = |field: &Field| field.note == N::ContentLength;
    let mut latest = spans.spans.iter_mut().rev();
    let line =
        latest.find(|span| span.direction == source.direction && span.fields.iter().any(of_length));
    if let Some(line) = line {
        let field = Field::new(N::BodyLength, length.to_string());
        line.fields.push(field.at("RFC 9112", "6.2").by(command));
    }
}

/// Takes a chunked body (RFC 9112, section 7.1). Returns whether its end has come.
fn chunks(source: &mut Source<'_>, spans: &mut Spans, content: &mut Content) -> bool {
    while !source.is_empty() {
        if spans.are_full() {
            return false;
        }
        spans.begin(source.direction, Part::Chunk);
        let Some(line) = source.line() else {
            spans.rest(source, Part::Chunk, Field::new(N::Incomplete, ""));
            return false;
        };
        let Some((length, fields)) = chunk_head(line) else {
            let why = Field::new(N::BadChunkSize, "").at("RFC 9112", "7.1");
            spans.rest(source, Part::Chunk, why);
            return false;
        };
        let range = source.take(line.len());
        spans.push(
            source.direction,
            range,
            Layer::Protocol,
            Part::Chunk,
            fields,
        );
        if length == 0 {
            return trailers(source, spans);
        }
        let there = length.min(source.rest().len());
        add(source, content, there);
        if there == length && !chunk_end(source, spans) {
            return false;
        }
    }
    false
}

/// Takes what follows the data of a chunk. Returns whether it is as it must be.
fn chunk_end(source: &mut Source<'_>, spans: &mut Spans) -> bool {
    let why = match source.rest() {
        [b'\r', b'\n', ..] => {
            let fields = vec![Field::new(N::ChunkEnd, "").at("RFC 9112", "7.1")];
            let range = source.take(2);
            spans.push(
                source.direction,
                range,
                Layer::Protocol,
                Part::Chunk,
                fields,
            );
            return true;
        }
        [] => return true,
        [b'\r'] => Field::new(N::Incomplete, ""),
        _ => Field::new(N::BadChunkEnd, "").at("RFC 9112", "7.1"),
    };
    spans.rest(source, Part::Chunk, why);
    false
}

/// The length of a chunk, and what is said of its head.
fn chunk_head(line: &[u8]) -> Option<(usize, Vec<Field>)> {
    let text = str::from_utf8(line).ok()?;
    let text = text.strip_suffix('\n')?;
    let bare = text.strip_suffix('\r');
    let (size, extension) = match bare.unwrap_or(text).split_once(';') {
        Some((size, extension)) => (size, Some(extension)),
        None => (bare.unwrap_or(text), None),
    };
    let size = size.trim_end();
    if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let length = usize::from_str_radix(size, 16).ok()?;
    let note = match length {
        0 => N::LastChunk,
        _ => N::ChunkSize,
    };
    let field = Field::new(note, length.to_string()).at("RFC 9112", "7.1");
    let mut fields = vec![field.by(command::number(size))];
    if let Some(extension) = extension {
        let value = shown(extension.as_bytes());
        fields.push(Field::new(N::ChunkExtension, value).at("RFC 9112", "7.1.1"));
    }
    if bare.is_none() {
        fields.push(Field::new(N::BadLineEnd, "").at("RFC 9112", "2.2"));
    }
    Some((length, fields))
}

/// Takes what follows the last chunk. Returns whether it is complete.
fn trailers(source: &mut Source<'_>, spans: &mut Spans) -> bool {
    while let Some(line) = source.line() {
        let is_last = matches!(line, b"\r\n" | b"\n");
        let field = match (is_last, split_field(line)) {
            (true, _) => Field::new(N::EndOfBody, "").at("RFC 9112", "7.1"),
            (_, Some((name, value))) => {
                let field = Field::new(N::Trailer, shown(value.as_bytes())).named(name);
                field.at("RFC 9112", "7.1.2")
            }
            (_, None) => Field::new(N::BadHeaderLine, shown(line)).at("RFC 9112", "5"),
        };
        let range = source.take(line.len());
        spans.push(
            source.direction,
            range,
            Layer::Protocol,
            Part::Chunk,
            vec![field],
        );
        if is_last {
            return true;
        }
        if spans.are_full() {
            return false;
        }
    }
    spans.rest(source, Part::Chunk, Field::new(N::Incomplete, ""));
    false
}
