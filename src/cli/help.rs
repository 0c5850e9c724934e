//! What the help of all commands shares: headings, defaults, examples and exit codes.

use clap::Arg;
use clap::builder::StyledStr;

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

/// A command line, and what it does.
type Example = (&'static str, &'static str);
/// An exit code, and when it is returned.
type Code = (&'static str, &'static str);

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

const WRONG: Code = (
    "2",
    "the arguments are wrong; the message says what to write",
);
const STOPPED: Code = ("129, 130, 143", "ended by SIGHUP, Ctrl-C or SIGTERM");

pub(super) const RUN: &[Example] = &[
    (
        "wslab run --transport sse,websocket --clients 500",
        "Compare two transports with 500 subscribers",
    ),
    ("wslab run classroom", "Run a scenario that is built in"),
    (
        "wslab run claims",
        "Measure what articles claim of transports: 871 bytes a poll, 100 ms of reconnection",
    ),
    (
        "wslab run --rate 5 --payload 1024 --poll-interval 200ms --repeats 5",
        "1 KiB five times a second, repeated so that differences have intervals",
    ),
    (
        "wslab run --until 10% --budget 10m",
        "Repeat until every difference is shown or below 10 %, for 10 minutes at the most",
    ),
    (
        "wslab run --target localhost:8080 --clients 100,1000",
        "Measure a server that already runs, with two numbers of subscribers",
    ),
    (
        "wslab run --slo 'p99<100ms' --slo 'sse: p99<50ms'",
        "Fail unless every transport, and SSE above all, is quick enough",
    ),
    (
        "wslab run --format json | jq '.cells[] | {transport, latency_p99_us}'",
        "Figures for a script; a figure that does not exist is null",
    ),
    (
        "wslab run results/classroom/20300101t100000z",
        "Repeat a run",
    ),
];

pub(super) const RUN_CODES: &[Code] = &[
    ("0", "all trials are done, and none is INVALID"),
    (
        "1",
        "something failed, or --slo or --fail-if did not pass; the finished trials are kept",
    ),
    ("2", "the arguments or the scenario are wrong"),
    (
        "3",
        "done, and at least one trial is INVALID, whatever --slo and --fail-if say",
    ),
    (
        "129, 130, 143",
        "ended by SIGHUP, Ctrl-C or SIGTERM; finished trials are kept",
    ),
];

pub(super) const CAPACITY: &[Example] = &[
    (
        "wslab capacity --slo 'p99<100ms'",
        "The most clients of each transport with 99 % of messages within 100 ms",
    ),
    (
        "wslab capacity --slo 'p99<100ms' --vary rate --clients 200 --transport ws,sse",
        "The most messages a second that 200 clients are sent in time",
    ),
];

pub(super) const CAPACITY_CODES: &[Code] = &[
    ("0", "every transport has its result"),
    ("1", "something failed; the finished trials are kept"),
    ("2", "the arguments or the scenario are wrong"),
    ("3", "done, and nothing is told of at least one transport"),
    (
        "129, 130, 143",
        "ended by SIGHUP, Ctrl-C or SIGTERM; finished trials are kept",
    ),
];

pub(super) const LESSON: &[Example] = &[
    ("wslab lesson", "The lessons, with their questions"),
    ("wslab lesson tls --predict 22B", "Predict, then measure"),
    ("wslab lesson tls --sheet", "A sheet to print"),
];

pub(super) const REPORT: &[Example] = &[
    ("wslab report", "The report of the newest run"),
    (
        "wslab report results/classroom/20300101t100000z",
        "The report of another run",
    ),
    ("wslab report --list", "All runs"),
    (
        "wslab report --format md",
        "A table of the newest run for a pull request",
    ),
];

pub(super) const REPORT_CODES: &[Code] = &[
    ("0", "the report is written"),
    ("1", "it could not be written, or there is no run"),
    WRONG,
];

pub(super) const COMPARE: &[Example] = &[
    ("wslab compare", "The transports of the newest run"),
    (
        "wslab compare results/classroom/20300101t100000z",
        "The transports of another run",
    ),
    (
        "wslab compare RUN --against websocket --fail-if 'sse: p99 > +10%'",
        "The others against WebSocket, and a bound for SSE",
    ),
    (
        "wslab compare results/custom/20300101t100000z results/custom/20300102t100000z",
        "Two runs, such as before and after a change",
    ),
    (
        "wslab compare before after --fail-if 'p99 > +10%'",
        "Fail where the second run is slower by more than a tenth",
    ),
];

pub(super) const COMPARE_CODES: &[Code] = &[
    ("0", "compared, and every gate passes"),
    (
        "1",
        "a gate failed or could not tell, or there is no run, or nothing to compare",
    ),
    ("2", "the arguments are wrong, or a folder is no run"),
];

