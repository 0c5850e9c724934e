//! The texts in English.

use crate::texts::en_advice::ADVICE;
use crate::texts::en_answer::{ANSWER, CONDITIONS};
use crate::texts::en_check::CHECK;
use crate::texts::en_claim::CLAIM;
use crate::texts::en_demo::DEMO;
use crate::texts::en_lesson::LESSON;
use crate::texts::en_page::PAGE;
use crate::texts::en_plots::PLOT;
use crate::texts::en_recovery::RECOVERY;
use crate::texts::en_until::UNTIL;
use crate::texts::{
    CapacityTexts, CellTexts, CompareTexts, ListTexts, Numbers, Plural, PredictTexts, RunsTexts,
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
    advice: ADVICE,
    until: UNTIL,
    recovery: RECOVERY,
    page: PAGE,
    runs: RUNS,
    table: TABLE,
    capacity: CAPACITY,
    compare: COMPARE,
    list: LIST,
    predict: PREDICT,
    claim: CLAIM,
    lesson: LESSON,
    plot: PLOT,
    demo: DEMO,
    check: CHECK,
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
    proxy: |name| match name {
        "" => "no proxy".to_owned(),
        name => format!("through {name}"),
    },
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
    named_figure: |group, title, figure| match group {
        "" => format!("{title} {figure}"),
        group => format!("{group} {title} {figure}"),
    },
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
    machines: "The runs are of different machines. Panels share their axes all the same: compare \
               transports within a run, not a run with another.",
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
        "network" => "Latency, bytes and CPU, unless the networks are what is compared.",
        "feeds" => "Latency: a message has another number of recipients.",
        "tls" => "CPU, memory and bytes, unless TLS is what is compared.",
        "proxy" => "Latency, bytes and CPU, unless proxies are what is compared.",
        "poll_interval_ms" => "Short polling.",
        "hold_ms" | "keep_alive" => "The transports that poll.",
        "transport" => "A transport that only one run has.",
        "clients" => "Latency, CPU and memory at other numbers of clients.",
        "window_s" => "How certain p99 and beyond are.",
        _ => "Figures that depend on it.",
    },
};

const TABLE: TableTexts = TableTexts {
    no_trial: "No trial finished.",
    transport: "transport",
    verdict: "verdict",
    short: |title| title,
    report: "report: ",
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
    reason: str::to_owned,
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
    of_them_suspect: |trials| format!(", {trials} of them SUSPECT"),
    invalid_left_out: |trials| format!(", {trials} INVALID left out"),
    closing: |most, shown, alike, untold| {
        let all = shown + alike + untold;
        let differs = match shown {
            0 => format!("B is not shown to differ from A in any of {all} figures."),
            some if some > most.len() => {
                format!(
                    "B differs from A in {some} of {all} figures, most in {}.",
                    most.join("; ")
                )
            }
            some => format!(
                "B differs from A in {some} of {all} figures: {}.",
                most.join("; ")
            ),
        };
        let alike =
            (alike > 0 && shown > 0).then(|| format!(" No difference is shown in {alike}."));
        let untold = (untold > 0).then(|| {
            format!(" {untold} cannot be told: too few trials, or only one side has the figure.")
        });
        differs + &alike.unwrap_or_default() + &untold.unwrap_or_default()
    },
    gates: |failed, untold, passed| {
        format!("Gates: {failed} failed, {untold} cannot tell, {passed} passed.")
    },
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

const LIST: ListTexts = ListTexts {
    columns: [
        "started",
        "trials",
        "verdicts",
        "size",
        "folder",
        "scenario",
        "question",
        "transports",
    ],
    not_complete: "not complete",
};

const PREDICT: PredictTexts = PredictTexts {
    columns: ["mean latency", "guess", "theory", "measured"],
    ask: "How late is a message on average? Write times such as 500us, 2ms or 1s; an empty line is \
          no guess.",
};
