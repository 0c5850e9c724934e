//! A plan and a quiet outcome, for tests.

use std::time::Duration;

use crate::client::config::ClientConfig;
use crate::client::dialect::ServerCounters;
use crate::client::target::Target;
use crate::load::outcome::{MachineUse, ProbeOutcome, TrialOutcome, UsageDelta, WindowMessages};
use crate::load::protocol::{Plan, Workload};
use crate::load::schedule::Pacing;
use crate::record::byte_counts::ByteCounts;
use crate::record::recording::{Counts, Fairness, LedgerCounts, Recording};
use crate::system::process::CpuTime;
use crate::transport::Transport;

impl Plan {
    /// A plan for tests: ten clients of one feed, and a probe of five.
    pub fn example() -> Self {
        Plan {
            transport: Transport::Sse,
            target: Target::at(([127, 0, 0, 1], 1).into()),
            feeds: vec!["a".into()],
            clients: 10,
            workload: Workload::Monitoring,
            pacing: Pacing::Constant,
            rate_hz: 1.0,
            payload_bytes: 100,
            client: ClientConfig::DEFAULT,
            connect_rate_hz: 1_000.0,
            warm_up: Duration::from_secs(1),
            window: Duration::from_secs(100),
            drain: Duration::from_secs(5),
            seed: 1,
            interface: None,
            processes: 1,
            probes: 5,
            network: None,
            even_phases: false,
            faults: Vec::new(),
        }
    }
}

impl TrialOutcome {
    /// An outcome without any disturbance, on a host of two cores: each client gets each message
    /// of each feed, one a feed and second for 100 s, 2 ms after it was due.
    pub fn quiet(plan: &Plan) -> Self {
        let (clients, probes) = (u64::from(plan.clients), u64::from(plan.probes));
        let published = 100 * plan.feeds.len() as u64;
        let expected = 100 * clients;
        let recording = quiet_recording(clients, published, expected);
        let probe = (probes > 0).then(|| quiet_probe(probes));
        let publisher_traffic = ByteCounts {
            down_bytes: 100 * published,
            up_bytes: 300 * published,
            segments: 4 * published,
            tcp_ip_bytes: 208 * published,
            ..ByteCounts::default()
        };
        let mut outcome = TrialOutcome {
            ramp_up_s: 0.5,
            ledger_s: 100.0,
            messages: WindowMessages {
                due: published,
                published,
                expected,
                ..WindowMessages::default()
            },
            joined: clients,
            gave_up: 0,
            connected: clients,
            recording,
            publisher_traffic,
            publisher_measured: publisher_traffic,
            interface: None,
            server_counters: None,
            probe,
            load: UsageDelta {
                user_s: 3.0,
                sys_s: 7.0,
                rss_bytes: 60 << 20,
            },
            load_rss_before_bytes: 50 << 20,
            server: Some(UsageDelta {
                user_s: 5.0,
                sys_s: 15.0,
                rss_bytes: 30 << 20,
            }),
            server_rss_before_bytes: Some(20 << 20),
            proxy: None,
            proxy_rss_before_bytes: None,
            kernel_growth_bytes: Some(8 << 20),
            machine: vec![quiet_second(); 100],
        };
        let (down_bytes, up_bytes) = outcome.load_bytes();
        outcome.server_counters = Some(ServerCounters {
            down_bytes,
            up_bytes,
            deliveries: 100 * (clients + probes),
            writes: 50 * (clients + probes),
            fast_requests: clients + probes,
            general_requests: 0,
        });
        outcome
    }
}

fn quiet_recording(clients: u64, published: u64, expected: u64) -> Recording {
    let mut recording = Recording::default();
    for (histogram, us, times) in [
        (&mut recording.latency, 2_000, expected),
        (&mut recording.since_send, 1_900, expected),
        (&mut recording.transit, 1_000, expected),
        (&mut recording.publish_lag, 100, published),
        (&mut recording.connect, 500, clients),
        (&mut recording.loop_lag, 50, 10_000),
        (&mut recording.loop_stall, 50, 10_000),
    ] {
        histogram.record_n(us * 1_000, times).unwrap();
    }
    for (place, us) in recording.fan_out.iter_mut().zip([1_500, 2_000, 2_500]) {
        place.0.record_n(us * 1_000, published).unwrap();
    }
    (0..clients).for_each(|_| recording.fairness += Fairness::of(2_000.0));
    recording.counts = Counts {
        delivered: expected,
        payload_bytes: 100 * expected,
        json_bytes: 190 * expected,
        stale_ns: 2_000_000 * expected,
        arrived: expected,
        ..Counts::default()
    };
    recording.traffic = ByteCounts {
        down_bytes: 220 * expected,
        up_bytes: 0,
        segments: 2 * expected,
        tcp_ip_bytes: 104 * expected,
        ..ByteCounts::default()
    };
    recording.ledger = LedgerCounts::of(&recording.counts, recording.traffic);
    recording.set_up = ByteCounts {
        down_bytes: 200 * clients,
        up_bytes: 100 * clients,
        tcp_ip_bytes: 300 * clients,
        ..ByteCounts::default()
    };
    recording
}

fn quiet_probe(probes: u64) -> ProbeOutcome {
    let mut probe = Recording::default();
    probe.counts.delivered = 100 * probes;
    probe.ledger.deliveries = 100 * probes;
    probe.latency.record_n(2_100_000, 100 * probes).unwrap();
    probe.traffic.down_bytes = 220 * 100 * probes;
    ProbeOutcome {
        recording: probe,
        expected: 100 * probes,
    }
}

/// Half a second of CPU time in 100 s is the probe's, and as much is others'.
fn quiet_second() -> MachineUse {
    MachineUse {
        length_s: 1.0,
        load_s: 0.1,
        server_s: Some(0.2),
        proxy_s: Some(0.0),
        beside_s: Some(0.005),
        cores: Some(CpuTime {
            busy_s: 0.31,
            stolen_s: 0.005,
        }),
    }
}
