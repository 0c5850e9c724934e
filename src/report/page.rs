//! The report as one page that refers to nothing outside: style and plots are inside.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::answer;
use crate::report::capacity;
use crate::report::capacity_section::capacity_section;
use crate::report::cell_table::{Lead, badge, cell_table};
use crate::report::cells::{ReportCell, cells};
use crate::report::columns::{compared, has_beyond, has_ratios, has_theory};
use crate::report::conditions::conditions;
use crate::report::content::{Report, incomplete};
use crate::report::marks;
use crate::report::markup::{no_trial, notice, scrolling, with_code};
use crate::report::plots::{Plot, lacks_some};
use crate::report::repeats;
use crate::results::{Better, Kind, METRICS, Table, Verdict, shown_in};
use crate::texts::{SectionText, Texts};

const STYLE: &str = include_str!("report.css");

/// The whole page. Every text that comes from a run is escaped.
pub fn html(report: &Report, plots: &[Plot]) -> String {
    let texts = report.locale.texts();
    let cells = cells(report.trials, report.locale);
    let page = html! {
        (DOCTYPE)
        html lang=(texts.html_lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { ((texts.page.title)(report.scenario)) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                (head(report, texts))
                @if report.capacity.is_empty() {
                    (findings(&cells, texts))
                } @else {
                    (capacity_section(report.capacity, report.trials, texts))
                }
                (all_trials(&cells, texts))
                @if !cells.is_empty() { (figures(report, &cells, plots, texts)) }
                (definitions(texts))
                @if !report.machine.is_empty() { (machine(report, texts)) }
            } }
        }
    };
    page.into_string()
}

fn head(report: &Report, texts: &Texts) -> Markup {
    let words = &texts.page;
    let question = report.question.map_or("", str::trim);
    let mut facts = vec![(words.run)(report.run)];
    if let Some(first) = report.trials.first() {
        facts.push((words.workload)(&first.workload));
        facts.push((texts.cell.trials)(report.trials.len() as f64));
    }
    let answers = match report.capacity {
        [] => answer::paragraphs(report.trials, report.locale),
        rows => capacity::answer(rows, texts).into_iter().collect(),
    };
    html! {
        header {
            h1 { (report.scenario) }
            @if !question.is_empty() { p.lead { (question) } }
            p.facts { (facts.join(texts.condition.separator)) }
            @if !report.trials.is_empty() {
                p.facts { (conditions(report.trials, report.locale)) }
            }
            @for sentence in answers { p.answer { (sentence) } }
            @if let Some(incomplete) = incomplete(report.missing, texts) {
                p.notice { (incomplete) }
            }
        }
    }
}

fn findings(cells: &[ReportCell], texts: &Texts) -> Markup {
    let words = &texts.page;
    let section = |table, text: &SectionText| {
        let values = |cell: &ReportCell| vec![cell.setting.clone()];
        let lead = Lead {
            titles: &[words.setting_column],
            values: &values,
        };
        html! {
            h2 { (text.title) }
            (cell_table(cells, (table, &shown_in(table)), &lead, texts))
            p.note { (text.note) }
        }
    };
    html! {
        (comparison(cells, texts))
        (doubts(cells, texts))
        @if has_ratios(cells) { (section(Table::Ratios, &words.ratios)) }
        @if has_beyond(cells) { (section(Table::Beyond, &words.beyond)) }
        @if has_theory(cells) { (section(Table::Theory, &words.theory)) }
    }
}

fn comparison(cells: &[ReportCell], texts: &Texts) -> Markup {
    let words = &texts.page;
    if cells.is_empty() {
        return html! { h2 { (words.comparison) } (no_trial(texts)) };
    }
    let repeated = repeats::most(cells) > 1;
    let titles = [words.setting_column, words.trials_column];
    let columns = if repeated { 2 } else { 1 };
    let values = |cell: &ReportCell| [cell.setting.clone(), trials(cell)][..columns].to_vec();
    let lead = Lead {
        titles: &titles[..columns],
        values: &values,
    };
    let remarks = [
        repeated.then(|| (words.medians)(repeats::has_intervals(cells)).to_owned()),
        repeats::left_out(cells).map(str::to_owned),
        repeats::noise_floor(cells),
    ];
    html! {
        h2 { (words.comparison) }
        @for remark in remarks.iter().flatten() { p { (remark) } }
        (cell_table(cells, (Table::Comparison, &compared(cells)), &lead, texts))
        @for mark in marks::meaning(cells) { p.note { (mark) } }
        p.note { (words.comparison_note) }
    }
}

