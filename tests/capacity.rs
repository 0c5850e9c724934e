//! `wslab capacity` with the real binary: small searches and their files, and a folder of made-up
//! trials, whose result is known.

mod support;

use std::path::Path;

use support::process::{Process, signal, text, wslab};
use support::results::{Results, Row, child, rows};
use support::wait_until;
use wslab::lab::capacity::CapacitySearch;
use wslab::lab::capacity::search::Search;
use wslab::lab::environment::Environment;
use wslab::lab::scenario::Scenario;
use wslab::results::{TrialRow, Verdict, write_rows};
use wslab::transport::Transport;

#[allow(dead_code)] // The report's tests use the rest.
#[path = "report/rows.rs"]
mod made_up;

/// A step of a second: 20 messages to 5 clients are 100 deliveries, enough for a p99.
const SMALL: [&str; 12] = [
    "--warm-up",
    "100ms",
    "--window",
    "1s",
    "--rate",
    "20",
    "--clients",
    "5",
    "--repeats",
    "1",
    "--within",
    "50%",
];

/// Checks that the result of a search follows from its trials. It does so on a busy machine too.
fn assert_told_by_trials(run: &Path, factor: &str, code: Option<i32>) {
    let (found, trials) = (
        rows(&run.join("capacity.csv")),
        rows(&run.join("trials.csv")),
    );
    for row in &found {
        let own = || {
            trials
                .iter()
                .filter(|trial| trial["transport"] == row["transport"])
        };
        let at = |value: &str| {
            let value: f64 = value.parse().unwrap();
            own().filter(move |trial| trial[factor].parse() == Ok(value))
        };
        assert_eq!(row["factor"], factor);
        assert_eq!(row["trials"], own().count().to_string());
        let valid = |trial: &&Row| trial["verdict"] == "VALID";
        match &*row["held"] {
            "" if row["not_told_at"].is_empty() => assert_eq!(row["verdict"], "fails", "{row:?}"),
            "" => assert_eq!(row["verdict"], "not-told", "{row:?}"),
            held => assert!(
                at(held).filter(valid).count() >= 2,
                "not confirmed: {row:?}"
            ),
        }
        match &*row["failed_at"] {
            "" => {}
            failed => assert!(
                at(failed).any(|trial| trial["verdict"] != "SUSPECT"),
                "{row:?}"
            ),
        }
        match &*row["not_told_at"] {
            "" => {}
            untold => assert_ne!(
                at(untold).next_back().unwrap()["verdict"],
                "VALID",
                "{row:?}"
            ),
        }
    }
    let is_told = found.iter().all(|row| row["verdict"] != "not-told");
    assert_eq!(code, Some(if is_told { 0 } else { 3 }), "{found:?}");
    // Each value of the factor is a cell, and every trial has a histogram in the log.
    let log = std::fs::read_to_string(run.join("latency.hlog")).unwrap();
    for trial in &trials {
        let same = |other: &&Row| {
            (&other["transport"], &other[factor]) == (&trial["transport"], &trial[factor])
        };
        assert!(
            trials
                .iter()
                .filter(same)
                .all(|other| other["cell"] == trial["cell"])
        );
        let rate = match factor {
            "rate_hz" => format!("-{}hz", trial["rate_hz"].trim_end_matches(".0")),
            _ => String::new(),
        };
        let tag = format!(
            "Tag={}-{}{rate}-t{},",
            trial["transport"], trial["clients"], trial["trial"]
        );
        assert_eq!(log.matches(&tag).count(), 1, "{tag}");
    }
}

