//! Requests and their responses in turn, and what the connection becomes after 101.

use crate::texts::WireNote as N;
use crate::wire::body::{self, Body, Framing};
use crate::wire::frames::{self, Frames};
use crate::wire::head::{self, Head};
use crate::wire::recording::{Chunk, Direction, Recording};
use crate::wire::source::{Source, Spans};
use crate::wire::span::{Field, Layer, Part, Span};

/// A connection that is taken apart.
#[derive(Debug, Default)]
pub struct Annotated {
    /// In the order in which their bytes passed; every byte is in one.
    pub spans: Vec<Span>,
    /// The responses whose heads have come.
    pub answers: Vec<Answer>,
    /// What each side has sent after an upgrade to WebSocket.
    pub up: Frames,
    pub down: Frames,
    /// There were more parts than spans: the last spans are not taken apart, nor are messages
    /// counted in them.
    pub is_cut_off: bool,
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Body,
}

impl Annotated {
    /// Complete messages that the server has sent.
    pub fn messages(&self) -> usize {
        let bodies = self.answers.iter().filter(|answer| answer.status < 300);
        let in_bodies: usize = bodies.map(|answer| answer.body.messages).sum();
        in_bodies + self.down.messages
    }

    /// Bytes of a layer in one direction.
    pub fn bytes(&self, layer: Layer, direction: Direction) -> usize {
        let spans = self.spans.iter();
        let of = spans.filter(|span| span.layer == layer && span.direction == direction);
        of.map(|span| span.length).sum()
    }
}

/// The most spans of a recording of a server, which is as short as a page is to show.
const MAX_SPANS: usize = 4096;

/// Takes a connection apart. The result does not depend on the borders of reads and writes, apart
/// from times and order.
pub fn annotate(recording: &Recording) -> Annotated {
    annotate_within(recording, MAX_SPANS)
}

/// Takes a connection apart, with another bound on its spans.
pub fn annotate_within(recording: &Recording, most: usize) -> Annotated {
    let mut up = Source::new(Direction::Up, recording.bytes(Direction::Up));
    let mut down = Source::new(Direction::Down, recording.bytes(Direction::Down));
    let (mut spans, mut annotated) = (Spans::new(most), Annotated::default());
    while !(spans.are_full() || up.is_empty() && down.is_empty()) {
        let request = head::read(&mut up, &mut spans, Part::Request, None);
        if let Some(request) = &request {
            let framing = Framing::of_request(request);
            body::read(&mut up, &mut spans, request, framing);
        }
        let request = request.as_ref();
        let Some(response) = response(&mut down, &mut spans, request) else {
            continue;
        };
        let framing = Framing::of_response(&response, request);
        let body = body::read(&mut down, &mut spans, &response, framing);
        let status = response.status;
        annotated.answers.push(Answer { status, body });
        if status == 101 {
            let compresses = response.get("sec-websocket-extensions").is_some();
            if response.lists("upgrade", "websocket") {
                annotated.up = frames::read(&mut up, &mut spans, compresses);
                annotated.down = frames::read(&mut down, &mut spans, compresses);
            } else {
                for source in [&mut up, &mut down] {
                    rest(source, &mut spans, Layer::Payload, N::Content);
                }
            }
        }
    }
    annotated.is_cut_off = spans.are_full();
    for source in [&mut up, &mut down] {
        rest(source, &mut spans, Layer::Protocol, N::NotExplained);
    }
    annotated.spans = in_time(spans.spans, recording.chunks());
    annotated
}

/// The head of the final response (RFC 9110, section 15.2).
fn response(source: &mut Source<'_>, spans: &mut Spans, request: Option<&Head>) -> Option<Head> {
    loop {
        let head = head::read(source, spans, Part::Response, request)?;
        if !matches!(head.status, 100 | 102..200) {
            return Some(head);
        }
    }
}

/// Makes one span of all that is left.
fn rest(source: &mut Source<'_>, spans: &mut Spans, layer: Layer, note: N) {
    let before = spans.spans.len();
    spans.rest(source, Part::Rest, Field::new(note, ""));
    for span in &mut spans.spans[before..] {
        span.layer = layer;
    }
}

/// The spans with their times, in the order in which their first bytes passed.
fn in_time(mut spans: Vec<Span>, chunks: &[Chunk]) -> Vec<Span> {
    let of = |direction| {
        let chunks = chunks.iter().enumerate();
        let chunks = chunks.filter(|(_, chunk)| chunk.direction == direction);
        chunks.collect::<Vec<_>>()
    };
    let (up, down) = (of(Direction::Up), of(Direction::Down));
    let place = |span: &Span| {
        let chunks = match span.direction {
            Direction::Up => &up,
            Direction::Down => &down,
        };
        let after = chunks.partition_point(|(_, chunk)| chunk.start <= span.start);
        let (number, chunk) = chunks[after - 1];
        (number, chunk.at_ns)
    };
    for span in &mut spans {
        (_, span.at_ns) = place(span);
    }
    spans.sort_by_cached_key(|span| (place(span).0, span.start));
    spans
}
