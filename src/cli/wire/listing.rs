//! Bytes with what is said of them, as lines for a terminal.

use std::collections::BTreeSet;
use std::fmt::Write;

use console::{Alignment, Color, Style, pad_str};

use crate::report::TextStyle;
use crate::texts::{Locale, NO_BREAK, WireNote, folded};
use crate::wire::{Annotated, Direction, Field, Layer, Recording, Span};

/// Bytes of one line.
const LINE_BYTES: usize = 16;

/// Lines of bytes of one span, at most.
const MAX_LINES: usize = 32;

/// What is said stands below the bytes, not below their places.
const INDENT: &str = "        ";

/// A listing that is being made.
struct Listing<'a> {
    recording: &'a Recording,
    locale: Locale,
    style: TextStyle,
    out: String,
    /// Notes whose sentences have been written: each is written once.
    explained: BTreeSet<WireNote>,
}

/// The listing of a connection, and the bytes of each layer.
pub(super) fn write(
    recording: &Recording,
    annotated: &Annotated,
    locale: Locale,
    style: TextStyle,
) -> String {
    let mut listing = Listing {
        recording,
        locale,
        style,
        out: String::new(),
        explained: BTreeSet::new(),
    };
    let mut before = None;
    for span in &annotated.spans {
        let of = (span.direction, span.part, span.number);
        if before.replace(of) != Some(of) {
            listing.heading(span);
        }
        listing.bytes(span);
        for field in &span.fields {
            listing.field(field, span.layer);
        }
    }
    listing.sums(annotated);
    listing.out
}

impl Listing<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        style
            .force_styling(self.style.colour)
            .apply_to(text)
            .to_string()
    }

    fn heading(&mut self, span: &Span) {
        let words = self.locale.wire();
        let (arrow, way) = match span.direction {
            Direction::Up => ("↑", words.up),
            Direction::Down => ("↓", words.down),
        };
        let part = span.part.title(self.locale);
        let at_ms = self
            .locale
            .texts()
            .numbers
            .fixed(span.at_ns as f64 / 1e6, 1);
        let text = format!("{arrow} {way} · {part} {} · {at_ms} ms", span.number);
        let text = self.paint(Style::new().bold(), &text);
        let _ = write!(self.out, "\n{text}\n");
    }

    fn bytes(&mut self, span: &Span) {
        let bytes = &self.recording.bytes(span.direction)[span.start..span.end()];
        let shown = &bytes[..bytes.len().min(LINE_BYTES * MAX_LINES)];
        for (number, line) in shown.chunks(LINE_BYTES).enumerate() {
            let at = span.start + number * LINE_BYTES;
            let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            let hex = pad_str(&hex.join(" "), LINE_BYTES * 3, Alignment::Left, None).into_owned();
            let text = line.iter().map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            });
            let text: String = text.collect();
            let layer = layer_style(span.layer);
            let (hex, text) = (self.paint(layer.clone(), &hex), self.paint(layer, &text));
            let _ = writeln!(self.out, "{at:6x}  {hex} {text}");
        }
        if shown.len() < bytes.len() {
            let more = self.locale.wire().more_bytes;
            let _ = writeln!(self.out, "{INDENT}… {} {more}", bytes.len() - shown.len());
        }
    }

    fn field(&mut self, field: &Field, layer: Layer) {
        let title = field.title(self.locale);
        let section = field.section.map(|section| section.text(self.locale));
        let section = section.map(|section| section.replace(' ', &NO_BREAK.to_string()));
        let place = section.map_or(String::new(), |section| format!(" ({section})"));
        let line = match &*field.value {
            "" => format!("{title}{place}"),
            value => format!("{title}: {value}{place}"),
        };
        for line in self.folded(&line) {
            let line = self.paint(layer_style(layer).bold(), &line);
            let _ = writeln!(self.out, "{INDENT}{line}");
        }
        if self.explained.insert(field.note) {
            for line in self.folded(field.note.sentence(self.locale)) {
                let _ = writeln!(self.out, "{INDENT}{line}");
            }
        }
        if let Some(command) = &field.command {
            let command = fold_command(&format!("$ {command}"), self.width());
            let command = self.paint(Style::new().dim(), &command);
            let _ = writeln!(self.out, "{INDENT}{command}");
        }
    }

    fn width(&self) -> usize {
        self.style.width.min(100) - INDENT.len()
    }

    /// Lines of text; a word that is too long for one is cut.
    fn folded(&self, text: &str) -> Vec<String> {
        let width = self.width();
        let lines = folded(text, width, "");
        let cut = |line: String| {
            let characters: Vec<char> = line.chars().collect();
            let pieces = characters.chunks(width).map(|piece| piece.iter().collect());
            pieces.collect::<Vec<String>>()
        };
        lines.into_iter().flat_map(cut).collect()
    }

    /// The bytes of each layer.
    fn sums(&mut self, annotated: &Annotated) {
        let words = self.locale.wire();
        let numbers = self.locale.texts().numbers;
        let rows = Layer::ALL.map(|layer| {
            let bytes = |direction| annotated.bytes(layer, direction);
            let cells = [bytes(Direction::Up), bytes(Direction::Down)];
            (layer.title(self.locale), cells, layer_style(layer))
        });
        let all = [Direction::Up, Direction::Down].map(|way| self.recording.bytes(way).len());
        let sum = (words.sum, all, Style::new());
        let head = format!(
            "{:14}{:>18}{:>18}",
            words.layer, words.columns[0], words.columns[1]
        );
        let head = self.paint(Style::new().bold(), &head);
        let _ = write!(self.out, "\n{head}\n");
        for (title, [up, down], style) in rows.into_iter().chain([sum]) {
            let [up, down] = [up, down].map(|bytes| numbers.count(bytes as f64));
            let row = self.paint(style, &format!("{title:14}{up:>18}{down:>18}"));
            let _ = writeln!(self.out, "{row}");
        }
        let below = match self.recording.tls {
            true => words.below_tls,
            false => words.below_plain,
        };
        for line in folded(below, self.style.width.min(100), "") {
            let _ = writeln!(self.out, "{line}");
        }
    }
}

