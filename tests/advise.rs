//! `wslab advise` with the real binary: over committed runs, and over one that its own advice made.

mod support;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use support::process::{text, wslab};
use support::results::Results;
use wslab::results::{TrialRow, Verdict, metric, read_rows, write_rows};
use wslab::stats::statistics::{median, median_interval};
use wslab::texts::Numbers;

/// Committed runs: one trial of each cell, several sizes, and repeats with INVALID trials.
const RUNS: [&str; 3] = [
    "results/classroom/20261130t122737z",
    "results/scaling/20261125t131023z",
    "tests/golden/runs/classroom/20300101t100000z",
];

fn committed(run: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(run)
}

/// What is advised from the run at a path.
fn advise(run: &Path, need: &str) -> Output {
    let words = ["advise", run.to_str().unwrap()].into_iter();
    let words: Vec<&str> = words.chain(need.split_whitespace()).collect();
    let mut command = wslab(&words);
    command.env("LC_ALL", "C").env("COLUMNS", "80");
    command.output().unwrap()
}

fn document(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A number to ten digits.
fn near(number: f64) -> String {
    format!("{number:.9e}")
}

const NEED: &str = "--browser --two-way --proxies --tls --clients 5000 --rate 2 --slo p99<200ms";

#[test]
fn every_number_is_the_median_of_its_rows() {
    for run in RUNS {
        let run = committed(run);
        let trials: Vec<TrialRow> = read_rows(&run.join("trials.csv")).unwrap();
        let advice = document(&advise(&run, &format!("{NEED} --format json")));
        let mut traced = 0;
        for statement in advice["statements"].as_array().unwrap() {
            let Some(value) = statement["value"].as_f64() else {
                continue;
            };
            let cell = statement["cell"].as_u64().unwrap() as u32;
            let metric = metric(statement["metric"].as_str().unwrap()).unwrap();
            let counted = trials.iter().filter(|trial| trial.cell == cell);
            let counted = counted.filter(|trial| trial.verdict != Verdict::Invalid);
            let sample: Vec<f64> = counted.filter_map(|trial| metric.value(trial)).collect();
            assert_eq!(statement["trials"], sample.len(), "{statement}");
            let interval = median_interval(&sample);
            for (key, expected) in [
                ("value", median(&sample)),
                ("low", interval.map(|it| it.low)),
                ("high", interval.map(|it| it.high)),
            ] {
                // A parser of JSON may miss the last bit.
                let [told, expected] = [statement[key].as_f64(), expected].map(|it| it.map(near));
                assert_eq!(told, expected, "{key}: {statement}");
            }
            let said = statement["text"].as_str().unwrap();
            let written = metric.unit.write(Numbers::ENGLISH, value);
            assert!(said.contains(&written), "{written} in {said}");
            traced += 1;
        }
        assert!(traced > 15, "{}: {traced}", run.display());
    }
}

#[test]
fn a_statement_is_measured_or_follows_from_a_standard_or_is_theory_or_is_not_known() {
    for run in RUNS {
        let advice = document(&advise(&committed(run), &format!("{NEED} --format json")));
        for statement in advice["statements"].as_array().unwrap() {
            let has = |key: &str| !statement[key].is_null();
            match statement["ground"].as_str().unwrap() {
                "measured" => assert!(has("cell") && has("metric") && has("value"), "{statement}"),
                "protocol" => assert!(has("source") && !has("value"), "{statement}"),
                "theory" => assert!(!has("cell") && !has("source"), "{statement}"),
                "not-known" => assert!(has("command") || has("transport"), "{statement}"),
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn what_is_printed_fits_the_terminal_and_ends_with_the_answer() {
    let run = committed(RUNS[0]);
    let output = advise(&run, "--browser --clients 1000 --slo p99<200ms");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    for line in printed.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(
        printed.starts_with("Cells 7–12: 1,000 clients · 1 message/s"),
        "{printed}"
    );
    let p50 = "Delivery latency p50 503 ms, not in the lowest group: 493–497 ms later";
    assert!(printed.contains(p50), "{printed}");
    let (_, answer) = printed.split_once("\nAnswer: ").unwrap();
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        answer,
        "Long polling, SSE, NDJSON and WebSocket remain; by one trial each, take SSE, NDJSON or \
         WebSocket: no other transport is better in bytes on the wire; not shown for what you need: \
         p99<200ms. Out: short polling (p99 990 ms, 790 ms over 200 ms), raw TCP (a web page has no \
         TCP sockets)."
    );
    assert!(printed.contains("SUSPECT: load-stalled]"), "{printed}");
    // What touches all figures of a cell is said once.
    let suspect = committed("tests/golden/runs/suspect/20300106t100000z");
    let doubted = text(&advise(&suspect, "").stdout);
    for cell in doubted.split("\n\n").filter(|part| part.contains("(cell ")) {
        assert!(
            cell.contains("\n  SUSPECT: machine-busy\n  measured\n"),
            "{cell}"
        );
        assert_eq!(cell.matches("machine-busy").count(), 1, "{cell}");
    }
    assert!(
        doubted.contains("[latency_p99_us, SUSPECT: load-stalled]"),
        "{doubted}"
    );
    // The same as a table, and as rows.
    let need = "--browser --clients 1000 --slo p99<200ms --format";
    let md = text(&advise(&run, &format!("{need} md")).stdout);
    assert!(
        md.contains("\n| short-polling | measured | out | p99<200ms is not met:"),
        "{md}"
    );
    assert!(
        md.trim_end()
            .ends_with("(a web page has no TCP sockets).**"),
        "{md}"
    );
    let csv = text(&advise(&run, &format!("{need} csv")).stdout);
    let header = "transport,name,ground,side,text,cell,metric,value,low,high,trials,verdict";
    assert!(csv.starts_with(header), "{csv}");
    // In Portuguese.
    let pt = text(&advise(&run, &format!("{NEED} --lang pt")).stdout);
    assert!(
        pt.contains("\nResposta: Com 1.000 clientes em vez de 5.000 clientes"),
        "{pt}"
    );
    for english in [" the ", " and ", "measured", "you need", "trial"] {
        assert!(!pt.contains(english), "{english}: {pt}");
    }
}

/// The command that is printed for what is not known works as it is: its run answers.
#[test]
fn what_to_run_is_a_command_that_works_and_makes_the_advice_complete() {
    let results = Results::new();
    let folder = results.path();
    std::fs::write(
        folder.join("wslab.toml"),
        "results = \"r\"\nwindow = \"300ms\"\nwarm_up = \"100ms\"\n",
    )
    .unwrap();
    let here = |words: &[&str]| {
        let mut command = wslab(words);
        command
            .current_dir(folder)
            .env("LC_ALL", "C")
            .output()
            .unwrap()
    };
    // Without a run there is nothing to advise from, and it says what to run.
    let none = here(&["advise"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("make one with wslab run"));
    let rows: Vec<TrialRow> = read_rows(&committed(RUNS[0]).join("trials.csv")).unwrap();
    let rows = rows.into_iter().filter(|row| row.transport.name() == "sse");
    let run = folder.join("r/classroom/1");
    std::fs::create_dir_all(&run).unwrap();
    write_rows(&run.join("trials.csv"), &rows.collect::<Vec<_>>()).unwrap();
    for file in ["scenario.toml", "environment.json"] {
        std::fs::copy(committed(RUNS[0]).join(file), run.join(file)).unwrap();
    }
    let need = "--two-way --clients 4 --rate 20 --payload 32 --slo p99<5s";
    let words: Vec<&str> = ["advise"].into_iter().chain(need.split(' ')).collect();
    let advised = here(&words);
    assert_eq!(advised.status.code(), Some(0), "{}", text(&advised.stderr));
    let printed = text(&advised.stdout);
    let (_, command) = printed.split_once("To know it:\n").unwrap();
    let end = command.find("\n    ·").unwrap_or(command.len());
    let command = command[..end].trim_end();
    assert!(
        command.contains("--workload chat") && command.contains("--slo 'p99<5s'"),
        "{command}"
    );
    let script = command.replacen("wslab", env!("CARGO_BIN_EXE_wslab"), 1);
    // A shell reads it, over several lines. Fewer repeats are quicker.
    let script = script.replace("--repeats 5", "--repeats 1");
    let mut shell = support::process::command("bash");
    let ran = shell
        .args(["-c", &script])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        [Some(0), Some(1)].contains(&ran.status.code()),
        "{script}: {}",
        text(&ran.stderr)
    );
    let again = here(&[&words[..], &["--format", "json"]].concat());
    let advice = document(&again);
    assert_eq!(advice["distances"], serde_json::json!([]), "{advice}");
    let measured = advice["statements"].as_array().unwrap().iter();
    let sent: Vec<&Value> = measured
        .filter(|it| it["metric"] == "wire_bytes_up")
        .collect();
    assert_eq!(sent.len(), 3, "SSE, NDJSON and WebSocket: {advice}");
}

#[test]
fn what_cannot_be_advised_on_says_what_to_write() {
    let run = committed(RUNS[0]);
    for (need, write) in [
        (
            "--slo p98<1s",
            "there is no metric \"p98\" (did you mean p99?)",
        ),
        ("--slo sce:p99<1s", "did you mean sse?"),
        ("--clients 0", "0 clients is not between 1 and 1M"),
        ("--latency soon", "write a time such as 500ms, 10s or 1m"),
        ("--borwser", "did you mean --browser?"),
        ("-c 5", "--clients 5"),
    ] {
        let refused = advise(&run, need);
        assert_eq!(refused.status.code(), Some(2), "{need}");
        let why = text(&refused.stderr);
        assert!(why.contains(write), "{need}: {why}");
    }
    let none = advise(&committed("src"), "");
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("is not the folder of a run"));
    // No trial that counts.
    let folder = tempfile::tempdir().unwrap();
    let mut trials: Vec<TrialRow> = read_rows(&run.join("trials.csv")).unwrap();
    trials
        .iter_mut()
        .for_each(|trial| trial.verdict = Verdict::Invalid);
    write_rows(&folder.path().join("trials.csv"), &trials).unwrap();
    for file in ["scenario.toml", "environment.json"] {
        std::fs::copy(run.join(file), folder.path().join(file)).unwrap();
    }
    let invalid = advise(folder.path(), "--clients 50");
    assert_eq!(invalid.status.code(), Some(1));
    let why = text(&invalid.stderr);
    assert!(why.contains("measure with wslab run --clients 50"), "{why}");
}
