//! Examples and exit codes at the end of each command's help.

/// A command line, and what it does.
pub(super) type Example = (&'static str, &'static str);
/// An exit code, and when it is returned.
pub(super) type Code = (&'static str, &'static str);

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
