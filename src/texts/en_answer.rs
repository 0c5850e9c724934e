//! Conditions and the answer, in English.

use crate::texts::{AnswerTexts, ClauseTexts, ConditionTexts, FirstPlace, Names, Numbers};

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
    network: |name| match name {
        "loopback" => name.to_owned(),
        name => format!("network {name}"),
    },
    load_processes: |number| format!("{} load processes", N.count(number)),
    pinned: |to| format!("pinned: {to}"),
    cpus: str::to_owned,
    trials_of: |trials, window| format!("{trials} of {window}"),
    other: |name, value| format!("{name} {value}"),
};

fn s(names: &Names) -> &'static str {
    if names.many { "" } else { "s" }
}

/// `sse and websocket send the fewest bytes: 274–296 B a delivery (alike)`.
fn least(place: &FirstPlace, verb: &str, what: &str, each: &str) -> String {
    let FirstPlace { names, figures, .. } = place;
    let remark = remark(place);
    format!(
        "{} {verb}{} {what}: {figures}{each}{remark}",
        names.list,
        s(names)
    )
}

fn remark(place: &FirstPlace) -> String {
    let remark = place.remark.map(|remark| format!(" ({remark})"));
    remark.unwrap_or_default()
}

/// `the bytes on the wire do not decide: 274–296 B a delivery (alike)`.
fn alike(place: &FirstPlace, what: &str, each: &str) -> String {
    format!(
        "{what} not decide: {}{each}{}",
        place.figures,
        remark(place)
    )
}

fn next(names: &Names, by: &str) -> String {
    format!("{} {by}", names.list)
}

fn deliver(place: &FirstPlace) -> String {
    let FirstPlace { names, figures, .. } = place;
    let remark = place.remark.map(|remark| format!(": {remark}"));
    let remark = remark.unwrap_or_default();
    match &place.within {
        Some(within) => format!(
            "{} deliver within {within} of each other{remark}",
            names.list
        ),
        None if names.many => format!("{} deliver in {figures}{remark}", names.list),
        None => format!("{} delivers soonest, in {figures}", names.list),
    }
}

/// `12 % more (10–14 %)`.
fn with_interval(text: String, interval: Option<&str>) -> String {
    match interval {
        Some(interval) => format!("{text} ({interval})"),
        None => text,
    }
}

fn listed(names: &[String], and: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} {and} {last}", all.join(", ")),
    }
}

const BYTES: ClauseTexts = ClauseTexts {
    noun: "bytes on the wire",
    short: "bytes",
    first: |place| least(place, "send", "the fewest bytes", " a delivery"),
    next,
    alike: |place| alike(place, "the bytes on the wire do", " a delivery"),
    alone: |figure| format!("{figure} on the wire a delivery"),
    as_much: "as many",
    is_later: false,
};

const CPU: ClauseTexts = ClauseTexts {
    noun: "CPU of the server",
    short: "CPU",
    first: |place| least(place, "cost", "the server the least CPU", " a delivery"),
    next,
    alike: |place| alike(place, "the CPU of the server does", " a delivery"),
    alone: |figure| format!("{figure} of the server’s CPU a delivery"),
    as_much: "as much",
    is_later: false,
};

