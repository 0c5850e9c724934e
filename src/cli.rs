//! The command line: every command and flag.

mod compare;

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::feed::{Feeds, Retention};
use crate::lab::doctor::{self, Level, Needs};
use crate::lab::machine::Facts;
use crate::lab::pinning::Pinning;
use crate::lab::recorded::Recorded;
use crate::lab::results::{self, Verdict};
use crate::lab::run::{self, Ending, Options};
use crate::lab::scenario::{self, Scenario, Span, Switch, UsageError};
use crate::lab::summary;
use crate::load::plan::{Event, Plan, Workload};
use crate::load::schedule::Pacing;
use crate::measure::cpus::Cpus;
use crate::measure::interface::Frames;
use crate::measure::process;
use crate::report::{self, Report};
use crate::server;
use crate::transport::Transport;
use crate::transport::http::Headers;
use crate::transport::hub::{Hub, Limits};

/// Feeds that a server holds, at the most: what strangers can make it remember.
const MAX_FEEDS: usize = 10_000;

/// Clients that a server takes where neither a flag nor the open files bound them.
const MAX_CLIENTS: u32 = 1_000_000;

/// Descriptors that a server needs beside its clients.
const SPARE_DESCRIPTORS: u64 = 32;

/// How long the doctor watches what else runs here.
const WATCH: Duration = Duration::from_secs(1);

/// Polling, SSE or WebSocket? Measures the same feed over each: delivery latency, bytes, CPU.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure: run a scenario, or what the flags say
    Run(Box<RunArgs>),
    /// Rebuild report.html and the plots of a run from what is on disk
    Report(ReportArgs),
    /// Tell what on this machine would spoil a measurement, and how to mend it
    Doctor(DoctorArgs),
    /// Compare two runs, or the transports within one
    Compare(compare::CompareArgs),
    /// Serve the feeds, and the page that shows them
    Serve(ServeArgs),
    /// The load of one trial; started by run, which tells it what to do
    #[command(hide = true)]
    Load(LoadArgs),
}

#[derive(Debug, Args)]
struct RunArgs {
    /// A scenario file, or one of: smoke, classroom, fanout, chat-rooms, idle; or the folder of a
    /// run, to repeat it with its seed, target and pinning. Flags change it
    scenario: Option<String>,
    /// Transports, separated by commas: short-polling, long-polling, sse, websocket; or all
    #[arg(long, value_name = "T,…", value_delimiter = ',', value_parser = parse_transports)]
    transport: Vec<Transports>,
    /// Subscribers; several numbers, separated by commas, are measured one after the other
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
    /// Trials of each cell
    #[arg(long, value_name = "K", value_parser = parse_repeats)]
    repeats: Option<u32>,
    /// Fixes everything random
    #[arg(long)]
    seed: Option<u64>,
    /// A server that already runs, as http://HOST:PORT; otherwise each trial starts its own
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Server and load on cores of their own; off, in a run that is repeated: as the kernel likes
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "on")]
    pin: Option<Switch>,
    /// A network interface; what passes it is recorded beside the byte ledger
    #[arg(long, value_name = "NAME", value_parser = parse_interface)]
    interface: Option<String>,
    /// Where the results go
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// No progress, only the result
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// Folders of runs; the newest run if none is named
    #[arg(value_name = "RUN_DIR")]
    runs: Vec<PathBuf>,
    /// Where the newest run is looked for
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

#[derive(Debug, Args)]
struct DoctorArgs {
    /// Subscribers that are to be measured
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = parse_clients)]
    clients: u32,
}

#[derive(Debug, Args)]
struct LoadArgs {
    /// Run on these CPUs only
    #[arg(long, hide = true)]
    cpus: Option<Cpus>,
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    bind: SocketAddr,
    /// Messages kept of each feed
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = parse_history)]
    history: u32,
    /// Connections served at once; those beyond get 503. Default: as the open files allow
    #[arg(long, value_name = "N")]
    max_clients: Option<u32>,
    /// End when standard input does
    #[arg(long, hide = true)]
    with_parent: bool,
    /// Run on these CPUs only
    #[arg(long, hide = true)]
    cpus: Option<Cpus>,
}

impl Cli {
    /// Does what was asked.
    pub fn execute(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Run(args) => args.execute(),
            Command::Report(args) => args.execute(),
            Command::Doctor(args) => args.execute(),
            Command::Compare(args) => args.execute(),
            Command::Serve(args) => args.execute(),
            Command::Load(args) => args.execute(),
        }
    }
}