fn layer_style(layer: Layer) -> Style {
    match layer {
        Layer::Payload => Style::new().fg(Color::Green),
        Layer::Envelope => Style::new().fg(Color::Cyan),
        Layer::Protocol => Style::new().fg(Color::Yellow),
    }
}

/// A command in lines of at most so many columns, which the shell joins again.
fn fold_command(command: &str, width: usize) -> String {
    let (mut folded, mut column, mut quote) = (String::new(), 0, None);
    let (mut before, mut escaped) = (' ', false);
    for character in command.chars() {
        // Room for a quote in quotes and a backslash. What follows a backslash stays with it.
        if column + 6 >= width && before != '\\' && character != '\'' {
            folded.push_str(match quote {
                Some('\'') => "'\\\n'",
                _ => "\\\n",
            });
            column = usize::from(quote == Some('\''));
        }
        match (quote, character) {
            _ if escaped => {}
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        escaped = !escaped && character == '\\' && quote != Some('\'');
        folded.push(character);
        column += 1;
        before = character;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_command_does_the_same() {
        let texts = ["a b  c", "it'\\''s \\n fine", "x"].map(|text| text.repeat(9));
        for text in texts {
            for command in [
                format!("printf '%s' '{text}'"),
                format!("printf '%s' \"{text}\""),
            ] {
                let run = |command: &str| {
                    let shell = std::process::Command::new("sh")
                        .args(["-c", command])
                        .output();
                    shell.unwrap().stdout
                };
                for width in [20, 33, 60] {
                    let folded = fold_command(&command, width);
                    assert!(
                        folded.lines().all(|line| line.chars().count() <= width),
                        "{folded}"
                    );
                    assert_eq!(run(&folded), run(&command), "{folded}");
                }
            }
        }
    }
}
