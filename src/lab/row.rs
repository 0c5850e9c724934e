//! What a trial found, as rows: the figures of `trials.csv` and `timeline.csv`.

use hdrhistogram::Histogram;

use crate::lab::fault_schedule::FaultTimes;
use crate::lab::network_measured::NetworkMeasured;
use crate::lab::recovery::recoveries;
use crate::lab::trial::Trial;
use crate::lab::verdict::{Evidence, judge};
use crate::load::outcome::{TimelineSecond, TrialOutcome, UsageDelta};
use crate::load::protocol::{Plan, Workload};
use crate::record::recording::Recording;
use crate::results::{Doubt, TimelineRow, TrialRow};
use crate::system::pinning::Pinning;
use crate::transport::theory::{Conditions, Prediction};

impl Trial {
    /// One second of the trial.
    pub(super) fn timeline_row(&self, second: &TimelineSecond) -> TimelineRow {
        let latency = Microseconds(&second.latency);
        let percent = |used: &UsageDelta| {
            let percent = round(used.percent(second.length_s));
            percent.is_finite().then_some(percent)
        };
        TimelineRow {
            scenario: self.scenario.name.clone(),
            run: self.run.clone(),
            cell: self.cell.number,
            trial: self.trial,
            transport: self.cell.factors.transport(),
            clients: self.cell.factors.clients,
            at_s: round(second.at_s),
            phase: second.phase.to_string(),
            connected: second.connected,
            published: second.published,
            delivered: second.delivered,
            latency_p50_us: latency.at(0.5),
            latency_p99_us: latency.at(0.99),
            latency_max_us: latency.at(1.0),
            wire_bytes_down: second.bytes_down,
            wire_bytes_up: second.bytes_up,
            server_cpu_percent: second.server.as_ref().and_then(percent),
            load_cpu_percent: percent(&second.load),
            server_rss_bytes: second.server.map(|server| server.rss_bytes),
            load_rss_bytes: Some(second.load.rss_bytes),
            server_connections: second.server_connections,
        }
    }

    /// What theory predicts of this trial.
    fn theory(&self, plan: &Plan) -> Prediction {
        self.cell.factors.transport().predict(&Conditions {
            client: plan.client,
            target: plan.target.clone(),
            feed_path: plan.feed_path(0),
            now_ns: self.host.now_ns,
            rate_hz: plan.rate_hz,
            text_bytes: plan.payload_bytes as usize,
            readers: f64::from(plan.clients) / plan.feeds.len() as f64,
            chat: plan.workload == Workload::Chat,
            deliveries_hz: plan.rate_hz * f64::from(plan.clients),
            cores: self.host.cores as f64,
            // They are those of our server.
            costs: self.host.costs.filter(|_| plan.target.owned),
        })
    }

    /// The outcome as a row of `trials.csv`. `died`: the server ended during the trial.
    pub(super) fn row(
        &self,
        plan: &Plan,
        outcome: &TrialOutcome,
        faults: &FaultTimes,
        network: Option<&NetworkMeasured>,
        died: bool,
    ) -> TrialRow {
        let cores = self.host.cores;
        let load_cores = self
            .pinning
            .as_ref()
            .map_or(cores, |pinning| pinning.load.count());
        let evidence = Evidence {
            server_died: died,
            fault_late_ms: faults.worst_ms(plan, outcome),
            network_inexact: network.is_some_and(|network| !network.is_exact),
            under_way_s: network.map_or(0.0, |network| network.round_trip_s),
            ..Evidence::of(plan, outcome, cores, load_cores)
        };
        let doubts = evidence.doubts();
        let (verdict, warnings) = judge(&doubts);
        let mut row = TrialRow {
            scenario: self.scenario.name.clone(),
            run: self.run.clone(),
            trial: self.trial,
            verdict,
            warnings,
            doubted_figures: Doubt::column(&doubts),
            pin: self.pinning.as_ref().map(Pinning::to_string),
            tls: plan.target.tls.is_some(),
            ..self.cell.row()
        };
        counts(plan, outcome, &mut row);
        latencies(plan, outcome, &mut row);
        exchanges(
            self.cell.factors.transport().polls(),
            &outcome.recording,
            &mut row,
        );
        bytes(plan, outcome, &mut row);
        processes(plan, outcome, &mut row);
        clients(outcome, &mut row);
        checks(plan, outcome, &mut row);
        recoveries(plan, outcome, &mut row);
        if let Some(network) = network {
            network.fill(&mut row);
        }
        // Theory knows what our server and its clients cost and write, and no proxy.
        if row.delivered > 0 && plan.target.proxy.is_none() {
            let theory = self.theory(plan);
            // Theory knows the costs of loopback, and no delays.
            if network.is_none() {
                row.predicted_latency_mean_us = theory.latency_mean_us.map(round);
                row.predicted_cpu_us_per_delivery = theory.server_cpu_us_per_delivery.map(round);
            }
            row.predicted_wire_bytes_per_delivery = Some(round(theory.wire_bytes_per_delivery));
        }
        row.finite()
    }
}

