//! The texts in English.

use crate::texts::en_answer::{ANSWER, CONDITIONS};
use crate::texts::en_plots::PLOT;
use crate::texts::en_until::UNTIL;
use crate::texts::{
    CapacityTexts, CellTexts, CompareTexts, Numbers, PageTexts, Plural, RunsTexts, SectionText,
    TableTexts, Texts, english_plural,
};

const N: Numbers = Numbers::ENGLISH;

pub(super) const TEXTS: Texts = Texts {
    html_lang: "en",
    numbers: N,
    plural: english_plural,
    translate: |english| english,
    cell: CELL,
    condition: CONDITIONS,
    answer: ANSWER,
    until: UNTIL,
    page: PAGE,
    runs: RUNS,
    table: TABLE,
    capacity: CAPACITY,
    compare: COMPARE,
    plot: PLOT,
};

/// `1 trial`, `1,200 trials`: a count with its noun.
fn counted(number: f64, one: &str, other: &str) -> String {
    format!("{} {}", N.count(number), form(number, one, other))
}

fn form<'t>(number: f64, one: &'t str, other: &'t str) -> &'t str {
    match english_plural(number) {
        Plural::One => one,
        Plural::Many | Plural::Other => other,
    }
}

fn messages_a_second(number: f64) -> String {
    let messages = form(number, "message", "messages");
    format!("{} {messages} a second", N.plain(number))
}

const CELL: CellTexts = CellTexts {
    clients: |number| counted(number, "client", "clients"),
    feeds: |number| counted(number, "feed", "feeds"),
    trials: |number| counted(number, "trial", "trials"),
    trials_between: |least, most| format!("{least} to {most} trials"),
    rate: |number| format!("{} to each feed", messages_a_second(number)),
    messages_a_second,
    payload: |bytes| format!("payload {}", N.bytes(bytes)),
    tls: "TLS",
    no_tls: "no TLS",
    schedule: |name| format!("{name} schedule"),
    poll_interval: |time| format!("every {time}"),
    hold: |time| format!("hold {time}"),
    keep_alive: |on| format!("keep-alive {on}"),
    again: "again (A/A)",
    of_trials: |some, all| format!("({some} of {all} trials)"),
    counted_of: |counted, all| format!("{counted} of {all}"),
    least_to_most: |least, most| format!("{least} to {most}"),
    left_out: "INVALID trials are left out of medians and intervals, but not of what was missed; a \
               line that has no other trials shows theirs, which answer no question.",
    touches: |figures| format!("It touches {figures}."),
    judged_by: |figures| format!("Judged by: {figures}."),
    doubted: |mark| format!("{mark} a warning touches this figure."),
    of_few: |mark| {
        format!(
            "{mark}: less than one message lies beyond this percentile (p99 needs 100 messages, \
             p99.9 needs 1,000), so a single message decides it, however many clients received it."
        )
    },
    of_few_short: |mark| format!("{mark} one message decides this figure."),
    noise: |cell, apart| {
        format!(
            "A/A ({cell}): the same cell twice differs by {apart}: smaller differences are noise."
        )
    },
    noise_in: |percent, percentile| format!("{percent} % in {percentile}"),
    and: " and ",
    marks: |marks| format!("{marks}."),
    marks_interval: |trials| {
        format!("Thin lines and pale bands: the 95 % interval of the median of {trials}")
    },
    marks_range: |trials| {
        format!(
            "Dotted lines and the palest bands: from lowest to highest of {trials}, which is no \
             interval"
        )
    },
    marks_both: |interval, range, cells| format!("{interval}. {range}: {cells}"),
    no_trial: (
        "No trial finished",
        ", so there is no figure to show: the run was cut off before its first trial ended, or it \
         failed.",
    ),
    incomplete: |cells| format!("This run is not complete. Missing trials: {cells}."),
    missing_of: |cell, trials, of| format!("{cell} ({trials} of {of})"),
};

