//! `wslab compare` and `summary.csv` on folders of made-up trials, with the real binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use wslab::results::{TrialRow, Verdict, write_rows};
use wslab::stats::summary::{self, SummaryRow};
use wslab::transport::Transport;

#[path = "compare/gates.rs"]
mod gates;
#[allow(dead_code)] // The report's tests use the rest.
#[path = "report/rows.rs"]
mod rows;

/// The p99 of five trials in ms: 100 ± 3.
const NOISE_MS: [f64; 5] = [100.0, 103.0, 97.0, 101.0, 99.0];
/// Five other values of the same distribution.
const AGAIN_MS: [f64; 5] = [98.0, 102.0, 100.5, 96.5, 101.5];

/// A temporary folder for runs.
struct Runs(TempDir);

impl Runs {
    fn new() -> Self {
        Runs(TempDir::new().unwrap())
    }

    /// Writes a run with these trials, as `wslab run` does.
    fn run(&self, name: &str, trials: &[TrialRow]) -> PathBuf {
        let folder = self.0.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        write_rows(&folder.join("trials.csv"), trials).unwrap();
        folder
    }
}

/// The trials of a cell that differ in nothing but the p99.
fn cell(number: u32, transport: Transport, p99_ms: &[f64]) -> Vec<TrialRow> {
    let trials = p99_ms.iter().zip(1..);
    trials
        .map(|(ms, trial)| TrialRow {
            trial,
            latency_p99_us: Some(ms * 1e3),
            ..rows::trial(number, 1, transport, 1_000)
        })
        .collect()
}

fn times(ms: &[f64], factor: f64) -> Vec<f64> {
    ms.iter().map(|ms| ms * factor).collect()
}

fn compare(folders: &[&Path], flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wslab"))
        .arg("compare")
        .args(folders)
        .args(flags)
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

/// The exit code and the output of a comparison.
fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// The line of a metric.
fn line<'t>(text: &'t str, metric: &str) -> &'t str {
    let mut lines = text.lines().map(str::trim);
    let is_it = |line: &&str| line.split_whitespace().next() == Some(metric);
    lines
        .find(is_it)
        .unwrap_or_else(|| panic!("no {metric} in {text}"))
}

#[test]
fn a_planted_difference_is_found_and_named() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &NOISE_MS));
    let b = runs.run("b", &cell(1, Transport::Sse, &times(&NOISE_MS, 1.3)));

    let (code, text) = said(&compare(&[&a, &b], &[]));
    assert_eq!(code, Some(0), "{text}");
    let found = line(&text, "latency_p99_us").split_whitespace();
    assert_eq!(
        found.collect::<Vec<_>>().join(" "),
        "latency_p99_us 100 ms 130 ms higher by 22–38 %"
    );
    assert!(line(&text, "latency_p50_us").contains("none shown"));
    assert!(
        text.contains("sse, 1000 clients\n  A: 5 trials   B: 5 trials"),
        "{text}"
    );
    assert!(text.starts_with(&format!("A: {}\n", a.display())), "{text}");

    let (_, text) = said(&compare(&[&b, &a], &["--metric", "latency_p99_us"]));
    assert!(
        line(&text, "latency_p99_us").ends_with("lower by 18–28 %"),
        "{text}"
    );
    assert!(!text.contains("latency_p50_us"), "{text}");
}

#[test]
fn an_a_a_pair_shows_no_difference() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &NOISE_MS));
    let b = runs.run("b", &cell(1, Transport::Sse, &AGAIN_MS));
    let gates = [
        "--fail-if",
        "latency_p99_us > 0%",
        "--fail-if",
        "missed > 0%",
    ];
    let (code, text) = said(&compare(
        &[&a, &b],
        &[&gates[..], &["--metric", "all"]].concat(),
    ));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("none shown (−6.3 % to +5.2 %)"), "{text}");
    assert!(
        !text.contains("higher") && !text.contains("lower"),
        "{text}"
    );
    assert!(line(&text, "wire_bytes_per_delivery").contains("none shown"));
    // SSE has no exchanges.
    assert!(!text.contains("exchanges"), "{text}");
}

#[test]
fn a_gate_fails_where_the_difference_is_beyond_it() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &NOISE_MS));
    let b = runs.run("b", &cell(1, Transport::Sse, &times(&AGAIN_MS, 1.3)));
    for (gate, expected) in [
        ("latency_p99_us > +10%", 1),
        ("latency_p99_us > +50%", 0),
        ("latency_p99_us < -10%", 0),
        ("latency_p50_us > +10%", 0),
        ("latency_p50_us > -10%", 1),
    ] {
        let (code, text) = said(&compare(&[&a, &b], &["--fail-if", gate]));
        assert_eq!(code, Some(expected), "{gate}: {text}");
        let failure = format!("{gate}: sse, 1000 clients: ");
        assert_eq!(text.contains(&failure), expected == 1, "{text}");
    }
    let (_, text) = said(&compare(&[&a, &b], &["--fail-if", "latency_p99_us > +10%"]));
    assert!(text.contains("1000 clients: higher by"), "{text}");
}

