//! Metrics that follow from columns of `trials.csv`.

use crate::results::entries::{bytes, of_unit, percent, us};
use crate::results::metric::Kind::{Derived, Shown};
use crate::results::metric::Table::{
    Comparison, Headline, Printed, PrintedBeyond, PrintedIntervals, PrintedRatios, PrintedTheory,
    PrintedWaiting, Ratios, Theory, Waiting,
};
use crate::results::metric::{MetricOf, Unit};
use crate::results::trial_row::TrialRow;

/// All derived metrics; those that the summary lists first.
pub(super) fn derived() -> Vec<MetricOf<TrialRow>> {
    [listed(), shown(), deviations()].concat()
}

fn listed() -> Vec<MetricOf<TrialRow>> {
    vec![
        bytes("Wire bytes per delivery", "measured")
            .short("wire bytes")
            .lower()
            .on([(Headline, 80), (Theory, 50), (PrintedTheory, 40)])
            .derived(
                "wire_bytes_per_delivery",
                "Bytes through the TCP sockets per delivery: payload, envelope, protocol and TLS.",
                Derived,
                wire_bytes,
            ),
        bytes("Bytes per delivery", "all layers")
            .short("bytes")
            .lower()
            .alias("bytes")
            .on([(Headline, 90), (Comparison, 80), (Ratios, 30)])
            .on_as((Printed, 60), "a delivery", "bytes")
            .on([(PrintedIntervals, 30), (PrintedRatios, 30)])
            .derived(
                "all_layers_bytes_per_delivery",
                "Bytes of all five layers per delivery: the wire bytes and TCP-IP.",
                Derived,
                |t| Some(wire_bytes(t)? + t.tcp_ip_bytes_per_delivery?),
            ),
        us("Server", "CPU per delivery")
            .short("srv CPU")
            .lower()
            .alias("cpu")
            .beneath(&[
                ("user", "server_cpu_user_us_per_delivery"),
                ("system", "server_cpu_sys_us_per_delivery"),
            ])
            .instead("server_cpu_percent", "of a core")
            .on([(Headline, 100), (Comparison, 120), (Ratios, 40)])
            .on_as((Printed, 80), "a delivery", "server CPU")
            .on([(PrintedIntervals, 40), (PrintedRatios, 40)])
            .derived(
                "server_cpu_us_per_delivery",
                "CPU time of the server per delivery, user and system.",
                Derived,
                server_cpu_us,
            ),
        us("Load", "CPU per delivery")
            .short("load CPU")
            .lower()
            .on([(Headline, 130), (Ratios, 60), (PrintedRatios, 60)])
            .derived(
                "load_cpu_us_per_delivery",
                "CPU time of the load per delivery, user and system.",
                Derived,
                |t| Some(t.load_cpu_user_us_per_delivery? + t.load_cpu_sys_us_per_delivery?),
            ),
    ]
}

fn shown() -> Vec<MetricOf<TrialRow>> {
    vec![
        percent("Exchanges", "empty")
            .short("empty")
            .lower()
            .on([(Comparison, 110), (PrintedBeyond, 3)])
            .on_as((PrintedWaiting, 30), "a client and second", "empty")
            .derived(
                "empty_exchanges_percent",
                "Share of the exchanges that carried no message.",
                Shown,
                |t| {
                    let exchanges = t.exchanges.filter(|exchanges| *exchanges > 0)?;
                    Some(100.0 * t.empty_exchanges? as f64 / exchanges as f64)
                },
            ),
        bytes("Wire bytes", "a client and second")
            .short("wire")
            .lower()
            .on([(Waiting, 10)])
            .on_as((PrintedWaiting, 10), "a client and second", "bytes")
            .derived(
                "wire_bytes_per_client_s",
                "Bytes through the TCP sockets per client and second of the window.",
                Shown,
                |t| per_client_s(t, t.wire_bytes_down as f64 + t.wire_bytes_up as f64),
            ),
        of_unit(Unit::Rate, "Exchanges", "a client and second")
            .short("exchanges")
            .lower()
            .on([(Waiting, 20)])
            .on_as((PrintedWaiting, 20), "a client and second", "polls")
            .derived(
                "exchanges_per_client_s",
                "Exchanges per client and second of the window.",
                Shown,
                |t| per_client_s(t, t.exchanges? as f64),
            ),
    ]
}

/// How far measured figures are from those that theory predicts.
fn deviations() -> Vec<MetricOf<TrialRow>> {
    vec![
        of_unit(Unit::Deviation, "Mean latency", "measured − predicted")
            .short("off")
            .on([(Theory, 30), (PrintedTheory, 30)])
            .derived(
                "latency_mean_off_percent",
                "By how much the mean latency is above (+) or below (−) the predicted one.",
                Shown,
                |t| off(t.latency_mean_us, t.predicted_latency_mean_us),
            ),
        of_unit(
            Unit::Deviation,
            "Wire bytes per delivery",
            "measured − predicted",
        )
        .short("off")
        .on([(Theory, 60), (PrintedTheory, 60)])
        .derived(
            "wire_bytes_off_percent",
            "By how much the wire bytes are above (+) or below (−) the predicted ones.",
            Shown,
            |t| off(wire_bytes(t), t.predicted_wire_bytes_per_delivery),
        ),
        of_unit(
            Unit::Deviation,
            "Server CPU per delivery",
            "measured − predicted",
        )
        .short("off")
        .on([(Theory, 90), (PrintedTheory, 80)])
        .derived(
            "server_cpu_off_percent",
            "By how much the server’s CPU time per delivery is above (+) or below (−) the \
             predicted one.",
            Shown,
            |t| off(server_cpu_us(t), t.predicted_cpu_us_per_delivery),
        ),
    ]
}

fn server_cpu_us(trial: &TrialRow) -> Option<f64> {
    Some(trial.server_cpu_user_us_per_delivery? + trial.server_cpu_sys_us_per_delivery?)
}

fn wire_bytes(trial: &TrialRow) -> Option<f64> {
    let above = trial.payload_bytes_per_delivery? + trial.envelope_bytes_per_delivery?;
    Some(above + trial.protocol_bytes_per_delivery? + trial.tls_bytes_per_delivery?)
}

fn per_client_s(trial: &TrialRow, sum: f64) -> Option<f64> {
    let client_s = f64::from(trial.clients) * trial.window_s;
    (client_s > 0.0).then(|| sum / client_s)
}

fn off(measured: Option<f64>, predicted: Option<f64>) -> Option<f64> {
    let predicted = predicted.filter(|predicted| *predicted > 0.0)?;
    Some((measured? / predicted - 1.0) * 100.0)
}
