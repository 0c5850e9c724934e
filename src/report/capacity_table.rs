//! What a search for capacity found, as plain text for a terminal.

use crate::report::capacity::{answer, factor, sentences, values, why};
use crate::report::columns::ABSENT;
use crate::report::lines::{TextStyle, aligned, joined, line_width, widths};
use crate::report::{capacity, conditions};
use crate::results::{CapacityRow, TrialRow};
use crate::texts::Locale;

/// A line a transport, below it why it is not more, and the closing sentence. Without room for all
/// columns, the last is dropped.
pub fn capacity_table(
    rows: &[CapacityRow],
    trials: &[TrialRow],
    style: TextStyle,
    locale: Locale,
) -> String {
    let texts = locale.texts();
    let (Some(first), Some(trial)) = (rows.first(), trials.first()) else {
        return format!("{}\n", texts.table.no_trial);
    };
    let mut lines = conditions::lines(trials, style, locale);
    let objective = capacity::conditions(first, trial, texts);
    let heading = (texts.capacity.heading)(factor(first, texts), &objective);
    lines.push(String::new());
    lines.extend(style.folded(&heading, ""));
    let line = |name: &str, rest: [String; 5]| [vec![name.to_owned()], rest.to_vec()].concat();
    let titles = texts.capacity.columns.map(str::to_owned);
    let mut table = vec![line(texts.table.transport, titles)];
    let figures = rows.iter();
    table.extend(figures.map(|row| line(row.transport.name(), values(row, texts))));
    let fitted = fitted(table, style.width);
    let widths = widths(&fitted);
    let aligned = |row: &Vec<String>| aligned(row, &widths, &[0]);
    lines.push(style.bold(&aligned(&fitted[0])));
    lines.extend(fitted[1..].iter().map(aligned));
    lines.push(String::new());
    for row in rows {
        let why = format!("{}: {}", row.transport, why(row, texts));
        lines.extend(style.folded(&why, "  "));
        for sentence in sentences(row, texts).iter().filter(|_| style.details) {
            lines.extend(style.folded(&format!("  {sentence}"), "  "));
        }
    }
    if let Some(answer) = answer(rows, texts) {
        lines.push(String::new());
        lines.extend(style.folded(&answer, ""));
    }
    joined(&lines)
}

/// The table without columns of which no row has a figure, and no wider than `width`.
fn fitted(mut table: Vec<Vec<String>>, width: usize) -> Vec<Vec<String>> {
    let columns = 1..table[0].len();
    for column in columns.rev() {
        let is_empty = table[1..].iter().all(|row| row[column] == ABSENT);
        let is_last = column + 1 == table[0].len();
        if is_empty || is_last && line_width(&widths(&table)) > width {
            for row in &mut table {
                row.remove(column);
            }
        }
    }
    table
}
