//! What there is to say where a cell was measured more than once: what its median and its marks
//! are, what was left out, and by how much a cell differs from itself.

use crate::report::cells::ReportCell;
use crate::results::{Verdict, metric};
use crate::stats::compare::decimals;
use crate::stats::statistics::FEWEST;
use crate::texts::Texts;

/// The percentiles by which the halves of an A/A pair are compared.
const PERCENTILES: [&str; 2] = ["latency_p50_us", "latency_p99_us"];

/// The most trials of which a median is made.
pub(super) fn most(cells: &[ReportCell]) -> usize {
    let counted = cells.iter().map(|cell| cell.counted().len());
    counted.max().unwrap_or(0)
}

/// Whether some cell has enough trials for an interval of its median.
pub(super) fn has_intervals(cells: &[ReportCell]) -> bool {
    most(cells) >= FEWEST
}

/// What the marks around a median are, and of how many trials; `None` where each cell has one.
pub(super) fn marks(cells: &[ReportCell]) -> Option<String> {
    if most(cells) < 2 {
        return None;
    }
    let words = &cells[0].texts.cell;
    let has_enough = |cell: &&ReportCell| cell.counted().len() >= FEWEST;
    let (enough, few): (Vec<&ReportCell>, Vec<&ReportCell>) = cells.iter().partition(has_enough);
    let interval = (words.marks_interval)(&trials(&enough));
    let range = (words.marks_range)(&trials(&few));
    let marks = match (enough.is_empty(), few.is_empty()) {
        (false, true) => interval,
        (true, _) => range,
        (false, false) => {
            let names = few.iter().map(|c| format!("{} ({})", c.name(), c.setting));
            (words.marks_both)(&interval, &range, &names.collect::<Vec<_>>().join(", "))
        }
    };
    Some((words.marks)(&marks))
}

fn trials(cells: &[&ReportCell]) -> String {
    let counts: Vec<usize> = cells.iter().map(|cell| cell.counted().len()).collect();
    cells
        .first()
        .map_or(String::new(), |cell| trials_words(&counts, cell.texts))
}

/// `5 trials`, or `3 to 5 trials`: how many each cell has.
pub(super) fn trials_words(counts: &[usize], texts: &Texts) -> String {
    let least = counts.iter().min().copied().unwrap_or(0);
    let most = counts.iter().max().copied().unwrap_or(0);
    match least < most {
        true => (texts.cell.trials_between)(least as f64, most as f64),
        false => (texts.cell.trials)(most as f64),
    }
}

/// What became of INVALID trials; `None` where there are none.
pub(super) fn left_out(cells: &[ReportCell]) -> Option<&'static str> {
    let mut trials = cells.iter().flat_map(|cell| &cell.trials);
    let invalid = trials.any(|trial| trial.verdict == Verdict::Invalid);
    invalid.then(|| cells[0].texts.cell.left_out)
}

/// By how much the two halves of an A/A pair differ, in words; `None` without such a pair, or where
/// it has no latencies.
pub(super) fn noise_floor(cells: &[ReportCell]) -> Option<String> {
    let again = cells.iter().find(|cell| cell.trials[0].aa_of.is_some())?;
    let number = again.trials[0].aa_of;
    let once = cells.iter().find(|cell| Some(cell.number) == number)?;
    let (words, numbers) = (&once.texts.cell, once.texts.numbers);
    let apart = PERCENTILES.iter().filter_map(|name| {
        let metric = metric(name)?;
        let figure = |cell: &ReportCell| cell.median(|trial| metric.figure(trial));
        let percent = (figure(again)? / figure(once)? - 1.0).abs() * 100.0;
        if !percent.is_finite() {
            return None;
        }
        let digits = if percent > 0.0 { decimals(percent) } else { 0 };
        Some((words.noise_in)(
            &numbers.fixed(percent, digits),
            metric.title,
        ))
    });
    let apart = apart.collect::<Vec<_>>().join(words.and);
    let mut cell = vec![once.transport.to_string(), once.setting.clone()];
    match again.verdict().max(once.verdict()) {
        Verdict::Valid => {}
        doubted => cell.push(doubted.to_string()),
    }
    (!apart.is_empty()).then(|| (words.noise)(&cell.join(", "), &apart))
}
