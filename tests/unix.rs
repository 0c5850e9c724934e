//! `wslab` among other Unix programs: bytes that are not UTF-8, signals, closed pipes, full disks
//! and low limits.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use support::process::{Process, after, signal, text, wslab};
use support::results::{Results, processes, rows};
use support::{JSON, Server, wait_until};

/// One short trial.
const SHORT: [&str; 10] = [
    "run",
    "--transport",
    "sse",
    "--clients",
    "2",
    "--window",
    "300ms",
    "--warm-up",
    "100ms",
    "--quiet",
];

#[track_caller]
fn refused(output: &Output, code: i32, says: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(says), "{says}: {error}");
}

#[test]
fn paths_may_have_any_bytes_and_the_page_is_found_by_the_printed_one() {
    let results = Results::new();
    let folder = results.path().join(OsStr::from_bytes(b"ol\xe1"));
    let output = wslab(&SHORT)
        .arg("--results")
        .arg(&folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    let report = wslab(&["report", "--results"])
        .arg(&folder)
        .output()
        .unwrap();
    assert_eq!(text(&report.stdout), text(&output.stdout));
    let printed = text(&report.stdout);
    let mut lines = printed.lines();
    let link = lines.find(|line| line.starts_with("report: ")).unwrap();
    let (_, within) = link.split_once("/ol%E1/").expect(link);
    let page = folder.join(within);
    assert!(page.is_file(), "{link}");
    let run = page.parent().unwrap();

    // The run in that folder, repeated; its JSON as an editor may save it.
    let environment = fs::read_to_string(run.join("environment.json")).unwrap();
    fs::write(
        run.join("environment.json"),
        format!("\u{feff}{environment}"),
    )
    .unwrap();
    let mut again = wslab(&["run", "--quiet"]);
    again
        .arg(run)
        .arg("--results")
        .arg(results.path().join("b"));
    assert_eq!(again.output().unwrap().status.code(), Some(0));
}

#[test]
fn a_scenario_may_begin_with_a_byte_order_mark_and_must_be_utf8() {
    let results = Results::new();
    let file = results.path().join("marked.toml");
    let scenario = "\u{feff}question = \"Why?\"\ntransports = [\"sse\"]\nclients = [2]\n\
                    warm_up = \"100ms\"\nwindow = \"300ms\"\n";
    fs::write(&file, scenario).unwrap();
    let arguments = ["run", "--quiet", file.to_str().unwrap()];
    let output = results.wslab(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        rows(&results.run().join("trials.csv"))[0]["scenario"],
        "marked"
    );

    fs::write(&file, b"clients = [2]\nquestion = \"Por qu\xea?\"\n").unwrap();
    refused(
        &results.wslab(&arguments),
        2,
        "marked.toml:2: this is not UTF-8",
    );
    fs::write(&file, "\u{feff}clients = [2]\nclinets = [3]\n").unwrap();
    refused(&results.wslab(&arguments), 2, "marked.toml:2: ");
}

#[test]
fn a_body_may_begin_with_a_byte_order_mark() {
    let server = Server::start(&[]);
    let body = "\u{feff}{\"from\":\"alice\",\"text\":\"oi\"}";
    let answer = server.exchange("POST", "/feeds/a/messages", JSON, body);
    answer.assert(201, &["{\"seq\":1}"]);
}

#[test]
fn an_argument_that_is_not_utf8_is_named_and_not_shown() {
    let bytes = OsStr::from_bytes(b"s3cret\xe1");
    let output = wslab(&["chat", "--token"]).arg(bytes).output().unwrap();
    refused(&output, 2, "argument 3 is not UTF-8");
    assert!(!text(&output.stderr).contains("s3cret"));
    let output = wslab(&["serve"])
        .env("WSLAB_TOKEN", bytes)
        .output()
        .unwrap();
    refused(&output, 2, "WSLAB_TOKEN is not UTF-8");
    let ca = wslab(&["run", "--target", "https://127.0.0.1:1", "--ca"])
        .arg(bytes)
        .output();
    refused(&ca.unwrap(), 2, "give the file a name in UTF-8");
}

/// The numbers of SIGHUP and SIGINT in the mask of ignored signals (proc(5), SigIgn).
fn ignores_hangup_and_interrupt(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & 0b11 == 0b11
}

#[test]
fn signals_that_are_ignored_at_the_start_stay_ignored_in_all_processes() {
    let results = Results::new();
    // As nohup(1) starts what shall outlive a terminal, and a script its background jobs.
    let trial = [&SHORT[..5], &["--window", "2s", "--quiet"]].concat();
    let mut run = after("trap '' HUP INT", &trial);
    run.arg("--results").arg(results.path());
    let mut run = Process::start(run);
    let (server, load) = processes(run.id());
    for pid in [run.id(), server, load] {
        wait_until("its start", || ignores_hangup_and_interrupt(pid));
        signal(pid, "-HUP");
        signal(pid, "-INT");
        assert!(ignores_hangup_and_interrupt(pid));
    }
    assert_eq!(run.ended(), Some(0));

    let serve = after("trap '' HUP INT", &["serve", "--bind", "127.0.0.1:0"]);
    let mut server = Server::of(Process::start(serve));
    signal(server.process.id(), "-HUP");
    signal(server.process.id(), "-INT");
    server.get("/healthz").assert(200, &[]);
    server.terminate();
    assert_eq!(server.process.ended(), Some(0));
}

#[test]
fn a_signal_is_in_the_exit_code_and_the_newest_run_is_one_with_a_trial() {
    let results = Results::new();
    assert_eq!(results.wslab(&SHORT).status.code(), Some(0));
    let finished = results.run();
    for (name, code) in [("-TERM", 143), ("-INT", 130), ("-HUP", 129)] {
        let run = results.start(&[&SHORT[..5], &["--window", "60s"]].concat());
        processes(run.id());
        signal(run.id(), name);
        let output = run.finish();
        refused(&output, code, "0 finished trials are in ");
    }
    assert_eq!(results.runs().len(), 4);
    let report = results.wslab(&["report"]);
    let page = format!("file://{}/report.html\n", finished.display());
    assert!(text(&report.stdout).contains(&page), "{report:?}");

    let server = Server::start(&[]);
    let mut chat = Process::start(wslab(&["chat", &server.url(), "--user", "alice"]));
    chat.line();
    signal(chat.id(), "-TERM");
    assert_eq!(chat.ended(), Some(143), "its input had not ended");
}

/// Starts a run, and puts a folder where its file `name` shall be.
fn run_that_cannot_write(results: &Results, arguments: &[&str], name: &str) -> Output {
    let run = results.start(arguments);
    wait_until("it has a folder", || !results_of(results).is_empty());
    fs::create_dir(results_of(results)[0].join(name)).unwrap();
    run.finish()
}

/// The folders of all runs; none before the first.
fn results_of(results: &Results) -> Vec<PathBuf> {
    let ready = |run: &PathBuf| run.join("environment.json").exists();
    results.runs().into_iter().filter(ready).collect()
}

#[test]
fn the_table_is_shown_where_the_files_cannot_be_written_and_the_first_error_is_told() {
    // Long enough to be met at work on a busy machine.
    let run = SHORT.map(|word| if word == "300ms" { "2s" } else { word });
    for (name, kept) in [("report.html", 1), ("trials.csv", 0)] {
        let results = Results::new();
        let output = run_that_cannot_write(&results, &run, name);
        assert!(
            text(&output.stdout).contains("\nsse "),
            "{name}: {output:?}"
        );
        refused(
            &output,
            1,
            &format!("cannot write {}", results.run().join(name).display()),
        );
        let told = format!("{kept} finished trials are in ");
        assert_eq!(text(&output.stderr).contains(&told), kept == 0);
    }
    let results = Results::new();
    let search = "capacity --transport sse --clients 2 --max 2 --slo p50<10s --repeats 1 \
                  --window 2s --rate 100 --warm-up 100ms --quiet";
    let search: Vec<_> = search.split_whitespace().collect();
    let output = run_that_cannot_write(&results, &search, "report.html");
    assert!(text(&output.stdout).contains("sse"), "{output:?}");
    refused(&output, 1, "cannot write ");
}

#[test]
fn an_output_that_is_full_is_an_error_and_does_not_keep_the_page_from_being_written() {
    let results = Results::new();
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let output = results.command(&SHORT).stdout(full()).output().unwrap();
    refused(&output, 1, "cannot write to standard output: No space left");
    assert!(results.run().join("report.html").exists());
    let output = wslab(&["doctor", "--clients", "1"]).stdout(full()).output();
    refused(&output.unwrap(), 1, "cannot write to standard output");
}

/// A command whose standard output has no reader.
fn unread(mut command: Command) -> Command {
    command.stdout(std::io::pipe().unwrap().1);
    command
}

#[test]
fn a_closed_output_changes_no_exit_code() {
    let results = Results::new();
    let output = unread(results.command(&SHORT)).output().unwrap();
    assert_eq!(
        (output.status.code(), &*text(&output.stderr)),
        (Some(0), "")
    );
    let run = results.run();
    let run = run.to_str().unwrap();
    for arguments in [
        &["doctor", "--clients", "1"][..],
        &["report", run],
        &["compare", run, run],
        &["compare", run, run, "--fail-if", "missed > 0%"],
        &["--help"],
    ] {
        let read = wslab(arguments).output().unwrap();
        let closed = unread(wslab(arguments)).output().unwrap();
        assert_eq!(closed.status, read.status, "{arguments:?}");
        let is_quiet = !text(&closed.stderr).contains("pipe");
        assert!(is_quiet, "{arguments:?}: {closed:?}");
    }
}

#[test]
fn a_server_and_a_writer_go_on_without_a_reader_and_a_reader_ends() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let mut serve = unread(wslab(&["serve", "--bind", &address, "--log", "trace"]));
    // Standard error has no reader either, and every request is logged.
    serve.stderr(std::io::pipe().unwrap().1);
    let mut process = serve.spawn().unwrap();
    let listens = || std::net::TcpStream::connect(&address).is_ok();
    wait_until("it listens", listens);
    let url = format!("http://{address}");

    let mut reader = unread(wslab(&["chat", &url])).spawn().unwrap();
    let mut writer = unread(wslab(&["chat", &url, "--user", "alice"]));
    let mut writer = writer.stdin(Stdio::piped()).spawn().unwrap();
    writer
        .stdin
        .take()
        .unwrap()
        .write_all(b"one\ntwo\n")
        .unwrap();
    let code = writer.wait().unwrap().code();
    assert_eq!(code, Some(0), "all was published");
    assert_eq!(reader.wait().unwrap().code(), Some(0));
    assert!(process.try_wait().unwrap().is_none(), "it serves on");
    signal(process.id(), "-TERM");
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn low_limits_are_refused_in_words_with_what_works() {
    let results = Results::new();
    let run = |files: u32, clients: &str| {
        let mut run = after(&format!("ulimit -n {files}"), &SHORT);
        run.args(["--results".as_ref(), results.path().as_os_str()]);
        run.args(["--clients", clients]).output().unwrap()
    };
    for files in [30, 64, 100, 101] {
        let output = run(files, "1");
        refused(
            &output,
            1,
            &format!("it may have {files}: raise the hard limit"),
        );
    }
    let output = run(110, "2000");
    refused(&output, 1, "run at most 2 clients, or raise the hard limit");
    assert_eq!(run(110, "2").status.code(), Some(0));

    let serve = |files: u32| {
        let serve = ["serve", "--bind", "127.0.0.1:0", "--max-clients", "9"];
        after(&format!("ulimit -n {files}"), &serve)
    };
    let output = serve(32).output().unwrap();
    refused(&output, 1, "32 open files, and a server needs more than 32");
    let output = serve(33).output().unwrap();
    refused(&output, 2, "--max-clients 9: 33 open files allow 1: raise");
}

#[test]
fn a_server_listens_where_people_write_and_advice_is_of_the_command_that_was_given() {
    let mut server = Server::start_at("http://localhost:0/", &[]);
    server.get("/healthz").assert(200, &[]);
    let address = server.address.clone();
    server.terminate();
    assert_eq!(server.process.ended(), Some(0));
    let mut server = Server::start_at(":0", &[]);
    assert!(
        server.address.starts_with("127.0.0.1:"),
        "{}",
        server.address
    );
    server.terminate();
    let port = server.address.rsplit(':').next().unwrap();
    let note = format!("--bind 0.0.0.0:{port} serves all networks");
    assert!(server.log().contains(&note), "{}", server.log());
    let output = wslab(&["chat", &address]).output().unwrap();
    refused(&output, 1, "start a server there");
    assert!(!text(&output.stderr).contains("--target"));
}
