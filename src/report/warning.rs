//! What the names in a trial's `warnings` mean, in a sentence each.

use crate::report::cells::ReportCell;

/// The sentence for a warning's name, or `None` for a name of a later version.
pub(super) fn sentence(name: &str) -> Option<&'static str> {
    Some(match name {
        "publisher-late" => {
            "The publisher started messages later than the schedule said, \
             and the latencies contain that lag."
        }
        "load-saturated" => {
            "The load, or load and server together, left no CPU time to spare, or the load's event \
             loops were late, so the figures may show the limit of this machine or of the load and \
             not the server's."
        }
        "missed-messages" => {
            "Some subscribers never received messages of the window; \
             latencies cover only what was delivered."
        }
        "connect-failed" => {
            "Some connections could not be opened, so fewer clients took part than asked for."
        }
        "probe-differs" => {
            "A few subscribers in a process of their own saw other latencies than the crowd, so \
             the crowd's processes, or their place on this machine, are part of the figures."
        }
        "ends-differ" => {
            "Server and load did not count the same bytes, so some are in no figure or in a \
             wrong one."
        }
        "clients-lost" => "Some connections ended during the trial.",
        "duplicate-messages" => "Some messages were delivered more than once to a subscriber.",
        "reordered-messages" => "Some messages were delivered after a later one.",
        "clock-negative" => {
            "Some messages seemed to arrive before they were due, \
             so the clocks of publisher and subscriber do not agree."
        }
        "publish-failed" => "The server did not accept some of the messages.",
        "machine-busy" => {
            "Other processes on this machine used its cores, \
             so the figures are partly theirs."
        }
        "cpu-stolen" => "The hypervisor gave CPU time of this machine to others.",
        "server-died" => "The server ended or went away during the trial.",
        "unexpected-messages" => {
            "Subscribers received messages that count as not published, \
             so what was missed cannot be told."
        }
        "nothing-published" => "No message was published during the window.",
        _ => return None,
    })
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
