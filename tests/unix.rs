//! `wslab` among other Unix programs: bytes that are not UTF-8, signals, closed pipes, full disks and
//! low limits.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Output;

use support::process::{text, wslab};
use support::results::{Results, rows};
use support::{JSON, Server};

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
    let page = report.stdout.strip_suffix(b"\n").unwrap();
    let page = Path::new(OsStr::from_bytes(page));
    assert!(page.starts_with(&folder) && page.is_file(), "{page:?}");
    let run = page.parent().unwrap();
    let last = [&b"report: "[..], page.as_os_str().as_bytes(), b"\n"].concat();
    assert!(output.stdout.ends_with(&last));

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