/// Messages and connections.
fn counts(plan: &Plan, outcome: &TrialOutcome, row: &mut TrialRow) {
    let counts = &outcome.recording.counts;
    let messages = &outcome.messages;
    row.due = Some(messages.due);
    row.published = messages.published;
    row.publish_failed = messages.failed + messages.not_sent;
    row.not_sent = Some(messages.not_sent);
    row.expected = messages.expected;
    row.delivered = counts.delivered;
    row.missed = messages.missed;
    row.reach = (messages.expected > 0)
        .then(|| round((messages.expected - messages.missed) as f64 / messages.expected as f64));
    row.duplicate = counts.duplicate;
    row.reordered = counts.reordered;
    row.negative_latencies = Some(counts.negative);
    row.text_changed = Some(counts.text_changed);
    row.stamps_differ = Some(outcome.stamps_differ(plan.target.same_host));
    row.numbers_jumped = Some(counts.numbers_jumped);
    row.epoch_changes = Some(counts.epoch_changes);
    row.connect_failed = outcome.gave_up;
    row.reconnects = counts.reconnects + counts.redials;
    row.wrong_answer.clone_from(&outcome.recording.wrong_answer);
    row.dials = Some(outcome.recording.ledger.traffic.dials);
    row.publisher_redials = Some(counts.publisher_redials);
    row.publisher_resent = Some(counts.publisher_resent);
    row.ramp_up_s = Some(round(outcome.ramp_up_s));
    row.stale_percent = (messages.published > 0).then(|| {
        let all_ns = plan.window.as_nanos() as f64 * outcome.joined as f64;
        round(counts.stale_ns as f64 / all_ns * 100.0)
    });
}

fn latencies(plan: &Plan, outcome: &TrialOutcome, row: &mut TrialRow) {
    let recording = &outcome.recording;
    let latency = Microseconds(&recording.latency);
    row.latency_min_us = latency.min();
    row.latency_mean_us = latency.mean();
    row.latency_p50_us = latency.at(0.5);
    row.latency_p90_us = latency.resolved(0.9);
    row.latency_p99_us = latency.resolved(0.99);
    row.latency_p999_us = latency.resolved(0.999);
    row.latency_max_us = latency.at(1.0);
    let since_send = Microseconds(&recording.since_send);
    row.since_send_p50_us = since_send.at(0.5);
    row.since_send_p99_us = since_send.resolved(0.99);
    row.since_send_max_us = since_send.at(1.0);
    // Stamps of two hosts have no common clock.
    let transit = Some(Microseconds(&recording.transit)).filter(|_| plan.target.same_host);
    row.transit_p50_us = transit.as_ref().and_then(|transit| transit.at(0.5));
    row.transit_p99_us = transit.and_then(|transit| transit.at(0.99));
    let lag = Microseconds(&recording.publish_lag);
    row.publish_lag_p99_us = lag.at(0.99);
    row.publish_lag_max_us = lag.at(1.0);
    let connect = Microseconds(&recording.connect);
    row.connect_p50_us = connect.at(0.5);
    row.connect_p99_us = connect.at(0.99);
    let recipients = recording.fan_out.each_ref();
    let recipients = recipients.map(|recipient| Microseconds(&recipient.0).at(0.5));
    [
        row.first_recipient_p50_us,
        row.median_recipient_p50_us,
        row.last_recipient_p50_us,
    ] = recipients;
}

