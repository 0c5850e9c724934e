//! A recording and its spans as one JSON object, for the page and for scripts.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use crate::texts::{Locale, WireNote};
use crate::wire::annotate::Annotated;
use crate::wire::recording::{Chunk, Direction, Ends, Recording};
use crate::wire::span::{Field, Layer, Part, Section, Span};

/// A text in both languages.
#[derive(Debug, Serialize)]
struct Both<T> {
    en: T,
    pt: T,
}

impl<T> Both<T> {
    fn of(text: impl Fn(Locale) -> T) -> Self {
        Both {
            en: text(Locale::En),
            pt: text(Locale::Pt),
        }
    }
}

/// The object. Texts that many spans share stand once, under `notes`, `sections`, `parts` and
/// `layers`; fields name them.
#[derive(Debug, Serialize)]
struct Document<'a> {
    ends: Option<Ends>,
    further_connections: usize,
    tls: bool,
    began_at_ns: u64,
    ended: bool,
    truncated: bool,
    /// All bytes of each direction, in base64.
    up: String,
    down: String,
    chunks: &'a [Chunk],
    messages: usize,
    layers: BTreeMap<Layer, Value>,
    parts: BTreeMap<Part, Both<&'static str>>,
    notes: BTreeMap<&'static str, Both<[&'static str; 2]>>,
    sections: BTreeMap<String, Value>,
    spans: Vec<SpanObject<'a>>,
}

#[derive(Debug, Serialize)]
struct SpanObject<'a> {
    direction: Direction,
    start: usize,
    length: usize,
    at_ns: u64,
    layer: Layer,
    part: Part,
    number: usize,
    fields: Vec<FieldObject<'a>>,
}

#[derive(Debug, Serialize)]
struct FieldObject<'a> {
    note: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
}

/// The JSON of a recording.
pub fn document(recording: &Recording, annotated: &Annotated) -> Vec<u8> {
    let fields = || annotated.spans.iter().flat_map(|span| &span.fields);
    let layer = |layer: Layer| {
        let title = Both::of(|locale| layer.title(locale));
        let bytes = |direction| annotated.bytes(layer, direction);
        let (up, down) = (bytes(Direction::Up), bytes(Direction::Down));
        (layer, json!({ "title": title, "up": up, "down": down }))
    };
    let note = |note: WireNote| {
        let both = Both::of(|locale| [note.title(locale), note.sentence(locale)]);
        (note.name(), both)
    };
    let section = |section: Section| {
        let Both { en, pt } = Both::of(|locale| section.text(locale));
        (
            key(section),
            json!({ "en": en, "pt": pt, "url": section.url() }),
        )
    };
    let parts = annotated.spans.iter().map(|span| span.part);
    let encode = |direction| BASE64_STANDARD.encode(recording.bytes(direction));
    let document = Document {
        ends: recording.ends,
        further_connections: recording.further_connections,
        tls: recording.tls,
        began_at_ns: recording.began_at_ns,
        ended: recording.ended,
        truncated: recording.truncated,
        up: encode(Direction::Up),
        down: encode(Direction::Down),
        chunks: recording.chunks(),
        messages: annotated.messages(),
        layers: Layer::ALL.map(layer).into(),
        parts: parts
            .map(|part| (part, Both::of(|locale| part.title(locale))))
            .collect(),
        notes: fields().map(|field| note(field.note)).collect(),
        sections: fields()
            .filter_map(|field| field.section)
            .map(section)
            .collect(),
        spans: annotated.spans.iter().map(span_object).collect(),
    };
    serde_json::to_vec(&document).expect("texts and numbers")
}

fn key(section: Section) -> String {
    format!("{} {}", section.document, section.section)
}

fn span_object(span: &Span) -> SpanObject<'_> {
    SpanObject {
        direction: span.direction,
        start: span.start,
        length: span.length,
        at_ns: span.at_ns,
        layer: span.layer,
        part: span.part,
        number: span.number,
        fields: span.fields.iter().map(field_object).collect(),
    }
}

fn field_object(field: &Field) -> FieldObject<'_> {
    FieldObject {
        note: field.note.name(),
        name: field.name.as_deref(),
        value: &field.value,
        section: field.section.map(key),
        command: field.command.as_deref(),
    }
}
