//! WebSocket frames (RFC 6455, section 5.2), field by field.

use crate::texts::WireNote as N;
use crate::wire::close;
use crate::wire::command::{self, hex, shown};
use crate::wire::content::{Content, Kind};
use crate::wire::recording::Direction;
use crate::wire::source::{Source, Spans};
use crate::wire::span::{Field, Layer, Part};

const DOCUMENT: &str = "RFC 6455";

/// Longest payload of a control frame, in bytes (section 5.5).
const MAX_CONTROL_BYTES: usize = 125;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
pub const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What one side has sent.
#[derive(Debug, Default)]
pub struct Frames {
    /// Complete messages.
    pub messages: usize,
    /// Payloads of its pings.
    pub pings: Vec<Vec<u8>>,
    pub has_closed: bool,
}

/// The head of a frame.
struct FrameHead {
    is_final: bool,
    rsv1: bool,
    opcode: u8,
    key: Option<[u8; 4]>,
    length: usize,
}

/// A message whose frames have not all come.
struct Partial {
    content: Content,
    opcode: u8,
    is_compressed: bool,
}

/// Takes all frames. `compresses` says whether an extension is in use, which RSV1 belongs to.
pub fn read(source: &mut Source<'_>, spans: &mut Spans, compresses: bool) -> Frames {
    let direction = source.direction;
    let (before, mut starts) = (spans.spans.len(), Vec::new());
    let (mut frames, mut partial) = (Frames::default(), None);
    while !source.is_empty() && !spans.are_full() {
        spans.begin(direction, Part::Frame);
        starts.push(source.at());
        let Some(head) = head(source, spans) else {
            break;
        };
        let there = head.length.min(source.rest().len());
        let payload = &source.rest()[..there];
        let start = source.take(there).start;
        let is_complete = there == head.length;
        if head.opcode & 8 != 0 {
            control(spans, &head, direction, start, payload);
            frames.count(&head, payload, is_complete);
            continue;
        }
        let message = match head.opcode {
            CONTINUATION => partial.take(),
            _ => {
                finish(spans, partial.take(), false);
                None
            }
        };
        let mut message = message.unwrap_or_else(|| Partial {
            content: Content::new(direction),
            opcode: head.opcode,
            is_compressed: compresses && head.rsv1,
        });
        message.content.add(start, payload, head.key);
        match head.is_final && is_complete {
            true => {
                finish(spans, Some(message), true);
                frames.messages += 1;
            }
            false => partial = Some(message),
        }
    }
    finish(spans, partial, false);
    // Content of several frames is explained with the last of them.
    for span in &mut spans.spans[before..] {
        span.number = starts.partition_point(|start| *start <= span.start);
    }
    frames
}

impl Frames {
    fn count(&mut self, head: &FrameHead, payload: &[u8], is_complete: bool) {
        match head.opcode {
            _ if !is_complete => {}
            PING => self.pings.push(payload.to_vec()),
            CLOSE => self.has_closed = true,
            _ => {}
        }
    }
}

/// Explains a message, if there is one.
fn finish(spans: &mut Spans, message: Option<Partial>, is_complete: bool) {
    let Some(Partial {
        content,
        opcode,
        is_compressed,
    }) = message
    else {
        return;
    };
    let kind = match opcode {
        _ if is_compressed => Kind::Compressed,
        TEXT => Kind::Json,
        _ => Kind::Other,
    };
    let before = spans.spans.len();
    content.explain(spans, kind, Part::Frame, is_complete);
    let is_text = kind == Kind::Json && is_complete;
    if is_text
        && str::from_utf8(content.bytes()).is_err()
        && let Some(last) = spans.spans[before..].last_mut()
    {
        let field = Field::new(N::BadUtf8, "").at(DOCUMENT, "8.1");
        last.fields.push(field);
    }
}

