//! The scorecard: the figures that decide, a row a transport. Groups instead of ranks: in a column,
//! transports that the data cannot tell apart share a letter, see
//! [`groups`](crate::stats::groups).

use maud::{Markup, html};

use crate::report::batching;
use crate::report::cell_table::badge;
use crate::report::cells::ReportCell;
use crate::report::clauses::{BYTES_MAY_BE_NOISE, bounds};
use crate::report::columns::{ABSENT, line, scored, value};
use crate::report::judgements::conclusion;
use crate::report::leading::is_compared;
use crate::report::marks;
use crate::report::markup::{cell_id, scrolling, swatch};
use crate::report::plots::cell_hex;
use crate::results::{Metric, Table, TableColumn, TrialRow, Verdict};
use crate::stats::groups::{MAY_BE_NOISE, places};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::stats::objective::TransportObjective;
use crate::stats::statistics::FEWEST;
use crate::texts::Texts;

/// The cells of one setting, without the second half of an A/A pair, which shows the noise.
pub(super) fn scorecard(
    group: &[&ReportCell],
    objectives: &[TransportObjective],
    texts: &Texts,
) -> Markup {
    let words = &texts.page;
    let is_once = |cell: &&&ReportCell| cell.trials[0].aa_of.is_none();
    let group: Vec<&ReportCell> = group.iter().filter(is_once).copied().collect();
    let group = &group[..];
    let columns: Vec<Column> = scored(group)
        .into_iter()
        .map(|column| Column {
            letters: letters(column.metric, group),
            column,
        })
        .collect();
    let demands: Vec<Demand> = objectives
        .iter()
        .filter_map(|objective| demand(objective, group, texts))
        .collect();
    let table = html! {
        table.scorecard {
            caption.hidden { (words.scorecard) }
            thead { tr {
                th scope="col" { (texts.capacity.transport) }
                @for Column { column, .. } in &columns {
                    th scope="col" title=((texts.translate)(column.metric.definition)) {
                        small { ((texts.translate)(column.group)) " " }
                        ((texts.translate)(column.title))
                    }
                }
                @for demand in &demands { th scope="col" { small { (words.objective) " " }
                    code { (demand.title) } } }
            } }
            tbody {
                @for (at, cell) in group.iter().enumerate() {
                    tr class=[(!is_compared(cell)).then_some("apart")] {
                        th scope="row" { (name(cell)) }
                        @for column in &columns { (figure(column, at, cell)) }
                        @for demand in &demands { td { (verdict(demand.judged[at].as_ref(), texts)) } }
                    }
                }
            }
        }
    };
    html! {
        (scrolling(&table))
        p.note { (legend(group, &columns, texts).join(" ")) }
    }
}

/// What letters and marks mean, of those that stand in the table.
fn legend(group: &[&ReportCell], columns: &[Column], texts: &Texts) -> Vec<String> {
    let words = &texts.page;
    let letters = columns.iter().flat_map(|column| &column.letters);
    let has_letters = letters.flatten().next().is_some();
    let compared = group.iter().filter(|cell| is_compared(cell));
    let trials = compared.map(|cell| cell.counted().len()).min().unwrap_or(0);
    let doubts = |mark| {
        let mut metrics = columns.iter().map(|column| column.column.metric);
        metrics.any(|metric| group.iter().any(|cell| doubt(metric, cell) == Some(mark)))
    };
    let shown: Vec<TableColumn> = columns.iter().map(|column| column.column).collect();
    let mut legend = Vec::new();
    let noise = (trials < FEWEST).then_some([MAY_BE_NOISE, BYTES_MAY_BE_NOISE]);
    legend.extend(has_letters.then(|| (words.groups)(noise)));
    legend.extend(doubts(Verdict::Suspect).then(|| words.suspect_mark.to_owned()));
    legend.extend(doubts(Verdict::Invalid).then(|| words.invalid_mark.to_owned()));
    legend.extend(marks::of_few_meaning(group, &shown));
    legend.extend(group.iter().filter_map(|cell| batching::meaning(cell)));
    legend
}

/// The verdict of a figure: INVALID where no other trial has it, SUSPECT where a warning touches
/// it; `None` where neither is so.
fn doubt(metric: &Metric, cell: &ReportCell) -> Option<Verdict> {
    let trials = cell.counted();
    let is_invalid = trials.iter().all(|trial| trial.verdict == Verdict::Invalid);
    let is_doubted =
        |trial: &&TrialRow| trial.verdict != Verdict::Valid && metric.is_doubted(trial);
    match is_invalid && !metric.breakage {
        true => Some(Verdict::Invalid),
        false => trials.iter().any(is_doubted).then_some(Verdict::Suspect),
    }
}

