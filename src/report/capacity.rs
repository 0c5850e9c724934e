//! What a search for capacity found, in words and as a table.

use std::fmt::Write;

use crate::results::{CapacityRow, SearchVerdict, TrialRow};

use crate::report::columns::ABSENT;
use crate::report::page::{NO_TRIAL, escaped, figure};
use crate::report::table::{aligned, folded, widths};
use crate::report::{number, warning};

/// The columns after the transport.
pub(super) const TITLES: [&str; 5] = ["holds", "fails at", "not told at", "verdict", "trials"];

/// A line a transport, at most 110 characters wide, and below it why it is not more.
pub fn capacity_table(rows: &[CapacityRow], trials: &[TrialRow]) -> String {
    let (Some(first), Some(trial)) = (rows.first(), trials.first()) else {
        return "No trial finished.\n".to_owned();
    };
    let line = |name: &str, rest: [String; 5]| [vec![name.to_owned()], rest.to_vec()].concat();
    let mut table = vec![line("transport", TITLES.map(str::to_owned))];
    let figures = rows.iter();
    table.extend(figures.map(|row| line(row.transport.name(), values(row))));
    let widths = widths(&table);
    let heading = format!(
        "The most {} {}",
        what(&first.factor),
        conditions(first, trial)
    );
    let mut lines = folded(&heading, "");
    lines.extend(table.iter().map(|row| aligned(row, &widths)));
    for row in rows {
        lines.push(String::new());
        lines.extend(folded(&format!("{}: {}", row.transport, why(row)), ""));
        for sentence in sentences(row) {
            lines.extend(folded(&sentence, "  "));
        }
    }
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// The page's section: a line a transport, with why it is not more.
pub(super) fn section(rows: &[CapacityRow], trials: &[TrialRow]) -> String {
    let mut html = "<h2>Capacity</h2>\n".to_owned();
    let (Some(first), Some(trial)) = (rows.first(), trials.first()) else {
        return html + NO_TRIAL;
    };
    let (what, conditions) = (what(&first.factor), conditions(first, trial));
    let _ = write!(
        html,
        "<p>The most {what} {}:</p>\n<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr>\
         <th scope=\"col\" class=\"name\">Transport</th>",
        escaped(&conditions)
    );
    for title in TITLES {
        let _ = write!(html, "<th scope=\"col\">{title}</th>");
    }
    html.push_str("<th scope=\"col\" class=\"words\">why not more</th></tr></thead>\n<tbody>\n");
    for row in rows {
        let (transport, colour) = (row.transport, row.transport.colour());
        let _ = write!(
            html,
            "<tr><th scope=\"row\" class=\"name\"><span class=\"swatch\" \
             style=\"background:{colour}\"></span>{transport}</th>"
        );
        for value in values(row) {
            let _ = write!(html, "<td>{value}</td>");
        }
        let lines = [vec![why(row)], sentences(row)].concat();
        let _ = writeln!(
            html,
            "<td class=\"words\">{}</td></tr>",
            figure(&lines.join("\n"))
        );
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    html.push_str(SEARCHED);
    html
}

/// How a search goes.
const SEARCHED: &str = "<p class=\"note\">Each transport was doubled until it failed, and the \
    bracket halved. A step holds if its trial is VALID and within the objective; it fails if it is \
    beyond, or INVALID because messages were missed, connections refused, or the server died. \
    Doubtful trials were repeated (after a pause, if others on this machine disturbed them), and a \
    step that never became VALID is not told, and never held. What is found has held again in \
    further trials. It is a figure of this machine, which carries \
    the load as well, and the server unless that was a target.</p>\n";

/// What is counted.
pub(super) fn what(factor: &str) -> &'static str {
    match factor {
        "rate_hz" => "messages a second to each feed",
        _ => "clients",
    }
}

/// What had to hold, and the factor that stayed as it was.
pub(super) fn conditions(row: &CapacityRow, trial: &TrialRow) -> String {
    let other = match row.factor.as_str() {
        "rate_hz" => amount("clients", trial.clients.into()),
        _ => format!("{} to each feed", amount("rate_hz", trial.rate_hz)),
    };
    format!("within {}, with {other}", row.objective)
}

/// The figures of a transport, in the order of [`TITLES`].
pub(super) fn values(row: &CapacityRow) -> [String; 5] {
    let number = |value: Option<f64>| value.map_or(ABSENT.to_owned(), number::plain);
    [
        holds(row),
        number(row.failed_at),
        number(row.not_told_at),
        verdict(row.verdict).to_owned(),
        row.trials.to_string(),
    ]
}

/// How much held, and how sure that is.
pub(super) fn holds(row: &CapacityRow) -> String {
    let held = row.held.map(number::plain);
    match (row.verdict, held) {
        (SearchVerdict::Found, Some(held)) => held,
        (SearchVerdict::AtLeast, Some(held)) => format!("at least {held}"),
        (SearchVerdict::Unfinished, Some(held)) => format!("{held} so far"),
        (SearchVerdict::Fails, _) => "none".to_owned(),
        _ => ABSENT.to_owned(),
    }
}

pub(super) const fn verdict(told: SearchVerdict) -> &'static str {
    match told {
        SearchVerdict::Found => "found",
        SearchVerdict::AtLeast => "at least",
        SearchVerdict::Fails => "fails",
        SearchVerdict::NotTold => "not told",
        SearchVerdict::Unfinished => "unfinished",
    }
}

/// Why it is not more, in a sentence.
pub(super) fn why(row: &CapacityRow) -> String {
    let amount = |value: Option<f64>| amount(&row.factor, value.unwrap_or(0.0));
    let (failed, not_told) = (amount(row.failed_at), amount(row.not_told_at));
    let at_most = match row.failed_at {
        Some(_) => format!(", less than {failed}, which do not hold"),
        None => String::new(),
    };
    match row.verdict {
        SearchVerdict::Found => format!("{failed} do not hold ({}).", row.why),
        SearchVerdict::AtLeast if row.not_told_at.is_some() => {
            let at_least = amount(row.held);
            format!(
                "at least {at_least}{at_most}. At {not_told} no trial tells ({}).",
                row.why
            )
        }
        SearchVerdict::AtLeast => {
            let max = amount(Some(row.max));
            format!("{max} hold; {}.", row.why)
        }
        SearchVerdict::Fails => format!("not even {failed} holds ({}).", row.why),
        SearchVerdict::NotTold => format!("even at {not_told} no trial tells ({}).", row.why),
        SearchVerdict::Unfinished => "the search was cut off, so nothing is confirmed.".to_owned(),
    }
}

/// What the warnings mean that ended a search.
pub(super) fn sentences(row: &CapacityRow) -> Vec<String> {
    let names = row.why.split(", ");
    let sentence = |name: &str| Some(format!("{name}: {}", warning::sentence(name)?));
    names.filter_map(sentence).collect()
}

/// `1,290 clients`, `200 messages a second`.
fn amount(factor: &str, value: f64) -> String {
    match (factor, value) {
        ("rate_hz", _) => format!("{} a second", number::messages(value)),
        (_, 1.0) => "1 client".to_owned(),
        _ => format!("{} clients", number::plain(value)),
    }
}
