//! What each transport holds: a bar, and the bracket that a search has closed around its end.

use crate::report::cells::Spread;
use crate::report::plots::bars::{Bar, Bars, Group, Row, draw};
use crate::report::plots::sheet::{Sheet, colour};
use crate::report::{capacity, number};
use crate::results::{CapacityRow, SearchVerdict};

/// `None` where no transport held or failed anything.
pub(super) fn sheet(title: &str, rows: &[CapacityRow]) -> Option<Sheet> {
    let first = rows.first()?;
    let told = |row: &CapacityRow| row.held.is_some() || row.failed_at.is_some();
    if !rows.iter().any(told) {
        return None;
    }
    Some(draw(&Bars {
        title: title.to_owned(),
        x_title: format!("{} (number)", capacity::what(&first.factor)),
        legend: Vec::new(),
        groups: vec![Group {
            title: format!("within {}", first.objective),
            rows: rows.iter().map(row).collect(),
        }],
        x_label: number::plain,
    }))
}

fn row(row: &CapacityRow) -> Row {
    let held = row.held.unwrap_or(0.0);
    Row {
        name: row.transport.name().to_owned(),
        colour: colour(row.transport.colour()),
        variant: String::new(),
        verdict: match row.verdict {
            SearchVerdict::Found | SearchVerdict::AtLeast => String::new(),
            other => capacity::verdict(other).to_owned(),
        },
        bars: vec![Bar {
            segments: vec![(colour(row.transport.colour()), held)],
            total: row.failed_at.map(|failed| Spread {
                median: held,
                low: held,
                high: failed,
            }),
            figure: figure(row),
        }],
    }
}

/// What held, and where that ends for want of a VALID trial.
fn figure(row: &CapacityRow) -> String {
    let holds = capacity::holds(row);
    match row.not_told_at {
        Some(not_told) => format!("{holds}, not told at {}", number::plain(not_told)),
        None => holds,
    }
}
