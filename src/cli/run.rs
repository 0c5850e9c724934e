//! `wslab run`: a scenario, or what the flags say.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::cli::report::write_report;
use crate::cli::{
    TokenArgs, Transports, TrustArgs, check_token, interrupted, parse, parse_clients,
    parse_payload, parse_rate_hz, parse_transports,
};
use crate::client::http::Headers;
use crate::client::token::{self, Token};
use crate::error::UsageError;
use crate::lab::recorded_run::RecordedRun;
use crate::lab::run::{self, Ending, Run, RunOptions};
use crate::lab::scenario::{self, Scenario, Span, Switch};
use crate::load::protocol::Workload;
use crate::load::schedule::Pacing;
use crate::report;
use crate::results::Verdict;
use crate::system::interface::InterfaceCounters;
use crate::system::pinning::Pinning;
use crate::transport::Transport;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// A scenario file, or one of: smoke, classroom, fanout, chat-rooms, idle, scaling; or the
    /// folder of a run, to repeat it with its seed, target and pinning. Flags change it
    scenario: Option<String>,
    /// Transports, separated by commas: short-polling, long-polling, sse, websocket; or all
    #[arg(long, value_name = "T,…", value_delimiter = ',', value_parser = parse_transports)]
    transport: Vec<Transports>,
    /// raw-tcp as well: messages on a TCP connection and nothing more, to set the others against
    #[arg(long)]
    baseline: bool,
    /// Subscribers; several numbers, separated by commas, are measured one after the other (a
    /// search for capacity begins with one)
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = parse_clients)]
    clients: Vec<u32>,
    /// Messages a second published to each feed
    #[arg(long, value_name = "HZ", value_parser = parse_rate_hz, allow_negative_numbers = true)]
    rate: Option<f64>,
    /// When messages are due: constant or poisson
    #[arg(long, value_parser = parse_pacing)]
    schedule: Option<Pacing>,
    /// Bytes of text in a message
    #[arg(long, value_name = "BYTES", value_parser = parse_payload)]
    payload: Option<u32>,
    /// Who publishes: a few sensors (monitoring) or the subscribers themselves (chat)
    #[arg(long, value_name = "monitoring|chat")]
    workload: Option<Workload>,
    /// Feeds (rooms) that the clients are spread over
    #[arg(long, value_name = "N", value_parser = parse_feeds)]
    feeds: Option<u32>,
    /// Pause between short polls
    #[arg(long, value_name = "TIME")]
    poll_interval: Option<Span>,
    /// Longest wait of a long poll
    #[arg(long, value_name = "TIME")]
    hold: Option<Span>,
    /// off: the polling transports dial anew for every exchange
    #[arg(long, value_enum)]
    keep_alive: Option<Switch>,
    /// Header fields of each request: what the protocol demands, or what a browser sends
    #[arg(long, value_enum)]
    headers: Option<Headers>,
    /// Time that is published but not recorded
    #[arg(long, value_name = "TIME")]
    warm_up: Option<Span>,
    /// Time that is recorded
    #[arg(long, value_name = "TIME")]
    window: Option<Span>,
    /// Longest wait for stragglers
    #[arg(long, value_name = "TIME")]
    drain: Option<Span>,
    /// Trials of each cell; of a search for capacity, those that must hold at its end
    #[arg(long, value_name = "K", value_parser = parse_repeats)]
    pub(super) repeats: Option<u32>,
    /// Fixes everything random
    #[arg(long)]
    seed: Option<u64>,
    /// The servers that trials start speak TLS, with a certificate of their own that the load
    /// trusts
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    tls: Option<Switch>,
    /// A server that already runs, as http://HOST:PORT, or https; otherwise each trial starts its
    /// own
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    pass: TokenArgs,
    /// A program that serves instead of this one, to be compared with it
    #[arg(long, value_name = "PROGRAM", hide = true, conflicts_with = "target")]
    server: Option<PathBuf>,
    /// Server and load on cores of their own; off, in a run that is repeated: as the kernel likes
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    pin: Option<Switch>,
    /// A network interface; what passes it is recorded beside the byte ledger
    #[arg(long, value_name = "NAME", value_parser = parse_interface)]
    interface: Option<String>,
    /// Processes that the clients are spread over: one holds as many as it may open files
    #[arg(long, value_name = "N", value_parser = parse_load_processes)]
    load_processes: Option<u32>,
    /// off: no subscribers in a process of their own that check on the clients' processes
    #[arg(long, value_enum)]
    probe: Option<Switch>,
    /// Where the results go
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// No progress, only the result
    #[arg(long, short)]
    quiet: bool,
}

