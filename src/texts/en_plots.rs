//! The texts of plots in English.

use crate::texts::{Axes, Numbers, PlotText, PlotTexts};

pub(super) const PLOT: PlotTexts = PlotTexts {
    latency: PlotText {
        title: "Delivery latency by percentile",
        caption: "Lower is faster. At 99 a curve has the latency that 99 of 100 deliveries did not \
                  exceed; each further label leaves a tenth of them. An equal step up is an equal \
                  multiple. A percentile with fewer than 10 deliveries beyond it is not drawn.",
    },
    distribution: PlotText {
        title: "Distribution of delivery latency",
        caption: "Left, on one scale for all: where the latencies lie. Right, each on a scale of \
                  its own, up to 99.9 % of the deliveries: their shape. A poll comes at any time \
                  of its interval, so its latencies fill it evenly. Push has a peak and a tail. \
                  The number beside an axis is the share of the highest bar. The trials of a \
                  transport are counted together.",
    },
    bytes: PlotText {
        title: "Bytes per delivery by layer",
        caption: "The beginning of a bar is the text of the messages. The rest is what it \
                  took to deliver it, including empty exchanges. With several trials, a bar ends at \
                  the median of their sums, and its parts have the proportions of their own \
                  medians.",
    },
    cpu: PlotText {
        title: "CPU time per delivery",
        caption: "Shorter is cheaper: the light part was spent in the program, the dark part in \
                  the kernel on its behalf, where the network's work is done. The sum is exact. Its \
                  division is sampled by the kernel, every 10 ms, and not shown where a trial took \
                  less than 0.25 s. Parts of several trials have the proportions of their medians.",
    },
    memory: PlotText {
        title: "Memory per client",
        caption: "How much memory each process held for a client; what the kernel holds for its \
                  sockets is not part of it.",
    },
    recovery: PlotText {
        title: "Recovery from faults",
        caption: "Further left is sooner: a line goes from the time of half of the clients (dot) to \
                  that of the last one (end), and where it is short, all were at it together. An \
                  equal step to the right is an equal multiple.",
    },
    heat_map: PlotText {
        title: "Deliveries by time and latency",
        caption: "A column is a second, and a tile what arrived in it with a latency of that row: \
                  the darker, the more. A steady state is a level band, a queue that grows climbs, \
                  and a pause is a gap. The lines are where the window opens and closes, to a \
                  second. The trials of a transport lie on each other.",
    },
    latency_over_time: PlotText {
        title: "Delivery latency over time",
        caption: "Each point covers the messages that arrived within one second: a level line is \
                  a steady state, a rising one a queue that grows.",
    },
    deliveries_over_time: PlotText {
        title: "Deliveries per second over time",
        caption: "All transports carry the same feed, so their lines should lie on each other, \
                  and a dip shows when deliveries fell behind. The first and the last second are left \
                  out, as the window opens and closes in them; a window under 4 s shows all.",
    },
    scaling: PlotText {
        title: "How it scales with the number of clients",
        caption: "A level line costs each client the same however many there are. A line that \
                  rises with them is work that is done for one after the other, as the last \
                  recipient of a message sees it. Both scales are logarithmic.",
    },
    against_rate: PlotText {
        title: "How it changes with the rate of messages",
        caption: "A line that falls is work that several messages share: an exchange, a wake-up or \
                  a write. Both scales are logarithmic.",
    },
    against_payload: PlotText {
        title: "How it changes with the size of a message",
        caption: "A level line is a cost of each message however long it is. Both scales are \
                  logarithmic.",
    },
    against_poll_interval: PlotText {
        title: "Poll interval against push",
        caption: "A longer interval makes a poll’s message later, and its bytes and CPU time \
                  fewer. A dashed line is a transport without a poll interval: where the line of \
                  polling crosses it, both cost the same. Both scales are logarithmic.",
    },
    capacity: PlotText {
        title: "Capacity within the objective",
        caption: "A bar is the most that held in VALID trials, and again in further ones unless \
                  the search is unfinished. The thin line ends at the least that failed. Without \
                  such a line the transport may hold more, which had no VALID trial or was not \
                  tried.",
    },
    axes: Axes {
        percentile: "percentile of all deliveries of the window (%)",
        latency: "delivery latency (µs, ms, s), log scale",
        shape: "delivery latency (µs, ms, s)",
        share: "height: share of the deliveries in a bar (%)",
        bytes: "bytes per delivery (B, kB), both directions",
        cpu: "CPU time per delivery (µs, ms)",
        memory: "resident memory per client (B, kB, MB)",
        time: "time since the window began (s)",
        since_fault: "time since the fault began (ms, s), log scale",
        deliveries: "deliveries per second (1/s)",
        clients: "clients, log scale",
        rate: "messages a second to each feed (1/s), log scale",
        payload: "text of a message (B, kB), log scale",
        poll_interval: "poll interval (ms, s), log scale",
        number_of: |factor| format!("{factor} (number)"),
    },
    places: "Where: one scale",
    shapes: "Shape: scales of their own",
    tiles_below: |percent| format!("below {percent} % of an average second"),
    tiles_above: |percent| format!("above {percent} %"),
    second: |at, delivered, range| {
        let deliveries = if delivered == 1.0 {
            "delivery"
        } else {
            "deliveries"
        };
        format!(
            "{at}: {} {deliveries}, {range}",
            Numbers::ENGLISH.count(delivered)
        )
    },
    layers: ["payload", "envelope", "protocol", "TLS", "TCP-IP"],
    server: "server",
    load: "load",
    user: |process| format!("{process}, user"),
    system: |process| format!("{process}, system"),
    undivided: |process| format!("{process}, too short to divide"),
    not_measured: "not measured",
    lacks: |figure, parts| format!("{figure} ({parts} not measured)"),
    of_baseline: |multiple| format!("({multiple} raw-tcp)"),
    latency_p50: "Delivery latency, p50",
    all_bytes: "Bytes per delivery, all layers",
    server_cpu: "Server: CPU time per delivery",
    load_cpu: "Load: CPU time per delivery",
    server_memory: "Server: memory per client",
    load_memory: "Load: memory per client",
    first_recipient: "Latency of a message’s first recipient",
    median_recipient: "Latency of its median recipient",
    last_recipient: "Latency of its last recipient",
    messages_per_write: "Messages per write of the server",
};
