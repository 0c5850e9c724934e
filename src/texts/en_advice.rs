//! Advice on a choice of transports, in English.

use crate::texts::{AdviceTexts, ProtocolFact};

fn listed(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match &items[..] {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// `7–12`, or `3, 5, 8` where numbers are between them.
pub(super) fn numbers(cells: &[u32]) -> String {
    let is_next = |pair: &[u32]| pair[1] == pair[0] + 1;
    match cells {
        [first, .., last] if cells.windows(2).all(is_next) => format!("{first}–{last}"),
        cells => {
            let numbers: Vec<String> = cells.iter().map(u32::to_string).collect();
            numbers.join(", ")
        }
    }
}

fn fact(fact: ProtocolFact) -> &'static str {
    match fact {
        ProtocolFact::NoTcpSockets => "a web page has no TCP sockets",
        ProtocolFact::EventSourceFields => {
            "EventSource sets no header fields: a token goes into the address, which logs keep"
        }
        ProtocolFact::EventSourceResumes => {
            "EventSource dials again by itself and resumes by Last-Event-ID"
        }
        ProtocolFact::WebSocketFields => {
            "a page’s WebSocket sets no header fields: a token goes into the address or the first \
             message"
        }
        ProtocolFact::WebSocketRedials => {
            "a page’s WebSocket does not dial again: reconnecting and resuming are code of yours"
        }
        ProtocolFact::FetchFields => {
            "fetch sets header fields: a token goes into Authorization, and into no log of addresses"
        }
        ProtocolFact::StreamByFetch => {
            "a page reads the stream by fetch: reconnecting and resuming are code of yours"
        }
        ProtocolFact::SixConnections => {
            "over HTTP/1.1, an open request keeps one of the six connections that browsers open to \
             a host: further tabs wait"
        }
        ProtocolFact::SameConnection => "the client publishes on the same connection",
        ProtocolFact::PublishByPost => {
            "the client publishes by POST: each message is an exchange with two heads"
        }
        ProtocolFact::WholeAnswers => {
            "each answer is complete, so an intermediary has nothing to hold back"
        }
        ProtocolFact::HeldPolls => {
            "an intermediary ends a poll that is held for longer than its time-out (nginx: 60 s)"
        }
        ProtocolFact::HeldBack => {
            "an intermediary may hold back a stream, even to its end; nginx does unless the answer \
             has X-Accel-Buffering: no, which wslab’s server sends"
        }
        ProtocolFact::IdleCut => {
            "an intermediary cuts a silent connection (nginx: after 60 s): heartbeats or pings must \
             come sooner"
        }
        ProtocolFact::UpgradeHop => {
            "Upgrade holds for one hop: each reverse proxy must be set up to pass it on"
        }
        ProtocolFact::Tunnel => {
            "a browser asks a forward proxy for a tunnel (CONNECT); with TLS, nothing in it is \
             changed"
        }
        ProtocolFact::RecordAWrite => "TLS 1.3 adds 22 bytes to each write",
        ProtocolFact::RecordsAnExchange => {
            "TLS 1.3 adds 22 bytes to each request and to each answer, and a handshake to each \
             connection that is not kept"
        }
    }
}

pub(super) const ADVICE: AdviceTexts = AdviceTexts {
    title: "Choose",
    note: "What speaks for (+) and against (−) each transport. For a need, run \
           `wslab advise --browser --clients 1000 --slo 'p99<200ms'`.",
    grounds: ["measured", "protocol", "theory", "not known"],
    sides: ["for", "against", "neither", "out"],
    columns: ["transport", "ground", "side", "statement", "rests on"],
    fact,
    not_measured_here: " (not measured here)",
    nearest: |cells, conditions| match cells {
        [one] => format!("Cell {one}: {conditions}"),
        cells => format!("Cells {}: {conditions}", numbers(cells)),
    },
    distance: |measured, needed| {
        format!("Measured with {measured}; you need {needed}: nothing is extrapolated.")
    },
    instead: |distances| {
        let each = distances.iter();
        listed(each.map(|it| format!("{} instead of {}", it.measured, it.needed)))
    },
    one_way: "clients that only read",
    two_way: "clients that publish",
    lowest: |others| match others {
        None => "the lowest".to_owned(),
        Some(others) => format!("in the lowest group with {others}"),
    },
    undecided: |remark| match remark {
        Some(remark) => format!("which does not decide ({remark})"),
        None => "which does not decide".to_owned(),
    },
    beside_lowest: |by| format!("not in the lowest group: {by}"),
    cell: |cell| format!("cell {cell}"),
    suspect: |column, warnings| format!("{column}, SUSPECT: {warnings}"),
    sent_a_message: |bytes| format!("a client sends {bytes} for each message that is published"),
    elsewhere: |why, instead| format!("{why}; measured with {instead}, so not shown"),
    met: |objective, why| format!("{objective} is met: {why}"),
    missed: |objective, why| format!("{objective} is not met: {why}"),
    unjudged: |objective, why| format!("{objective}: {why}"),
    not_measured: "not measured in this setting",
    all_invalid: |warnings| format!("every trial is INVALID: {warnings}"),
    elsewhere_measured: |instead| format!("this was measured with {instead}"),
    lacks: |names| format!("there is no figure of {names}"),
    not_judged: "an objective could not be judged",
    few: |trials, fewest| match trials {
        1 => format!("one trial of a cell has no interval; {fewest} have"),
        some => format!("{some} trials of a cell have no interval; {fewest} have"),
    },
    no_proxy: "what your proxy does: put wslab serve behind it, and measure through its address",
    not_calibrated: "what theory predicts of latency and CPU: this machine is not calibrated",
    predicted: |latency, bytes, cpu| {
        let latency = latency.map(|time| format!("mean latency {time}"));
        let bytes = Some(format!("{bytes} on the wire a delivery"));
        let cpu = cpu.map(|time| format!("{time} of the server’s CPU a delivery"));
        listed([latency, bytes, cpu].into_iter().flatten()) + ", for what you need"
    },
    to_know: "To know it:",
    ask: "For your case, add --browser, --two-way, --clients, --rate, --payload, --tls, --proxies, \
          --latency or --slo.",
    answer: "Answer: ",
    remain: |names, conclusion| format!("{names} remain; {conclusion}"),
    one_remains: |name| format!("{name} alone remains"),
    none_remains: "no transport that was measured remains",
    out: |each| {
        let each = each.iter().map(|(name, why)| format!("{name} ({why})"));
        format!("Out: {}.", each.collect::<Vec<_>>().join(", "))
    },
    as_measured: |instead, sentence| format!("with {instead}, {sentence}"),
    open: |sentence, objectives| {
        format!(
            "{sentence}; not shown for what you need: {}",
            objectives.join(", ")
        )
    },
};
