//! What a search for capacity found, in words.

use std::cmp::Ordering;

use crate::report::columns::ABSENT;
use crate::results::{CapacityRow, SearchVerdict, TrialRow, Warning};
use crate::texts::Texts;

/// What is counted.
pub(super) fn factor(row: &CapacityRow, texts: &Texts) -> &'static str {
    match row.factor.as_str() {
        "rate_hz" => texts.capacity.rate,
        _ => texts.capacity.clients,
    }
}

/// What had to hold, and the factor that did not vary.
pub(super) fn conditions(row: &CapacityRow, trial: &TrialRow, texts: &Texts) -> String {
    let other = match row.factor.as_str() {
        "rate_hz" => (texts.cell.clients)(trial.clients.into()),
        _ => (texts.cell.rate)(trial.rate_hz),
    };
    (texts.capacity.conditions)(&row.objective, &other)
}

/// The figures of a transport, in the order of the texts' columns.
pub(super) fn values(row: &CapacityRow, texts: &Texts) -> [String; 5] {
    let number = |value: Option<f64>| {
        value.map_or_else(|| ABSENT.to_owned(), |value| texts.numbers.plain(value))
    };
    [
        holds(row, texts),
        number(row.failed_at),
        number(row.not_told_at),
        verdict(row.verdict, texts).to_owned(),
        row.trials.to_string(),
    ]
}

/// How much held, and how certain that is.
pub(super) fn holds(row: &CapacityRow, texts: &Texts) -> String {
    let words = &texts.capacity;
    let held = row.held.map(|held| texts.numbers.plain(held));
    match (row.verdict, held) {
        (SearchVerdict::Found, Some(held)) => held,
        (SearchVerdict::AtLeast, Some(held)) => (words.at_least)(&held),
        (SearchVerdict::Unfinished, Some(held)) => (words.so_far)(&held),
        (SearchVerdict::Fails, _) => words.none.to_owned(),
        _ => ABSENT.to_owned(),
    }
}

pub(super) fn verdict(verdict: SearchVerdict, texts: &Texts) -> &'static str {
    match verdict {
        SearchVerdict::Found => texts.capacity.verdict_found,
        SearchVerdict::AtLeast => texts.capacity.verdict_at_least,
        SearchVerdict::Fails => texts.capacity.verdict_fails,
        SearchVerdict::NotTold => texts.capacity.verdict_not_told,
        SearchVerdict::Unfinished => texts.capacity.verdict_unfinished,
    }
}

/// Which transport holds how much, in a sentence, the most first; `None` where nothing is told.
pub(super) fn answer(rows: &[CapacityRow], texts: &Texts) -> Option<String> {
    let words = &texts.answer;
    let mut held: Vec<&CapacityRow> = rows.iter().filter(|row| row.held.is_some()).collect();
    held.sort_by(|a, b| b.held.partial_cmp(&a.held).unwrap_or(Ordering::Equal));
    let mut parts: Vec<String> = held
        .iter()
        .map(|row| (words.holds)(row.transport.name(), &holds(row, texts)))
        .collect();
    let fails = rows
        .iter()
        .filter(|row| row.verdict == SearchVerdict::Fails);
    parts.extend(fails.map(|row| (words.holds_none)(row.transport.name())));
    (!parts.is_empty()).then(|| format!("{}.", parts.join(words.separator)))
}

/// Why it is not more, in a sentence.
pub(super) fn why(row: &CapacityRow, texts: &Texts) -> String {
    let words = &texts.capacity;
    let amount = |value: Option<f64>| {
        let value = value.unwrap_or(0.0);
        match row.factor.as_str() {
            "rate_hz" => (texts.cell.messages_a_second)(value),
            _ => (texts.cell.clients)(value),
        }
    };
    let (failed, not_told) = (amount(row.failed_at), amount(row.not_told_at));
    let why = (words.reason)(&row.why);
    match row.verdict {
        SearchVerdict::Found => (words.why_found)(&failed, &why),
        SearchVerdict::AtLeast if row.not_told_at.is_some() => {
            let failed = row.failed_at.map(|_| failed.as_str());
            (words.why_not_told_above)(&amount(row.held), failed, &not_told, &why)
        }
        SearchVerdict::AtLeast => (words.why_max)(row.max, &amount(Some(row.max)), &why),
        SearchVerdict::Fails => (words.why_fails)(row.failed_at.unwrap_or(0.0), &failed, &why),
        SearchVerdict::NotTold => (words.why_not_told)(&not_told, &why),
        SearchVerdict::Unfinished => words.why_unfinished.to_owned(),
    }
}

/// What the warnings mean that ended a search.
pub(super) fn sentences(row: &CapacityRow, texts: &Texts) -> Vec<String> {
    let sentence = |name: &str| {
        let warning: Warning = name.parse().ok()?;
        Some(format!("{name}: {}", (texts.translate)(warning.sentence())))
    };
    row.why.split(", ").filter_map(sentence).collect()
}
