//! README and the pages of `src/docs`: every command in them is one, every path leads somewhere.

use std::path::{Path, PathBuf};

use clap::Parser;
use support::Server;
use support::process::{command, text};
use wslab::cli::Cli;

mod support;

/// README is read to its end only if it is short.
const MAX_README_WORDS: usize = 1_500;

/// Folders and files whose paths must exist where a page names them.
const ROOTS: [&str; 8] = [
    "src/",
    "scripts/",
    "scenarios/",
    "results/",
    "examples/",
    "tests/",
    "benches/",
    "LICENSE",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages, with their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(root().join("src/docs")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "md"))
        .collect();
    assert!(!paths.is_empty());
    paths.push(root().join("README.md"));
    let read = |path: PathBuf| (path.clone(), std::fs::read_to_string(path).unwrap());
    paths.into_iter().map(read).collect()
}

/// The code of a page: its lines that are indented or between fences, and its code spans.
fn code(page: &str) -> Vec<String> {
    let (mut lines, mut text, mut fenced) = (Vec::new(), String::new(), false);
    for line in page.lines() {
        match (line.starts_with("```"), line.starts_with("    ")) {
            (true, _) => fenced = !fenced,
            (_, indented) if indented || fenced => lines.push(line),
            // A span may go on in the next line.
            _ => text.extend([line, " "]),
        }
    }
    let spans = text.split('`').skip(1).step_by(2);
    let code = lines.into_iter().chain(spans);
    code.map(|code| code.trim().to_owned()).collect()
}

/// The arguments of a command line, as a shell splits it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted, mut word) = (Vec::new(), false, String::new());
    for character in line.chars().chain([' ']) {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => {
                words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()))
            }
            other => word.push(other),
        }
    }
    words
}

#[test]
fn readme_is_short() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let words = readme.split_whitespace().count();
    assert!(words < MAX_README_WORDS, "{words} words");
}

#[test]
fn every_command_is_understood() {
    let mut commands = 0;
    for (path, page) in pages() {
        for line in code(&page) {
            let line = line.replace("cargo run --release --", "wslab");
            // The name alone is no command, and a table of results begins with it as well.
            let arguments = words(&line);
            if arguments.len() < 2 || arguments[0] != "wslab" {
                continue;
            }
            commands += 1;
            // What a shell would do with the rest is not ours.
            let ours = arguments
                .iter()
                .take_while(|word| !["&", "|", ">"].contains(&&***word));
            if let Err(error) = Cli::try_parse_from(ours) {
                let kind = error.kind();
                let shows_help = kind == clap::error::ErrorKind::DisplayHelp;
                assert!(shows_help, "{}: {line}: {error}", path.display());
            }
        }
    }
    assert!(commands > 20, "{commands}");
}

#[test]
fn readmes_table_is_as_the_program_prints_it() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let printed = root().join("tests/golden/reports/classroom/table-80.txt");
    let printed = std::fs::read_to_string(printed).unwrap();
    let (_, section) = readme.split_once("## How to read the table").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let shown = section.lines().filter_map(|line| line.strip_prefix("    "));
    let shown: Vec<&str> = shown.collect();
    assert!(shown.len() > 10, "{shown:?}");
    for line in shown {
        assert!(printed.lines().any(|other| other == line), "{line}");
    }
}

#[test]
fn readmes_curl_commands_are_answered() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let server = Server::start(&[]);
    let mut commands = 0;
    for line in code(&readme)
        .iter()
        .filter(|line| line.starts_with("curl "))
    {
        commands += 1;
        let curl = line.replacen("curl", "curl -q -sS -i --max-time 1", 1);
        let curl = curl.replace("localhost:8080", &server.address);
        let mut shell = command("sh");
        let output = shell
            .args(["-c", &curl])
            .env("S", &server.address)
            .output()
            .unwrap();
        let answer = text(&output.stdout);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        // Nothing is published while it is held, so curl's time ends it.
        let is_held = line.contains("long-poll") && output.status.code() == Some(28);
        assert!(
            is_held || ["200", "201"].contains(&status),
            "{line}: {output:?}"
        );
    }
    assert!(commands > 8, "{commands}");
}

#[test]
fn every_path_exists() {
    for (path, page) in pages() {
        let exists = |name: &str, from: &Path| {
            let name = name.split('#').next().unwrap();
            assert!(from.join(name).exists(), "{}: {name}", path.display());
        };
        for link in page.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            if !target.starts_with("http") {
                exists(target, path.parent().unwrap());
            }
        }
        for span in code(&page) {
            let name = span.split(' ').next().unwrap_or_default();
            // Names in capitals stand for what a reader fills in.
            let stands = name
                .split('/')
                .any(|part| part.len() > 2 && part == part.to_uppercase());
            if ROOTS.iter().any(|root| name.starts_with(root)) && !stands && !name.contains('<') {
                exists(name, root());
            }
        }
    }
}
