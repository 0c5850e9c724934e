//! The report as one page that needs nothing else: style and plots are inside.

use std::fmt::Write;

use crate::results::{Table, TableColumn, TrialRow, Verdict, shown_in};

use crate::report::cells::{ReportCell, cells};
use crate::report::columns::{compared, has_beyond, has_ratios, has_theory, value};
use crate::report::plots::{Plot, cell_hex, lacks_some};
use crate::report::{Report, capacity, number, repeats, warning};

const STYLE: &str = include_str!("report.css");
const DEFINITIONS: &str = include_str!("definitions.html");

/// The whole page. Every text that comes from a run is escaped.
pub fn html(report: &Report, plots: &[Plot]) -> String {
    let cells = cells(report.trials);
    let scenario = escaped(report.scenario);
    let findings = match report.capacity {
        [] => [
            comparison(&cells),
            warnings(&cells),
            ratios(&cells),
            beyond(&cells),
            theory(&cells),
        ]
        .concat(),
        found => capacity::section(found, report.trials),
    };
    let body = [
        head(report),
        findings,
        all_trials(&cells),
        figures(report, &cells, plots),
        DEFINITIONS.to_owned(),
        machine(report),
    ];
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{scenario} · wslab report</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{}</main>\n</body>\n</html>\n",
        body.concat()
    )
}

/// Text as it may stand in HTML, also within an attribute's quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn head(report: &Report) -> String {
    let mut html = format!("<header>\n<h1>{}</h1>\n", escaped(report.scenario));
    if let Some(question) = report
        .question
        .filter(|question| !question.trim().is_empty())
    {
        let _ = writeln!(html, "<p class=\"lead\">{}</p>", escaped(question.trim()));
    }
    let mut facts = vec![format!("Run {}", escaped(report.run))];
    if let Some(first) = report.trials.first() {
        facts.push(format!("{} workload", escaped(&first.workload)));
        facts.extend(constant(report.trials));
        facts.push(match report.trials.len() {
            1 => "1 trial".to_owned(),
            trials => format!("{} trials", number::count(trials as f64)),
        });
    }
    let _ = writeln!(
        html,
        "<p class=\"facts\">{}</p>\n</header>",
        facts.join(" · ")
    );
    html
}

/// The factors that are the same in all trials; what varies is said in every line.
fn constant(trials: &[TrialRow]) -> Vec<String> {
    let same = |text: fn(&TrialRow) -> String| {
        let first = text(trials.first()?);
        trials
            .iter()
            .all(|trial| text(trial) == first)
            .then(|| escaped(&first))
    };
    let facts: [fn(&TrialRow) -> String; 5] = [
        |t| match t.feeds {
            1 => "1 feed".to_owned(),
            feeds => format!("{} feeds", number::count(feeds.into())),
        },
        |t| {
            format!(
                "{} a second to each feed, {} schedule",
                number::messages(t.rate_hz),
                t.schedule
            )
        },
        |t| format!("payload {}", number::bytes(t.payload_bytes.into())),
        |t| (if t.tls { "TLS" } else { "no TLS" }).to_owned(),
        |t| format!("window {}", number::round_duration_us(t.window_s * 1e6)),
    ];
    facts.into_iter().filter_map(same).collect()
}

pub(super) const NO_TRIAL: &str = "<p class=\"notice\"><strong>No trial finished</strong>, so there is no \
    figure to show: the run was cut off before its first trial ended, or it failed.</p>\n";

fn comparison(cells: &[ReportCell]) -> String {
    let mut html = "<h2>Comparison</h2>\n".to_owned();
    if cells.is_empty() {
        return html + NO_TRIAL;
    }
    let most = repeats::most(cells);
    if most > 1 {
        let interval = match repeats::has_intervals(cells) {
            true => ", below it small its 95 % interval where there are trials enough",
            false => "",
        };
        let _ = writeln!(
            html,
            "<p>Each figure is the median of the trials{interval}, and the verdict the worst of \
             them.</p>"
        );
    }
    for words in [
        repeats::left_out(cells).map(str::to_owned),
        repeats::noise_floor(cells),
    ] {
        html.extend(words.map(|words| format!("<p>{}</p>\n", escaped(&words))));
    }
    let lead = if most > 1 {
        &["Clients", "Trials"][..]
    } else {
        &["Clients"]
    };
    html.push_str(&cell_table(
        cells,
        Table::Comparison,
        &compared(cells),
        lead,
        |cell| {
            let clients = number::count(cell.clients.into());
            if most > 1 {
                vec![clients, trials(cell)]
            } else {
                vec![clients]
            }
        },
    ));
    html.push_str(
        "<p class=\"note\">“–” stands for a figure that was not measured or does not exist, as \
         exchanges do not for a stream. CPU in percent is that of one core.</p>\n",
    );
    html
}

/// How many trials the medians of a cell stand for: `4 of 5` where one is left out.
fn trials(cell: &ReportCell) -> String {
    match (cell.counted().len(), cell.trials.len()) {
        (counted, all) if counted < all => format!("{counted} of {all}"),
        (_, all) => all.to_string(),
    }
}