/// Exchanges of the transports that poll, heartbeats of the others.
fn exchanges(polls: bool, recording: &Recording, row: &mut TrialRow) {
    let (counts, ledger) = (&recording.counts, &recording.ledger);
    if polls {
        row.exchanges = Some(ledger.exchanges);
        row.empty_exchanges = Some(ledger.empty_exchanges);
        row.redials = Some(counts.redials);
        row.polls_resent = Some(counts.resent);
        row.messages_per_exchange = quotient(ledger.deliveries as f64, ledger.exchanges);
    } else {
        row.heartbeats = Some(counts.heartbeats);
        row.heartbeat_wire_bytes = Some(counts.heartbeat_bytes);
    }
}

/// The byte ledger of the subscribers, and what is counted beside it.
fn bytes(plan: &Plan, outcome: &TrialOutcome, row: &mut TrialRow) {
    let (recording, publisher) = (&outcome.recording, &outcome.publisher_measured);
    let (traffic, set_up) = (&recording.ledger.traffic, &recording.set_up);
    let layers = ByteLayers::of(plan, outcome);
    let per_delivery = |bytes: f64| quotient(bytes, recording.ledger.deliveries);
    row.ledger_deliveries = Some(recording.ledger.deliveries);
    row.payload_bytes_per_delivery = per_delivery(layers.payload);
    row.envelope_bytes_per_delivery = per_delivery(layers.envelope);
    row.protocol_bytes_per_delivery = per_delivery(layers.protocol);
    row.tls_bytes_per_delivery = per_delivery(layers.tls);
    row.tcp_ip_bytes_per_delivery = per_delivery(layers.tcp_ip);
    row.wire_bytes_down = traffic.down_bytes;
    row.wire_bytes_up = traffic.up_bytes;
    row.segments = Some(traffic.segments);
    let per_client = |bytes: u64| quotient(bytes as f64, outcome.joined);
    row.set_up_wire_bytes_per_client = per_client(set_up.down_bytes + set_up.up_bytes);
    row.set_up_tcp_ip_bytes_per_client = per_client(set_up.tcp_ip_bytes);
    row.publisher_wire_bytes = Some(publisher.down_bytes + publisher.up_bytes);
    row.publisher_tcp_ip_bytes = Some(publisher.tcp_ip_bytes);
    row.publisher_segments = Some(publisher.segments);
    row.interface_bytes = outcome.interface.map(|passed| passed.bytes);
    row.interface_packets = outcome.interface.map(|passed| passed.packets);
    if let Some(server) = outcome.server_counters {
        row.server_wire_bytes_down = Some(server.down_bytes);
        row.server_wire_bytes_up = Some(server.up_bytes);
        row.messages_per_write = quotient(server.deliveries as f64, server.writes);
        row.server_engine = server.engine().map(str::to_owned);
    }
}

