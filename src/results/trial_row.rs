//! The rows of `trials.csv`, and what each of their columns is.
//!
//! One entry of [`columns!`] makes a field of [`TrialRow`], a column of the file, and a metric with
//! its definition (the comment), unit, places, and when it is empty. A new figure is one entry here,
//! and the code that measures it.

use serde::{Deserialize, Serialize};

use crate::results::absent::*;
use crate::results::columns::columns;
use crate::results::entries::{bytes, count, factor, label, number, percent, transport_factor, us};
use crate::results::metric::MetricOf;
use crate::results::metric::Table::{
    Beyond, Comparison, Details, Headline, Percentiles, Printed, PrintedBeyond, PrintedIntervals,
    PrintedRatios, PrintedTheory, PrintedWaiting, Ratios, Theory, Waiting,
};
use crate::results::{NetworkName, Verdict, column_type::ColumnType};
use crate::transport::Transport;

columns! {
    /// One row of `trials.csv`: one measured repetition of one cell. A figure that does not exist
    /// is an empty cell, never 0.
    ///
    /// Counts and bytes cover the ledger's time: from the opening of the window until the end of
    /// the drain. Percentages are of one core.
    TrialRow;
    /// Name of the scenario.
    scenario: String = label();
    /// Identity of the run: the name of its folder.
    run: String = label();
    /// Number of the combination of factors, from 1.
    cell: u32 = label();
    /// Number of the repetition of that cell, from 1.
    trial: u32 = label();
    /// How messages reach the subscribers.
    transport: Transport = transport_factor();
    /// `monitoring` (sensors publish) or `chat` (subscribers publish).
    workload: String = factor();
    /// Subscribers over all feeds.
    clients: u32 = factor();
    /// Number of feeds.
    feeds: u32 = factor();
    /// Messages published to each feed per second.
    rate_hz: f64 = factor();
    /// Size of a message's text.
    payload_bytes: u32 = factor();
    /// Whether connections are encrypted.
    tls: bool = factor();
    /// Pause between two polls; short polling only.
    poll_interval_ms: Option<f64> = transport_factor().absent(NOT_SHORT_POLLING);
    /// Longest wait of one poll; long polling only.
    hold_ms: Option<f64> = transport_factor().absent(NOT_LONG_POLLING);
    /// Whether exchanges share a connection, `on` or `off`; polling transports only.
    keep_alive: Option<String> = transport_factor().absent(NOT_POLLING);
    /// Length of the window.
    window_s: f64 = label();
    /// Messages published in the window.
    published: u64 = count("Messages", "published").on([(Details, 10)]);
    /// Messages published × subscribers of their feed.
    expected: u64 = count("Messages", "expected");
    /// Messages of the window that subscribers decoded.
    delivered: u64 = count("Messages", "delivered of expected").short("delivered")
        .beneath(&[("of", "expected")]).on([(Comparison, 10), (PrintedBeyond, 1)]);
    /// Messages that were expected and never delivered.
    missed: u64 = count("Messages", "missed").breakage()
        .on([(Comparison, 20), (Headline, 40)]).on_as((Printed, 100), "", "missed");
    /// Messages that were delivered again to the same subscriber.
    duplicate: u64 = count("Messages", "duplicate").breakage().on([(Details, 20)]);
    /// Messages that were delivered after a later one.
    reordered: u64 = count("Messages", "reordered").breakage().on([(Details, 30)]);
    /// Least delivery latency: delivered at − intended at.
    latency_min_us: Option<f64> = us("Delivery latency", "min").lower()
        .on([(Details, 40), (Percentiles, 10)]).absent(NO_DELIVERY);
    /// Mean delivery latency.
    latency_mean_us: Option<f64> = us("Delivery latency", "mean").short("mean latency").lower()
        .alias("mean").on([(Details, 50), (PrintedTheory, 10)])
        .on_as((Theory, 20), "Mean latency", "measured")
        .absent(NO_DELIVERY);
    /// Delivery latency that half of the deliveries did not exceed.
    latency_p50_us: Option<f64> = us("Delivery latency", "p50").short("p50").lower()
        .percentile("p50", 0.5)
        .on([(Comparison, 30), (Headline, 10), (Ratios, 10), (Percentiles, 20)])
        .on_as((Printed, 30), "latency", "p50").on([(PrintedIntervals, 10), (PrintedRatios, 10)])
        .absent(NO_DELIVERY);
    /// Delivery latency that 90 of 100 deliveries did not exceed.
    latency_p90_us: Option<f64> = us("Delivery latency", "p90").lower().percentile("p90", 0.9)
        .on([(Comparison, 40), (Headline, 20), (Percentiles, 30)]).absent(NONE_BEYOND);
    /// Delivery latency that 99 of 100 deliveries did not exceed.
    latency_p99_us: Option<f64> = us("Delivery latency", "p99").short("p99").lower()
        .percentile("p99", 0.99)
        .on([(Comparison, 50), (Headline, 30), (Ratios, 20), (Percentiles, 40)])
        .on_as((Printed, 40), "latency", "p99").on([(PrintedIntervals, 20), (PrintedRatios, 20)])
        .absent(NONE_BEYOND);
    /// Delivery latency that 999 of 1,000 deliveries did not exceed.
    latency_p999_us: Option<f64> = us("Delivery latency", "p99.9").lower()
        .percentile("p99.9", 0.999).on([(Comparison, 60), (Percentiles, 50)]).absent(NONE_BEYOND);
    /// Greatest delivery latency.
    latency_max_us: Option<f64> = us("Delivery latency", "max").short("max").lower()
        .percentile("max", 1.0).on([(Comparison, 70), (PrintedBeyond, 2), (Percentiles, 60)])
        .absent(NO_DELIVERY);
    /// How late the publisher started to send a message; 99 of 100 were no later.
    publish_lag_p99_us: Option<f64> = us("Publish lag", "p99").lower()
        .on([(Details, 60), (Headline, 50)]).absent(NOTHING_SENT);
    /// Median time from dialling to ready to receive.
    connect_p50_us: Option<f64> = us("Connect time", "p50").lower().on([(Details, 90)])
        .absent(NO_CLIENT);
    /// Time from dialling to ready to receive that 99 of 100 connections did not exceed.
    connect_p99_us: Option<f64> = us("Connect time", "p99").lower()
        .on([(Details, 100), (Waiting, 30), (Headline, 60)]).absent(NO_CLIENT);
    /// Clients that could not connect.
    connect_failed: u64 = count("Connections", "failed").breakage().on([(Details, 110)]);
    /// HTTP requests with their responses; polling transports only.
    exchanges: Option<u64> = count("Exchanges", "number").lower()
        .on([(Comparison, 100), (Headline, 70)]).absent(NOT_POLLING);
    /// Exchanges that carried no message.
    empty_exchanges: Option<u64> = count("Heartbeats", "empty exchanges").lower()
        .on([(Beyond, 140)]).absent(NOT_POLLING);
    /// Messages delivered per exchange.
    messages_per_exchange: Option<f64> = number("Messages", "per exchange").higher()
        .on([(Beyond, 80)]).absent(NO_EXCHANGE);
    /// Bytes of the messages' text per delivery.
    payload_bytes_per_delivery: Option<f64> = bytes("Bytes per delivery", "payload")
        .absent(NO_DELIVERY);
    /// Bytes of the messages' JSON beyond the text, per delivery.
    envelope_bytes_per_delivery: Option<f64> = bytes("Bytes per delivery", "envelope").lower()
        .absent(NO_DELIVERY);
    /// Bytes of HTTP heads, framing, masks and heartbeats per delivery, both directions.
    protocol_bytes_per_delivery: Option<f64> = bytes("Bytes per delivery", "protocol").lower()
        .absent(NO_DELIVERY);
    /// Bytes of TLS records beyond their content, per delivery.
    tls_bytes_per_delivery: Option<f64> = bytes("Bytes per delivery", "TLS").lower()
        .absent(NO_DELIVERY);
    /// Bytes of TCP and IP headers per delivery, acknowledgements included.
    tcp_ip_bytes_per_delivery: Option<f64> = bytes("Bytes per delivery", "TCP-IP").lower()
        .on([(Comparison, 90)]).absent(NO_DELIVERY);
    /// Bytes that the subscribers read from their TCP sockets.
    wire_bytes_down: u64 = bytes("Wire bytes", "down").lower().on([(Details, 150)]);
    /// Bytes that the subscribers wrote to their TCP sockets.
    wire_bytes_up: u64 = bytes("Wire bytes", "up").lower().on([(Details, 160)]);
    /// CPU time of the server in its program, per delivery. Its sum with that of the kernel is exact;
    /// the division is sampled in ticks of 10 ms, and told from 0.25 s of the trial on.
    server_cpu_user_us_per_delivery: Option<f64> = us("Server", "CPU per delivery, user").lower()
        .only_if(server_cpu_is_divided).absent(FOREIGN_OR_NO_DELIVERY);
    /// CPU time of the kernel on behalf of the server, per delivery; divided likewise.
    server_cpu_sys_us_per_delivery: Option<f64> = us("Server", "CPU per delivery, system").lower()
        .only_if(server_cpu_is_divided).absent(FOREIGN_OR_NO_DELIVERY);
    /// CPU time of the server; percent of one core.
    server_cpu_percent: Option<f64> = percent("Server", "CPU").short("srv CPU").lower()
        .on([(Details, 130), (Waiting, 40), (Headline, 110)])
        .on_as((PrintedWaiting, 40), "server", "CPU").absent(FOREIGN);
    /// CPU time of the load in its program, per delivery. Its sum with that of the kernel is exact;
    /// the division is sampled in ticks of 10 ms, and told from 0.25 s of the trial on.
    load_cpu_user_us_per_delivery: Option<f64> = us("Load", "CPU per delivery, user").lower()
        .only_if(load_cpu_is_divided).absent(NO_DELIVERY);
    /// CPU time of the kernel on behalf of the load, per delivery; divided likewise.
    load_cpu_sys_us_per_delivery: Option<f64> = us("Load", "CPU per delivery, system").lower()
        .only_if(load_cpu_is_divided).absent(NO_DELIVERY);
    /// CPU time of the load; percent of one core.
    load_cpu_percent: Option<f64> = percent("Load", "CPU").short("load CPU").lower()
        .on([(Comparison, 140), (Waiting, 60)]).on_as((PrintedWaiting, 60), "load", "CPU")
        .absent(CUT_SHORT);
    /// Resident memory of the server at the end of the window.
    server_rss_bytes: Option<u64> = bytes("Server", "memory").lower().on([(Details, 140)])
        .absent(FOREIGN);
    /// Growth of the server's resident memory since before the first client, per client.
    server_rss_bytes_per_client: Option<f64> = bytes("Server", "memory per client")
        .short("srv mem").lower().alias("memory")
        .on([(Comparison, 130), (Waiting, 50), (Headline, 120), (Ratios, 50)])
        .on([(PrintedIntervals, 50), (PrintedRatios, 50)])
        .on_as((Printed, 90), "a client", "server memory")
        .on_as((PrintedWaiting, 50), "server", "a client’s memory").absent(FOREIGN);
    /// Growth of the load's resident memory since before the first client, per client.
    load_rss_bytes_per_client: Option<f64> = bytes("Load", "memory per client")
        .short("load mem").lower().on([(Waiting, 70), (Headline, 140)])
        .on_as((PrintedWaiting, 70), "load", "a client’s memory").absent(CUT_SHORT);
    /// How far the trial's figures can be trusted.
    verdict: Verdict = label();
    /// Why the verdict is not VALID: names such as `publisher-late`, separated by spaces.
    warnings: String = label().absent(VALID);
    /// When messages are due: `constant` or `poisson`.
    schedule: String = factor();
    /// Median of delivered at − published at (the server's stamp); same host only.
    transit_p50_us: Option<f64> = us("Transit time", "p50").lower().absent(TWO_HOSTS);
    /// Delivered at − published at that 99 of 100 deliveries did not exceed; same host only.
    transit_p99_us: Option<f64> = us("Transit time", "p99").lower().on([(Details, 80)])
        .absent(TWO_HOSTS);
    /// Greatest delay with which the publisher started to send a message.
    publish_lag_max_us: Option<f64> = us("Publish lag", "max").lower().on([(Details, 70)])
        .absent(NOTHING_SENT);
    /// Messages that were due in the window and not published: the server refused them or did not
    /// answer, there was no connection, or they were never sent.
    publish_failed: u64 = count("Messages", "not published").breakage();
    /// Connections that ended while they were to be kept, and were dialled again.
    reconnects: u64 = count("Connections", "dialled again").breakage().on([(Details, 120)]);
    /// TCP segments of the subscribers' connections, both directions.
    segments: Option<u64> = count("Segments", "number").lower().absent(OLDER);
    /// Resident memory of the load at the end of the window.
    load_rss_bytes: Option<u64> = bytes("Load", "memory").lower().absent(OLDER);
    /// Median of delivered at − really sent at: the latency without the publish lag.
    since_send_p50_us: Option<f64> = us("Latency since sent", "p50").lower().absent(NO_DELIVERY);
    /// Delivered at − really sent at that 99 of 100 deliveries did not exceed.
    since_send_p99_us: Option<f64> = us("Latency since sent", "p99").lower().absent(NONE_BEYOND);
    /// Greatest delivered at − really sent at.
    since_send_max_us: Option<f64> = us("Latency since sent", "max").lower().absent(NO_DELIVERY);
    /// What theory predicts for the mean latency, from the poll interval or from the costs that
    /// `wslab doctor --calibrate` measured.
    predicted_latency_mean_us: Option<f64> = us("Mean latency", "predicted").short("theory")
        .without_interval().on([(Theory, 10), (PrintedTheory, 20)]).absent(NOT_PREDICTED);
    /// What theory predicts for the wire bytes (payload to TLS) per delivery.
    predicted_wire_bytes_per_delivery: Option<f64> = bytes("Wire bytes per delivery", "predicted")
        .short("theory").without_interval().on([(Theory, 40), (PrintedTheory, 50)])
        .absent(NO_DELIVERY_OR_PROXY);
    /// The cell that this one repeats under a number of its own (an A/A pair).
    aa_of: Option<u32> = transport_factor().absent(NO_PAIR);
    /// The header fields of requests: `minimal` or `browser`.
    headers: Option<String> = factor().absent(OLDER);
    /// CPU time of other processes on this machine; percent of one core.
    others_cpu_percent: Option<f64> = percent("Machine", "CPU of others").lower().absent(NOT_READ);
    /// CPU time that the hypervisor gave to others; percent of one core.
    stolen_cpu_percent: Option<f64> = percent("Machine", "CPU stolen").lower().absent(NOT_READ);
    /// The CPUs of server and load: `server 0; load 1`. Empty where the kernel chooses.
    pin: Option<String> = label().absent(NOT_PINNED);
    /// Bytes through the TCP sockets of the publishing sensors, both directions. Not part of the
    /// subscribers' bytes. 0 in a chat, where subscribers publish.
    publisher_wire_bytes: Option<u64> = bytes("Publisher", "wire").absent(OLDER);
    /// Bytes of TCP and IP headers of the publishing sensors' connections.
    publisher_tcp_ip_bytes: Option<u64> = bytes("Publisher", "TCP-IP").absent(OLDER);
    /// TCP segments of the publishing sensors' connections.
    publisher_segments: Option<u64> = count("Publisher", "segments").absent(OLDER);
    /// Bytes that passed the interface of `--interface` with link headers, both directions; those
    /// of publishers and other programs too.
    interface_bytes: Option<u64> = bytes("Interface", "bytes").absent(NO_INTERFACE);
    /// Packets that passed the interface of `--interface`, both directions.
    interface_packets: Option<u64> = count("Interface", "packets").absent(NO_INTERFACE);
    /// Processes that the clients were spread over.
    load_processes: Option<u32> = count("Load", "processes").absent(OLDER);
    /// How late the load's event loops were, which adds to latencies; 99 of 100 samples were below.
    loop_lag_p99_us: Option<f64> = us("Checks", "event-loop lag p99").lower()
        .on([(Details, 170)]).absent(FEW_SAMPLES);
    /// Greatest delay of the load's event loops.
    loop_lag_max_us: Option<f64> = us("Checks", "event-loop lag max").lower().absent(FEW_SAMPLES);
    /// Subscribers of the probe, a process of their own.
    probe_clients: Option<u32> = count("Probe", "clients").absent(NO_PROBE);
    /// Messages delivered to the probe.
    probe_delivered: Option<u64> = count("Probe", "delivered").absent(NO_PROBE);
    /// Median delivery latency of the probe.
    probe_latency_p50_us: Option<f64> = us("Checks", "probe p50").short("probe p50").lower()
        .on([(Details, 180), (PrintedBeyond, 70)]).absent(NO_PROBE_DELIVERY);
    /// Delivery latency of the probe that 99 of 100 deliveries did not exceed.
    probe_latency_p99_us: Option<f64> = us("Checks", "probe p99").lower().on([(Details, 190)])
        .absent(NO_PROBE_DELIVERY);
    /// Delivery latency of a message's first recipient; median over the messages.
    first_recipient_p50_us: Option<f64> = us("Recipient of a message", "first").short("first")
        .lower().on([(Beyond, 10), (PrintedBeyond, 10)]).absent(NO_RECIPIENT);
    /// Delivery latency of a message's median recipient; median over the messages.
    median_recipient_p50_us: Option<f64> = us("Recipient of a message", "median").short("median")
        .lower().on([(Beyond, 20), (PrintedBeyond, 20)]).absent(NO_RECIPIENT);
    /// Delivery latency of a message's last recipient; median over the messages.
    last_recipient_p50_us: Option<f64> = us("Recipient of a message", "last").short("last")
        .lower().on([(Beyond, 30), (PrintedBeyond, 30)]).absent(NO_RECIPIENT);
    /// Share of the window in which a client did not have the newest message, over all clients.
    stale_percent: Option<f64> = percent("Stale", "of the window").short("stale").lower()
        .on([(Beyond, 70), (PrintedBeyond, 40)]).absent(NOTHING_SENT);
    /// Jain's index of the clients' mean latencies: 1 if all are equal, less the more they differ.
    fairness_index: Option<f64> = number("A client’s mean latency", "Jain’s index")
        .short("fairness").higher().on([(Beyond, 60), (PrintedBeyond, 50)]).absent(NO_DELIVERY);
    /// Mean latency of the client with the least.
    client_latency_mean_min_us: Option<f64> = us("A client’s mean latency", "best").lower()
        .on([(Beyond, 40)]).absent(NO_DELIVERY);
    /// Mean latency of the client with the greatest.
    client_latency_mean_max_us: Option<f64> = us("A client’s mean latency", "worst").lower()
        .on([(Beyond, 50)]).absent(NO_DELIVERY);
    /// Bytes through a client's TCP socket until it was ready, both directions. Not part of the
    /// other figures.
    set_up_wire_bytes_per_client: Option<f64> = bytes("Set-up of a client", "wire").lower()
        .on([(Beyond, 100)]).absent(NO_CLIENT);
    /// Bytes of TCP and IP headers until a client was ready. Not part of the other figures.
    set_up_tcp_ip_bytes_per_client: Option<f64> = bytes("Set-up of a client", "TCP-IP").lower()
        .on([(Beyond, 110)]).absent(NO_CLIENT);
    /// SSE comments, and WebSocket pings with their pongs.
    heartbeats: Option<u64> = count("Heartbeats", "number").lower().on([(Beyond, 120)])
        .absent(POLLING);
    /// Wire bytes of the heartbeats; part of the protocol's bytes.
    heartbeat_wire_bytes: Option<u64> = bytes("Heartbeats", "wire").lower().on([(Beyond, 130)])
        .absent(POLLING);
    /// Bytes that wslab's own server wrote to all connections, publishers and probe included.
    server_wire_bytes_down: Option<u64> = bytes("Server", "wire down").absent(NO_COUNTERS);
    /// Bytes that wslab's own server read from all connections, publishers and probe included.
    server_wire_bytes_up: Option<u64> = bytes("Server", "wire up").absent(NO_COUNTERS);
    /// Bytes that the server counted more (+) or less (−) than the load.
    ends_differ_bytes: Option<i64> = bytes("Checks", "ends differ").on([(Details, 200)])
        .absent(NO_COUNTERS_OR_PROXY);
    /// Deliveries per write of the server to its subscribers.
    messages_per_write: Option<f64> = number("Messages", "per write").short("msg/write").higher()
        .on([(Beyond, 90), (Ratios, 70), (PrintedBeyond, 60)]).absent(NO_COUNTERS);
    /// Time from the first dial until all clients were ready, or had given up.
    ramp_up_s: Option<f64> = number("Ramp-up", "time").lower().absent(OLDER);
    /// Deliveries and sends that seemed to precede their intended time: the clocks do not agree.
    negative_latencies: Option<u64> = count("Messages", "negative latencies").breakage()
        .absent(OLDER);
    /// Which engine of wslab's own server served the subscribers: `fast`, `general` or `mixed`.
    server_engine: Option<String> = label().absent(NO_COUNTERS);
    /// Connections that the subscribers dialled while the ledger was open, failed attempts and
    /// those of a chat's publishing included.
    dials: Option<u64> = count("Connections", "dialled").lower().absent(OLDER);
    /// Polls that dialled anew because the connection of the poll before them was not kept; part
    /// of the reconnects. Polling transports only.
    redials: Option<u64> = count("Connections", "dialled again by polls").breakage()
        .absent(NOT_POLLING);
    /// Polls that were sent again because their connection had been closed under them. Their bytes
    /// are in the ledger twice. Polling transports only.
    polls_resent: Option<u64> = count("Exchanges", "sent again").breakage().absent(NOT_POLLING);
    /// Connections that publish by POST and were dialled again.
    publisher_redials: Option<u64> = count("Publisher", "dialled again").breakage().absent(OLDER);
    /// Messages that were published by a second POST, because the server closed the connection
    /// before it read the first.
    publisher_resent: Option<u64> = count("Publisher", "sent again").breakage().absent(OLDER);
    /// How late the load's event loops were beyond what the trial's own work explains: stopped, or
    /// without a core. 99 of 100 samples were below.
    loop_stall_p99_us: Option<f64> = us("Checks", "event-loop stall p99").lower()
        .absent(FEW_SAMPLES);
    /// Longest time that an event loop was late beyond what the trial's own work explains.
    loop_stall_max_us: Option<f64> = us("Checks", "event-loop stall max").lower()
        .on([(Details, 175)]).absent(FEW_SAMPLES);
    /// CPU time of other processes in their worst second of the window; percent of one core.
    others_cpu_worst_second_percent: Option<f64> = percent("Machine", "CPU of others, worst second")
        .lower().absent(NOT_READ);
    /// The latency figures that a warning touches, where it does not touch all:
    /// `publisher-late:p99.9,max`, separated by spaces.
    doubted_figures: Option<String> = label().absent(NO_SINGLE_FIGURE);
    /// Messages that were due in the window. Each was published or is part of `publish_failed`.
    due: Option<u64> = count("Messages", "due").absent(OLDER);
    /// Messages that were due in the window and never sent, since their publisher could not keep
    /// up or had no connection.
    not_sent: Option<u64> = count("Messages", "not sent").breakage().on([(Details, 15)])
        .absent(OLDER);
    /// Deliveries of a text that the publisher did not send.
    text_changed: Option<u64> = count("Messages", "text changed").breakage().absent(OLDER);
    /// Deliveries with another intended time than the publisher's, or with a time of the server's
    /// before the sending or after the arrival; the latter on the same host only.
    stamps_differ: Option<u64> = count("Messages", "stamps differ").breakage().absent(OLDER);
    /// Clients to whom the server's numbers jumped or repeated, though they lack no message.
    numbers_jumped: Option<u64> = count("Messages", "numbers jumped").breakage().absent(OLDER);
    /// Times that a client saw the server's epoch change.
    epoch_changes: Option<u64> = count("Messages", "epoch changed").breakage().absent(OLDER);
    /// The first answer that was not what was asked for, in words.
    wrong_answer: Option<String> = label().absent(ALL_RIGHT);
    /// What theory predicts for the server's CPU time per delivery, from the costs that `wslab
    /// doctor --calibrate` measured.
    predicted_cpu_us_per_delivery: Option<f64> = us("Server CPU per delivery", "predicted")
        .short("theory").without_interval().on([(Theory, 70), (PrintedTheory, 70)])
        .absent(NOT_PREDICTED);
    /// Deliveries while bytes and CPU time were counted, of messages in the window or not. They are
    /// those of the window, except where several messages share a poll.
    ledger_deliveries: Option<u64> = count("Deliveries", "with the bytes").absent(OLDER);
    /// Growth of the kernel's memory (Slab of /proc/meminfo) since before the first client, per
    /// client: for both ends where the server runs on this host, and for whatever else changed.
    kernel_bytes_per_client: Option<f64> = bytes("Kernel", "memory per client")
        .short("kernel mem").lower().on([(Waiting, 75), (Details, 145)]).absent(OLDER);
    /// What was done to the trial on purpose, and when since the window opened:
    /// `restart-server@10s:2s`.
    fault: Option<String> = factor().absent(NO_FAULT);
    /// How clients come back, such as `jitter=2s,back_off=100ms`.
    reconnect: Option<String> = factor().absent(AS_USUAL);
    /// The part of the expected deliveries that came: 1 where nothing is missed.
    reach: Option<f64> = number("Messages", "reach").higher().absent(NOTHING_SENT);
    /// Times that a client came back after a fault and was not told of lost messages.
    resumed: Option<u64> = count("Recovery", "resumed").higher().absent(NO_FAULT);
    /// Times that the server told a client after a fault that its cursor does not fit.
    resets: Option<u64> = count("Recovery", "resets").lower().absent(NO_FAULT);
    /// From a fault's beginning until half of its clients had noticed it.
    noticed_p50_us: Option<f64> = us("Recovery", "noticed p50").lower().absent(NO_RECOVERY);
    /// From a fault's beginning until 99 of 100 of its clients had noticed it.
    noticed_p99_us: Option<f64> = us("Recovery", "noticed p99").lower().absent(NO_RECOVERY);
    /// From a fault's beginning until half of its clients were connected again.
    reconnected_p50_us: Option<f64> = us("Recovery", "reconnected p50").lower()
        .absent(NO_RECOVERY);
    /// From a fault's beginning until 99 of 100 of its clients were connected again.
    reconnected_p99_us: Option<f64> = us("Recovery", "reconnected p99").lower()
        .absent(NO_RECOVERY);
    /// From a fault's beginning until half of its clients had all messages that were due until
    /// they were connected again.
    caught_up_p50_us: Option<f64> = us("Recovery", "caught up p50").lower().absent(NO_RECOVERY);
    /// The same of 99 of 100 clients.
    caught_up_p99_us: Option<f64> = us("Recovery", "caught up p99").lower().absent(NO_RECOVERY);
    /// The same of the last client.
    caught_up_last_us: Option<f64> = us("Recovery", "caught up, last").lower()
        .absent(NO_RECOVERY);
    /// Most connections that clients dialled in a second after a fault.
    peak_connects_per_s: Option<f64> = number("Recovery", "peak connects a second").lower()
        .absent(NO_RECOVERY);
    /// Most exchanges that ended in a second after a fault; polling transports only.
    peak_exchanges_per_s: Option<f64> = number("Recovery", "peak exchanges a second").lower()
        .absent(NO_RECOVERY);
    /// The proxy between load and server, such as `nginx` or `nginx-default`.
    proxy: Option<String> = factor().absent(NO_PROXY);
    /// CPU time of the proxy, of its program and of the kernel on its behalf, per delivery.
    proxy_cpu_us_per_delivery: Option<f64> = us("Proxy", "CPU per delivery").short("proxy CPU")
        .rare().lower().on([(Comparison, 125), (Headline, 115)])
        .on_as((Printed, 82), "a delivery", "proxy CPU").absent(NO_PROXY_OR_NO_DELIVERY);
    /// Growth of the proxy's resident memory since before the first client, per client.
    proxy_rss_bytes_per_client: Option<f64> = bytes("Proxy", "memory per client")
        .short("proxy mem").rare().lower().on([(Comparison, 135), (Waiting, 55), (Headline, 125)])
        .on_as((Printed, 92), "a client", "proxy memory")
        .on_as((PrintedWaiting, 55), "proxy", "a client’s memory").absent(NO_PROXY);
    /// The network between load and server, as it was asked for: `loopback`, `4g`,
    /// `delay=50ms,loss=2%`. A delay is that of one way.
    network: NetworkName = factor();
    /// Median delay of a packet from the load to the server, as probes before the ramp-up found it.
    network_delay_up_us: Option<f64> = us("Network", "delay up").rare()
        .on([(Details, 205)])
        .absent(ON_LOOPBACK);
    /// The same from the server to the load.
    network_delay_down_us: Option<f64> = us("Network", "delay down").rare()
        .on([(Details, 206)])
        .absent(ON_LOOPBACK);
    /// Bits a second from the load to the server, as a train of packets before the ramp-up found
    /// them.
    network_rate_up_bps: Option<f64> = number("Network", "rate up").absent(NO_RATE);
    /// The same from the server to the load.
    network_rate_down_bps: Option<f64> = number("Network", "rate down").absent(NO_RATE);
    /// Packets from the load to the server that were lost by chance, over the whole trial.
    network_loss_up_percent: Option<f64> = percent("Network", "loss up").rare()
        .on([(Details, 207)])
        .absent(ON_LOOPBACK);
    /// The same from the server to the load.
    network_loss_down_percent: Option<f64> = percent("Network", "loss down").rare()
        .on([(Details, 208)])
        .absent(ON_LOOPBACK);
    /// Packets that entered the network over the whole trial, both ways.
    network_packets: Option<u64> = count("Network", "packets").absent(ON_LOOPBACK);
    /// Packets that were dropped because the queue before a rate was full, both ways.
    network_queue_dropped: Option<u64> = count("Network", "dropped by a full queue").lower()
        .absent(ON_LOOPBACK);
    /// How late packets arrived beyond what was asked for, over the whole trial; 99 of 100 were no
    /// later. The greater of both ways.
    network_late_p99_us: Option<f64> = us("Network", "late p99").lower().absent(ON_LOOPBACK);
    /// CPU time of the process that carries the packets, for each of them. What the kernel does to
    /// deliver a packet is part of it.
    network_cpu_us_per_packet: Option<f64> = us("Network", "CPU per packet").lower()
        .absent(ON_LOOPBACK);
}

