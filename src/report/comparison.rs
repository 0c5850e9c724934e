//! The comparison of two runs, or of the transports within one, as plain text.

use crate::report::columns::ABSENT;
use crate::report::lines::{aligned, folded_to, joined, widths};
use crate::report::marks::DOUBTED;
use crate::results::{Metric, Table, TableColumn, Unit, Verdict, shown_in};
use crate::stats::compare::{
    CellPair, CellTrials, Comparison, DifferenceFinding, MetricDifference,
};
use crate::stats::statistics::FEWEST;
use crate::texts::{Locale, Texts};

/// A line a pair and a block a setting: by how much the pairs differ in the figures that matter
/// most. Ends with what was left out and what the figures mean.
pub fn differences(comparison: &Comparison, width: usize, locale: Locale) -> String {
    let (texts, columns) = (locale.texts(), shown_in(Table::PrintedIntervals));
    let mut header = vec![String::new()];
    header.extend(
        columns
            .iter()
            .map(|column| (texts.translate)(column.title).to_owned()),
    );
    let row = |pair: &CellPair| {
        let mut row = vec![pair.short_label()];
        row.extend(columns.iter().map(|column| difference(pair, column, texts)));
        row
    };
    let rows: Vec<Vec<String>> = comparison.pairs.iter().map(row).collect();
    let mut widths = widths(&[&rows[..], std::slice::from_ref(&header)].concat());
    let figures: usize = widths[1..].iter().map(|width| width + 2).sum();
    widths[0] = widths[0].min(width.saturating_sub(figures));
    let mut lines = Vec::new();
    let mut left = rows.iter();
    let settings = comparison
        .pairs
        .chunk_by(|a, b| a.other.setting == b.other.setting);
    for pairs in settings {
        lines.push(pairs[0].other.setting.clone());
        let rows = std::iter::once(&header).chain(left.by_ref().take(pairs.len()));
        lines.extend(rows.flat_map(|row| figures_line(row, &widths, width)));
        lines.push(String::new());
    }
    lines.extend(doubtful_cells(comparison, width, texts));
    lines.extend(folded_to(width, texts.compare.differences, ""));
    lines.extend(ending(comparison, &rows.concat().concat(), width, texts));
    joined(&lines)
}

