//! What faults did, as a part of the page: sentences, and a table a fault.

use maud::{Markup, html};

use crate::report::cell_table::{head, name_and_verdict};
use crate::report::cells::ReportCell;
use crate::report::markup::{figure, scrolling};
use crate::report::recovery::{FaultGroup, Findings, faults};
use crate::results::{RecoveryRow, Table, recovery_shown_in};
use crate::texts::Texts;

/// `None` without rows of trials that the report has.
pub(super) fn recovery_section(
    cells: &[ReportCell],
    rows: &[RecoveryRow],
    texts: &Texts,
) -> Option<Markup> {
    let (groups, words) = (faults(cells, rows), &texts.recovery);
    let found = Findings::of(&groups, texts);
    (!groups.is_empty()).then(|| {
        html! {
            @for (first, others) in found.first.iter().zip(&found.others) {
                p.answer { strong { (first) } (others.join(" ")) }
            }
            p { ([found.closing, found.verdicts].concat().join(" ")) }
            dl.terms {
                @for (term, meaning) in &words.times { dt { (term) } dd { (meaning) } }
            }
            @for group in &groups {
                h3 { ((words.after)(group.fault)) }
                (table(group, texts))
            }
            p.note { (words.note) }
        }
    })
}

fn table(group: &FaultGroup, texts: &Texts) -> Markup {
    let columns = recovery_shown_in(Table::Recovery);
    let several = group.cells.iter().any(|one| one.name() != one.cell.name());
    let settings = [texts.page.setting_column];
    let lead = if several { &settings[..] } else { &[] };
    scrolling(&html! {
        table {
            (head(&columns, lead, texts))
            tbody {
                @for one in &group.cells {
                    tr {
                        th scope="row" class="name" { (name_and_verdict(one.cell, None)) }
                        @if several { td { (one.cell.setting) } }
                        @for column in &columns { td { (figure(&one.value(column.metric))) } }
                    }
                }
            }
        }
    })
}