fn ratios(cells: &[ReportCell]) -> String {
    if !has_ratios(cells) {
        return String::new();
    }
    section(
        cells,
        "Against the machine itself",
        Table::Ratios,
        "How many times the figure of \
         raw-tcp, which carries the same messages on a TCP connection and nothing more: what is left \
         at 1 × is the machine’s, the kernel’s and this program’s runtime’s, whatever the \
         protocol.",
    )
}

fn beyond(cells: &[ReportCell]) -> String {
    if !has_beyond(cells) {
        return String::new();
    }
    section(
        cells,
        "Beyond the average client",
        Table::Beyond,
        "A message reaches its recipients \
         one after the other: the first, the median and the last of them, each as the median over \
         all messages. A client is stale while there is a message that it does not have yet. Jain’s \
         index is 1 where all clients have the same mean latency, and less the more a few of them \
         bear it all. Set-up is what passes until a client is ready, heartbeats what shows that it \
         still is; with polling, empty exchanges do that.",
    )
}

fn theory(cells: &[ReportCell]) -> String {
    if !has_theory(cells) {
        return String::new();
    }
    section(
        cells,
        "Theory and practice",
        Table::Theory,
        "A poll finds a message after half its \
         interval. A push reaches n clients one after the other, so the mean client waits n/2 \
         times the CPU time of a delivery (server and load, as measured) over the cores. Bytes \
         follow from the heads and frames that the protocol demands. What theory leaves out: \
         the way of a single message (some hundred µs), waiting for a core, empty polls, and messages closer together than a round \
         trip. With few clients the CPU time of a delivery holds what the processes use anyway, \
         and theory says too much.",
    )
}

/// A table of its own, with what is to be said of it.
fn section(cells: &[ReportCell], title: &str, table: Table, note: &str) -> String {
    let clients = |cell: &ReportCell| vec![number::count(cell.clients.into())];
    let table = cell_table(cells, table, &shown_in(table), &["Clients"], clients);
    format!("<h2>{title}</h2>\n{table}<p class=\"note\">{note}</p>\n")
}

fn all_trials(cells: &[ReportCell]) -> String {
    let trials: Vec<ReportCell> = cells
        .iter()
        .flat_map(|cell| cell.trials.iter().map(|&trial| cell.of_trial(trial)))
        .collect();
    if trials.is_empty() {
        return String::new();
    }
    let columns = [Table::Comparison, Table::Details].map(shown_in).concat();
    let table = cell_table(
        &trials,
        Table::Details,
        &columns,
        &["Clients", "Trial", "Warnings"],
        |cell| {
            let warnings = warning::of_cell(cell)
                .into_iter()
                .map(|(name, _)| escaped(name));
            vec![
                number::count(cell.clients.into()),
                cell.trials[0].trial.to_string(),
                warnings.collect::<Vec<_>>().join(", "),
            ]
        },
    );
    format!("<details>\n<summary>All trials, with more figures</summary>\n{table}</details>\n")
}

