//! The limits of a server: a flag each.

use std::num::NonZeroU32;
use std::sync::Arc;

use anyhow::{bail, ensure};
use clap::Args;

use crate::cli::args::within;
use crate::cli::help::headings;
use crate::error::UsageError;
use crate::feed::{AddressLimits, MAX_FEEDS, MAX_MEMORY_BYTES, Memory, for_messages};
use crate::lab::values::{Bytes, Span};
use crate::lab::written::Written;
use crate::runtime::descriptor_table;
use crate::server::ServerSettings;
use crate::server::access::Access;
use crate::server::settings::PEER_TIMEOUT;
use crate::server::tls::ServerTls;
use crate::service::limits::{Limits, SlowReader};
use crate::service::rate_limiter::RateLimiter;
use crate::system::limits::{RAISE_OPEN_FILES, most_in_process, room_in_each, tables};
use crate::system::process;

/// Most connections where neither a flag nor the open files set a limit.
const MAX_CLIENTS: u32 = 2_000_000;

/// Descriptors that a server needs beside its connections.
const SPARE_DESCRIPTORS: u64 = 32;

#[derive(Args)]
#[command(next_help_heading = headings::LIMITS)]
pub(super) struct LimitArgs {
    /// Connections served at once
    ///
    /// Further ones get 503. Default: as many as the limit of open files allows one thread. For more,
    /// the server has several threads, each with so many open files. A hundred thousand silent clients
    /// need longer times for --heartbeat, --ping and --peer-timeout.
    #[arg(long, value_name = "N", value_parser = connections())]
    max_clients: Option<u32>,
    /// Connections of one address
    ///
    /// Default: half of all; for addresses of this machine, all.
    #[arg(long, value_name = "N", value_parser = connections(), hide_short_help = true)]
    max_clients_per_address: Option<u32>,
    /// Feeds that clients make
    ///
    /// Feeds that clients make at once, by publishing, by a stream or as a member; half of them for
    /// one address that is not of this machine. Idle feeds make room, the oldest first; where all
    /// are in use, a further one gets 409.
    #[arg(long, value_name = "N", default_value = MAX_FEEDS.brief(), value_parser = u32::read)]
    #[arg(hide_short_help = true)]
    max_feeds: u32,
    /// Memory of all messages
    ///
    /// Bytes of memory for the messages of all feeds, for what connections have not taken yet, and
    /// for what they have sent in part or before its turn. Where they are used up, the largest feeds
    /// drop their oldest messages, and clients that do not read are cut. One address never keeps
    /// others from being answered.
    #[arg(long, value_name = "BYTES", default_value = Bytes(MAX_MEMORY_BYTES as u64).brief())]
    #[arg(value_parser = within(Bytes(1 << 20)..=Bytes(1 << 40), "bytes"))]
    max_memory: Bytes,
    /// Memory of all feeds' messages [default: three quarters of --max-memory]
    ///
    /// Bytes of memory for the messages of all feeds, at most three quarters of --max-memory. Where
    /// they are used up, the feeds that hold most drop their oldest messages, until all of these
    /// hold the same; feeds that hold less keep theirs. A reader is told how many it missed.
    #[arg(long, value_name = "BYTES", hide_short_help = true)]
    #[arg(value_parser = within(Bytes(1 << 10)..=Bytes(1 << 40), "bytes"))]
    history_bytes: Option<Bytes>,
    /// Bytes of a message
    ///
    /// Bytes of a published message as it arrives. More get 413, or close a WebSocket with 1009.
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "64KiB",
        hide_short_help = true
    )]
    #[arg(value_parser = within(Bytes(1)..=Bytes(16 << 20), "bytes"))]
    max_message: Bytes,
    /// Bytes of a request's head
    ///
    /// More get 431.
    #[arg(
        long,
        value_name = "BYTES",
        default_value = "16KiB",
        hide_short_help = true
    )]
    #[arg(value_parser = within(Bytes(1 << 10)..=Bytes(256 << 10), "bytes"))]
    max_header: Bytes,
    /// Messages a second of one address
    ///
    /// Messages per second that an address may publish. More get 429, or close a WebSocket with
    /// 1008. A join counts as a message, and is not published beyond the rate. Default: no limit.
    #[arg(long, value_name = "HZ")]
    #[arg(value_parser = within::<u32>(1..=1_000_000, "messages a second"))]
    publish_rate: Option<u32>,
    /// Time for a request's head
    ///
    /// Longest time for the head of a request, then for its body, and for a TLS handshake.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    #[arg(hide_short_help = true)]
    header_timeout: Span,
    /// Time without a request
    ///
    /// Longest time without a request on a connection.
    #[arg(long, value_name = "TIME", default_value = "75s")]
    #[arg(hide_short_help = true)]
    idle_timeout: Span,
    /// Time of a peer that stalls
    ///
    /// Longest time in which a peer acknowledges nothing, or reads nothing, of what it is sent.
    #[arg(long, value_name = "TIME", default_value_t = Span(PEER_TIMEOUT))]
    #[arg(hide_short_help = true)]
    peer_timeout: Span,
    /// Longest hold of a long poll
    ///
    /// It holds whatever the client asks for. Some proxies give up after 30s.
    #[arg(long, value_name = "TIME", default_value_t = Span(Limits::default().max_hold))]
    #[arg(hide_short_help = true)]
    max_hold: Span,
    /// Between comments on SSE
    ///
    /// Time between the comments on a silent event stream.
    #[arg(long, value_name = "TIME", default_value_t = Span(Limits::default().heartbeat))]
    #[arg(hide_short_help = true)]
    heartbeat: Span,
    /// Between WebSocket pings
    ///
    /// Time between the pings on a WebSocket. A peer that stays silent for two of them is closed.
    #[arg(long, value_name = "TIME", default_value_t = Span(Limits::default().ping))]
    #[arg(hide_short_help = true)]
    ping: Span,
    /// What a slow reader gets
    ///
    /// What happens when a feed no longer keeps the next message of a slow reader: the stream skips
    /// to the oldest message and tells how many were missed (skip), or it ends (close).
    #[arg(long, value_name = "skip|close", default_value_t = Limits::default().slow_reader)]
    #[arg(hide_short_help = true)]
    slow_reader: SlowReader,
    /// How long a member stays
    ///
    /// Time after the end of a member's last stream: a page that is loaded again is back before.
    #[arg(long, value_name = "TIME", default_value_t = Span(Limits::default().leave_after))]
    #[arg(hide_short_help = true)]
    leave_after: Span,
}