#[test]
fn one_trial_is_too_few_and_a_gate_does_not_pass() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &[100.0]));
    let b = runs.run("b", &cell(1, Transport::Sse, &NOISE_MS));
    let few = "too few trials (1 of 5)";
    for (x, y) in [(&a, &b), (&b, &a)] {
        let (code, text) = said(&compare(&[x, y], &[]));
        assert_eq!(code, Some(0), "{text}");
        assert!(line(&text, "latency_p99_us").ends_with(few), "{text}");
        let (code, text) = said(&compare(&[x, y], &["--fail-if", "latency_p99_us > +10%"]));
        assert_eq!(code, Some(1), "{text}");
        assert!(
            text.contains(&format!("sse, 1000 clients: {few}")),
            "{text}"
        );
    }
    // A figure that only polling transports have.
    let (code, text) = said(&compare(&[&b, &b], &["--fail-if", "exchanges > +10%"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("exchanges > +10%: no trial has this figure"),
        "{text}"
    );
}

#[test]
fn invalid_trials_are_left_out_and_suspect_ones_told() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &NOISE_MS));
    let mut trials = cell(1, Transport::Sse, &[&AGAIN_MS[..], &[9_000.0]].concat());
    trials[2].verdict = Verdict::Suspect;
    trials[5].verdict = Verdict::Invalid;
    let b = runs.run("b", &trials);
    let (code, text) = said(&compare(&[&a, &b], &[]));
    assert_eq!(code, Some(0), "{text}");
    let counted = "A: 5 trials B: 5 trials, 1 of them SUSPECT, 1 INVALID left out";
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.join(" ").contains(counted), "{text}");
    let why = "INVALID no reason named (B: sse, 1000 clients (2 of 6 trials))";
    assert!(words.join(" ").contains(why), "{text}");
    let found = line(&text, "latency_p99_us");
    assert!(found.contains(" ms  none shown ("), "{text}");

    // A cell without a usable trial has no figures.
    for trial in &mut trials {
        trial.verdict = Verdict::Invalid;
    }
    let none = runs.run("none", &trials);
    let (code, text) = said(&compare(
        &[&a, &none],
        &["--fail-if", "latency_p99_us > +10%"],
    ));
    assert_eq!(code, Some(1), "{text}");
    assert!(
        line(&text, "latency_p99_us").contains("too few trials (0 of 5)"),
        "{text}"
    );
}

