//! The conditions of a run: what was asked for, as far as it is the same in all trials. What varies
//! is in the names and settings of cells.

use crate::report::lines::TextStyle;
use crate::report::repeats::trials_words;
use crate::results::{METRICS, Metric, TrialRow};
use crate::texts::{Locale, NO_BREAK, Texts};

/// The conditions in a line; empty without trials.
pub fn conditions(trials: &[TrialRow], locale: Locale) -> String {
    let texts = locale.texts();
    all(trials, texts).join(texts.condition.separator)
}

/// The same in lines that fit.
pub(super) fn lines(trials: &[TrialRow], style: TextStyle, locale: Locale) -> Vec<String> {
    let texts = locale.texts();
    let no_break = NO_BREAK.to_string();
    let whole = all(trials, texts)
        .into_iter()
        .map(|one| one.replace(' ', &no_break));
    let separator = texts.condition.separator.replacen(' ', &no_break, 1);
    let text = whole.collect::<Vec<_>>().join(&separator);
    let lines = style.folded(&text, "");
    lines.iter().map(|line| style.dim(line)).collect()
}

/// Each condition, made from the factor columns of the rows: those that decide the outcome, and all
/// others that are not at their default.
fn all(trials: &[TrialRow], texts: &Texts) -> Vec<String> {
    let factors = METRICS.iter().filter(|metric| metric.is_factor());
    let constant = factors.filter_map(|factor| constant(factor, trials));
    let words = |(factor, trial): (&'static Metric, &TrialRow)| match factor.name {
        // Each is one of its own, so that a line may end between them.
        "fault" => faults(trial, texts),
        _ => factor_words(factor, trial, texts).into_iter().collect(),
    };
    let mut conditions: Vec<String> = constant.flat_map(words).collect();
    conditions.extend(how(trials, texts));
    conditions
}

fn faults(trial: &TrialRow, texts: &Texts) -> Vec<String> {
    let faults = trial.fault.as_deref().unwrap_or_default();
    let faults = faults.split_whitespace();
    let condition = |fault| (texts.condition.other)("fault", fault);
    faults.map(condition).collect()
}

/// A factor that has one value in all trials that have it, with such a trial.
fn constant<'t>(
    factor: &'static Metric,
    trials: &'t [TrialRow],
) -> Option<(&'static Metric, &'t TrialRow)> {
    let mut with = trials.iter().filter(|trial| !factor.text(trial).is_empty());
    let first = with.next()?;
    let text = factor.text(first);
    with.all(|trial| factor.text(trial) == text)
        .then_some((factor, first))
}

/// A factor of a trial in words; `None` where it is at its default and decides nothing.
pub(super) fn factor_words(factor: &Metric, trial: &TrialRow, texts: &Texts) -> Option<String> {
    let (words, cell) = (&texts.condition, &texts.cell);
    let time = |ms: Option<f64>| {
        let us = ms.unwrap_or_default() * 1000.0;
        texts.numbers.round_duration_us(us)
    };
    let words = match (factor.name, factor.text(trial).as_str()) {
        ("transport" | "aa_of", _) => return None,
        ("workload", "monitoring") | ("feeds", "1") | ("schedule", "constant") => return None,
        ("workload", workload) => (texts.page.workload)(workload),
        ("clients", _) => (cell.clients)(trial.clients.into()),
        ("feeds", _) => (cell.feeds)(trial.feeds.into()),
        ("rate_hz", _) if trial.rate_hz == 0.0 => words.nothing_published.to_owned(),
        ("rate_hz", _) => (words.rate)(trial.rate_hz, trial.feeds > 1),
        ("payload_bytes", _) => (words.payload)(trial.payload_bytes.into()),
        ("tls", _) => (if trial.tls { cell.tls } else { cell.no_tls }).to_owned(),
        ("poll_interval_ms", _) => (words.poll_interval)(&time(trial.poll_interval_ms)),
        ("hold_ms", _) => (words.hold)(&time(trial.hold_ms)),
        ("keep_alive", on) => (words.keep_alive)(on),
        ("proxy", name) => (cell.proxy)(name),
        ("headers", which) => (words.headers)(which),
        ("network", "loopback") => return None,
        ("network", name) => (words.network)(name),
        ("schedule", name) => (cell.schedule)(name),
        (name, value) => (words.other)(name, value),
    };
    Some(words)
}

/// How it was measured, beside the factors.
fn how(trials: &[TrialRow], texts: &Texts) -> Vec<String> {
    let words = &texts.condition;
    let Some(first) = trials.first() else {
        return Vec::new();
    };
    let processes = trials.iter().filter_map(|trial| trial.load_processes).max();
    let processes = processes.filter(|processes| *processes > 1);
    let pin = first.pin.as_deref().filter(|pin| !pin.is_empty());
    let mut how = Vec::new();
    how.extend(processes.map(|processes| (words.load_processes)(processes.into())));
    how.extend(pin.map(words.pinned));
    // The windows of a search grow.
    if trials.iter().all(|trial| trial.window_s == first.window_s) {
        let window = texts.numbers.round_duration_us(first.window_s * 1e6);
        let of = |cell| trials.iter().filter(|trial| trial.cell == cell).count();
        let counts: Vec<usize> = trials.iter().map(|trial| of(trial.cell)).collect();
        how.push((words.trials_of)(&trials_words(&counts, texts), &window));
    }
    how
}
