//! What bodies and messages hold, wherever chunks and frames cut it.

use std::ops::Range;

use crate::texts::WireNote as N;
use crate::wire::command::{self, shown};
use crate::wire::events;
use crate::wire::json;
use crate::wire::recording::Direction;
use crate::wire::source::Spans;
use crate::wire::span::{Field, Layer, Part};

/// What content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event stream.
    Events,
    /// JSON, one value a line.
    Lines,
    Json,
    /// Anything else.
    Other,
    Compressed,
}

/// Content, and where its pieces stand in their stream.
#[derive(Debug)]
pub struct Content {
    direction: Direction,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

/// A piece that one chunk or frame holds.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Its place in the content.
    at: usize,
    /// Its place in the stream.
    start: usize,
    length: usize,
    /// The key with which it is masked.
    key: Option<[u8; 4]>,
}

impl Content {
    pub fn new(direction: Direction) -> Self {
        Content {
            direction,
            bytes: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// Adds bytes as they stand on the wire.
    pub fn add(&mut self, start: usize, bytes: &[u8], key: Option<[u8; 4]>) {
        self.pieces.push(Piece {
            at: self.bytes.len(),
            start,
            length: bytes.len(),
            key,
        });
        match key {
            None => self.bytes.extend_from_slice(bytes),
            Some(key) => self.bytes.extend(unmasked(bytes, key)),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Makes spans of all of it. `part` is what holds it. Returns the number of messages.
    pub fn explain(&self, spans: &mut Spans, kind: Kind, part: Part, is_complete: bool) -> usize {
        let all = 0..self.bytes.len();
        let before = spans.spans.len();
        let messages = match kind {
            Kind::Events => events::explain(self, spans),
            Kind::Lines => self.lines(spans),
            Kind::Json => self.json(spans, all, part),
            Kind::Other | Kind::Compressed => {
                let note = match kind {
                    Kind::Compressed => N::CompressedContent,
                    _ => N::Content,
                };
                let field = Field::new(note, shown(&self.bytes));
                self.push(spans, all, Layer::Payload, part, vec![field]);
                usize::from(!self.bytes.is_empty())
            }
        };
        let made = &mut spans.spans[before..];
        if let (false, Some(last)) = (is_complete, made.last_mut()) {
            last.fields.push(Field::new(N::Incomplete, ""));
        }
        messages
    }

    /// Lines of JSON. Returns the number of complete ones that hold something.
    fn lines(&self, spans: &mut Spans) -> usize {
        let (mut start, mut messages) = (0, 0);
        while start < self.bytes.len() && !spans.are_full() {
            spans.begin(self.direction, Part::Line);
            let rest = &self.bytes[start..];
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let end = start + length;
            self.json(spans, start..end, Part::Line);
            let note = match length {
                0 => N::LineHeartbeat,
                _ => N::LineEnd,
            };
            let line_end = end..self.bytes.len().min(end + 1);
            messages += usize::from(length > 0 && !line_end.is_empty());
            start = line_end.end;
            let field = Field::new(note, "").at("NDJSON", "3.1");
            self.push(spans, line_end, Layer::Protocol, Part::Line, vec![field]);
        }
        self.push_rest(spans, start, Part::Line);
        messages
    }

    /// One JSON value. Returns the number of messages in it.
    pub fn json(&self, spans: &mut Spans, range: Range<usize>, part: Part) -> usize {
        let bytes = &self.bytes[range.clone()];
        let Some(split) = json::split(bytes) else {
            let field = Field::new(N::Content, shown(bytes));
            self.push(spans, range, Layer::Payload, part, vec![field]);
            return usize::from(!bytes.is_empty());
        };
        for (place, layer) in split.pieces {
            let value = shown(&bytes[place.clone()]);
            let field = match layer {
                Layer::Payload => Field::new(N::MessageText, value).at("RFC 8259", "7"),
                _ => Field::new(N::Envelope, value).at("RFC 8259", "4"),
            };
            let place = range.start + place.start..range.start + place.end;
            self.push(spans, place, layer, part, vec![field]);
        }
        split.messages
    }

    /// Makes one span of what follows, once there are enough.
    pub fn push_rest(&self, spans: &mut Spans, start: usize, part: Part) {
        let rest = start..self.bytes.len();
        let field = Field::new(N::NotExplained, shown(&self.bytes[rest.clone()]));
        self.push(spans, rest, Layer::Protocol, part, vec![field]);
    }

    /// Adds a span for each piece of the stream that holds some of this range.
    pub fn push(
        &self,
        spans: &mut Spans,
        range: Range<usize>,
        layer: Layer,
        part: Part,
        fields: Vec<Field>,
    ) {
        let ends_before = |piece: &Piece| piece.at + piece.length <= range.start;
        let first = self.pieces.partition_point(ends_before);
        let after = self.pieces.partition_point(|piece| piece.at < range.end);
        let pieces = self.pieces.get(first..after).unwrap_or_default();
        for (number, piece) in pieces.iter().enumerate() {
            let (from, to) = (
                range.start.max(piece.at),
                range.end.min(piece.at + piece.length),
            );
            let mut fields = fields.clone();
            if pieces.len() > 1 {
                let value = format!("{}/{}", number + 1, pieces.len());
                fields.push(Field::new(N::PartOf, value));
            }
            if let Some(key) = piece.key {
                fields.push(self.mask_field(from..to, key, from - piece.at));
            }
            let start = piece.start + from - piece.at;
            spans.push(
                self.direction,
                start..start + to - from,
                layer,
                part,
                fields,
            );
        }
    }

    /// How these bytes follow from the masked ones, of which the first is number `offset` of its
    /// frame.
    fn mask_field(&self, range: Range<usize>, mut key: [u8; 4], offset: usize) -> Field {
        key.rotate_left(offset % 4);
        let plain = &self.bytes[range];
        let masked: Vec<u8> = unmasked(plain, key).collect();
        let field = Field::new(N::UnmaskedPayload, shown(plain)).at("RFC 6455", "5.3");
        field.by(command::unmask(&masked, key))
    }
}

/// XOR with the key, which is its own inverse (RFC 6455, section 5.3).
pub fn unmasked(bytes: &[u8], key: [u8; 4]) -> impl Iterator<Item = u8> {
    bytes
        .iter()
        .zip(key.into_iter().cycle())
        .map(|(a, b)| a ^ b)
}
