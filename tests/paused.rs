//! Processes that stand still in the middle of a trial, and a machine that others use: the verdict
//! gives the reason and names the figures that it touches. What is sound stays VALID.

use std::thread;
use std::time::{Duration, Instant};

use support::process::{Process, signal, text};
use support::results::{Results, Row, child, number, processes};
use support::{alone, wait_until};

mod support;

/// In a window of four seconds with 400 messages.
const PAUSE: Duration = Duration::from_millis(200);
const RUN: [&str; 10] = [
    "run",
    "--details",
    "--transport",
    "sse",
    "--clients",
    "80",
    "--warm-up",
    "200ms",
    "--drain",
    "2s",
];

/// Warnings that other processes of this machine cause, whatever the test does.
const OTHERS: [&str; 6] = [
    "publisher-late",
    "load-saturated",
    "load-stalled",
    "probe-differs",
    "machine-busy",
    "cpu-stolen",
];

/// Runs a trial and calls `disturb` a second after its window has begun. Returns the row and what
/// was printed.
fn disturbed(disturb: impl FnOnce(&Process)) -> (Row, String) {
    let (_alone, results) = (alone(), Results::new());
    let run = results.start(&[&RUN[..], &["--rate", "100", "--window", "4s"]].concat());
    let begins = std::iter::from_fn(|| run.next_note()).find(|line| line.contains("  window "));
    assert!(begins.is_some(), "the window begins");
    thread::sleep(Duration::from_secs(1));
    disturb(&run);
    let output = run.finish();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    (results.trials(1).remove(0), text(&output.stdout))
}

fn pause(process: u32) {
    signal(process, "-STOP");
    thread::sleep(PAUSE);
    signal(process, "-CONT");
}

fn probe(run: &Process) -> u32 {
    let (_, load) = processes(run.id());
    wait_until("the probe runs", || child(load, " load").is_some());
    child(load, " load").unwrap()
}

/// Checks that a trial has these warnings, each with the figures that it touches, and beyond them
/// only those of a busy machine. A machine that others use touches more.
#[track_caller]
fn assert_doubts(row: &Row, expected: &[(&str, &str)]) {
    let (warnings, figures) = (&row["warnings"], &row["doubted_figures"]);
    let all: Vec<&str> = warnings.split_whitespace().collect();
    let busy = all.contains(&"machine-busy") || all.contains(&"cpu-stolen");
    for (name, touched) in expected {
        assert!(all.contains(name), "{name} is not in {warnings}");
        let doubt = format!("{name}:{touched}");
        let named = figures.split_whitespace().any(|figure| figure == doubt);
        assert!(named || touched.is_empty() || busy, "{doubt}: {figures}");
    }
    let planted = |name: &&&str| expected.iter().any(|(planted, _)| planted == *name);
    for name in all.iter().filter(|name| !planted(name)) {
        assert!(busy && OTHERS.contains(name), "{warnings}: {figures}");
    }
    let verdict = if all.is_empty() { "VALID" } else { "SUSPECT" };
    assert_eq!(row["verdict"], verdict, "{warnings}");
    assert_eq!(number(row, "missed"), 0.0);
}

/// A twentieth of the messages is late by up to 200 ms, and no median shows it.
#[test]
fn a_load_that_stands_still_touches_the_tail_and_says_so() {
    let (row, table) = disturbed(|run| pause(processes(run.id()).1));
    let tail = "p99,p99.9,max";
    assert_doubts(&row, &[("publisher-late", tail), ("load-stalled", tail)]);
    assert!(number(&row, "loop_stall_max_us") > 150_000.0, "{row:?}");
    assert!(number(&row, "latency_max_us") > 150_000.0);
    assert!(number(&row, "latency_p50_us") < number(&row, "latency_max_us"));
    assert!(
        table.contains("load-stalled: The load stood still"),
        "{table}"
    );
    assert!(table.contains("It touches"), "{table}");
    assert!(table.matches(" ms?").count() >= 2, "p99 and max: {table}");
}

/// The server is what is measured: its pause is in the latencies and is no doubt.
#[test]
fn a_server_that_stands_still_is_measured_and_no_doubt() {
    let (row, _) = disturbed(|run| pause(processes(run.id()).0));
    assert_doubts(&row, &[]);
    assert!(number(&row, "latency_max_us") > 150_000.0, "{row:?}");
    assert!(number(&row, "latency_p99_us") > 100_000.0, "{row:?}");
}

/// The run only writes down what its processes report.
#[test]
fn a_run_that_stands_still_changes_nothing() {
    let (row, _) = disturbed(|run| pause(run.id()));
    assert_doubts(&row, &[]);
}

#[test]
fn a_probe_that_stands_still_or_ends_can_check_nothing() {
    let (row, _) = disturbed(|run| pause(probe(run)));
    assert_doubts(&row, &[("probe-differs", "p99")]);
    assert!(number(&row, "probe_latency_p99_us") > 100_000.0, "{row:?}");

    let (row, _) = disturbed(|run| signal(probe(run), "-KILL"));
    assert!(row["warnings"].contains("probe-incomplete"), "{row:?}");
    assert_eq!((&*row["verdict"], &*row["missed"]), ("SUSPECT", "0"));
}

/// All cores for less than a second of four: the mean over the window would hide it.
#[test]
fn a_machine_that_others_use_for_a_second_is_busy() {
    let spin = |_: &Process| {
        let end = Instant::now() + Duration::from_millis(800);
        let cores = thread::available_parallelism().unwrap().get();
        thread::scope(|scope| {
            (0..cores).for_each(|_| drop(scope.spawn(|| while Instant::now() < end {})));
        });
    };
    let (row, _) = disturbed(spin);
    assert!(row["warnings"].contains("machine-busy"), "{row:?}");
    assert_eq!(row["verdict"], "SUSPECT");
    let worst = number(&row, "others_cpu_worst_second_percent");
    assert!(worst > number(&row, "others_cpu_percent"), "{row:?}");
}

/// Eighty latencies of one message are one event.
#[test]
fn latencies_of_a_few_messages_are_doubted_and_percentiles_of_too_few_marked() {
    let (_alone, results) = (alone(), Results::new());
    let few = [&RUN[..], &["--rate", "1", "--window", "2s"]].concat();
    let output = results.wslab(&few);
    let (row, table) = (&results.trials(1)[0], text(&output.stdout));
    assert_doubts(row, &[("few-messages", "")]);
    assert!(number(row, "published") < 5.0);
    assert!(
        table.contains("few-messages: Fewer than five messages"),
        "{table}"
    );
    assert!(table.contains("≈: less than one message"), "{table}");
}