/// Takes the head of a frame. `None` if it is incomplete.
fn head(source: &mut Source<'_>, spans: &mut Spans) -> Option<FrameHead> {
    let push = |source: &mut Source<'_>, spans: &mut Spans, length: usize, fields| {
        let range = source.take(length);
        spans.push(
            source.direction,
            range,
            Layer::Protocol,
            Part::Frame,
            fields,
        );
    };
    let first = *source.rest().first()?;
    push(source, spans, 1, first_byte(first));
    let second = *source.rest().first()?;
    let is_masked = second >> 7 == 1;
    let extended = match second & 127 {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let bytes = source.rest().get(1..1 + extended);
    let length = bytes.map(|bytes| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    });
    let length = length.map(|extended_length| match extended {
        0 => u64::from(second & 127),
        _ => extended_length,
    });
    push(
        source,
        spans,
        1,
        second_byte(source.direction, first, second, length),
    );
    let cut = |source: &mut Source<'_>, spans: &mut Spans| {
        spans.rest(source, Part::Frame, Field::new(N::Incomplete, ""));
    };
    let Some(length) = length else {
        cut(source, spans);
        return None;
    };
    if extended > 0 {
        let field = extended_length(extended, length, source.rest());
        push(source, spans, extended, field);
    }
    let key = match (is_masked, source.rest().first_chunk()) {
        (false, _) => None,
        (true, None) => {
            cut(source, spans);
            return None;
        }
        (true, Some(key)) => {
            let field = Field::new(N::MaskingKey, hex(key)).at(DOCUMENT, "5.3");
            push(source, spans, 4, vec![field]);
            Some(*key)
        }
    };
    Some(FrameHead {
        is_final: first >> 7 == 1,
        rsv1: first & 64 != 0,
        opcode: first & 15,
        key,
        length: usize::try_from(length).unwrap_or(usize::MAX),
    })
}

fn first_byte(byte: u8) -> Vec<Field> {
    let bit = |note, shift: u8| {
        let field = Field::new(note, (byte >> shift & 1).to_string()).at(DOCUMENT, "5.2");
        field.by(command::bits(byte, shift, 1))
    };
    let opcode = byte & 15;
    let (note, name) = match opcode {
        CONTINUATION => (N::Opcode, "continuation"),
        TEXT => (N::Opcode, "text"),
        2 => (N::Opcode, "binary"),
        CLOSE => (N::Opcode, "close"),
        PING => (N::Opcode, "ping"),
        PONG => (N::Opcode, "pong"),
        _ => (N::OpcodeReserved, "reserved"),
    };
    let field = Field::new(note, format!("{opcode} ({name})")).at(DOCUMENT, "11.8");
    vec![
        bit(N::Fin, 7),
        bit(N::Rsv1, 6),
        bit(N::Rsv2, 5),
        bit(N::Rsv3, 4),
        field.by(command::bits(byte, 0, 15)),
    ]
}

/// MASK and the length. `length` is that of the payload, if it is known.
fn second_byte(direction: Direction, first: u8, byte: u8, length: Option<u64>) -> Vec<Field> {
    let note = match (direction, byte >> 7) {
        (Direction::Up, 1) => N::MaskedByClient,
        (Direction::Up, _) => N::MaskMissing,
        (Direction::Down, 0) => N::NotMaskedByServer,
        (Direction::Down, _) => N::MaskForbidden,
    };
    let mask = Field::new(note, (byte >> 7).to_string()).at(DOCUMENT, "5.1");
    let length7 = Field::new(N::Length7, (byte & 127).to_string()).at(DOCUMENT, "5.2");
    let mut fields = vec![
        mask.by(command::bits(byte, 7, 1)),
        length7.by(command::bits(byte, 0, 127)),
    ];
    let is_control = first & 8 != 0;
    let is_long = length.is_none_or(|length| length > MAX_CONTROL_BYTES as u64);
    if is_control && (first >> 7 == 0 || is_long) {
        fields.push(Field::new(N::BadControl, "").at(DOCUMENT, "5.5"));
    }
    fields
}

/// The length in so many bytes.
fn extended_length(bytes: usize, length: u64, rest: &[u8]) -> Vec<Field> {
    let (note, least) = match bytes {
        2 => (N::Length16, 126),
        _ => (N::Length64, 1 << 16),
    };
    let field = Field::new(note, length.to_string()).at(DOCUMENT, "5.2");
    let mut fields = vec![field.by(command::number(&hex(&rest[..bytes])))];
    if length < least {
        fields.push(Field::new(N::LengthNotShortest, "").at(DOCUMENT, "5.2"));
    }
    fields
}

/// Explains what there is of the payload of a control frame.
fn control(
    spans: &mut Spans,
    head: &FrameHead,
    direction: Direction,
    start: usize,
    payload: &[u8],
) {
    let before = spans.spans.len();
    if head.opcode == CLOSE {
        close::explain(spans, direction, start, payload, head.key);
    } else {
        let mut content = Content::new(direction);
        content.add(start, payload, head.key);
        let field = Field::new(N::ControlPayload, shown(content.bytes())).at(DOCUMENT, "5.5.2");
        let all = 0..payload.len();
        content.push(spans, all, Layer::Protocol, Part::Frame, vec![field]);
    }
    let made = &mut spans.spans[before..];
    if let (true, Some(last)) = (payload.len() < head.length, made.last_mut()) {
        last.fields.push(Field::new(N::Incomplete, ""));
    }
}
