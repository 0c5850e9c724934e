//! The comparison table's columns: what they are called and what they show of a cell.
//!
//! The page and the terminal take their figures from the same functions, so they cannot disagree.

use crate::results::TrialRow;

use crate::report::cells::ReportCell;
use crate::report::number;
use crate::report::plots::costs::LAYERS;

/// One column of the page's tables.
pub(super) struct Column {
    /// Stands over neighbouring columns that belong together; empty for none.
    pub group: &'static str,
    pub title: &'static str,
    /// The cell's median, or the figure of its only trial; further lines are details, the median's
    /// 95 % interval the first of them.
    pub value: fn(&ReportCell) -> String,
}

type Figure = fn(&TrialRow) -> Option<f64>;

/// Stands where a figure does not exist or was not measured.
pub(super) const ABSENT: &str = "–";

const fn column(
    group: &'static str,
    title: &'static str,
    value: fn(&ReportCell) -> String,
) -> Column {
    Column {
        group,
        title,
        value,
    }
}

/// What transports are compared by.
pub(super) const COMPARISON: [Column; 14] = [
    column("Messages", "delivered of expected", delivered_of_expected),
    column("Messages", "missed", missed),
    column("Delivery latency", "p50", latency_p50),
    column("Delivery latency", "p90", |c| us(c, |t| t.latency_p90_us)),
    column("Delivery latency", "p99", latency_p99),
    column("Delivery latency", "p99.9", |c| {
        us(c, |t| t.latency_p999_us)
    }),
    column("Delivery latency", "max", latency_max),
    column("Bytes per delivery", "all layers", bytes_in_all),
    column("Bytes per delivery", "TCP-IP", |c| {
        bytes(c, |t| t.tcp_ip_bytes_per_delivery)
    }),
    column("Exchanges", "number", |c| {
        count(c, |t| t.exchanges.map(|n| n as f64))
    }),
    column("Exchanges", "empty", empty_exchanges),
    column("Server", "CPU per delivery", server_cpu_with_parts),
    column("Server", "memory per client", server_memory),
    column("Load", "CPU", load_cpu_percent),
];

/// What transports are compared by where nothing was published: what it costs to wait.
pub(super) const WAITING: [Column; 7] = [
    column("Wire bytes", "a client and second", wire_bytes_waiting),
    column("Exchanges", "a client and second", exchanges_waiting),
    column("Connect time", "p99", |c| us(c, |t| t.connect_p99_us)),
    column("Server", "CPU", server_cpu_percent),
    column("Server", "memory per client", server_memory),
    column("Load", "CPU", load_cpu_percent),
    column("Load", "memory per client", load_memory),
];

/// Theory beside practice.
pub(super) const THEORY: [Column; 6] = [
    column("Mean latency", "predicted", latency_predicted),
    column("Mean latency", "measured", latency_mean),
    column("Mean latency", "measured − predicted", latency_off),
    column("Wire bytes per delivery", "predicted", wire_predicted),
    column("Wire bytes per delivery", "measured", wire_measured),
    column("Wire bytes per delivery", "measured − predicted", wire_off),
];

/// What the average client does not tell.
pub(super) const BEYOND: [Column; 14] = [
    column("Recipient of a message", "first", first_recipient),
    column("Recipient of a message", "median", median_recipient),
    column("Recipient of a message", "last", last_recipient),
    column("A client’s mean latency", "best", |c| {
        us(c, |t| t.client_latency_mean_min_us)
    }),
    column("A client’s mean latency", "worst", |c| {
        us(c, |t| t.client_latency_mean_max_us)
    }),
    column("A client’s mean latency", "Jain’s index", fairness),
    column("Stale", "of the window", stale),
    column("Messages", "per exchange", |c| {
        number(c, |t| t.messages_per_exchange)
    }),
    column("Messages", "per write", messages_per_write),
    column("Set-up of a client", "wire", |c| {
        bytes(c, |t| t.set_up_wire_bytes_per_client)
    }),
    column("Set-up of a client", "TCP-IP", |c| {
        bytes(c, |t| t.set_up_tcp_ip_bytes_per_client)
    }),
    column("Heartbeats", "number", |c| {
        count(c, |t| t.heartbeats.map(|n| n as f64))
    }),
    column("Heartbeats", "wire", |c| {
        bytes(c, |t| t.heartbeat_wire_bytes.map(|b| b as f64))
    }),
    column("Heartbeats", "empty exchanges", |c| {
        count(c, |t| t.empty_exchanges.map(|n| n as f64))
    }),
];

