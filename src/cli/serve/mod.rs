//! `wslab serve`: the server alone.

mod bind;
mod history_file;
pub mod limits;
mod listeners;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::classroom::Classroom;
use crate::cli::args::{GivenToken, check_token, parse_token, within};
use crate::cli::help::{self, headings};
use crate::cli::process::{confine, interrupted, runtime, wait_for_parent};
use crate::cli::serve::bind::{BindAddress, parse_bind};
use crate::cli::serve::history_file::{HistoryFile, discard};
use crate::cli::serve::limits::LimitArgs;
use crate::cli::serve::listeners::{Listeners, cannot_listen};
use crate::client::token;
use crate::error::UsageError;
use crate::feed::{Feeds, Retention};
use crate::lab::factors::Switch;
use crate::monitor;
use crate::server::access::{Access, Origin};
use crate::server::host::{HostName, Hosts};
use crate::server::tls::ServerTls;
use crate::server::{Server, ServerSettings};
use crate::service::state::{AppState, LOBBY};
use crate::system::cpus::Cpus;
use crate::system::output;
use crate::texts::Locale;

/// Most members of all feeds. A member is a name and a few numbers, so this is some megabytes.
const MAX_MEMBERS: u32 = 10_000;

#[derive(Args)]
#[command(after_help = help::brief(help::SERVE))]
#[command(after_long_help = help::full(help::SERVE, help::SERVE_CODES))]
pub(super) struct ServeArgs {
    /// Address and port
    ///
    /// Port 0 takes a free one. What is left out is that of the default: :9000 is port 9000 of this
    /// machine alone. 0.0.0.0:9000 or *:9000 is that port on all networks.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    #[arg(value_parser = parse_bind, help_heading = headings::NETWORK)]
    bind: BindAddress,
    /// Messages kept of each feed
    #[arg(long, value_name = "N", default_value = "1k", help_heading = headings::FEEDS)]
    #[arg(value_parser = within::<u32>(1..=1_000_000, "messages"))]
    history: u32,
    /// Keep all messages over a restart
    ///
    /// When the server ends by SIGTERM, SIGHUP or Ctrl-C, it writes the messages of all feeds with
    /// their numbers to FILE, and the next server with FILE goes on from there: clients that connect
    /// again miss nothing and get nothing twice. What was read is renamed to FILE.used. After a
    /// crash or SIGKILL there is nothing to read: the next server begins without messages, and
    /// clients are told. Members are not kept.
    #[arg(long, value_name = "FILE", help_heading = headings::FEEDS, hide_short_help = true)]
    history_file: Option<PathBuf>,
    /// A feed that always exists
    ///
    /// "lobby", "system" and "sensors" exist beside it. May be repeated. Other feeds are made by
    /// the clients that use them, and go after an hour without use.
    #[arg(long, value_name = "NAME", help_heading = headings::FEEDS)]
    feed: Vec<String>,
    /// Readers with a name are members
    ///
    /// The join and the leave of a member are published in the feed.
    #[arg(long, value_name = "on|off", default_value = "on", help_heading = headings::FEEDS)]
    #[arg(hide_short_help = true)]
    presence: Switch,
    /// Publish readings of this machine
    ///
    /// CPU, memory and network, into the feed "system", once a second. demo always does.
    #[arg(long, help_heading = headings::FEEDS)]
    monitor: bool,
    /// Publish readings of simulated sensors
    ///
    /// N sensors publish into the feed "sensors", each once a second.
    #[arg(long, value_name = "N", value_parser = within::<u32>(0..=1_000, "sensors"))]
    #[arg(help_heading = headings::FEEDS)]
    sensors: Option<u32>,
    /// Token that clients send
    ///
    /// As ?token=TOKEN or as Authorization: Bearer TOKEN. The environment variable hides it from
    /// other users of this machine.
    #[arg(long, value_name = "TOKEN", env = token::VARIABLE, hide_env_values = true)]
    #[arg(value_parser = parse_token, help_heading = headings::ACCESS)]
    token: Option<GivenToken>,
    /// Other pages that may use this server
    ///
    /// Their origins, as https://lab.example.org; or null, for pages opened from a file, which also
    /// lets in any page in a sandboxed frame.
    #[arg(long, value_name = "ORIGIN[,…]", value_delimiter = ',')]
    #[arg(help_heading = headings::ACCESS, hide_short_help = true)]
    allow_origin: Vec<Origin>,
    /// Further names of this server
    ///
    /// As lab.example.org: those of a proxy in front of it, or of this machine in the local DNS.
    /// Always allowed: IP addresses, names without a dot, this machine's name, that of --bind, and
    /// the names in the certificate. Other names get 421.
    #[arg(long, value_name = "NAME[,…]", value_delimiter = ',', help_heading = headings::ACCESS)]
    #[arg(hide_short_help = true)]
    allow_host: Vec<HostName>,
    /// Language of the pages: English or Portuguese
    ///
    /// Until a visitor chooses the other. Without it, the language of the browser.
    #[arg(long, value_name = "en|pt", help_heading = headings::OUTPUT, hide_short_help = true)]
    lang: Option<Locale>,
    /// What is logged on standard error
    ///
    /// A level (error, warn, info, debug, trace), or one for each part, as wslab::server=debug.
    /// Tokens and queries are never logged.
    #[arg(long, value_name = "LEVEL", default_value = "warn", help_heading = headings::OUTPUT)]
    #[arg(value_parser = parse_log)]
    log: Targets,
    /// Serve https and wss
    ///
    /// The certificate is made at the start, and its fingerprint is printed on standard error.
    /// Clients need it.
    #[arg(long, help_heading = headings::NETWORK)]
    tls: bool,
    /// Certificate and its chain (PEM)
    #[arg(long, value_name = "FILE", requires = "key", help_heading = headings::NETWORK)]
    cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = headings::NETWORK)]
    key: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
    /// End when standard input ends
    #[arg(long, hide = true)]
    with_parent: bool,
    /// Run on these CPUs only
    #[arg(long, hide = true)]
    cpus: Option<Cpus>,
}

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listening {
    /// `http` or `https`.
    pub scheme: &'static str,
    pub address: SocketAddr,
    /// Connections that it takes at once.
    pub capacity: u32,
}