const PAGE: PageTexts = PageTexts {
    title: |scenario| format!("{scenario} · wslab report"),
    run: |id| format!("Run {id}"),
    workload: |name| format!("{name} workload"),
    contents: "Contents",
    scorecard: "Scorecard",
    unread: "Left out, since it cannot be read:",
    any_question: "What does a delivery cost over each transport, and how late is it?",
    of_settings: "The other settings are below. Of those with the fewest doubts, the one that \
                  asks the most stands first.",
    objective: "objective",
    groups: |intervals| match intervals {
        true => {
            "Letters are groups, not ranks: in a column, transports that share one are not told \
             apart, or differ too little to matter (by less than 10 %, 1 ms, or 4 KiB a client). \
             Group a has the least."
        }
        false => {
            "Letters are groups, not ranks: in a column, transports that share one differ by less \
             than 1.5 times, which so few trials cannot tell from noise, or by less than 1 ms or \
             4 KiB a client. Group a has the least."
        }
    },
    suspect_mark: "? SUSPECT: a warning touches the figure.",
    invalid_mark: "! INVALID: the figure answers no question.",
    comparison: "All figures compared",
    medians: |intervals| match intervals {
        true => {
            "Each figure is the median of the trials, below it small its 95 % interval where there \
             are trials enough, and the verdict the worst of them."
        }
        false => "Each figure is the median of the trials, and the verdict the worst of them.",
    },
    comparison_note: "“–” stands for a figure that was not measured or does not exist, as \
                      exchanges do not for a stream. CPU in percent is that of one core.",
    ratios: SectionText {
        title: "Against the machine itself",
        note: "Multiples of raw-tcp’s figures. raw-tcp carries the same messages on a TCP \
               connection and nothing more. So 1 × is the cost of the machine, the kernel and \
               this program’s runtime, whatever the protocol.",
    },
    beyond: SectionText {
        title: "Beyond the average client",
        note: "A message reaches its recipients one after the other: the first, the median and \
               the last of them, each as the median over all messages. A client is stale while \
               there is a message that it does not have yet. Jain’s index is 1 where all clients \
               have the same mean latency, and less the more they differ. Set-up is what passes \
               the wire until a client is ready. Heartbeats show that a connection still works; \
               with polling, empty exchanges do that.",
    },
    theory: SectionText {
        title: "Theory and practice",
        note: "A poll finds a message after half its interval. A push reaches n clients one after \
               the other, so the mean client waits for the first delivery, and then n/2 times the \
               CPU time of a delivery (server and load) over the cores. A delivery is a write and \
               a read; of a poll, both at both ends. What they cost was measured before the run, \
               by wslab doctor --calibrate; without it, theory has no CPU time, and a latency for \
               short polling only. Bytes follow from the heads and frames that the protocol \
               demands. Theory leaves out TLS, texts above 4 KiB, waiting for a core that other \
               programs use, empty polls, and messages closer together than a round trip. It fails \
               where messages wait for each other: they are then written together.",
    },
    all_trials: "All trials, with more figures",
    name_column: "Transport and verdict",
    setting_column: "Setting",
    trials_column: "Trials",
    trial_column: "Trial",
    warnings_column: "Warnings",
    doubts: "What to doubt",
    doubts_note: "SUSPECT figures need care; of a warning that names figures, only those. INVALID \
                  ones answer no question.",
    unknown_warning: "This version does not know its meaning.",
    no_reason: "The trial names no reason.",
    plots: "Plots",
    nothing_delivered: (
        "Nothing was delivered",
        " in this run, so there is no latency and no cost per delivery to draw: these plots are \
         left out.",
    ),
    data: "Data:",
    link: "link",
    plot_marks: |marks| {
        format!(
            "A mark, a bar or a line is the median of the trials. {marks} Where fewer trials \
             have a figure for a second, its marks are their lowest and highest."
        )
    },
    machine: "The machine",
    how_measured: "How it was measured",
    definitions: &[
        (
            "Window",
            "Clients connect (ramp-up), the feed runs unrecorded (warm-up), the window is \
             recorded, and late messages are waited for (drain). A message belongs to the window \
             if its intended time does.",
        ),
        (
            "Delivery latency",
            "Delivered at − intended at. It counts from the time at which the message was due by \
             the schedule, so a late publisher, server or client adds to it. p99 is the latency \
             that 99 of 100 deliveries did not exceed; min and max are the extremes.",
        ),
        (
            "Expected and missed",
            "Expected = messages published × subscribers of their feed. Missed = expected and \
             never delivered. Latencies cover only what was delivered, so read them beside what \
             was missed.",
        ),
        (
            "Bytes per delivery",
            "Bytes in both directions, divided by deliveries, in five layers; the first four \
             together are the wire bytes, those through the TCP socket. Payload: the message’s \
             text. Envelope: the rest of its JSON. Protocol: HTTP heads, chunk and SSE \
             framing, WebSocket frame heads, masks and heartbeats. TLS: its records. TCP-IP: \
             the headers of the segments that the kernel counted, acknowledgements included. \
             What it took to connect is not in it; heartbeats are.",
        ),
        (
            "Exchanges",
            "One HTTP request with its response; an empty exchange carried no message. Streams \
             have none.",
        ),
        (
            "CPU",
            "CPU time of a process, in the program (user) and in the kernel on its behalf \
             (system), divided by deliveries. Percent is percent of one core.",
        ),
        (
            "Memory per client",
            "Growth of a process’s resident memory since before the first client connected, \
             divided by the clients. The kernel’s memory for its sockets is not part of it.",
        ),
        (
            "Median and interval",
            "A trial counts once, however many messages it delivered. The 95 % interval contains \
             the true median in about 95 of 100 such runs. It needs five trials that are not \
             INVALID.",
        ),
        (
            "Stale",
            "Share of the window in which a client did not have the newest message, over all \
             clients. Bozdag, Mesbah and van Deursen (2007) call it missing data coherence. It \
             compares polling and pushing fairly, because it counts no message twice.",
        ),
        (
            "Checks",
            "Event-loop lag: how late the load’s own threads were, sampled every hundredth of a \
             second. Probe: a few more subscribers in a process of their own; if their latencies \
             differ from those of the other subscribers, the load’s processes are part of the \
             figures. Ends differ: bytes that the server counted more or less than the load.",
        ),
        (
            "Files",
            "trials.csv, summary.csv and timeline.csv are UTF-8 text, with commas between cells \
             and points in numbers. A spreadsheet set to Portuguese takes 1011.711 for 1011711. \
             So open a file with its import: in LibreOffice, language English (USA) and separator \
             comma; in Excel, Data, From Text/CSV, and the locale English. wslab also reads what \
             a spreadsheet has saved with semicolons and decimal commas.",
        ),
        (
            "Verdict",
            "VALID: no doubt was found. SUSPECT: read with care. INVALID: the trial does not \
             answer its question.",
        ),
        (
            "Limits",
            "The load and the server that it started share this machine. They compete for its \
             cores and caches, and no network lies between them that is slow, loses packets or is \
             shared. So trust comparisons and ratios more than single figures, and expect other \
             figures on another machine. Intervals cover what differed between the trials of this \
             run, not what differs from day to day or from machine to machine.",
        ),
    ],
    columns: "All columns of trials.csv and metrics of summary.csv",
    lower_is_better: "Lower is better.",
    higher_is_better: "Higher is better.",
    empty_if: "empty if",
};

