//! What a server puts up with: a flag each.

use std::num::NonZeroU32;

use clap::Args;

use crate::lab::scenario::Span;
use crate::server::ServerSettings;
use crate::server::access::Access;
use crate::server::connection_limiter::ConnectionLimits;
use crate::server::tls::ServerTls;
use crate::service::rate_limiter::RateLimiter;
use crate::service::state::{Limits, SlowReader};
use crate::system::process;

/// Clients that a server takes where neither a flag nor the open files bound them.
const MAX_CLIENTS: u32 = 1_000_000;

/// Descriptors that a server needs beside its clients.
const SPARE_DESCRIPTORS: u64 = 32;

#[derive(Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Connections served at once; those beyond get 503. Default: as the open files allow
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_clients: Option<u32>,
    /// Those of one address. Default: half of all, and all for addresses of this machine
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_clients_per_address: Option<u32>,
    /// Feeds that exist at once; another gets 409
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    max_feeds: u32,
    /// Bytes of a message as it arrives; more get 413, or close a WebSocket with 1009
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 10,
        value_parser = clap::value_parser!(u32).range(1..=16 << 20))]
    max_message: u32,
    /// Bytes of a request's head; more get 431
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 10,
        value_parser = clap::value_parser!(u32).range(1 << 10..=256 << 10))]
    max_header: u32,
    /// Messages that an address may publish in a second; more get 429, or close a WebSocket with
    /// 1008. A reader's join counts, and is not told if it comes too fast. Default: as many as it
    /// likes
    #[arg(long, value_name = "HZ")]
    publish_rate: Option<NonZeroU32>,
    /// How long a request's head may take to arrive, and then its body; and a TLS handshake
    #[arg(long, value_name = "TIME", default_value = "10s")]
    header_timeout: Span,
    /// How long a connection may stay without a request
    #[arg(long, value_name = "TIME", default_value = "75s")]
    idle_timeout: Span,
    /// How long a peer may be away: what it is sent unacknowledged, or not read
    #[arg(long, value_name = "TIME", default_value = "30s")]
    peer_timeout: Span,
    /// Longest hold of a long poll, whatever it asks for: some proxies give up after 30s
    #[arg(long, value_name = "TIME", default_value_t = Span(Limits::default().max_hold))]
    max_hold: Span,
    /// A silent event stream gets a comment this often
    #[arg(long, value_name = "TIME", default_value_t = Span(Limits::default().heartbeat))]
    heartbeat: Span,
    /// A WebSocket gets a ping this often; it is closed if the next one finds it still silent
    #[arg(long, value_name = "TIME", default_value_t = Span(Limits::default().ping))]
    ping: Span,
    /// What becomes of a reader of a stream that falls behind what its feed holds
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Limits::default().slow_reader)]
    slow_reader: SlowReader,
}

impl LimitArgs {
    /// What holds for every connection.
    pub fn settings(&self, access: Access, tls: Option<ServerTls>) -> ServerSettings {
        let places = process::raise_descriptor_limit().saturating_sub(SPARE_DESCRIPTORS);
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        ServerSettings {
            access,
            tls,
            capacity: ConnectionLimits {
                clients: places.min(self.max_clients.unwrap_or(MAX_CLIENTS)),
                clients_per_address: self.max_clients_per_address,
            },
            max_head_bytes: self.max_header as usize,
            head_timeout: self.header_timeout.0,
            idle_timeout: self.idle_timeout.0,
            peer_timeout: self.peer_timeout.0,
        }
    }

    /// What holds for the conversations.
    pub fn of_transports(&self) -> Limits {
        Limits {
            heartbeat: self.heartbeat.0,
            ping: self.ping.0,
            max_hold: self.max_hold.0,
            max_message_bytes: self.max_message as usize,
            slow_reader: self.slow_reader,
            body_timeout: self.header_timeout.0,
        }
    }

    pub fn pace(&self) -> Option<RateLimiter> {
        self.publish_rate.map(RateLimiter::new)
    }

    pub fn max_feeds(&self) -> usize {
        self.max_feeds as usize
    }
}
