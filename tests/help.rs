//! Help, and the answers to a command line that is not quite right.

mod support;

use clap::{Command, CommandFactory, Parser};
use support::process::{command, text, wslab};
use wslab::cli::Cli;
use wslab::lab::scenario::BUILT_IN;

/// The commands that help lists.
fn commands() -> Vec<Command> {
    let mut wslab = Cli::command();
    wslab.build();
    let commands = wslab.get_subcommands().cloned();
    commands
        .filter(|it| !it.is_hide_set() && it.get_name() != "help")
        .collect()
}

/// The words of a command line, with '…' for one word.
fn words(line: &str) -> Vec<String> {
    let command = line.split(['>', '|']).next().unwrap();
    let line = if line.contains(" > ~") || line.contains(" | ") {
        command
    } else {
        line
    };
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(n, part)| match n % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn every_example_in_help_is_accepted() {
    for command in commands() {
        let help = command.clone().render_long_help().to_string();
        let lines = help.lines().filter(|line| line.starts_with("    wslab "));
        let lines: Vec<&str> = lines.collect();
        let (name, is_given) = (command.get_name(), !lines.is_empty());
        assert!(is_given, "{name} has no example");
        for line in lines {
            let parsed = Cli::try_parse_from(words(line)).map(drop);
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
        assert!(help.contains("Exit codes:\n"), "{name} has no exit codes");
    }
}

#[test]
fn every_option_has_a_heading_and_one_line_in_short_help() {
    for command in commands() {
        let name = command.get_name();
        for option in command.get_opts().filter(|it| !it.is_hide_set()) {
            let heading = option.get_help_heading();
            assert!(
                heading.is_some(),
                "{name} --{}: no heading",
                option.get_id()
            );
        }
        let help = command.clone().term_width(80).render_help().to_string();
        let options = help.lines().skip_while(|line| !line.starts_with("Options"));
        for line in options {
            let is_option = line.trim_start().starts_with('-');
            assert!(
                !line.starts_with("   ") || is_option,
                "{name}: {line:?} is a second line"
            );
        }
    }
}

/// All commands have one way to write a count, a size and a time.
#[test]
fn counts_sizes_and_times_are_written_alike_in_all_commands() {
    let (mut read, none) = (0, "five");
    for command in commands() {
        let name = command.get_name();
        for option in command.get_opts().filter(|it| !it.is_hide_set()) {
            let kinds = option.get_value_names().unwrap_or_default();
            let values = match kinds.first().map(|kind| kind.trim_end_matches(",…")) {
                Some("N" | "K" | "HZ") => ["1k", "1_000", none],
                Some("BYTES") => ["2KiB", "2kB", none],
                Some("TIME") => ["2", "500ms", none],
                _ => continue,
            };
            let long = option.get_long().unwrap();
            for value in values {
                let value = if long == "max-memory" {
                    value.replace('2', "2000")
                } else {
                    value.to_owned()
                };
                let parsed = Cli::try_parse_from(["wslab", name, &format!("--{long}={value}")]);
                match parsed.map(drop) {
                    Ok(()) => assert_ne!(value, none, "{name} --{long}"),
                    Err(error) if value == none => {
                        let error = error.to_string();
                        assert!(error.contains("write "), "{error}");
                    }
                    Err(error) => panic!("{error}"),
                }
                read += 1;
            }
        }
    }
    assert!(read > 100, "{read} values");
}

#[test]
fn wslab_alone_says_where_to_begin() {
    for width in [40, 60, 80] {
        let output = wslab(&[])
            .env("COLUMNS", width.to_string())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let welcome = text(&output.stdout);
        let mut lines = welcome.lines();
        assert!(lines.all(|line| line.chars().count() <= width), "{welcome}");
        assert!(width < 80 || welcome.lines().count() <= 15);
        for named in [
            "wslab run ",
            "wslab compare ",
            "wslab demo ",
            "wslab --help",
        ] {
            assert!(welcome.contains(named), "{named}: {welcome}");
        }
    }
}

/// What a command prints on a terminal of 80 columns.
fn at_80_columns(words: &[&str]) -> String {
    let output = wslab(words).env("COLUMNS", "80").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{words:?}");
    text(&output.stdout)
}

#[test]
fn short_help_fits_two_screens_and_says_where_the_rest_is() {
    for command in commands() {
        let name = command.get_name();
        let help = at_80_columns(&[name, "-h"]);
        assert!(
            help.lines().count() <= 48,
            "{name}: {} lines",
            help.lines().count()
        );
        let last = help.lines().last().unwrap();
        assert!(last.ends_with(&format!("wslab {name} --help")), "{last}");
    }
}

/// What help says of a scenario is what its file says.
#[test]
fn help_of_run_lists_the_scenarios_with_what_they_ask() {
    let (short, long) = (
        at_80_columns(&["run", "-h"]),
        at_80_columns(&["run", "--help"]),
    );
    let further = short.lines().skip_while(|line| !line.starts_with("  and "));
    let further: Vec<&str> = further.flat_map(|line| line.split([' ', ','])).collect();
    for (name, file) in BUILT_IN {
        let keys: toml::Table = file.parse().unwrap();
        let question = keys["question"].as_str().unwrap();
        let mut lines = short.lines();
        let line = lines.find(|line| line.starts_with(&format!("  {name} ")));
        let asked = line.and_then(|line| line.rsplit("  ").next());
        match asked.map(|asked| asked.trim_end_matches(" …")) {
            Some(asked) => assert!(
                asked.len() > 30 && question.starts_with(asked),
                "{asked}: {question}"
            ),
            None => assert!(further.contains(&name), "{name} is not in {short}"),
        }
        let folded = long.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(folded.contains(&format!("{name} {question}")), "{name}");
    }
    assert!(short.contains("wslab run alone is quick: 100 clients, 10 messages/s, 5 trials"));
    // The manual indents them by 7 of 80 columns.
    let listed = long.lines().skip_while(|line| *line != "Scenarios:");
    let mut listed = listed.take_while(|line| !line.is_empty());
    assert!(listed.all(|line| line.chars().count() <= 71), "{long}");
    assert!(long.contains("5 trials of 750 ms;"), "{long}");
}

/// The message and exit code 2 that a command line gets.
fn refusal(line: &str) -> String {
    let words = words(line);
    let output = wslab(&words.iter().map(String::as_str).collect::<Vec<_>>())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}");
    text(&output.stderr).to_owned()
}

#[test]
fn what_other_tools_call_it_is_answered_with_our_name() {
    for (line, write) in [
        (
            "run --duration 5",
            "wslab has no --duration: write --window 5\n",
        ),
        ("run -d 20s", "wslab has no -d: write --window 20s\n"),
        ("run --connections=5", "write --clients 5\n"),
        ("run --connections", "write --clients 100\n"),
        ("run --connections --quiet", "write --clients 100\n"),
        ("run -c 5", "write --clients 5\n"),
        ("run -c5", "write --clients 5\n"),
        ("run --concurrency 5", "write --clients 5\n"),
        ("run --users 5", "write --clients 5\n"),
        ("run --vus 5", "write --clients 5\n"),
        (
            "run -n 100",
            "write --rate 10 --window 10s for 100 messages\n",
        ),
        ("run -n", "is --rate times --window\n"),
        (
            "run --requests 5k",
            "write --rate 500 --window 10s for 5000",
        ),
        ("capacity --qps 7", "write --rate 7\n"),
        ("run --rps 7", "write --rate 7\n"),
        ("run --json classroom", "write --format json\n"),
        ("doctor --csv", "write --format csv"),
        ("run -o x", "write --results x\n"),
        ("run --output", "write --results DIR\n"),
        ("run --url http://h", "write --target http://h\n"),
        ("run --url ws://h/ws", "write --target http://h\n"),
        ("run http://h:80", "write --target http://h:80"),
        ("run wss://h/a", "write --target https://h "),
        ("run ws://h:80", "write --target http://h:80 "),
        ("run classroom localhost:8080", "--target localhost:8080"),
        ("serve --port 9001", "write --bind 127.0.0.1:9001\n"),
        ("serve --addr 127.0.0.2:80", "write --bind 127.0.0.2:80\n"),
        ("serve --host h", "write --bind 127.0.0.1:9000\n"),
        ("--duration 10", "write wslab run --window 10\n"),
        ("http://h", "write wslab run --target http://h"),
        ("ws://h", "write wslab run --target http://h "),
        ("bench", "write wslab run"),
        ("list", "write wslab report --list"),
        ("server", "write wslab serve"),
        ("start", "write wslab serve"),
        ("client", "write wslab chat"),
        ("classroom", "write wslab run classroom"),
        ("run -z 5m -q", "write --window 5m\n"),
        ("run -t 4", "write --load-processes 4\n"),
        ("run -t 30s", "write --window 30s\n"),
        ("run -R 5", "write --rate 5\n"),
        ("run -r 7", "write --repeats 7\n"),
        ("run -i 50", "write --rate 5 --window 10s"),
        ("run -H x", "write --headers browser"),
        ("run --latency", "write --details\n"),
    ] {
        let refusal = refusal(line);
        assert!(refusal.contains(write), "wslab {line}: {refusal}");
    }
}

/// Each answer is one line that says what to write, and none is clap's tip to write `--` before a
/// word, which would make it a scenario.
#[test]
fn a_command_line_that_is_not_quite_right_is_answered_with_the_right_one() {
    for (line, write) in [
        ("serv", "did you mean wslab serve?"),
        (
            "serve --log loud",
            "write error, warn, info, debug or trace",
        ),
        ("run --clients 99999999999", "99999999999 is too large"),
        ("raport", "did you mean wslab report?"),
        ("rnu", "did you mean wslab run?"),
        ("nonsense", "wslab --help lists them"),
        ("clasroom", "did you mean wslab run classroom?"),
        ("sse", "write wslab run --transport sse"),
        ("/", "write wslab report /"),
        ("--transport sse", "wslab run --transport sse\n"),
        ("run sse websocket", "write --transport sse,websocket\n"),
        (
            "run --transport sse ws",
            "write --transport sse,websocket\n",
        ),
        ("run sse", "write --transport sse\n"),
        ("run clasroom", "(did you mean classroom?)"),
        ("run classroom fanout", "\"fanout\" is one name too many"),
        ("run --transport websockets", "(did you mean websocket?)"),
        (
            "run --workload chatt",
            "(did you mean chat?): write monitoring or chat",
        ),
        (
            "run --keep-alive yes",
            "--keep-alive: unknown value \"yes\": write on or off",
        ),
        (
            "run --format jsn",
            "--format: unknown value \"jsn\" (did you mean json?)",
        ),
        (
            "capacity --slo p99<1s --max 0",
            "--max: the search is to try at most 0; write how many it may try, such as 10k",
        ),
        (
            "capacity --slo p99<1s --max 20",
            "the search begins with 100, so it cannot try at most 20; write a higher most, or begin \
             with less",
        ),
        (
            "run --results Cargo.toml",
            "Cargo.toml: this is a file; write the path of a folder",
        ),
        ("report --results Cargo.toml", "write the path of a folder"),
        ("compare --results Cargo.toml", "write the path of a folder"),
        ("advise --results Cargo.toml", "write the path of a folder"),
        (
            "report --list --results Cargo.toml",
            "write the path of a folder",
        ),
        (
            "doctor --calibrate --results Cargo.toml",
            "write the path of a folder",
        ),
        (
            "run -c 5 -d 10",
            "no -c: write --clients 5; no -d: write --window 10",
        ),
        (
            "run --vus 50 --duration=30s --rate 5",
            "no --vus: write --clients 50; no --duration: write --window 30s",
        ),
        (
            "run -d10 -c5",
            "no -d: write --window 10; no -c: write --clients 5",
        ),
        (
            "run -q 5",
            "--clients 5, --rate 5, --window 5 (-q is --quiet)",
        ),
        ("run --tls on", "as --tls=on"),
        (
            "run --tls=maybe",
            "--tls: unknown value \"maybe\": write on or off",
        ),
        ("run /", "it has no environment.json; wslab report --list"),
        ("run --clinets 5", "did you mean --clients?"),
        ("run --poll 5s", "did you mean --poll-interval?"),
        ("run --foo", "wslab run --help lists all options"),
        ("run -x", "wslab run has no -x"),
        (
            "run --server-program x",
            "wslab run --help lists all options",
        ),
        (
            "report --clients 5",
            "belongs to wslab run, wslab advise, wslab capacity, wslab doctor",
        ),
        ("run --window -5s", "--window=-5s"),
        ("chat --user -bob", "--user=-bob"),
        ("chat --user --bob", "--user=--bob"),
        (
            "run --clients --rate 5",
            "--clients needs a value: write --clients <N,…>",
        ),
        ("run --target", "--target needs a value"),
        ("run --seed x", "--seed: \"x\": write a whole number"),
        ("run --server-pid x", "the number of a process"),
        (
            "run --seed 1 --seed 2",
            "--seed is there more than once: write it once",
        ),
        ("report --list x", "--list and RUN_DIR exclude each other"),
        (
            "run --quiet=1",
            "--quiet takes no value: write --quiet alone",
        ),
        ("completions", "<SHELL> is missing: write bash, elvish"),
        ("completions tchs", "SHELL: unknown value \"tchs\""),
        ("serve --cert x", "--key <FILE> is missing: Private key"),
        ("serve 9000", "write --bind 9000"),
        ("doctor 500", "write --clients 500"),
        ("compare a b c", "\"c\" is one name too many"),
        ("man runn", "did you mean run?"),
    ] {
        let refusal = refusal(line);
        assert!(refusal.contains(write), "wslab {line}: {refusal}");
        assert_eq!(refusal.lines().count(), 1, "wslab {line}: {refusal}");
        assert!(!refusal.contains("-- -"), "wslab {line}: {refusal}");
    }
}

/// Runs a program of this machine on a file; `None` where it is not installed.
fn checked_by(program: &[&str], file: &std::path::Path) -> Option<String> {
    let mut command = std::process::Command::new(program[0]);
    let output = command.args(&program[1..]).arg(file).output().ok()?;
    assert!(
        output.status.success(),
        "{program:?}: {}",
        text(&output.stderr)
    );
    Some(text(&output.stdout).to_owned())
}

#[test]
fn shells_accept_their_completions() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = wslab(&["completions", shell]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        assert!(script.contains("poll-interval"), "{shell}");
        for hidden in ["with-parent", "cpus", "--server ", "load of one trial"] {
            assert!(!script.contains(hidden), "{shell}: {hidden}");
        }
        let file = folder.path().join(shell);
        std::fs::write(&file, script).unwrap();
        if ["bash", "zsh", "fish"].contains(&shell) {
            checked_by(&[shell, "-n"], &file);
        }
    }
    assert!(refusal("completions tcsh").contains("bash"));
}

