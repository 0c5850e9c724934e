//! The warnings of a cell's trials, and its verdict in words.

use crate::report::cells::ReportCell;
use crate::results::Warning;

/// The sentence for a warning's name, or `None` for a name of a later version.
pub(super) fn sentence(name: &str) -> Option<&'static str> {
    name.parse().ok().map(Warning::sentence)
}

/// Names and number of trials of a cell's warnings, in the order of their first appearance.
pub(super) fn of_cell<'c>(cell: &'c ReportCell) -> Vec<(&'c str, usize)> {
    let mut found: Vec<(&str, usize)> = Vec::new();
    for name in cell
        .trials
        .iter()
        .flat_map(|t| t.warnings.split_whitespace())
    {
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, trials)) => *trials += 1,
            None => found.push((name, 1)),
        }
    }
    found
}

/// `SUSPECT`, and in how many of the trials where they do not agree: `SUSPECT (1 of 3 trials)`.
pub(super) fn verdict(cell: &ReportCell) -> String {
    format!("{}{}", cell.verdict(), trials_concerned(cell))
}

/// ` (1 of 3 trials)` where only these have the cell's verdict, otherwise nothing.
pub(super) fn trials_concerned(cell: &ReportCell) -> String {
    let worst = cell.verdict();
    let all = cell.trials.len();
    match cell.trials.iter().filter(|t| t.verdict == worst).count() {
        bad if bad < all => format!(" ({bad} of {all} trials)"),
        _ => String::new(),
    }
}
