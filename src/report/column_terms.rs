//! What each column of a run's files is, as a part of the page.

use maud::{Markup, html};

use crate::report::content::Report;
use crate::report::markup::with_code;
use crate::results::{Better, Kind, METRICS, Metric, MetricOf, RECOVERY_METRICS};
use crate::texts::Texts;

/// What each column and derived metric is.
pub(super) fn column_terms(report: &Report, texts: &Texts) -> Markup {
    let has_it = |metric: &&Metric| {
        let mut trials = report.trials.iter();
        trials.any(|trial| metric.figure(trial).is_some() || !metric.text(trial).is_empty())
    };
    let of_trials = METRICS.iter().filter(|metric| metric.kind != Kind::Shown);
    let (filled, empty): (Vec<&Metric>, Vec<&Metric>) = match report.trials {
        [] => (of_trials.collect(), Vec::new()),
        _ => of_trials.partition(has_it),
    };
    html! {
        dl { @for metric in filled { (column(metric, texts)) } }
        @if !empty.is_empty() {
            p { (texts.page.empty_columns) @for metric in empty { " " code { (metric.name) } } }
        }
        @if !report.recoveries.is_empty() {
            h3 { code { "recovery.csv" } }
            dl { @for metric in RECOVERY_METRICS.iter() { (column(metric, texts)) } }
        }
    }
}

fn column<R>(metric: &MetricOf<R>, texts: &Texts) -> Markup {
    let words = &texts.page;
    html! {
        dt { code { (metric.name) } }
        dd {
            (with_code((texts.translate)(metric.definition)))
            @match metric.better {
                Better::Lower => { " " (words.lower_is_better) }
                Better::Higher => { " " (words.higher_is_better) }
                Better::Neither => {}
            }
            " " small { (cells_of(metric, texts)) }
        }
    }
}

/// What the cells of a column hold, and when they are empty.
fn cells_of<R>(metric: &MetricOf<R>, texts: &Texts) -> Markup {
    let kind = (texts.translate)(metric.cells.name);
    html! {
        (kind)
        @if !metric.unit_name().is_empty() { ", " ((texts.translate)(metric.unit_name())) }
        @if !metric.absent.is_empty() {
            "; " (texts.page.empty_if) " " (with_code((texts.translate)(metric.absent)))
        }
    }
}