#[test]
fn what_was_nothing_and_is_something_is_higher() {
    let runs = Runs::new();
    let trials = cell(1, Transport::Sse, &NOISE_MS);
    let a = runs.run("a", &trials);
    let lossy = |row: &TrialRow| TrialRow {
        missed: 7,
        ..row.clone()
    };
    let b = runs.run("b", &trials.iter().map(lossy).collect::<Vec<_>>());
    let (code, text) = said(&compare(&[&a, &b], &["--fail-if", "missed > 0%"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(line(&text, "missed").ends_with("higher: from 0"), "{text}");
    let (code, text) = said(&compare(&[&b, &a], &["--fail-if", "missed > 0%"]));
    assert_eq!(code, Some(0), "{text}");
    assert!(line(&text, "missed").ends_with("lower by 100 %"), "{text}");
}

/// A run of SSE, WebSocket at half of its latency, and two short polling cells.
fn transports() -> Vec<TrialRow> {
    let mut often = cell(3, Transport::ShortPolling, &times(&NOISE_MS, 20.0));
    let mut seldom = cell(4, Transport::ShortPolling, &times(&NOISE_MS, 100.0));
    often
        .iter_mut()
        .for_each(|row| row.poll_interval_ms = Some(200.0));
    seldom
        .iter_mut()
        .for_each(|row| row.poll_interval_ms = Some(1_000.0));
    // Rows stand in the order of measuring, not of cells.
    [
        cell(2, Transport::WebSocket, &times(&NOISE_MS, 0.5)),
        seldom,
        cell(1, Transport::Sse, &NOISE_MS),
        often,
    ]
    .concat()
}

#[test]
fn all_transports_of_one_run_are_compared_in_one_table_of_80_columns() {
    let runs = Runs::new();
    let mut more = transports();
    // With twice the rate there is one transport only.
    more.extend(cell(5, Transport::Sse, &NOISE_MS));
    more[20..].iter_mut().for_each(|row| row.rate_hz = 20.0);
    let run = runs.run("run", &more);
    let (code, text) = said(&compare(&[&run], &[]));
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let setting = lines
        .iter()
        .position(|line| *line == "1000 clients, rate_hz 10.0");
    let lines = &lines[setting.unwrap()..];
    // What most people decide between comes first.
    let first: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(first[0], "sse/websocket", "{text}");
    assert_eq!(first[3..5], ["+100", "%"], "{text}");
    let pairs = [
        "short-polling every 200 ms/sse",
        "short-polling every 1 s/sse",
        "short-polling every 200 ms/websocket",
        "short-polling every 1 s/short-polling every 200 ms",
    ];
    for pair in pairs {
        assert!(text.contains(pair), "{pair}: {text}");
    }
    assert!(text.contains("200 ×"), "{text}");
    let alone =
        "not compared: sse, 1000 clients, rate_hz 20.0: no other transport has this setting";
    assert!(text.replace('\n', " ").contains(alone), "{text}");
}

#[test]
fn a_run_is_compared_with_the_transport_that_is_named() {
    let runs = Runs::new();
    let run = runs.run("run", &transports());
    let (code, text) = said(&compare(&[&run], &["--against", "ws", "--details"]));
    assert_eq!(code, Some(0), "{text}");
    let pairs = [
        "sse against websocket, 1000 clients",
        "short-polling every 200 ms against websocket, 1000 clients",
        "short-polling every 1 s against websocket, 1000 clients",
    ];
    let named: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" against websocket, "))
        .collect();
    assert_eq!(named, pairs, "{text}");
    assert!(
        text.contains("A (websocket): 5 trials   B (sse): 5 trials"),
        "{text}"
    );
    assert!(
        line(&text, "latency_p99_us").ends_with("higher by 88–112 %"),
        "{text}"
    );
    let (code, text) = said(&compare(&[&run], &["--against", "ndjson"]));
    assert_eq!(code, Some(2), "{text}");
    let advice = "there is no trial of ndjson to compare: the transports are short-polling, sse, \
                  websocket";
    assert!(text.contains(advice), "{text}");
    let (code, text) = said(&compare(&[&run, &run], &["--against", "sse"]));
    assert_eq!(code, Some(2), "{text}");
}

#[test]
fn cells_without_a_partner_are_named() {
    let runs = Runs::new();
    let sse = cell(1, Transport::Sse, &NOISE_MS);
    let both = [sse.clone(), cell(2, Transport::WebSocket, &NOISE_MS)].concat();
    let mut faster = sse.clone();
    faster.iter_mut().for_each(|row| row.rate_hz = 20.0);
    let (a, b) = (runs.run("a", &both), runs.run("b", &sse));
    let faster = runs.run("faster", &faster);

    let (code, text) = said(&compare(&[&a, &b], &[]));
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("not compared: websocket, 1000 clients: only in A"),
        "{text}"
    );

    let (code, text) = said(&compare(&[&b, &faster], &[]));
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("sse, 1000 clients, rate_hz 20.0: only in B"),
        "{text}"
    );
    assert!(text.contains("there is nothing to compare"), "{text}");
}

#[test]
fn metrics_have_short_names_in_gates_and_lists() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &NOISE_MS));
    let b = runs.run("b", &cell(1, Transport::Sse, &times(&NOISE_MS, 1.3)));
    let flags = [
        "--metric",
        "p50,p999,bytes,cpu,memory",
        "--fail-if",
        "p99 > +10%",
    ];
    let (code, text) = said(&compare(&[&a, &b], &flags));
    assert_eq!(code, Some(1), "{text}");
    for column in [
        "latency_p50_us",
        "latency_p999_us",
        "all_layers_bytes_per_delivery",
        "server_cpu_us_per_delivery",
        "server_rss_bytes_per_client",
        "latency_p99_us",
    ] {
        line(&text, column);
    }
    assert!(
        text.contains("FAILED: latency_p99_us > +10%: sse"),
        "{text}"
    );
}

