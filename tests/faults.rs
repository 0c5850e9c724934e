//! Faults of a trial: what is done on purpose, that it is done exactly, and how the clients of every
//! transport recover from it.

use std::time::Duration;

use support::process::{Process, signal, text};
use support::results::{Results, Row, number, processes, rows, runs};
use support::{alone, wait_until};

mod support;

const POLLS: [&str; 2] = ["short-polling", "long-polling"];
const CHOICES: usize = 5;

/// A run of these transports with 40 clients, 10 messages a second and these faults.
fn run(results: &Results, transports: &str, window: &str, faults: &[&str]) {
    let mut flags = vec![
        "run",
        "--transport",
        transports,
        "--clients",
        "40",
        "--rate",
        "10",
        "--poll-interval",
        "100ms",
        "--warm-up",
        "200ms",
        "--drain",
        "5s",
        "--window",
        window,
    ];
    flags.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
    let _alone = alone();
    let output = results.wslab(&flags);
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 3)),
        "{code:?} {}",
        text(&output.stderr)
    );
}

/// The rows of `recovery.csv` of the only run.
fn recoveries(results: &Results) -> Vec<Row> {
    rows(&results.run().join("recovery.csv"))
}

fn count(row: &Row, column: &str) -> u64 {
    number(row, column) as u64
}

fn ms(row: &Row, column: &str) -> f64 {
    number(row, column) / 1e3
}

/// Nothing is lost, nothing comes twice, and the row's verdict names no fault of the fault itself.
fn assert_nothing_lost(results: &Results, trials: usize) {
    for row in results.trials(trials) {
        let transport = &row["transport"];
        for column in ["missed", "duplicate", "reordered"] {
            assert_eq!(count(&row, column), 0, "{transport}: {column}");
        }
        assert_eq!(row["reach"], "1.0", "{transport}");
        for doubt in [
            "clients-lost",
            "connections-not-kept",
            "publish-failed",
            "epoch-changed",
        ] {
            assert!(
                !row["warnings"].contains(doubt),
                "{transport}: {}",
                row["warnings"]
            );
        }
    }
}

#[test]
fn connections_that_are_cut_come_back_and_lose_nothing() {
    let results = Results::new();
    run(
        &results,
        "all",
        "6s",
        &["cut@1s,share=50%", "flash-crowd@4s,share=25%"],
    );
    assert_nothing_lost(&results, CHOICES);
    let rows = recoveries(&results);
    assert_eq!(rows.len(), 2 * CHOICES);
    for row in &rows {
        let transport = &row["transport"];
        let share = if row["number"] == "1" { 20 } else { 10 };
        for column in ["affected", "noticed", "reconnected", "caught_up", "resumed"] {
            assert_eq!(
                count(row, column),
                share,
                "{transport} {}: {column}",
                row["fault"]
            );
        }
        assert_eq!(
            (count(row, "behind"), count(row, "resets")),
            (0, 0),
            "{transport}"
        );
        assert!(
            count(row, "extra_bytes") > 0 || POLLS.contains(&&**transport),
            "{transport}"
        );
        assert!(count(row, "peak_connects_per_s") >= share, "{transport}");
        assert!(
            ms(row, "noticed_p50_us") <= ms(row, "reconnected_p50_us"),
            "{transport}"
        );
        assert!(
            ms(row, "reconnected_p50_us") <= ms(row, "caught_up_p50_us"),
            "{transport}"
        );
    }
    // A client that was cut waits for its back-off. One of a flash crowd does not.
    for transport in ["ndjson", "websocket"] {
        let of = |number: &str| {
            let is = |row: &&Row| row["transport"] == transport && row["number"] == number;
            rows.iter().find(is).unwrap()
        };
        assert!(ms(of("1"), "reconnected_p50_us") >= 100.0, "{transport}");
        assert!(ms(of("2"), "reconnected_p50_us") < ms(of("1"), "reconnected_p50_us"));
    }
}

#[test]
fn a_server_that_stands_still_loses_no_client_and_delays_its_messages() {
    let results = Results::new();
    run(&results, "sse,long-polling", "3s", &["stop-server@1s:1s"]);
    assert_nothing_lost(&results, 2);
    for row in recoveries(&results) {
        let transport = &row["transport"];
        assert_eq!(
            (count(&row, "noticed"), &*row["noticed_p50_us"]),
            (0, ""),
            "{transport}"
        );
        assert_eq!(count(&row, "caught_up"), 40, "{transport}");
        assert!(ms(&row, "caught_up_p50_us") >= 1_000.0, "{transport}");
        assert!(ms(&row, "affected_latency_p99_us") >= 800.0, "{transport}");
    }
}

