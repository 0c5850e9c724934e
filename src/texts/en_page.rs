//! The texts of the report's page in English.

use crate::texts::{Numbers, PageTexts, SectionText};

pub(super) const PAGE: PageTexts = PageTexts {
    title: |scenario| format!("{scenario} · wslab report"),
    question: str::to_owned,
    run: |id| format!("Run {id}"),
    workload: |name| format!("{name} workload"),
    contents: "Contents",
    scorecard: "Scorecard",
    unread: "Left out, since it cannot be read:",
    any_question: "What does a delivery cost over each transport, and how late is it?",
    of_settings: "The other settings are below. Of those with the fewest doubts, the one that \
                  asks the most stands first.",
    objective: "objective",
    groups: |noise| match noise {
        None => {
            "Letters are groups, not ranks: in a column, transports that share one are not told \
             apart, or differ too little to matter (by less than 10 %, 1 ms, or 4 KiB a client), \
             or others between them link them. Group a has the least. Small: 95 % intervals."
                .to_owned()
        }
        Some(noise) => {
            let [noise, bytes] = noise.map(|times| Numbers::ENGLISH.plain(times));
            format!(
                "Letters are groups, not ranks: in a column, transports that share one differ from \
                 the next in it by less than {noise} times (bytes: {bytes}), which so few trials \
                 cannot tell from noise, or by less than 1 ms or 4 KiB a client. Group a has the \
                 least."
            )
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
        title: "Against the least protocol",
        note: "Multiples of raw-tcp’s figures. raw-tcp is this same server with the least \
               protocol: each message behind its length, on a TCP connection. So what exceeds 1 × \
               is the cost of a transport’s protocol. 1 × is not the least that this machine \
               takes: that is a plain server on epoll, with which scripts/bench compares.",
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
               where messages wait for each other: they are then written together. It also fails \
               for the CPU of short polls: each wakes a thread that slept, which costs as much \
               again.",
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
    claim: |[polling, websocket], [polling_all, websocket_all]| {
        format!(
            "“From 871 bytes to 2” (Kaazing, “A Quantum Leap in Scalability for the Web”) counts \
             the HTTP heads of a browser’s poll and the head of a WebSocket frame, and nothing \
             else. The same layer here: {polling} and {websocket} a delivery. With the message, \
             empty exchanges and TCP-IP: {polling_all} and {websocket_all}."
        )
    },
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
             cores and caches. On loopback no network lies between them that is slow, loses \
             packets or is shared. So trust comparisons and ratios more than single figures, and \
             expect other figures on another machine. Intervals cover what differed between the trials of this \
             run, not what differs from day to day or from machine to machine.",
        ),
    ],
    columns: "All columns of trials.csv and metrics of summary.csv",
    lower_is_better: "Lower is better.",
    higher_is_better: "Higher is better.",
    empty_if: "empty if",
    empty_columns: "Empty in all trials of this run; results/README.md says what they are:",
};