#[test]
fn a_search_tells_what_each_transport_holds_and_leaves_a_run() {
    let results = Results::new();
    let search = [
        "capacity",
        "--slo",
        "p99<10s",
        "--transport",
        "sse,ws",
        "--max",
        "10",
    ];
    let output = results.wslab(&[&search[..], &SMALL].concat());
    let (out, progress) = (text(&output.stdout), text(&output.stderr));
    let run = &results.runs()[0];
    assert_told_by_trials(run, "clients", output.status.code());
    assert!(
        out.contains("The most clients within p99<10s, with 20 messages a second"),
        "{out}"
    );
    for transport in ["sse ", "websocket "] {
        assert!(out.lines().any(|line| line.starts_with(transport)), "{out}");
    }
    // Nothing takes ten seconds here: each VALID trial holds, and no other one does.
    let trials = rows(&run.join("trials.csv"));
    let valid = trials
        .iter()
        .filter(|trial| trial["verdict"] == "VALID")
        .count();
    let told = |sentence| progress.matches(sentence).count();
    assert_eq!(told("  holds  "), valid, "{progress}");
    let others = told("  tells nothing: ") + told("  fails: ");
    assert_eq!(others, trials.len() - valid, "{progress}");
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(
        page.contains("The most clients") && page.contains("How the search goes"),
        "{page}"
    );
    let scenario = std::fs::read_to_string(run.join("scenario.toml")).unwrap();
    for said in [
        "slo = [\"p99<10s\"]",
        "vary = \"clients\"",
        "max = 10",
        "within_percent = 50.0",
    ] {
        assert!(scenario.contains(said), "{scenario}");
    }
    for file in ["environment.json", "timeline.csv", "summary.csv"] {
        assert!(run.join(file).exists(), "{file}");
    }

    // A report rebuilds both files from the trials.
    let before = std::fs::read(run.join("capacity.csv")).unwrap();
    for file in ["capacity.csv", "report.html"] {
        std::fs::remove_file(run.join(file)).unwrap();
    }
    assert!(results.wslab(&["report"]).status.success());
    assert_eq!(std::fs::read(run.join("capacity.csv")).unwrap(), before);
    assert_eq!(
        std::fs::read_to_string(run.join("report.html")).unwrap(),
        page
    );
}

#[test]
fn the_rate_can_be_searched_for_as_well() {
    let results = Results::new();
    let search = [
        "capacity",
        "--slo",
        "p90<10s",
        "--slo",
        "max<20s",
        "--vary",
        "rate",
        "--transport",
        "ws",
        "--max",
        "40",
        "--quiet",
    ];
    let output = results.wslab(&[&search[..], &SMALL].concat());
    assert_eq!(text(&output.stderr), "", "quiet");
    let run = &results.runs()[0];
    assert_told_by_trials(run, "rate_hz", output.status.code());
    assert_eq!(
        rows(&run.join("capacity.csv"))[0]["objective"],
        "p90<10s and max<20s"
    );
    let heading = text(&output.stdout).replace('\n', " ");
    assert!(heading.contains("with 5 clients"), "{heading}");
}

#[test]
fn what_nothing_can_hold_fails_and_is_repeated_from_its_folder() {
    let results = Results::new();
    let search = [
        "capacity",
        "--slo",
        "max<1ns",
        "--transport",
        "ws",
        "--quiet",
    ];
    let output = results.wslab(&[&search[..], &SMALL].concat());
    let run = results.runs()[0].clone();
    assert_told_by_trials(&run, "clients", output.status.code());
    assert_eq!(rows(&run.join("capacity.csv"))[0]["held"], "");

    let folder = run.to_str().unwrap();
    let wrong = results.wslab(&["run", folder]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("wslab capacity"),
        "{}",
        text(&wrong.stderr)
    );
    let again = results.wslab(&["capacity", folder, "--quiet"]);
    let scenario = |run: &Path| std::fs::read_to_string(run.join("scenario.toml")).unwrap();
    let runs = results.runs();
    assert_eq!(scenario(&runs[1]), scenario(&run));
    assert_told_by_trials(&runs[1], "clients", again.status.code());
}

