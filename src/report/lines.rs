//! Text in lines and columns, for a terminal.

use console::{Style, measure_text_width};

use crate::results::Verdict;
use crate::texts::{NO_BREAK, folded};

/// How text for a terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextStyle {
    /// Columns of the terminal.
    pub width: usize,
    pub colour: bool,
    /// Whether every table and every explanation is shown.
    pub details: bool,
}

impl TextStyle {
    /// As on a terminal of 80 columns without colours.
    pub const PLAIN: TextStyle = TextStyle {
        width: 80,
        colour: false,
        details: false,
    };

    pub(super) fn bold(self, text: &str) -> String {
        self.apply(Style::new().bold(), text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.apply(Style::new().dim(), text)
    }

    pub fn good(self, text: &str) -> String {
        self.apply(Style::new().green(), text)
    }

    pub fn warn(self, text: &str) -> String {
        self.apply(Style::new().yellow(), text)
    }

    pub fn bad(self, text: &str) -> String {
        self.apply(Style::new().red().bold(), text)
    }

    /// A verdict in its colour.
    pub(super) fn verdict(self, verdict: Verdict) -> String {
        let word = verdict.to_string();
        match verdict {
            Verdict::Valid => word,
            Verdict::Suspect => self.warn(&word),
            Verdict::Invalid => self.bad(&word),
        }
    }

    fn apply(self, style: Style, text: &str) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }

    /// The text in lines that fit, of which those after the first begin with `indent`. A number
    /// and its unit stay together, and what [`NO_BREAK`](crate::texts::NO_BREAK) joins.
    pub(super) fn folded(self, text: &str, indent: &str) -> Vec<String> {
        folded(text, self.width, indent)
    }
}

/// The width of each column: that of its widest text.
pub(super) fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let width = |column: usize| {
        let texts = rows.iter().map(|row| measure_text_width(&row[column]));
        texts.max().unwrap_or(0)
    };
    (0..rows.first().map_or(0, Vec::len)).map(width).collect()
}

/// The width of a line of such columns.
pub(super) fn line_width(widths: &[usize]) -> usize {
    widths
        .iter()
        .map(|width| width + 2)
        .sum::<usize>()
        .saturating_sub(2)
}

/// A text with spaces to its left or right.
pub(super) fn padded(text: &str, width: usize, left: bool) -> String {
    let spaces = " ".repeat(width.saturating_sub(measure_text_width(text)));
    match left {
        true => format!("{text}{spaces}"),
        false => format!("{spaces}{text}"),
    }
}

/// A row with its columns below each other's: those of `left` begin at the left, others end at the
/// right.
pub(super) fn aligned(texts: &[String], widths: &[usize], left: &[usize]) -> String {
    let columns = texts.iter().zip(widths).enumerate();
    let padded =
        columns.map(|(column, (text, &width))| padded(text, width, left.contains(&column)));
    padded.collect::<Vec<_>>().join("  ")
}

/// The text in lines of at most so many columns, each of which begins with `indent`.
pub(super) fn folded_to(width: usize, text: &str, indent: &str) -> Vec<String> {
    let text = format!("{}{text}", indent.replace(' ', &NO_BREAK.to_string()));
    folded(&text, width, indent)
}

/// A paragraph of lines of at most so many columns.
pub fn paragraph(text: &str, width: usize) -> String {
    joined(&folded(text, width, ""))
}

/// Lines as one text, without spaces at their ends. A terminal breaks no line, so all spaces are
/// plain.
pub(super) fn joined(lines: &[String]) -> String {
    let lines = lines.iter();
    let lines: String = lines.map(|line| format!("{}\n", line.trim_end())).collect();
    lines.replace(NO_BREAK, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_count_for_nothing_and_wide_characters_for_two_columns() {
        let style = TextStyle {
            colour: true,
            ..TextStyle::PLAIN
        };
        let bold = style.bold("µs – ≈");
        assert!(bold.contains("\u{1b}[1m"), "{bold:?}");
        assert_eq!(widths(&[vec![bold], vec!["東京".to_owned()]]), [6]);
        assert_eq!(TextStyle::PLAIN.bad("INVALID"), "INVALID");
    }
}
