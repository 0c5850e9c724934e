//! `/metrics`: what the server has counted, as Prometheus reads it (OpenMetrics text).

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

use crate::service::counters::{ConnectionCounters, Counter, Totals};
use crate::service::state::AppState;
use crate::transport::Transport;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counters by transport: name, help and what they count. The library adds `_total`.
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

/// The answer. Of the exchange that asks for it, it counts what was read, and not yet the answer.
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
    sums: Vec<(Option<Transport>, Totals)>,
    feeds: usize,
    held: usize,
}

impl Snapshot {
    fn take(state: &AppState) -> Self {
        Snapshot {
            sums: state.tally.sums().collect(),
            feeds: state.feeds.count(),
            held: state.feeds.held(),
        }
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let by_transport = || {
            let name = |owner: &Option<Transport>| owner.map_or("other", Transport::name);
            let label = move |owner| [("transport", name(owner))];
            self.sums
                .iter()
                .map(move |(owner, sums)| (label(owner), sums))
        };
        for (name, help, count) in COUNTERS {
            let kind = ConstCounter::new(0u64).metric_type();
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (label, sums) in by_transport() {
                ConstCounter::new(sums.get(count)).encode(family.encode_family(&label)?)?;
            }
        }
        let kind = ConstGauge::new(0i64).metric_type();
        let help = "Connections open now";
        let mut family = encoder.encode_descriptor("wslab_connections", help, None, kind)?;
        for (label, sums) in by_transport() {
            ConstGauge::new(sums.open as i64).encode(family.encode_family(&label)?)?;
        }
        self.encode_polls(&mut encoder)?;
        for (name, help, value) in [
            ("wslab_feeds", "Feeds that exist", self.feeds),
            (
                "wslab_log_messages",
                "Messages held in all feeds",
                self.held,
            ),
        ] {
            let gauge = ConstGauge::new(value as i64);
            gauge.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        Ok(())
    }
}

impl Snapshot {
    fn encode_polls(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = ConstCounter::new(0u64).metric_type();
        let mut family = encoder.encode_descriptor("wslab_polls", "Polls answered", None, kind)?;
        for (owner, sums) in &self.sums {
            let Some(transport) = owner.filter(|transport| transport.polls()) else {
                continue;
            };
            for (outcome, count) in [
                ("messages", Counter::FullPolls),
                ("empty", Counter::EmptyPolls),
            ] {
                let labels = [("transport", transport.name()), ("outcome", outcome)];
                ConstCounter::new(sums.get(count)).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