/// Each pair with its figures, and what the words mean; ends with a line break.
///
/// `metrics` are shown in their order, without those that neither side has.
pub fn comparison(
    comparison: &Comparison,
    metrics: &[&'static Metric],
    width: usize,
    locale: Locale,
) -> String {
    let texts = locale.texts();
    let words = &texts.compare;
    let (mut lines, mut judged) = (Vec::new(), 0);
    for pair in &comparison.pairs {
        let differences = metrics.iter().filter_map(|&metric| pair.line(metric));
        let differences: Vec<MetricDifference> = differences.collect();
        judged += differences.iter().filter(|line| is_judged(line)).count();
        lines.push(pair.name(texts));
        let sides = sides(pair, texts);
        match format!("  {}", sides.join("   ")) {
            both if both.chars().count() <= width => lines.push(both),
            _ => lines.extend(sides.iter().flat_map(|side| folded_to(width, side, "  "))),
        }
        let [a, b] = [&pair.base, &pair.other].map(|cell| cell.trials[0].window_s);
        if a != b {
            lines.extend(folded_to(width, &(words.windows_differ)(a, b), "  "));
        }
        lines.extend(block(&differences, width, texts));
        lines.push(String::new());
    }
    let so_far = lines.concat();
    if judged > 0 {
        let chance = (judged as f64 / 20.0).ceil();
        lines.extend(folded_to(width, &(words.explanation)(judged, chance), ""));
    }
    lines.extend(ending(comparison, &so_far, width, texts));
    joined(&lines)
}

/// What was not compared, and what the marks in `shown` mean.
fn ending(comparison: &Comparison, shown: &str, width: usize, texts: &Texts) -> Vec<String> {
    let words = &texts.compare;
    let alone = comparison.unpaired.iter();
    let mut sentences: Vec<String> = alone.map(|cell| (words.not_compared)(&cell.text)).collect();
    if comparison
        .sides()
        .any(|cell| cell.count(Verdict::Invalid) > 0)
    {
        sentences.push(words.invalid_counted.to_owned());
    }
    if shown.contains(DOUBTED) {
        sentences.push((texts.cell.doubted)(DOUBTED));
    }
    if comparison.sides().any(|cell| cell.usable() < FEWEST) {
        sentences.push((words.repeat)(FEWEST));
    }
    let sentences = sentences.iter();
    sentences
        .flat_map(|sentence| folded_to(width, sentence, ""))
        .collect()
}

fn is_judged(line: &MetricDifference) -> bool {
    matches!(
        line.finding,
        DifferenceFinding::Shown(_) | DifferenceFinding::NotShown(_)
    )
}

/// Both sides of a pair with their trials.
pub(super) fn sides(pair: &CellPair, texts: &Texts) -> [String; 2] {
    let sides = [("A", &pair.base), ("B", &pair.other)];
    sides.map(|(letter, cell)| side(letter, cell, pair, texts))
}

/// A side of a pair with its trials: `A: 5 trials`, or `A (websocket): 5 trials` within a run.
fn side(letter: &str, cell: &CellTrials, pair: &CellPair, texts: &Texts) -> String {
    let name = match pair.base.name == pair.other.name {
        true => letter.to_owned(),
        false => (texts.compare.letter)(letter, &cell.name),
    };
    (texts.compare.side)(&name, &trials(cell, texts))
}

/// How many trials a side has, and their verdicts.
fn trials(cell: &CellTrials, texts: &Texts) -> String {
    let [invalid, suspect] = [Verdict::Invalid, Verdict::Suspect].map(|of| cell.count(of));
    let mut text = (texts.cell.trials)(cell.usable() as f64);
    if suspect > 0 {
        let why = cell.reasons(Verdict::Suspect, texts);
        text.push_str(&(texts.compare.of_them_suspect)(suspect, &why));
    }
    if invalid > 0 {
        let why = cell.reasons(Verdict::Invalid, texts);
        text.push_str(&(texts.compare.invalid_left_out)(invalid, &why));
    }
    text
}

/// The cells with trials that are not VALID, and why these are not.
fn doubtful_cells(comparison: &Comparison, width: usize, texts: &Texts) -> Vec<String> {
    let mut lines = Vec::new();
    for cell in comparison.sides() {
        if cell.count(Verdict::Valid) < cell.trials.len() {
            let name = format!("{}, {}", cell.name, cell.setting);
            let text = (texts.compare.side)(&name, &trials(cell, texts));
            let folded = folded_to(width, &text, "");
            if !lines.contains(&folded) {
                lines.push(folded);
            }
        }
    }
    lines.concat()
}

/// A line a metric; where it is too wide, its finding has a line of its own.
fn block(lines: &[MetricDifference], width: usize, texts: &Texts) -> Vec<String> {
    let mut rows = vec![texts.compare.header.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| row(line, texts)));
    let widths = widths(&rows);
    let lines = rows.iter().flat_map(|row| {
        let (finding, figures) = row.split_last().expect("four columns");
        let figures = aligned(figures, &widths[..figures.len()], &[0]);
        let whole = format!("{figures}  {finding}");
        match whole.trim_end().chars().count() <= width {
            true => vec![whole],
            false => vec![figures, format!("    {finding}")],
        }
    });
    lines.collect()
}

/// A row with a name and figures; where it is too wide, its name has a line of its own.
fn figures_line(row: &[String], widths: &[usize], width: usize) -> Vec<String> {
    let whole = aligned(row, widths, &[0]);
    if whole.trim_end().chars().count() <= width {
        return vec![whole];
    }
    let figures = aligned(&row[1..], &widths[1..], &[]);
    vec![row[0].clone(), format!("    {figures}")]
}

pub(super) fn row(line: &MetricDifference, texts: &Texts) -> Vec<String> {
    let value = |value: Option<f64>, doubted| match value {
        Some(value) => format!("{}{}", write(line.metric, value, texts), mark(doubted)),
        None => ABSENT.to_owned(),
    };
    let [a, b] = line.doubted;
    vec![
        line.metric.name.to_owned(),
        value(line.base, a),
        value(line.other, b),
        line.finding.words(texts),
    ]
}

/// The difference of a pair's medians as a whole number of percent or a multiple, in brackets where
/// none is shown.
fn difference(pair: &CellPair, column: &TableColumn, texts: &Texts) -> String {
    let Some(line) = pair.line(column.metric) else {
        return ABSENT.to_owned();
    };
    let (Some(base), Some(other)) = (line.base, line.other) else {
        return ABSENT.to_owned();
    };
    let mark = mark(line.doubted.contains(&true));
    let percent = match base == other {
        true => 0.0,
        false => (other / base - 1.0) * 100.0,
    };
    let text = match percent.is_finite() {
        true => texts.numbers.deviation(percent),
        false => "+∞".to_owned(),
    };
    match line.finding {
        DifferenceFinding::Shown(_) => format!("{text}{mark}"),
        _ => format!("({text}){mark}"),
    }
}

fn mark(doubted: bool) -> &'static str {
    if doubted { DOUBTED } else { "" }
}

/// A figure in its metric's unit. A count is a median here, so it is rounded.
fn write(metric: &Metric, value: f64, texts: &Texts) -> String {
    match metric.unit {
        Unit::Count => texts.numbers.plain(value),
        unit => unit.write(texts.numbers, value),
    }
}
