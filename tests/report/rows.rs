//! Made-up rows for tests.

use std::time::Duration;

use hdrhistogram::Histogram;
use wslab::results::{LatencyInterval, TimelineRow, TrialLatency, TrialRow, Verdict};
use wslab::transport::Transport;

/// A trial without a missed message; its figures differ by transport and trial.
pub fn trial(cell: u32, trial: u32, transport: Transport, clients: u32) -> TrialRow {
    let (polls, rank) = (transport < Transport::Sse, f64::from(transport as u32));
    let noise = 1.0 + 0.07 * f64::from(trial - 1);
    let p50_us = [260_000.0, 900.0, 310.0, 300.0, 280.0][transport as usize] * noise;
    let protocol = [2_900.0, 610.0, 38.0, 7.0, 7.5][transport as usize];
    let delivered = u64::from(clients) * 300;
    TrialRow {
        scenario: "classroom".to_owned(),
        run: "2030-01-01T10-00-00".to_owned(),
        cell,
        trial,
        transport,
        workload: "monitoring".to_owned(),
        clients,
        feeds: 1,
        rate_hz: 10.0,
        payload_bytes: 64,
        tls: false,
        poll_interval_ms: (transport == Transport::ShortPolling).then_some(500.0),
        hold_ms: (transport == Transport::LongPolling).then_some(25_000.0),
        keep_alive: polls.then(|| "on".to_owned()),
        window_s: 30.0,
        published: 300,
        expected: delivered,
        delivered,
        missed: 0,
        duplicate: 0,
        reordered: 0,
        latency_min_us: Some(p50_us * 0.3),
        latency_mean_us: Some(p50_us * 1.1),
        latency_p50_us: Some(p50_us),
        latency_p90_us: Some(p50_us * 1.8),
        latency_p99_us: Some(p50_us * 2.1 * noise),
        latency_p999_us: Some(p50_us * 3.4 * noise),
        latency_max_us: Some(p50_us * 4.0 * noise * noise),
        publish_lag_p99_us: Some(120.0),
        connect_p50_us: Some(400.0),
        connect_p99_us: Some(2_500.0),
        connect_failed: 0,
        exchanges: polls.then_some(delivered * 5),
        empty_exchanges: polls.then_some(delivered * 4),
        messages_per_exchange: polls.then_some(0.2),
        payload_bytes_per_delivery: Some(64.0),
        envelope_bytes_per_delivery: Some(97.4),
        protocol_bytes_per_delivery: Some(protocol),
        tls_bytes_per_delivery: Some(0.0),
        tcp_ip_bytes_per_delivery: Some(110.0 + protocol * 0.2),
        wire_bytes_down: 1_000_000,
        wire_bytes_up: 100_000,
        server_cpu_user_us_per_delivery: Some((14.0 - 3.5 * rank) * noise),
        server_cpu_sys_us_per_delivery: Some((21.0 - 4.9 * rank) * noise),
        server_cpu_percent: Some(34.0),
        load_cpu_user_us_per_delivery: Some((10.0 - 2.5 * rank) * noise),
        load_cpu_sys_us_per_delivery: Some((18.0 - 4.0 * rank) * noise),
        load_cpu_percent: Some(41.0),
        server_rss_bytes: Some(30_000_000),
        server_rss_bytes_per_client: Some(9_800.0 - 1_200.0 * rank),
        load_rss_bytes_per_client: Some(3_100.0 + 240.0 * rank),
        verdict: Verdict::Valid,
        warnings: String::new(),
        schedule: "constant".to_owned(),
        transit_p50_us: Some(p50_us * 0.9),
        transit_p99_us: Some(p50_us * 2.0),
        publish_lag_max_us: Some(800.0),
        publish_failed: 0,
        reconnects: 0,
        segments: Some(12_345),
        load_rss_bytes: Some(40_000_000),
        since_send_p50_us: Some(1.0),
        since_send_p99_us: Some(2.0),
        since_send_max_us: Some(3.0),
        predicted_latency_mean_us: Some(900.0),
        predicted_wire_bytes_per_delivery: Some(150.0),
        aa_of: None,
        headers: Some("minimal".into()),
        others_cpu_percent: Some(0.5),
        stolen_cpu_percent: Some(0.0),
        pin: None,
        publisher_wire_bytes: Some(54_321),
        publisher_tcp_ip_bytes: Some(9_876),
        publisher_segments: Some(321),
        interface_bytes: None,
        interface_packets: None,
        load_processes: Some(1),
        loop_lag_p99_us: Some(90.0),
        loop_lag_max_us: Some(1_200.0),
        probe_clients: Some(1),
        probe_delivered: Some(300),
        probe_latency_p50_us: Some(p50_us * 0.98),
        probe_latency_p99_us: Some(p50_us * 2.0),
        first_recipient_p50_us: Some(p50_us * 0.3),
        median_recipient_p50_us: Some(p50_us),
        last_recipient_p50_us: Some(p50_us * 2.0),
        stale_percent: Some(p50_us / 1e6),
        fairness_index: Some(0.9),
        client_latency_mean_min_us: Some(p50_us * 0.5),
        client_latency_mean_max_us: Some(p50_us * 1.5),
        set_up_wire_bytes_per_client: Some(300.0),
        set_up_tcp_ip_bytes_per_client: Some(400.0),
        heartbeats: (!polls).then_some(0),
        heartbeat_wire_bytes: (!polls).then_some(0),
        server_wire_bytes_down: Some(1_050_000),
        server_wire_bytes_up: Some(140_000),
        ends_differ_bytes: Some(0),
        messages_per_write: Some(1.0),
        ramp_up_s: Some(0.1),
        ..TrialRow::default()
    }
}

