//! Loads of several processes, and the probe: the figures equal those of one process, and a slow
//! process is a warning.

mod support;

use std::time::Duration;

use support::process::{signal, text, wslab};
use support::results::{Results, children, number, runs};
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

/// Waits until a run's controller has started this many processes; returns it and them.
fn family(run: u32, count: usize) -> (u32, Vec<u32>) {
    let controller = || loads(run).first().copied();
    let others = || controller().map_or(vec![], loads);
    wait_until("controller, agents and probe run", || {
        others().len() == count
    });
    (controller().unwrap(), others())
}

#[test]
fn clients_in_several_processes_are_measured_as_in_one() {
    let results = Results::new();
    let arguments = [
        "1s",
        "--transport",
        "all",
        "--load-processes",
        "3",
        "--clients",
        "30",
    ];
    let output = results.wslab(&[&["run"], &RUN[3..], &arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in results.trials(Transport::CHOICES.len()) {
        let transport = &row["transport"];
        assert_eq!(row["load_processes"], "3");
        assert_eq!(number(&row, "delivered"), 20.0 * 30.0, "{transport}");
        for none in ["missed", "duplicate", "connect_failed", "ends_differ_bytes"] {
            assert_eq!(number(&row, none), 0.0, "{transport}: {none}");
        }
        // The first and the last recipient may be in different processes.
        let [first, last] =
            ["first", "last"].map(|place| number(&row, &format!("{place}_recipient_p50_us")));
        assert!(first < last, "{transport}: {first} to {last} us");
    }
}

#[test]
fn members_of_a_chat_write_from_all_processes() {
    let results = Results::new();
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
    let output = results.wslab(&[&["run"], &RUN[3..], &arguments, &chat].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in results.trials(2) {
        assert_eq!(
            (number(&row, "published"), number(&row, "delivered")),
            (40.0, 120.0)
        );
    }
}

/// An agent with half of the subscribers is stopped for a while. It neither publishes nor probes.
#[test]
fn a_process_of_the_load_that_stalls_is_a_doubt() {
    let results = Results::new();
    let arguments = ["3s", "--load-processes", "2", "--clients", "10"];
    let mut run = results.start(&[&RUN[..], &arguments].concat());
    let (_, others) = family(run.id(), 2);
    // The probe is started first.
    let follower = *others.iter().max().unwrap();
    std::thread::sleep(Duration::from_millis(1_200));
    signal(follower, "-STOP");
    std::thread::sleep(Duration::from_millis(900));
    signal(follower, "-CONT");
    assert_eq!(run.ended(), Some(0));
    let row = &results.trials(1)[0];
    assert!(number(row, "loop_lag_max_us") > 800_000.0, "{row:?}");
    assert!(number(row, "latency_max_us") > 800_000.0);
    let of_probe = number(row, "probe_latency_p50_us");
    assert!(
        of_probe < number(row, "latency_max_us"),
        "the probe's process goes on: {of_probe} us"
    );
    assert!(
        row["warnings"].contains("load-stalled"),
        "{}",
        row["warnings"]
    );
    assert_eq!(number(row, "missed"), 0.0);
}

#[test]
fn a_process_of_the_load_that_dies_ends_the_run_and_leaves_nothing() {
    let results = Results::new();
    let arguments = ["60s", "--load-processes", "2", "--clients", "10", "--quiet"];
    let run = results.start(&[&RUN[..], &arguments].concat());
    let (leader, others) = family(run.id(), 2);
    signal(*others.iter().max().unwrap(), "-KILL");
    let output = run.finish();
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
    let results = Results::new();
    let arguments = ["60s", "--load-processes", "3", "--clients", "10", "--quiet"];
    let mut run = results.start(&[&RUN[..], &arguments].concat());
    let (leader, others) = family(run.id(), 3);
    signal(leader, "-KILL");
    assert_eq!(run.ended(), Some(1));
    wait_until("the followers are gone", || {
        others.iter().all(|pid| !runs(*pid))
    });
}

#[test]
fn without_a_probe_there_are_no_figures_of_one() {
    let results = Results::new();
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
    let output = wslab(&["run", "--clients", "3", "--load-processes", "4"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("write at most 3"),
        "{output:?}"
    );
}

#[test]
fn polls_that_share_messages_cost_what_their_interval_says() {
    let results = Results::new();
    // Each poll finds five messages.
    let run = "run --transport short-polling --clients 40 --rate 20 --poll-interval 250ms \
               --warm-up 100ms --window 500ms --drain 20s --quiet";
    let output = results.wslab(&run.split_whitespace().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row = &results.trials(1)[0];
    assert_eq!(number(row, "delivered"), 10.0 * 40.0);
    assert_eq!(number(row, "ends_differ_bytes"), 0.0);
    let deliveries = number(row, "ledger_deliveries");
    let shared = number(row, "messages_per_exchange");
    // A busy machine may leave out a poll, so that more messages wait for the next one.
    assert!((4.9..5.5).contains(&shared), "{shared}");
    let wire = (number(row, "wire_bytes_down") + number(row, "wire_bytes_up")) / deliveries;
    let theory = number(row, "predicted_wire_bytes_per_delivery");
    assert!(wire < theory * 1.05, "{wire} {theory}");
}
