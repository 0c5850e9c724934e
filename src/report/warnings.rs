//! The warnings of a run in a line each: its name, the cells that have it, and what to do.

use crate::report::cells::{ReportCell, settings};
use crate::report::lines::TextStyle;
use crate::results::{Verdict, Warning};

/// A warning and the cells of which trials have it.
pub(super) struct Found<'c> {
    pub name: &'c str,
    pub cells: Vec<(&'c ReportCell<'c>, usize)>,
}

/// A line for each warning, INVALID ones first.
pub(super) fn lines(cells: &[ReportCell], style: TextStyle) -> Vec<String> {
    let found = found(cells);
    let lines = found.iter().flat_map(|found| line(found, cells, style));
    lines.collect()
}

/// The warnings of these cells, INVALID ones first.
pub(super) fn found<'c>(cells: &'c [ReportCell<'c>]) -> Vec<Found<'c>> {
    let mut found: Vec<Found> = Vec::new();
    for cell in cells {
        for (name, trials) in cell.warnings() {
            match found.iter_mut().find(|known| known.name == name) {
                Some(known) => known.cells.push((cell, trials)),
                None => found.push(Found {
                    name,
                    cells: vec![(cell, trials)],
                }),
            }
        }
    }
    found.sort_by_key(|found| std::cmp::Reverse(verdict(found)));
    found
}

/// The verdict that a warning leads to; of one that this version does not know, the worst of the
/// trials that have it.
pub(super) fn verdict(found: &Found) -> Verdict {
    let known = found.name.parse().map(Warning::verdict);
    let cells = found.cells.iter().map(|(cell, _)| cell.verdict());
    known.unwrap_or_else(|_| cells.max().unwrap_or(Verdict::Suspect))
}

fn line(found: &Found, cells: &[ReportCell], style: TextStyle) -> Vec<String> {
    let texts = cells[0].texts;
    let several = settings(cells).len() > 1;
    let name = |(cell, trials): &(&ReportCell, usize)| {
        let mut name = cell.name();
        if several {
            name = format!("{name}, {}", cell.setting);
        }
        match cell.trials.len() {
            all if *trials < all => format!("{name} {}", (texts.cell.of_trials)(*trials, all)),
            _ => name,
        }
    };
    let whole = found
        .cells
        .iter()
        .all(|(cell, trials)| cell.trials.len() == *trials);
    let concerned = match found.cells.len() {
        all if whole && all == cells.len() && all > 1 => texts.table.all_cells.to_owned(),
        many if many > 4 => (texts.table.cells_of)(many, cells.len()),
        _ => found.cells.iter().map(name).collect::<Vec<_>>().join("; "),
    };
    let what = match found.name.parse().map(Warning::advice) {
        Ok(advice) => (texts.translate)(advice),
        Err(_) => texts.table.unknown_warning,
    };
    let verdict = verdict(found);
    let text = format!("{verdict} {} ({concerned}): {what}", found.name);
    let mut lines = style.folded(&text, "  ");
    let word = verdict.to_string();
    let coloured = match verdict {
        Verdict::Invalid => style.bad(&word),
        _ => style.warn(&word),
    };
    lines[0] = lines[0].replacen(&word, &coloured, 1);
    lines
}