#[test]
fn mistakes_are_answered_with_advice_and_exit_code_2() {
    let runs = Runs::new();
    let run = runs.run("run", &cell(1, Transport::Sse, &NOISE_MS));
    let nowhere = runs.0.path().join("nowhere");
    for folders in [&[&*nowhere][..], &[&run, &nowhere]] {
        let (code, text) = said(&compare(folders, &[]));
        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains("nowhere is not the folder of a run"),
            "{text}"
        );
    }
    for (flags, advice) in [
        (
            ["--fail-if", "latency_p98_us > +10%"],
            "\"latency_p98_us\" (did you mean latency_p9",
        ),
        (
            ["--metric", "latency_p99"],
            "(did you mean latency_p99_us?)",
        ),
        (["--metric", "byte"], "(did you mean bytes?)"),
        (
            ["--metric", "dilithium"],
            "write mean, p50, p90, p99, p99.9, max, memory, bytes, cpu or a column",
        ),
        (["--fail-if", "latency_p99_us > much"], "'p99 > +10%'"),
    ] {
        let (code, text) = said(&compare(&[&run, &run], &flags));
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(advice), "{text}");
    }
    std::fs::write(run.join("trials.csv"), "a,b\n1,2\n").unwrap();
    let (code, text) = said(&compare(&[&run, &run], &[]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("is not as wslab wrote it"), "{text}");
}

#[test]
fn the_summary_has_a_row_for_each_cell_and_metric() {
    let mut trials = [
        cell(2, Transport::WebSocket, &[100.0]),
        cell(1, Transport::Sse, &[&NOISE_MS[..], &[9_000.0]].concat()),
    ]
    .concat();
    (trials[6].verdict, trials[6].missed) = (Verdict::Invalid, 7);
    let rows = summary::rows(&trials);
    let find = |cell: u32, metric: &str| -> &SummaryRow {
        let mut rows = rows.iter();
        rows.find(|row| row.cell == cell && row.metric == metric)
            .unwrap()
    };
    let p99 = find(1, "latency_p99_us");
    assert_eq!((p99.trials, p99.left_out), (5, 1));
    assert_eq!(p99.median, Some(100_000.0));
    assert_eq!((p99.low, p99.high), (Some(97_000.0), Some(103_000.0)));
    assert_eq!((p99.min, p99.max), (Some(97_000.0), Some(103_000.0)));
    assert_eq!(p99.verdict, Verdict::Invalid);
    let missed = find(1, "missed");
    assert_eq!((missed.trials, missed.left_out), (6, 0));
    assert_eq!((missed.min, missed.max), (Some(0.0), Some(7.0)));

    let single = find(2, "latency_p99_us");
    assert_eq!((single.trials, single.left_out), (1, 0));
    assert_eq!(
        (single.median, single.low, single.high),
        (Some(100_000.0), None, None)
    );
    assert_eq!(single.verdict, Verdict::Valid);

    let trial = &trials[1];
    let sum = trial.server_cpu_user_us_per_delivery.unwrap()
        + trial.server_cpu_sys_us_per_delivery.unwrap();
    assert_eq!(find(1, "server_cpu_us_per_delivery").median, Some(sum));
    assert!(rows.iter().all(|row| row.metric != "exchanges"));
    assert!(rows.is_sorted_by_key(|row| row.cell));
}

#[test]
fn a_summary_is_written_as_csv() {
    let runs = Runs::new();
    let trials = cell(1, Transport::Sse, &[100.0]);
    let run = runs.run("run", &trials);
    summary::write(&run, &trials).unwrap();
    let text = std::fs::read_to_string(run.join("summary.csv")).unwrap();
    let header = "scenario,run,cell,transport,workload,clients,metric,trials,left_out,median,low,\
                  high,min,max,verdict\n";
    assert!(text.starts_with(header), "{text}");
    let row = "1,sse,monitoring,1000,latency_p99_us,1,0,100000.0,,,100000.0,100000.0,VALID\n";
    assert!(text.contains(row), "{text}");
}

/// As in the tables of a run: what touches all figures is said by the verdict of a side.
#[test]
fn a_figure_is_marked_where_a_warning_touches_it_and_not_all() {
    let runs = Runs::new();
    let a = runs.run("a", &cell(1, Transport::Sse, &NOISE_MS));
    let mut trials = cell(1, Transport::Sse, &NOISE_MS);
    trials[0].verdict = Verdict::Suspect;
    trials[0].warnings = "publisher-late".to_owned();
    let all = runs.run("all", &trials);
    trials[0].doubted_figures = Some("publisher-late:p99,max".to_owned());
    let some = runs.run("some", &trials);
    let (_, text) = said(&compare(&[&a, &all], &[]));
    assert!(text.contains("B: 5 trials, 1 of them SUSPECT"), "{text}");
    assert!(!text.contains('?'), "{text}");
    let (_, text) = said(&compare(&[&a, &some], &[]));
    assert!(line(&text, "latency_p99_us").contains(" 100 ms?"), "{text}");
    assert!(!line(&text, "latency_p50_us").contains('?'), "{text}");
    assert!(text.contains("? a warning touches this figure."), "{text}");
}
