//! Repeatable runs, with the real binary: `wslab doctor`, `wslab run --pin`, and
//! `wslab run FOLDER`, which repeats a run.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use support::process::{after, text, wslab};
use support::results::{Results, child};
use support::{Server, wait_until};
use wslab::lab::recorded_run::RecordedRun;
use wslab::results::{self, TrialRow};
use wslab::system::cpus::Cpus;

/// One short trial.
const SHORT: [&str; 13] = [
    "run",
    "--transport",
    "sse",
    "--clients",
    "5",
    "--rate",
    "10",
    "--warm-up",
    "100ms",
    "--window",
    "500ms",
    "--seed",
    "77",
];

/// A run that must succeed; returns its standard error.
fn run(results: &Results, arguments: &[&str]) -> String {
    let output = results.wslab(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    error
}

fn read(run: &Path, file: &str) -> String {
    fs::read_to_string(run.join(file)).unwrap()
}

fn environment(run: &Path) -> Value {
    serde_json::from_str(&read(run, "environment.json")).unwrap()
}

fn refused(output: &Output, code: i32, says: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(says), "{says}: {error}");
    assert_eq!(error.lines().count(), 1, "one clear message: {error}");
}

#[test]
fn the_doctor_finds_and_its_exit_code_says_whether_anything_is_bad() {
    let output = wslab(&["doctor", "--clients", "10"]).output().unwrap();
    let findings = text(&output.stdout).replace("\n      ", " ");
    for line in findings.lines() {
        let (level, rest) = line.split_once(' ').unwrap();
        assert!(["ok", "warn", "bad"].contains(&level), "{line}");
        assert_eq!(rest.contains(" → "), level != "ok", "what to do: {line}");
    }
    for name in ["build", "cores", "open-files", "memory", "busy", "steal"] {
        assert!(findings.contains(&format!("  {name}: ")), "{findings}");
    }
    let bad = findings.lines().any(|line| line.starts_with("bad "));
    assert_eq!(output.status.code(), Some(i32::from(bad)), "{findings}");
    let optimised = !cfg!(debug_assertions);
    assert_eq!(findings.contains("wslab is optimised"), optimised);
    assert!(bad || optimised, "{findings}");

    let doctor = ["doctor", "--clients", "1000000"];
    let output = after("ulimit -n 200", &doctor).output().unwrap();
    let findings = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{findings}");
    assert!(findings.contains("bad   open-files: 200"), "{findings}");
}

#[test]
fn the_doctors_lines_fit_the_terminal() {
    for columns in ["80", "60"] {
        let mut doctor = wslab(&["doctor", "--clients", "1000000"]);
        let output = doctor.env("COLUMNS", columns).output().unwrap();
        let findings = text(&output.stdout);
        let widest = findings.lines().map(|line| line.chars().count()).max();
        assert!(widest <= columns.parse().ok(), "{columns}: {findings}");
        assert!(findings.contains("\n      "), "{findings}");
    }
}

/// The threads of a process: name and allowed CPUs of each.
fn threads(pid: u32) -> Vec<(String, Cpus)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter();
    let status = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        let value = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim().to_owned())
        };
        Some((value("Name:")?, value("Cpus_allowed_list:")?.parse().ok()?))
    };
    tasks.flatten().flatten().filter_map(status).collect()
}

/// How many threads have a name that begins with `name`.
fn count(threads: &[(String, Cpus)], name: &str) -> usize {
    let named = threads
        .iter()
        .filter(|(thread, _)| thread.starts_with(name));
    named.count()
}

