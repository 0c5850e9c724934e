//! Predictions from first principles: delivery latency, and bytes per delivery.
//!
//! Each transport has its own `predict`. All share two ideas. A poll finds a message after half its
//! interval on average, since the message comes at any time between two polls. And a message for n
//! clients is n pieces of work on a few cores, so a client waits for half of them on average: n/2 ×
//! the CPU time of a delivery / cores.

use crate::client::config::ClientConfig;
use crate::client::dialect::PollTiming;
use crate::client::outbox::Outgoing;
use crate::client::publish::PublishRequest;
use crate::client::target::Target;
use crate::client::tls::MAX_FRAGMENT_BYTES;
use crate::feed::Message;

/// The inputs of a prediction.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub client: ClientConfig,
    pub target: Target,
    /// The path of a feed.
    pub feed_path: String,
    /// The monotonic clock in ns. Messages carry it, and its number of digits grows.
    pub now_ns: u64,
    /// Messages a second to each feed.
    pub rate_hz: f64,
    pub text_bytes: usize,
    /// Subscribers of a feed.
    pub readers: f64,
    /// Whether the subscribers publish the messages themselves.
    pub chat: bool,
    /// Deliveries a second to all subscribers of all feeds.
    pub deliveries_hz: f64,
    /// CPU time of server and load for one delivery, over the cores, in µs: measured.
    pub service_us: Option<f64>,
}

/// The fewest deliveries a second of which the CPU time that was measured is theirs. The processes
/// use about 10 ms a second without any delivery, which is as much as 300 deliveries take.
const FEWEST_DELIVERIES_HZ: f64 = 1_000.0;
/// The shortest wait for other clients, in µs, beside which the time of a single message, some
/// hundred µs, is small.
const SHORTEST_WAIT_US: f64 = 1_000.0;

/// A prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Mean delivery latency in µs; `None` where it needs a CPU time that is unknown, or where the
    /// assumptions of [`Conditions::fan_out_us`] do not hold.
    pub latency_mean_us: Option<f64>,
    /// Bytes through the sockets, both ways, without TCP and IP headers.
    pub wire_bytes_per_delivery: f64,
}

impl Conditions {
    /// Mean wait while a message is delivered to other clients, in µs; `None` where the CPU time is
    /// unknown, or so few deliveries or clients share it that other work decides.
    pub fn fan_out_us(&self) -> Option<f64> {
        let wait_us = self.readers / 2.0 * self.service_us?;
        let decides = self.deliveries_hz >= FEWEST_DELIVERIES_HZ && wait_us >= SHORTEST_WAIT_US;
        decides.then_some(wait_us)
    }

    /// Bytes of a message's JSON.
    pub fn json_bytes(&self) -> f64 {
        let text = "x".repeat(self.text_bytes);
        let from = if self.chat { "client-100" } else { "sensor-1" };
        let message = Message {
            seq: 10,
            from: from.into(),
            text: text.into(),
            intended_at_ns: self.now_ns,
            published_at_ns: self.now_ns,
            kind: None,
        };
        let mut json = Vec::new();
        message.write_json(&mut json);
        json.len() as f64
    }

    /// Bytes of one exchange whose answer's body has `body_bytes`.
    pub fn exchange_bytes(&self, endpoint: &str, timing: PollTiming, body_bytes: f64) -> f64 {
        let (dialect, after) = (self.target.dialect, AFTER.parse().expect("it is a cursor"));
        let path = dialect.subscribe_path(&self.feed_path, endpoint, after, None, timing);
        let (asks, closes) = match self.client.keep_alive {
            true => ("", ""),
            false => ("Connection: close\r\n", "connection: close\r\n"),
        };
        let request = self.target.get(self.client.headers, &path, asks).len();
        let answer = (ANSWER_HEAD.len() + closes.len()) as f64 + body_bytes;
        let handshake = match self.is_tls() && !self.client.keep_alive {
            true => HANDSHAKE_BYTES + CLOSE_NOTIFY_BYTES,
            false => 0.0,
        };
        self.sealed(request as f64) + self.sealed(answer) + handshake
    }

    /// Bytes of one write, with those that TLS adds: it is one record, unless it is too long.
    pub fn sealed(&self, bytes: f64) -> f64 {
        let records = (bytes / MAX_FRAGMENT_BYTES as f64).ceil();
        bytes
            + if self.is_tls() {
                records * RECORD_EXCESS
            } else {
                0.0
            }
    }

    fn is_tls(&self) -> bool {
        self.target.origin.starts_with("https:")
    }

    /// Bytes that publishing by POST adds to each delivery: the author is a subscriber too.
    pub fn post_bytes(&self) -> f64 {
        if !self.chat {
            return 0.0;
        }
        let message = Outgoing {
            feed: 0,
            number: 0,
            intended_at_ns: self.now_ns,
            text: "x".repeat(self.text_bytes),
        };
        let path = self.target.dialect.publish_path(&self.feed_path);
        let (headers, from) = (self.client.headers, "client-100");
        let request = PublishRequest::new(&self.target, headers, &path, from, &message);
        let request = request.bytes.len();
        (self.sealed(request as f64) + self.sealed(CREATED.len() as f64)) / self.readers
    }
}

/// A cursor of typical length.
const AFTER: &str = "10-k3x9";

/// What a record of TLS 1.3 adds: its head, its true type and the tag (RFC 8446, section 5.2).
const RECORD_EXCESS: f64 = 5.0 + 1.0 + 16.0;