#[test]
fn a_server_that_is_restarted_keeps_its_history_and_a_killed_one_does_not() {
    let results = Results::new();
    run(&results, "all", "5s", &["restart-server@1s:500ms"]);
    assert_nothing_lost(&results, CHOICES);
    for row in recoveries(&results) {
        let transport = &row["transport"];
        for column in ["affected", "noticed", "reconnected", "caught_up", "resumed"] {
            assert_eq!(count(&row, column), 40, "{transport}: {column}");
        }
        assert_eq!(
            (count(&row, "behind"), count(&row, "resets")),
            (0, 0),
            "{transport}"
        );
        assert!(ms(&row, "reconnected_p50_us") >= 500.0, "{transport}");
    }
    let results = Results::new();
    let transports = "short-polling,sse,websocket";
    run(&results, transports, "5s", &["kill-server@1s:500ms"]);
    for row in recoveries(&results) {
        let transport = &row["transport"];
        let told = ["noticed", "reconnected", "resets"].map(|column| count(&row, column));
        assert_eq!(told, [40, 40, 40], "{transport}");
        assert_eq!(count(&row, "resumed"), 0, "{transport}");
    }
    for row in results.trials(3) {
        let (transport, warnings) = (&row["transport"], &row["warnings"]);
        assert_eq!(count(&row, "duplicate"), 0, "{transport}");
        assert!(
            !warnings.contains("epoch-changed"),
            "{transport}: {warnings}"
        );
        assert!(number(&row, "server_cpu_percent") > 0.0, "{transport}");
    }
}

#[test]
fn a_load_that_is_deaf_makes_the_trial_invalid() {
    let results = Results::new();
    run(&results, "sse", "4s", &["deaf-load@1s:1500ms"]);
    for row in results.trials(1) {
        assert_eq!(row["verdict"], "INVALID", "{}", row["transport"]);
        assert!(
            row["warnings"].contains("load-stopped"),
            "{}",
            row["warnings"]
        );
    }
}

#[test]
fn clients_that_fall_silent_or_read_slowly_do_not_delay_the_others() {
    let results = Results::new();
    let _alone = alone();
    let output = results.wslab(&[
        "run",
        "--fault",
        "half-open@1s,share=25%",
        "--reconnect",
        "silence=500ms",
        "--rate",
        "20",
        "--transport",
        "sse,ndjson,websocket",
        "--clients",
        "40",
        "--window",
        "4s",
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for row in recoveries(&results) {
        let transport = &row["transport"];
        for column in ["affected", "noticed", "reconnected", "caught_up"] {
            assert_eq!(count(&row, column), 10, "{transport}: {column}");
        }
        // The last byte came up to one message before.
        assert!(ms(&row, "noticed_p50_us") >= 400.0, "{transport}");
        assert!(ms(&row, "others_latency_p99_us") < ms(&row, "affected_latency_p99_us"));
    }
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_starts() {
    for (flags, says) in [
        (&["--fault", "cut@20s"][..], "window"),
        (&["--fault", "restart@2s"], "did you mean restart-server"),
        (
            &["--fault", "cut@2s", "--keep-alive", "off"],
            "between polls there is no connection",
        ),
        (
            &["--reconnect", "silence=100ms", "--transport", "long-poll"],
            "longer silence",
        ),
        (
            &[
                "--fault",
                "restart-server@2s",
                "--target",
                "http://127.0.0.1:9",
            ],
            "--target",
        ),
    ] {
        let results = Results::new();
        let output = results.start(&[&["run"], flags].concat()).finish();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(says), "{flags:?}: {error}");
    }
}

/// The run ends while its server or its load stands still.
#[test]
fn nothing_is_left_of_a_run_that_is_killed_in_a_fault() {
    for fault in [
        "stop-server@1s:20s",
        "deaf-load@1s:20s",
        "restart-server@1s:20s",
    ] {
        let results = Results::new();
        let flags = [
            "run",
            "--transport",
            "sse",
            "--clients",
            "5",
            "--window",
            "30s",
        ];
        let temporary = Results::new();
        let mut command = results.command(&[&flags[..], &["--fault", fault]].concat());
        command.env("TMPDIR", temporary.path());
        let run = Process::start(command);
        let begins = std::iter::from_fn(|| run.next_note()).find(|line| line.contains("  window "));
        assert!(begins.is_some(), "{fault}: the window begins");
        let (server, load) = processes(run.id());
        std::thread::sleep(Duration::from_millis(2_000));
        signal(run.id(), "-KILL");
        for pid in [server, load] {
            wait_until(&format!("{fault}: process {pid} ends"), || !runs(pid));
        }
        let folders = |folder: &std::path::Path| std::fs::read_dir(folder).unwrap().count();
        wait_until(&format!("{fault}: no folder is left"), || {
            folders(temporary.path()) == 0
        });
    }
}
