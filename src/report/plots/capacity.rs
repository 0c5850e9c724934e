//! What each transport holds: a bar, and the bracket that a search has closed around its end.

use crate::report::capacity::{factor, holds, verdict};
use crate::report::cells::Spread;
use crate::report::plots::bars::{Bar, Bars, Group, Row, Segment, draw};
use crate::report::plots::sheet::{Sheet, colour};
use crate::results::{CapacityRow, SearchVerdict};
use crate::texts::{Numbers, Texts};

/// `None` where no transport held or failed anything.
pub(super) fn sheet(title: &str, rows: &[CapacityRow], texts: &Texts) -> Option<Sheet> {
    let first = rows.first()?;
    let has_figure = |row: &CapacityRow| row.held.is_some() || row.failed_at.is_some();
    if !rows.iter().any(has_figure) {
        return None;
    }
    Some(draw(&Bars {
        title: title.to_owned(),
        x_title: (texts.plot.axes.number_of)(factor(first, texts)),
        legend: Vec::new(),
        groups: vec![Group {
            title: (texts.capacity.within)(&first.objective),
            rows: rows.iter().map(|row| bar(row, texts)).collect(),
        }],
        x_label: Numbers::plain,
        numbers: texts.numbers,
    }))
}

fn bar(row: &CapacityRow, texts: &Texts) -> Row {
    let held = row.held.unwrap_or(0.0);
    Row {
        name: row.transport.name().to_owned(),
        colour: colour(row.transport.colour()),
        variant: String::new(),
        verdict: match row.verdict {
            SearchVerdict::Found | SearchVerdict::AtLeast => String::new(),
            other => verdict(other, texts).to_owned(),
        },
        bars: vec![Bar {
            segments: vec![Segment {
                colour: colour(row.transport.colour()),
                value: held,
                label: holds(row, texts),
            }],
            total: row.failed_at.map(|failed| Spread {
                median: held,
                low: held,
                high: failed,
                is_interval: true,
            }),
            figure: figure(row, texts),
        }],
    }
}

/// What held, and from which value on no trial was VALID.
fn figure(row: &CapacityRow, texts: &Texts) -> String {
    let holds = holds(row, texts);
    match row.not_told_at {
        Some(not_told) => (texts.capacity.not_told_at)(&holds, &texts.numbers.plain(not_told)),
        None => holds,
    }
}
