//! Runs through proxies: what each does to each transport, what it costs, and that nothing of it is
//! left. They need nginx, haproxy and caddy; scripts/test installs them.

mod support;

use std::time::{Duration, Instant};

use support::process::{Process, signal, text};
use support::results::{Results, Row, child, number, processes, runs};
use support::wait_until;
use tempfile::TempDir;

/// A short trial of eight clients.
const SHORT: [&str; 13] = [
    "run",
    "--clients",
    "8",
    "--rate",
    "20",
    "--poll-interval",
    "100ms",
    "--warm-up",
    "200ms",
    "--window",
    "500ms",
    "--drain",
    "2s",
];

fn run_of(results: &Results, more: &[&str]) -> Vec<Row> {
    let output = results.wslab(&[&SHORT, more].concat());
    let error = text(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{error}");
    support::results::rows(&results.run().join("trials.csv"))
}

/// The rows of one transport.
fn of<'r>(rows: &'r [Row], transport: &str) -> Vec<&'r Row> {
    let rows = rows.iter().filter(|row| row["transport"] == transport);
    rows.collect()
}

#[test]
fn every_transport_passes_a_proxy_that_is_configured_for_it_and_what_it_costs_is_measured() {
    let results = Results::new();
    let rows = run_of(&results, &["--proxy", "nginx", "--proxy", "haproxy,caddy"]);
    let names = ["nginx", "haproxy", "caddy"];
    assert_eq!(rows.len(), names.len() * 5);
    for row in &rows {
        let (name, transport) = (&row["proxy"], &row["transport"]);
        let is = |column: &str| row[column].clone();
        assert_eq!(
            (is("missed"), is("duplicate")),
            ("0".into(), "0".into()),
            "{name} {transport}"
        );
        assert_ne!(
            row["verdict"], "INVALID",
            "{name} {transport}: {}",
            row["warnings"]
        );
        assert!(
            !row["warnings"].contains("ends-differ"),
            "{name} {transport}"
        );
        assert!(!row["warnings"].contains("unchecked"), "{name} {transport}");
        assert!(number(row, "server_cpu_percent") > 0.0);
        assert_ne!(row["server_engine"], "", "the server itself is asked");
        assert_eq!(
            row["ends_differ_bytes"], "",
            "they have other heads and connections"
        );
        assert_ne!(row["proxy_rss_bytes_per_client"], "");
        assert!(
            number(row, "proxy_cpu_us_per_delivery") > 0.0,
            "{name} {transport}"
        );
    }
    let mut seen: Vec<&str> = of(&rows, "sse").iter().map(|row| &*row["proxy"]).collect();
    seen.sort_by_key(|name| names.iter().position(|known| known == name));
    assert_eq!(seen, names);
    let log = std::fs::read_to_string(results.run().join("latency.hlog")).unwrap();
    assert!(log.contains("Tag=sse-8-nginx-t1"), "{log}");
}

