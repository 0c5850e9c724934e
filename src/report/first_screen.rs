//! What a reader sees without scrolling: question, conditions, answer and scorecard.
//!
//! A run with several settings shows one of them ([`leading`]), a report on several runs one of
//! each. The others are below it, closed, with their own answers and scorecards.

use std::slice;

use maud::{Markup, html};

use crate::report::answer;
use crate::report::capacity;
use crate::report::capacity_section::capacity_section;
use crate::report::cells::{ReportCell, settings};
use crate::report::claims::{JudgedClaim, remarks};
use crate::report::claims_page::judgement;
use crate::report::conditions::conditions;
use crate::report::content::{Report, ReportedRun, incomplete};
use crate::report::leading::leading;
use crate::report::markup::{no_trial, unread};
use crate::report::scorecard::scorecard;
use crate::texts::Texts;

pub(super) fn first_screen(report: &Report, cells: &[ReportCell], texts: &Texts) -> Markup {
    let words = &texts.page;
    let question = (words.question)(report.question.map_or("", str::trim));
    let mut facts = vec![report.scenario.to_owned()];
    match report.runs {
        [] => facts.push((words.run)(report.run)),
        runs => facts.extend(runs.iter().map(|run| (words.run)(&run.id))),
    }
    if let Some(first) = report.trials.first() {
        facts.push((words.workload)(&first.workload));
        facts.push((texts.cell.trials)(report.trials.len() as f64));
    }
    html! {
        header {
            p.facts { (facts.join(texts.condition.separator)) }
            h1 { @if question.is_empty() { (words.any_question) } @else { (question) } }
            @if !report.trials.is_empty() {
                p.facts { (conditions(report.trials, report.locale)) }
            }
            (unread(report.unread, texts))
            @if let Some(incomplete) = incomplete(report.missing, texts) {
                p.notice { (incomplete) }
            }
        }
        @if let Some(claim) = report.claim { (judged(claim, texts)) }
        @if !report.capacity.is_empty() {
            @if let Some(sentence) = capacity::answer(report.capacity, texts) {
                p.answer { strong { (sentence) } }
            }
            (capacity_section(report.capacity, report.trials, texts))
        } @else if cells.is_empty() {
            (no_trial(texts))
        } @else {
            (all_settings(report, cells, texts))
        }
    }
}

/// The verdict on the claim that the run was made for.
fn judged(claim: &JudgedClaim, texts: &Texts) -> Markup {
    html! {
        section id="claim" {
            (judgement(claim, &texts.claim))
            @for remark in remarks(slice::from_ref(claim), &texts.claim) { p.note { (remark) } }
        }
    }
}

fn all_settings(report: &Report, cells: &[ReportCell], texts: &Texts) -> Markup {
    let words = &texts.page;
    let answers = answer::answers(report.trials, report.locale);
    let settings = settings(cells);
    let open = open(report, &settings);
    let content = |(setting, group): &(&str, Vec<&ReportCell>)| {
        let answer = answers.iter().find(|answer| answer.setting == *setting);
        html! {
            @if let Some(answer) = answer {
                p.answer {
                    strong { (answer.conclusion) }
                    @for sentence in &answer.figures { " " (sentence) }
                    span.soft { @for sentence in &answer.limits { " " (sentence) } }
                }
            }
            (scorecard(group, report.objectives, texts))
        }
    };
    html! {
        @for &at in &open {
            @if settings.len() > 1 {
                p.setting {
                    strong { (settings[at].0) }
                    @if report.runs.is_empty() { " " small { (words.of_settings) } }
                }
            }
            (content(&settings[at]))
        }
        @if let Some(until) = report.until { p { (until) } }
        @for (at, setting) in settings.iter().enumerate().filter(|(at, _)| !open.contains(at)) {
            details id={ "setting-" (at + 1) } {
                summary { (setting.0) }
                (content(setting))
            }
        }
    }
}

/// The settings that are open: one, or of several runs one of each.
fn open(report: &Report, settings: &[(&str, Vec<&ReportCell>)]) -> Vec<usize> {
    if report.runs.is_empty() {
        return vec![leading(settings)];
    }
    let of_run = |run: &ReportedRun| {
        let own = settings.iter().enumerate();
        let own = own.filter(|(_, (_, group))| group[0].trials[0].run == run.id);
        let (places, own): (Vec<usize>, Vec<_>) = own.map(|(at, one)| (at, one.clone())).unzip();
        places.get(leading(&own)).copied()
    };
    report.runs.iter().filter_map(of_run).collect()
}