#[test]
fn a_pinned_run_keeps_server_and_load_apart_and_says_so() {
    let allowed = Cpus::allowed().unwrap();
    let results = Results::new();
    let arguments = [&SHORT[..], &["--pin"]].concat();
    if allowed.count() < 2 {
        // With one CPU a pinned run is refused.
        let output = results.wslab(&arguments);
        return refused(&output, 1, "one CPU only");
    }
    let run = results.start(&arguments);
    let (mut server, mut load) = (Vec::new(), Vec::new());
    wait_until("server and load work", || {
        server = child(run.id(), " serve ").map_or(Vec::new(), threads);
        load = child(run.id(), " load").map_or(Vec::new(), threads);
        count(&load, "load-") > 0
    });
    let output = run.finish();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    let (on_server, on_load) = (server[0].1.clone(), load[0].1.clone());
    assert!(
        server.iter().all(|(_, cpus)| *cpus == on_server),
        "{server:?}"
    );
    assert!(load.iter().all(|(_, cpus)| *cpus == on_load), "{load:?}");
    let shared = |cpu: &usize| on_load.numbers().contains(cpu);
    assert!(
        !on_server.numbers().iter().any(shared),
        "{on_server} and {on_load}"
    );
    assert_eq!(on_server.count() + on_load.count(), allowed.count());
    assert!(
        on_server.count() <= on_load.count(),
        "the larger half is the load's"
    );
    // With one CPU the server's main thread does all the work.
    let workers = match on_server.count() {
        1 => 0,
        more => more,
    };
    assert_eq!(count(&server, "tokio-"), workers, "{server:?}");
    assert_eq!(count(&load, "load-"), on_load.count(), "{load:?}");

    let run = &results.runs()[0];
    let told = environment(run);
    assert_eq!(told["pinning"]["server"], on_server.to_string());
    assert_eq!(told["pinning"]["load"], on_load.to_string());
    assert_eq!(told["load_worker_threads"], on_load.count());
    let rows: Vec<TrialRow> = results::read_rows(&run.join("trials.csv")).unwrap();
    let pin = format!("server {on_server}; load {on_load}");
    assert_eq!(rows[0].pin.as_deref(), Some(&*pin));
    assert!(read(run, "report.html").contains(&pin));
}