#[test]
fn what_a_default_proxy_does_not_pass_ends_its_trial_with_a_word_and_not_with_its_window() {
    let results = Results::new();
    let started = Instant::now();
    let arguments = [
        "run",
        "--proxy",
        "nginx-default",
        "--transport",
        "websocket",
        "--clients",
        "8",
    ];
    let output = results.wslab(&[&arguments[..], &["--window", "60s"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(started.elapsed() < Duration::from_secs(30));
    let row = &results.trials(1)[0];
    assert_eq!(
        (&*row["verdict"], &*row["warnings"]),
        ("INVALID", "wrong-answer")
    );
    assert!(
        row["wrong_answer"].contains("Upgrade"),
        "{}",
        row["wrong_answer"]
    );

    let results = Results::new();
    let rows = run_of(
        &results,
        &[
            "--proxy",
            "nginx-default",
            "--transport",
            "short-polling,sse",
        ],
    );
    assert!(rows.iter().all(|row| row["missed"] == "0"), "{rows:?}");
}

#[test]
fn without_a_word_of_the_server_a_default_proxy_keeps_a_stream_for_itself() {
    let run = Proxied::start("nginx-buffer");
    run.proxy(run.guard());
    processes(run.run.id());
    std::thread::sleep(Duration::from_secs(3));
    signal(run.run.id(), "-INT");
    let notes = run.run.rest_of_notes();
    let is_stopped = notes.contains("0 finished trials") && !notes.contains("  window ");
    assert!(is_stopped, "{notes}");
    // An answer that ends is passed on.
    let results = Results::new();
    let polled = ["--proxy", "nginx-buffer", "--transport", "long-polling"];
    assert_eq!(run_of(&results, &polled)[0]["missed"], "0");
}

#[test]
fn a_proxy_that_cuts_what_is_silent_costs_connections_and_no_message() {
    let results = Results::new();
    let file = results.path().join("idle.toml");
    let text_of = "transports = \"sse\"\nclients = [4]\nrate_hz = 0.0\nproxy = \"nginx-idle-5s\"\n\
                   warm_up = \"100ms\"\nwindow = \"7s\"\nprobe = \"off\"\n";
    std::fs::write(&file, text_of).unwrap();
    let of_run = Results::new();
    let output = of_run.wslab(&["run", file.to_str().unwrap()]);
    assert!(
        matches!(output.status.code(), Some(0)),
        "{}",
        text(&output.stderr)
    );
    let row = &of_run.trials(1)[0];
    assert_eq!(
        (&*row["reconnects"], &*row["connect_failed"]),
        ("4", "0"),
        "{row:?}"
    );
    assert!(
        row["warnings"].contains("clients-lost"),
        "{}",
        row["warnings"]
    );
}

#[test]
fn a_cache_answers_equal_long_polls_with_one_answer_of_the_server_and_nothing_is_missed() {
    let results = Results::new();
    let more = [
        "--transport",
        "long-polling",
        "--proxy",
        "nginx,nginx-cache",
        "--clients",
        "40",
    ];
    let slow = ["--rate", "1", "--window", "5s"];
    let arguments = [&["run", "--warm-up", "1s"], &more[..], &slow].concat();
    let output = results.wslab(&arguments);
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{}",
        text(&output.stderr)
    );
    let rows = results.trials(2);
    let bytes_down = |name: &str| {
        let row = rows.iter().find(|row| row["proxy"] == name).unwrap();
        let counts = ["missed", "duplicate", "reordered"].map(|column| &*row[column]);
        assert_eq!(counts, ["0"; 3], "{row:?}");
        assert_eq!(number(row, "delivered"), 200.0);
        number(row, "server_wire_bytes_down")
    };
    let (each, collapsed) = (bytes_down("nginx"), bytes_down("nginx-cache"));
    assert!(collapsed < each / 4.0, "{collapsed} of {each} bytes");
}

#[test]
fn a_proxy_that_is_missing_or_has_no_place_is_refused_before_anything_starts() {
    for (arguments, says) in [
        (
            &["--proxy", "caddy,haproxy-default"][..],
            "apt-get install caddy haproxy",
        ),
        (&["--proxy", "nginy"], "did you mean nginx?"),
        (
            &["--proxy", "nginx", "--tls"],
            "--proxy, --tls: a proxy and its server speak plain HTTP",
        ),
        (
            &["--proxy", "nginx", "--target", "http://127.0.0.1:9"],
            "leave out --target, or proxy",
        ),
    ] {
        let results = Results::new();
        let mut command = results.command(&[&["run"], arguments].concat());
        // Without PATH there is no proxy here.
        let output = command.env("PATH", "/nowhere/bin").output().unwrap();
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
        assert_eq!(
            std::fs::read_dir(results.path()).unwrap().count(),
            0,
            "{arguments:?}"
        );
    }
}

/// A run through a proxy, with a temporary folder of its own.
struct Proxied {
    folder: TempDir,
    _results: Results,
    run: Process,
}

impl Proxied {
    fn start(proxy: &str) -> Self {
        let (results, folder) = (Results::new(), TempDir::new().unwrap());
        let arguments = [
            "run",
            "--transport",
            "sse",
            "--clients",
            "8",
            "--window",
            "60s",
        ];
        let mut command = results.command(&[&arguments[..], &["--proxy", proxy]].concat());
        command.env("TMPDIR", folder.path());
        Proxied {
            run: Process::start(command),
            _results: results,
            folder,
        }
    }

    /// The guard, once it runs.
    fn guard(&self) -> u32 {
        let find = || child(self.run.id(), " proxy");
        wait_until("the guard runs", || find().is_some());
        find().unwrap()
    }

    /// The proxy, once its guard has started it.
    fn proxy(&self, guard: u32) -> u32 {
        let find = || child(guard, "configuration");
        wait_until("the proxy runs", || find().is_some());
        find().unwrap()
    }

    fn wait_for_window(&self) {
        let notes = || std::iter::from_fn(|| self.run.next_note());
        assert!(notes().any(|note| note.contains("  window ")));
    }

    /// Checks that these processes end, and that no file of the proxy is left.
    fn assert_nothing_is_left(&self, pids: &[u32]) {
        for pid in pids {
            wait_until(&format!("process {pid} is gone"), || !runs(*pid));
        }
        let files = || std::fs::read_dir(self.folder.path()).unwrap().count();
        wait_until("its folder is gone", || files() == 0);
    }
}

#[test]
fn whenever_a_run_is_killed_its_proxy_ends_with_it() {
    let of_each = |proxy| {
        // As soon as there is a guard.
        let run = Proxied::start(proxy);
        let guard = run.guard();
        signal(run.run.id(), "-KILL");
        run.assert_nothing_is_left(&[guard]);
        // While the proxy starts.
        let run = Proxied::start(proxy);
        let guard = run.guard();
        let pid = run.proxy(guard);
        signal(run.run.id(), "-KILL");
        run.assert_nothing_is_left(&[guard, pid]);
        // In the window.
        for name in ["-KILL", "-INT"] {
            let run = Proxied::start(proxy);
            run.wait_for_window();
            let guard = run.guard();
            let pid = run.proxy(guard);
            let (server, load) = processes(run.run.id());
            signal(run.run.id(), name);
            run.assert_nothing_is_left(&[guard, pid, server, load]);
        }
    };
    std::thread::scope(|scope| {
        for proxy in ["nginx", "haproxy", "caddy"] {
            scope.spawn(move || of_each(proxy));
        }
    });
}

#[test]
fn a_run_ends_with_its_proxy_with_the_guard_and_with_its_load() {
    let ended = |kill: fn(&Proxied, u32, u32) -> u32, says: &str| {
        let mut run = Proxied::start("nginx");
        run.wait_for_window();
        let guard = run.guard();
        let pid = run.proxy(guard);
        signal(kill(&run, guard, pid), "-KILL");
        assert_eq!(run.run.ended(), Some(1));
        let error = run.run.rest_of_notes();
        assert!(error.contains(says), "{error}");
        (run, [guard, pid])
    };
    let (run, pids) = ended(
        |_, _, proxy| proxy,
        "the proxy died: nginx ended (signal: 9",
    );
    run.assert_nothing_is_left(&pids);
    let (run, pids) = ended(
        |run, _, _| processes(run.run.id()).1,
        "the load process ended",
    );
    run.assert_nothing_is_left(&pids);
    // A guard that is killed removes no folder, but the kernel ends its proxy.
    let (_run, pids) = ended(|_, guard, _| guard, "the proxy died with its guard");
    wait_until("both are gone", || !pids.iter().any(|pid| runs(*pid)));
}

#[test]
fn a_file_names_proxies_as_a_list_or_as_a_table() {
    let results = Results::new();
    let file = results.path().join("through.toml");
    let lists = [
        "proxy = [\"nginx\", \"none\"]",
        "[proxy]\nuse = [\"none\", \"nginx\"]",
    ];
    for list in lists {
        let of = "transports = \"sse\"\nclients = [2]\nwarm_up = \"100ms\"\nwindow = \"300ms\"";
        std::fs::write(&file, format!("{of}\n{list}\n")).unwrap();
        let of_run = Results::new();
        let output = of_run.wslab(&["run", file.to_str().unwrap()]);
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{}",
            text(&output.stderr)
        );
        let names = of_run.trials(2).into_iter().map(|row| row["proxy"].clone());
        let mut names: Vec<String> = names.collect();
        names.sort();
        assert_eq!(names, ["", "nginx"]);
    }
    std::fs::write(&file, "[proxy]\nuses = \"nginx\"\n").unwrap();
    let output = results.wslab(&["run", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("use = \"nginx\""),
        "{}",
        text(&output.stderr)
    );
}
