//! What a search for capacity found, as a part of the page.

use maud::{Markup, html};

use crate::report::capacity::{conditions, factor, sentences, values, why};
use crate::report::markup::{figure, no_trial, scrolling, swatch};
use crate::results::{CapacityRow, TrialRow};
use crate::texts::Texts;

/// A row a transport, with the reason why it is not more.
pub(super) fn capacity_section(rows: &[CapacityRow], trials: &[TrialRow], texts: &Texts) -> Markup {
    let words = &texts.capacity;
    let (Some(first), Some(trial)) = (rows.first(), trials.first()) else {
        return no_trial(texts);
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
        p { (heading) ":" }
        (scrolling(&table))
    }
}

/// How the search goes.
pub(super) fn method(texts: &Texts) -> Markup {
    html! { p { (texts.capacity.method) } }
}

fn transport(row: &CapacityRow, texts: &Texts) -> Markup {
    let lines = [vec![why(row, texts)], sentences(row, texts)].concat();
    html! {
        tr {
            th scope="row" class="name" { (swatch(row.transport.colour())) (row.transport) }
            @for value in values(row, texts) { td { (value) } }
            td.words { (figure(&lines.join("\n"))) }
        }
    }
}
