//! The comparison of two runs, or of the transports within one, as plain text.

use crate::report::columns::ABSENT;
use crate::report::lines::{TextStyle, aligned, folded_to, joined, line_width, widths};
use crate::report::marks::DOUBTED;
use crate::report::warnings::{self, NamedCell};
use crate::results::{Better, Metric, Table, TableColumn, Unit, Verdict, shown_in};
use crate::stats::compare::{
    CellPair, CellTrials, Comparison, DifferenceFinding, MetricDifference,
};
use crate::stats::statistics::FEWEST;
use crate::texts::{Locale, Texts};

/// A line a pair and a block a setting: by how much the pairs differ in the figures that matter
/// most. Ends with what was left out and what the figures mean.
pub fn differences(comparison: &Comparison, style: TextStyle, locale: Locale) -> String {
    let width = style.width;
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
    let mut rows: Vec<Vec<String>> = comparison.pairs.iter().map(row).collect();
    let mut widths = widths(&[&rows[..], std::slice::from_ref(&header)].concat());
    // Without room, the last columns are left out; --details has all.
    while line_width(&widths[1..]) > width && widths.len() > 2 {
        widths.pop();
    }
    header.truncate(widths.len());
    rows.iter_mut().for_each(|row| row.truncate(widths.len()));
    let figures: usize = widths[1..].iter().map(|width| width + 2).sum();
    widths[0] = widths[0].min(width.saturating_sub(figures));
    let mut lines = Vec::new();
    let mut left = rows.iter();
    let settings = comparison
        .pairs
        .chunk_by(|a, b| a.other.setting == b.other.setting);
    for pairs in settings {
        lines.push(pairs[0].other.setting.clone());
        let header = figures_line(&header, &widths, width);
        lines.extend(header.iter().map(|line| style.bold(line)));
        let rows = left.by_ref().take(pairs.len());
        lines.extend(rows.flat_map(|row| figures_line(row, &widths, width)));
        lines.push(String::new());
    }
    lines.extend(doubts(comparison, style, texts));
    lines.extend(dimmed(style, texts.compare.differences));
    lines.extend(ending(comparison, &rows.concat().concat(), style, texts));
    joined(&lines)
}

/// Each pair with its figures, and what the words mean; ends with a line break.
///
/// `metrics` are shown in their order, without those that neither side has.
pub fn comparison(
    comparison: &Comparison,
    metrics: &[&'static Metric],
    style: TextStyle,
    locale: Locale,
) -> String {
    let (texts, width) = (locale.texts(), style.width);
    let words = &texts.compare;
    let (mut lines, mut judged) = (Vec::new(), 0);
    for pair in &comparison.pairs {
        let differences = metrics.iter().filter_map(|&metric| pair.line(metric));
        let differences: Vec<MetricDifference> = differences.collect();
        judged += differences.iter().filter(|line| is_judged(line)).count();
        lines.extend(
            folded_to(width, &pair.name(texts), "")
                .iter()
                .map(|line| style.bold(line)),
        );
        let sides = sides(pair, texts);
        match format!("  {}", sides.join("   ")) {
            both if both.chars().count() <= width => lines.push(both),
            _ => lines.extend(sides.iter().flat_map(|side| folded_to(width, side, "  "))),
        }
        let [a, b] = [&pair.base, &pair.other].map(|cell| cell.trials[0].window_s);
        if a != b {
            lines.extend(folded_to(width, &(words.windows_differ)(a, b), "  "));
        }
        lines.extend(block(&differences, style, texts));
        lines.push(String::new());
    }
    let so_far = lines.concat();
    if judged > 0 {
        let chance = (judged as f64 / 20.0).ceil();
        lines.extend(dimmed(style, &(words.explanation)(judged, chance)));
    }
    lines.extend(doubts(comparison, style, texts));
    lines.extend(ending(comparison, &so_far, style, texts));
    joined(&lines)
}

/// What was not compared, and what the marks in `shown` mean.
fn ending(comparison: &Comparison, shown: &str, style: TextStyle, texts: &Texts) -> Vec<String> {
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
        .flat_map(|sentence| dimmed(style, sentence))
        .collect()
}

/// An explanation in lines that fit.
fn dimmed(style: TextStyle, text: &str) -> Vec<String> {
    let lines = folded_to(style.width, text, "").into_iter();
    lines.map(|line| style.dim(&line)).collect()
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
        text.push_str(&(texts.compare.of_them_suspect)(suspect));
    }
    if invalid > 0 {
        text.push_str(&(texts.compare.invalid_left_out)(invalid));
    }
    text
}

/// Why trials are not VALID, a line for each kind of warning.
pub(super) fn doubts(comparison: &Comparison, style: TextStyle, texts: &Texts) -> Vec<String> {
    let mut cells: Vec<NamedCell> = Vec::new();
    for pair in &comparison.pairs {
        for (letter, cell) in [("A: ", &pair.base), ("B: ", &pair.other)] {
            let letter = if pair.base.name == pair.other.name {
                letter
            } else {
                ""
            };
            let name = format!("{letter}{}, {}", cell.name, cell.setting);
            if !cells.iter().any(|known| known.name == name) {
                let trials = cell.trials.clone();
                cells.push(NamedCell { name, trials });
            }
        }
    }
    warnings::lines(&cells, style, texts)
}