#[test]
fn mistakes_are_answered_with_advice_and_exit_code_2() {
    let results = Results::new();
    let slo = ["--slo", "p99<100ms"];
    for (arguments, says) in [
        (&[][..], "--slo 'p99<100ms'"),
        (&["--slo", "p98<1s"], "p50, p90, p99, p99.9, max"),
        (&["--slo", "p99<100"], "such as 'p99<100ms'"),
        (&["--slo", "missed<1"], "missed messages never hold"),
        (
            &[&slo[..], &["--clients", "1,2"]].concat(),
            "begins with one value",
        ),
        (
            &[&slo[..], &["--clients", "50", "--max", "20"]].concat(),
            "begins with 50",
        ),
        (&[&slo[..], &["--within", "5"]].concat(), "such as 5%"),
        (&[&slo[..], &["--within", "0%"]].concat(), "0.1% to 100%"),
        (
            &[&slo[..], &["--vary", "payload"]].concat(),
            "clients or rate",
        ),
        (&[&slo[..], &["idle"]].concat(), "no latency to judge"),
        (
            &[&slo[..], &["--fault", "cut@3s"]].concat(),
            "--fault: a search for capacity has no faults",
        ),
        (
            &[&slo[..], &["--clients", "2"]].concat(),
            "needs 100 deliveries",
        ),
        (
            &[&slo[..], &["--clients", "900000"]].concat(),
            "max, clients",
        ),
    ] {
        let output = results.wslab(&[&["capacity"], arguments].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    assert!(results.runs().is_empty(), "nothing half ran");
}

/// Starts a search that does not end by itself.
fn endless(results: &Results) -> Process {
    let search = [
        "capacity",
        "--slo",
        "p99<10s",
        "--transport",
        "sse",
        "--repeats",
        "1000",
    ];
    let small = [&SMALL[..6], &["--clients", "10", "--max", "10"]].concat();
    results.start(&[&search[..], &small].concat())
}

fn finished_trials(results: &Results) -> usize {
    let runs = results.runs();
    let file = runs.first().map(|run| run.join("trials.csv"));
    file.filter(|file| file.exists())
        .map_or(0, |file| rows(&file).len())
}

#[test]
fn a_search_that_is_interrupted_keeps_what_it_has_and_says_so() {
    let results = Results::new();
    let search = endless(&results);
    wait_until("the first trial is on disk", || {
        finished_trials(&results) > 0
    });
    signal(search.id(), "-INT");
    let output = search.finish();
    assert_eq!(output.status.code(), Some(130));
    assert!(
        text(&output.stderr).contains("stopped by Ctrl-C"),
        "{}",
        text(&output.stderr)
    );
    assert!(
        text(&output.stdout).contains("unfinished"),
        "{}",
        text(&output.stdout)
    );
    let run = &results.runs()[0];
    assert_eq!(rows(&run.join("capacity.csv"))[0]["verdict"], "unfinished");
    assert!(run.join("report.html").exists());
}

#[test]
fn a_server_that_dies_is_a_step_that_fails_and_the_search_goes_on() {
    let results = Results::new();
    let mut search = endless(&results);
    wait_until("a load runs", || child(search.id(), " load").is_some());
    signal(child(search.id(), " serve ").unwrap(), "-KILL");
    wait_until("two trials are on disk", || finished_trials(&results) > 1);
    signal(search.id(), "-INT");
    assert_eq!(search.ended(), Some(130), "stopped by Ctrl-C");
    let trials = rows(&results.runs()[0].join("trials.csv"));
    assert_eq!(trials[0]["verdict"], "INVALID");
    assert!(
        trials[0]["warnings"].contains("server-died"),
        "{}",
        trials[0]["warnings"]
    );
}

/// A trial of a transport with this number of clients and this p99 in ms.
fn step(cell: u32, transport: Transport, clients: u32, p99_ms: f64) -> TrialRow {
    TrialRow {
        latency_p99_us: Some(p99_ms * 1e3),
        ..made_up::trial(cell, 1, transport, clients)
    }
}

fn doubted(verdict: Verdict, warnings: &str, trial: TrialRow) -> TrialRow {
    TrialRow {
        verdict,
        warnings: warnings.to_owned(),
        ..trial
    }
}

#[test]
fn a_step_that_others_disturb_is_tried_again_after_rests_that_grow_and_then_not_told() {
    let search = CapacitySearch {
        slo: vec!["p99<100ms".parse().unwrap()],
        ..CapacitySearch::default()
    };
    let scenario = Scenario {
        transports: [Transport::Sse].into(),
        capacity: Some(search),
        ..Scenario::default()
    };
    let search = Search::of(&scenario).unwrap();
    let (mut trials, mut tried) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let (_, cell) = search.next(&trials).unwrap();
        let rest = search.rest(&cell, &trials);
        let clients = cell.factors.clients;
        tried.push((clients, rest.as_secs() / scenario.window.0.as_secs()));
        let trial = step(cell.number, Transport::Sse, clients, 9.0);
        trials.push(match clients {
            100 => doubted(Verdict::Suspect, "machine-busy", trial),
            _ => trial,
        });
    }
    let rests = [(100, 0), (100, 1), (100, 2), (100, 3), (50, 0), (71, 0)];
    assert_eq!(tried, rests);
}

#[test]
fn a_folder_of_trials_is_read_as_the_search_that_led_to_them() {
    let results = Results::new();
    let run = results.path().join("capacity").join("made-up");
    std::fs::create_dir_all(&run).unwrap();
    let scenario = "name = \"capacity\"\nclients = [100]\nrate_hz = 10.0\nrepeats = 1\n\
                    transports = [\"short-polling\", \"long-polling\", \"sse\", \"websocket\"]\n\
                    [capacity]\nslo = [\"p99<100ms\"]\nmax = 400\nwithin_percent = 50.0\n";
    std::fs::write(run.join("scenario.toml"), scenario).unwrap();
    let environment = serde_json::to_vec(&Environment::read(1, None, None)).unwrap();
    std::fs::write(run.join("environment.json"), environment).unwrap();

    use Transport::{LongPolling as Long, ShortPolling as Short, Sse, WebSocket};
    let (suspect, invalid) = (Verdict::Suspect, Verdict::Invalid);
    let saturated =
        |cell, clients| doubted(suspect, "load-saturated", step(cell, Long, clients, 9.0));
    let mut trials = vec![
        // Doubles to 400, where the p99 is over the bound; then 283 holds twice.
        step(1, Sse, 100, 20.0),
        step(2, Sse, 200, 40.0),
        step(3, Sse, 400, 140.5),
        step(4, Sse, 283, 90.0),
        step(4, Sse, 283, 95.0),
        // Misses messages at 400; the disturbed trial at 283 is repeated.
        step(5, WebSocket, 100, 20.0),
        step(6, WebSocket, 200, 20.0),
        doubted(
            invalid,
            "missed-messages load-saturated",
            step(7, WebSocket, 400, 30.0),
        ),
        doubted(
            invalid,
            "missed-messages machine-busy",
            step(8, WebSocket, 283, 30.0),
        ),
        step(8, WebSocket, 283, 30.0),
        step(8, WebSocket, 283, 30.0),
        // Never VALID from 200 on.
        step(9, Long, 100, 9.0),
        saturated(10, 200),
        saturated(10, 200),
        saturated(10, 200),
        step(11, Long, 141, 9.0),
        step(11, Long, 141, 9.0),
    ];
    for clients in [100, 50, 25, 13, 7, 4, 2, 1] {
        trials.push(step(20 + clients, Short, clients, 990.0));
    }
    write_rows(&run.join("trials.csv"), &trials).unwrap();
    assert!(results.wslab(&["report"]).status.success());
    let found = rows(&run.join("capacity.csv"));
    let columns = [
        "transport",
        "held",
        "failed_at",
        "not_told_at",
        "verdict",
        "why",
    ];
    let found: Vec<String> = found
        .iter()
        .map(|row| columns.map(|column| row[column].clone()).join(" | "))
        .collect();
    assert_eq!(
        found,
        [
            "short-polling |  | 1.0 |  | fails | p99 is 990 ms",
            "long-polling | 141.0 |  | 200.0 | at-least | load-saturated",
            "sse | 283.0 | 400.0 |  | found | p99 is 140.5 ms",
            "websocket | 283.0 | 400.0 |  | found | missed-messages, load-saturated",
        ]
    );
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    for said in [
        "not even 1 client holds (p99 is 990 ms).",
        "at least 141 clients. At 200 clients no trial tells (load-saturated).",
        "<small>load-saturated: ",
        "<td>at least 141</td>",
        "at least 141, not told at 200",
    ] {
        assert!(page.contains(said), "the page lacks {said}");
    }
    let plots = std::fs::read_dir(run.join("plots")).unwrap();
    let mut plots: Vec<_> = plots.map(|plot| plot.unwrap().file_name()).collect();
    plots.sort();
    assert_eq!(plots, ["capacity.png", "capacity.svg"]);
    // The same from within the folder: a path without a name.
    let inside = wslab(&["report", "."]).current_dir(&run).output().unwrap();
    assert!(inside.status.success());
    let again = rows(&run.join("capacity.csv"));
    assert!(again.iter().all(|row| row["run"] == "made-up"), "{again:?}");
}