const RUNS: RunsTexts = RunsTexts {
    title: "The runs",
    of_cell: |id| format!("run {id}"),
    scenario: "Several runs",
    question: "How do these runs differ?",
    differs: "Differs",
    limits: "What cannot be compared between the runs",
    alike: "They ran on the same machine, with the same version and the same factors.",
    note: "The answers hold within each run. Whether two runs differ in a figure, and by how much, \
           says wslab compare A B.",
    limits_of: |name| match name {
        "Processor" | "Memory" | "System" | "CPU governor" | "Pinned" => {
            "Latency, CPU and memory: they are of different machines."
        }
        "wslab" => "Nothing, if the versions are what is compared.",
        "Server" => "Latency, CPU and memory, unless the servers are what is compared.",
        "Open files allowed" => "Nothing.",
        "rate_hz" | "schedule" | "workload" => {
            "CPU of a delivery, and bytes of polls: how many messages share a write or a poll."
        }
        "payload_bytes" | "headers" => "Bytes and CPU: the messages are of different length.",
        "feeds" => "Latency: a message has another number of recipients.",
        "tls" => "CPU, memory and bytes, unless TLS is what is compared.",
        "poll_interval_ms" => "Short polling.",
        "hold_ms" | "keep_alive" => "The transports that poll.",
        _ => "Figures that depend on it.",
    },
};