impl RunArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let recorded = self.recorded()?;
        let scenario = self.scenario(recorded.as_ref())?;
        if scenario.capacity.is_some() {
            let why = "this is a search for capacity; write wslab capacity instead of wslab run";
            return Err(UsageError(why.to_owned()).into());
        }
        let (run, ending) = self.measure(&scenario, recorded.as_ref())?;
        if !run.trials.is_empty() {
            let (table, page) = (report::text_table(&run.trials), write_report(&run.folder)?);
            // Who has closed standard output has the page.
            let _ = writeln!(std::io::stdout(), "{table}\nreport: {}", page.display());
        }
        complete(&run, ending)?;
        match run.verdict() {
            Verdict::Invalid => Ok(ExitCode::from(3)),
            Verdict::Valid | Verdict::Suspect => Ok(ExitCode::SUCCESS),
        }
    }

    /// The run that is to be repeated, if one is named.
    pub(super) fn recorded(&self) -> Result<Option<RecordedRun>, UsageError> {
        match &self.scenario {
            Some(named) => RecordedRun::find(named),
            None => Ok(None),
        }
    }

    /// Runs a scenario until it is done or somebody interrupts.
    pub(super) fn measure(
        &self,
        scenario: &Scenario,
        recorded: Option<&RecordedRun>,
    ) -> anyhow::Result<(Run, Ending)> {
        let then = recorded.map(|recorded| &recorded.environment);
        let target = self.target.clone();
        let target = target.or(then.and_then(|then| then.target.clone()));
        let pinning = then.and_then(|then| then.pinning.as_ref());
        let options = RunOptions {
            pinning: Pinning::choose(self.pin, pinning, target.is_none())?,
            token: self.token(target.is_some())?,
            target,
            trust: self.trust.trust(),
            server: self.server.clone(),
            results: self.results.clone(),
            quiet: self.quiet,
            interface: self.interface.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (run, ending) = runtime.block_on(run::run(scenario, &options, interrupted()))?;
        if let Some(then) = then
            && !self.quiet
        {
            let changes = then.changes(&RecordedRun::read(&run.folder)?.environment);
            tell_changes(&changes);
        }
        Ok((run, ending))
    }

    /// What the target asks for. Servers of our own ask for nothing, so that a flag is a mistake
    /// there; the variable may be set for other commands.
    fn token(&self, has_target: bool) -> Result<Option<Token>, UsageError> {
        let given = self.pass.token.as_ref();
        match given {
            given if has_target => check_token(given),
            Some(_) if std::env::var_os(token::VARIABLE).is_none() => {
                let why = "--token goes with --target: the servers that trials start ask for none";
                Err(UsageError(why.to_owned()))
            }
            _ => Ok(None),
        }
    }

    /// The scenario that was recorded or is named, or the default one, with the changes that the
    /// flags ask for.
    pub(super) fn scenario(&self, recorded: Option<&RecordedRun>) -> Result<Scenario, UsageError> {
        let mut scenario = match (recorded, &self.scenario) {
            (Some(recorded), _) => recorded.scenario.clone(),
            (None, Some(named)) => Scenario::find(named)?,
            (None, None) => Scenario {
                name: "custom".to_owned(),
                ..Scenario::default()
            },
        };
        if !self.transport.is_empty() {
            scenario.transports = self.transport.iter().flat_map(|t| t.0.clone()).collect();
            scenario.transports.sort();
            scenario.transports.dedup();
        }
        if self.baseline && !scenario.transports.contains(&Transport::BASELINE) {
            scenario.transports.push(Transport::BASELINE);
        }
        if !self.clients.is_empty() {
            scenario.clients.clone_from(&self.clients);
            scenario.clients.sort_unstable();
            scenario.clients.dedup();
        }
        set(&mut scenario.rate_hz, self.rate);
        set(&mut scenario.schedule, self.schedule);
        set(&mut scenario.payload_bytes, self.payload);
        set(&mut scenario.workload, self.workload);
        set(&mut scenario.feeds, self.feeds);
        set(&mut scenario.poll_interval, self.poll_interval);
        set(&mut scenario.hold, self.hold);
        set(&mut scenario.keep_alive, self.keep_alive);
        set(&mut scenario.headers, self.headers);
        set(&mut scenario.tls, self.tls);
        set(&mut scenario.warm_up, self.warm_up);
        set(&mut scenario.window, self.window);
        set(&mut scenario.drain, self.drain);
        set(&mut scenario.repeats, self.repeats);
        set(&mut scenario.seed, self.seed);
        set(&mut scenario.load_processes, self.load_processes);
        set(&mut scenario.probe, self.probe);
        scenario.check()?;
        Ok(scenario)
    }
}

/// Fails where a run was cut short, and says what it left.
pub(super) fn complete(run: &Run, ending: Ending) -> anyhow::Result<()> {
    match ending {
        Ending::CutShort(reason) => {
            let (kept, folder) = (run.trials.len(), run.folder.display());
            bail!("{reason}; finished trials kept: {kept}, in {folder}")
        }
        Ending::Complete => Ok(()),
    }
}

/// Tells who repeats a run what may make its figures others.
fn tell_changes(changes: &[String]) {
    let changes = match changes {
        [] => "nothing that matters has changed since".to_owned(),
        changes => format!("changed since: {}", changes.join("; ")),
    };
    let _ = writeln!(std::io::stderr(), "repeated: {changes}");
}

fn set<T: Copy>(field: &mut T, flag: Option<T>) {
    if let Some(value) = flag {
        *field = value;
    }
}

fn parse_pacing(text: &str) -> Result<Pacing, String> {
    [Pacing::Constant, Pacing::Poisson]
        .into_iter()
        .find(|pacing| pacing.to_string() == text)
        .ok_or_else(|| format!("unknown schedule \"{text}\": write constant or poisson"))
}

fn parse_feeds(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_feeds)
}

fn parse_load_processes(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_load_processes)
}

fn parse_repeats(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_repeats)
}

fn parse_interface(name: &str) -> Result<String, String> {
    InterfaceCounters::of(name)
        .map(|_| name.to_owned())
        .map_err(|error| format!("{error}: \"ip link\" lists those that there are"))
}
