//! `/metrics`: the server's counters for Prometheus, in the OpenMetrics text format.

use std::fmt;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::service::counters::{ConnectionCounters, Counter, OTHER, Totals};
use crate::service::state::AppState;
use crate::transport::Transport;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counters by transport: name, help and count. The library adds `_total`.
const COUNTERS: [(&str, &str, Counter); 6] = [
    (
        "wslab_connections_accepted",
        "Connections accepted",
        Counter::Connections,
    ),
    (
        "wslab_read_bytes",
        "Bytes read from sockets",
        Counter::ReadBytes,
    ),
    (
        "wslab_written_bytes",
        "Bytes written to sockets",
        Counter::WrittenBytes,
    ),
    ("wslab_writes", "Writes to sockets", Counter::Writes),
    (
        "wslab_deliveries",
        "Messages written to readers",
        Counter::Deliveries,
    ),
    (
        "wslab_slow_readers",
        "Times that a reader of a stream fell behind what its feed holds",
        Counter::SlowReaders,
    ),
];

/// The answer. It counts the bytes of its own request, and not yet those of itself.
pub async fn metrics(
    State(state): State<Arc<AppState>>,
    Extension(counters): Extension<Arc<ConnectionCounters>>,
) -> Response {
    counters.serves_other();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot::take(&state)));
    let mut body = String::new();
    text::encode(&mut body, &registry).expect("a string takes all");
    ([(CONTENT_TYPE, OPEN_METRICS)], body).into_response()
}

/// All figures as of one moment.
#[derive(Debug)]
struct Snapshot {
    totals: [Totals; OTHER + 1],
    feeds: usize,
    held: usize,
    message_bytes: usize,
    max_message_bytes: usize,
    evicted: u64,
    owed_bytes: usize,
    cut: u64,
}

impl Snapshot {
    fn take(state: &AppState) -> Self {
        let memory = state.feeds.memory();
        Snapshot {
            message_bytes: memory.message_bytes(),
            max_message_bytes: memory.max_message_bytes(),
            evicted: memory.evicted(),
            owed_bytes: memory.owed_bytes(),
            cut: memory.cut(),
            totals: state.metrics.totals(),
            feeds: state.feeds.count(),
            held: state.feeds.held(),
        }
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, count) in COUNTERS {
            let kind = ConstCounter::new(0u64).metric_type();
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (label, totals) in self.by_transport() {
                let label = [("transport", label)];
                ConstCounter::new(totals.get(count)).encode(family.encode_family(&label)?)?;
            }
        }
        let kind = ConstGauge::new(0i64).metric_type();
        let help = "Connections open now";
        let mut family = encoder.encode_descriptor("wslab_connections", help, None, kind)?;
        for (label, totals) in self.by_transport() {
            let label = [("transport", label)];
            ConstGauge::new(totals.open as i64).encode(family.encode_family(&label)?)?;
        }
        self.encode_requests(&mut encoder)?;
        self.encode_polls(&mut encoder)?;
        for (name, help, value) in [
            ("wslab_feeds", "Feeds that exist", self.feeds),
            (
                "wslab_log_messages",
                "Messages held in all feeds",
                self.held,
            ),
            (
                "wslab_message_bytes",
                "Memory of all messages with their framings",
                self.message_bytes,
            ),
            (
                "wslab_message_bytes_limit",
                "The most memory of all messages with their framings",
                self.max_message_bytes,
            ),
            (
                "wslab_owed_bytes",
                "Memory of answers not yet taken, and of requests that have come in part",
                self.owed_bytes,
            ),
        ] {
            let gauge = ConstGauge::new(value as i64);
            gauge.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        for (name, help, count) in [
            (
                "wslab_cut",
                "Connections cut and requests refused because an address used up its memory",
                self.cut,
            ),
            (
                "wslab_evicted_messages",
                "Messages dropped because all feeds together held too much",
                self.evicted,
            ),
        ] {
            let counter = ConstCounter::new(count);
            let kind = counter.metric_type();
            counter.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        Ok(())
    }
}

impl Snapshot {
    /// The totals with their label: a transport's name, or `other`.
    fn by_transport(&self) -> impl Iterator<Item = (&'static str, &Totals)> {
        let transports = Transport::ALL.map(|one| (one.name(), one.class()));
        let all = transports.into_iter().chain([("other", OTHER)]);
        all.map(|(label, class)| (label, &self.totals[class]))
    }

    fn encode_requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = ConstCounter::new(0u64).metric_type();
        let help = "Requests answered, by engine";
        let mut family = encoder.encode_descriptor("wslab_requests", help, None, kind)?;
        for (label, totals) in self.by_transport() {
            for (engine, count) in [
                ("fast", Counter::FastRequests),
                ("general", Counter::GeneralRequests),
            ] {
                let labels = [("transport", label), ("engine", engine)];
                ConstCounter::new(totals.get(count)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn encode_polls(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = ConstCounter::new(0u64).metric_type();
        let mut family = encoder.encode_descriptor("wslab_polls", "Polls answered", None, kind)?;
        for transport in Transport::ALL.into_iter().filter(|one| one.polls()) {
            let totals = &self.totals[transport.class()];
            for (outcome, count) in [
                ("messages", Counter::FullPolls),
                ("empty", Counter::EmptyPolls),
            ] {
                let labels = [("transport", transport.name()), ("outcome", outcome)];
                ConstCounter::new(totals.get(count)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
