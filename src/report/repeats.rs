//! What is to be said where a cell was measured more than once: what its median and its marks
//! stand for, what was left out, and how far the same thing lies from itself.

use crate::results::{Verdict, metric};
use crate::stats::compare::decimals;
use crate::stats::statistics::FEWEST;

use crate::report::cells::ReportCell;

/// The percentiles by which the halves of an A/A pair are compared.
const PERCENTILES: [&str; 2] = ["latency_p50_us", "latency_p99_us"];

/// The most trials that a median stands for.
pub(super) fn most(cells: &[ReportCell]) -> usize {
    let counted = cells.iter().map(|cell| cell.counted().len());
    counted.max().unwrap_or(0)
}

/// Whether some cell has trials enough for an interval of its median.
pub(super) fn has_intervals(cells: &[ReportCell]) -> bool {
    most(cells) >= FEWEST
}

/// What the marks around a median are, and of how many trials; `None` where each cell has one.
pub(super) fn marks(cells: &[ReportCell]) -> Option<String> {
    if most(cells) < 2 {
        return None;
    }
    let is_told = |cell: &&ReportCell| cell.counted().len() >= FEWEST;
    let (told, few): (Vec<&ReportCell>, Vec<&ReportCell>) = cells.iter().partition(is_told);
    let interval = format!("the 95 % interval of the median of {}", trials(&told));
    let range = format!("from lowest to highest of {}", trials(&few));
    let marks = match (told.is_empty(), few.is_empty()) {
        (false, true) => interval,
        (true, _) => range,
        (false, false) => {
            let names = few.iter().map(|c| format!("{} ({})", c.name(), c.setting));
            let names = names.collect::<Vec<_>>().join(", ");
            format!("{interval}; too few for it, so {range}: {names}")
        }
    };
    Some(format!("Thin lines and pale bands: {marks}."))
}

/// `5 trials`, or `3 to 5 trials`.
fn trials(cells: &[&ReportCell]) -> String {
    let counted = || cells.iter().map(|cell| cell.counted().len());
    match (counted().min(), counted().max()) {
        (Some(1), Some(1)) => "1 trial".to_owned(),
        (Some(least), Some(most)) if least < most => format!("{least} to {most} trials"),
        (_, most) => format!("{} trials", most.unwrap_or(0)),
    }
}

/// What became of INVALID trials; `None` where there are none.
pub(super) fn left_out(cells: &[ReportCell]) -> Option<&'static str> {
    let invalid = |cell: &ReportCell| cell.trials.iter().any(|t| t.verdict == Verdict::Invalid);
    cells.iter().any(invalid).then_some(
        "INVALID trials are left out of medians and intervals, but not of what was missed; a line \
         that has no other trials shows theirs, which answer no question.",
    )
}

/// How far the two halves of an A/A pair lie apart, in words; `None` without such a pair, or where
/// it has no latencies.
pub(super) fn noise_floor(cells: &[ReportCell]) -> Option<String> {
    let again = cells.iter().find(|cell| cell.trials[0].aa_of.is_some())?;
    let number = again.trials[0].aa_of;
    let once = cells.iter().find(|cell| Some(cell.number) == number)?;
    let apart = PERCENTILES.iter().filter_map(|name| {
        let metric = metric(name)?;
        let figure = |cell: &ReportCell| cell.median(|trial| metric.figure(trial));
        let (name, ratio) = (metric.title, figure(again)? / figure(once)?);
        let percent = (ratio - 1.0).abs() * 100.0;
        let digits = if percent > 0.0 { decimals(percent) } else { 0 };
        Some(format!("{percent:.digits$} % in {name}"))
    });
    let apart = apart.collect::<Vec<_>>().join(" and ");
    let verdict = match again.verdict().max(once.verdict()) {
        Verdict::Valid => String::new(),
        doubted => format!(", {doubted}"),
    };
    let (transport, setting) = (once.transport, &once.setting);
    (!apart.is_empty()).then(|| {
        format!(
            "A/A ({transport}, {setting}{verdict}): the same cell twice differs by {apart}: \
             smaller differences are noise."
        )
    })
}
