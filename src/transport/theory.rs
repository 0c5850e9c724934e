//! Predictions from first principles: delivery latency, bytes and CPU time of a delivery.
//!
//! Each transport has its own `predict`. All share three ideas. A poll finds a message after half
//! its interval on average, since the message comes at any time between two polls. A message for n
//! clients is n pieces of work on a few cores, so a client waits for half of them on average: n/2 ×
//! the CPU time of a delivery / cores. And a delivery is a write and a read, or an exchange with a
//! write and a read at both ends; what these cost is measured once, see [`Costs`].

use serde::{Deserialize, Serialize};

use crate::client::config::ClientConfig;
use crate::client::dialect::PollTiming;
use crate::client::outbox::Outgoing;
use crate::client::publish::PublishRequest;
use crate::client::target::Target;
use crate::client::tls::records::MAX_FRAGMENT_BYTES;
use crate::feed::Message;
use crate::system::kernel_costs::KernelCosts;

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
    /// Cores that server and load share.
    pub cores: f64,
    /// `None` where this machine was not calibrated, or the server is not ours.
    pub costs: Option<Costs>,
}

/// What a message costs on this machine, in µs: measured once, before the runs that it predicts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    pub kernel: KernelCosts,
    pub program: ProgramCosts,
}

/// What the programs add to the kernel's costs, in µs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgramCosts {
    /// CPU time of the server for a delivery.
    pub server_us: f64,
    /// CPU time of the load for a delivery.
    pub load_us: f64,
    /// From publishing a message to its first delivery.
    pub publish_us: f64,
    /// CPU time of the server in a second without any message.
    pub server_idle_us_per_s: f64,
}

/// The longest text whose costs are those of a short one.
const MAX_TEXT_BYTES: usize = 4_096;

/// What one delivery makes server and load do.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// The server writes, the client reads.
    Push,
    /// So many exchanges: in each, both ends write and read.
    Exchanges(f64),
}

/// A prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Mean delivery latency in µs. `None` where it needs costs that are unknown, or more CPU time
    /// than there is.
    pub latency_mean_us: Option<f64>,
    /// Bytes through the sockets, both ways, without TCP and IP headers.
    pub wire_bytes_per_delivery: f64,
    /// CPU time of the server in µs; `None` as for the latency.
    pub server_cpu_us_per_delivery: Option<f64>,
}

impl Conditions {
    /// A push of so many bytes: on average, a client waits for half of the others.
    pub fn push(&self, wire_bytes_per_delivery: f64) -> Prediction {
        Prediction {
            latency_mean_us: self.fan_out_us(Work::Push),
            wire_bytes_per_delivery,
            server_cpu_us_per_delivery: self.server_cpu_us(Work::Push),
        }
    }

    /// Mean time from publishing a message to its delivery, while others get it too.
    pub fn fan_out_us(&self, work: Work) -> Option<f64> {
        let Costs { kernel, program } = self.costs?;
        let (server_us, load_us) = self.cpu_us(work)?;
        let first_us = 2.0 * kernel.hop_us + program.publish_us;
        Some(first_us + self.readers / 2.0 * (server_us + load_us) / self.cores)
    }

    /// CPU time of the server for a delivery, with its share of what the server uses anyway.
    pub fn server_cpu_us(&self, work: Work) -> Option<f64> {
        let idle_us_per_s = self.costs?.program.server_idle_us_per_s;
        let (server_us, _) = self.cpu_us(work)?;
        Some(server_us + idle_us_per_s / self.deliveries_hz)
    }

    /// CPU time of server and load for a delivery. `None` where there is less: then messages wait
    /// without limit, and are merged.
    fn cpu_us(&self, work: Work) -> Option<(f64, f64)> {
        if self.is_tls() || self.text_bytes > MAX_TEXT_BYTES {
            return None;
        }
        let Costs { kernel, program } = self.costs?;
        let exchange_us = kernel.write_us + kernel.read_us;
        let (server_us, load_us) = match work {
            Work::Push => (
                kernel.write_us + program.server_us,
                kernel.read_us + program.load_us,
            ),
            Work::Exchanges(exchanges) => (
                exchanges * (exchange_us + program.server_us),
                exchanges * (exchange_us + program.load_us),
            ),
        };
        // An author publishes by an exchange.
        let posts = if self.chat { 1.0 / self.readers } else { 0.0 };
        let server_us = server_us + posts * (exchange_us + program.server_us);
        let load_us = load_us + posts * (exchange_us + program.load_us);
        let has_time = self.deliveries_hz * (server_us + load_us) < self.cores * 1e6;
        has_time.then_some((server_us, load_us))
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

    const COSTS: Costs = Costs {
        kernel: KernelCosts {
            write_us: 7.0,
            read_us: 4.0,
            hop_us: 16.0,
        },
        program: ProgramCosts {
            server_us: 2.0,
            load_us: 3.0,
            publish_us: 168.0,
            server_idle_us_per_s: 2_000.0,
        },
    };

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
            cores: 2.0,
            costs: Some(COSTS),
        }
    }

    #[test]
    fn a_push_waits_for_half_the_readers_and_a_poll_for_half_its_interval() {
        let predict = |transport: Transport| transport.predict(&conditions());
        // 200 µs to the first, and 500 times 16 µs or 27 µs on two cores. The server is idle for
        // 2 ms in a second, in which there are 1,000 deliveries.
        for (transport, latency_us, cpu_us) in [
            (Transport::ShortPolling, 1_000_000.0, 13.0 / 2.0 + 2.0),
            (Transport::LongPolling, 200.0 + 500.0 * 27.0 / 2.0, 15.0),
            (Transport::Sse, 200.0 + 500.0 * 16.0 / 2.0, 11.0),
            (Transport::Ndjson, 200.0 + 500.0 * 16.0 / 2.0, 11.0),
            (Transport::WebSocket, 200.0 + 500.0 * 16.0 / 2.0, 11.0),
        ] {
            let predicted = predict(transport);
            assert_eq!(predicted.latency_mean_us, Some(latency_us), "{transport}");
            let cpu = predicted.server_cpu_us_per_delivery;
            assert_eq!(cpu, Some(cpu_us), "{transport}");
        }
    }

    #[test]
    fn what_theory_does_not_know_it_does_not_predict() {
        let [uncalibrated, overloaded, tls, long] = [
            Conditions {
                costs: None,
                ..conditions()
            },
            Conditions {
                deliveries_hz: 125_000.0,
                ..conditions()
            },
            Conditions {
                target: target("https"),
                ..conditions()
            },
            Conditions {
                text_bytes: 4_097,
                ..conditions()
            },
        ];
        for unknown in [uncalibrated, overloaded, tls, long] {
            let of = |transport: Transport| {
                let predicted = transport.predict(&unknown);
                let cpu_us = predicted.server_cpu_us_per_delivery;
                (predicted.latency_mean_us, cpu_us)
            };
            assert_eq!(of(Transport::Sse), (None, None));
            assert_eq!(of(Transport::LongPolling), (None, None));
            assert_eq!(of(Transport::ShortPolling).0, Some(1_000_000.0));
        }
    }

    #[test]
    fn the_authors_of_a_chat_cost_an_exchange_for_each_message() {
        let chat = Conditions {
            chat: true,
            readers: 10.0,
            ..conditions()
        };
        let alone = Conditions {
            chat: false,
            ..chat.clone()
        };
        let cpu_us = |conditions: &Conditions| conditions.server_cpu_us(Work::Push).unwrap();
        assert!((cpu_us(&chat) - cpu_us(&alone) - 1.3).abs() < 1e-9);
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
