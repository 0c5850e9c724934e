//! `wslab serve`: the server alone.

pub mod limits;

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::cli::serve::limits::LimitArgs;
use crate::cli::{
    GivenToken, check_token, confine, interrupted, parse, parse_token, wait_for_parent,
};
use crate::client::token;
use crate::error::UsageError;
use crate::feed::{Feeds, Retention};
use crate::monitor;
use crate::server::access::{Access, Origin};
use crate::server::tls::ServerTls;
use crate::server::{self, ServerSettings};
use crate::service::state::AppState;
use crate::system::cpus::Cpus;

/// Members of all feeds, at the most: a name and a few numbers each, so some megabytes.
const MAX_MEMBERS: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Presence {
    On,
    Off,
}

#[derive(Args)]
pub(super) struct ServeArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    bind: SocketAddr,
    /// Messages kept of each feed
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = parse_history)]
    history: u32,
    /// Whether readers that give a name are members of the feed, told to all when they come and go
    #[arg(long, value_enum, default_value = "on")]
    presence: Presence,
    /// Publish this machine's CPU, memory and network readings into the feed "system", every second
    #[arg(long)]
    monitor: bool,
    /// Publish the readings of N simulated sensors into the feed "sensors", each once a second.
    /// Default: none, and 4 for demo
    #[arg(long, value_name = "N", value_parser = parse_sensors)]
    sensors: Option<u32>,
    /// Tell where the page shows them
    #[arg(skip)]
    tells_page: bool,
    /// What clients must know: ?token=TOKEN, or Authorization: Bearer TOKEN. The environment
    /// variable keeps it from other users of this machine
    #[arg(long, value_name = "TOKEN", env = token::VARIABLE, hide_env_values = true)]
    #[arg(value_parser = parse_token)]
    token: Option<GivenToken>,
    /// Where pages may come from that are not this server's own, as https://lab.example.org
    #[arg(long, value_name = "ORIGIN[,…]", value_delimiter = ',')]
    allow_origin: Vec<Origin>,
    /// What to tell of on standard error: a level (error, warn, info, debug, trace), or one for
    /// each part, as wslab::server=debug. Tokens and queries are never told
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: Targets,
    /// Serve https and wss, with a certificate made at the start, whose fingerprint goes to
    /// standard error: clients are told it
    #[arg(long)]
    tls: bool,
    /// A certificate of one's own, and the chain above it (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
    /// End when standard input does
    #[arg(long, hide = true)]
    with_parent: bool,
    /// Run on these CPUs only
    #[arg(long, hide = true)]
    cpus: Option<Cpus>,
}

impl ServeArgs {
    /// The same, with demonstration feeds, and so many sensors unless it has some.
    pub(super) fn demonstrating(self, sensors: u32) -> Self {
        ServeArgs {
            monitor: true,
            sensors: self.sensors.or(Some(sensors)),
            tells_page: true,
            ..self
        }
    }

    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        confine(self.cpus.as_ref())?;
        self.start_log();
        let (settings, state) = (self.settings()?, Arc::new(self.state()));
        if self.with_parent {
            std::thread::spawn(|| {
                wait_for_parent(|_| {});
                std::process::exit(0);
            });
        }
        // With one core there is nothing to share between threads, which would cost each task a
        // little.
        let cores = std::thread::available_parallelism()?.get();
        let mut runtime = match cores {
            1 => tokio::runtime::Builder::new_current_thread(),
            _ => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = runtime.enable_all().build()?;
        runtime.block_on(async {
            let listener = server::bind(self.bind).with_context(|| {
                format!("cannot listen on {}: choose another with --bind", self.bind)
            })?;
            self.tell(&settings, listener.local_addr()?)?;
            if self.monitor {
                monitor::watch_machine(&state.feeds)?;
            }
            if let Some(count @ 1..) = self.sensors {
                monitor::simulate_sensors(&state.feeds, count)?;
            }
            tracing::info!(address = %listener.local_addr()?, "listening");
            let shutdown = async {
                interrupted().await;
            };
            server::run(listener, state, settings, shutdown).await;
            anyhow::Ok(())
        })?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(ExitCode::SUCCESS)
    }

    fn start_log(&self) {
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(std::io::stderr);
        tracing_subscriber::registry()
            .with(lines.with_filter(self.log.clone()))
            .init();
    }

    /// Says where it listens, and how it can be known.
    fn tell(&self, settings: &ServerSettings, address: SocketAddr) -> std::io::Result<()> {
        let mut output = std::io::stdout();
        let scheme = match &settings.tls {
            Some(_) => "https",
            None => "http",
        };
        let fingerprint = settings.tls.as_ref().map(|tls| tls.fingerprint);
        if let (Some(fingerprint), false) = (fingerprint, self.with_parent) {
            eprintln!("certificate: SHA-256 {fingerprint}");
        }
        writeln!(output, "listening on {scheme}://{address}")?;
        if let (Some(fingerprint), true) = (fingerprint, self.with_parent) {
            writeln!(output, "{fingerprint}")?;
        }
        if self.tells_page {
            let page = page(scheme, address);
            writeln!(
                output,
                "the page: {page}, {page}?feed=system, {page}?feed=sensors"
            )?;
        }
        output.flush()
    }

    fn settings(&self) -> Result<ServerSettings, UsageError> {
        let token = check_token(self.token.as_ref())?;
        let origins = self.allow_origin.clone();
        let tls = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some(ServerTls::read(cert, key)),
            _ => self.tls.then(|| ServerTls::self_signed(self.bind.ip())),
        };
        let tls = tls.transpose();
        let tls = tls.map_err(|error| UsageError(format!("--tls, --cert, --key: {error:#}")))?;
        Ok(self.limits.settings(Access { token, origins }, tls))
    }

    fn state(&self) -> AppState {
        let retention = Retention {
            messages: self.history as usize,
            ..Retention::default()
        };
        let feeds = Feeds::new(retention, self.limits.max_feeds());
        let feeds = match self.presence {
            Presence::On => feeds.with_presence(MAX_MEMBERS),
            Presence::Off => feeds,
        };
        let mut state = AppState::new(feeds, self.limits.of_transports());
        state.pace = self.limits.pace();
        state
    }
}

/// Where a browser of this machine finds the page.
fn page(scheme: &str, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("{scheme}://{address}/")
}

fn parse_sensors(text: &str) -> Result<u32, String> {
    parse(text, |sensors: &u32| match sensors {
        0..=1_000 => Ok(()),
        _ => Err(format!("{sensors} sensors are more than 1000")),
    })
}

fn parse_history(text: &str) -> Result<u32, String> {
    parse(text, |messages: &u32| match messages {
        1..=1_000_000 => Ok(()),
        _ => Err(format!("{messages} messages are not between 1 and 1000000")),
    })
}
