//! Running text in lines that fit a terminal.

use console::{measure_text_width, truncate_str};

/// Running text is not wider than this, however wide the terminal is.
const MOST_WIDE: usize = 100;

/// A space at which no line ends.
pub const NO_BREAK: char = '\u{a0}';
const UNITS: [&str; 13] = [
    "µs", "ms", "s", "B", "kB", "MB", "GB", "KiB", "×", "times", "trials", "vezes", "ensaios",
];

/// The text in lines of at most so many columns, of which those after the first begin with
/// `indent`. A number and its unit stay together, and what [`NO_BREAK`] joins.
pub fn folded(text: &str, width: usize, indent: &str) -> Vec<String> {
    let width = width.min(MOST_WIDE);
    let mut lines: Vec<String> = Vec::new();
    let text = units_kept(text);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{indent}{word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
        .iter()
        .map(|line| line.replace(NO_BREAK, " "))
        .collect()
}

/// The text in one line of at most so many columns: what is too long ends after a word, with "…".
pub fn cut(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    // With the space after the last word, if that word is whole.
    let begun = truncate_str(text, width.saturating_sub(1), "");
    match begun.rsplit_once(' ') {
        Some((words, _)) => format!("{} …", words.trim_end()),
        None => format!("{begun}…"),
    }
}

/// The text with [`NO_BREAK`] between each number and its unit, and between a flag and its number.
fn units_kept(text: &str) -> String {
    let mut kept = String::new();
    for word in text.split(' ') {
        let unit = word.trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '%');
        let after_number = kept.ends_with(|c: char| c.is_ascii_digit());
        let is_unit = after_number && (unit == "%" || UNITS.contains(&unit));
        let last = kept.rsplit([' ', NO_BREAK]).next().unwrap_or_default();
        let is_value = last.starts_with("--") && word.starts_with(|c: char| c.is_ascii_digit());
        let is_joined = is_unit || is_value;
        if !kept.is_empty() {
            kept.push(if is_joined { NO_BREAK } else { ' ' });
        }
        kept.push_str(word);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_units_when_a_text_is_folded() {
        assert_eq!(
            folded("it takes some 490 ms, or 80 %.", 14, "  "),
            ["it takes some", "  490 ms, or", "  80 %.",]
        );
    }

    #[test]
    fn a_flag_keeps_its_number() {
        assert_eq!(
            folded("type --repeats 5.", 12, ""),
            ["type", "--repeats 5."]
        );
    }

    #[test]
    fn a_line_that_is_cut_ends_after_a_word_and_says_so() {
        let line = "[3/30] sse-t1  800/800 delivered";
        for (width, shown) in [
            (32, line),
            (31, "[3/30] sse-t1  800/800 …"),
            (24, "[3/30] sse-t1  800/800 …"),
            (23, "[3/30] sse-t1 …"),
            (4, "[3/…"),
        ] {
            assert_eq!(cut(line, width), shown);
        }
    }
}