/// The threads of a server.
#[derive(Clone, Copy, Debug)]
pub struct ShardLimits {
    /// Of all of them.
    pub connections: u32,
    pub count: usize,
    /// Of each thread, if it has a descriptor table of its own.
    pub table: Option<usize>,
}

fn connections() -> impl Fn(&str) -> Result<u32, String> + Clone {
    within::<u32>(1..=MAX_CLIENTS, "connections")
}

impl LimitArgs {
    /// The threads that hold as many connections as were asked for, on all cores.
    ///
    /// # Errors
    /// The open files do not allow so many connections.
    pub fn shards(&self) -> anyhow::Result<ShardLimits> {
        let open_files = process::raise_descriptor_limit();
        let in_one = open_files.saturating_sub(SPARE_DESCRIPTORS);
        ensure!(
            in_one > 0,
            "this process may have {open_files} open files, and a server needs more than \
             {SPARE_DESCRIPTORS} to take a client: {RAISE_OPEN_FILES}, such as to 1024",
        );
        let connections = match self.max_clients {
            Some(asked) => asked.into(),
            None => in_one.min(MAX_CLIENTS.into()),
        };
        let one_table = connections > in_one && !descriptor_table::can_separate();
        let needed = tables(connections, in_one).filter(|_| !one_table);
        let Some(needed) = needed else {
            let most = most_in_process(in_one, one_table);
            bail!(UsageError(format!(
                "--max-clients {connections}: {open_files} open files allow {most}: \
                 {RAISE_OPEN_FILES}"
            )));
        };
        // Each thread has a core, or a descriptor table.
        let count = needed.max(std::thread::available_parallelism()?.get() as u64);
        Ok(ShardLimits {
            connections: connections as u32,
            count: count as usize,
            table: (needed > 1).then(|| room_in_each(count, in_one) as usize),
        })
    }

    /// The settings of every connection.
    pub fn settings(
        &self,
        connections: u32,
        access: Access,
        tls: Option<ServerTls>,
    ) -> ServerSettings {
        ServerSettings {
            access,
            tls,
            capacity: AddressLimits {
                all: connections,
                per_address: self.max_clients_per_address,
            },
            max_head_bytes: self.max_header.0 as usize,
            head_timeout: self.header_timeout.0,
            idle_timeout: self.idle_timeout.0,
            peer_timeout: self.peer_timeout.0,
            classroom: None,
        }
    }

    /// The limits of the transports.
    pub fn of_transports(&self) -> Limits {
        Limits {
            heartbeat: self.heartbeat.0,
            ping: self.ping.0,
            max_hold: self.max_hold.0,
            max_message_bytes: self.max_message.0 as usize,
            slow_reader: self.slow_reader,
            leave_after: self.leave_after.0,
            body_timeout: self.header_timeout.0,
        }
    }

    pub fn pace(&self) -> Option<RateLimiter> {
        let rate = self.publish_rate.and_then(NonZeroU32::new);
        rate.map(RateLimiter::new)
    }

    pub fn max_feeds(&self) -> u32 {
        self.max_feeds
    }

    /// The bounds of memory.
    ///
    /// # Errors
    /// `--history-bytes` is more than messages may have.
    pub fn memory(&self) -> Result<Arc<Memory>, UsageError> {
        let max_bytes = self.max_memory.0 as usize;
        let most = for_messages(max_bytes);
        let history = self.history_bytes.map_or(most, |bytes| bytes.0 as usize);
        if history > most {
            return Err(UsageError(format!(
                "--history-bytes: messages may have three quarters of --max-memory; write at most \
                 {most}, or --max-memory {}",
                history.div_ceil(3) * 4
            )));
        }
        Ok(Memory::with_history(max_bytes, history))
    }
}
