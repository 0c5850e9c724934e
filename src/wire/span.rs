//! What is said of a range of bytes.

use serde::Serialize;

use crate::texts::{Locale, WireNote};
use crate::wire::recording::Direction;

/// The layer of the byte ledger. Those of TLS and TCP-IP are below these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The text of messages, and content that is none of the known messages.
    Payload,
    /// The rest of the messages' JSON.
    Envelope,
    /// Heads, framing, masks and heartbeats.
    Protocol,
}

impl Layer {
    pub const ALL: [Layer; 3] = [Layer::Payload, Layer::Envelope, Layer::Protocol];

    pub fn title(self, locale: Locale) -> &'static str {
        let words = locale.wire();
        match self {
            Layer::Payload => words.payload,
            Layer::Envelope => words.envelope,
            Layer::Protocol => words.protocol,
        }
    }
}

/// What a range of bytes is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Request,
    Response,
    Chunk,
    Body,
    Event,
    Line,
    Frame,
    /// What cannot be understood.
    Rest,
}

impl Part {
    pub fn title(self, locale: Locale) -> &'static str {
        let words = locale.wire();
        match self {
            Part::Request => words.request,
            Part::Response => words.response,
            Part::Chunk => words.chunk,
            Part::Body => words.body,
            Part::Event => words.event,
            Part::Line => words.line,
            Part::Frame => words.frame,
            Part::Rest => words.rest,
        }
    }
}

/// Where a field is specified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// As `RFC 6455`, or `WHATWG HTML`.
    pub document: &'static str,
    /// As `5.2`.
    pub section: &'static str,
}

impl Section {
    pub const fn rfc(document: &'static str, section: &'static str) -> Self {
        Section { document, section }
    }

    pub fn text(self, locale: Locale) -> String {
        let word = locale.wire().section;
        format!("{}, {word} {}", self.document, self.section)
    }

    /// Where the section can be read.
    pub fn url(self) -> String {
        let number = self.document.strip_prefix("RFC ");
        match (self.document, number) {
            (_, Some(number)) => format!(
                "https://www.rfc-editor.org/rfc/rfc{number}#section-{}",
                self.section
            ),
            ("WHATWG Fetch", _) => "https://fetch.spec.whatwg.org/".to_owned(),
            ("NDJSON", _) => "https://github.com/ndjson/ndjson-spec".to_owned(),
            _ => "https://html.spec.whatwg.org/multipage/server-sent-events.html".to_owned(),
        }
    }
}

/// A field that stands in a range of bytes, or in some of its bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub note: WireNote,
    /// Its name where the note's title is not it: that of a header field.
    pub name: Option<String>,
    /// Its value, for people. Long ones are cut.
    pub value: String,
    pub section: Option<Section>,
    /// A shell command that derives the value.
    pub command: Option<String>,
}

impl Field {
    pub fn new(note: WireNote, value: impl Into<String>) -> Self {
        Field {
            note,
            name: None,
            value: value.into(),
            section: None,
            command: None,
        }
    }

    pub fn at(self, document: &'static str, section: &'static str) -> Self {
        Field {
            section: Some(Section::rfc(document, section)),
            ..self
        }
    }

    pub fn by(self, command: impl Into<String>) -> Self {
        Field {
            command: Some(command.into()),
            ..self
        }
    }

    pub fn named(self, name: impl Into<String>) -> Self {
        Field {
            name: Some(name.into()),
            ..self
        }
    }

    pub fn title(&self, locale: Locale) -> &str {
        let title = self.note.title(locale);
        self.name.as_deref().unwrap_or(title)
    }
}

/// What is said of a range of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub direction: Direction,
    /// The place of its first byte among those of its direction.
    pub start: usize,
    pub length: usize,
    /// When its first byte passed, in ns since the recording began.
    pub at_ns: u64,
    pub layer: Layer,
    pub part: Part,
    /// Which of the connection's parts of this kind and direction it is, from 1.
    pub number: usize,
    /// One at least.
    pub fields: Vec<Field>,
}

impl Span {
    pub fn end(&self) -> usize {
        self.start + self.length
    }
}