/// A line a metric; where it is too wide, its finding has a line of its own.
fn block(lines: &[MetricDifference], style: TextStyle, texts: &Texts) -> Vec<String> {
    let mut rows = vec![texts.compare.header.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| row(line, texts)));
    let widths = widths(&rows);
    let colours = std::iter::once(None).chain(lines.iter().map(Some));
    let lines = rows.iter().zip(colours).flat_map(|(row, line)| {
        let (finding, figures) = row.split_last().expect("four columns");
        let figures = aligned(figures, &widths[..figures.len()], &[0]);
        let coloured = line.map_or_else(|| finding.clone(), |line| found(line, finding, style));
        match figures.chars().count() + 2 + finding.chars().count() <= style.width {
            true => vec![format!("{figures}  {coloured}")],
            false => {
                let name_alone = figures.chars().count() > style.width;
                let both = aligned(&row[1..3], &widths[1..3], &[]);
                let figures = match name_alone {
                    true => vec![row[0].clone(), format!("    {both}")],
                    false => vec![figures],
                };
                [figures, folded_to(style.width, &coloured, "    ")].concat()
            }
        }
    });
    lines.collect()
}

/// A finding in the colour of what it says: better, worse, or neither.
fn found(line: &MetricDifference, finding: &str, style: TextStyle) -> String {
    let is_drop = match line.finding {
        DifferenceFinding::Shown(change) => change.high < 0.0,
        DifferenceFinding::Broken { .. } => return style.bad(finding),
        _ => return style.dim(finding),
    };
    match (line.metric.better, is_drop) {
        (Better::Lower, true) | (Better::Higher, false) => style.good(finding),
        (Better::Lower, false) | (Better::Higher, true) => style.bad(finding),
        (Better::Neither, _) => style.bold(finding),
    }
}

/// A row with a name and figures; where it is too wide, its name has a line of its own.
fn figures_line(row: &[String], widths: &[usize], width: usize) -> Vec<String> {
    let whole = aligned(row, widths, &[0]);
    if whole.trim_end().chars().count() <= width {
        return vec![whole];
    }
    let figures = aligned(&row[1..], &widths[1..], &[]);
    let indent = if figures.chars().count() + 4 <= width {
        "    "
    } else {
        ""
    };
    vec![row[0].clone(), format!("{indent}{figures}")]
}

pub(super) fn row(line: &MetricDifference, texts: &Texts) -> Vec<String> {
    let value = |value: Option<f64>, marked| match value {
        Some(value) => format!("{}{}", write(line.metric, value, texts), mark(marked)),
        None => ABSENT.to_owned(),
    };
    let [a, b] = line.marked;
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
    let mark = mark(line.marked.contains(&true));
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

fn mark(is_marked: bool) -> &'static str {
    if is_marked { DOUBTED } else { "" }
}

/// A figure in its metric's unit. A count is a median here, so it is rounded.
fn write(metric: &Metric, value: f64, texts: &Texts) -> String {
    match metric.unit {
        Unit::Count => texts.numbers.plain(value),
        unit => unit.write(texts.numbers, value),
    }
}

/// What differs between two runs, what does not, and what cannot be told.
pub fn closing(
    comparison: &Comparison,
    metrics: &[&'static Metric],
    style: TextStyle,
    locale: Locale,
) -> String {
    /// Differences that are named.
    const MOST: usize = 3;
    let texts = locale.texts();
    let (mut shown, mut alike, mut untold) = (Vec::new(), 0, 0);
    for pair in &comparison.pairs {
        for line in metrics.iter().filter_map(|&metric| pair.line(metric)) {
            let size = match line.finding {
                DifferenceFinding::Shown(change) => (1.0 + change.difference).ln().abs(),
                DifferenceFinding::Broken { .. } => f64::INFINITY,
                DifferenceFinding::NotShown(_) => {
                    alike += 1;
                    continue;
                }
                DifferenceFinding::TooFew { .. } | DifferenceFinding::OneSided => {
                    untold += 1;
                    continue;
                }
            };
            let (metric, words) = (line.metric.short_name(), line.finding.words(texts));
            shown.push((size, format!("{}: {metric} {words}", pair.name(texts))));
        }
    }
    shown.sort_by(|a, b| b.0.total_cmp(&a.0));
    let most: Vec<String> = shown
        .iter()
        .take(MOST)
        .map(|(_, text)| text.clone())
        .collect();
    let text = (texts.compare.closing)(&most, shown.len(), alike, untold);
    let lines = folded_to(style.width, &text, "").into_iter();
    format!(
        "\n{}",
        joined(&lines.map(|line| style.bold(&line)).collect::<Vec<_>>())
    )
}
