//! Loads of several processes, and the probe beside them: figures as from one process, and a doubt
//! where one of them is slow.

mod support;

use std::process::{Command, Stdio};
use std::time::Duration;

use support::results::{Results, children, number, runs, signal, text};
use support::wait_until;
use wslab::transport::Transport;

/// A short run of one push transport.
const RUN: [&str; 12] = [
    "run",
    "--transport",
    "sse",
    "--warm-up",
    "200ms",
    "--rate",
    "20",
    "--poll-interval",
    "100ms",
    "--drain",
    "20s",
    "--window",
];

fn loads(run: u32) -> Vec<u32> {
    let is_load = |(_, command): &(u32, String)| command.contains(" load");
    children(run)
        .into_iter()
        .filter(is_load)
        .map(|(pid, _)| pid)
        .collect()
}

#[test]
fn clients_in_several_processes_are_measured_as_in_one() {
    let results = Results::new("processes");
    let arguments = [
        "1s",
        "--transport",
        "all",
        "--load-processes",
        "3",
        "--clients",
        "30",
    ];
    let output = results.wslab(&[&RUN[..], &arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in results.trials(Transport::CHOICES.len()) {
        let transport = &row["transport"];
        assert_eq!(row["load_processes"], "3");
        assert_eq!(number(&row, "delivered"), 20.0 * 30.0, "{transport}");
        for none in ["missed", "duplicate", "connect_failed", "ends_differ_bytes"] {
            assert_eq!(number(&row, none), 0.0, "{transport}: {none}");
        }
        // Every message has a first and a last recipient, wherever they are.
        let [first, last] =
            ["first", "last"].map(|place| number(&row, &format!("{place}_recipient_p50_us")));
        assert!(first < last, "{transport}: {first} to {last} us");
    }
}

#[test]
fn members_of_a_chat_write_from_all_processes() {
    let results = Results::new("chat-processes");
    let arguments = [
        "1s",
        "--transport",
        "ws,sse",
        "--load-processes",
        "2",
        "--clients",
        "6",
    ];
    let chat = ["--workload", "chat", "--feeds", "2"];
    let output = results.wslab(&[&RUN[..], &arguments, &chat].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in results.trials(2) {
        assert_eq!(
            (number(&row, "published"), number(&row, "delivered")),
            (40.0, 120.0)
        );
    }
}

/// Half of the subscribers stand still for a while, in a process that neither publishes nor probes.
#[test]
fn a_process_of_the_load_that_stalls_is_a_doubt() {
    let results = Results::new("stalled-process");
    let arguments = ["3s", "--load-processes", "2", "--clients", "10"];
    let run = results
        .command(&[&RUN[..], &arguments].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut run = run.unwrap();
    wait_until("leader, follower and probe run", || {
        loads(run.id())
            .first()
            .is_some_and(|leader| loads(*leader).len() == 2)
    });
    let leader = loads(run.id())[0];
    // The probe is started first.
    let follower = *loads(leader).iter().max().unwrap();
    std::thread::sleep(Duration::from_millis(1_200));
    signal(follower, "-STOP");
    std::thread::sleep(Duration::from_millis(900));
    signal(follower, "-CONT");
    assert!(run.wait().unwrap().success());
    let row = &results.trials(1)[0];
    assert!(number(row, "loop_lag_max_us") > 800_000.0, "{row:?}");
    assert!(number(row, "latency_max_us") > 800_000.0);
    let of_probe = number(row, "probe_latency_p50_us");
    assert!(
        of_probe < number(row, "latency_max_us"),
        "the probe's process goes on: {of_probe} us"
    );
    assert!(
        row["warnings"].contains("load-saturated"),
        "{}",
        row["warnings"]
    );
    assert_eq!(number(row, "missed"), 0.0);
}

#[test]
fn a_process_of_the_load_that_dies_ends_the_run_and_leaves_nothing() {
    let results = Results::new("dead-process");
    let arguments = ["60s", "--load-processes", "2", "--clients", "10", "--quiet"];
    let run = results
        .command(&[&RUN[..], &arguments].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let run = run.unwrap();
    wait_until("leader, follower and probe run", || {
        loads(run.id())
            .first()
            .is_some_and(|leader| loads(*leader).len() == 2)
    });
    let leader = loads(run.id())[0];
    let others = loads(leader);
    signal(*others.iter().max().unwrap(), "-KILL");
    let output = run.wait_with_output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("a process of the load ended early"),
        "{error}"
    );
    assert!(!runs(leader) && others.iter().all(|pid| !runs(*pid)));
}

#[test]
fn a_leader_that_is_killed_takes_its_followers_with_it() {
    let results = Results::new("dead-leader");
    let arguments = ["60s", "--load-processes", "3", "--clients", "10", "--quiet"];
    let mut run = results
        .command(&[&RUN[..], &arguments].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("leader, followers and probe run", || {
        loads(run.id())
            .first()
            .is_some_and(|leader| loads(*leader).len() == 3)
    });
    let leader = loads(run.id())[0];
    let others = loads(leader);
    signal(leader, "-KILL");
    assert_eq!(run.wait().unwrap().code(), Some(1));
    wait_until("the followers are gone", || {
        others.iter().all(|pid| !runs(*pid))
    });
}

#[test]
fn without_a_probe_there_are_no_figures_of_one() {
    let results = Results::new("no-probe");
    let arguments = ["300ms", "--probe", "off", "--clients", "5", "--quiet"];
    let output = results.wslab(&[&RUN[..], &arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row = &results.trials(1)[0];
    for none in ["probe_clients", "probe_delivered", "probe_latency_p50_us"] {
        assert_eq!(row[none], "", "{none}");
    }
    assert_eq!(row["ends_differ_bytes"], "0");
}

#[test]
fn more_processes_than_clients_are_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_wslab"))
        .args(["run", "--clients", "3", "--load-processes", "4"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("write at most 3"),
        "{output:?}"
    );
}
