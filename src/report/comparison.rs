//! The comparison of two runs, or of the transports within one, as plain text.

use crate::report::columns::ABSENT;
use crate::report::lines::{aligned, widths};
use crate::results::{Metric, Unit, Verdict};
use crate::stats::compare::{
    CellPair, CellTrials, Change, DifferenceFinding, MANY_PERCENT, MetricDifference, decimals,
};
use crate::texts::{Locale, Texts};

/// Each pair with its lines, and what the words mean; ends with a line break.
///
/// `metrics` are shown in their order, without those that neither side has.
pub fn comparison(
    pairs: &[CellPair],
    unpaired: &[String],
    metrics: &[&'static Metric],
    locale: Locale,
) -> String {
    let texts = locale.texts();
    let words = &texts.compare;
    let mut text = String::new();
    let mut judged = 0;
    for pair in pairs {
        let lines = metrics.iter().filter_map(|&metric| pair.line(metric));
        let lines: Vec<MetricDifference> = lines.collect();
        judged += lines.iter().filter(|line| is_judged(line)).count();
        let sides = [&pair.base, &pair.other];
        let [a, b] = sides.map(|cell| trials(cell, texts));
        text.push_str(&format!("{}\n  {}\n", pair.name, (words.sides)(&a, &b)));
        let [a, b] = sides.map(|cell| cell.trials[0].window_s);
        if a != b {
            text.push_str(&format!("  {}\n", (words.windows_differ)(a, b)));
        }
        let suspect = sides.iter().any(|cell| cell.count(Verdict::Suspect) > 0);
        text.push_str(&block(&lines, suspect, texts));
        text.push('\n');
    }
    for name in unpaired {
        text.push_str(&format!("{}\n", (words.not_compared)(name)));
    }
    let mut sides = pairs.iter().flat_map(|pair| [&pair.base, &pair.other]);
    if sides.any(|cell| cell.count(Verdict::Invalid) > 0) {
        text.push_str(words.invalid_counted);
    }
    if judged > 0 {
        text.push_str(&(words.explanation)(judged, (judged as f64 / 20.0).ceil()));
    }
    text
}

fn is_judged(line: &MetricDifference) -> bool {
    matches!(
        line.finding,
        DifferenceFinding::Shown(_) | DifferenceFinding::NotShown(_)
    )
}

/// How many trials a side has, and their verdicts.
fn trials(cell: &CellTrials, texts: &Texts) -> String {
    let (invalid, suspect) = (cell.count(Verdict::Invalid), cell.count(Verdict::Suspect));
    let counted = cell.trials.len() - invalid;
    let mut text = (texts.cell.trials)(counted as f64);
    if suspect > 0 {
        text.push_str(&(texts.compare.of_them_suspect)(suspect));
    }
    if invalid > 0 {
        let why = cell.invalid_reasons(texts);
        text.push_str(&(texts.compare.invalid_left_out)(invalid, &why));
    }
    text
}

fn block(lines: &[MetricDifference], suspect: bool, texts: &Texts) -> String {
    let mut rows = vec![texts.compare.header.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| row(line, suspect, texts)));
    let widths = widths(&rows);
    let aligned = rows.iter().map(|row| aligned(row, &widths, &[0, 5]));
    aligned
        .map(|line| format!("  {}\n", line.trim_end()))
        .collect()
}

fn row(line: &MetricDifference, suspect: bool, texts: &Texts) -> Vec<String> {
    let absent = || ABSENT.to_owned();
    let value = |value: Option<f64>| value.map_or_else(absent, |v| write(line.metric, v, texts));
    let (difference, interval) = match line.finding {
        DifferenceFinding::Shown(change) | DifferenceFinding::NotShown(change) => {
            (signed(change.difference, texts), interval(change, texts))
        }
        _ => (absent(), absent()),
    };
    let finding = line.finding.words(texts);
    let finding = match suspect {
        true => format!("{finding}  {}", texts.compare.suspect),
        false => finding,
    };
    vec![
        line.metric.name.to_owned(),
        value(line.base),
        value(line.other),
        difference,
        interval,
        finding,
    ]
}

fn interval(change: Change, texts: &Texts) -> String {
    let [low, high] = [change.low, change.high].map(|end| signed(end, texts));
    (texts.compare.interval)(&low, &high)
}

/// A relative difference: `+6.3 %`, `−15 %`, `119,000 ×`.
fn signed(difference: f64, texts: &Texts) -> String {
    let percent = difference * 100.0;
    if percent.is_infinite() {
        return "+∞".to_owned();
    }
    if percent >= MANY_PERCENT {
        return texts.numbers.times(percent);
    }
    let sign = match percent {
        p if p > 0.0 => "+",
        p if p < 0.0 => "−",
        _ => return "0 %".to_owned(),
    };
    let number = texts.numbers.fixed(percent.abs(), decimals(percent));
    format!("{sign}{number} %")
}

/// A figure in its metric's unit. A count is a median here, so it is rounded.
fn write(metric: &Metric, value: f64, texts: &Texts) -> String {
    match metric.unit {
        Unit::Count => texts.numbers.plain(value),
        unit => unit.write(texts.numbers, value),
    }
}
