//! Conditions and the closing sentence, in English.

use crate::texts::{AnswerTexts, ClauseTexts, ConditionTexts, Names, Numbers};

const N: Numbers = Numbers::ENGLISH;

pub(super) const CONDITIONS: ConditionTexts = ConditionTexts {
    separator: " · ",
    rate: |number, each| {
        let messages = if number == 1.0 { "message" } else { "messages" };
        let each = if each { " to each feed" } else { "" };
        format!("{} {messages}/s{each}", N.plain(number))
    },
    nothing_published: "nothing published",
    payload: |bytes| match bytes {
        whole if whole >= 1024.0 && whole % 1024.0 == 0.0 => {
            format!("{} KiB", N.count(whole / 1024.0))
        }
        bytes => format!("{} B", N.count(bytes)),
    },
    poll_interval: |time| format!("polls every {time}"),
    hold: |time| format!("hold {time}"),
    keep_alive: |on| match on {
        "on" => "keep-alive".to_owned(),
        "off" => "no keep-alive".to_owned(),
        other => format!("keep-alive {other}"),
    },
    headers: |which| format!("{which} headers"),
    load_processes: |number| format!("{} load processes", N.count(number)),
    pinned: |to| format!("pinned: {to}"),
    trials_of: |trials, window| format!("{trials} of {window}"),
    other: |name, value| format!("{name} {value}"),
};

fn s(names: &Names) -> &'static str {
    if names.many { "" } else { "s" }
}

/// `over a, b and c`, after how many times as much that is, or how much.
fn over(names: &Names, figures: &str, times: Option<&str>, as_much: &str) -> String {
    let list = &names.list;
    match times {
        Some(times) => format!("{times} as {as_much} over {list}"),
        None => format!("{figures} over {list}"),
    }
}

pub(super) const ANSWER: AnswerTexts = AnswerTexts {
    latency: ClauseTexts {
        noun: "latency",
        first: |names, figures, within| match within {
            Some(within) => {
                format!(
                    "{} deliver{} in {figures}, at most {within} apart",
                    names.list,
                    s(names)
                )
            }
            None => format!("{} deliver{} in {figures}", names.list, s(names)),
        },
        next: |names, figures, times| match times {
            Some(times) => format!("{} take{} {times} as long", names.list, s(names)),
            None => format!("{} take{} {figures}", names.list, s(names)),
        },
    },
    bytes: ClauseTexts {
        noun: "bytes",
        first: |names, figures, _| format!("A delivery takes {figures} over {}", names.list),
        next: |names, figures, times| over(names, figures, times, "many"),
    },
    cpu: ClauseTexts {
        noun: "server CPU",
        first: |names, figures, _| {
            format!("It costs the server {figures} of CPU over {}", names.list)
        },
        next: |names, figures, times| over(names, figures, times, "much"),
    },
    waiting_bytes: ClauseTexts {
        noun: "bytes",
        first: |names, figures, _| {
            format!(
                "A client that waits takes {figures} a second over {}",
                names.list
            )
        },
        next: |names, figures, times| over(names, figures, times, "many"),
    },
    waiting_cpu: ClauseTexts {
        noun: "server CPU",
        first: |names, figures, _| {
            format!(
                "All of them take {figures} of a core of the server over {}",
                names.list
            )
        },
        next: |names, figures, times| over(names, figures, times, "much"),
    },
    separator: "; ",
    all: "all of them",
    list: |names| match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    },
    times: |ratio, interval| match interval {
        Some(interval) => format!("{ratio} times ({interval})"),
        None => format!("{ratio} times"),
    },
    batched: |name| format!("{name} (batching)"),
    pair: |figures| format!("SSE against WebSocket: {}.", figures.join(", ")),
    pair_alike: |noun, within| format!("{noun} not told apart (within {within})"),
    pair_same: |noun| format!("{noun} the same"),
    pair_from_zero: |noun, sse, websocket| format!("{noun} {sse} against {websocket}"),
    pair_differs: |noun, by, interval| match interval {
        Some(interval) => format!("{noun} {by} ({interval})"),
        None => format!("{noun} {by}"),
    },
    interval: |low, high| format!("{low} to {high}"),
    few_trials: |trials, noise, enough| {
        let trials = match trials {
            1 => "One trial each".to_owned(),
            some => format!("As few as {some} trials each"),
        };
        let noise = N.plain(noise);
        format!("{trials}: differences below {noise} times may be noise; add --repeats {enough}.")
    },
    doubted: |names| match names {
        Some(names) => format!("SUSPECT are the figures of {names}."),
        None => "All of these figures are SUSPECT.".to_owned(),
    },
    left_out: |names| format!("INVALID trials are left out: {names}."),
    setting: |setting, sentence| format!("{setting}: {sentence}"),
    per_exchange: |mark, name, messages, interval| {
        let less = interval.map(|interval| format!("; polled every {interval}, each costs more"));
        let less = less.unwrap_or_default();
        format!("{mark} {name}: {messages} messages an answer{less}.")
    },
    per_write: |mark, name, messages| {
        format!("{mark} {name}: {messages} messages a write; alone, each costs more.")
    },
    holds: |name, amount| format!("{name} holds {amount}"),
    holds_none: |name| format!("{name} does not hold even the least"),
};
