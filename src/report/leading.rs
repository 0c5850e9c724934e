//! Which setting stands first where a run has several, and which of its cells are compared.

use crate::report::cells::{ReportCell, settings};
use crate::results::Verdict;
use crate::transport::Transport;

/// The number of the setting that stands first: of those with the fewest doubts the last, which
/// asks the most.
pub(super) fn leading(settings: &[(&str, Vec<&ReportCell>)]) -> usize {
    let doubted = |group: &[&ReportCell]| {
        let compared = group.iter().filter(|cell| is_compared(cell));
        compared
            .filter(|cell| cell.verdict() != Verdict::Valid)
            .count()
    };
    let at = (0..settings.len()).rev();
    at.min_by_key(|&at| doubted(&settings[at].1)).unwrap_or(0)
}

/// The setting that stands first, and its cells; `None` without cells.
pub(super) fn leading_setting<'c, 'a>(
    cells: &'c [ReportCell<'a>],
) -> Option<(&'c str, Vec<&'c ReportCell<'a>>)> {
    let mut settings = settings(cells);
    (!settings.is_empty()).then(|| settings.swap_remove(leading(&settings)))
}

/// The second half of an A/A pair shows the noise, and the baseline what a protocol costs.
pub(super) fn is_compared(cell: &ReportCell) -> bool {
    cell.transport != Transport::BASELINE && cell.trials[0].aa_of.is_none()
}
