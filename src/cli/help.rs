//! What the help of all commands shares: headings, lines, defaults. [`examples`](crate::cli::examples)
//! has the examples and exit codes of each.

use clap::Arg;
use clap::builder::StyledStr;

pub(super) use crate::cli::examples::*;
use crate::lab::scenario::Scenario;
use crate::system::output;
use crate::texts::{NO_BREAK, folded};
use crate::transport::Transport;

/// Columns of a text in the manual at 80 columns, so that its lines are not broken again.
const IN_MANUAL: usize = 71;
/// Columns of help on a wider terminal.
pub(super) const MOST_WIDE: usize = 100;

/// The headings under which options stand.
pub(super) mod headings {
    pub const WHAT: &str = "What to measure";
    pub const LOAD: &str = "Load";
    pub const NETWORK: &str = "Network";
    pub const STATISTICS: &str = "Statistics";
    pub const COMPARE: &str = "What to compare";
    pub const NEED: &str = "What you need";
    pub const CHECK: &str = "What to check";
    pub const SEARCH: &str = "Search";
    pub const OUTPUT: &str = "Output";
    pub const FEEDS: &str = "Feeds";
    pub const ACCESS: &str = "Access";
    pub const LIMITS: &str = "Limits";
}

/// What `wslab` alone prints.
pub(super) fn welcome() -> String {
    let what = "wslab compares short polling, long polling, SSE, NDJSON and WebSocket over the \
                same feed: delivery latency, bytes on the wire and CPU of every message.";
    let more = "wslab --help lists all commands, wslab run -h the options of one, and wslab run \
                --help explains each option with its default and examples.";
    let commands = [
        ("run", "measure all of them here, and write a report"),
        ("compare", "what differs, and whether it is more than noise"),
        ("demo", "a page with live feeds and a chat, for the browser"),
    ];
    let commands = commands.map(|(name, does)| hanging(&format!("  wslab {name:9}  "), does));
    [&hanging("", what), &commands.concat(), &hanging("", more)]
        .map(String::as_str)
        .join("\n")
}

/// Columns of help, as clap has them.
pub(super) fn width() -> usize {
    output::width().min(MOST_WIDE)
}

/// A term and its text, in lines of which those after the first begin below the text.
pub(super) fn hanging(term: &str, text: &str) -> String {
    let indent = " ".repeat(term.chars().count());
    let term = term.replace(' ', &NO_BREAK.to_string());
    let width = width().min(IN_MANUAL);
    folded(&(term + text), width, &indent).join("\n") + "\n"
}

/// The end of `-h`: the first example, and where the rest is.
pub(super) fn brief(examples: &[Example]) -> String {
    let (example, _) = examples[0];
    let command: Vec<&str> = example.split(' ').take(2).collect();
    let command = command.join(" ");
    format!("Example: {example}\nAll options, examples and exit codes: {command} --help")
}

/// The end of `--help`: examples and exit codes.
pub(super) fn full(examples: &[Example], codes: &[Code]) -> String {
    let examples = examples.iter();
    let examples = examples
        .map(|(command, does)| hanging("  ", &format!("{does}:")) + &format!("    {command}\n"));
    let code_width = codes.iter().map(|(code, _)| code.len()).max().unwrap_or(0);
    let codes = codes.iter();
    let codes = codes.map(|(code, when)| hanging(&format!("  {code:code_width$}  "), when));
    let (examples, codes) = (examples.collect::<String>(), codes.collect::<String>());
    format!("Examples:\n{examples}\nExit codes:\n{}", codes.trim_end())
}

/// Adds the default to the help of a factor's flag. The flag itself has none: where it is absent,
/// the scenario keeps its value.
pub(super) fn with_factor_default(arg: Arg) -> Arg {
    let defaults = toml::Table::try_from(Scenario::default()).expect("a scenario as TOML");
    match defaults.get(arg.get_id().as_str()) {
        Some(value) => with_default(arg, &default_text(value)),
        None => arg,
    }
}

/// The value of a factor as a flag is given it.
pub(super) fn default_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => {
            let values: Vec<String> = values.iter().map(default_text).collect();
            let is_all = values
                .iter()
                .eq(Transport::CHOICES.map(|it| it.to_string()).iter());
            // A value of several parts has commas of its own.
            let has_parts = values.iter().any(|value| value.contains(','));
            if is_all {
                "all".to_owned()
            } else {
                values.join(if has_parts { "; " } else { "," })
            }
        }
        number => number.to_string().trim_end_matches(".0").to_owned(),
    }
}

/// Adds a default to a flag's help, in place of one that is there.
pub(super) fn with_default(arg: Arg, default: &str) -> Arg {
    let told = |help: Option<&StyledStr>, gap: &str| {
        let help = help.map(StyledStr::to_string).unwrap_or_default();
        let help = help.split("[default: ").next().unwrap_or_default();
        format!("{}{gap}[default: {default}]", help.trim_end())
    };
    let short = told(arg.get_help(), " ");
    let long = told(arg.get_long_help().or(arg.get_help()), "\n\n");
    arg.help(short).long_help(long)
}