#[test]
fn what_cannot_be_pinned_is_told_before_anything_runs() {
    let results = Results::new();
    let confined = std::thread::scope(|scope| {
        // A child inherits the CPUs of the thread that starts it.
        let alone = scope.spawn(|| {
            let first = Cpus::allowed().unwrap().numbers()[0];
            Cpus::new([first]).unwrap().confine().unwrap();
            let arguments = [&SHORT[..], &["--pin"]].concat();
            results.wslab(&arguments)
        });
        alone.join().unwrap()
    });
    refused(&confined, 1, "one CPU only");
    let target = [&SHORT[..], &["--pin", "--target", "http://127.0.0.1:1"]].concat();
    refused(&results.wslab(&target), 2, "not ours to pin");
    assert!(results.runs().is_empty(), "nothing half ran");

    for command in ["serve", "load"] {
        let output = wslab(&[command, "--cpus", "1023"]).output().unwrap();
        refused(&output, 2, "cpus: this process may use");
        let output = wslab(&[command, "--cpus", "all"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("0,1 or 0-3"));
    }
}

#[test]
fn a_run_can_be_repeated_from_its_folder() {
    let results = Results::new();
    let pin = Cpus::allowed().unwrap().count() >= 2;
    let pin: &[&str] = if pin { &["--pin"] } else { &[] };
    let first_said = run(&results, &[&SHORT[..], pin].concat());
    let first = results.runs()[0].clone();
    let doubts = environment(&first)["doubts"].as_array().unwrap().clone();
    let told = first_said.lines().next().unwrap().starts_with("doctor: ");
    assert_eq!(told, !doubts.is_empty(), "{first_said}");
    assert!(!cfg!(debug_assertions) || doubts.contains(&"build".into()));

    let folder = first.to_str().unwrap();
    let said = run(&results, &["run", folder]);
    assert!(
        said.contains("repeated: nothing that matters has changed"),
        "{said}"
    );
    let again = results.runs()[1].clone();
    assert_eq!(read(&again, "scenario.toml"), read(&first, "scenario.toml"));
    let (was, is) = (environment(&first), environment(&again));
    for same in [
        "seed",
        "target",
        "pinning",
        "rustc",
        "commit",
        "load_worker_threads",
    ] {
        assert_eq!(was[same], is[same], "{same}");
    }
    assert_eq!(
        (&was["seed"], was["pinning"].is_null()),
        (&77.into(), pin.is_empty())
    );
    let column = |run: &Path| {
        let rows: Vec<TrialRow> = results::read_rows(&run.join("trials.csv")).unwrap();
        (rows[0].pin.clone(), rows[0].published)
    };
    assert_eq!(column(&first), column(&again));

    let said = run(
        &results,
        &["run", folder, "--seed", "78", "--pin=off", "--quiet"],
    );
    assert_eq!(said, "", "quiet");
    let changed = results.runs()[2].clone();
    let scenario = read(&first, "scenario.toml");
    assert_eq!(
        read(&changed, "scenario.toml"),
        scenario.replace("seed = 77", "seed = 78")
    );
    assert_eq!(environment(&changed)["pinning"], Value::Null);
    assert_eq!(column(&changed).0, None, "an empty cell");
}

#[test]
fn a_run_against_a_target_is_repeated_against_it() {
    let (results, server) = (Results::new(), Server::start(&[]));
    let url = server.url();
    run(&results, &[&SHORT[..], &["--target", &url]].concat());
    let first = results.runs()[0].clone();
    run(&results, &["run", first.to_str().unwrap()]);
    let again = results.runs()[1].clone();
    assert_eq!(environment(&again)["target"], url);
}

#[test]
fn a_folder_that_is_no_run_is_named() {
    let results = Results::new();
    let run = |folder: &str| results.wslab(&["run", folder]);
    refused(
        &run(results.path().to_str().unwrap()),
        2,
        "is not the folder of a run: it has no environment.json",
    );
    fs::write(results.path().join("environment.json"), "{}").unwrap();
    refused(
        &run(results.path().to_str().unwrap()),
        2,
        "is not the folder of a run: environment.json: missing",
    );
    let earlier = newest_in("results/classroom");
    fs::copy(
        earlier.join("environment.json"),
        results.path().join("environment.json"),
    )
    .unwrap();
    refused(
        &run(results.path().to_str().unwrap()),
        2,
        "is not the folder of a run: it has no scenario.toml",
    );
    fs::write(results.path().join("scenario.toml"), "clinets = [1]").unwrap();
    let output = run(results.path().to_str().unwrap());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("scenario.toml:1"),
        "{}",
        text(&output.stderr)
    );
}

fn newest_in(folder: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let runs = fs::read_dir(folder).unwrap();
    runs.map(|run| run.unwrap().path()).max().unwrap()
}

#[test]
fn runs_of_before_stay_readable() {
    let run = newest_in("results/classroom");
    let recorded = RecordedRun::read(&run).unwrap();
    assert_eq!(recorded.scenario.name, "classroom");
    let rows: Vec<TrialRow> = results::read_rows(&run.join("trials.csv")).unwrap();
    assert!(!rows.is_empty());

    // The same file without the column `pin`, as older versions wrote it.
    let folder = Results::new();
    let file = folder.path().join("trials.csv");
    results::write_rows(&file, &rows).unwrap();
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let pin = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "pin");
    let pin = pin.expect("a column pin");
    let without = |record: &csv::StringRecord| {
        let cells = record
            .iter()
            .enumerate()
            .filter(|(column, _)| *column != pin);
        cells
            .map(|(_, cell)| cell.to_owned())
            .collect::<csv::StringRecord>()
    };
    let mut before = csv::Writer::from_writer(Vec::new());
    before
        .write_record(&without(reader.headers().unwrap()))
        .unwrap();
    for record in reader.records() {
        before.write_record(&without(&record.unwrap())).unwrap();
    }
    fs::write(&file, before.into_inner().unwrap()).unwrap();
    let again: Vec<TrialRow> = results::read_rows(&file).unwrap();
    assert_eq!(again.len(), rows.len());
    assert!(again.iter().all(|row| row.pin.is_none()));
}
