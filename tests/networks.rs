//! Networks between load and server: what they do to every transport, what is refused, and that
//! nothing of them is left.
//!
//! They need root, or user namespaces and access to /dev/net/tun. Where this machine has neither, a
//! test says that it was skipped.

mod support;

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use support::process::{Process, command, signal, text, wslab};
use support::results::{Results, number};
use support::{Server, wait_until};
use wslab::lab::scenario::Scenario;

/// Whether this machine makes networks for this user; says so where it does not.
fn makes_networks() -> bool {
    let doctor = wslab(&["doctor", "--format", "csv"]).output().unwrap();
    let checks = text(&doctor.stdout);
    let check = checks.lines().find(|line| line.contains(",networks,"));
    let check = check.unwrap_or_else(|| panic!("{checks}"));
    let makes = check.starts_with("ok,");
    if !makes {
        eprintln!("skipped: {check}");
    }
    makes
}

/// A run with these flags.
fn run(results: &Results, flags: &str) -> Output {
    let flags: Vec<&str> = flags.split_whitespace().collect();
    results.wslab(&[&["run"], &flags[..]].concat())
}

fn refused(output: &Output, says: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(says), "{says}: {error}");
}

#[test]
fn a_delay_is_in_the_latency_of_every_transport_and_nothing_is_lost() {
    if !makes_networks() {
        return;
    }
    let results = Results::new();
    let output = run(
        &results,
        "--clients 4 --rate 4 --poll-interval 200ms --window 2s --warm-up 200ms \
         --network delay=20ms,mtu=1000 --quiet",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in results.trials(5) {
        let transport = &row["transport"];
        assert_eq!(row["network"], "delay=20ms,mtu=1000");
        assert_eq!(
            (&*row["missed"], &*row["duplicate"]),
            ("0", "0"),
            "{transport}"
        );
        assert!(number(&row, "latency_min_us") >= 20_000.0, "{transport}");
        assert!(
            number(&row, "connect_p50_us") >= 40_000.0,
            "there and back: {transport}"
        );
        for measured in ["network_delay_up_us", "network_delay_down_us"] {
            assert!(number(&row, measured) >= 20_000.0, "{transport}");
        }
        let warnings = &row["warnings"];
        assert!(!warnings.contains("ends-differ"), "{transport}: {warnings}");
        assert!(!warnings.contains("unchecked"), "{transport}: {warnings}");
    }
    // What was asked for is in the name of the run's conditions.
    assert!(text(&output.stdout).contains("network delay=20ms,mtu=1000"));
}

#[test]
fn lost_packets_are_sent_again_and_the_loss_is_what_was_asked_for() {
    if !makes_networks() {
        return;
    }
    let results = Results::new();
    let output = run(
        &results,
        "--transport sse --clients 10 --rate 40 --window 3s --warm-up 200ms \
         --network delay=5ms,loss=4% --quiet",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row = &results.trials(1)[0];
    assert_eq!((&*row["missed"], &*row["delivered"]), ("0", "1200"));
    assert!(number(row, "network_packets") > 1_200.0);
    for way in ["network_loss_up_percent", "network_loss_down_percent"] {
        // Of 1,200 packets 48 are to be lost, with a deviation of 7.
        let percent = number(row, way);
        assert!((1.5..7.0).contains(&percent), "{way}: {percent}");
    }
    // A segment that is sent again comes after the time-out of the first one.
    assert!(number(row, "latency_max_us") > 20_000.0);
}

#[test]
fn a_rate_is_no_higher_than_asked_for_and_each_way_has_its_own() {
    if !makes_networks() {
        return;
    }
    let results = Results::new();
    let output = run(
        &results,
        "--transport websocket --clients 2 --rate 5 --window 1s --warm-up 200ms \
         --network rate_up=400kbit,rate_down=2Mbit --quiet",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let row = &results.trials(1)[0];
    assert_eq!(row["missed"], "0");
    for (column, asked) in [
        ("network_rate_up_bps", 400_000.0),
        ("network_rate_down_bps", 2_000_000.0),
    ] {
        let rate = number(row, column);
        assert!(
            (0.5 * asked..1.05 * asked).contains(&rate),
            "{column}: {rate}"
        );
    }
}

#[test]
fn in_a_black_out_messages_wait_for_its_end() {
    if !makes_networks() {
        return;
    }
    let results = Results::new();
    let output = run(
        &results,
        "--transport sse,long-polling --clients 3 --rate 10 --window 2s --warm-up 200ms \
         --network black_out=500ms..1500ms --quiet",
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for row in results.trials(2) {
        assert_eq!((&*row["missed"], &*row["duplicate"]), ("0", "0"));
        // A message that was due as it began, and one after its end.
        assert!(number(&row, "latency_max_us") > 800_000.0, "{row:?}");
        assert!(number(&row, "latency_min_us") < 500_000.0, "{row:?}");
        assert_eq!(
            number(&row, "network_loss_down_percent"),
            0.0,
            "it is no chance"
        );
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_starts() {
    let results = Results::new();
    let server = Server::start(&[]);
    let network = |network: &str, more: &[&str]| {
        results.wslab(&[&["run", "--clients", "1", "--network", network], more].concat())
    };
    for (text, says) in [
        (
            "5g",
            "write lan, wifi-hall, 4g, 3g, geo-satellite or sao-paulo-frankfurt",
        ),
        ("loss=99%", "loss: \"99%\": write a share from 0% to 50%"),
        ("jitter=5ms", "jitter: it is above the delay"),
    ] {
        refused(&network(text, &[]), says);
    }
    let window = ["--window", "3s"];
    refused(
        &network("black_out=5s..6s", &window),
        "--network, --window: the window ends before the black-out begins",
    );
    let target = ["--target", &server.address];
    refused(&network("4g", &target), "leave --target or --network out");
    refused(
        &network("4g", &["--interface", "lo"]),
        "leave --interface out",
    );
    assert_eq!(fs::read_dir(results.path()).unwrap().count(), 0);
}

#[test]
fn the_scenarios_on_networks_can_run() {
    for name in ["distance", "loss", "mobile"] {
        let file = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let scenario = Scenario::find(file.as_ref()).unwrap();
        scenario.check().unwrap();
        assert!(scenario.network.len() > 1 && scenario.question.ends_with('?'));
    }
}

/// The processes below one, by their numbers.
fn children(of: u32) -> Vec<u32> {
    let read = fs::read_to_string(format!("/proc/{of}/task/{of}/children"));
    let read = read.unwrap_or_default();
    read.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

/// The network namespace of a process, or of what one of its descriptors holds.
fn namespace(link: &Path) -> Option<String> {
    let target = fs::read_link(link).ok()?;
    Some(target.to_str()?.to_owned()).filter(|name| name.starts_with("net:["))
}

/// Whether a process is in a namespace or holds it.
fn is_held(wanted: &str) -> bool {
    let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    entries(Path::new("/proc")).any(|process| {
        let process = process.path();
        let mut descriptors = entries(&process.join("fd")).map(|entry| entry.path());
        let is = |link: &Path| namespace(link).is_some_and(|name| name == wanted);
        is(&process.join("ns/net")) || descriptors.any(|link| is(&link))
    })
}

#[test]
fn nothing_is_left_of_a_run_that_is_killed_at_any_time() {
    if !makes_networks() {
        return;
    }
    let own = namespace(Path::new("/proc/self/ns/net")).unwrap();
    // While the network is measured, before the server, as the load begins, in the window.
    for (kill, with_children) in [("-KILL", 1), ("-KILL", 2), ("-KILL", 3), ("-TERM", 3)] {
        let results = Results::new();
        let run = results.start(&[
            "run",
            "--transport",
            "sse",
            "--clients",
            "3",
            "--window",
            "20s",
            "--network",
            "delay=30ms",
            "--quiet",
        ]);
        let pid = run.id();
        // The check before the run makes a network of its own.
        wait_until("a folder", || {
            fs::read_dir(results.path()).unwrap().count() > 0
        });
        wait_until("its processes", || children(pid).len() >= with_children);
        let started = Instant::now();
        let mut spaces: Vec<String> = Vec::new();
        while spaces.is_empty() && started.elapsed() < Duration::from_secs(5) {
            let links = children(pid).into_iter().flat_map(|child| {
                let process = Path::new("/proc").join(child.to_string());
                let fds = fs::read_dir(process.join("fd"))
                    .into_iter()
                    .flatten()
                    .flatten();
                fds.map(|fd| fd.path())
                    .chain([process.join("ns/net")])
                    .collect::<Vec<_>>()
            });
            spaces = links
                .filter_map(|link| namespace(&link))
                .filter(|it| *it != own)
                .collect();
        }
        assert!(!spaces.is_empty(), "no network was seen");
        let all = children(pid);
        signal(pid, kill);
        drop(run);
        wait_until("all processes have ended", || {
            all.iter().all(|child| {
                !Path::new(&format!("/proc/{child}/ns/net")).exists()
                    || fs::read_link(format!("/proc/{child}/exe")).is_err()
            })
        });
        wait_until("no namespace is held", || {
            !spaces.iter().any(|space| is_held(space))
        });
    }
}

#[test]
fn a_user_without_privileges_gets_a_network_or_is_told_what_is_missing() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root becomes another user");
        return;
    }
    let results = Results::new();
    chown(results.path(), Some(65_534), Some(65_534)).unwrap();
    let mut run = command("setpriv");
    run.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    run.arg(env!("CARGO_BIN_EXE_wslab"));
    run.args([
        "run",
        "--transport",
        "sse",
        "--clients",
        "2",
        "--window",
        "1s",
    ]);
    run.args(["--network", "delay=10ms,loss=1%", "--quiet", "--results"])
        .arg(results.path());
    let output = Process::start(run).finish();
    match output.status.code() {
        Some(0) => {
            let row = &results.trials(1)[0];
            assert!(number(row, "latency_min_us") >= 10_000.0);
            assert_eq!(row["missed"], "0");
        }
        _ => refused(&output, "this machine cannot make it: "),
    }
}
