//! What other tools call it: flags and commands that wslab has by another name.

use std::path::Path;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::lab::scenario::BUILT_IN;

/// Flags of other tools, the flag that a command must have for the advice, and what to write.
const FLAGS: &[(&[&str], &str, &str)] = &[
    (
        &["--duration", "--time", "-d", "-z"],
        "window",
        "--window 10s",
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
        "--clients 100",
    ),
    (
        &["--requests", "--iterations", "--number", "-n"],
        "window",
        "--window 10s and --rate 5: rate times window is the number of messages",
    ),
    (&["--qps", "--rps", "--frequency"], "rate", "--rate 5"),
    (
        &["--size", "--message-size", "--body-size"],
        "payload",
        "--payload 1024",
    ),
    (
        &["--runs", "--repeat", "--count", "-r"],
        "repeats",
        "--repeats 5",
    ),
    (&["--interval"], "poll-interval", "--poll-interval 200ms"),
    (
        &["--threads", "--workers", "-t"],
        "load-processes",
        "--load-processes 2",
    ),
    (&["--json"], "format", "--format json"),
    (&["--csv"], "format", "--format csv"),
    (&["--markdown", "--md"], "format", "--format md"),
    (
        &["--output", "--out", "--output-dir", "-o"],
        "results",
        "--results DIR",
    ),
    (&["--url", "--host", "--address"], "target", "--target URL"),
    (
        &["--port", "--listen", "--host", "--addr", "--address", "-p"],
        "bind",
        "--bind 127.0.0.1:9000",
    ),
    (&["--verbose", "-v"], "log", "--log debug"),
    (&["--insecure", "-k"], "fingerprint", "--fingerprint SHA256"),
    (&["--name", "--nick", "--username"], "user", "--user NAME"),
    (&["--room", "--channel", "--topic"], "feed", "--feed NAME"),
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
    (&["plot", "show", "html", "list", "ls"], "report"),
    (&["max", "limit", "saturate", "search"], "capacity"),
    (&["env", "info", "system"], "doctor"),
    (&["page", "web", "ui"], "demo"),
    (&["version"], "--version"),
];

/// What to write instead of what clap refused; `None` where clap's own message says more.
pub(super) fn advice(
    error: &clap::Error,
    wslab: &Command,
    arguments: impl Iterator<Item = String>,
) -> Option<String> {
    let refused = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => flag(refused(ContextKind::InvalidArg)?, wslab, arguments),
        ErrorKind::InvalidSubcommand => command(refused(ContextKind::InvalidSubcommand)?),
        _ => None,
    }
}

fn flag(
    word: &str,
    wslab: &Command,
    mut arguments: impl Iterator<Item = String>,
) -> Option<String> {
    let named = arguments.find_map(|word| wslab.find_subcommand(word));
    let (command, prefix) = match named {
        Some(named) => (named, ""),
        None => (wslab.find_subcommand("run")?, "wslab run "),
    };
    let has = |flag: &str| {
        command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(flag))
    };
    if is_url(word) {
        return has("target").then(|| format!("a server that already runs is --target {word}"));
    }
    let mut known = FLAGS.iter();
    let (_, flag, write) = known.find(|(words, flag, _)| words.contains(&word) && has(flag))?;
    Some(format!(
        "wslab calls {word} --{flag}: write {prefix}{write}"
    ))
}

fn command(word: &str) -> Option<String> {
    if is_url(word) {
        return Some(format!(
            "{word} is no command: write wslab run --target {word} to measure this server, or \
             wslab chat {word} to read it"
        ));
    }
    if BUILT_IN.iter().any(|(name, _)| *name == word) {
        return Some(format!("{word} is a scenario: write wslab run {word}"));
    }
    let mut known = COMMANDS.iter();
    let (_, ours) = known.find(|(words, _)| words.contains(&word))?;
    Some(format!("wslab has no command {word}: write wslab {ours}"))
}

/// What to write where a server's URL stands in the place of a scenario.
pub(super) fn url_for_scenario(named: &Path) -> Option<String> {
    let word = named.to_str()?;
    (is_url(word) && !named.exists())
        .then(|| format!("\"{word}\" is no scenario: write --target {word} to measure that server"))
}

/// Whether a word is a URL, or HOST:PORT.
fn is_url(word: &str) -> bool {
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
                ours.starts_with("--") || wslab.find_subcommand(ours).is_some(),
                "{ours}"
            );
        }
    }
}
