//! The closing sentence: which transports differ, and by how much. Rows in, sentence out.
//!
//! There are no ranks. Transports that the data cannot tell apart share a place, see
//! [`groups`](crate::stats::groups). INVALID trials are left out and named, doubted figures are
//! named, and where batching makes a figure cheap that is said beside it.

use serde::Serialize;

use crate::report::batching;
use crate::report::cells::{ReportCell, cells, settings};
use crate::report::columns::only_waits;
use crate::results::{Metric, TrialRow, Verdict, metric};
use crate::stats::compare::signed;
use crate::stats::groups::{MAY_BE_NOISE, Place, Times, places};
use crate::stats::statistics::{FEWEST, difference_interval_at, median, ratio, ratio_interval};
use crate::texts::{ClauseTexts, Locale, Names, Texts};
use crate::transport::Transport;

/// The answer for one setting of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The factors that vary within the run, such as `1,000 clients`.
    pub setting: String,
    pub sentence: String,
}

/// The answer for each setting of a run; empty where there is no figure to answer with.
pub fn answers(trials: &[TrialRow], locale: Locale) -> Vec<Answer> {
    let cells = cells(trials, locale);
    let waiting = only_waits(&cells);
    let answers = settings(&cells).into_iter().filter_map(|(setting, group)| {
        Some(Answer {
            setting: setting.to_owned(),
            sentence: sentence(&group, waiting, locale.texts())?,
        })
    });
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

/// A figure that is answered for.
struct Question<'t> {
    metric: &'static Metric,
    words: &'t ClauseTexts,
}

fn questions(waiting: bool, texts: &Texts) -> Vec<Question<'_>> {
    let words = &texts.answer;
    let all = match waiting {
        true => vec![
            ("wire_bytes_per_client_s", &words.waiting_bytes),
            ("server_cpu_percent", &words.waiting_cpu),
        ],
        false => vec![
            ("latency_p50_us", &words.latency),
            ("all_layers_bytes_per_delivery", &words.bytes),
            ("server_cpu_us_per_delivery", &words.cpu),
        ],
    };
    let question = |(name, words)| {
        Some(Question {
            metric: metric(name)?,
            words,
        })
    };
    all.into_iter().filter_map(question).collect()
}

