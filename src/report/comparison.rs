//! The comparison of two runs, or of the transports within one, as plain text.

use crate::results::{Metric, Unit, Verdict};
use crate::stats::compare::{
    CellPair, CellTrials, Change, DifferenceFinding, MetricDifference, decimals,
};

use crate::report::columns::ABSENT;
use crate::report::number;

const HEADER: [&str; 6] = ["", "A", "B", "difference", "95 % interval", "so B is"];

/// Each pair with its lines, and what the words mean; ends with a line break.
///
/// `metrics` are shown in their order, without those that neither side has.
pub fn comparison(pairs: &[CellPair], unpaired: &[String], metrics: &[&'static Metric]) -> String {
    let mut text = String::new();
    let mut judged = 0;
    for pair in pairs {
        let lines: Vec<MetricDifference> = metrics
            .iter()
            .filter_map(|&metric| pair.line(metric))
            .collect();
        judged += lines.iter().filter(|line| is_judged(line)).count();
        text.push_str(&format!("{}\n", pair.name));
        text.push_str(&format!(
            "  A: {}   B: {}\n",
            trials(&pair.base),
            trials(&pair.other)
        ));
        let windows = [&pair.base, &pair.other].map(|cell| cell.trials[0].window_s);
        if windows[0] != windows[1] {
            let [a, b] = windows;
            text.push_str(&format!(
                "  The windows differ, {a} s and {b} s: counts do not compare.\n"
            ));
        }
        text.push_str(&block(&lines, is_suspect(pair)));
        text.push('\n');
    }
    for name in unpaired {
        text.push_str(&format!("not compared: {name}\n"));
    }
    if judged > 0 {
        text.push_str(&explanation(judged));
    }
    text
}

fn explanation(judged: usize) -> String {
    let chance = (judged as f64 / 20.0).ceil();
    format!(
        "A and B are medians over trials. The interval holds the true difference in about\n\
         95 of 100 experiments; one that holds 0 shows none. Where nothing differs, a line says\n\
         otherwise about 1 time in 20 at worst: of the {judged} lines above, up to {chance}.\n"
    )
}

fn is_judged(line: &MetricDifference) -> bool {
    matches!(
        line.finding,
        DifferenceFinding::Shown(_) | DifferenceFinding::NotShown(_)
    )
}

/// Whether trials that are counted are SUSPECT.
fn is_suspect(pair: &CellPair) -> bool {
    [&pair.base, &pair.other]
        .iter()
        .any(|cell| cell.count(Verdict::Suspect) > 0)
}

/// How many trials a side has, and their verdicts.
fn trials(cell: &CellTrials) -> String {
    let (invalid, suspect) = (cell.count(Verdict::Invalid), cell.count(Verdict::Suspect));
    let counted = cell.trials.len() - invalid;
    let mut text = match counted {
        1 => "1 trial".to_owned(),
        _ => format!("{counted} trials"),
    };
    if suspect > 0 {
        text.push_str(&format!(", {suspect} of them SUSPECT"));
    }
    if invalid > 0 {
        text.push_str(&format!(", {invalid} INVALID left out"));
    }
    text
}

fn block(lines: &[MetricDifference], suspect: bool) -> String {
    let header = HEADER.map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(header)
        .chain(lines.iter().map(|line| row(line, suspect)))
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    let aligned = |row: &Vec<String>| {
        let texts = row.iter().zip(&widths).enumerate();
        let texts = texts.map(|(column, (text, &width))| match column {
            0 | 5 => format!("{text:<width$}"),
            _ => format!("{text:>width$}"),
        });
        let line = texts.collect::<Vec<_>>().join("  ");
        format!("  {}\n", line.trim_end())
    };
    rows.iter().map(aligned).collect()
}

fn row(line: &MetricDifference, suspect: bool) -> Vec<String> {
    let value = |value: Option<f64>| value.map_or(ABSENT.to_owned(), |v| say(line.metric, v));
    let (difference, interval) = match line.finding {
        DifferenceFinding::Shown(change) | DifferenceFinding::NotShown(change) => {
            (signed(change.difference), interval(change))
        }
        _ => (ABSENT.to_owned(), ABSENT.to_owned()),
    };
    let mark = if suspect { "  (SUSPECT)" } else { "" };
    vec![
        line.metric.name.to_owned(),
        value(line.base),
        value(line.other),
        difference,
        interval,
        format!("{}{mark}", line.finding),
    ]
}

fn interval(change: Change) -> String {
    format!("{} to {}", signed(change.low), signed(change.high))
}

/// A relative difference: `+6.3 %`, `−15 %`.
fn signed(difference: f64) -> String {
    if difference.is_infinite() {
        return "+∞".to_owned();
    }
    let percent = difference * 100.0;
    let sign = match percent {
        p if p > 0.0 => "+",
        p if p < 0.0 => "−",
        _ => return "0 %".to_owned(),
    };
    format!("{sign}{:.*} %", decimals(percent), percent.abs())
}

/// A figure in its metric's unit. Counts are medians here, so they are rounded.
fn say(metric: &Metric, value: f64) -> String {
    match metric.unit {
        Unit::Count => number::plain(value),
        unit => number::of_unit(unit, value),
    }
}
