//! A table of cells in HTML, with their verdicts.

use maud::{Markup, html};

use crate::report::cells::ReportCell;
use crate::report::columns::value;
use crate::report::markup::{figure, scrolling, swatch};
use crate::report::plots::cell_hex;
use crate::results::{Table, TableColumn, Verdict};
use crate::texts::Texts;

/// Columns before those of a table's metrics: their titles, and what a cell has in them.
pub(super) struct Lead<'l> {
    pub titles: &'l [&'l str],
    pub values: &'l dyn Fn(&ReportCell) -> Vec<String>,
    /// The fragment of a row; `None` where the page has it elsewhere.
    pub id: Option<fn(&ReportCell) -> String>,
}

/// A table whose first column, which stays in sight, has the transport and its verdict.
pub(super) fn cell_table(
    cells: &[ReportCell],
    (table, columns): (Table, &[TableColumn]),
    lead: &Lead,
    texts: &Texts,
) -> Markup {
    let translate = texts.translate;
    let groups = || columns.chunk_by(|a, b| a.group == b.group);
    let content = html! {
        table {
            thead {
                tr {
                    th scope="col" rowspan="2" class="name" { (texts.page.name_column) }
                    @for title in lead.titles { th scope="col" rowspan="2" { (title) } }
                    @for group in groups() {
                        th scope="colgroup" class="group" colspan=(group.len()) {
                            (translate(group[0].group))
                        }
                    }
                }
                tr {
                    @for group in groups() {
                        @for (i, column) in group.iter().enumerate() {
                            th scope="col" class=[first(i)] { (translate(column.title)) }
                        }
                    }
                }
            }
            tbody {
                @for cell in cells {
                    @let id = lead.id.map(|id| id(cell));
                    tr id=[id.as_deref()] {
                        th scope="row" class="name" { (name_and_verdict(cell, id.as_deref())) }
                        @for value in (lead.values)(cell) { td { (value) } }
                        @for group in groups() {
                            @for (i, column) in group.iter().enumerate() {
                                td class=[first(i)] { (figure(&value(table, column.metric, cell))) }
                            }
                        }
                    }
                }
            }
        }
    };
    scrolling(&content)
}

/// The class of the first column of a group, which has a line before it.
fn first(column: usize) -> Option<&'static str> {
    (column == 0).then_some("first")
}

fn name_and_verdict(cell: &ReportCell, id: Option<&str>) -> Markup {
    // The setting begins with the clients, which have their own column.
    let beyond_clients = cell.setting.split_once(", ").map_or("", |(_, rest)| rest);
    let notes = [cell.variant.as_str(), beyond_clients];
    let concerned = cell.trials_concerned();
    html! {
        (swatch(&cell_hex(cell)))
        @match id {
            Some(id) => a href={ "#" (id) } { (cell.transport) },
            None => (cell.transport),
        }
        @for note in notes.into_iter().filter(|note| !note.is_empty()) {
            br; small { (note) }
        }
        br; (badge(cell))
        @if !concerned.is_empty() { br; small { (concerned) } }
    }
}

/// The verdict in its colour.
pub(super) fn badge(cell: &ReportCell) -> Markup {
    let class = match cell.verdict() {
        Verdict::Valid => "valid",
        Verdict::Suspect => "suspect",
        Verdict::Invalid => "invalid",
    };
    html! { span class={ "badge " (class) } { (cell.verdict().to_string()) } }
}
