//! The report as one page that refers to nothing outside: style and plots are inside. Links lead to
//! its own parts, and to the files beside it.

use maud::{Markup, PreEscaped, html};

use crate::report::advice;
use crate::report::batching;
use crate::report::capacity_section::method;
use crate::report::cell_table::{Lead, badge, cell_table};
use crate::report::cells::{ReportCell, cells, sentence, settings};
use crate::report::claims_page::CLAIMS_STYLE;
use crate::report::column_terms::column_terms;
use crate::report::columns::{compared, has_beyond, has_ratios, has_theory, present};
use crate::report::content::Report;
use crate::report::first_screen::first_screen;
use crate::report::marks;
use crate::report::markup::{STYLE, cell_id, document, machine, notice, scrolling, trial_id};
use crate::report::plots::{Plot, font_css};
use crate::report::recovery_section::recovery_section;
use crate::report::repeats;
use crate::report::runs::runs;
use crate::report::warnings;
use crate::results::{Table, Verdict, metric};
use crate::texts::{SectionText, Texts};
use crate::transport::Transport;

/// The whole page. Every text that comes from a run is escaped.
pub fn html(report: &Report, plots: &[Plot]) -> String {
    let texts = report.locale.texts();
    let cells = cells(report.trials, report.locale);
    let sections = sections(report, &cells, plots, texts);
    let body = html! {
        (first_screen(report, &cells, texts))
        nav aria-label=(texts.page.contents) {
            @for section in &sections { a href={ "#" (section.id) } { (section.title) } }
        }
        @for section in &sections { (section.markup()) }
    };
    let title = (texts.page.title)(report.scenario);
    let own_style = report.claim.map_or("", |_| CLAIMS_STYLE);
    document(texts, &title, &[STYLE, &font_css(), own_style], &body)
}

/// A part of the page below the first screen.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
    /// Whether only its title shows until the reader opens it. In print all are open.
    closed: bool,
}

impl Section {
    fn open(id: &'static str, title: &'static str, body: Markup) -> Section {
        Section {
            id,
            title,
            body,
            closed: false,
        }
    }

    fn closed(id: &'static str, title: &'static str, body: Markup) -> Section {
        let closed = true;
        Section {
            closed,
            ..Section::open(id, title, body)
        }
    }

    fn markup(&self) -> Markup {
        html! {
            @if self.closed {
                details id=(self.id) {
                    summary { h2 { (self.title) } }
                    (self.body)
                }
            } @else {
                section id=(self.id) {
                    h2 { (self.title) }
                    (self.body)
                }
            }
        }
    }
}

/// The sections that this run has something for.
fn sections(report: &Report, cells: &[ReportCell], plots: &[Plot], texts: &Texts) -> Vec<Section> {
    let words = &texts.page;
    let searched = !report.capacity.is_empty();
    let mut sections = Vec::new();
    if let Some(body) = runs(report, texts) {
        sections.push(Section::open("runs", texts.runs.title, body));
    }
    if !cells.is_empty() && !searched {
        let doubts = doubts(cells, texts);
        sections.extend(doubts.map(|body| Section::open("doubts", words.doubts, body)));
    }
    let recovery = recovery_section(cells, report.recoveries, texts);
    sections.extend(recovery.map(|body| Section::open("recovery", texts.recovery.title, body)));
    if let Some(body) = figures(report, cells, plots, texts) {
        sections.push(Section::open("plots", words.plots, body));
    }
    if searched {
        sections.push(Section::closed("search", texts.capacity.how, method(texts)));
    } else if !cells.is_empty() {
        let body = comparison(cells, texts);
        sections.push(Section::closed("comparison", words.comparison, body));
        let more = [
            (has_ratios(cells), "ratios", Table::Ratios, &words.ratios),
            (has_beyond(cells), "beyond", Table::Beyond, &words.beyond),
            (has_theory(cells), "theory", Table::Theory, &words.theory),
        ];
        for (_, id, table, text) in more.into_iter().filter(|(has_it, ..)| *has_it) {
            let body = table_with_note(cells, table, text, texts);
            sections.push(Section::closed(id, text.title, body));
        }
    }
    let advice = advice::section(report, texts).filter(|_| !searched);
    sections.extend(advice.map(|body| Section::closed("choose", texts.advice.title, body)));
    if !cells.is_empty() {
        let body = all_trials(report, cells, texts);
        sections.push(Section::closed("trials", words.all_trials, body));
    }
    sections.push(Section::closed(
        "method",
        words.how_measured,
        definitions(texts),
    ));
    sections.push(Section::closed(
        "columns",
        words.columns,
        column_terms(report, texts),
    ));
    if !report.machine.is_empty() {
        let body = machine(report.machine, texts);
        sections.push(Section::closed("machine", words.machine, body));
    }
    sections
}