/// How many times what the machine itself costs.
pub(super) const RATIOS: [Column; 7] = [
    column("Delivery latency", "p50", ratio_p50),
    column("Delivery latency", "p99", ratio_p99),
    column("Bytes per delivery", "all layers", ratio_bytes),
    column("Server", "CPU per delivery", ratio_server_cpu),
    column("Server", "memory per client", ratio_server_memory),
    column("Load", "CPU per delivery", ratio_load_cpu),
    column("Messages", "per write", |c| {
        ratio(c, |t| t.messages_per_write)
    }),
];

/// Whether there is a baseline to set cells against.
pub(super) fn has_ratios(cells: &[ReportCell]) -> bool {
    cells.iter().any(|cell| !cell.baseline.is_empty())
}

/// Whether the trials tell more than the average client.
pub(super) fn has_beyond(cells: &[ReportCell]) -> bool {
    let mut trials = cells.iter().flat_map(|cell| &cell.trials);
    trials.any(|trial| trial.set_up_wire_bytes_per_client.is_some())
}

/// Whether theory has a word on any of these cells.
pub(super) fn has_theory(cells: &[ReportCell]) -> bool {
    let mut trials = cells.iter().flat_map(|cell| &cell.trials);
    trials.any(|trial| trial.predicted_wire_bytes_per_delivery.is_some())
}

/// Whether nothing was to be published, so that all there is to compare is what waiting costs.
pub(super) fn only_waits(cells: &[ReportCell]) -> bool {
    let mut trials = cells.iter().flat_map(|cell| &cell.trials);
    trials.all(|trial| trial.rate_hz == 0.0)
}

/// The columns that say something of these cells.
pub(super) fn compared(cells: &[ReportCell]) -> &'static [Column] {
    match only_waits(cells) {
        true => &WAITING,
        false => &COMPARISON,
    }
}

/// What the table of all trials shows beyond the comparison.
pub(super) const DETAILS: [Column; 20] = [
    column("Messages", "published", |c| {
        count(c, |t| Some(t.published as f64))
    }),
    column("Messages", "duplicate", |c| {
        count(c, |t| Some(t.duplicate as f64))
    }),
    column("Messages", "reordered", |c| {
        count(c, |t| Some(t.reordered as f64))
    }),
    column("Delivery latency", "min", |c| us(c, |t| t.latency_min_us)),
    column("Delivery latency", "mean", |c| us(c, |t| t.latency_mean_us)),
    column("Publish lag", "p99", |c| us(c, |t| t.publish_lag_p99_us)),
    column("Publish lag", "max", |c| us(c, |t| t.publish_lag_max_us)),
    column("Transit time", "p99", |c| us(c, |t| t.transit_p99_us)),
    column("Connect time", "p50", |c| us(c, |t| t.connect_p50_us)),
    column("Connect time", "p99", |c| us(c, |t| t.connect_p99_us)),
    column("Connections", "failed", |c| {
        count(c, |t| Some(t.connect_failed as f64))
    }),
    column("Connections", "dialled again", |c| {
        count(c, |t| Some(t.reconnects as f64))
    }),
    column("Server", "CPU", server_cpu_percent),
    column("Server", "memory", |c| {
        bytes(c, |t| t.server_rss_bytes.map(|b| b as f64))
    }),
    column("Wire bytes", "down", |c| {
        bytes(c, |t| Some(t.wire_bytes_down as f64))
    }),
    column("Wire bytes", "up", |c| {
        bytes(c, |t| Some(t.wire_bytes_up as f64))
    }),
    column("Checks", "event-loop lag p99", |c| {
        us(c, |t| t.loop_lag_p99_us)
    }),
    column("Checks", "probe p50", |c| us(c, |t| t.probe_latency_p50_us)),
    column("Checks", "probe p99", |c| us(c, |t| t.probe_latency_p99_us)),
    column("Checks", "ends differ", |c| {
        bytes(c, |t| t.ends_differ_bytes.map(|b| b as f64))
    }),
];

pub(super) fn delivered(cell: &ReportCell) -> String {
    count(cell, |t| Some(t.delivered as f64))
}

fn delivered_of_expected(cell: &ReportCell) -> String {
    format!(
        "{}\nof {}",
        delivered(cell),
        count(cell, |t| Some(t.expected as f64))
    )
}

/// Of all trials, INVALID ones as well: those are where messages are missed. Never a median, which
/// would hide what a single trial missed.
pub(super) fn missed(cell: &ReportCell) -> String {
    let missed = || cell.trials.iter().map(|trial| trial.missed as f64);
    let (least, most) = (
        missed().fold(f64::INFINITY, f64::min),
        missed().fold(0.0, f64::max),
    );
    match least < most {
        true => format!("{} to {}", number::count(least), number::count(most)),
        false => number::count(most),
    }
}

