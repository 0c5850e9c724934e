//! What a run knows that repeats until differences are known, in words. Rows in, sentences out.

use std::time::Duration;

use crate::results::TrialRow;
use crate::stats::until::{HeadlineDifference, Known, Look, Stopped};
use crate::texts::{Locale, Texts};

/// What a run was to show, and why it stopped.
#[derive(Clone, Copy, Debug)]
pub struct UntilRun {
    /// The difference that is small: 10 for `--until 10%`.
    pub percent: f64,
    /// The fewest rounds.
    pub least: u32,
    pub budget: Duration,
    /// `None` where a signal or an error ended it.
    pub stopped: Option<Stopped>,
}

/// Which differences are resolved, which are smaller than the bound, and which are open.
pub fn until(trials: &[TrialRow], run: &UntilRun, locale: Locale) -> String {
    let texts = locale.texts();
    let words = &texts.until;
    let look = Look::at(trials, run.percent / 100.0, run.least, texts);
    let open = look.count(Known::Open) > 0;
    let mut sentences = match (look.differences.len(), look.rounds) {
        (_, rounds) if rounds < run.least => vec![(words.too_few)(rounds, run.least)],
        (0, _) => vec![words.nothing.to_owned()],
        (all, rounds) => {
            let resolved = look.count(Known::Resolved);
            let bound = texts.numbers.plain(run.percent);
            let below = pairs(&look, Known::Below, texts);
            let open = pairs(&look, Known::Open, texts);
            let counts = [resolved, look.count(Known::Below)];
            let mut sentences = vec![(words.known)(rounds, counts, all, &bound)];
            sentences.extend(below.map(|pairs| (words.below)(&bound, &pairs)));
            sentences.extend(open.map(|pairs| (words.open)(&pairs)));
            sentences.extend(lacking(&look, texts));
            sentences
        }
    };
    let budget = || (words.budget)(&texts.numbers.rough_time(run.budget));
    sentences.extend(match run.stopped {
        Some(Stopped::Known) => None,
        Some(Stopped::Budget) => open.then(budget),
        Some(Stopped::MostTrials) => open.then(|| words.most_trials.to_owned()),
        None => Some(words.cut.to_owned()),
    });
    sentences.join(" ")
}

/// The figures that some pair lacks, such as p99 of few messages; `None` without any.
fn lacking(look: &Look, texts: &Texts) -> Option<String> {
    let words = &texts.until;
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for one in &look.differences {
        let pair = (one.pair.as_str(), one.setting.as_str());
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    // The first figures are those of messages, and the others those of clients that wait.
    let waits = |name: &str| words.figures[..4].iter().all(|(known, _)| *known != name);
    let is_waiting = waits(look.differences.first()?.metric.name);
    let figures = words.figures.iter();
    let figures = figures.filter(|(name, _)| waits(name) == is_waiting);
    let lacking = figures.filter_map(|(name, figure)| {
        let all = look.differences.iter();
        let with = all.filter(|one| one.metric.name == *name).count();
        (with < pairs.len()).then(|| (words.lacking_in)(figure, pairs.len() - with, pairs.len()))
    });
    let lacking: Vec<String> = lacking.collect();
    (!lacking.is_empty()).then(|| (words.lacking)(&lacking.join(", ")))
}

/// `sse/websocket (p50, bytes), sse/ndjson (p50)`; `None` without any.
fn pairs(look: &Look, known: Known, texts: &Texts) -> Option<String> {
    let words = &texts.until;
    let first = look.differences.first()?;
    let several = look
        .differences
        .iter()
        .any(|one| one.setting != first.setting);
    let place = |one: &HeadlineDifference| match several {
        true => (words.at)(&one.pair, &one.setting),
        false => one.pair.clone(),
    };
    let figure = |one: &HeadlineDifference| {
        let mut named = words.figures.iter();
        named
            .find(|(name, _)| *name == one.metric.name)
            .map_or(one.metric.name, |(_, figure)| figure)
    };
    let all: Vec<&HeadlineDifference> = look.of(known).collect();
    let pairs = all.chunk_by(|a, b| place(a) == place(b)).map(|same| {
        let figures: Vec<&str> = same.iter().map(|one| figure(one)).collect();
        (words.pair)(&place(same[0]), &figures.join(", "))
    });
    let pairs: Vec<String> = pairs.collect();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}
