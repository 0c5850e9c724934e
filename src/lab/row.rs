//! What a trial found, as rows: the figures of `trials.csv` and `timeline.csv`.

use hdrhistogram::Histogram;

use crate::lab::trial::Trial;
use crate::lab::verdict::{Evidence, judge, others_cpu_percent};
use crate::load::protocol::{Plan, TimelineSecond, TrialOutcome, UsageDelta, Workload};
use crate::results::{TimelineRow, TrialRow};
use crate::runtime::clock;
use crate::system::pinning::Pinning;
use crate::transport::Transport;
use crate::transport::theory::{Conditions, Prediction};

impl Trial {
    /// One second of the trial.
    pub(super) fn timeline_row(&self, second: &TimelineSecond) -> TimelineRow {
        let us = |index: usize| second.latency_ns.map(|ns| round(ns[index] as f64 / 1e3));
        let percent = |used: &UsageDelta| round(used.percent(second.length_s));
        TimelineRow {
            scenario: self.scenario.name.clone(),
            run: self.run.clone(),
            cell: self.cell.number,
            trial: self.trial,
            transport: self.cell.transport,
            clients: self.cell.clients,
            at_s: round(second.at_s),
            phase: second.phase.to_string(),
            connected: second.connected,
            published: second.published,
            delivered: second.delivered,
            latency_p50_us: us(0),
            latency_p99_us: us(1),
            latency_max_us: us(2),
            wire_bytes_down: second.bytes_down,
            wire_bytes_up: second.bytes_up,
            server_cpu_percent: second.server.as_ref().map(percent),
            load_cpu_percent: Some(percent(&second.load)),
            server_rss_bytes: second.server.map(|server| server.rss_bytes),
            load_rss_bytes: Some(second.load.rss_bytes),
        }
    }

    /// What theory predicts of this trial, given the CPU time that a delivery took in it.
    fn theory(&self, plan: &Plan, outcome: &TrialOutcome) -> Prediction {
        let cores = std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
        let cpu_us = |used: &UsageDelta| (used.user_s + used.sys_s) * 1e6;
        let deliveries = outcome.recording.counts.delivered as f64;
        let service_us = outcome.server.as_ref().map(|server| {
            let server_us = cpu_us(server) / outcome.served() as f64;
            (server_us + cpu_us(&outcome.load) / deliveries) / cores
        });
        self.cell.transport.model(&Conditions {
            client: plan.client,
            target: plan.target.clone(),
            feed_path: plan.feed_path(0),
            now_ns: clock::now_ns(),
            rate_hz: plan.rate_hz,
            text_bytes: plan.payload_bytes as usize,
            readers: f64::from(plan.clients) / plan.feeds.len() as f64,
            chat: plan.workload == Workload::Chat,
            service_us,
        })
    }

