//! What a search for capacity found, as plain text for a terminal.

use crate::report::capacity::{conditions, factor, sentences, values, why};
use crate::report::lines::{aligned, folded, joined, widths};
use crate::results::{CapacityRow, TrialRow};
use crate::texts::Locale;

/// A line a transport, at most 110 characters wide, and below it why it is not more.
pub fn capacity_table(rows: &[CapacityRow], trials: &[TrialRow], locale: Locale) -> String {
    let texts = locale.texts();
    let (Some(first), Some(trial)) = (rows.first(), trials.first()) else {
        return format!("{}\n", texts.table.no_trial);
    };
    let line = |name: &str, rest: [String; 5]| [vec![name.to_owned()], rest.to_vec()].concat();
    let titles = texts.capacity.columns.map(str::to_owned);
    let mut table = vec![line(texts.table.transport, titles)];
    let figures = rows.iter();
    table.extend(figures.map(|row| line(row.transport.name(), values(row, texts))));
    let widths = widths(&table);
    let conditions = conditions(first, trial, texts);
    let heading = (texts.capacity.heading)(factor(first, texts), &conditions);
    let mut lines = folded(&heading, "");
    lines.extend(table.iter().map(|row| aligned(row, &widths, &[0])));
    for row in rows {
        lines.push(String::new());
        lines.extend(folded(
            &format!("{}: {}", row.transport, why(row, texts)),
            "",
        ));
        for sentence in sentences(row, texts) {
            lines.extend(folded(&sentence, "  "));
        }
    }
    joined(&lines)
}
