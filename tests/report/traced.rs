//! Every number of the first screen is one of the rows, or follows from them. The figures are
//! computed here anew, from the cells of `trials.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wslab::report::answers;
use wslab::results::read_rows;
use wslab::stats::statistics::{
    difference_interval_at, median, median_interval, ratio_interval_at,
};

use super::*;

type CsvRow = std::collections::HashMap<String, String>;

/// Values of the trials of each cell that are not INVALID, by metric.
type Samples = BTreeMap<(u32, &'static str), Vec<f64>>;

/// The metrics of the scorecard, each with the columns whose sum it is.
const METRICS: [(&str, &[&str]); 6] = [
    ("latency_p50_us", &["latency_p50_us"]),
    ("latency_p99_us", &["latency_p99_us"]),
    (
        "all_layers_bytes_per_delivery",
        &[
            "payload_bytes_per_delivery",
            "envelope_bytes_per_delivery",
            "protocol_bytes_per_delivery",
            "tls_bytes_per_delivery",
            "tcp_ip_bytes_per_delivery",
        ],
    ),
    (
        "server_cpu_us_per_delivery",
        &[
            "server_cpu_user_us_per_delivery",
            "server_cpu_sys_us_per_delivery",
        ],
    ),
    (
        "server_rss_bytes_per_client",
        &["server_rss_bytes_per_client"],
    ),
    ("missed", &["missed"]),
];

/// Committed runs: one trial each, several sizes, and repeats with INVALID trials.
const RUNS: [&str; 3] = [
    "results/classroom/20261130t122737z",
    "results/scaling/20261125t131023z",
    "tests/golden/runs/classroom/20300101t100000z",
];

fn samples(file: &Path) -> (Samples, BTreeSet<u32>) {
    let rows: Vec<CsvRow> = csv::Reader::from_path(file)
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .collect();
    let mut samples = Samples::new();
    for row in &rows {
        let cell = row["cell"].parse().unwrap();
        for (metric, columns) in METRICS {
            let parts = columns.iter().map(|column| row[*column].parse::<f64>());
            let counts = metric == "missed" || row["verdict"] != "INVALID";
            if let (Ok(parts), true) = (parts.collect::<Result<Vec<_>, _>>(), counts) {
                let sample = samples.entry((cell, metric)).or_default();
                sample.push(parts.iter().sum());
            }
        }
    }
    let compared = rows.iter().filter(|row| {
        row["transport"] != "raw-tcp" && row.get("aa_of").is_none_or(String::is_empty)
    });
    let compared = compared.map(|row| row["cell"].parse().unwrap()).collect();
    (samples, compared)
}

/// The first number of a text in its base unit (µs, B), and half of its last digit.
fn number(text: &str) -> (f64, f64) {
    let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',');
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    let digits = digits.trim_end_matches(['.', ',']).replace(',', "");
    let decimals = digits.split_once('.').map_or(0, |(_, part)| part.len());
    let unit = rest.split(['<', ' ']).find(|word| !word.is_empty());
    let unit = match unit.unwrap_or_default() {
        "ms" | "kB" => 1e3,
        "s" | "MB" => 1e6,
        _ => 1.0,
    };
    let step = 0.5 * 10f64.powi(-(decimals as i32)) * unit;
    // Of a number with three digits or more and no decimals, only the first three are kept.
    let value = digits.parse::<f64>().unwrap() * unit;
    (value, step.max(value.abs() * 0.0005) * 1.001)
}

fn page_of(run: &str) -> (Vec<TrialRow>, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(run);
    let trials: Vec<TrialRow> = read_rows(&folder.join("trials.csv")).unwrap();
    let page = html(&report(&trials, &[]), &[]);
    (trials, page)
}

#[test]
fn every_figure_of_a_scorecard_is_the_median_of_its_rows() {
    for run in RUNS {
        let (_, page) = page_of(run);
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(run)
            .join("trials.csv");
        let (samples, _) = samples(&file);
        let mut found = BTreeSet::new();
        for piece in page.split("data-cell=\"").skip(1) {
            let attribute = |name: &str| {
                let (_, rest) = piece.split_once(&format!("{name}=\"")).unwrap();
                rest.split_once('"').unwrap().0
            };
            let cell: u32 = piece.split_once('"').unwrap().0.parse().unwrap();
            let (metric, _) = METRICS
                .into_iter()
                .find(|(name, _)| *name == attribute("data-metric"))
                .unwrap();
            let Some(sample) = samples.get(&(cell, metric)) else {
                assert!(
                    piece.contains(">!<"),
                    "{run}, cell {cell}: no trial is valid"
                );
                continue;
            };
            let expected = match metric {
                "missed" => sample.iter().copied().fold(0.0, f64::max),
                _ => median(sample).unwrap(),
            };
            let value: f64 = attribute("data-value").parse().unwrap();
            let is_same = (value - expected).abs() <= expected.abs() * 1e-9;
            assert!(
                is_same,
                "{run}, cell {cell}, {metric}: {value}, not {expected}"
            );
            let (_, shown) = piece.split_once('>').unwrap();
            let shown = shown.split_once("</td>").unwrap().0;
            let shown = match shown.split_once("</span>") {
                Some((_, figure)) => figure,
                None => shown,
            };
            let (shown, interval) = shown.split_once("<small>").unwrap_or((shown, ""));
            // Of a count, the least and the greatest are shown.
            let shown = shown.rsplit_once(" to ").map_or(shown, |(_, most)| most);
            let (shown, half) = number(shown);
            assert!(
                (shown - expected).abs() <= half,
                "{metric}: {shown}, not {expected}"
            );
            if let (Some(ends), false) = (median_interval(sample), interval.is_empty()) {
                let (_, high) = interval.split_once('–').unwrap();
                let (high, half) = number(high);
                assert!(
                    (high - ends.high).abs() <= half,
                    "{metric}: to {high}, not {}",
                    ends.high
                );
            }
            found.insert((cell, metric));
        }
        let figures = samples.keys().filter(|(_, metric)| *metric != "missed");
        let cells: BTreeSet<u32> = figures.map(|(cell, _)| *cell).collect();
        assert!(found.len() >= cells.len() * 4, "{run}: {}", found.len());
    }
}

