//! Where defaults come from: `wslab.toml` and `WSLAB_RESULTS`.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use support::process::{Process, signal, text, wslab};
use support::wait_until;
use tempfile::TempDir;

/// A folder with a configuration, in which wslab is run.
struct Folder(TempDir);

impl Folder {
    fn with(config: &str) -> Self {
        let folder = TempDir::with_prefix("wslab-config-").unwrap();
        std::fs::write(folder.path().join("wslab.toml"), config).unwrap();
        Folder(folder)
    }

    fn wslab(&self, line: &str, variables: &[(&str, &Path)]) -> Output {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = wslab(&words);
        command.current_dir(self.0.path());
        command.env("XDG_CONFIG_HOME", self.0.path().join("none"));
        command.envs(variables.iter().copied());
        command.output().unwrap()
    }

    /// What the only run in a folder of this one was.
    fn scenario(&self, runs: &str) -> toml::Table {
        let runs = std::fs::read_dir(self.0.path().join(runs)).unwrap();
        let runs: Vec<_> = runs.map(|run| run.unwrap().path()).collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        let text = std::fs::read_to_string(runs[0].join("scenario.toml")).unwrap();
        text.parse().unwrap()
    }
}

const SHORT: &str = "transports = [\"sse\"]\nclients = [2]\nrate_hz = 20\nwindow = \"300ms\"\n\
                     warm_up = \"100ms\"\nresults = \"runs\"\n";

