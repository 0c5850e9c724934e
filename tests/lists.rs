//! Several values of a factor: each combination is a cell, and every output names it.

use support::process::text;
use support::results::{Results, Row};

mod support;

/// A run of six cells: short polling has two poll intervals, the others have none.
const LISTS: [&str; 16] = [
    "run",
    "--transport",
    "short-polling,sse",
    "--rate",
    "10,20",
    "--payload",
    "1KiB",
    "--poll-interval",
    "100ms,0.3",
    "--clients",
    "4",
    "--window",
    "0.5",
    "--warm-up",
    "100ms",
    "--quiet",
];

/// The conditions of a cell.
fn conditions(row: &Row) -> String {
    let names = ["transport", "rate_hz", "payload_bytes", "poll_interval_ms"];
    names.map(|name| row[name].as_str()).join(" ")
}

#[test]
fn a_list_of_rates_and_poll_intervals_is_measured_and_named() {
    let results = Results::new();
    let output = results.wslab(&LISTS);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let cells: Vec<String> = results.trials(6).iter().map(conditions).collect();
    let expected = [
        "short-polling 10.0 1024 100.0",
        "short-polling 10.0 1024 300.0",
        "sse 10.0 1024 ",
        "short-polling 20.0 1024 100.0",
        "short-polling 20.0 1024 300.0",
        "sse 20.0 1024 ",
    ];
    assert_eq!(cells, expected);
    let table = text(&output.stdout);
    for words in [
        "short-polling every 100 ms",
        "short-polling every 300 ms",
        "4 clients, 10 messages a second to each feed",
        "4 clients, 20 messages a second to each feed",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    let run = results.run();
    let log = std::fs::read_to_string(run.join("latency.hlog")).unwrap();
    for tag in ["short-polling-4-10hz-100ms-t1,", "sse-4-20hz-t1,"] {
        assert_eq!(
            log.matches(&format!("Tag={tag}")).count(),
            1,
            "{tag}: {log}"
        );
    }

    // The same cells are compared, and a repeated run has them again.
    let folder = run.to_str().unwrap();
    let compared = support::process::wslab(&["compare", folder])
        .output()
        .unwrap();
    let compared = text(&compared.stdout).to_owned();
    assert!(compared.contains("rate_hz 20"), "{compared}");
    let scenario = std::fs::read_to_string(run.join("scenario.toml")).unwrap();
    for line in [
        "rate_hz = [10.0, 20.0]",
        "payload_bytes = 1024",
        "poll_interval = [\"100ms\", \"300ms\"]",
    ] {
        assert!(scenario.contains(line), "{line}: {scenario}");
    }

    // A run without its last cell says which one it lacks.
    let file = run.join("trials.csv");
    let rows = std::fs::read_to_string(&file).unwrap();
    let (rest, _) = rows.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&file, rest.to_owned() + "\n").unwrap();
    let report = support::process::wslab(&["report", folder])
        .output()
        .unwrap();
    assert_eq!(report.status.code(), Some(0), "{}", text(&report.stderr));
    let page = std::fs::read_to_string(run.join("report.html")).unwrap();
    let lacks = "Missing trials: sse, 4 clients, 20 messages a second to each feed (1 of 1).";
    assert!(page.contains(lacks), "{page}");
}

#[test]
fn a_file_has_the_same_words_as_the_flags() {
    let results = Results::new();
    let file = results.path().join("lists.toml");
    let scenario = "transports = \"sse\"\nclients = [\"0.002k\", 4]\npayload_bytes = \"1kB\"\n\
                    rate_hz = 20\nwindow = 0.5\nwarm_up = \"0.1\"\nrepeats = 1\n";
    std::fs::write(&file, scenario).unwrap();
    let output = results.wslab(&["run", file.to_str().unwrap(), "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let rows = results.trials(2);
    let cells: Vec<&str> = rows.iter().map(|row| row["clients"].as_str()).collect();
    assert_eq!(cells, ["2", "4"]);
    assert_eq!(
        (&*rows[0]["payload_bytes"], &*rows[0]["window_s"]),
        ("1000", "0.5")
    );
}

#[test]
fn a_search_begins_with_one_value_of_each_factor() {
    let results = Results::new();
    let search = [
        "capacity",
        "--slo",
        "p99<100ms",
        "--payload",
        "64,1KiB",
        "--rate",
        "10",
    ];
    let output = results.wslab(&search);
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(
        error.contains("--payload: a search begins with one value"),
        "{error}"
    );
}