/// CPU time of a trial, in s, from which on the kernel's samples divide it into user and system
/// time: one sample in 10 ms, so that of 25 samples about a tenth may be wrong.
const DIVIDED_S: f64 = 0.25;

fn server_cpu_is_divided(row: &TrialRow) -> bool {
    let user_us = row.server_cpu_user_us_per_delivery;
    is_divided(row, user_us, row.server_cpu_sys_us_per_delivery)
}

fn load_cpu_is_divided(row: &TrialRow) -> bool {
    let user_us = row.load_cpu_user_us_per_delivery;
    is_divided(row, user_us, row.load_cpu_sys_us_per_delivery)
}

fn is_divided(row: &TrialRow, user_us: Option<f64>, sys_us: Option<f64>) -> bool {
    let each_us = user_us.unwrap_or(0.0) + sys_us.unwrap_or(0.0);
    each_us * row.delivered as f64 >= DIVIDED_S * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header and record of a row.
    fn as_csv(row: &TrialRow) -> Vec<csv::StringRecord> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(row).unwrap();
        let text = writer.into_inner().unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&text[..]);
        reader.records().map(Result::unwrap).collect()
    }

    #[test]
    fn the_file_has_the_columns_and_texts_of_the_metrics() {
        let row = TrialRow {
            rate_hz: 20.0,
            payload_bytes: 64,
            latency_p50_us: Some(0.1 + 0.2),
            ends_differ_bytes: Some(-3),
            keep_alive: Some("on".to_owned()),
            ..TrialRow::default()
        };
        let records = as_csv(&row);
        let columns = columns();
        assert!(
            records[0]
                .iter()
                .eq(columns.iter().map(|column| column.name))
        );
        let texts: Vec<String> = columns.iter().map(|column| column.text(&row)).collect();
        assert!(records[1].iter().eq(&texts), "{records:?}");
    }

    #[test]
    fn a_file_without_the_newer_columns_still_opens() {
        let row = TrialRow {
            negative_latencies: Some(1),
            ..TrialRow::default()
        };
        let records = as_csv(&row);
        let ramp_up = records[0]
            .iter()
            .position(|name| name == "ramp_up_s")
            .unwrap();
        let [header, record] = [0, 1].map(|line| {
            records[line]
                .iter()
                .take(ramp_up)
                .collect::<csv::StringRecord>()
        });
        let old: TrialRow = record.deserialize(Some(&header)).unwrap();
        assert_eq!(old, TrialRow::default());
    }
}