pub(super) const ADVISE: &[Example] = &[
    (
        "wslab advise --browser --clients 1000 --slo 'p99<200ms'",
        "Which transport for a page with 1,000 readers, from the newest run",
    ),
    (
        "wslab advise results/classroom/20300101t100000z --two-way --proxies",
        "From another run, for clients that publish through proxies",
    ),
];

pub(super) const ADVISE_CODES: &[Code] = &[
    ("0", "advised"),
    ("1", "there is no run, or nothing to advise from"),
    ("2", "the arguments are wrong, or a folder is no run"),
];

pub(super) const DOCTOR: &[Example] = &[(
    "wslab doctor --clients 10000",
    "Whether this machine can measure 10,000 subscribers",
)];

pub(super) const DOCTOR_CODES: &[Code] = &[
    ("0", "nothing would make a run fail; advice may be printed"),
    ("1", "something would make a run fail"),
    WRONG,
];

pub(super) const SERVE: &[Example] = &[
    (
        "wslab serve --bind 0.0.0.0:8080",
        "Serve all networks of this machine",
    ),
    (
        "wslab serve --bind :9000 --tls",
        "Serve https on port 9000 of this machine alone",
    ),
    (
        "wslab serve --feed sensors-lab --monitor --history 10000",
        "A feed of your own, and the readings of this machine",
    ),
];

pub(super) const DEMO: &[Example] = &[
    ("wslab demo", "The page on this machine alone"),
    (
        "wslab demo --bind 0.0.0.0:8080",
        "The page for all networks of this machine, such as a class",
    ),
    (
        "wslab demo --bind 0.0.0.0 --wifi 'Lab 3:secret-word' --lang pt",
        "With a QR code to join the Wi-Fi, in Portuguese",
    ),
];

pub(super) const SERVE_CODES: &[Code] = &[
    ("0", "ended by Ctrl-C, SIGTERM or SIGHUP"),
    ("1", "something failed, such as an address that is in use"),
    WRONG,
];

pub(super) const CHAT: &[Example] = &[
    (
        "wslab chat --user alice",
        "Write as alice to the server on this machine",
    ),
    (
        "wslab chat localhost:8080 --feed sensors --transport sse",
        "Read a feed over SSE",
    ),
];

pub(super) const CHAT_CODES: &[Code] = &[
    ("0", "all that was written was seen in the feed"),
    (
        "1",
        "something failed, or something that was written was lost",
    ),
    WRONG,
    STOPPED,
];

pub(super) const WIRE: &[Example] = &[
    (
        "wslab wire",
        "A WebSocket, on a server that the command starts",
    ),
    (
        "wslab wire --transport sse http://localhost:8080 --pcap sse.pcap",
        "The event stream of a wslab server, also for Wireshark",
    ),
    (
        "wslab wire ws://localhost:8765/ --send oi --messages 1",
        "What another server answers to a text",
    ),
];

pub(super) const WIRE_CODES: &[Code] = &[
    ("0", "the messages came, and all bytes are explained"),
    (
        "1",
        "the server cannot be reached, refuses, or sent too few messages in time; what came is \
         explained",
    ),
    WRONG,
    STOPPED,
];

pub(super) const CHECK: &[Example] = &[
    (
        "wslab check ws://127.0.0.1:8765/",
        "Check a WebSocket server on this machine",
    ),
    (
        "wslab check http://127.0.0.1:8000/eventos --patience 30s",
        "Check an event stream, and wait for its heartbeat",
    ),
    (
        "wslab check http://127.0.0.1:5000/news --as long-poll --publish /send",
        "Check a long poll, with messages that are published by POST",
    ),
    (
        "wslab check ws://127.0.0.1:8765/ --format json | jq .wrong",
        "How much is wrong, for a script",
    ),
];

pub(super) const CHECK_CODES: &[Code] = &[
    ("0", "nothing is wrong"),
    ("1", "something is wrong"),
    (
        "2",
        "the arguments are wrong, or the server can't be reached; the message says what to write",
    ),
];

pub(super) const COMPLETIONS: &[Example] = &[
    (
        "wslab completions bash > ~/.local/share/bash-completion/completions/wslab",
        "For bash",
    ),
    (
        "wslab completions fish > ~/.config/fish/completions/wslab.fish",
        "For fish",
    ),
    (
        "wslab completions zsh > ~/.zfunc/_wslab",
        "For zsh, where fpath has ~/.zfunc",
    ),
];

pub(super) const MAN: &[Example] = &[
    ("wslab man | man -l -", "Read the main page"),
    ("wslab man run | man -l -", "Read the page of a command"),
    (
        "wslab man ~/.local/share/man/man1",
        "Install all pages: then man wslab-run works",
    ),
];

pub(super) const PRINT_CODES: &[Code] =
    &[("0", "written"), ("1", "it could not be written"), WRONG];

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
            if is_all {
                "all".to_owned()
            } else {
                values.join(",")
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
