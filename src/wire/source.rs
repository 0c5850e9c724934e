//! The bytes of one direction, taken from the front; and the spans that were made of them.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::wire::command::shown;
use crate::wire::recording::Direction;
use crate::wire::span::{Field, Layer, Part, Span};

/// The bytes of one direction that are still to be taken apart.
#[derive(Debug)]
pub struct Source<'a> {
    pub direction: Direction,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Source<'a> {
    pub fn new(direction: Direction, bytes: &'a [u8]) -> Self {
        Source {
            direction,
            bytes,
            at: 0,
        }
    }

    /// The bytes that are left.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The place of the first byte that is left.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Takes so many bytes, which must be there.
    pub fn take(&mut self, length: usize) -> Range<usize> {
        let start = self.at;
        self.at += length;
        start..self.at
    }

    /// The next line with its line feed, if it is complete.
    pub fn line(&self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let end = memchr::memchr(b'\n', rest)?;
        Some(&rest[..=end])
    }
}

/// The spans so far.
#[derive(Debug)]
pub struct Spans {
    pub spans: Vec<Span>,
    /// The most that are made. What follows becomes one span each way.
    most: usize,
    numbers: BTreeMap<(Direction, Part), usize>,
}

impl Spans {
    pub fn new(most: usize) -> Self {
        Spans {
            spans: Vec::new(),
            most,
            numbers: BTreeMap::new(),
        }
    }

    /// A new part of this kind begins: spans have its number from now on.
    pub fn begin(&mut self, direction: Direction, part: Part) {
        *self.numbers.entry((direction, part)).or_default() += 1;
    }

    /// Adds a span, if it has bytes.
    pub fn push(
        &mut self,
        direction: Direction,
        range: Range<usize>,
        layer: Layer,
        part: Part,
        fields: Vec<Field>,
    ) {
        if range.is_empty() {
            return;
        }
        self.spans.push(Span {
            direction,
            start: range.start,
            length: range.len(),
            at_ns: 0,
            layer,
            part,
            number: *self.numbers.get(&(direction, part)).unwrap_or(&1),
            fields,
        });
    }

    /// Whether no more spans are made.
    pub fn are_full(&self) -> bool {
        self.spans.len() >= self.most
    }

    /// Takes all that is left as one span.
    pub fn rest(&mut self, source: &mut Source<'_>, part: Part, why: Field) {
        let rest = source.rest();
        let range = source.take(rest.len());
        let value = shown(rest);
        let fields = vec![Field { value, ..why }];
        self.push(source.direction, range, Layer::Protocol, part, fields);
    }
}