/// CPU time and memory of server, proxy and load.
fn processes(plan: &Plan, outcome: &TrialOutcome, row: &mut TrialRow) {
    let percent = |used: &UsageDelta| Some(round(used.percent(outcome.ledger_s)));
    let grown = |now: u64, before: u64, clients: u32| {
        Some(round((now as f64 - before as f64) / f64::from(clients)))
    };
    if let Some(server) = &outcome.server {
        // The server works for the probe too.
        let per_delivery = |seconds: f64| quotient(seconds * 1e6, outcome.served());
        row.server_cpu_user_us_per_delivery = per_delivery(server.user_s);
        row.server_cpu_sys_us_per_delivery = per_delivery(server.sys_s);
        row.server_cpu_percent = percent(server);
        row.server_rss_bytes = Some(server.rss_bytes);
        let before = outcome.server_rss_before_bytes;
        row.server_rss_bytes_per_client =
            before.and_then(|before| grown(server.rss_bytes, before, plan.clients + plan.probes));
    }
    if let Some(proxy) = outcome.proxy.filter(|_| plan.target.proxy.is_some()) {
        row.proxy_cpu_us_per_delivery = quotient(proxy.cpu_s() * 1e6, outcome.served());
        let before = outcome.proxy_rss_before_bytes;
        row.proxy_rss_bytes_per_client =
            before.and_then(|before| grown(proxy.rss_bytes, before, plan.clients + plan.probes));
    }
    let load = &outcome.load;
    let per_delivery = |seconds: f64| quotient(seconds * 1e6, outcome.recording.ledger.deliveries);
    row.load_cpu_user_us_per_delivery = per_delivery(load.user_s);
    row.load_cpu_sys_us_per_delivery = per_delivery(load.sys_s);
    row.load_cpu_percent = percent(load);
    row.load_rss_bytes = Some(load.rss_bytes);
    row.load_rss_bytes_per_client =
        grown(load.rss_bytes, outcome.load_rss_before_bytes, plan.clients);
    row.load_processes = Some(plan.processes);
    let kernel = outcome.kernel_growth_bytes;
    row.kernel_bytes_per_client =
        kernel.map(|bytes| round(bytes as f64 / f64::from(plan.clients + plan.probes)));
}

/// How evenly the clients were served.
fn clients(outcome: &TrialOutcome, row: &mut TrialRow) {
    let fairness = outcome.recording.fairness;
    row.fairness_index = fairness.index().map(round);
    if fairness.clients > 0 {
        row.client_latency_mean_min_us = Some(round(fairness.best_us));
        row.client_latency_mean_max_us = Some(round(fairness.worst_us));
    }
}

/// What the verdict looks at, beside the figures above.
fn checks(plan: &Plan, outcome: &TrialOutcome, row: &mut TrialRow) {
    row.others_cpu_percent = outcome.others_cpu_percent().map(round);
    row.others_cpu_worst_second_percent = outcome.others_cpu_worst_second_percent().map(round);
    row.stolen_cpu_percent = outcome.machine_use().and_then(|used| {
        let stolen_s = used.cores?.stolen_s;
        Some(round(stolen_s / used.length_s * 100.0))
    });
    row.ends_differ_bytes = outcome.ends_differ_bytes(&plan.target);
    let loop_lag = Microseconds(&outcome.recording.loop_lag);
    row.loop_lag_p99_us = loop_lag.resolved(0.99);
    row.loop_lag_max_us = loop_lag.at(1.0);
    let loop_stall = Microseconds(&outcome.recording.loop_stall);
    row.loop_stall_p99_us = loop_stall.resolved(0.99);
    row.loop_stall_max_us = loop_stall.at(1.0);
    if let Some(probe) = &outcome.probe {
        let latency = Microseconds(&probe.recording.latency);
        row.probe_clients = Some(plan.probes);
        row.probe_delivered = Some(probe.recording.counts.delivered);
        row.probe_latency_p50_us = latency.at(0.5);
        row.probe_latency_p99_us = latency.resolved(0.99);
    }
}

/// The byte ledger, layer by layer, in bytes of the whole trial.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ByteLayers {
    payload: f64,
    envelope: f64,
    protocol: f64,
    tls: f64,
    tcp_ip: f64,
}

impl ByteLayers {
    /// The four layers above TCP add up to the bytes through the sockets: what is neither text nor
    /// the rest of its JSON belongs to the protocol, and what TLS sessions did not carry to TLS.
    fn of(plan: &Plan, outcome: &TrialOutcome) -> Self {
        let (counts, traffic) = (&outcome.recording.ledger, &outcome.recording.ledger.traffic);
        let wire = (traffic.down_bytes + traffic.up_bytes) as f64;
        let tls = match &plan.target.tls {
            Some(_) => wire - traffic.plaintext_bytes as f64,
            None => 0.0,
        };
        ByteLayers {
            payload: counts.payload_bytes as f64,
            envelope: counts.json_bytes as f64 - counts.payload_bytes as f64,
            protocol: wire - tls - counts.json_bytes as f64,
            tls,
            tcp_ip: traffic.tcp_ip_bytes as f64,
        }
    }
}

