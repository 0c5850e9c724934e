//! `wslab run` and `wslab report` with the real binary: its files, its exit codes, and what is left
//! after a failure.

mod support;

use std::path::Path;
use std::time::Duration;

use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use support::process::{Process, after, signal, text, wslab};
use support::results::{Results, Row, number, processes, rows, runs};
use support::{Server, wait_until};

const TRANSPORTS: [&str; 5] = [
    "short-polling",
    "long-polling",
    "sse",
    "ndjson",
    "websocket",
];

/// A short run: a few messages are enough.
const SHORT: [&str; 12] = [
    "--warm-up",
    "200ms",
    "--window",
    "1s",
    "--rate",
    "10",
    "--clients",
    "20",
    "--poll-interval",
    "100ms",
    "--drain",
    "20s",
];

/// Warnings that other processes on this machine can cause.
const BUSY: [&str; 6] = [
    "publisher-late",
    "load-saturated",
    "load-stalled",
    "probe-differs",
    "machine-busy",
    "cpu-stolen",
];

/// Checks that a trial has no warning but those of a busy machine, and that its verdict is VALID
/// where it has none.
fn assert_undoubted(row: &Row) {
    let (transport, warnings) = (&row["transport"], &row["warnings"]);
    let mut doubts = warnings.split_whitespace();
    assert!(
        doubts.all(|doubt| BUSY.contains(&doubt)),
        "{transport}: {warnings}"
    );
    let verdict = if warnings.is_empty() {
        "VALID"
    } else {
        "SUSPECT"
    };
    assert_eq!(row["verdict"], verdict, "{transport}: {warnings}");
    assert_eq!(number(row, "missed"), 0.0, "{transport}");
    assert_eq!(number(row, "ends_differ_bytes"), 0.0, "{transport}");
}