/// The same trial of a feed without messages: no delivery, so no figure of one.
pub fn idle(cell: u32, transport: Transport, clients: u32) -> TrialRow {
    TrialRow {
        published: 0,
        expected: 0,
        delivered: 0,
        latency_min_us: None,
        latency_mean_us: None,
        latency_p50_us: None,
        latency_p90_us: None,
        latency_p99_us: None,
        latency_p999_us: None,
        latency_max_us: None,
        messages_per_exchange: None,
        payload_bytes_per_delivery: None,
        envelope_bytes_per_delivery: None,
        protocol_bytes_per_delivery: None,
        tls_bytes_per_delivery: None,
        tcp_ip_bytes_per_delivery: None,
        server_cpu_user_us_per_delivery: None,
        server_cpu_sys_us_per_delivery: None,
        load_cpu_user_us_per_delivery: None,
        load_cpu_sys_us_per_delivery: None,
        transit_p50_us: None,
        transit_p99_us: None,
        ..trial(cell, 1, transport, clients)
    }
}

/// Two seconds of ramp-up, three of warm-up, the window, and a second of drain.
pub fn timeline(of: &TrialRow) -> Vec<TimelineRow> {
    let window_s = of.window_s as u32;
    (1..=6 + window_s)
        .map(|second| {
            let phase = match second {
                1..=2 => "ramp-up",
                3..=5 => "warm-up",
                _ if second <= 5 + window_s => "window",
                _ => "drain",
            };
            let wobble = 1.0 + 0.06 * f64::from(second * 7 % 5 + of.trial);
            TimelineRow {
                scenario: of.scenario.clone(),
                run: of.run.clone(),
                cell: of.cell,
                trial: of.trial,
                transport: of.transport,
                clients: of.clients,
                at_s: f64::from(second),
                phase: phase.to_owned(),
                connected: u64::from(of.clients),
                published: 10,
                delivered: (of.delivered as f64 / of.window_s * (0.9 + 0.1 * wobble)) as u64,
                latency_p50_us: of.latency_p50_us.map(|us| us * wobble),
                latency_p99_us: of.latency_p99_us.map(|us| us * wobble * wobble),
                latency_max_us: of.latency_max_us,
                wire_bytes_down: 1,
                wire_bytes_up: 1,
                server_cpu_percent: Some(30.0),
                load_cpu_percent: Some(40.0),
                server_rss_bytes: Some(30_000_000),
                load_rss_bytes: Some(40_000_000),
                server_connections: Some(u64::from(of.clients) + 4),
            }
        })
        .collect()
}

/// The latencies of a trial and of its seconds: of a poll even up to twice the median, of push with
/// a peak and a tail.
pub fn latency(of: &TrialRow, timeline: &[TimelineRow]) -> TrialLatency {
    let p50_ns = of.latency_p50_us.unwrap_or(1.0) * 1e3;
    let latencies = |deliveries: u64, digits| {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000_000, digits).unwrap();
        for share in (0..200).map(|i| (f64::from(i) + 0.5) / 200.0) {
            let multiple = match of.transport {
                Transport::ShortPolling => 2.0 * share,
                _ => 0.7 + 0.3 * share / (1.01 - share).sqrt(),
            };
            let ns = (p50_ns * multiple).max(1.0) as u64;
            histogram.record_n(ns, deliveries.div_ceil(200)).unwrap();
        }
        histogram
    };
    let own = |row: &&TimelineRow| (row.cell, row.trial) == (of.cell, of.trial);
    let seconds = timeline
        .iter()
        .filter(own)
        .filter(|row| row.phase != "ramp-up");
    let second = |row: &TimelineRow| LatencyInterval {
        start: Duration::from_secs_f64(row.at_s - 1.0),
        length: Duration::from_secs(1),
        histogram: latencies(row.delivered, 1),
    };
    TrialLatency {
        cell: of.cell,
        trial: of.trial,
        window: latencies(of.delivered, 3),
        seconds: seconds.map(second).collect(),
    }
}

/// Every transport with each number of clients, each cell measured `repeats` times.
pub fn trials(clients: &[u32], repeats: u32) -> Vec<TrialRow> {
    let settings = clients
        .iter()
        .flat_map(|n| Transport::CHOICES.map(|t| (*n, t)));
    let cells = settings.zip(1..);
    cells
        .flat_map(|((n, t), cell)| (1..=repeats).map(move |i| trial(cell, i, t, n)))
        .collect()
}