fn table_with_note(
    cells: &[ReportCell],
    table: Table,
    text: &SectionText,
    texts: &Texts,
) -> Markup {
    let values = |cell: &ReportCell| vec![cell.setting.clone()];
    let lead = Lead {
        titles: &[texts.page.setting_column],
        values: &values,
        id: None,
    };
    let all: Vec<&ReportCell> = cells.iter().collect();
    html! {
        (cell_table(cells, (table, &present(table, &all)), &lead, texts))
        p.note { (text.note) }
    }
}

fn comparison(cells: &[ReportCell], texts: &Texts) -> Markup {
    let words = &texts.page;
    let repeated = repeats::most(cells) > 1;
    let titles = [words.setting_column, words.trials_column];
    let columns = if repeated { 2 } else { 1 };
    let values = |cell: &ReportCell| [cell.setting.clone(), trials(cell)][..columns].to_vec();
    let lead = Lead {
        titles: &titles[..columns],
        values: &values,
        id: Some(cell_id),
    };
    let remarks = [
        repeated.then(|| (words.medians)(repeats::has_intervals(cells)).to_owned()),
        repeats::left_out(cells).map(str::to_owned),
        repeats::noise_floor(cells),
    ];
    html! {
        @for remark in remarks.iter().flatten() { p { (remark) } }
        (cell_table(cells, (Table::Comparison, &compared(cells)), &lead, texts))
        @for mark in marks::meaning(cells) { p.note { (mark) } }
        p.note { (words.comparison_note) }
        (data(&["summary.csv"], texts))
    }
}

/// Links to files beside the page.
fn data(files: &[&str], texts: &Texts) -> Markup {
    html! {
        p.note { (texts.page.data) @for file in files { " " a href=(file) { (file) } } }
    }
}

/// Of how many trials the medians of a cell are made: `4 of 5` where one is left out.
fn trials(cell: &ReportCell) -> String {
    match (cell.counted().len(), cell.trials.len()) {
        (counted, all) if counted < all => (cell.texts.cell.counted_of)(counted, all),
        (_, all) => all.to_string(),
    }
}

fn all_trials(report: &Report, cells: &[ReportCell], texts: &Texts) -> Markup {
    let words = &texts.page;
    let trials: Vec<ReportCell> = cells.iter().flat_map(ReportCell::each_trial).collect();
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
        id: Some(trial_id),
    };
    let all: Vec<&ReportCell> = trials.iter().collect();
    let columns = [Table::Comparison, Table::Details].map(|table| present(table, &all));
    let columns = columns.concat();
    let mut files = vec!["trials.csv"];
    files.extend((!report.timeline.is_empty()).then_some("timeline.csv"));
    files.extend((!report.recoveries.is_empty()).then_some("recovery.csv"));
    html! {
        (cell_table(&trials, (Table::Details, &columns), &lead, texts))
        @for mark in marks::meaning(&trials) { p.note { (mark) } }
        (data(&files, texts))
    }
}