#[test]
fn a_quiet_trial_is_valid() {
    let results = Results::new();
    let quiet = "run --transport all --baseline --clients 3 --rate 20 --warm-up 100ms \
                 --window 500ms --poll-interval 50ms --drain 20s --quiet";
    let output = results.wslab(&quiet.split_whitespace().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in results.trials(TRANSPORTS.len() + 1) {
        assert_undoubted(&row);
        assert_eq!(number(&row, "delivered"), 30.0, "{}", row["transport"]);
    }
}

fn check_row(row: &Row) {
    assert_undoubted(row);
    let transport = &row["transport"];
    assert_eq!(
        (number(row, "published"), number(row, "expected")),
        (10.0, 200.0),
        "{transport}"
    );
    assert_eq!(number(row, "delivered"), 200.0, "{transport}");
    for none in [
        "duplicate",
        "reordered",
        "connect_failed",
        "publish_failed",
        "reconnects",
    ] {
        assert_eq!(number(row, none), 0.0, "{transport}: {none}");
    }
    let order = ["min", "p50", "p90", "p99", "max"];
    let latencies = order.map(|name| number(row, &format!("latency_{name}_us")));
    assert!(
        latencies[0] > 0.0 && latencies.is_sorted(),
        "{transport}: {latencies:?}"
    );

    assert_eq!(row["latency_p999_us"], "", "200 deliveries have no p99.9");
    assert!(
        number(row, "since_send_max_us") <= latencies[4],
        "{transport}"
    );

    let layer = |name: &str| number(row, &format!("{name}_bytes_per_delivery"));
    let layers = layer("payload") + layer("envelope") + layer("protocol") + layer("tls");
    assert_eq!(number(row, "ledger_deliveries"), 200.0, "{transport}");
    let wire = (number(row, "wire_bytes_down") + number(row, "wire_bytes_up")) / 200.0;
    assert!(
        (layers - wire).abs() < 0.01,
        "{transport}: {layers} in layers, {wire} on the wire"
    );
    assert_eq!(
        layer("payload"),
        number(row, "payload_bytes"),
        "{transport}"
    );
    assert!(
        layer("tcp_ip") >= 40.0,
        "{transport}: at least a header a delivery"
    );
    assert_eq!(number(row, "probe_delivered"), 10.0, "{transport}");
    let [first, median, last] =
        ["first", "median", "last"].map(|place| number(row, &format!("{place}_recipient_p50_us")));
    assert!(
        latencies[0] * 0.98 <= first && first <= median && median <= last,
        "{transport}: {first} {median} {last}"
    );
    let stale = number(row, "stale_percent");
    assert!((0.0..=100.0).contains(&stale) && stale > 0.0, "{transport}");
    let fairness = number(row, "fairness_index");
    assert!((0.05..=1.0).contains(&fairness), "{transport}: {fairness}");
    for figure in [
        "server_cpu_percent",
        "load_cpu_percent",
        "server_rss_bytes",
        "connect_p50_us",
        "loop_lag_max_us",
        "messages_per_write",
        "ramp_up_s",
        "set_up_wire_bytes_per_client",
    ] {
        assert!(number(row, figure) > 0.0, "{transport}: {figure}");
    }
}

#[test]
fn over_tls_each_record_is_in_the_ledger_and_both_ends_count_the_same() {
    let results = Results::new();
    let tls = ["run", "--tls", "--baseline", "--headers", "browser"];
    let output = results.wslab(&[&tls[..], &SHORT].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let trials = results.trials(TRANSPORTS.len() + 1);
    for row in &trials {
        check_row(row);
        let transport = &row["transport"];
        assert_eq!(row["tls"], "true", "{transport}");
        // A poll is a record up and one down, shared by its messages; a pushed message is one.
        let records = match transport.ends_with("polling") {
            true => 2.0 * number(row, "exchanges") / 200.0,
            false => 1.0,
        };
        let tls = number(row, "tls_bytes_per_delivery");
        assert!((tls - 22.0 * records).abs() < 0.01, "{transport}: {tls}");
        let set_up = number(row, "set_up_wire_bytes_per_client");
        assert!(
            set_up > 1_000.0,
            "{transport}: a certificate is in {set_up}"
        );
    }
    // Without keep-alive each poll has a handshake.
    let anew = [
        "run",
        "--tls",
        "--keep-alive",
        "off",
        "--transport",
        "long-polling",
    ];
    let anew = [&anew[..], &SHORT].concat();
    let results = Results::new();
    assert_eq!(results.wslab(&anew).status.code(), Some(0));
    let row = &results.trials(1)[0];
    check_row(row);
    // Theory has one message an exchange; on a busy machine some exchanges carry more.
    let theory = number(row, "predicted_wire_bytes_per_delivery");
    let exchanges = number(row, "exchanges");
    let wire = (number(row, "wire_bytes_down") + number(row, "wire_bytes_up")) / exchanges;
    let tls = number(row, "tls_bytes_per_delivery") * 200.0 / exchanges;
    assert!(
        tls > 1_000.0 && (wire / theory - 1.0).abs() < 0.05,
        "{tls} {wire} {theory}"
    );
}

#[test]
fn one_command_compares_the_four_transports() {
    let results = Results::new();
    let output = results.wslab(&[&["run"][..], &SHORT].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (table, progress) = (text(&output.stdout), text(&output.stderr));
    assert!(progress.contains("5 trials, about 12 s\n"), "{progress}");
    for transport in TRANSPORTS {
        assert!(table.contains(transport), "{table}");
        assert!(
            progress.contains(&format!("{transport}-20-t1")),
            "plain lines: {progress}"
        );
        let of_trial = format!("] {transport}-20-t1  ");
        let lines = progress.lines().filter(|line| line.contains(&of_trial));
        assert_eq!(lines.count(), 2, "its window and its end: {progress}");
    }
    let run = results.run();
    let link = format!("report: file://{}\n", run.join("report.html").display());
    let (_, answer) = table.split_once(&link).unwrap_or_else(|| panic!("{table}"));
    assert!(answer.contains(" deliver "), "the answer is last: {table}");

    let trials = rows(&run.join("trials.csv"));
    assert_eq!(
        trials
            .iter()
            .map(|row| &*row["transport"])
            .collect::<Vec<_>>(),
        TRANSPORTS
    );
    trials.iter().for_each(check_row);
    check_what_differs(&trials);
    check_files(&run);

    // A report can be rebuilt from the folder alone.
    std::fs::remove_file(run.join("report.html")).unwrap();
    let summary = std::fs::read_to_string(run.join("summary.csv")).unwrap();
    std::fs::remove_file(run.join("summary.csv")).unwrap();
    std::fs::remove_dir_all(run.join("plots")).unwrap();
    let again = results.wslab(&["report"]);
    assert_eq!(text(&again.stdout), table, "what the run printed");
    let rebuilt = std::fs::read_to_string(run.join("summary.csv")).unwrap();
    assert_eq!(rebuilt, summary);
    check_files(&run);
}

/// Checks figures that theory gives exactly.
fn check_what_differs(trials: &[Row]) {
    let [short, long, sse, ndjson, websocket] = trials else {
        panic!("a row of each")
    };
    assert_eq!(
        number(websocket, "protocol_bytes_per_delivery"),
        4.0,
        "a head of 4 bytes a frame"
    );
    let id_and_data = number(sse, "protocol_bytes_per_delivery");
    assert!(
        (25.0..27.0).contains(&id_and_data),
        "SSE and chunk framing: {id_and_data}"
    );
    assert_eq!(
        number(ndjson, "protocol_bytes_per_delivery"),
        7.0,
        "a line end and chunk framing"
    );
    assert_eq!(
        (&*sse["exchanges"], &*websocket["exchanges"]),
        ("", ""),
        "no such figure"
    );
    for polls in [short, long] {
        assert!(
            number(polls, "protocol_bytes_per_delivery") > 100.0,
            "a head each way"
        );
        let full = number(polls, "exchanges") - number(polls, "empty_exchanges");
        assert!(
            (1.0..=200.0).contains(&full),
            "{full} exchanges with messages"
        );
    }
    assert_eq!(
        (&*short["poll_interval_ms"], &*short["hold_ms"]),
        ("100.0", "")
    );
    assert_eq!(
        (&*long["poll_interval_ms"], &*long["hold_ms"]),
        ("", "25000.0")
    );
    let median = |row: &Row| number(row, "latency_p50_us");
    assert!(
        median(short) > median(websocket),
        "polls wait for their turn"
    );
}

fn check_files(run: &Path) {
    let html = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(
        html.contains("<svg") && !html.contains("src=\"http"),
        "self-contained"
    );
    assert!(
        std::fs::read(run.join("plots/latency.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let scenario = std::fs::read_to_string(run.join("scenario.toml")).unwrap();
    assert!(
        scenario.contains("hold = \"25s\"") && scenario.contains("seed = 1"),
        "{scenario}"
    );
    let environment = std::fs::read(run.join("environment.json")).unwrap();
    let environment: serde_json::Value = serde_json::from_slice(&environment).unwrap();
    assert_eq!(environment["seed"], 1);
    assert!(environment["kernel"].as_str().unwrap().starts_with("Linux"));

    let timeline = rows(&run.join("timeline.csv"));
    assert!(
        timeline
            .iter()
            .any(|row| row["phase"] == "window" && number(row, "delivered") > 0.0)
    );
    let log = std::fs::read(run.join("latency.hlog")).unwrap();
    let mut tags = Vec::new();
    for entry in IntervalLogIterator::new(&log) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            let bytes = base64::Engine::decode(
                &base64::prelude::BASE64_STANDARD,
                interval.encoded_histogram(),
            );
            let histogram: hdrhistogram::Histogram<u64> = Deserializer::new()
                .deserialize(&mut &bytes.unwrap()[..])
                .unwrap();
            assert_eq!(histogram.len(), 200);
            tags.push(interval.tag().unwrap().to_string());
        }
    }
    assert_eq!(
        tags,
        TRANSPORTS.map(|transport| format!("{transport}-20-t1"))
    );
}

#[test]
fn subscribers_write_in_a_chat_and_everyone_in_the_room_receives() {
    let results = Results::new();
    let chat = [
        "run",
        "--workload",
        "chat",
        "--feeds",
        "4",
        "--schedule",
        "poisson",
        "--quiet",
    ];
    let output = results.wslab(&[&chat[..], &SHORT].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(text(&output.stderr), "", "quiet");
    for row in results.trials(TRANSPORTS.len()) {
        assert_eq!(
            (&*row["workload"], &*row["feeds"], &*row["schedule"]),
            ("chat", "4", "poisson")
        );
        assert_eq!(
            number(&row, "expected"),
            number(&row, "published") * 5.0,
            "5 in each room"
        );
        assert_eq!(
            number(&row, "delivered"),
            number(&row, "expected"),
            "{}",
            row["transport"]
        );
        // Each message goes up once and down to five readers. Where several share a poll, those at
        // the ends of the window are counted on one of the two ways.
        let payload = number(&row, "payload_bytes_per_delivery");
        let off = match &*row["transport"] {
            "short-polling" => 4.0,
            _ => 0.01,
        };
        assert!(
            (payload - 64.0 * 1.2).abs() < off,
            "{}: {payload}",
            row["transport"]
        );
    }
}

#[test]
fn the_baseline_is_measured_beside_the_others_if_asked_for() {
    let results = Results::new();
    let run = ["run", "--transport", "ws", "--baseline", "--details"];
    let output = results.wslab(&[&run[..], &SHORT].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("20 clients: times raw-tcp"));
    let [websocket, baseline] = &results.trials(2)[..] else {
        panic!("two rows")
    };
    check_row(websocket);
    check_row(baseline);
    assert_eq!(baseline["transport"], "raw-tcp");
    assert_eq!(
        number(baseline, "protocol_bytes_per_delivery"),
        4.0,
        "a length"
    );
}

#[test]
fn polls_that_dial_anew_pay_for_it() {
    let results = Results::new();
    let run = [
        "run",
        "--transport",
        "short-poll,long-poll",
        "--keep-alive",
        "off",
        "--quiet",
    ];
    assert_eq!(
        results.wslab(&[&run[..], &SHORT].concat()).status.code(),
        Some(0)
    );
    for row in results.trials(2) {
        assert_eq!(row["keep_alive"], "off");
        let segments = number(&row, "segments") / number(&row, "exchanges");
        assert!(
            segments > 6.0,
            "{}: {segments} segments an exchange",
            row["transport"]
        );
    }
}

#[test]
fn a_server_that_already_runs_can_be_measured() {
    let (results, server) = (Results::new(), Server::start(&[]));
    let url = server.url();
    let run = ["run", "--transport", "sse,ws", "--target", &url, "--quiet"];
    assert_eq!(
        results.wslab(&[&run[..], &SHORT].concat()).status.code(),
        Some(0)
    );
    for row in results.trials(2) {
        assert_eq!(number(&row, "delivered"), 200.0);
        // The process that listens on this host's port is found.
        assert!(number(&row, "server_cpu_percent") > 0.0);
    }
}

#[test]
fn an_interface_is_read_beside_the_ledger() {
    let results = Results::new();
    let run = ["run", "--transport", "ws", "--quiet", "--interface"];
    let (lo, unknown) = (
        [&run[..], &["lo"], &SHORT].concat(),
        [&run[..], &["none"]].concat(),
    );
    assert_eq!(results.wslab(&lo).status.code(), Some(0));
    let row = &results.trials(1)[0];
    let tcp_ip = number(row, "tcp_ip_bytes_per_delivery") * number(row, "delivered");
    let subscribers = number(row, "wire_bytes_down") + number(row, "wire_bytes_up") + tcp_ip;
    let publisher = number(row, "publisher_wire_bytes") + number(row, "publisher_tcp_ip_bytes");
    assert!(publisher > 0.0);
    // Loopback counts each byte twice, and other traffic too. The counters are read one after the
    // other, hence one per cent; scripts/ledger-check compares exactly.
    assert!(number(row, "interface_bytes") > 2.0 * 0.99 * (subscribers + publisher));
    assert!(number(row, "interface_packets") > 0.0);
    assert_eq!(results.wslab(&unknown).status.code(), Some(2));
}

#[test]
fn an_idle_run_shows_what_waiting_costs() {
    let results = Results::new();
    let run = [
        "run",
        "idle",
        "--clients",
        "10",
        "--window",
        "500ms",
        "--quiet",
    ];
    assert_eq!(results.wslab(&run).status.code(), Some(0));
    for row in results.trials(TRANSPORTS.len()) {
        assert_eq!(
            (number(&row, "published"), number(&row, "expected")),
            (0.0, 0.0)
        );
        assert_ne!(row["verdict"], "INVALID", "{}", row["warnings"]);
        assert_eq!(
            (&*row["latency_p50_us"], &*row["payload_bytes_per_delivery"]),
            ("", "")
        );
    }
}

#[test]
fn mistakes_are_answered_with_advice_and_exit_code_2() {
    let results = Results::new();
    let file = results.path().join("typo.toml");
    std::fs::write(&file, "question = \"Why?\"\nclinets = [5]\n").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, says) in [
        (
            &["--transport", "pigeon"][..],
            "short-polling, long-polling, sse, ndjson, websocket, raw-tcp, or all",
        ),
        (&["--clients", "0"], "between 1 and 1M"),
        (&["--rate", "0"], "wslab run idle"),
        (&["--rate", "-1"], "between 0 and 100000"),
        (&["--window", "soon"], "500ms, 10s or 1m"),
        (&["--clients", "5m"], "a whole number such as 100, 5k or 1M"),
        (
            &["--payload", "1k"],
            "1kB (1,000 bytes) or 1KiB (1,024 bytes)",
        ),
        (&["--rate", "1,fast"], "a number such as 0.5, 20 or 1.5k"),
        (
            &[
                "--rate",
                "1,2,3,4",
                "--clients",
                "1k,2k,3k",
                "--repeats",
                "200",
            ],
            "12200 trials",
        ),
        (&["--workload", "caht"], "monitoring or chat"),
        (&["--feeds", "200"], "at least 200 clients"),
        (&["--poll-interval", "1m"], "a drain of at least 1m"),
        (&["--target", "ftp://localhost"], "http://HOST:PORT"),
        (&["no-such-scenario"], "classroom"),
        (&[file], "typo.toml:2: "),
    ] {
        let output = results.wslab(&[&["run"], arguments].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
}

#[test]
fn what_cannot_be_done_is_told_before_anything_runs() {
    let results = Results::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let nobody = "http://127.0.0.1:1";
    let many = ["run", "--clients", "900000", "--transport", "sse"];
    for (mut command, says) in [
        (after("ulimit -n 200", &many), "open files"),
        (
            wslab(&["run", "--target", nobody]),
            "cannot reach http://127.0.0.1:1",
        ),
        (
            wslab(&["report"]),
            "there is no run with a finished trial in",
        ),
    ] {
        let output = command.arg("--results").arg(results.path()).output();
        let output = output.unwrap();
        let error = text(&output.stderr);
        assert_eq!(
            (output.status.code(), error.lines().count()),
            (Some(1), 1),
            "{error}"
        );
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(
        std::fs::read_dir(results.path()).unwrap().count(),
        0,
        "nothing half ran"
    );

    let unwritable = ["run", "smoke", "--results", "/proc/nowhere"];
    let unwritable = wslab(&unwritable).output().unwrap();
    assert_eq!(unwritable.status.code(), Some(1));
    assert!(text(&unwritable.stderr).contains("cannot write results to /proc/nowhere/smoke"));
    let serve = wslab(&["serve", "--bind", &taken]).output().unwrap();
    assert_eq!(serve.status.code(), Some(1));
    assert!(text(&serve.stderr).contains("choose another port with --bind"));
}

#[test]
fn two_runs_at_once_keep_apart() {
    let results = Results::new();
    let arguments = [&["run", "--transport", "sse", "--quiet"][..], &SHORT].concat();
    let start = || results.start(&arguments);
    for mut run in [start(), start()] {
        assert_eq!(run.ended(), Some(0));
    }
    let runs = results.runs();
    assert_eq!(runs.len(), 2);
    for run in runs {
        assert_eq!(rows(&run.join("trials.csv")).len(), 1);
    }
}

#[test]
fn a_run_that_is_interrupted_keeps_what_it_measured_and_leaves_nothing_running() {
    let results = Results::new();
    let arguments = [
        &["run", "--transport", "sse", "--repeats", "50"][..],
        &SHORT,
    ]
    .concat();
    let run = results.start(&arguments);
    wait_until("the first trial is on disk", || {
        results
            .runs()
            .first()
            .is_some_and(|run| run.join("trials.csv").exists())
    });
    let (server, load) = processes(run.id());
    signal(run.id(), "-INT");
    let output = run.finish();
    assert!(!runs(server) && !runs(load), "children outlive the run");
    assert_eq!(output.status.code(), Some(130));
    assert!(
        text(&output.stderr).contains("stopped by Ctrl-C"),
        "{}",
        text(&output.stderr)
    );
    assert!(results.run().join("report.html").exists());
    assert!(
        text(&output.stdout).contains("sse"),
        "the table of what is finished"
    );
}

#[test]
fn a_run_that_is_killed_takes_its_processes_with_it() {
    let results = Results::new();
    let arguments = [&["run", "--quiet"][..], &SHORT].concat();
    let mut run = results.start(&arguments);
    let (server, load) = processes(run.id());
    run.end();
    wait_until("server and load are gone", || !runs(server) && !runs(load));
    let folder = results.run();
    let report = wslab(&["report", folder.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(report.status.code(), Some(0), "{}", text(&report.stderr));
}

#[test]
fn a_server_that_dies_ends_the_run_and_is_named() {
    let results = Results::new();
    let arguments = [
        "run",
        "--transport",
        "sse",
        "--clients",
        "20",
        "--rate",
        "20",
        "--window",
        "60s",
    ];
    let run = results.start(&arguments);
    let (server, load) = processes(run.id());
    assert!(next_window(&run).is_some());
    // Some messages are delivered.
    std::thread::sleep(Duration::from_secs(2));
    signal(server, "-KILL");
    let output = run.finish();
    let error = text(&output.stderr);
    assert!(!runs(load));
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("the server died"), "{error}");
    let row = &results.trials(1)[0];
    assert_eq!(row["verdict"], "INVALID");
    assert!(
        row["warnings"].contains("server-died"),
        "{}",
        row["warnings"]
    );
    assert!(number(row, "delivered") > 0.0, "what was measured is kept");
}

/// Waits for a progress line of a window; returns the trial's label.
fn next_window(run: &Process) -> Option<String> {
    let line = std::iter::from_fn(|| run.next_note()).find(|line| line.contains("  window "))?;
    Some(line.split_whitespace().nth(1).unwrap().to_owned())
}

/// Stops one of the processes of each trial for a while in the middle of its window.
fn run_with_stalls(
    results: &Results,
    arguments: &[&str],
    stalled: fn(&Process) -> u32,
) -> Vec<Row> {
    let stall = [
        "--window",
        "3s",
        "--rate",
        "20",
        "--clients",
        "5",
        "--poll-interval",
        "50ms",
        "--warm-up",
        "200ms",
        "--drain",
        "20s",
    ];
    let mut run = results.start(&[&["run"], arguments, &stall[..]].concat());
    let mut last = String::new();
    while let Some(label) = next_window(&run) {
        if label != last {
            let process = stalled(&run);
            signal(process, "-STOP");
            std::thread::sleep(STALL);
            signal(process, "-CONT");
            last = label;
        }
    }
    assert_eq!(run.ended(), Some(0), "no trial is INVALID");
    rows(&results.run().join("trials.csv"))
}

const STALL: std::time::Duration = std::time::Duration::from_millis(900);
const STALL_US: f64 = 900_000.0;

/// Coordinated omission: a tool that waits for the server before it sends the next message, or that
/// counts from the send, would show one slow message and a fine p99.
#[test]
fn a_server_that_stalls_shows_in_every_transports_latency() {
    let results = Results::new();
    let trials = run_with_stalls(&results, &[], |run| processes(run.id()).0);
    assert_eq!(trials.len(), TRANSPORTS.len());
    for row in trials {
        let transport = &row["transport"];
        let (p99, max) = (
            number(&row, "latency_p99_us"),
            number(&row, "latency_max_us"),
        );
        assert_eq!(number(&row, "missed"), 0.0, "{transport}");
        assert!(
            p99 > 0.8 * STALL_US && max >= p99,
            "{transport}: p99 {p99} us, max {max} us"
        );
        // A third of the messages were due during the stall, and waited for half of it on average.
        let mean = number(&row, "latency_mean_us");
        assert!(mean > 0.08 * STALL_US, "{transport}: mean {mean} us");
    }
}

#[test]
fn a_load_that_stalls_is_charged_with_it_and_doubted() {
    let results = Results::new();
    let rows = run_with_stalls(&results, &["--transport", "sse"], |run| {
        processes(run.id()).1
    });
    let row = &rows[0];
    let lag = number(row, "publish_lag_max_us");
    assert!(lag > 0.8 * STALL_US, "publish lag {lag} us");
    assert!(number(row, "latency_max_us") > 0.8 * STALL_US);
    assert!(
        row["warnings"].contains("publisher-late"),
        "{}",
        row["warnings"]
    );
    assert_ne!(row["verdict"], "VALID");
    let median = ["latency_p50_us", "since_send_p50_us"].map(|column| number(row, column));
    assert!(
        median[1] <= median[0],
        "since the send {} us of {} us",
        median[1],
        median[0]
    );
}