pub(super) const ANSWER: AnswerTexts = AnswerTexts {
    latency: ClauseTexts {
        noun: "latency",
        short: "latency",
        first: deliver,
        next: |names, by| format!("{} deliver{} {by}", names.list, s(names)),
        alike: deliver,
        alone: |figure| format!("a latency of {figure}"),
        as_much: "as long",
        is_later: true,
    },
    bytes: BYTES,
    cpu: CPU,
    memory: ClauseTexts {
        noun: "memory of the server",
        short: "memory",
        first: |place| least(place, "take", "the least memory of the server", " a client"),
        next,
        alike: |place| alike(place, "the memory of the server does", " a client"),
        alone: |figure| format!("{figure} of the server’s memory a client"),
        as_much: "as much",
        is_later: false,
    },
    waiting_bytes: ClauseTexts {
        first: |place| {
            least(
                place,
                "send",
                "the fewest bytes while they wait",
                " a client and second",
            )
        },
        alike: |place| alike(place, "the bytes on the wire do", " a client and second"),
        alone: |figure| format!("{figure} on the wire a client and second"),
        ..BYTES
    },
    waiting_cpu: ClauseTexts {
        first: |place| {
            least(
                place,
                "cost",
                "the server the least CPU",
                " of a core for all clients",
            )
        },
        alike: |place| {
            alike(
                place,
                "the CPU of the server does",
                " of a core for all clients",
            )
        },
        alone: |figure| format!("{figure} of a core of the server"),
        ..CPU
    },
    take: |names, figures| format!("take {names}: no other transport is better in {figures}"),
    none_decides: |names| format!("nothing that was measured decides between {names}"),
    take_for: |choices| {
        let choices = choices.iter();
        let choices = choices.map(|(figures, names)| format!("for {figures} take {names}"));
        let choices: Vec<String> = choices.collect();
        format!("it depends on what counts: {}", choices.join("; "))
    },
    alone: |name, figures| format!("{name} has {}", listed(figures, "and")),
    alone_decides_nothing: "One transport alone decides nothing: add --transport all.",
    all_invalid: "Every trial is INVALID, so there is nothing to conclude.",
    by_few: |trials, conclusion| match trials {
        1 => format!("by one trial each, {conclusion}"),
        some => format!("by {some} trials each, {conclusion}"),
    },
    if_they_hold: |conclusion| format!("if the SUSPECT figures hold, {conclusion}"),
    apart: [
        None,
        Some("real, but too small to matter"),
        Some("no difference shown"),
        Some("no clear step between them"),
    ],
    latency_apart: [
        Some("latency does not decide between them"),
        Some("a real difference, too small to matter"),
        Some("no difference that matters is shown"),
        Some("no clear step between them"),
    ],
    sentence: |text| {
        let mut letters = text.chars();
        let first = letters.next().map(char::to_uppercase);
        let end = if text.ends_with('.') { "" } else { "." };
        format!(
            "{}{}{end}",
            first.into_iter().flatten().collect::<String>(),
            letters.as_str()
        )
    },
    separator: "; ",
    list: |names| listed(names, "and"),
    list_or: |names| listed(names, "or"),
    polled: |name, interval| format!("{name} (every {interval})"),
    times: |ratio, as_much, interval| with_interval(format!("{ratio} times {as_much}"), interval),
    more: |percent, interval| with_interval(format!("{percent} % more"), interval),
    later: |time, interval| with_interval(format!("{time} later"), interval),
    batched: |name| format!("{name} (batching)"),
    pair: |differences, alike| {
        let alike = match alike {
            [] => None,
            alike => Some(format!("{} not told apart", listed(alike, "and"))),
        };
        let parts: Vec<String> = differences.iter().cloned().chain(alike).collect();
        format!("SSE against WebSocket: {}.", parts.join(", "))
    },
    pair_from_zero: |noun, sse, websocket| format!("{noun} {sse} against {websocket}"),
    pair_differs: |noun, by, interval| match interval {
        Some(interval) => format!("{noun} {by} ({interval})"),
        None => format!("{noun} {by}"),
    },
    interval: |low, high| format!("{low} to {high}"),
    few_trials: |trials, noise, enough| {
        let trials = match trials {
            1 => "One trial of a cell".to_owned(),
            some => format!("{some} trials of a cell"),
        };
        let noise = N.plain(noise);
        format!("{trials} cannot show a difference below {noise} times: type --repeats {enough}.")
    },
    doubted: |names| format!("The figures of {names} are SUSPECT."),
    left_out: |names| format!("Left out are INVALID trials: {names}."),
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