fn sentence(group: &[&ReportCell], waiting: bool, texts: &Texts) -> Option<String> {
    let words = &texts.answer;
    let is_valid = |trial: &&TrialRow| trial.verdict != Verdict::Invalid;
    let has_valid = |cell: &&&ReportCell| cell.trials.iter().any(is_valid);
    // The second half of an A/A pair shows the noise; it is no further transport.
    let is_compared = |cell: &&&ReportCell| {
        cell.transport != Transport::BASELINE && cell.trials[0].aa_of.is_none()
    };
    let transports = group.iter().filter(is_compared);
    let cells: Vec<&ReportCell> = transports.filter(has_valid).copied().collect();
    let questions = questions(waiting, texts);
    let mut sentences: Vec<String> = questions
        .iter()
        .filter_map(|question| clause(question, &cells, texts))
        .collect();
    let none = sentences.is_empty();
    sentences.extend(pair(&questions, &cells, texts));
    sentences.extend(few_trials(&cells, texts).filter(|_| !none));
    sentences.extend(doubted(&questions, &cells, texts));
    let is_left_out = |cell: &&&ReportCell| !cell.trials.iter().all(&is_valid);
    let left_out: Vec<String> = group
        .iter()
        .filter(is_left_out)
        .map(|cell| left_out(cell))
        .collect();
    if !left_out.is_empty() {
        sentences.push((words.left_out)(&(words.list)(&left_out)));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// `websocket and sse deliver in 5–9 ms, at most 6 ms apart; short-polling takes 80 times as long.`
fn clause(question: &Question, cells: &[&ReportCell], texts: &Texts) -> Option<String> {
    let samples: Vec<Vec<f64>> = cells
        .iter()
        .map(|cell| values(question.metric, cell))
        .collect();
    let places = places(&samples);
    let (first, others) = places.split_first()?;
    let numbers = texts.numbers;
    let write = |value| question.metric.unit.write(numbers, value);
    let figures = |place: &Place| numbers.range(place.low, place.high, write);
    let within = first.within.map(write);
    let names = |place: &Place| names(question.metric, place, cells, texts);
    let mut parts = vec![(question.words.first)(
        &names(first),
        &figures(first),
        within.as_deref(),
    )];
    parts.extend(others.iter().map(|place| {
        let times = place.times.map(|times| self::times(times, texts));
        (question.words.next)(&names(place), &figures(place), times.as_deref())
    }));
    Some(format!("{}.", parts.join(texts.answer.separator)))
}

/// The figures of the trials that are not INVALID.
fn values(metric: &Metric, cell: &ReportCell) -> Vec<f64> {
    let trials = cell.counted().into_iter();
    trials.filter_map(|trial| metric.value(trial)).collect()
}

fn names(metric: &Metric, place: &Place, cells: &[&ReportCell], texts: &Texts) -> Names {
    let words = &texts.answer;
    let name = |at: &usize| {
        let cell = cells[*at];
        match batching::is_cheaper(metric.name, cell) {
            true => (words.batched)(&cell.name()),
            false => cell.name(),
        }
    };
    let names: Vec<String> = place.members.iter().map(name).collect();
    let is_all = names.len() == cells.len() && names.len() > 2;
    let has_note = place
        .members
        .iter()
        .any(|at| batching::is_cheaper(metric.name, cells[*at]));
    Names {
        list: match is_all && !has_note {
            true => words.all.to_owned(),
            false => (words.list)(&names),
        },
        many: names.len() > 1,
    }
}

/// `80 times (75–86)`.
fn times(times: Times, texts: &Texts) -> String {
    let write = |ratio: f64| match ratio {
        few if few < 9.95 => texts.numbers.fixed(few, 1),
        many => texts.numbers.count(many),
    };
    let range = texts.numbers.range(times.low, times.high, write);
    match (times.is_interval, write(times.ratio)) {
        (true, ratio) if ratio != range => (texts.answer.times)(&ratio, Some(&range)),
        _ => (texts.answer.times)(&range, None),
    }
}

/// SSE against WebSocket, figure by figure: the decision that most people have.
fn pair(questions: &[Question], cells: &[&ReportCell], texts: &Texts) -> Option<String> {
    let find = |transport| cells.iter().find(|cell| cell.transport == transport);
    let (websocket, sse) = (find(Transport::WebSocket)?, find(Transport::Sse)?);
    let figures = questions.iter().filter_map(|question| {
        let [base, other] = [websocket, sse].map(|cell| values(question.metric, cell));
        differs(question, &base, &other, texts)
    });
    let figures: Vec<String> = figures.collect();
    (!figures.is_empty()).then(|| (texts.answer.pair)(&figures))
}

fn differs(question: &Question, base: &[f64], other: &[f64], texts: &Texts) -> Option<String> {
    let (words, noun) = (&texts.answer, question.words.noun);
    let ratio = ratio(base, other)?;
    if ratio.is_infinite() {
        let write = |sample| Some(question.metric.unit.write(texts.numbers, median(sample)?));
        return Some((words.pair_from_zero)(noun, &write(other)?, &write(base)?));
    }
    let by = signed(ratio - 1.0, texts);
    let Some(interval) = ratio_interval(base, other) else {
        return Some((words.pair_differs)(noun, &by, None));
    };
    if interval.contains(1.0) {
        let apart = difference_interval_at(base, other, 0.95)?;
        let within = apart.low.abs().max(apart.high.abs());
        return Some(match within > 0.0 {
            true => (words.pair_alike)(noun, &question.metric.unit.write(texts.numbers, within)),
            false => (words.pair_same)(noun),
        });
    }
    let [low, high] = [interval.low, interval.high].map(|end| signed(end - 1.0, texts));
    let ends = (low != high).then(|| (words.interval)(&low, &high));
    Some((words.pair_differs)(noun, &by, ends.as_deref()))
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

/// Which figures of the sentence a warning touches, by transport.
fn doubted(questions: &[Question], cells: &[&ReportCell], texts: &Texts) -> Option<String> {
    let words = &texts.answer;
    let is_doubted = |cell: &&&ReportCell| {
        let mut trials = cell.counted().into_iter();
        trials.any(|trial| {
            let mut metrics = questions.iter().map(|question| question.metric);
            trial.verdict != Verdict::Valid && metrics.any(|metric| metric.is_doubted(trial))
        })
    };
    let names: Vec<String> = cells
        .iter()
        .filter(is_doubted)
        .map(|cell| cell.name())
        .collect();
    match names.len() {
        0 => None,
        all if all == cells.len() => Some((words.doubted)(None)),
        _ => Some((words.doubted)(Some(&(words.list)(&names)))),
    }
}

/// A cell with INVALID trials: `long-polling (1 of 5 trials)`, or its name alone.
fn left_out(cell: &ReportCell) -> String {
    let concerned = cell.trials_concerned();
    [cell.name(), concerned].join(" ").trim_end().to_owned()
}