#[test]
fn a_run_takes_the_users_defaults_and_says_so() {
    let folder = Folder::with(SHORT);
    let output = folder.wslab("run --clients 3 --quiet", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    let line = "defaults from ./wslab.toml: transports, rate_hz, warm_up, window, results\n";
    assert!(said.starts_with(line), "{said}");
    let scenario = folder.scenario("runs/custom");
    assert_eq!(scenario["window"].as_str(), Some("300ms"));
    assert!(
        scenario["clients"].to_string().contains('3'),
        "a flag comes first"
    );
    let again = folder.wslab("report", &[]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert_eq!(text(&again.stderr), "defaults from ./wslab.toml: results\n");
}

#[test]
fn a_scenario_has_its_own_values_and_the_environment_comes_before_the_file() {
    let folder = Folder::with(SHORT);
    std::fs::write(
        folder.0.path().join("mine.toml"),
        "transports = [\"websocket\"]\nclients = [1]\nrate_hz = 10\nwindow = \"200ms\"\n",
    )
    .unwrap();
    let elsewhere = folder.0.path().join("elsewhere");
    let output = folder.wslab("run mine.toml --quiet", &[("WSLAB_RESULTS", &elsewhere)]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        !text(&output.stderr).contains("defaults from"),
        "{}",
        text(&output.stderr)
    );
    let scenario = folder.scenario("elsewhere/mine");
    assert_eq!(
        scenario["warm_up"].as_str(),
        Some("1s"),
        "not the user's default"
    );
    assert!(!folder.0.path().join("runs").exists());
}

#[test]
fn the_file_of_the_user_counts_where_the_folder_has_none() {
    let folder = Folder::with("");
    std::fs::remove_file(folder.0.path().join("wslab.toml")).unwrap();
    let of_user = folder.0.path().join("wslab/wslab.toml");
    std::fs::create_dir(of_user.parent().unwrap()).unwrap();
    std::fs::write(&of_user, "results = \"nowhere\"\n").unwrap();
    let output = folder.wslab("report", &[("XDG_CONFIG_HOME", folder.0.path())]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    let file = of_user.display();
    assert!(
        said.starts_with(&format!("defaults from {file}: results\n")),
        "{said}"
    );
    assert!(said.contains("in nowhere"), "{said}");
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_line_and_what_is_allowed() {
    for (config, says) in [
        ("\nclinets = [1]\n", "./wslab.toml:2: "),
        (
            "clinets = [1]\n",
            "unknown key clinets (did you mean clients?)",
        ),
        ("payload = 5\n", "(did you mean payload_bytes?)"),
        ("rate = 5\n", "(did you mean rate_hz?)"),
        ("transport = \"sse\"\n", "(did you mean transports?)"),
        (
            "\nfeeds = 200\n",
            "./wslab.toml:2: feeds: 100 clients cannot read",
        ),
        (
            "\n\nclients = [0]\n",
            "./wslab.toml:3: clients: 0 clients is not between",
        ),
        ("window = \"long\"\n", "./wslab.toml:1: "),
        ("question = \"?\"\n", "unknown key question"),
        ("clients = [\n", "./wslab.toml:"),
    ] {
        let output = Folder::with(config).wslab("run --quiet", &[]);
        assert_eq!(output.status.code(), Some(2), "{config}");
        let said = text(&output.stderr);
        assert!(said.contains(says), "{config}: {said}");
    }
}

#[test]
fn compare_without_a_run_takes_the_newest() {
    let folder = Folder::with(SHORT);
    for transport in ["short-polling", "sse,websocket"] {
        let line = format!("run --transport {transport} --quiet");
        let output = folder.wslab(&line, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let output = folder.wslab("compare", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let empty = folder.wslab("compare", &[("WSLAB_RESULTS", Path::new(""))]);
    assert_eq!(empty.status.code(), Some(0), "an empty variable is unset");
    assert_eq!(empty.stdout, output.stdout);
    let said = text(&output.stderr);
    let line = "defaults from ./wslab.toml: results\nnewest run: runs/custom/";
    assert!(said.starts_with(line), "{said}");
    let table = text(&output.stdout);
    assert!(
        table.contains("sse") && table.contains("websocket"),
        "{table}"
    );
    let output = folder.wslab("compare --results nowhere", &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("no run with a finished trial in nowhere"),
        "{said}"
    );
}

#[test]
fn the_browser_that_the_environment_names_opens_a_finished_report() {
    let folder = Folder::with(SHORT);
    let browser = folder.0.path().join("browser");
    let opened = folder.0.path().join("opened");
    fs::write(
        &browser,
        format!("#!/bin/sh\necho $1 > {}\n", opened.display()),
    )
    .unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let list = format!("no-such-browser:{}", browser.display());
    let output = folder.wslab("run --quiet --open", &[("BROWSER", Path::new(&list))]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let read = || fs::read_to_string(&opened).unwrap_or_default();
    wait_until("the browser has the page", || read().ends_with('\n'));
    let page = read();
    assert!(Path::new(page.trim_end()).is_file(), "{page}");
    assert!(page.ends_with("/report.html\n"), "{page}");
}

#[test]
fn a_machine_without_a_browser_is_no_error() {
    let folder = Folder::with(SHORT);
    let none = [("BROWSER", Path::new("")), ("PATH", Path::new(""))];
    let output = folder.wslab("run --quiet --open", &none);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("no browser was found; open the link above"),
        "{said}"
    );
}

/// A value is named where it was written: as a flag, or as a key with file and line.
#[test]
fn a_wrong_value_is_named_where_it_was_written() {
    let folder = Folder::with("feeds = 3\n");
    let mine = folder.0.path().join("mine.toml");
    fs::write(mine, "question = \"?\"\nfeeds = 3\nclients = 2\n").unwrap();
    for (line, says) in [
        (
            "run --clients 0",
            "error: --clients: 0 clients is not between 1 and 1M\n",
        ),
        ("run --rate -1", "error: --rate: -1 messages"),
        (
            "run --payload 1MB",
            "error: --payload: 1000000 bytes of text",
        ),
        ("run --repeats 0", "error: --repeats: 0 repeats"),
        ("run --load-processes 99", "error: --load-processes: 99 "),
        ("run --hold 1m", "error: --hold: a server answers after 25s"),
        (
            "run --clients 2",
            "error: --clients, ./wslab.toml:1: feeds: 2 clients cannot",
        ),
        (
            "run mine.toml",
            "error: mine.toml:3: clients, mine.toml:2: feeds: 2 clients",
        ),
        (
            "run mine.toml --feeds 7",
            "error: mine.toml:3: clients, --feeds: 2 clients",
        ),
        (
            "run --poll-interval 11s",
            "error: --drain, --poll-interval: the last message",
        ),
        ("capacity", "error: --slo: say what is to hold"),
        (
            "capacity --slo p99<1s --max 5",
            "error: --max, --clients: the search begins with 100",
        ),
    ] {
        let output = folder.wslab(line, &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.starts_with(says), "{line}: {said}");
    }
}

/// A port alone, or a name of this machine, is no address of a network. Some servers take it so.
#[test]
fn a_server_says_where_a_short_address_is_for_this_machine_alone() {
    for (bind, is_told) in [("localhost:0", true), (":0", true), ("127.0.0.1:0", false)] {
        let mut server = Process::start(wslab(&["serve", "--bind", bind]));
        let address = server.line();
        let port = address
            .strip_prefix("listening on http://127.0.0.1:")
            .unwrap();
        signal(server.id(), "-TERM");
        assert_eq!(server.ended(), Some(0));
        let note = format!("for this machine alone; --bind 0.0.0.0:{port} serves all networks\n");
        let notes = server.rest_of_notes();
        assert_eq!(notes, if is_told { note } else { String::new() }, "{bind}");
    }
}