/// All numbers that may stand in a sentence: medians, and of each pair of cells the difference, the
/// ratio and the percentage, each with the ends of its intervals.
fn candidates(samples: &Samples, compared: &BTreeSet<u32>) -> Vec<f64> {
    let mut all = Vec::new();
    let keys = || samples.keys().filter(|(cell, _)| compared.contains(cell));
    for key in keys() {
        all.push(median(&samples[key]).unwrap());
    }
    let pairs = keys().flat_map(|a| keys().map(move |b| (a, b)));
    for (a, b) in pairs.filter(|(a, b)| a.1 == b.1 && a.0 != b.0) {
        let (a, b) = (&samples[a], &samples[b]);
        let (base, other) = (median(a).unwrap(), median(b).unwrap());
        let mut ratios = vec![other / base];
        all.push((other - base).abs());
        for pairs in 1..=15 {
            let confidence = 1.0 - 0.05 / f64::from(pairs);
            if let Some(ends) = ratio_interval_at(a, b, confidence) {
                ratios.extend([ends.low, ends.high]);
            }
            if let Some(ends) = difference_interval_at(a, b, confidence) {
                all.extend([ends.low.abs(), ends.high.abs()]);
            }
        }
        all.extend(ratios.iter().map(|ratio| (ratio - 1.0).abs() * 100.0));
        all.extend(ratios);
    }
    all
}

/// The numbers of a sentence, each with its unit: `1.31–1.86 ms` has two.
fn numbers_of(sentence: &str) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    // What was asked for is no figure.
    let text: String = sentence
        .split('(')
        .map(|part| {
            part.strip_prefix("every ")
                .map_or(part, |rest| rest.split_once(')').unwrap().1)
        })
        .collect::<Vec<_>>()
        .join("(");
    let words: Vec<&str> = text.split_whitespace().collect();
    for (at, word) in words.iter().enumerate() {
        let parts: Vec<&str> = word.split('–').collect();
        for part in parts {
            let part = part.trim_matches(|c: char| !c.is_ascii_digit());
            if part.starts_with(|c: char| c.is_ascii_digit()) {
                let unit = words
                    .get(at + 1)
                    .unwrap_or(&"")
                    .trim_matches(['.', ',', ';', ')', ':']);
                numbers.push(format!("{part} {unit}"));
            }
        }
    }
    numbers
}

#[test]
fn a_claim_about_bytes_stands_beside_what_was_measured() {
    let trials = trials(&[100], 1);
    let report = report(&trials, &[]);
    let page = html(&report, &plots(&report).unwrap());
    // Rows of short polling and WebSocket: 64, 97.4, 2,900 and 690 B; 64, 97.4, 7.5 and 111.5 B.
    for said in [
        "From 871 bytes to 2",
        ": 2.90 kB and 7.50 B a delivery",
        ": 3.75 kB and 280 B.",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let report = Report {
        trials: &trials[1..],
        ..report
    };
    assert!(!html(&report, &plots(&report).unwrap()).contains("From 871"));
}

#[test]
fn every_number_of_an_answer_follows_from_its_rows() {
    for run in RUNS {
        let (trials, page) = page_of(run);
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(run)
            .join("trials.csv");
        let (samples, compared) = samples(&file);
        let candidates = candidates(&samples, &compared);
        let mut count = 0;
        for answer in answers(&trials, EN) {
            for sentence in &answer.figures {
                assert!(page.contains(sentence), "{sentence}");
                for shown in numbers_of(sentence) {
                    let (value, half) = number(&shown);
                    let is_it = |candidate: &&f64| (*candidate - value).abs() <= half;
                    assert!(
                        candidates.iter().any(|c| is_it(&c)),
                        "{run}: {shown} in {sentence}"
                    );
                    count += 1;
                }
            }
        }
        assert!(count > 20, "{run}: {count} numbers");
    }
}