impl RunArgs {
    fn execute(self) -> anyhow::Result<ExitCode> {
        let recorded = match &self.scenario {
            Some(named) => Recorded::find(named)?,
            None => None,
        };
        let scenario = self.scenario(recorded.as_ref())?;
        let then = recorded.as_ref().map(|recorded| &recorded.environment);
        let target = self.target.or(then.and_then(|then| then.target.clone()));
        let pinning = then.and_then(|then| then.pinning.as_ref());
        let options = Options {
            pinning: Pinning::choose(self.pin, pinning, target.is_none())?,
            target,
            results: self.results,
            quiet: self.quiet,
            interface: self.interface,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (run, ending) = runtime.block_on(run::run(&scenario, &options, interrupted()))?;
        if let Some(then) = then
            && !self.quiet
        {
            let changes = then.changes(&Recorded::read(&run.folder)?.environment);
            tell_changes(&changes);
        }
        if !run.trials.is_empty() {
            let (table, page) = (report::text_table(&run.trials), write_report(&run.folder)?);
            // Who has closed standard output has the page.
            let _ = writeln!(std::io::stdout(), "{table}\nreport: {}", page.display());
        }
        match ending {
            Ending::CutShort(reason) => {
                let (kept, folder) = (run.trials.len(), run.folder.display());
                bail!("{reason}; finished trials kept: {kept}, in {folder}")
            }
            Ending::Complete if run.verdict() == Verdict::Invalid => Ok(ExitCode::from(3)),
            Ending::Complete => Ok(ExitCode::SUCCESS),
        }
    }

    /// The scenario that was recorded or is named, or the default one, with the changes that the
    /// flags ask for.
    fn scenario(&self, recorded: Option<&Recorded>) -> Result<Scenario, UsageError> {
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
        set(&mut scenario.warm_up, self.warm_up);
        set(&mut scenario.window, self.window);
        set(&mut scenario.drain, self.drain);
        set(&mut scenario.repeats, self.repeats);
        set(&mut scenario.seed, self.seed);
        scenario.check()?;
        Ok(scenario)
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

impl ReportArgs {
    fn execute(self) -> anyhow::Result<ExitCode> {
        let runs = match self.runs.is_empty() {
            true => vec![newest_run(&self.results)?],
            false => self.runs,
        };
        for run in runs {
            writeln!(std::io::stdout(), "{}", write_report(&run)?.display())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Rebuilds a run's report from its folder and returns the page's path.
fn write_report(folder: &Path) -> anyhow::Result<PathBuf> {
    let Recorded {
        scenario,
        environment,
    } = Recorded::read(folder)?;
    // A run that was cut off in its first trial has neither file.
    let (trials, timeline) = (folder.join("trials.csv"), folder.join("timeline.csv"));
    let trials = if trials.exists() {
        results::read_rows(&trials)?
    } else {
        Vec::new()
    };
    let timeline = if timeline.exists() {
        results::read_rows(&timeline)?
    } else {
        Vec::new()
    };
    if !trials.is_empty() {
        summary::write(folder, &trials)?;
    }
    let report = Report {
        scenario: &scenario.name,
        run: &folder.file_name().unwrap_or_default().to_string_lossy(),
        question: Some(scenario.question.as_str()).filter(|question| !question.is_empty()),
        machine: &environment.lines(),
        trials: &trials,
        timeline: &timeline,
    };
    report::write(folder, &report)
}

/// The run that began last: the folder of runs `<results>/<scenario>/<run>` tells.
fn newest_run(results: &Path) -> anyhow::Result<PathBuf> {
    let folders = |of: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let began = |run: &PathBuf| run.join("environment.json").metadata()?.modified();
    folders(results)
        .iter()
        .flat_map(|scenario| folders(scenario))
        .filter_map(|run| Some((began(&run).ok()?, run)))
        .max()
        .map(|(_, run)| run)
        .with_context(|| {
            format!(
                "there is no run in {}: make one with wslab run",
                results.display()
            )
        })
}

impl DoctorArgs {
    fn execute(self) -> anyhow::Result<ExitCode> {
        let needs = Needs {
            clients: self.clients.into(),
            remote: true,
        };
        let findings = doctor::findings(&Facts::watch(WATCH), needs);
        for finding in &findings {
            writeln!(std::io::stdout(), "{finding}")?;
        }
        let bad = findings.iter().any(|finding| finding.level == Level::Bad);
        Ok(ExitCode::from(u8::from(bad)))
    }
}

/// Confines this process, which has one thread yet, to the CPUs that it was given.
fn confine(cpus: Option<&Cpus>) -> Result<(), UsageError> {
    cpus.map_or(Ok(()), Cpus::confine)
        .map_err(|error| UsageError(format!("cpus: {error}")))
}

impl ServeArgs {
    fn execute(self) -> anyhow::Result<ExitCode> {
        confine(self.cpus.as_ref())?;
        let places = process::raise_descriptor_limit().saturating_sub(SPARE_DESCRIPTORS);
        let max_clients = places.min(u64::from(self.max_clients.unwrap_or(MAX_CLIENTS)));
        let retention = Retention {
            messages: self.history as usize,
            ..Retention::default()
        };
        let hub = Arc::new(Hub {
            feeds: Feeds::new(retention, MAX_FEEDS),
            limits: Limits::default(),
        });
        if self.with_parent {
            std::thread::spawn(|| {
                wait_for_parent(|_| {});
                std::process::exit(0);
            });
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = server::bind(self.bind).with_context(|| {
                format!("cannot listen on {}: choose another with --bind", self.bind)
            })?;
            let mut output = std::io::stdout();
            writeln!(output, "listening on http://{}", listener.local_addr()?)?;
            output.flush()?;
            let shutdown = async {
                interrupted().await;
            };
            server::run(listener, hub, max_clients as usize, shutdown).await;
            anyhow::Ok(())
        })?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(ExitCode::SUCCESS)
    }
}

/// Waits for somebody who wants this process to stop, and tells by what.
async fn interrupted() -> &'static str {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "Ctrl-C",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    }
}

impl LoadArgs {
    fn execute(self) -> anyhow::Result<ExitCode> {
        confine(self.cpus.as_ref())?;
        load()
    }
}

/// The load process: a plan on standard input, events on standard output.
fn load() -> anyhow::Result<ExitCode> {
    process::raise_descriptor_limit();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let plan: Plan = serde_json::from_str(&line)
        .context("wslab load is for wslab run, which gives it a plan")?;
    let stop = Arc::new(AtomicBool::new(false));
    let ordered = stop.clone();
    std::thread::spawn(move || {
        wait_for_parent(|line| ordered.fetch_or(line == "stop", Relaxed));
        std::process::exit(1);
    });
    let mut output = std::io::stdout();
    crate::load::run(plan, stop, |event: Event| {
        let mut line = serde_json::to_vec(&event).expect("events are plain data");
        line.push(b'\n');
        // A parent that is gone does not read; the thread above ends this process then.
        let _ = output.write_all(&line).and_then(|()| output.flush());
    });
    Ok(ExitCode::SUCCESS)
}

/// Returns when the parent has gone, and with it the other end of standard input.
fn wait_for_parent<T>(mut heed: impl FnMut(&str) -> T) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        heed(&line);
    }
}

/// One word of `--transport`: a transport, or all of them.
#[derive(Clone, Debug)]
struct Transports(Vec<Transport>);

fn parse_transports(text: &str) -> Result<Transports, String> {
    match text {
        "all" => Ok(Transports(Transport::ALL.to_vec())),
        one => one
            .parse()
            .map(|transport| Transports(vec![transport]))
            .map_err(|error: String| format!("{error}, or all")),
    }
}

fn parse<T>(text: &str, check: fn(&T) -> Result<(), String>) -> Result<T, String>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let value = text.parse().map_err(|error: T::Err| error.to_string())?;
    check(&value).map(|()| value)
}

fn parse_clients(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_clients)
}

fn parse_rate_hz(text: &str) -> Result<f64, String> {
    parse(text, |rate_hz: &f64| match *rate_hz {
        0.0 => Err("nothing would be published; to see what waiting costs: wslab run idle".into()),
        _ => scenario::check_rate_hz(rate_hz),
    })
}

fn parse_pacing(text: &str) -> Result<Pacing, String> {
    [Pacing::Constant, Pacing::Poisson]
        .into_iter()
        .find(|pacing| pacing.to_string() == text)
        .ok_or_else(|| format!("unknown schedule \"{text}\": write constant or poisson"))
}

fn parse_payload(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_payload_bytes)
}

fn parse_feeds(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_feeds)
}

fn parse_repeats(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_repeats)
}

fn parse_interface(name: &str) -> Result<String, String> {
    Frames::of(name)
        .map(|_| name.to_owned())
        .map_err(|error| format!("{error}: \"ip link\" lists those that there are"))
}

fn parse_history(text: &str) -> Result<u32, String> {
    parse(text, |messages: &u32| match messages {
        1..=1_000_000 => Ok(()),
        _ => Err(format!("{messages} messages are not between 1 and 1000000")),
    })
}
