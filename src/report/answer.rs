//! The answer: which transport to take, why, and by how much transports differ. Rows in, sentences
//! out.
//!
//! There are no ranks and no score. Transports that the data cannot tell apart share a place, see
//! [`groups`](crate::stats::groups), and so do those whose difference is too small to matter. A
//! transport is to be taken where it is in the first place of every figure. INVALID trials are left
//! out and named, doubted figures are named, and where batching makes a figure cheap that is said
//! beside it.

use serde::Serialize;

use crate::report::cells::{ReportCell, cells, settings};
use crate::report::clauses::{self, Found, pair, prose_name};
use crate::report::columns::only_waits;
use crate::report::leading::is_compared;
use crate::results::{TrialRow, Verdict};
use crate::stats::groups::MAY_BE_NOISE;
use crate::stats::statistics::FEWEST;
use crate::texts::{Locale, Texts};

/// The answer for one setting of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The factors that vary within the run, such as `1,000 clients`.
    pub setting: String,
    /// Which transport to take, and why, in one sentence.
    pub conclusion: String,
    /// By how much transports differ: latency, then each other figure that decides.
    pub figures: Vec<String>,
    /// The figures that do not decide, and SSE against WebSocket.
    pub others: Vec<String>,
    /// What the data cannot show, which figures are doubted, and what is left out.
    pub limits: Vec<String>,
    /// Whether all transports have doubted figures.
    pub doubted: bool,
    /// All of it.
    pub sentence: String,
}

/// The answer for each setting of a run; empty where there is no figure to answer with.
pub fn answers(trials: &[TrialRow], locale: Locale) -> Vec<Answer> {
    let cells = cells(trials, locale);
    let waiting = only_waits(&cells);
    let answers = settings(&cells)
        .into_iter()
        .filter_map(|(setting, group)| answer(setting, &group, waiting, locale.texts()));
    answers.collect()
}

/// All answers, each after its setting where there are several.
pub(super) fn paragraphs(trials: &[TrialRow], locale: Locale) -> Vec<String> {
    let answers = answers(trials, locale);
    let several = answers.len() > 1;
    let words = &locale.texts().answer;
    let paragraph = |answer: Answer| match several {
        true => (words.setting)(&answer.setting, &answer.sentence),
        false => answer.sentence,
    };
    answers.into_iter().map(paragraph).collect()
}

