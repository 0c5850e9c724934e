//! What a search for capacity found, as a section of the page.

use maud::{Markup, html};

use crate::report::capacity::{conditions, factor, sentences, values, why};
use crate::report::markup::{figure, no_trial, scrolling, swatch};
use crate::results::{CapacityRow, TrialRow};
use crate::texts::Texts;

/// A row a transport, with the reason why it is not more.
pub(super) fn capacity_section(rows: &[CapacityRow], trials: &[TrialRow], texts: &Texts) -> Markup {
    let words = &texts.capacity;
    let (Some(first), Some(trial)) = (rows.first(), trials.first()) else {
        return html! { h2 { (words.title) } (no_trial(texts)) };
    };
    let heading = (words.heading)(factor(first, texts), &conditions(first, trial, texts));
    let table = html! {
        table {
            thead { tr {
                th scope="col" class="name" { (words.transport) }
                @for title in words.columns { th scope="col" { (title) } }
                th scope="col" class="words" { (words.why) }
            } }
            tbody { @for row in rows { (transport(row, texts)) } }
        }
    };
    html! {
        h2 { (words.title) }
        p { (heading) ":" }
        (scrolling(&table))
        p.note { (words.method) }
    }
}

fn transport(row: &CapacityRow, texts: &Texts) -> Markup {
    let lines = [vec![why(row, texts)], sentences(row, texts)].concat();
    html! {
        tr {
            th scope="row" class="name" { (swatch(row.transport.colour(), row.transport.name())) }
            @for value in values(row, texts) { td { (value) } }
            td.words { (figure(&lines.join("\n"))) }
        }
    }
}