/// A sum divided by a number, rounded; `None` if the number is 0.
fn quotient(sum: f64, number: u64) -> Option<f64> {
    (number > 0).then(|| round(sum / number as f64))
}

/// A histogram of ns, read in µs; `None` without samples.
pub(super) struct Microseconds<'a>(pub(super) &'a Histogram<u64>);

impl Microseconds<'_> {
    /// A quantile from 0 to 1.
    pub(super) fn at(&self, quantile: f64) -> Option<f64> {
        self.us(|histogram| histogram.value_at_quantile(quantile) as f64)
    }

    /// A quantile beyond which at least one sample lies; otherwise it would be the maximum by
    /// another name, and there is no such figure.
    fn resolved(&self, quantile: f64) -> Option<f64> {
        let beyond = self.0.len() as f64 * (1.0 - quantile);
        self.at(quantile).filter(|_| beyond > 0.999)
    }

    fn min(&self) -> Option<f64> {
        self.us(|histogram| histogram.min() as f64)
    }

    fn mean(&self) -> Option<f64> {
        self.us(Histogram::mean)
    }

    fn us(&self, figure: impl Fn(&Histogram<u64>) -> f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| round(figure(self.0) / 1e3))
    }
}

/// Three digits after the point: more would be noise.
pub(super) fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cells::{Cell, Factors};
    use crate::lab::factors::{Bytes, Span};
    use crate::lab::scenario::Scenario;
    use crate::lab::trial::TrialHost;
    use crate::results::{self, Verdict};
    use crate::transport::Transport;

    fn trial(plan: &Plan) -> Trial {
        Trial {
            scenario: Scenario {
                name: "quiet".into(),
                ..Scenario::default()
            },
            run: "r".into(),
            cell: Cell {
                number: 3,
                factors: Factors {
                    transports: plan.transport,
                    clients: plan.clients,
                    payload_bytes: Bytes(plan.payload_bytes.into()),
                    window: Span(plan.window),
                    rate_hz: plan.rate_hz,
                    ..Scenario::default().first()
                },
                aa_of: None,
            },
            trial: 2,
            pinning: None,
            server: None,
            interface: None,
            host: TrialHost {
                cores: 2,
                now_ns: 1_000_000_000_000,
                costs: None,
            },
        }
    }

    #[test]
    fn a_trial_that_ended_at_once_has_empty_cells_and_can_be_read() {
        let plan = Plan::example();
        let outcome = TrialOutcome {
            ledger_s: 0.0,
            joined: 0,
            ..TrialOutcome::quiet(&plan)
        };
        let row = trial(&plan).row(&plan, &outcome, &FaultTimes::default(), None, true);
        assert_eq!((row.load_cpu_percent, row.stale_percent), (None, None));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.csv");
        results::write_rows(&path, std::slice::from_ref(&row)).unwrap();
        assert_eq!(results::read_rows::<TrialRow>(&path).unwrap(), [row]);
    }

    #[test]
    fn a_quiet_outcome_is_this_row() {
        let plan = Plan::example();
        let row = trial(&plan).row(
            &plan,
            &TrialOutcome::quiet(&plan),
            &FaultTimes::default(),
            None,
            false,
        );
        // Absent figures: this transport does not poll, nothing is pinned, and so on.
        let expected = TrialRow {
            scenario: "quiet".into(),
            run: "r".into(),
            cell: 3,
            trial: 2,
            transport: Transport::Sse,
            workload: "monitoring".into(),
            clients: 10,
            feeds: 1,
            rate_hz: 1.0,
            payload_bytes: 100,
            tls: false,
            window_s: 100.0,
            published: 100,
            expected: 1000,
            delivered: 1000,
            missed: 0,
            duplicate: 0,
            reordered: 0,
            latency_min_us: Some(1999.872),
            latency_mean_us: Some(2000.384),
            latency_p50_us: Some(2000.895),
            latency_p90_us: Some(2000.895),
            latency_p99_us: Some(2000.895),
            latency_p999_us: Some(2000.895),
            latency_max_us: Some(2000.895),
            publish_lag_p99_us: Some(100.031),
            connect_p50_us: Some(500.223),
            connect_p99_us: Some(500.223),
            connect_failed: 0,
            payload_bytes_per_delivery: Some(100.0),
            envelope_bytes_per_delivery: Some(90.0),
            protocol_bytes_per_delivery: Some(30.0),
            tls_bytes_per_delivery: Some(0.0),
            tcp_ip_bytes_per_delivery: Some(104.0),
            wire_bytes_down: 220_000,
            wire_bytes_up: 0,
            server_cpu_user_us_per_delivery: Some(3333.333),
            server_cpu_sys_us_per_delivery: Some(10_000.0),
            server_cpu_percent: Some(20.0),
            load_cpu_user_us_per_delivery: Some(3000.0),
            load_cpu_sys_us_per_delivery: Some(7000.0),
            load_cpu_percent: Some(10.0),
            server_rss_bytes: Some(31_457_280),
            server_rss_bytes_per_client: Some(699_050.667),
            load_rss_bytes_per_client: Some(1_048_576.0),
            verdict: Verdict::Valid,
            warnings: "".into(),
            schedule: "constant".into(),
            transit_p50_us: Some(1000.447),
            transit_p99_us: Some(1000.447),
            publish_lag_max_us: Some(100.031),
            publish_failed: 0,
            reconnects: 0,
            segments: Some(2000),
            load_rss_bytes: Some(62_914_560),
            since_send_p50_us: Some(1900.543),
            since_send_p99_us: Some(1900.543),
            since_send_max_us: Some(1900.543),
            // This machine was not calibrated.
            predicted_latency_mean_us: None,
            predicted_wire_bytes_per_delivery: Some(227.0),
            headers: Some("minimal".into()),
            others_cpu_percent: Some(0.5),
            stolen_cpu_percent: Some(0.5),
            publisher_wire_bytes: Some(40_000),
            publisher_tcp_ip_bytes: Some(20_800),
            publisher_segments: Some(400),
            load_processes: Some(1),
            loop_lag_p99_us: Some(50.175),
            loop_lag_max_us: Some(50.175),
            loop_stall_p99_us: Some(50.175),
            loop_stall_max_us: Some(50.175),
            others_cpu_worst_second_percent: Some(0.5),
            probe_clients: Some(5),
            probe_delivered: Some(500),
            probe_latency_p50_us: Some(2101.247),
            probe_latency_p99_us: Some(2101.247),
            first_recipient_p50_us: Some(1507.327),
            median_recipient_p50_us: Some(2007.039),
            last_recipient_p50_us: Some(2506.751),
            stale_percent: Some(0.2),
            fairness_index: Some(1.0),
            client_latency_mean_min_us: Some(2000.0),
            client_latency_mean_max_us: Some(2000.0),
            set_up_wire_bytes_per_client: Some(300.0),
            set_up_tcp_ip_bytes_per_client: Some(300.0),
            heartbeats: Some(0),
            heartbeat_wire_bytes: Some(0),
            server_wire_bytes_down: Some(340_000),
            server_wire_bytes_up: Some(30_000),
            ends_differ_bytes: Some(0),
            messages_per_write: Some(2.0),
            ramp_up_s: Some(0.5),
            negative_latencies: Some(0),
            server_engine: Some("fast".to_owned()),
            dials: Some(0),
            publisher_redials: Some(0),
            publisher_resent: Some(0),
            due: Some(100),
            not_sent: Some(0),
            text_changed: Some(0),
            stamps_differ: Some(0),
            numbers_jumped: Some(0),
            epoch_changes: Some(0),
            ledger_deliveries: Some(1_000),
            reach: Some(1.0),
            kernel_bytes_per_client: Some(559_240.533),
            ..TrialRow::default()
        };
        assert_eq!(row, expected);
    }
}
