//! Tables in GitHub's Markdown, with their conditions above and what to know below.

use std::fmt::Display;

use super::{ComparisonDocument, RunDocument, recovery};
use crate::report::answer;
use crate::report::capacity;
use crate::report::cells::{ReportCell, cells, settings};
use crate::report::claims::{self, JudgedClaim};
use crate::report::columns;
use crate::report::comparison;
use crate::report::conditions::conditions;
use crate::report::judgements::judgement;
use crate::report::lines::TextStyle;
use crate::report::marks;
use crate::results::{CapacityRow, Metric, RecoveryRow, Table, TableColumn, TrialRow, Verdict};
use crate::stats::compare::Comparison;
use crate::stats::judgement::Judgement;
use crate::texts::{Locale, Texts};

/// Lines of Markdown are as long as they are.
const UNFOLDED: TextStyle = TextStyle {
    width: usize::MAX,
    colour: false,
    details: true,
};

/// The cells of a run, a table a setting.
pub fn run_markdown(
    document: &RunDocument,
    trials: &[TrialRow],
    recoveries: &[RecoveryRow],
    locale: Locale,
) -> String {
    let texts = locale.texts();
    let cells = cells(trials, locale);
    let question = (texts.page.question)(document.named.question);
    let mut lines = vec![head(document.named.scenario, &question)];
    lines.push(conditions(trials, locale));
    if !document.complete {
        let missing = document.missing.join("; ");
        lines.push(format!("**{}**", (texts.cell.incomplete)(&missing)));
    }
    let shown = match columns::only_waits(&cells) {
        true => Table::PrintedWaiting,
        false => Table::Printed,
    };
    let columns = columns::usual(shown, &cells);
    for (setting, group) in settings(&cells) {
        let mut header = vec![
            texts.table.transport.to_owned(),
            texts.table.verdict.to_owned(),
        ];
        let same = |title| {
            columns
                .iter()
                .filter(|column| column.title == title)
                .count()
        };
        header.extend(columns.iter().map(|column| {
            let [group, title] = [column.group, column.title].map(texts.translate);
            match same(column.title) {
                1 => title.to_owned(),
                _ => format!("{group}: {title}"),
            }
        }));
        let rows: Vec<Vec<String>> = group
            .iter()
            .map(|cell| row(cell, shown, &columns))
            .collect();
        lines.push(setting.to_owned());
        lines.push(table(&header, &rows, 2));
    }
    lines.extend(recovery::markdown(&cells, recoveries, texts));
    lines.extend(cells.iter().flat_map(|cell| doubts(cell, texts)));
    lines.extend(marks::meaning(&cells));
    lines.extend(answer::paragraphs(trials, locale));
    lines.extend(document.until.clone());
    lines.extend(list(document.demands, locale));
    joined(&lines)
}

/// A search's result, a row a transport.
pub fn capacity_markdown(rows: &[CapacityRow], trials: &[TrialRow], locale: Locale) -> String {
    let texts = locale.texts();
    let (Some(first), Some(trial)) = (rows.first(), trials.first()) else {
        return format!("{}\n", texts.table.no_trial);
    };
    let within = capacity::conditions(first, trial, texts);
    let heading = (texts.capacity.heading)(capacity::factor(first, texts), &within);
    let mut header = vec![texts.capacity.transport.to_owned()];
    header.extend(texts.capacity.columns.map(str::to_owned));
    header.push(texts.capacity.why.to_owned());
    let row = |row: &CapacityRow| {
        let mut cells = vec![row.transport.to_string()];
        cells.extend(capacity::values(row, texts));
        cells.push(capacity::why(row, texts));
        cells
    };
    let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    joined(&[
        heading,
        conditions(trials, locale),
        table(&header, &rows, 1),
    ])
}