/// The alert that ends a session: two octets in a record.
const CLOSE_NOTIFY_BYTES: f64 = 2.0 + RECORD_EXCESS;

/// A full handshake with a self-signed certificate, and the two tickets after it. Measured, since
/// most of it depends on the certificate and the libraries.
const HANDSHAKE_BYTES: f64 = 1_345.0;

/// The body of a poll's answer without its messages.
pub const ANSWER_WRAPPING: &str = r#"{"messages":[],"last":10,"epoch":"k3x9"}"#;

/// The head of a poll's answer, as this server sends it.
const ANSWER_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
    cache-control: no-store\r\ncontent-length: 100\r\n\
    date: Sun, 22 Nov 2026 10:00:30 GMT\r\n\r\n";

/// The answer to a POST.
const CREATED: &str = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n\
    content-length: 10\r\ndate: Sun, 22 Nov 2026 10:00:30 GMT\r\n\r\n{\"seq\":10}";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::http::Headers;
    use crate::transport::Transport;

    fn target(scheme: &str) -> Target {
        Target {
            origin: format!("{scheme}://127.0.0.1:40000"),
            ..Target::at(([127, 0, 0, 1], 40_000).into())
        }
    }

    fn every(seconds: u64) -> ClientConfig {
        ClientConfig {
            poll_interval: Duration::from_secs(seconds),
            ..ClientConfig::DEFAULT
        }
    }

    fn conditions() -> Conditions {
        Conditions {
            client: every(2),
            target: target("http"),
            feed_path: "/feeds/0123456789abcdef-1".into(),
            now_ns: 10_u64.pow(12),
            rate_hz: 1.0,
            text_bytes: 64,
            readers: 1_000.0,
            chat: false,
            deliveries_hz: 1_000.0,
            service_us: Some(10.0),
        }
    }

    #[test]
    fn latency_is_half_an_interval_or_half_the_readers() {
        let mean = |transport: Transport| transport.predict(&conditions()).latency_mean_us;
        assert_eq!(mean(Transport::ShortPolling), Some(1_000_000.0));
        for pushes in [
            Transport::LongPolling,
            Transport::Sse,
            Transport::Ndjson,
            Transport::WebSocket,
        ] {
            assert_eq!(mean(pushes), Some(5_000.0), "{pushes}");
        }
        let [unknown, rare, small] = [
            (None, 1_000.0, 1_000.0),
            // What the processes use anyway is the larger part.
            (Some(10.0), 999.0, 1_000.0),
            // A single message takes as long as all others before it.
            (Some(10.0), 1_000.0, 100.0),
        ]
        .map(|(service_us, deliveries_hz, readers)| Conditions {
            service_us,
            deliveries_hz,
            readers,
            ..conditions()
        });
        for without in [unknown, rare, small] {
            assert_eq!(Transport::Sse.predict(&without).latency_mean_us, None);
        }
    }

    #[test]
    fn tls_adds_to_each_record_and_without_keep_alive_a_handshake_to_each_exchange() {
        let tls = Conditions {
            target: target("https"),
            ..conditions()
        };
        let added = |transport: Transport, text_bytes: usize, keep_alive: bool| {
            let of = |conditions: &Conditions| {
                let conditions = Conditions {
                    text_bytes,
                    client: ClientConfig {
                        keep_alive,
                        ..conditions.client
                    },
                    ..conditions.clone()
                };
                transport.predict(&conditions).wire_bytes_per_delivery
            };
            of(&tls) - of(&conditions())
        };
        assert_eq!(added(Transport::Sse, 64, true), 22.0);
        assert_eq!(
            added(Transport::RawTcp, 40_000, true),
            66.0,
            "three records"
        );
        assert_eq!(added(Transport::LongPolling, 64, true), 44.0, "up and down");
        assert_eq!(
            added(Transport::ShortPolling, 64, true),
            22.0,
            "of two messages"
        );
        assert!(added(Transport::LongPolling, 64, false) > 1_000.0);
    }

    #[test]
    fn bytes_are_those_of_the_heads_and_frames() {
        let bytes = |transport: Transport, conditions: &Conditions| {
            transport.predict(conditions).wire_bytes_per_delivery
        };
        let json = conditions().json_bytes();
        assert_eq!(json, 165.0);
        let websocket = bytes(Transport::WebSocket, &conditions());
        assert!(
            (websocket - json - 4.4).abs() < 0.01,
            "head of 4, ping and pong: {websocket}"
        );
        assert_eq!(bytes(Transport::Sse, &conditions()), json + 26.0);
        assert_eq!(bytes(Transport::Ndjson, &conditions()), json + 7.0);
        // Two messages a poll share its heads, and half of the comma between them.
        let rare = Conditions {
            client: every(1),
            ..conditions()
        };
        let (often, seldom) = (
            bytes(Transport::ShortPolling, &rare),
            bytes(Transport::ShortPolling, &conditions()),
        );
        assert!((often - json) / (seldom - json) > 1.9, "{often} {seldom}");
        let browser = Conditions {
            client: ClientConfig {
                headers: Headers::Browser,
                ..every(2)
            },
            ..conditions()
        };
        let more =
            bytes(Transport::LongPolling, &browser) - bytes(Transport::LongPolling, &conditions());
        assert!((400.0..800.0).contains(&more), "{more}");
    }
}
