//! What other tools call it: flags and commands that wslab has by another name.

use clap::Command;

use crate::lab::scenario::BUILT_IN;
use crate::lab::written::Written;

/// What is counted elsewhere.
const MESSAGES: &str = "--window and --rate: the number of messages is --rate times --window";

/// Flags of other tools, the flag that a command must have for the advice, and what to write. The
/// user's value takes the place of one in braces.
const FLAGS: &[(&[&str], &str, &str)] = &[
    (
        &["--duration", "--time", "-d", "-z"],
        "window",
        "--window {10s}",
    ),
    (
        &[
            "--connections",
            "--concurrency",
            "--users",
            "--vus",
            "-c",
            "-u",
        ],
        "clients",
        "--clients {100}",
    ),
    (
        &[
            "--requests",
            "--iterations",
            "--number",
            "--amount",
            "-n",
            "-i",
        ],
        "window",
        MESSAGES,
    ),
    (
        &["--qps", "--rps", "--frequency", "--overallRate", "-R"],
        "rate",
        "--rate {5}",
    ),
    (
        &["--header", "-H"],
        "headers",
        "--headers browser for the fields of a browser, or --token TOKEN",
    ),
    (&["--latency", "--verbose", "-v"], "details", "--details"),
    (
        &["--size", "--message-size", "--body-size"],
        "payload",
        "--payload {1024}",
    ),
    (
        &["--runs", "--repeat", "--count", "-r"],
        "repeats",
        "--repeats {5}",
    ),
    (&["--interval"], "poll-interval", "--poll-interval {200ms}"),
    (
        &["--threads", "--workers", "-t"],
        "load-processes",
        "--load-processes {2}",
    ),
    (&["--json"], "format", "--format json"),
    (&["--csv"], "format", "--format csv"),
    (&["--markdown", "--md"], "format", "--format md"),
    (
        &["--output", "--out", "--output-dir", "-o"],
        "results",
        "--results {DIR}",
    ),
    (
        &["--url", "--host", "--address"],
        "target",
        "--target {URL}",
    ),
    (
        &["--port", "--listen", "--host", "--addr", "--address", "-p"],
        "bind",
        "--bind {127.0.0.1:9000}",
    ),
    (&["--verbose", "-v"], "log", "--log debug"),
    (&["--insecure", "-k"], "fingerprint", "--fingerprint SHA256"),
    (&["--name", "--nick", "--username"], "user", "--user {NAME}"),
    (&["--room", "--channel", "--topic"], "feed", "--feed {NAME}"),
];

/// Commands of other tools, and ours.
const COMMANDS: &[(&[&str], &str)] = &[
    (
        &["bench", "benchmark", "measure", "test", "attack", "perf"],
        "run",
    ),
    (&["server", "start", "up", "listen"], "serve"),
    (&["client", "connect", "subscribe"], "chat"),
    (&["diff", "cmp"], "compare"),
    (&["plot", "show", "html"], "report"),
    (&["list", "ls", "runs", "history"], "report --list"),
    (&["max", "limit", "saturate", "search"], "capacity"),
    (&["env", "info", "system"], "doctor"),
    (&["page", "web", "ui"], "demo"),
    (&["version"], "--version"),
];

/// What to write instead of a flag of another tool, with the user's own value.
pub(super) fn flag(word: &str, command: &Command, arguments: &[String]) -> Option<String> {
    let has = |flag: &str| {
        command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(flag))
    };
    let mut known = FLAGS.iter();
    let (_, flag, write) = known.find(|(words, flag, _)| words.contains(&word) && has(flag))?;
    let value = value(word, arguments);
    let number = value.and_then(|value| f64::read(value).ok());
    Some(match (write.split_once(" {"), value, number) {
        (_, Some(_), Some(messages)) if write.starts_with(MESSAGES) => {
            format!(
                "--rate {} --window 10s for {messages} messages",
                messages / 10.0
            )
        }
        (Some(_), Some(port), _) if *flag == "bind" && port.parse::<u16>().is_ok() => {
            format!("--bind 127.0.0.1:{port}")
        }
        // Some tools have a time where others have threads.
        (Some(_), Some(time), None) if *flag == "load-processes" => format!("--window {time}"),
        (Some((ours, _)), Some(value), _) if *flag != "bind" || is_url(value) => {
            format!("{ours} {}", http_form(value))
        }
        _ => write.replace(['{', '}'], ""),
    })
}

/// The value of a flag in a command line: `--flag 5`, `--flag=5`, `-f 5` or `-f5`.
fn value<'a>(flag: &str, arguments: &'a [String]) -> Option<&'a str> {
    let mut after = arguments.iter().skip(1).map(Some).chain([None]);
    let found = arguments.iter().find_map(|word| {
        let next = after.next().flatten();
        match word.strip_prefix(flag)? {
            "" => next.map(String::as_str),
            rest if flag.starts_with("--") => rest.strip_prefix('='),
            rest => Some(rest.trim_start_matches('=')),
        }
    })?;
    let is_value = !found.is_empty() && !found.starts_with('-') && !found.contains(' ');
    is_value.then_some(found)
}

/// The URL of a WebSocket's server; any other text as it is.
pub(super) fn http_form(url: &str) -> String {
    let scheme = match url.split_once("://") {
        Some(("ws", _)) => "http",
        Some(("wss", _)) => "https",
        _ => return url.to_owned(),
    };
    let host = url.split('/').nth(2).unwrap_or_default();
    format!("{scheme}://{host}")
}

/// What to write instead of a command of another tool.
pub(super) fn command(word: &str) -> Option<String> {
    if is_url(word) {
        let url = http_form(word);
        return Some(format!(
            "{word} is no command: write wslab run --target {url} to measure this server, or \
             wslab chat {url} to read it"
        ));
    }
    if BUILT_IN.iter().any(|(name, _)| *name == word) {
        return Some(format!("{word} is a scenario: write wslab run {word}"));
    }
    let mut known = COMMANDS.iter();
    let (_, ours) = known.find(|(words, _)| words.contains(&word))?;
    Some(format!("wslab has no command {word}: write wslab {ours}"))
}

/// Whether a word is a URL, or HOST:PORT.
pub(super) fn is_url(word: &str) -> bool {
    let port = word
        .rsplit_once(':')
        .map(|(_, port)| port.trim_end_matches('/'));
    word.contains("://") || port.is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    /// A flag that no command has is advice that never appears.
    #[test]
    fn what_is_advised_exists() {
        let wslab = Cli::command();
        let has = |flag: &str| {
            let mut commands = wslab.get_subcommands();
            commands.any(|it| it.get_arguments().any(|arg| arg.get_long() == Some(flag)))
        };
        for (_, flag, write) in FLAGS {
            assert!(has(flag), "--{flag}");
            assert!(write.starts_with(&format!("--{flag}")), "{write}");
        }
        for (_, ours) in COMMANDS {
            assert!(
                ours.starts_with("--")
                    || wslab
                        .find_subcommand(ours.split(' ').next().unwrap())
                        .is_some(),
                "{ours}"
            );
        }
    }
}
