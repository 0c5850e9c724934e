//! Text in lines and columns, for a terminal.

/// The width of a table.
const LINE_CHARS: usize = 110;

/// The width of each column: that of its widest text.
pub(super) fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let width = |column: usize| {
        let texts = rows.iter().map(|row| row[column].chars().count());
        texts.max().unwrap_or(0)
    };
    (0..rows.first().map_or(0, Vec::len)).map(width).collect()
}

/// A row with its columns below each other's: those of `left` begin at the left, others end at the
/// right.
pub(super) fn aligned(texts: &[String], widths: &[usize], left: &[usize]) -> String {
    let columns = texts.iter().zip(widths).enumerate();
    let padded = columns.map(|(column, (text, &width))| match left.contains(&column) {
        true => format!("{text:<width$}"),
        false => format!("{text:>width$}"),
    });
    padded.collect::<Vec<_>>().join("  ")
}

/// The text in lines of the table's width.
pub(super) fn folded(text: &str, indent: &str) -> Vec<String> {
    folded_to(LINE_CHARS, text, indent)
}

/// The text in lines of at most so many characters, unless a word is longer.
pub(super) fn folded_to(width: usize, text: &str, indent: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

/// Lines as one text, without spaces at their ends.
pub(super) fn joined(lines: &[String]) -> String {
    let lines = lines.iter();
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}