/// What bash offers for the last of these words.
fn bash_offers(words: &[&str]) -> Vec<String> {
    let script = "source <(\"$1\" completions bash); shift; COMP_WORDS=(\"$@\"); \
                  COMP_CWORD=$(($# - 1)); _wslab wslab \"${@: -1}\" \"${@: -2:1}\"; \
                  echo \"${COMPREPLY[@]}\"";
    let mut bash = command("bash");
    let bash = bash.args(["-c", script, "bash", env!("CARGO_BIN_EXE_wslab"), "wslab"]);
    let output = bash.args(words).output().unwrap();
    let offered = text(&output.stdout);
    offered.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_values_and_scenarios() {
    for (words, offered) in [
        (&["r"][..], &["run", "report"][..]),
        (&["lo"], &[]),
        (&["run", "--poll"], &["--poll-interval"]),
        (&["serve", "--with"], &[]),
        (&["run", "--transport", "s"], &["short-polling", "sse"]),
        (&["compare", "--against", "w"], &["websocket"]),
        (&["run", "--tls", "o"], &["on", "off"]),
        (&["run", "--format", ""], &["table", "json", "csv", "md"]),
        (&["run", "cl"], &["classroom"]),
    ] {
        assert_eq!(bash_offers(words), offered, "{words:?}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let output = wslab(&["man", pages.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for command in commands() {
        let page = pages.join(format!("wslab-{}.1", command.get_name()));
        assert!(page.is_file(), "{}", page.display());
    }
    assert!(
        !pages.join("wslab-load.1").exists(),
        "a command for other commands"
    );
    let said = text(&output.stdout);
    assert_eq!(said, format!("pages written to {}\n", pages.display()));
    // The name of a command is no folder.
    let mut one = wslab(&["man", "run"]);
    let one = one.current_dir(folder.path()).output().unwrap();
    assert!(one.stdout == std::fs::read(pages.join("wslab-run.1")).unwrap());
    assert!(!folder.path().join("run").exists());
    let main = wslab(&["man"]).output().unwrap().stdout;
    let page = std::fs::read(pages.join("wslab.1")).unwrap();
    assert!(page == main, "{}", text(&main));
    let run = pages.join("wslab-run.1");
    if let Some(page) = checked_by(&["groff", "-man", "-Tascii", "-ww"], &run) {
        assert!(
            page.contains("--poll-interval") && page.contains("Exit codes:"),
            "{page}"
        );
    }
}
