//! Pieces of HTML that several sections share.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::cells::ReportCell;
use crate::texts::Texts;

/// The style of all pages that are read on a screen.
pub(super) const STYLE: &str = include_str!("report.css");

/// A whole page that refers to nothing outside.
pub(super) fn document(texts: &Texts, title: &str, styles: &[&str], body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(texts.html_lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { @for style in styles { (PreEscaped(style)) } }
            }
            body { main { (body) } }
        }
    };
    page.into_string()
}

/// What is wrong with the files, so that it is left out; nothing without any.
pub(super) fn unread(unread: &[String], texts: &Texts) -> Markup {
    html! {
        @if !unread.is_empty() {
            div.notice {
                strong { (texts.page.unread) }
                ul { @for why in unread { li { (why) } } }
            }
        }
    }
}

/// Names and values of the machine that measured.
pub(super) fn machine(machine: &[(String, String)], texts: &Texts) -> Markup {
    html! {
        dl.machine {
            @for (name, value) in machine {
                dt { ((texts.translate)(name)) }
                dd { (value) }
            }
        }
    }
}

/// The first line of a figure, and smaller those below it.
pub(super) fn figure(text: &str) -> Markup {
    let mut lines = text.lines();
    html! {
        (lines.next().unwrap_or_default())
        @for line in lines { br; small { (line) } }
    }
}

/// A text in which words between backticks are code.
pub(super) fn with_code(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A patch of a transport's colour, `#rrggbb`. Black is the colour of the text, also where that is
/// light.
pub(super) fn swatch(colour: &str) -> Markup {
    let colour = if colour == "#000000" {
        "currentColor"
    } else {
        colour
    };
    html! { span.swatch style={ "background:" (colour) } {} }
}

/// The fragment of a cell's row.
pub(super) fn cell_id(cell: &ReportCell) -> String {
    format!("cell-{}", cell.number)
}

/// The fragment of the row of a cell's one trial.
pub(super) fn trial_id(cell: &ReportCell) -> String {
    format!("trial-{}-{}", cell.number, cell.trials[0].trial)
}

/// A table that scrolls by itself where it is too wide.
pub(super) fn scrolling(content: &Markup) -> Markup {
    html! { div.scroll tabindex="0" { (content) } }
}

pub(super) fn no_trial(texts: &Texts) -> Markup {
    notice(texts.cell.no_trial)
}

/// A notice whose beginning is emphasised.
pub(super) fn notice((strong, rest): (&str, &str)) -> Markup {
    html! { p.notice { strong { (strong) } (rest) } }
}