/// Claims, each with the figures that show it.
pub fn claims_markdown(claims: &[JudgedClaim], locale: Locale) -> String {
    let words = &locale.texts().claim;
    let [claim, says, measured, verdict] = words.columns.map(str::to_owned);
    let header = [claim, words.figure.to_owned(), says, measured, verdict];
    let rows = claims.iter().flat_map(|claim| {
        claim.figures.iter().map(|it| {
            let verdict = it.verdict_words(words).to_owned();
            let (says, measured) = (claim.says.clone(), it.written.clone());
            vec![
                claim.text.clone(),
                it.figure.clone(),
                says,
                measured,
                verdict,
            ]
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let mut lines = vec![table(&header, &rows, 2)];
    lines.extend(claims::remarks(claims, words));
    lines.push(claims::summary(claims, words));
    joined(&lines)
}

/// Every metric of every pair.
pub fn comparison_markdown(
    compared: &Comparison,
    metrics: &[&'static Metric],
    document: &ComparisonDocument,
    trials: [&[TrialRow]; 2],
    locale: Locale,
) -> String {
    let texts = locale.texts();
    let mut lines = Vec::new();
    for ((letter, run), trials) in ["A", "B"].iter().zip(&document.runs).zip(trials) {
        let conditions = conditions(trials, locale);
        lines.push(match document.runs.len() {
            1 => conditions,
            _ => format!("{letter}: `{run}`: {conditions}"),
        });
    }
    for pair in &compared.pairs {
        let found = metrics.iter().filter_map(|&metric| pair.line(metric));
        let rows: Vec<Vec<String>> = found.map(|line| comparison::row(&line, texts)).collect();
        let sides = comparison::sides(pair, texts);
        lines.push(format!("**{}** ({})", pair.name(texts), sides.join("; ")));
        lines.push(table(&texts.compare.header.map(str::to_owned), &rows, 1));
    }
    let doubts = comparison::doubts(compared, UNFOLDED, texts);
    let item = |line: &String| match line.starts_with(' ') {
        true => line.clone(),
        false => format!("- {line}"),
    };
    lines.push(doubts.iter().map(item).collect::<Vec<_>>().join("\n"));
    lines.extend(
        document
            .not_compared
            .iter()
            .map(|cell| (texts.compare.not_compared)(cell)),
    );
    if document.runs.len() == 1 {
        lines.extend(answer::paragraphs(trials[0], locale));
    }
    lines.extend(list(document.demands, locale));
    joined(&lines)
}

/// The checks of a machine: level, name, text and fix.
pub fn checks_markdown(rows: &[[String; 4]]) -> String {
    let header = ["level", "check", "finding", "fix"].map(str::to_owned);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
    joined(&[table(&header, &rows, 4)])
}

/// The runs of a folder of results.
pub fn runs_markdown(rows: &[[String; 8]], locale: Locale) -> String {
    let header = locale.texts().list.columns;
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
    joined(&[table(&header.map(str::to_owned), &rows, header.len())])
}

fn head(scenario: &str, question: &str) -> String {
    match question {
        "" => format!("**{scenario}**"),
        question => format!("**{scenario}**: {question}"),
    }
}

fn row(cell: &ReportCell, shown: Table, columns: &[TableColumn]) -> Vec<String> {
    let mut row = vec![cell.name(), cell.verdict().to_string()];
    row.extend(
        columns
            .iter()
            .map(|column| columns::line(shown, column.metric, cell)),
    );
    row
}

/// A verdict that is not VALID, and its reasons.
fn doubts(cell: &ReportCell, texts: &Texts) -> Option<String> {
    let warnings = cell.warnings();
    if cell.verdict() == Verdict::Valid && warnings.is_empty() {
        return None;
    }
    let reasons = warnings.iter().map(|(name, _)| {
        format!(
            "\n- `{name}`: {}",
            cell.meaning(name, texts.table.unknown_warning)
        )
    });
    let reasons: String = reasons.collect();
    let (name, setting, verdict) = (cell.name(), &cell.setting, cell.verdict_words());
    Some(format!("**{name}**, {setting}: {verdict}\n{reasons}"))
}

fn list(demands: &[Judgement], locale: Locale) -> Option<String> {
    let line = |demand: &Judgement| format!("- {}", judgement(demand, locale));
    let lines: Vec<String> = demands.iter().map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A table whose first `left` columns are texts and whose others are figures.
pub(super) fn table(header: &[String], rows: &[Vec<String>], left: usize) -> String {
    let rule = (0..header.len()).map(|at| if at < left { "---" } else { "---:" });
    let rule: Vec<String> = rule.map(str::to_owned).collect();
    let lines = [header, &rule]
        .into_iter()
        .chain(rows.iter().map(Vec::as_slice));
    lines.map(line).collect::<Vec<_>>().join("\n")
}

fn line<C: Display>(cells: &[C]) -> String {
    let cells = cells
        .iter()
        .map(|cell| cell.to_string().replace('|', "\\|"));
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// Paragraphs with an empty line between them.
fn joined(paragraphs: &[String]) -> String {
    let filled = paragraphs.iter().filter(|text| !text.is_empty());
    let texts: Vec<&str> = filled.map(String::as_str).collect();
    texts.join("\n\n") + "\n"
}