impl ServeArgs {
    /// The same server with demonstration feeds, and with so many sensors unless a flag said how
    /// many. It also answers for the host `name`.
    pub(super) fn demonstrating(mut self, sensors: u32, name: Option<HostName>) -> Self {
        self.allow_host.extend(name);
        ServeArgs {
            monitor: true,
            sensors: self.sensors.or(Some(sensors)),
            ..self
        }
    }

    /// The language that a flag named.
    pub(super) fn lang(&self) -> Option<Locale> {
        self.lang
    }

    /// Whether it listens for this machine alone.
    pub(super) fn is_local(&self) -> bool {
        self.bind.address.ip().is_loopback()
    }

    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let is_asked = !self.with_parent;
        self.run(|Listening { capacity, .. }, _| {
            if is_asked {
                let note =
                    format!("takes {capacity} connections at once; --max-clients changes it");
                // A pipe that is closed after the address does not end the server.
                let _ = writeln!(std::io::stdout(), "{note}");
            }
            Ok(None)
        })
    }

    /// Serves until a signal comes. `started` is called once the server listens, and returns the
    /// class if there is one.
    pub(super) fn run(
        self,
        started: impl FnOnce(Listening, &AppState) -> anyhow::Result<Option<Arc<Classroom>>>,
    ) -> anyhow::Result<ExitCode> {
        confine(self.cpus.as_ref())?;
        self.start_log();
        let shards = self.limits.shards()?;
        let (mut settings, state) = (self.settings(shards.connections)?, Arc::new(self.state()?));
        self.end_with_parent();
        let runtime = runtime()?;
        runtime.block_on(async {
            let address = self.bind.address;
            let listeners = Listeners::bind(address, shards);
            let listeners = listeners.map_err(|error| cannot_listen(address, &error))?;
            let history_file = self.history_file.as_deref();
            let history_file = history_file.map(HistoryFile::take).transpose()?;
            if let Some(file) = &history_file {
                file.restore(&state.feeds)?;
            }
            // Before the address is known, so that every signal is taken that follows it.
            let interrupted = interrupted();
            let listening = Listening {
                scheme: if settings.tls.is_some() {
                    "https"
                } else {
                    "http"
                },
                address: listeners.address()?,
                capacity: shards.connections,
            };
            self.write_address(&settings, &listening)?;
            settings.classroom = started(listening, &state)?;
            self.fill_feeds(settings.classroom.as_ref(), &state.feeds)?;
            if let Some(file) = &history_file {
                file.mark_used()?;
            }
            tracing::info!(address = %listening.address, "listening");
            let shutdown = async {
                interrupted.await;
            };
            let server = Server::new(state.clone(), settings);
            listeners.serve(server, shutdown).await;
            // Every connection has ended: what was acknowledged is in the feeds.
            history_file.map_or(Ok(()), |file| file.save(&state.feeds))
        })?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(ExitCode::SUCCESS)
    }

    fn end_with_parent(&self) {
        if !self.with_parent {
            return;
        }
        let history_file = self.history_file.clone();
        std::thread::spawn(move || {
            wait_for_parent();
            history_file.as_deref().map(discard);
            std::process::exit(0);
        });
    }

    /// Starts what publishes by itself.
    fn fill_feeds(&self, classroom: Option<&Arc<Classroom>>, feeds: &Feeds) -> anyhow::Result<()> {
        if self.monitor {
            monitor::watch_machine(feeds)?;
        }
        if let Some(count @ 1..) = self.sensors {
            let classroom = classroom.cloned();
            let rate_hz = classroom.map(|classroom| move || classroom.orders.rate_hz());
            monitor::simulate_sensors(feeds, count, rate_hz)?;
        }
        Ok(())
    }

    fn start_log(&self) {
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            // A closed standard error is no reason to panic.
            .log_internal_errors(false)
            .with_writer(std::io::stderr);
        tracing_subscriber::registry()
            .with(lines.with_filter(self.log.clone()))
            .init();
    }

    /// Writes where the server listens, and the fingerprint of its certificate.
    fn write_address(
        &self,
        settings: &ServerSettings,
        &Listening {
            scheme, address, ..
        }: &Listening,
    ) -> anyhow::Result<()> {
        let fingerprint = settings.tls.as_ref().map(|tls| tls.fingerprint);
        if let (Some(fingerprint), false) = (fingerprint, self.with_parent) {
            let _ = writeln!(std::io::stderr(), "certificate: SHA-256 {fingerprint}");
        }
        output::write(format!("listening on {scheme}://{address}\n"))?;
        if self.bind.is_short && address.ip().is_loopback() {
            let all = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            let note = format!("for this machine alone; --bind {all} serves all networks");
            let _ = writeln!(std::io::stderr(), "{note}");
        }
        if let (Some(fingerprint), true) = (fingerprint, self.with_parent) {
            output::write(format!("{fingerprint}\n"))?;
        }
        Ok(())
    }

    fn settings(&self, connections: u32) -> anyhow::Result<ServerSettings> {
        let token = check_token(self.token.as_ref())?;
        let tls = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some(ServerTls::read(cert, key)),
            _ => self
                .tls
                .then(|| ServerTls::self_signed(self.bind.address.ip())),
        };
        let tls = tls.transpose();
        let tls = tls.map_err(|error| UsageError(format!("{error:#}")))?;
        let certificate = tls.as_ref().map(|tls| tls.certificate.clone());
        let names = self.allow_host.iter().chain(&self.bind.name);
        let access = Access {
            token,
            origins: self.allow_origin.clone(),
            hosts: Hosts::new(names.cloned().collect(), certificate),
        };
        Ok(self.limits.settings(connections, access, tls))
    }

    fn state(&self) -> Result<AppState, UsageError> {
        let retention = Retention {
            messages: self.history as usize,
            ..Retention::default()
        };
        let feeds = Feeds::new(retention, self.limits.max_feeds());
        let feeds = feeds.with_memory(self.limits.memory()?);
        let feeds = match self.presence {
            Switch::On => feeds.with_presence(MAX_MEMBERS),
            Switch::Off => feeds,
        };
        let named = self.feed.iter().map(String::as_str);
        for name in named.chain([LOBBY, monitor::SYSTEM, monitor::SENSORS]) {
            let kept = feeds.keep(name);
            kept.map_err(|error| UsageError(format!("--feed {name}: {error}")))?;
        }
        let mut state = AppState::new(feeds, self.limits.of_transports());
        state.rate_limiter = self.limits.pace();
        state.page_language = self.lang;
        Ok(state)
    }
}

/// What is logged. A word alone is a level: as a part's name it would be a mistyped one.
fn parse_log(text: &str) -> Result<Targets, String> {
    let is_known = |part: &str| part.contains(['=', ':']) || part.parse::<LevelFilter>().is_ok();
    let targets = text.parse().ok().filter(|_| text.split(',').all(is_known));
    targets.ok_or_else(|| {
        "write error, warn, info, debug or trace; or one for a part, as wslab::server=debug"
            .to_owned()
    })
}