/// Of how many trials the medians of a cell are made: `4 of 5` where one is left out.
fn trials(cell: &ReportCell) -> String {
    match (cell.counted().len(), cell.trials.len()) {
        (counted, all) if counted < all => (cell.texts.cell.counted_of)(counted, all),
        (_, all) => all.to_string(),
    }
}

fn all_trials(cells: &[ReportCell], texts: &Texts) -> Markup {
    let words = &texts.page;
    let trials: Vec<ReportCell> = cells.iter().flat_map(ReportCell::each_trial).collect();
    if trials.is_empty() {
        return html! {};
    }
    let values = |cell: &ReportCell| {
        let warnings = cell.warnings().into_iter().map(|(name, _)| name);
        let warnings = warnings.collect::<Vec<_>>().join(", ");
        vec![
            cell.setting.clone(),
            cell.trials[0].trial.to_string(),
            warnings,
        ]
    };
    let lead = Lead {
        titles: &[
            words.setting_column,
            words.trial_column,
            words.warnings_column,
        ],
        values: &values,
    };
    let columns = [Table::Comparison, Table::Details].map(shown_in).concat();
    html! {
        details {
            summary { (words.all_trials) }
            (cell_table(&trials, (Table::Details, &columns), &lead, texts))
            @for mark in marks::meaning(&trials) { p.note { (mark) } }
        }
    }
}

/// The cells that are not VALID, and why.
fn doubts(cells: &[ReportCell], texts: &Texts) -> Markup {
    let is_doubted =
        |cell: &&ReportCell| cell.verdict() != Verdict::Valid || !cell.warnings().is_empty();
    let doubted: Vec<&ReportCell> = cells.iter().filter(is_doubted).collect();
    if doubted.is_empty() {
        return html! {};
    }
    html! {
        section.doubts {
            h3 { (texts.page.doubts) }
            p { (texts.page.doubts_note) }
            ul { @for cell in doubted { (doubt(cell, texts)) } }
        }
    }
}

fn doubt(cell: &ReportCell, texts: &Texts) -> Markup {
    let warnings = cell.warnings();
    let sentence = |name: &str| cell.meaning(name, texts.page.unknown_warning);
    html! {
        li {
            strong { (cell.name()) ", " (cell.setting) }
            " " (badge(cell)) " " (cell.trials_concerned())
            ul {
                @for (name, trials) in &warnings {
                    li { code { (name) } (cell.of_trials(*trials)) ": " (sentence(name)) }
                }
                @if warnings.is_empty() { li { (texts.page.no_reason) } }
            }
        }
    }
}

fn figures(report: &Report, cells: &[ReportCell], plots: &[Plot], texts: &Texts) -> Markup {
    let words = &texts.page;
    let searched = !report.capacity.is_empty();
    let nothing_delivered = report.trials.iter().all(|trial| trial.delivered == 0);
    let marks = repeats::marks(cells).filter(|_| !searched);
    html! {
        h2 { (words.plots) }
        @if searched {
            @if plots.is_empty() { p.notice { (words.no_plot_of_search) } }
        } @else if nothing_delivered {
            (notice(words.nothing_delivered))
        } @else if lacks_some(plots) {
            p.notice { (words.plots_left_out) }
        }
        @if let Some(marks) = marks { p { ((words.plot_marks)(&marks)) } }
        @for plot in plots {
            figure {
                (scrolling(&labelled(plot)))
                figcaption { (plot.caption) }
            }
        }
    }
}

/// A plot's SVG with its title for screen readers.
fn labelled(plot: &Plot) -> Markup {
    let title = html! { (plot.title) }.into_string();
    let label = format!("<svg role=\"img\" aria-label=\"{title}\" ");
    PreEscaped(plot.svg.replacen("<svg ", &label, 1))
}

fn definitions(texts: &Texts) -> Markup {
    html! {
        h2 { (texts.page.how_measured) }
        dl {
            @for (term, meaning) in texts.page.definitions {
                dt { (term) }
                dd { (meaning) }
            }
        }
        (columns(texts))
    }
}

/// What each column and derived metric is.
fn columns(texts: &Texts) -> Markup {
    let words = &texts.page;
    html! {
        details {
            summary { (words.columns) }
            dl {
                @for metric in METRICS.iter().filter(|metric| metric.kind != Kind::Shown) {
                    dt { code { (metric.name) } }
                    dd {
                        (with_code((texts.translate)(metric.definition)))
                        @match metric.better {
                            Better::Lower => { " " (words.lower_is_better) }
                            Better::Higher => { " " (words.higher_is_better) }
                            Better::Neither => {}
                        }
                    }
                }
            }
        }
    }
}

fn machine(report: &Report, texts: &Texts) -> Markup {
    html! {
        h2 { (texts.page.machine) }
        dl.machine {
            @for (name, value) in report.machine {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}