pub(super) fn latency_p50(cell: &ReportCell) -> String {
    us(cell, |t| t.latency_p50_us)
}

pub(super) fn latency_p99(cell: &ReportCell) -> String {
    us(cell, |t| t.latency_p99_us)
}

pub(super) fn latency_max(cell: &ReportCell) -> String {
    us(cell, |t| t.latency_max_us)
}

/// All five layers, or nothing where one of them is unknown.
pub(super) fn bytes_in_all(cell: &ReportCell) -> String {
    bytes(cell, all_layers)
}

fn all_layers(trial: &TrialRow) -> Option<f64> {
    LAYERS.iter().map(|(_, _, figure)| figure(trial)).sum()
}

pub(super) fn empty_exchanges(cell: &ReportCell) -> String {
    percent(cell, |t| {
        let exchanges = t.exchanges.filter(|exchanges| *exchanges > 0)?;
        Some(100.0 * t.empty_exchanges? as f64 / exchanges as f64)
    })
}

pub(super) fn server_cpu(cell: &ReportCell) -> String {
    us(cell, server_cpu_us)
}

fn server_cpu_us(trial: &TrialRow) -> Option<f64> {
    Some(trial.server_cpu_user_us_per_delivery? + trial.server_cpu_sys_us_per_delivery?)
}

fn load_cpu_us(trial: &TrialRow) -> Option<f64> {
    Some(trial.load_cpu_user_us_per_delivery? + trial.load_cpu_sys_us_per_delivery?)
}

pub(super) fn ratio_p50(cell: &ReportCell) -> String {
    ratio(cell, |t| t.latency_p50_us)
}

pub(super) fn ratio_p99(cell: &ReportCell) -> String {
    ratio(cell, |t| t.latency_p99_us)
}

pub(super) fn ratio_bytes(cell: &ReportCell) -> String {
    ratio(cell, all_layers)
}

pub(super) fn ratio_server_cpu(cell: &ReportCell) -> String {
    ratio(cell, server_cpu_us)
}

pub(super) fn ratio_load_cpu(cell: &ReportCell) -> String {
    ratio(cell, load_cpu_us)
}

pub(super) fn ratio_server_memory(cell: &ReportCell) -> String {
    ratio(cell, |t| t.server_rss_bytes_per_client)
}

/// Without deliveries, what the server spent all the same.
fn server_cpu_with_parts(cell: &ReportCell) -> String {
    let part = |figure: Figure| said(cell, figure, number::duration_us);
    let user = part(|t| t.server_cpu_user_us_per_delivery);
    let system = part(|t| t.server_cpu_sys_us_per_delivery);
    let of_core = said(cell, |t| t.server_cpu_percent, number::percent);
    match server_cpu(cell) {
        both if both != ABSENT => format!("{both}\nuser {user}\nsystem {system}"),
        absent if of_core == ABSENT => absent,
        absent => format!("{absent}\n{of_core} of a core"),
    }
}

pub(super) fn server_memory(cell: &ReportCell) -> String {
    bytes(cell, |t| t.server_rss_bytes_per_client)
}

pub(super) fn server_cpu_percent(cell: &ReportCell) -> String {
    percent(cell, |t| t.server_cpu_percent)
}

pub(super) fn load_memory(cell: &ReportCell) -> String {
    bytes(cell, |t| t.load_rss_bytes_per_client)
}

/// Bytes through the sockets, both ways, over clients and seconds of the window.
pub(super) fn wire_bytes_waiting(cell: &ReportCell) -> String {
    bytes(cell, |t| {
        let wire = t.wire_bytes_down + t.wire_bytes_up;
        Some(wire as f64 / f64::from(t.clients) / t.window_s)
    })
}

pub(super) fn exchanges_waiting(cell: &ReportCell) -> String {
    said(
        cell,
        |t| Some(t.exchanges? as f64 / f64::from(t.clients) / t.window_s),
        |rate| format!("{rate:.2}"),
    )
}

pub(super) fn first_recipient(cell: &ReportCell) -> String {
    us(cell, |t| t.first_recipient_p50_us)
}

pub(super) fn median_recipient(cell: &ReportCell) -> String {
    us(cell, |t| t.median_recipient_p50_us)
}

pub(super) fn last_recipient(cell: &ReportCell) -> String {
    us(cell, |t| t.last_recipient_p50_us)
}

pub(super) fn fairness(cell: &ReportCell) -> String {
    number(cell, |t| t.fairness_index)
}

