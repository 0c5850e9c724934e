//! Advice as a section of the page.

use maud::{Markup, html};

use crate::report::advice::advise::for_any_need;
use crate::report::advice::statement::Statement;
use crate::report::content::Report;
use crate::report::markup::with_code;
use crate::texts::Texts;

/// What speaks for and against each transport, whatever is needed; `None` without a trial that is
/// not INVALID.
pub(in crate::report) fn section(report: &Report, texts: &Texts) -> Option<Markup> {
    let advice = for_any_need(report.trials, report.locale)?;
    let words = &texts.advice;
    let same = |a: &Statement, b: &Statement| a.name == b.name;
    let of_transports = advice.statements.iter().filter(|it| it.transport.is_some());
    let of_transports: Vec<Statement> = of_transports.cloned().collect();
    advice.is_measured.then(|| {
        html! {
            p { (with_code(words.note)) }
            p.note { (advice.nearest) }
            @for of in of_transports.chunk_by(same) {
                h3 {
                    (of[0].name)
                    @if let Some(cell) = of.iter().find_map(|it| it.of_cell(texts)) {
                        " " small { (cell) }
                    }
                }
                ul.advice {
                    @for statement in of { (item(statement, texts)) }
                }
            }
        }
    })
}

fn item(statement: &Statement, texts: &Texts) -> Markup {
    let side = texts.advice.sides[statement.side as usize];
    html! {
        li {
            b title=(side) { (statement.side.mark()) } (statement.text) " "
            small { (statement.ground.words(texts)) ": " (statement.rests_on(texts)) }
        }
    }
}
