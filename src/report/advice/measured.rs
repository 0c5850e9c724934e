//! What figures and objectives say of a transport.

use crate::report::advice::need::Need;
use crate::report::advice::statement::{Ground, Side, Statement};
use crate::report::cells::ReportCell;
use crate::report::clauses::{Found, prose_name};
use crate::results::{Metric, TrialRow, Verdict, metric};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::stats::objective::TransportObjective;
use crate::texts::Texts;

/// A figure of a cell, and how far it is from those of the others.
pub(super) fn figure(
    found: &Found,
    at: usize,
    cells: &[&ReportCell],
    texts: &Texts,
) -> Option<Statement> {
    let (cell, metric) = (cells[at], found.question.metric);
    let mut places = found.places.iter();
    let number = places.position(|place| place.members.contains(&at))?;
    let (words, place) = (&texts.advice, &found.places[number]);
    let others = place.members.iter().filter(|other| **other != at);
    let others: Vec<String> = others.map(|other| prose_name(cells[*other])).collect();
    let (side, said) = match number {
        0 if found.places.len() == 1 && cells.len() > 1 => {
            let remark = found.remark(place, texts);
            (Side::Neither, Some((words.undecided)(remark)))
        }
        0 if found.places.len() == 1 => (Side::Neither, None),
        0 => {
            let others = (!others.is_empty()).then(|| (texts.answer.list)(&others));
            (Side::For, Some((words.lowest)(others.as_deref())))
        }
        _ => {
            let by = found.distance(place, texts)?;
            (Side::Against, Some((words.beside_lowest)(&by)))
        }
    };
    let rest = said.map(|said| format!(", {said}")).unwrap_or_default();
    let named = with_figure(cell, metric, side, texts)?;
    let text = match found.is_batched(cell) {
        true => (texts.answer.batched)(&named.text),
        false => named.text,
    };
    Some(Statement {
        text: text + &rest,
        ..named
    })
}

/// A figure of a cell with its interval, and what it rests on.
fn with_figure(
    cell: &ReportCell,
    metric: &'static Metric,
    side: Side,
    texts: &Texts,
) -> Option<Statement> {
    let figure = |trial: &TrialRow| metric.value(trial);
    let spread = cell.spread(figure)?;
    let interval = spread.is_interval.then_some((spread.low, spread.high));
    let mut written = cell.written(metric, spread.median);
    if let Some((low, high)) = interval.filter(|(low, high)| low < high) {
        let write = |value| cell.written(metric, value);
        written += &format!(" ({})", texts.numbers.range(low, high, write));
    }
    let [group, title] = [metric.group, metric.title].map(texts.translate);
    let text = (texts.cell.named_figure)(group, title, &written);
    let trials: Vec<&TrialRow> = cell.counted();
    let trials: Vec<&TrialRow> = trials
        .into_iter()
        .filter(|it| figure(it).is_some())
        .collect();
    let warnings = warnings(metric, &trials);
    let verdict = match warnings.is_empty() {
        true => Verdict::Valid,
        false => Verdict::Suspect,
    };
    Some(Statement {
        cell: Some(cell.number),
        metric: Some(metric.name),
        value: Some(spread.median),
        low: interval.map(|(low, _)| low),
        high: interval.map(|(_, high)| high),
        trials: Some(trials.len()),
        verdict: Some(verdict),
        warnings: (!warnings.is_empty()).then(|| warnings.join(" ")),
        ..Statement::on((cell.transport, &cell.name()), Ground::Measured, side, text)
    })
}

/// The warnings of SUSPECT trials that touch a figure.
fn warnings(metric: &Metric, trials: &[&TrialRow]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for trial in trials
        .iter()
        .filter(|trial| trial.verdict != Verdict::Valid)
    {
        let all = trial.warnings.split_whitespace();
        for name in all.filter(|name| metric.is_touched(trial, name)) {
            if !metric.breakage && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// What a client sends for a message that is published, in a chat over a stream: polls would be
/// part of it.
pub(super) fn publishing(cell: &ReportCell, texts: &Texts) -> Option<Statement> {
    let metric = metric("wire_bytes_up")?;
    let is_chat = cell.trials[0].workload == "chat";
    if !is_chat || cell.transport.polls() {
        return None;
    }
    let bytes = |trial: &TrialRow| {
        (trial.published > 0).then(|| trial.wire_bytes_up as f64 / trial.published as f64)
    };
    let spread = cell.spread(bytes)?;
    let side = match cell.transport.publishes_in_band() {
        true => Side::For,
        false => Side::Against,
    };
    let named = with_figure(cell, metric, side, texts)?;
    let text = (texts.advice.sent_a_message)(&texts.numbers.bytes(spread.median));
    Some(Statement { text, ..named })
}

/// An objective of a cell.
pub(super) struct Judged {
    pub met: Met,
    /// The figure and how far it is from the bound, or why it is not judged.
    pub why: String,
    pub statement: Statement,
}

/// What came of an objective for what is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    Yes,
    No,
    NotKnown,
}

/// An objective, judged for a cell; `None` where it concerns another transport. `instead` is what
/// was measured instead of what is needed; empty for nothing.
pub(super) fn objective(
    objective: &TransportObjective,
    cell: &ReportCell,
    need: &Need,
    instead: &str,
    texts: &Texts,
) -> Option<Judged> {
    let trials: Vec<TrialRow> = cell.trials.iter().copied().cloned().collect();
    let Judgement {
        demand,
        why,
        conclusion,
        ..
    } = objective.judge(&trials, texts).pop()?;
    let (words, trial) = (&texts.advice, cell.trials[0]);
    let [met_here, missed_here] = [words.met, words.missed].map(|said| said(&demand, &why));
    let (met, said) = match conclusion {
        Conclusion::Passed if need.is_covered_by(trial) => (Met::Yes, met_here),
        Conclusion::Failed if need.covers(trial) => (Met::No, missed_here),
        Conclusion::Passed => (Met::NotKnown, (words.elsewhere)(&met_here, instead)),
        Conclusion::Failed => (Met::NotKnown, (words.elsewhere)(&missed_here, instead)),
        Conclusion::Unjudged => (Met::NotKnown, (words.unjudged)(&demand, &why)),
    };
    let side = match met {
        Met::Yes => Side::For,
        Met::No => Side::Out,
        Met::NotKnown => Side::Neither,
    };
    let figure = with_figure(cell, objective.metric(), side, texts);
    let figure = figure.filter(|_| conclusion != Conclusion::Unjudged);
    let statement = match figure {
        Some(figure) => Statement {
            text: said,
            ..figure
        },
        None => {
            let on = (cell.transport, &*cell.name());
            Statement::on(on, Ground::NotKnown, side, said)
        }
    };
    Some(Judged {
        met,
        why,
        statement,
    })
}