struct Column {
    column: TableColumn,
    /// The group of each cell.
    letters: Vec<Option<char>>,
}

/// An objective with what came of it for each cell.
struct Demand {
    title: String,
    judged: Vec<Option<Judgement>>,
}

/// `None` where it concerns none of these cells.
fn demand(objective: &TransportObjective, group: &[&ReportCell], texts: &Texts) -> Option<Demand> {
    let judge = |cell: &&ReportCell| {
        let trials: Vec<_> = cell.trials.iter().copied().cloned().collect();
        objective.judge(&trials, texts).pop()
    };
    let judged: Vec<Option<Judgement>> = group.iter().map(judge).collect();
    let title = judged.iter().flatten().next()?.demand.clone();
    Some(Demand { title, judged })
}

/// The letter of each cell's group, `a` for that with the least; `None` for cells that are not
/// compared, and for all where there are not two to compare.
fn letters(metric: &Metric, group: &[&ReportCell]) -> Vec<Option<char>> {
    let sample = |cell: &&ReportCell| -> Vec<f64> {
        let is_valid = cell
            .trials
            .iter()
            .any(|trial| trial.verdict != Verdict::Invalid);
        if metric.breakage || !is_compared(cell) || !is_valid {
            return Vec::new();
        }
        let trials = cell.counted().into_iter();
        trials.filter_map(|trial| metric.value(trial)).collect()
    };
    let samples: Vec<Vec<f64>> = group.iter().map(sample).collect();
    let mut letters = vec![None; group.len()];
    if samples.iter().filter(|sample| !sample.is_empty()).count() > 1 {
        for (letter, place) in ('a'..='z').zip(places(&samples, bounds(metric))) {
            for at in place.members {
                letters[at] = Some(letter);
            }
        }
    }
    letters
}

fn name(cell: &ReportCell) -> Markup {
    html! {
        (swatch(&cell_hex(cell)))
        a href={ "#" (cell_id(cell)) } { (cell.name()) }
        @if cell.verdict() != Verdict::Valid {
            " " (badge(cell.verdict())) " " small { (cell.trials_concerned()) }
        }
    }
}

/// The median, its interval, its group's letter, and the mark of its doubt.
fn figure(column: &Column, at: usize, cell: &ReportCell) -> Markup {
    let metric = column.column.metric;
    let letter = column.letters[at];
    let class = letter.map(|letter| format!("group-{}", letter.min('c')));
    let shown = match line(Table::Printed, metric, cell) {
        absent if absent == ABSENT => return html! { td { (ABSENT) } },
        shown => shown.replace(marks::DOUBTED, ""),
    };
    let interval = value(Table::PrintedIntervals, metric, cell);
    let interval = Some(interval).filter(|_| metric.interval);
    let interval = interval.filter(|interval| interval != ABSENT && *interval != shown);
    let raw = match metric.breakage {
        true => cell
            .trials
            .iter()
            .filter_map(|trial| metric.figure(trial))
            .reduce(f64::max),
        false => cell.median(|trial| metric.figure(trial)),
    };
    html! {
        td class=[class] data-cell=(cell.number) data-metric=(metric.name) data-value=[raw] {
            @if let Some(letter) = letter { span.letter { (letter) } " " }
            (shown)
            @if let Some(interval) = interval { " " small { (interval) } }
            @match doubt(metric, cell) {
                Some(Verdict::Invalid) => { " " abbr.mark.invalid title="INVALID" { "!" } }
                Some(_) => { " " abbr.mark.suspect title="SUSPECT" { (marks::DOUBTED) } }
                None => {}
            }
        }
    }
}

fn verdict(judged: Option<&Judgement>, texts: &Texts) -> Markup {
    let Some(judged) = judged else {
        return html! { (ABSENT) };
    };
    let class = match judged.conclusion {
        Conclusion::Passed => "badge valid",
        Conclusion::Failed => "badge invalid",
        Conclusion::Unjudged => "badge suspect",
    };
    let is_judged = judged.conclusion != Conclusion::Unjudged;
    html! {
        span class=(class) title=(judged.why) { (conclusion(judged.conclusion, texts)) }
        @if is_judged { " " small { (judged.why) } }
    }
}