fn answer(setting: &str, group: &[&ReportCell], waiting: bool, texts: &Texts) -> Option<Answer> {
    let words = &texts.answer;
    let is_valid = |trial: &&TrialRow| trial.verdict != Verdict::Invalid;
    let has_valid = |cell: &&&ReportCell| cell.trials.iter().any(is_valid);
    let transports = group.iter().filter(|cell| is_compared(cell));
    let cells: Vec<&ReportCell> = transports.filter(has_valid).copied().collect();
    let found = clauses::found(&cells, waiting, texts);
    let (mut figures, mut others, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    if cells.len() > 1 {
        for found in &found {
            match found.question.words.is_later || found.decides(&cells) {
                true => figures.push(found.sentences(&cells, texts)),
                false => others.push(found.sentences(&cells, texts)),
            }
        }
        others.extend(pair(&found, &cells, texts));
        limits.extend(few_trials(&cells, texts).filter(|_| !found.is_empty()));
    } else if !found.is_empty() {
        limits.push(words.alone_decides_nothing.to_owned());
    }
    limits.extend(doubted(&found, &cells, texts));
    let is_left_out = |cell: &&&ReportCell| !cell.trials.iter().all(&is_valid);
    let left_out = group.iter().filter(is_left_out).map(|cell| left_out(cell));
    let left_out: Vec<String> = left_out.collect();
    if !left_out.is_empty() {
        limits.push((words.left_out)(&(words.list)(&left_out)));
    }
    let conclusion = match found.is_empty() {
        false => (words.sentence)(&conclusion(&found, &cells, texts)),
        true if left_out.is_empty() => return None,
        true => words.all_invalid.to_owned(),
    };
    let all = [
        std::slice::from_ref(&conclusion),
        &figures,
        &others,
        &limits,
    ];
    Some(Answer {
        setting: setting.to_owned(),
        sentence: all.concat().join(" "),
        conclusion,
        figures,
        others,
        limits,
        doubted: doubted_cells(&found, &cells).len() == cells.len(),
    })
}

/// `take websocket: no other transport is better in latency or bytes on the wire`
pub(super) fn conclusion(found: &[Found], cells: &[&ReportCell], texts: &Texts) -> String {
    let words = &texts.answer;
    let nouns = |found: &[&Found]| {
        let nouns = found
            .iter()
            .map(|found| found.question.words.noun.to_owned());
        nouns.collect::<Vec<String>>()
    };
    // Where batching makes one of these figures cheap, that is said with the name.
    let names = |members: &[usize], figures: &[&Found]| {
        let name = |at: &usize| {
            let (cell, name) = (cells[*at], prose_name(cells[*at]));
            match figures.iter().any(|figure| figure.is_batched(cell)) {
                true => (words.batched)(&name),
                false => name,
            }
        };
        members.iter().map(name).collect::<Vec<_>>()
    };
    let is_first = |at: &usize| {
        let mut all = found.iter();
        all.all(|found| found.places[0].members.contains(at))
    };
    let taken: Vec<usize> = (0..cells.len()).filter(is_first).collect();
    let conclusion = if let [one] = cells {
        let figures = found.iter().map(|found| found.alone(texts));
        return (words.alone)(&prose_name(one), &figures.collect::<Vec<_>>());
    } else if taken.len() == cells.len() {
        (words.none_decides)(&(words.list)(&names(&taken, &[])))
    } else if !taken.is_empty() {
        let deciding = found.iter().filter(|found| found.decides(cells));
        let deciding: Vec<&Found> = deciding.collect();
        let names = names(&taken, &deciding);
        (words.take)(
            &(words.list_or)(&names),
            &(words.list_or)(&nouns(&deciding)),
        )
    } else {
        let mut choices: Vec<(Vec<usize>, Vec<&Found>)> = Vec::new();
        for found in found.iter().filter(|found| found.decides(cells)) {
            let mut members = found.places[0].members.clone();
            members.sort_unstable();
            match choices.iter_mut().find(|(known, _)| *known == members) {
                Some((_, all)) => all.push(found),
                None => choices.push((members, vec![found])),
            }
        }
        let choices = choices.iter().map(|(members, found)| {
            let figures = (words.list)(&nouns(found));
            (figures, (words.list_or)(&names(members, found)))
        });
        (words.take_for)(&choices.collect::<Vec<_>>())
    };
    let least = cells.iter().map(|cell| cell.counted().len()).min();
    if doubted_cells(found, cells).len() == cells.len() {
        return (words.if_they_hold)(&conclusion);
    }
    match least.filter(|least| *least < FEWEST) {
        Some(least) => (words.by_few)(least, &conclusion),
        None => conclusion,
    }
}

/// What too few trials cannot show, and how many to ask for.
fn few_trials(cells: &[&ReportCell], texts: &Texts) -> Option<String> {
    let counted = || cells.iter().map(|cell| cell.counted().len());
    let least = counted()
        .min()
        .filter(|least| *least < FEWEST && cells.len() > 1)?;
    let asked = cells.iter().map(|cell| cell.trials.len()).max()?;
    let enough = if asked < FEWEST { FEWEST } else { 2 * asked };
    Some((texts.answer.few_trials)(least, MAY_BE_NOISE, enough))
}

/// The cells of which a warning touches some figure that is answered for.
fn doubted_cells<'c, 'r>(found: &[Found], cells: &[&'c ReportCell<'r>]) -> Vec<&'c ReportCell<'r>> {
    let is_doubted = |cell: &&&ReportCell| {
        let mut trials = cell.counted().into_iter();
        trials.any(|trial| {
            let mut metrics = found.iter().map(|found| found.question.metric);
            trial.verdict != Verdict::Valid && metrics.any(|metric| metric.is_doubted(trial))
        })
    };
    cells.iter().filter(is_doubted).copied().collect()
}

/// Which transports have doubted figures; `None` where none has, or where the conclusion says it
/// of all.
fn doubted(found: &[Found], cells: &[&ReportCell], texts: &Texts) -> Option<String> {
    let words = &texts.answer;
    let names: Vec<String> = doubted_cells(found, cells)
        .iter()
        .map(|cell| prose_name(cell))
        .collect();
    let is_said = names.len() == cells.len() && cells.len() > 1;
    (!names.is_empty() && !is_said).then(|| (words.doubted)(&(words.list)(&names)))
}

/// A cell with INVALID trials: `long-polling (1 of 5 trials)`, or its name alone.
fn left_out(cell: &ReportCell) -> String {
    let concerned = cell.trials_concerned();
    [prose_name(cell), concerned]
        .join(" ")
        .trim_end()
        .to_owned()
}