pub(super) fn stale(cell: &ReportCell) -> String {
    percent(cell, |t| t.stale_percent)
}

pub(super) fn messages_per_write(cell: &ReportCell) -> String {
    number(cell, |t| t.messages_per_write)
}

pub(super) fn probe_p50(cell: &ReportCell) -> String {
    said(cell, |t| t.probe_latency_p50_us, number::duration_us)
}

pub(super) fn load_cpu_percent(cell: &ReportCell) -> String {
    percent(cell, |t| t.load_cpu_percent)
}

pub(super) fn latency_predicted(cell: &ReportCell) -> String {
    said(cell, |t| t.predicted_latency_mean_us, number::duration_us)
}

pub(super) fn latency_mean(cell: &ReportCell) -> String {
    us(cell, |t| t.latency_mean_us)
}

pub(super) fn latency_off(cell: &ReportCell) -> String {
    off(cell, |t| t.latency_mean_us, |t| t.predicted_latency_mean_us)
}

pub(super) fn wire_predicted(cell: &ReportCell) -> String {
    said(cell, |t| t.predicted_wire_bytes_per_delivery, number::bytes)
}

/// What passed the sockets: all layers but TCP-IP, which theory leaves out.
fn wire_bytes(trial: &TrialRow) -> Option<f64> {
    Some(all_layers(trial)? - trial.tcp_ip_bytes_per_delivery?)
}

pub(super) fn wire_measured(cell: &ReportCell) -> String {
    bytes(cell, wire_bytes)
}

pub(super) fn wire_off(cell: &ReportCell) -> String {
    off(cell, wire_bytes, |t| t.predicted_wire_bytes_per_delivery)
}

/// By how much the measured figure is above (+) or below (−) the predicted one.
fn off(
    cell: &ReportCell,
    measured: impl Fn(&TrialRow) -> Option<f64>,
    predicted: impl Fn(&TrialRow) -> Option<f64>,
) -> String {
    let percent = |t: &TrialRow| Some((measured(t)? / predicted(t)? - 1.0) * 100.0);
    said(cell, percent, |percent| match percent.round() {
        0.0 => "0 %".to_owned(),
        whole => format!("{whole:+} %").replace('-', "−"),
    })
}

fn us(cell: &ReportCell, figure: Figure) -> String {
    with_interval(cell, figure, number::duration_us)
}

fn bytes(cell: &ReportCell, figure: Figure) -> String {
    with_interval(cell, figure, number::bytes)
}

fn percent(cell: &ReportCell, figure: Figure) -> String {
    with_interval(cell, figure, number::percent)
}

fn ratio(cell: &ReportCell, figure: Figure) -> String {
    cell.ratio(figure)
        .map_or_else(|| ABSENT.to_owned(), number::ratio)
}

fn number(cell: &ReportCell, figure: Figure) -> String {
    said(cell, figure, number::plain)
}

fn count(cell: &ReportCell, figure: Figure) -> String {
    said(cell, figure, number::count)
}

/// The median, and in a line below it its interval, where it has one that is not a point.
fn with_interval(cell: &ReportCell, figure: Figure, say: fn(f64) -> String) -> String {
    let median = said(cell, figure, say);
    match cell.interval(figure) {
        Some(interval) if interval.low < interval.high => {
            format!(
                "{median}\n{}",
                number::range(interval.low, interval.high, say)
            )
        }
        _ => median,
    }
}

fn said(
    cell: &ReportCell,
    figure: impl Fn(&TrialRow) -> Option<f64>,
    say: fn(f64) -> String,
) -> String {
    cell.median(figure).map_or_else(|| ABSENT.to_owned(), say)
}

/// The interval of a median alone.
fn interval(cell: &ReportCell, figure: Figure, say: fn(f64) -> String) -> String {
    let interval = cell.interval(figure);
    interval.map_or(ABSENT.to_owned(), |i| number::range(i.low, i.high, say))
}

pub(super) fn latency_p50_interval(cell: &ReportCell) -> String {
    interval(cell, |t| t.latency_p50_us, number::duration_us)
}

pub(super) fn latency_p99_interval(cell: &ReportCell) -> String {
    interval(cell, |t| t.latency_p99_us, number::duration_us)
}

pub(super) fn bytes_interval(cell: &ReportCell) -> String {
    interval(cell, all_layers, number::bytes)
}

pub(super) fn server_cpu_interval(cell: &ReportCell) -> String {
    interval(cell, server_cpu_us, number::duration_us)
}

pub(super) fn server_memory_interval(cell: &ReportCell) -> String {
    interval(cell, |t| t.server_rss_bytes_per_client, number::bytes)
}