const TABLE: TableTexts = TableTexts {
    no_trial: "No trial finished.",
    transport: "transport",
    intervals: ": 95 % intervals of the medians",
    beyond: ": more figures",
    ratios: ": times raw-tcp",
    theory: ": theory and practice",
    medians_of: |trials| format!("Medians of up to {trials} trials a line."),
    again: "again (A/A): the same once more.",
    columns: "p50, p99, max: delivery latency, from the intended time. bytes: all layers. empty: \
              share of the exchanges. first, median, last: latency of a message's recipients, \
              medians of all messages. stale: share of the window in which a client had not the \
              newest message. fairness: Jain's index of the clients' mean latencies, 1 if all are \
              alike. probe: subscribers in a process of their own. theory: from the poll interval, \
              or from the costs that wslab doctor --calibrate measured; wire bytes are without \
              TCP-IP.",
    columns_waiting: "Nothing was published, so this is what waiting cost. bytes: on the wire. \
                      empty: share of the polls. CPU: percent of a core.",
    absent: |mark| format!("{mark}: not measured, or it does not exist."),
    unknown_warning: "(a warning this version does not know)",
    all_cells: |all| format!("all {all} cells"),
    cells_of: |some, all| format!("{some} of {all} cells"),
    more_warnings: |names| format!("Further warnings: {names}; --details explains them."),
};

const CAPACITY: CapacityTexts = CapacityTexts {
    columns: ["holds", "fails at", "not told at", "verdict", "trials"],
    transport: "Transport",
    why: "why not more",
    heading: |factor, conditions| format!("The most {factor} {conditions}"),
    within: |objective| format!("within {objective}"),
    how: "How the search goes",
    conditions: |objective, other| format!("within {objective}, with {other}"),
    clients: "clients",
    rate: "messages a second to each feed",
    method: "Each transport was doubled until it failed, and the bracket halved. A step holds if \
             its trial is VALID and within the objective; it fails if it is beyond, or INVALID \
             because messages were missed, connections refused, or the server died. Doubtful \
             trials were repeated (after a pause, if others on this machine disturbed them), and a \
             step that never became VALID is not told, and never held. What is found has held \
             again in further trials. It is a figure of this machine, which carries the load as \
             well, and the server unless that was a target.",
    at_least: |held| format!("at least {held}"),
    so_far: |held| format!("{held} so far"),
    none: "none",
    verdict_found: "found",
    verdict_at_least: "at least",
    verdict_fails: "fails",
    verdict_not_told: "not told",
    verdict_unfinished: "unfinished",
    why_found: |failed, why| format!("{failed} do not hold ({why})."),
    why_not_told_above: |held, failed, not_told, why| {
        let failed = failed.map(|failed| format!(", less than {failed}, which do not hold"));
        let failed = failed.unwrap_or_default();
        format!("at least {held}{failed}. At {not_told} no trial tells ({why}).")
    },
    why_max: |number, max, why| format!("{max} {}; {why}.", form(number, "holds", "hold")),
    why_fails: |number, failed, why| {
        format!(
            "not even {failed} {} ({why}).",
            form(number, "holds", "hold")
        )
    },
    why_not_told: |not_told, why| format!("even at {not_told} no trial tells ({why})."),
    why_unfinished: "the search was cut off, so nothing is confirmed.",
    not_told_at: |held, not_told| format!("{held}, not told at {not_told}"),
};