/// A table whose first column, which stays in sight, names the transport and its verdict.
fn cell_table(
    cells: &[ReportCell],
    table: Table,
    columns: &[TableColumn],
    lead: &[&str],
    lead_values: impl Fn(&ReportCell) -> Vec<String>,
) -> String {
    let mut html = "<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead>\n<tr>".to_owned();
    html.push_str("<th scope=\"col\" rowspan=\"2\" class=\"name\">Transport and verdict</th>");
    for title in lead {
        let _ = write!(html, "<th scope=\"col\" rowspan=\"2\">{title}</th>");
    }
    for group in columns.chunk_by(|a, b| a.group == b.group) {
        let (span, title) = (group.len(), group[0].group);
        let _ = write!(
            html,
            "<th scope=\"colgroup\" class=\"group\" colspan=\"{span}\">{title}</th>"
        );
    }
    html.push_str("</tr>\n<tr>");
    for (first, column) in with_group_starts(columns) {
        let _ = write!(html, "<th scope=\"col\"{}>{}</th>", first, column.title);
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    for cell in cells {
        let _ = write!(
            html,
            "<tr><th scope=\"row\" class=\"name\">{}</th>",
            name_and_verdict(cell)
        );
        for value in lead_values(cell) {
            let _ = write!(html, "<td>{value}</td>");
        }
        for (first, column) in with_group_starts(columns) {
            let _ = write!(
                html,
                "<td{first}>{}</td>",
                figure(&value(table, column.metric, cell))
            );
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    html
}

/// A figure's first line, and smaller those below it.
pub(super) fn figure(text: &str) -> String {
    let mut lines = text.lines().map(escaped);
    let main = lines.next().unwrap_or_default();
    lines.fold(main, |html, line| {
        format!("{html}<br><small>{line}</small>")
    })
}

/// Columns, each with the class that draws a line before it where a group begins.
fn with_group_starts(
    columns: &[TableColumn],
) -> impl Iterator<Item = (&'static str, &TableColumn)> {
    columns
        .chunk_by(|a, b| a.group == b.group)
        .flat_map(|group| {
            let marked = group
                .iter()
                .enumerate()
                .map(|(i, column)| (if i == 0 { " class=\"first\"" } else { "" }, column));
            marked.collect::<Vec<_>>()
        })
}

fn name_and_verdict(cell: &ReportCell) -> String {
    let (transport, colour) = (cell.transport, cell_hex(cell));
    let mut html =
        format!("<span class=\"swatch\" style=\"background:{colour}\"></span>{transport}");
    // The setting begins with the clients, which have their own column.
    let beyond_clients = cell.setting.split_once(", ").map_or("", |(_, rest)| rest);
    for more in [cell.variant.as_str(), beyond_clients]
        .into_iter()
        .filter(|t| !t.is_empty())
    {
        let _ = write!(html, "<br><small>{}</small>", escaped(more));
    }
    let _ = write!(html, "<br>{}", badge(cell));
    let trials = warning::trials_concerned(cell);
    if !trials.is_empty() {
        let _ = write!(html, "<br><small>{}</small>", trials.trim());
    }
    html
}

fn badge(cell: &ReportCell) -> String {
    let class = match cell.verdict() {
        Verdict::Valid => "valid",
        Verdict::Suspect => "suspect",
        Verdict::Invalid => "invalid",
    };
    let verdict = cell.verdict();
    format!("<span class=\"badge {class}\">{verdict}</span>")
}

fn warnings(cells: &[ReportCell]) -> String {
    let doubted =
        |cell: &&ReportCell| cell.verdict() != Verdict::Valid || !warning::of_cell(cell).is_empty();
    let items: String = cells.iter().filter(doubted).map(doubts).collect();
    match items.is_empty() {
        true => String::new(),
        false => format!(
            "<section class=\"doubts\">\n<h3>What to doubt</h3>\n\
             <p>SUSPECT figures need care. INVALID ones answer no question.</p>\n\
             <ul>\n{items}</ul>\n</section>\n"
        ),
    }
}

fn doubts(cell: &ReportCell) -> String {
    let sentences = warning::of_cell(cell).into_iter().map(|(name, trials)| {
        let whose = match cell.trials.len() {
            1 => String::new(),
            all => format!(" ({trials} of {all} trials)"),
        };
        let sentence = warning::sentence(name).unwrap_or("This version does not know its meaning.");
        format!(
            "<li><code>{}</code>{whose}: {sentence}</li>\n",
            escaped(name)
        )
    });
    let name = escaped(&format!("{}, {}", cell.name(), cell.setting));
    let sentences: String = sentences.collect();
    let reasons = match sentences.is_empty() {
        true => "<li>The trial names no reason.</li>\n".to_owned(),
        false => sentences,
    };
    format!(
        "<li><strong>{name}</strong> {}{}\n<ul>\n{reasons}</ul></li>\n",
        badge(cell),
        warning::trials_concerned(cell)
    )
}

fn figures(report: &Report, cells: &[ReportCell], plots: &[Plot]) -> String {
    if cells.is_empty() {
        return String::new();
    }
    let mut html = "<h2>Plots</h2>\n".to_owned();
    if !report.capacity.is_empty() {
        if plots.is_empty() {
            html.push_str("<p class=\"notice\">Nothing was told that could be drawn.</p>\n");
        }
    } else if report.trials.iter().all(|trial| trial.delivered == 0) {
        html.push_str(
            "<p class=\"notice\"><strong>Nothing was delivered</strong> in this run, so there is \
             no latency and no cost per delivery to draw: these plots are left out.</p>\n",
        );
    } else if lacks_some(plots) {
        html.push_str(
            "<p class=\"notice\">Plots of figures that were not measured are left out.</p>\n",
        );
    }
    if let Some(marks) = repeats::marks(cells).filter(|_| report.capacity.is_empty()) {
        let _ = writeln!(
            html,
            "<p>A mark, a bar or a line is the median of the trials. {} A single second that fewer \
             trials tell of has their lowest and highest.</p>",
            escaped(&marks)
        );
    }
    for plot in plots {
        let label = format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(plot.title));
        let svg = plot.svg.replacen("<svg ", &label, 1);
        let _ = writeln!(
            html,
            "<figure>\n<div class=\"scroll\" tabindex=\"0\">{svg}</div>\n\
             <figcaption>{}</figcaption>\n</figure>",
            escaped(plot.caption)
        );
    }
    html
}

fn machine(report: &Report) -> String {
    if report.machine.is_empty() {
        return String::new();
    }
    let mut html = "<h2>The machine</h2>\n<dl class=\"machine\">\n".to_owned();
    for (name, value) in report.machine {
        let _ = writeln!(
            html,
            "<dt>{}</dt><dd>{}</dd>",
            escaped(name),
            escaped(value)
        );
    }
    html.push_str("</dl>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_escapes_from_text_or_attribute() {
        let hostile = "<script>alert('x')</script> \"&amp;\"";
        let safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;&amp;amp;&quot;";
        assert_eq!(escaped(hostile), safe);
    }
}
