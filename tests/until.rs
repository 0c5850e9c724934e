//! `wslab run --until`: what it refuses, what it says at its end, and that a report says the same.

mod support;

#[path = "report/rows.rs"]
#[allow(dead_code)]
mod rows;

use std::path::Path;
use std::time::Duration;

use support::process::{signal, text, wslab};
use support::results::Results;
use support::wait_until;
use wslab::lab::environment::Environment;
use wslab::report::{UntilRun, until};
use wslab::results::{TrialRow, Verdict, write_rows};
use wslab::stats::until::Stopped;
use wslab::texts::Locale;
use wslab::transport::Transport;

const TRANSPORTS: [Transport; 4] = [
    Transport::LongPolling,
    Transport::Sse,
    Transport::Ndjson,
    Transport::WebSocket,
];

/// So many rounds of four transports.
fn trials(rounds: u32) -> Vec<TrialRow> {
    let rounds = 1..=rounds;
    let round = |round| {
        (1..)
            .zip(TRANSPORTS)
            .map(move |(cell, it)| rows::trial(cell, round, it, 100))
    };
    rounds.flat_map(round).collect()
}

fn words(trials: &[TrialRow], stopped: Option<Stopped>) -> String {
    let run = UntilRun {
        percent: 10.0,
        least: 8,
        budget: Duration::from_secs(1_200),
        stopped,
    };
    until(trials, &run, Locale::En)
}

#[test]
fn a_run_says_which_differences_are_resolved_small_or_open_and_why_it_stopped() {
    let some = "After 8 rounds, 17 of 24 differences are known: 16 resolved, 1 below 10 %. Below 10 %: \
                ndjson/websocket (bytes). Open: sse/websocket (p50, p99), long-polling/sse (server CPU), sse/ndjson \
                (p50, p99), ndjson/websocket (p50, p99).";
    let budget = "The budget of 20 min is spent; a longer one (--budget) may show more.";
    assert_eq!(
        words(&trials(8), Some(Stopped::Budget)),
        format!("{some} {budget}")
    );
    assert_eq!(
        words(&trials(8), None),
        format!("{some} The run was stopped early.")
    );
    let far = |trials: Vec<TrialRow>| {
        let pair = [Transport::LongPolling, Transport::WebSocket];
        let trials = trials.into_iter();
        trials
            .filter(move |trial| pair.contains(&trial.transport))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words(&far(trials(10)), Some(Stopped::Known)),
        "After 10 rounds, all 4 differences are resolved."
    );
    // A figure that some trials lack is not left out without a word.
    let mut short = far(trials(10));
    short
        .iter_mut()
        .for_each(|trial| trial.latency_p99_us = None);
    assert_eq!(
        words(&short, Some(Stopped::Known)),
        "After 10 rounds, all 3 differences are resolved. Not compared, for a transport has no such \
         figure: p99."
    );
    let few = "After 3 rounds, no difference can be told from noise: the first look is after 8.";
    assert_eq!(
        words(&trials(3), Some(Stopped::Budget)),
        format!("{few} {budget}")
    );
    let mut invalid = trials(8);
    invalid
        .iter_mut()
        .for_each(|trial| trial.verdict = Verdict::Invalid);
    assert_eq!(
        words(&invalid, Some(Stopped::Known)),
        "No trial has figures of two transports to compare."
    );
}

#[test]
fn settings_are_named_where_there_are_several() {
    let both = [100, 5_000]
        .into_iter()
        .zip([0, 4])
        .flat_map(|(clients, cells)| {
            trials(8).into_iter().map(move |trial| TrialRow {
                clients,
                cell: trial.cell + cells,
                ..trial
            })
        });
    let words = words(&both.collect::<Vec<_>>(), Some(Stopped::Known));
    assert!(words.contains("of 48 differences"), "{words}");
    assert!(
        words.contains("ndjson/websocket at 5000 clients (bytes)"),
        "{words}"
    );
}

/// The folder of a run that was made with `--until`.
fn record(run: &Path, trials: &[TrialRow], stopped: Option<Stopped>) {
    let scenario = "until = \"10%\"\nbudget = \"20m\"\ntransports = \
                    [\"long-polling\", \"sse\", \"ndjson\", \"websocket\"]\n";
    std::fs::write(run.join("scenario.toml"), scenario).unwrap();
    let environment = Environment {
        stopped,
        ..Environment::read(1, None, None)
    };
    let json = serde_json::to_string(&environment).unwrap();
    std::fs::write(run.join("environment.json"), json).unwrap();
    write_rows(&run.join("trials.csv"), trials).unwrap();
}

#[test]
fn a_report_repeats_the_words_in_every_format() {
    let run = tempfile::tempdir().unwrap();
    let trials = trials(8);
    record(run.path(), &trials, Some(Stopped::Budget));
    let words = words(&trials, Some(Stopped::Budget));
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for format in ["table", "json", "md"] {
        let folder = run.path().to_str().unwrap();
        let output = wslab(&["report", folder, "--format", format])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let printed = flat(&text(&output.stdout));
        assert!(printed.contains(&words), "{format}: {printed}");
    }
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(page.contains(&words));
}

#[test]
fn a_run_that_is_interrupted_says_so() {
    let results = Results::new();
    let run = "run --until 10% --transport sse,websocket --clients 3 --rate 20 --warm-up 50ms \
               --window 100ms";
    let run = results.start(&run.split_whitespace().collect::<Vec<_>>());
    wait_until("a trial is on disk", || {
        let runs = results.runs();
        runs.first()
            .is_some_and(|run| run.join("trials.csv").exists())
    });
    signal(run.id(), "-INT");
    let output = run.finish();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let (printed, notes) = (text(&output.stdout), text(&output.stderr));
    assert!(
        notes.contains("rounds of 3 trials until every difference is known: 8 take about"),
        "{notes}"
    );
    assert!(notes.contains("[round 1: 1/3] "), "{notes}");
    assert!(printed.contains("The run was stopped early."), "{printed}");
}

#[test]
fn what_can_show_nothing_is_refused_before_anything_runs() {
    for (command, says) in [
        (
            "run --until 10% --budget 10s",
            "budget: 10s is too short: 8 rounds of 6 trials take",
        ),
        ("run --until 10% --transport sse", "write two or more"),
        ("run --until 10", "such as 10%"),
        ("run --budget 5m --clients 3", "--budget goes with --until"),
        (
            "capacity --slo p99<1s --clients 100 --until 10%",
            "a search for capacity ends where its trials say so",
        ),
    ] {
        let results = Results::new();
        let output = results.wslab(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(
            text(&output.stderr).contains(says),
            "{command}: {}",
            text(&output.stderr)
        );
        assert!(results.runs().is_empty());
    }
}