const COMPARE: CompareTexts = CompareTexts {
    header: ["", "A", "B", "difference"],
    side: |cell, trials| format!("{cell}: {trials}"),
    letter: |letter, cell| format!("{letter} ({cell})"),
    of_them_suspect: |trials, why| format!(", {trials} of them SUSPECT ({why})"),
    invalid_left_out: |trials, why| format!(", {trials} INVALID left out ({why})"),
    invalid_counted: "INVALID trials are left out, but not of counts of what went wrong, such as \
                      missed.",
    no_reason: "no reason named",
    windows_differ: |a, b| format!("The windows differ, {a} s and {b} s: counts do not compare."),
    not_compared: |cell| format!("not compared: {cell}"),
    only_in_a: |cell| format!("{cell}: only in A"),
    only_in_b: |cell| format!("{cell}: only in B"),
    alone: |cell, transport| {
        let transport = transport.unwrap_or("other transport");
        format!("{cell}: no {transport} has this setting")
    },
    invalid_in_b: |invalid, all, why| format!("{invalid} of {all} trials of B INVALID ({why})"),
    invalid_of: |invalid, all, why| format!("{invalid} of {all} trials INVALID ({why})"),
    margin: |metric, figure, apart, is_below, bound| {
        let side = if is_below { "under" } else { "over" };
        format!("{metric} {figure}, {apart} {side} {bound}")
    },
    conclusions: ["passed", "FAILED", "CANNOT TELL"],
    many_unjudged: |cells, why| {
        let number = cells.len();
        format!(
            "{}: {why}; and {} more cells (--details)",
            cells[0],
            number - 1
        )
    },
    mostly_doubted: |cell, doubted, of, why| {
        format!("warnings touch it in {doubted} of {of} trials of {cell} ({why})")
    },
    no_figure: "no trial has this figure",
    unjudged: "no gate can judge it",
    never_measured: |cell| format!("{cell}: not measured"),
    clients: |number| format!("{number} {}", form(number.into(), "client", "clients")),
    against: |transport, base| format!("{transport} against {base}"),
    explanation: |lines, chance| {
        format!(
            "A and B are medians over trials. Ranges in percent are 95 % intervals: one holds the \
             true difference in about 95 of 100 experiments; one that holds 0 shows none. Where \
             nothing differs, a line says otherwise about 1 time in 20 at worst: of the {lines} \
             lines above, up to {chance}."
        )
    },
    differences: "sse/websocket: by how much the median of SSE is above (+) or below (−) that of \
                  WebSocket; × is a multiple of it. In brackets: no difference is shown, since its \
                  interval holds 0, or a side has fewer than 5 trials. --details: all figures and \
                  their intervals.",
    not_shown: |low, high| match low == high {
        true => "none shown".to_owned(),
        false => format!("none shown ({low} to {high})"),
    },
    too_few: |trials, fewest| format!("too few trials ({trials} of {fewest})"),
    repeat: |fewest| format!("Differences need {fewest} trials a side: --repeats {fewest}."),
    broken: |trials, all| format!("in {trials} of {all} trials of B only"),
    one_sided: "only one side has it",
    lower: "lower",
    higher: "higher",
    from_zero: |higher| format!("{higher}: from 0"),
    by_or_more: |higher, percent| format!("{higher} by {percent} % or more"),
    times_or_more: |higher, times| format!("{higher}: {times} or more"),
    by: |word, percent| format!("{word} by {percent} %"),
};