/// The warnings, each with the cells that have it; `None` where all are VALID and there is none.
fn doubts(cells: &[ReportCell], texts: &Texts) -> Option<Markup> {
    let words = &texts.page;
    let mut found = warnings::kinds(&warnings::named(cells));
    found.retain(|kind| !kind.name.is_empty());
    let is_unexplained =
        |cell: &&ReportCell| cell.verdict() != Verdict::Valid && cell.warnings().is_empty();
    let unexplained: Vec<&ReportCell> = cells.iter().filter(is_unexplained).collect();
    if found.is_empty() && unexplained.is_empty() {
        return None;
    }
    let named = |cell: &ReportCell| html! { strong { (cell.name()) } ", " (cell.setting) };
    Some(html! {
        p { (words.doubts_note) }
        @for found in &found {
            div.doubts {
                p {
                    (badge(found.verdict())) " " code { (found.name) } ": "
                    (sentence(found.name, words.unknown_warning, texts))
                }
                ul {
                    @for (cell, trials) in found.cells.iter().map(|(at, all)| (&cells[*at], all)) {
                        li {
                            (named(cell)) (cell.of_trials(trials.len())) ". "
                            (cell.finding(found.name))
                        }
                    }
                }
            }
        }
        @if !unexplained.is_empty() {
            ul.doubts {
                @for cell in unexplained {
                    li { (badge(cell.verdict())) " " (named(cell)) ": " (words.no_reason) }
                }
            }
        }
    })
}

/// `None` where there is neither a plot nor a reason to say why.
fn figures(report: &Report, cells: &[ReportCell], plots: &[Plot], texts: &Texts) -> Option<Markup> {
    let words = &texts.page;
    let searched = !report.capacity.is_empty();
    let delivered = report.trials.iter().any(|trial| trial.delivered > 0);
    if plots.is_empty() && (delivered || searched || cells.is_empty()) {
        return None;
    }
    let marks = repeats::marks(cells).filter(|_| !searched);
    Some(html! {
        @if !searched && !delivered { (notice(words.nothing_delivered)) }
        @if let Some(marks) = marks { p.note { ((words.plot_marks)(&marks)) } }
        @for plot in plots {
            figure id={ "plot-" (plot.name) } {
                (scrolling(&labelled(plot)))
                figcaption {
                    (plot.caption) " " (files(plot, texts))
                    @if plot.name == "bytes" {
                        @if let Some(claim) = claim(cells, texts) { p { (claim) } }
                    }
                }
            }
        }
    })
}

/// The claim that WebSocket takes a message from 871 bytes to 2, beside what was measured; `None`
/// without polling and WebSocket in the first setting.
fn claim(cells: &[ReportCell], texts: &Texts) -> Option<String> {
    let (_, group) = settings(cells).into_iter().next()?;
    let of = |transport| group.iter().find(|cell| cell.transport == transport);
    let (polling, websocket) = (of(Transport::ShortPolling)?, of(Transport::WebSocket)?);
    let figure = |cell: &ReportCell, name| {
        let metric = metric(name)?;
        let median = cell.median(|trial| metric.figure(trial))?;
        Some(cell.written(metric, median))
    };
    let [protocol, all] = [
        "protocol_bytes_per_delivery",
        "all_layers_bytes_per_delivery",
    ];
    let claim = (texts.page.claim)(
        [&figure(polling, protocol)?, &figure(websocket, protocol)?],
        [&figure(polling, all)?, &figure(websocket, all)?],
    );
    let shared = [polling, websocket].map(|cell| batching::meaning(cell));
    let sentences = [Some(claim)].into_iter().chain(shared);
    Some(sentences.flatten().collect::<Vec<_>>().join(" "))
}

/// Links to a plot, its pictures and its rows.
fn files(plot: &Plot, texts: &Texts) -> Markup {
    let picture = |kind| format!("plots/{}.{kind}", plot.name);
    html! {
        small {
            a href={ "#plot-" (plot.name) } { (texts.page.link) } " "
            a href=(picture("svg")) { "SVG" } " "
            a href=(picture("png")) { "PNG" } " "
            a href=(plot.data) { (plot.data) }
        }
    }
}

/// A plot's SVG with its title and caption for screen readers.
fn labelled(plot: &Plot) -> Markup {
    let title = html! { (plot.title) ". " (plot.caption) }.into_string();
    let label = format!("<svg role=\"img\" aria-label=\"{title}\" ");
    PreEscaped(plot.svg.replacen("<svg ", &label, 1))
}

fn definitions(texts: &Texts) -> Markup {
    html! {
        dl {
            @for (term, meaning) in texts.page.definitions {
                dt { (term) }
                dd { (meaning) }
            }
        }
    }
}