    /// The outcome as a row of `trials.csv`.
    pub(super) fn row(&self, plan: &Plan, outcome: &TrialOutcome, died: bool) -> TrialRow {
        let recording = &outcome.recording;
        let latency = Microseconds(&recording.latency);
        let since_send = Microseconds(&recording.since_send);
        let transit = Microseconds(&recording.transit);
        let connect = Microseconds(&recording.connect);
        let lag = Microseconds(&recording.publish_lag);
        let mut evidence = Evidence::of(plan, outcome);
        evidence.server_died = died;
        if let Some(pinning) = &self.pinning {
            evidence.load_cores = pinning.load.count() as f64;
        }
        let (verdict, warnings) = judge(&evidence.warnings());

        let (counts, publisher) = (&outcome.recording.counts, &outcome.publisher_traffic);
        let per_delivery = PerDelivery(counts.delivered);
        let bytes = ByteLayers::of(plan, outcome);
        let local = plan.target.same_host;
        let polls = self.cell.transport.polls();
        let (clients, probes) = (f64::from(plan.clients), f64::from(plan.probes));
        let grown =
            |now: u64, before: u64, clients: f64| round((now as f64 - before as f64) / clients);
        let server_grown = || {
            Some(grown(
                outcome.server?.rss_bytes,
                outcome.server_rss_before_bytes?,
                clients + probes,
            ))
        };
        let cpu_us = |seconds: f64| per_delivery.of(seconds * 1e6);
        // The server's work is for the probe as well.
        let served = PerDelivery(outcome.served());
        let server_cpu_us = |seconds: f64| served.of(seconds * 1e6);
        let percent = |used: &UsageDelta| round(used.percent(outcome.ledger_s));
        let theory = (counts.delivered > 0).then(|| self.theory(plan, outcome));
        let is = |transport| self.cell.transport == transport;
        let probe = outcome.probe.as_ref().map(|probe| &probe.recording);
        let [first, median, last] = recording
            .fan_out
            .each_ref()
            .map(|place| Microseconds(&place.0));
        let fairness = Some(recording.fairness).filter(|fairness| fairness.clients > 0);
        let (set_up, books) = (&recording.set_up, outcome.server_books);
        let per_client = |bytes: u64| {
            let joined = outcome.joined as f64;
            (joined > 0.0).then(|| round(bytes as f64 / joined))
        };
        TrialRow {
            scenario: self.scenario.name.clone(),
            run: self.run.clone(),
            cell: self.cell.number,
            trial: self.trial,
            transport: self.cell.transport,
            workload: plan.workload.to_string(),
            clients: plan.clients,
            feeds: self.scenario.feeds,
            rate_hz: plan.rate_hz,
            payload_bytes: plan.payload_bytes,
            tls: plan.target.tls.is_some(),
            poll_interval_ms: is(Transport::ShortPolling)
                .then_some(plan.client.poll_interval.as_secs_f64() * 1e3),
            hold_ms: is(Transport::LongPolling).then_some(plan.client.hold.as_secs_f64() * 1e3),
            keep_alive: polls.then(|| self.scenario.keep_alive.name().to_owned()),
            window_s: plan.window.as_secs_f64(),
            published: outcome.published,
            expected: outcome.expected,
            delivered: counts.delivered,
            missed: outcome.expected.saturating_sub(counts.delivered),
            duplicate: counts.duplicate,
            reordered: counts.reordered,
            latency_min_us: latency.min(),
            latency_mean_us: latency.mean(),
            latency_p50_us: latency.at(0.5),
            latency_p90_us: latency.told(0.9),
            latency_p99_us: latency.told(0.99),
            latency_p999_us: latency.told(0.999),
            latency_max_us: latency.at(1.0),
            publish_lag_p99_us: lag.at(0.99),
            connect_p50_us: connect.at(0.5),
            connect_p99_us: connect.at(0.99),
            connect_failed: outcome.gave_up,
            exchanges: polls.then_some(counts.exchanges),
            empty_exchanges: polls.then_some(counts.empty_exchanges),
            messages_per_exchange: (polls && counts.exchanges > 0)
                .then(|| round(counts.delivered as f64 / counts.exchanges as f64)),
            payload_bytes_per_delivery: per_delivery.of(bytes.payload),
            envelope_bytes_per_delivery: per_delivery.of(bytes.envelope),
            protocol_bytes_per_delivery: per_delivery.of(bytes.protocol),
            tls_bytes_per_delivery: per_delivery.of(bytes.tls),
            tcp_ip_bytes_per_delivery: per_delivery.of(bytes.tcp_ip),
            wire_bytes_down: outcome.recording.traffic.down_bytes,
            wire_bytes_up: outcome.recording.traffic.up_bytes,
            server_cpu_user_us_per_delivery: outcome.server.and_then(|s| server_cpu_us(s.user_s)),
            server_cpu_sys_us_per_delivery: outcome.server.and_then(|s| server_cpu_us(s.sys_s)),
            server_cpu_percent: outcome.server.as_ref().map(percent),
            load_cpu_user_us_per_delivery: cpu_us(outcome.load.user_s),
            load_cpu_sys_us_per_delivery: cpu_us(outcome.load.sys_s),
            load_cpu_percent: Some(percent(&outcome.load)),
            server_rss_bytes: outcome.server.map(|server| server.rss_bytes),
            server_rss_bytes_per_client: server_grown(),
            load_rss_bytes_per_client: Some(grown(
                outcome.load.rss_bytes,
                outcome.load_rss_before_bytes,
                clients,
            )),
            verdict,
            warnings,
            schedule: plan.pacing.to_string(),
            transit_p50_us: transit.at(0.5).filter(|_| local),
            transit_p99_us: transit.at(0.99).filter(|_| local),
            publish_lag_max_us: lag.at(1.0),
            publish_failed: outcome.publish_failed,
            reconnects: counts.reconnects,
            segments: Some(outcome.recording.traffic.segments),
            load_rss_bytes: Some(outcome.load.rss_bytes),
            since_send_p50_us: since_send.at(0.5),
            since_send_p99_us: since_send.told(0.99),
            since_send_max_us: since_send.at(1.0),
            predicted_latency_mean_us: theory.and_then(|t| t.latency_mean_us).map(round),
            predicted_wire_bytes_per_delivery: theory.map(|t| round(t.wire_bytes_per_delivery)),
            aa_of: self.cell.aa_of,
            headers: Some(self.scenario.headers.name().to_owned()),
            others_cpu_percent: others_cpu_percent(outcome).map(round),
            stolen_cpu_percent: Some(round(evidence.stolen_cpu_percent)),
            pin: self.pinning.as_ref().map(Pinning::to_string),
            publisher_wire_bytes: Some(publisher.down_bytes + publisher.up_bytes),
            publisher_tcp_ip_bytes: Some(publisher.tcp_ip_bytes),
            publisher_segments: Some(publisher.segments),
            interface_bytes: outcome.interface.map(|passed| passed.bytes),
            interface_packets: outcome.interface.map(|passed| passed.packets),
            load_processes: Some(plan.processes),
            loop_lag_p99_us: Microseconds(&recording.loop_lag).told(0.99),
            loop_lag_max_us: Microseconds(&recording.loop_lag).at(1.0),
            probe_clients: probe.map(|_| plan.probes),
            probe_delivered: probe.map(|probe| probe.counts.delivered),
            probe_latency_p50_us: probe.and_then(|probe| Microseconds(&probe.latency).at(0.5)),
            probe_latency_p99_us: probe.and_then(|probe| Microseconds(&probe.latency).told(0.99)),
            first_recipient_p50_us: first.at(0.5),
            median_recipient_p50_us: median.at(0.5),
            last_recipient_p50_us: last.at(0.5),
            stale_percent: (outcome.published > 0).then(|| {
                let all_ns = plan.window.as_nanos() as f64 * outcome.joined as f64;
                round(counts.stale_ns as f64 / all_ns * 100.0)
            }),
            fairness_index: recording.fairness.index().map(round),
            client_latency_mean_min_us: fairness.map(|fairness| round(fairness.best_us)),
            client_latency_mean_max_us: fairness.map(|fairness| round(fairness.worst_us)),
            set_up_wire_bytes_per_client: per_client(set_up.down_bytes + set_up.up_bytes),
            set_up_tcp_ip_bytes_per_client: per_client(set_up.tcp_ip_bytes),
            heartbeats: (!polls).then_some(counts.heartbeats),
            heartbeat_wire_bytes: (!polls).then_some(counts.heartbeat_bytes),
            server_wire_bytes_down: books.map(|books| books.down_bytes),
            server_wire_bytes_up: books.map(|books| books.up_bytes),
            ends_differ_bytes: outcome.ends_differ_bytes(),
            messages_per_write: books
                .filter(|books| books.writes > 0)
                .map(|books| round(books.deliveries as f64 / books.writes as f64)),
            ramp_up_s: Some(round(outcome.ramp_up_s)),
        }
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
        let (counts, traffic) = (&outcome.recording.counts, &outcome.recording.traffic);
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

/// Divides by the number of deliveries; without any there is no such figure.
struct PerDelivery(u64);

impl PerDelivery {
    fn of(&self, sum: f64) -> Option<f64> {
        (self.0 > 0).then(|| round(sum / self.0 as f64))
    }
}

/// A histogram of ns, read in µs; without samples there are no figures.
struct Microseconds<'a>(&'a Histogram<u64>);

impl Microseconds<'_> {
    /// A quantile from 0 to 1.
    fn at(&self, quantile: f64) -> Option<f64> {
        self.us(|histogram| histogram.value_at_quantile(quantile) as f64)
    }

    /// A quantile beyond which at least one sample lies; otherwise it would be the maximum by
    /// another name, and there is no such figure.
    fn told(&self, quantile: f64) -> Option<f64> {
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
fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
