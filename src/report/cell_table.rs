//! A table of cells in HTML, with their verdicts.

use maud::{Markup, PreEscaped, html};

use crate::report::cells::ReportCell;
use crate::report::columns::{line, value};
use crate::report::markup::{figure, scrolling, swatch};
use crate::report::plots::cell_hex;
use crate::results::{Table, TableColumn, TableColumnOf, Verdict};
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
    // A table of single trials may be long, and trials.csv has what a line lacks.
    let value = if table == Table::Details { line } else { value };
    let content = html! {
        table {
            (head(columns, lead.titles, texts))
            tbody {
                @for cell in cells {
                    @let id = lead.id.map(|id| id(cell));
                    tr id=[id.as_deref()] {
                        th scope="row" class="name" {
                            @if table == Table::Details {
                                (trial(cell, id.as_deref()))
                            } @else {
                                (name_and_verdict(cell, id.as_deref()))
                            }
                        }
                        @for value in (lead.values)(cell) { td { (value) } }
                        @for column in columns {
                            td { (figure(&value(table, column.metric, cell))) }
                        }
                    }
                }
            }
        }
    };
    scrolling(&match table {
        // HTML lets these be left out, and a first column of heads is known for heads of rows.
        // Of 200 trials they take 35 kB.
        Table::Details => {
            let ends = ["</td>", "</th>", "</tr>", " scope=\"row\""].into_iter();
            PreEscaped(ends.fold(content.into_string(), |text, end| text.replace(end, "")))
        }
        _ => content,
    })
}

/// The head of a table whose first column has transports: groups, and titles below them.
pub(super) fn head<M>(columns: &[TableColumnOf<M>], lead: &[&str], texts: &Texts) -> Markup {
    let translate = texts.translate;
    let groups = || columns.chunk_by(|a, b| a.group == b.group);
    html! {
        colgroup span=(1 + lead.len()) {}
        @for group in groups() { colgroup.group span=(group.len()) {} }
        thead {
            tr {
                th scope="col" rowspan="2" class="name" { (texts.page.name_column) }
                @for title in lead { th scope="col" rowspan="2" { (title) } }
                @for group in groups() {
                    th scope="colgroup" class="group" colspan=(group.len()) {
                        (translate(group[0].group))
                    }
                }
            }
            tr {
                @for group in groups() {
                    @for column in group { th scope="col" { (translate(column.title)) } }
                }
            }
        }
    }
}

/// In a long table, a verdict stands only where it is not VALID.
fn trial(cell: &ReportCell, id: Option<&str>) -> Markup {
    html! {
        (link(&cell.name(), id))
        @if cell.verdict() != Verdict::Valid { br; (badge(cell.verdict())) }
    }
}

/// A row's name, which leads to the row.
fn link(name: &str, id: Option<&str>) -> Markup {
    html! {
        @match id {
            Some(id) => a href={ "#" (id) } { (name) },
            None => (name),
        }
    }
}

/// A cell's name, below it what varies, and its verdict.
pub(super) fn name_and_verdict(cell: &ReportCell, id: Option<&str>) -> Markup {
    // The setting begins with the clients, which have their own column.
    let beyond_clients = cell.setting.split_once(", ").map_or("", |(_, rest)| rest);
    let notes = [cell.variant.as_str(), beyond_clients];
    let concerned = cell.trials_concerned();
    html! {
        (swatch(&cell_hex(cell)))
        (link(cell.transport.name(), id))
        @for note in notes.into_iter().filter(|note| !note.is_empty()) {
            br; small { (note) }
        }
        br; (badge(cell.verdict()))
        @if !concerned.is_empty() { br; small { (concerned) } }
    }
}

/// The verdict in its colour.
pub(super) fn badge(verdict: Verdict) -> Markup {
    let class = match verdict {
        Verdict::Valid => "valid",
        Verdict::Suspect => "suspect",
        Verdict::Invalid => "invalid",
    };
    html! { span class={ "badge " (class) } { (verdict.to_string()) } }
}
