//! Servers that a run did not start: whose CPU time and memory a trial measures, and what it says
//! where it does not know the process.

mod support;

use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use rustix::io::{FdFlags, fcntl_setfd};

use support::Server;
use support::process::{Process, command, text};
use support::results::{Results, Row, number};

/// 2 clients, 50 messages a second, for 2 seconds.
const RUN: [&str; 15] = [
    "run",
    "--transport",
    "sse",
    "--clients",
    "2",
    "--rate",
    "50",
    "--warm-up",
    "100ms",
    "--window",
    "2s",
    "--probe",
    "off",
    "--quiet",
    "--target",
];

/// The row of a trial against a server at `url`.
fn trial(url: &str, flags: &[&str]) -> Row {
    let results = Results::new();
    let output = results.wslab(&[&RUN[..], &[url], flags].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    results.trials(1).remove(0)
}

fn warns(row: &Row, warning: &str) -> bool {
    row["warnings"]
        .split_whitespace()
        .any(|name| name == warning)
}

#[test]
fn the_process_of_a_target_on_this_host_is_found_and_measured() {
    let server = Server::start(&[]);
    let port = server.address.split_once(':').unwrap().1;
    let row = trial(&format!("http://localhost:{port}"), &[]);
    for column in [
        "server_cpu_percent",
        "server_rss_bytes",
        "server_cpu_sys_us_per_delivery",
        "others_cpu_percent",
        "loop_stall_max_us",
    ] {
        assert!(number(&row, column) >= 0.0, "{column}: {row:?}");
    }
    assert!(!warns(&row, "unchecked"), "{row:?}");
    let rss = server.rss_bytes() as f64;
    assert!((0.5..2.0).contains(&(number(&row, "server_rss_bytes") / rss)));
}

#[test]
fn a_target_beside_busy_processes_is_suspect() {
    let server = Server::start(&[]);
    let cores = std::thread::available_parallelism().unwrap().get();
    let spin = || {
        let mut shell = command("sh");
        shell.args(["-c", "while :; do :; done"]);
        Process::start(shell)
    };
    let _busy: Vec<Process> = (0..cores).map(|_| spin()).collect();
    let row = trial(&server.url(), &[]);
    assert_eq!(row["verdict"], "SUSPECT");
    assert!(warns(&row, "machine-busy"), "{row:?}");
}

/// Passes every connection on to a server. A second process holds the socket that listens, as
/// those of servers with several processes do. Returns the relay's address and that process.
fn shared_relay(server: &str) -> (String, Process) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, server) = (listener.local_addr().unwrap(), server.to_owned());
    let shared = listener.try_clone().unwrap();
    fcntl_setfd(&shared, FdFlags::empty()).unwrap();
    let mut sleep = command("sleep");
    sleep.arg("600");
    let holder = Process::start(sleep);
    thread::spawn(move || {
        let copy = |(mut from, mut to): (TcpStream, TcpStream)| {
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            })
        };
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&server).unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            copy((client.try_clone().unwrap(), server.try_clone().unwrap()));
            copy((server, client));
        }
    });
    (address.to_string(), holder)
}

#[test]
fn a_target_of_several_processes_is_unchecked_unless_one_is_named() {
    let server = Server::start(&[]);
    let (address, _holder) = shared_relay(&server.address);
    let url = format!("http://{address}");
    let row = trial(&url, &[]);
    assert!(warns(&row, "unchecked"), "{row:?}");
    assert!(!warns(&row, "load-stalled") && !warns(&row, "machine-busy"));
    for column in [
        "server_cpu_percent",
        "server_rss_bytes",
        "loop_stall_max_us",
    ] {
        assert_eq!(row[column], "", "{column}");
    }
    assert!(number(&row, "loop_lag_max_us") > 0.0);
    let pid = server.process.id().to_string();
    let named = trial(&url, &["--server-pid", &pid]);
    assert!(!warns(&named, "unchecked"), "{named:?}");
    assert!(number(&named, "server_rss_bytes") > 0.0);
}

#[test]
fn a_process_that_is_not_there_is_refused() {
    let server = Server::start(&[]);
    let results = Results::new();
    let refused = |arguments: &[&str], why: &str| {
        let output = results.wslab(&[&["run"], arguments].concat());
        let (code, said) = (output.status.code(), text(&output.stderr));
        assert!(code == Some(2) && said.contains(why), "{code:?} {said}");
    };
    let none = "999999999";
    let target = ["--target", &server.url(), "--server-pid", none];
    refused(&target, "--server-pid 999999999: no process of this host");
    refused(&["--server-pid", none], "--server-pid goes with --target");
}
