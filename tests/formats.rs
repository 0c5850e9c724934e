//! Results for scripts with the real binary: JSON, CSV and Markdown on standard output alone, and
//! what a run demands of itself (`--slo`, `--fail-if`).

mod support;

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::Value;
use support::process::{command, signal, text, wslab};
use support::results::Results;
use support::{Server, wait_until};

const SHORT: &str = "run --warm-up 100ms --window 500ms --rate 20 --clients 4 --drain 10s";

fn run(results: &Results, flags: &str) -> Output {
    let arguments: Vec<&str> = SHORT.split(' ').chain(flags.split(' ')).collect();
    results.wslab(&arguments)
}

/// What is on standard output, as Python's parser reads it: one document and nothing else.
fn document(output: &Output) -> Value {
    // Python refuses a second document, and so does this.
    let text = python(
        "import json, sys; json.dump(json.load(sys.stdin), sys.stdout)",
        output,
    );
    serde_json::from_str(&text).unwrap()
}

/// The output of a Python program that reads the standard output of `output`.
fn python(program: &str, output: &Output) -> String {
    let mut python = command("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(&output.stdout)
        .unwrap();
    let read = python.wait_with_output().unwrap();
    assert!(read.status.success(), "{}", text(&output.stdout));
    text(&read.stdout)
}

#[test]
fn a_run_is_one_document_with_numbers_nulls_and_verdicts() {
    let results = Results::new();
    let output = run(
        &results,
        "--transport sse,short-poll --poll-interval 100ms --format json",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let run = document(&output);
    assert_eq!(run["complete"], true);
    assert_eq!(run["scenario"], "custom");
    assert_eq!(run["conditions"]["clients"], 4);
    assert_eq!(run["conditions"]["tls"], false);
    let cells = run["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 2);
    let (polls, sse) = (&cells[0], &cells[1]);
    assert_eq!(
        [&polls["transport"], &sse["transport"]],
        ["short-polling", "sse"]
    );
    assert_eq!(
        [&polls["poll_interval_ms"], &sse["poll_interval_ms"]],
        [&100.into(), &Value::Null]
    );
    assert_eq!(sse["delivered"], 40);
    assert!(sse["latency_p50_us"].as_f64().unwrap() > 0.0, "{sse}");
    assert_eq!(
        sse["exchanges"],
        Value::Null,
        "SSE has none, and that is not 0"
    );
    assert!(
        ["VALID", "SUSPECT"].contains(&sse["verdict"].as_str().unwrap()),
        "{sse}"
    );
    assert!(
        sse["warnings"].is_array() && sse["doubted"].is_array(),
        "{sse}"
    );
    // The same from disk.
    let folder = results.run();
    let again = wslab(&["report", folder.to_str().unwrap(), "--format", "json"])
        .output()
        .unwrap();
    assert_eq!(document(&again)["cells"], run["cells"]);
    // Also where the path does not end with the run's id.
    let here = wslab(&["report", ".", "--format", "json"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(document(&here)["run"], run["run"]);
    // CSV has the rows of summary.csv.
    let csv = wslab(&["report", folder.to_str().unwrap(), "--format", "csv"])
        .output()
        .unwrap();
    assert_eq!(
        csv.stdout,
        std::fs::read(folder.join("summary.csv")).unwrap()
    );
    let program = "import csv, sys; print(sum(r['metric'] == 'delivered' and float(r['median']) == 40 \
                   for r in csv.DictReader(sys.stdin)))";
    assert_eq!(python(program, &csv), "2\n");
    let md = wslab(&["report", folder.to_str().unwrap(), "--format", "md"])
        .output()
        .unwrap();
    let md = text(&md.stdout);
    assert!(
        md.contains("4 clients · 20 messages/s") && md.contains("\n| sse | "),
        "{md}"
    );
    let rows = md.lines().filter(|line| line.starts_with('|'));
    let widths: Vec<usize> = rows.map(|row| row.matches('|').count()).collect();
    assert!(
        widths.len() == 4 && widths.iter().all(|width| *width == widths[0]),
        "{md}"
    );
    // The list of runs.
    let list = results.wslab(&["report", "--list", "--format", "json"]);
    let list = document(&list);
    assert_eq!(list["runs"][0]["folder"], folder.to_str().unwrap());
    assert_eq!(list["runs"][0]["transports"], "short-polling sse");
    let list = text(&results.wslab(&["report", "--list"]).stdout);
    assert!(list.contains(folder.to_str().unwrap()), "{list}");
}

#[test]
fn a_run_that_is_stopped_is_a_document_that_says_so() {
    let results = Results::new();
    let flags = "--transport sse --repeats 50 --format json";
    let arguments: Vec<&str> = SHORT.split(' ').chain(flags.split(' ')).collect();
    let run = results.start(&arguments);
    wait_until("the first trial is on disk", || {
        let runs = results.runs();
        runs.first()
            .is_some_and(|run| run.join("trials.csv").exists())
    });
    signal(run.id(), "-INT");
    let output = run.finish();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let run = document(&output);
    assert_eq!(run["complete"], false);
    assert_eq!(run["cells"][0]["transport"], "sse");
    assert!(
        run["missing"][0].as_str().unwrap().contains("of 50"),
        "{run}"
    );
}

#[test]
fn a_run_that_is_stopped_before_its_first_trial_is_a_document_without_cells() {
    let results = Results::new();
    let run = results.start(&[
        "run",
        "--transport",
        "sse",
        "--window",
        "60s",
        "--format",
        "json",
    ]);
    wait_until("the run has a folder", || {
        let runs = results.runs();
        runs.first()
            .is_some_and(|run| run.join("environment.json").exists())
    });
    signal(run.id(), "-INT");
    let output = run.finish();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let run = document(&output);
    assert_eq!(
        (&run["complete"], &run["verdict"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(run["cells"], serde_json::json!([]));
}

#[test]
fn an_invalid_run_is_a_document_with_exit_code_3_and_no_objective_passes() {
    let server = Server::start(&["--max-clients", "3"]);
    let results = Results::new();
    let flags = format!(
        "--target {} --transport sse --format json --slo p99<10s --slo missed<1000000 \
         --slo connect_failed<1",
        server.url()
    );
    let output = run(&results, &flags);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let run = document(&output);
    assert_eq!(
        (&run["verdict"], &run["complete"]),
        (&"INVALID".into(), &true.into())
    );
    assert_eq!(run["cells"][0]["left_out"], 1);
    assert_eq!(run["cells"][0]["latency_p99_us"], Value::Null);
    let demands = run["demands"].as_array().unwrap();
    let conclusions: Vec<&Value> = demands.iter().map(|demand| &demand["conclusion"]).collect();
    assert_eq!(conclusions, ["unjudged", "passed", "failed"], "{run}");
}

#[test]
fn objectives_are_printed_with_their_margin_and_decide_the_exit_code() {
    let results = Results::new();
    // Counts of what went wrong are judged whatever else the machine does.
    let output = run(
        &results,
        "--transport sse --slo missed<1 --slo sse:duplicate<1",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    for passed in [
        "passed: missed<1: sse, 4 clients: missed 0, 1 under 1",
        "passed: duplicate<1: sse",
    ] {
        assert!(table.contains(passed), "{table}");
    }
    let output = run(&results, "--transport sse --slo missed<3 --format json");
    let demand = &document(&output)["demands"][0];
    assert_eq!(demand["conclusion"], "passed");
    assert_eq!(
        (demand["figure"].as_f64(), demand["margin"].as_f64()),
        (Some(0.0), Some(3.0))
    );
    assert_eq!(demand["why"], "missed 0, 3 under 3");
    // There is no figure of what only polls have.
    let output = run(&results, "--transport sse --slo exchanges<1");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let (table, error) = (text(&output.stdout), text(&output.stderr));
    assert!(
        table.contains("CANNOT TELL: exchanges<1: sse, 4 clients: no trial"),
        "{table}"
    );
    assert!(error.contains("1 of 1 demands did not pass"), "{error}");
    // One trial a side shows no difference.
    let output = results.wslab(
        &SHORT
            .split(' ')
            .chain([
                "--transport",
                "sse,ws",
                "--fail-if",
                "sse/websocket: missed > 0%",
            ])
            .collect::<Vec<_>>(),
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let table = text(&output.stdout).replace('\n', " ");
    let why = "CANNOT TELL: sse/websocket: missed > +0%: sse against websocket, 4 clients: too few \
               trials (1 of 5)";
    assert!(table.contains(why), "{table}");
}

#[test]
fn demands_on_what_does_not_exist_are_refused_before_anything_runs() {
    let results = Results::new();
    for (flags, advice) in [
        (
            "--transport sse --slo ws:p99<1s",
            "websocket is not measured: the transports are sse",
        ),
        ("--transport sse --slo p98<1s", "'p99<100ms'"),
        (
            "--transport sse --fail-if speed>1%",
            "there is no metric \"speed\"",
        ),
        ("--transport sse --format yaml", "json"),
    ] {
        let output = run(&results, flags);
        assert_eq!(output.status.code(), Some(2), "{flags}");
        assert!(
            text(&output.stderr).contains(advice),
            "{}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty(), "{flags}");
    }
    assert!(results.runs().is_empty());
}

#[test]
fn the_doctors_checks_are_a_document() {
    let output = wslab(&["doctor", "--clients", "10", "--format", "json"])
        .output()
        .unwrap();
    let checks = document(&output);
    let check = &checks["checks"][0];
    assert_eq!(
        (&checks["clients"], &check["name"]),
        (&10.into(), &"build".into())
    );
    assert!(
        ["ok", "warn", "bad"].contains(&check["level"].as_str().unwrap()),
        "{check}"
    );
    assert!(
        check["text"].is_string() && check["fix"].is_string(),
        "{check}"
    );
}
