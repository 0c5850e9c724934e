//! The command line: every command and flag, a file a command.

pub mod capacity;
pub mod chat;
pub mod compare;
pub mod demo;
pub mod report;
pub mod run;
pub mod serve;

use std::convert::Infallible;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::client::tls::{Fingerprint, Trust};
use crate::client::token::{self, Token};
use crate::error::UsageError;
use crate::lab::scenario::{self};
use crate::load::protocol::{Job, LoadEvent};
use crate::system::cpus::Cpus;
use crate::system::doctor::{self, Level, Requirements};
use crate::system::info::SystemInfo;
use crate::system::process;
use crate::transport::Transport;

/// How long the doctor watches what else runs here.
const WATCH: Duration = Duration::from_secs(1);

/// Polling, SSE or WebSocket? Measures the same feed over each: delivery latency, bytes, CPU.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure: run a scenario, or what the flags say
    Run(Box<run::RunArgs>),
    /// Search for the most clients, or messages a second, that each transport holds
    ///
    /// What is varied is doubled until a trial fails, and the bracket halved until its ends are
    /// close; what is found must hold again in further trials. A step holds if its trial is VALID
    /// and within the objective. It fails if it is beyond, or INVALID because messages were missed,
    /// connections refused or the server died. Doubtful trials are repeated (after a pause, if
    /// others on this machine disturbed them), and a step of which no trial becomes VALID is not
    /// told, and never held. Exit 3 where a transport is not told at all.
    Capacity(Box<capacity::CapacityArgs>),
    /// Rebuild report.html and the plots of a run from what is on disk
    Report(report::ReportArgs),
    /// Tell what on this machine would spoil a measurement, and how to mend it
    Doctor(DoctorArgs),
    /// Compare two runs, or the transports within one
    Compare(compare::CompareArgs),
    /// Serve the feeds, and the page that shows them
    Serve(Box<serve::ServeArgs>),
    /// Serve with something to see: this machine's readings, sensors, a chat; and the page
    Demo(Box<demo::DemoArgs>),
    /// Take part in a feed, at this terminal or behind a pipe, over any transport
    Chat(chat::ChatArgs),
    /// The load of one trial; started by run, which tells it what to do
    #[command(hide = true)]
    Load(LoadArgs),
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

/// Which server of an https URL is the right one.
#[derive(Clone, Debug, Args)]
struct TrustArgs {
    /// The SHA-256 of the certificate that the server of an https URL must show: wslab serve prints
    /// it, whoever signed it
    #[arg(long, value_name = "SHA256", conflicts_with = "ca")]
    fingerprint: Option<Fingerprint>,
    /// The authorities that may have signed it (PEM); the public ones' file on Debian is
    /// /etc/ssl/certs/ca-certificates.crt
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// What the server of a URL asks of those who come in.
#[derive(Clone, Debug, Args)]
struct TokenArgs {
    /// What the server was started with, if it asks for a token. The environment variable keeps it
    /// from other users of this machine
    #[arg(long, value_name = "TOKEN", env = token::VARIABLE, hide_env_values = true)]
    #[arg(value_parser = parse_token)]
    token: Option<GivenToken>,
}

/// A token, or why it is none: told by us, since clap would show what was given.
type GivenToken = Result<Token, String>;

fn parse_token(text: &str) -> Result<GivenToken, Infallible> {
    Ok(text.parse())
}

fn check_token(given: Option<&GivenToken>) -> Result<Option<Token>, UsageError> {
    let token = given.cloned().transpose();
    token.map_err(|error| UsageError(format!("--token: {error}")))
}

impl TrustArgs {
    fn trust(&self) -> Option<Trust> {
        let named = self.fingerprint.map(Trust::Fingerprint);
        named.or_else(|| self.ca.clone().map(Trust::Authorities))
    }
}

impl Cli {
    /// Does what was asked.
    pub fn execute(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Run(args) => args.execute(),
            Command::Capacity(args) => args.execute(),
            Command::Report(args) => args.execute(),
            Command::Doctor(args) => args.execute(),
            Command::Compare(args) => args.execute(),
            Command::Serve(args) => args.execute(),
            Command::Demo(args) => args.execute(),
            Command::Chat(args) => args.execute(),
            Command::Load(args) => args.execute(),
        }
    }
}

impl DoctorArgs {
    fn execute(self) -> anyhow::Result<ExitCode> {
        let needs = Requirements {
            clients: self.clients.into(),
            remote: true,
        };
        let findings = doctor::findings(&SystemInfo::watch(WATCH), needs);
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

/// A load process: its job on standard input, events or replies on standard output.
fn load() -> anyhow::Result<ExitCode> {
    process::raise_descriptor_limit();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)
        .context("wslab load is for wslab run, which gives it its job")?;
    match job {
        Job::Lead(plan) => {
            let stop = Arc::new(AtomicBool::new(false));
            let ordered = stop.clone();
            std::thread::spawn(move || {
                wait_for_parent(|line| ordered.fetch_or(line == "stop", Relaxed));
                std::process::exit(1);
            });
            crate::load::controller::run(plan, stop, |event: LoadEvent| say(&event))?;
        }
        Job::Follow(job) => {
            crate::load::agent::run_agent(job, std::io::stdin().lock(), |reply| say(&reply))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A line of JSON. A parent that is gone does not read it; this process ends then anyway.
fn say(what: &impl serde::Serialize) {
    let mut line = serde_json::to_vec(what).expect("it is plain data");
    line.push(b'\n');
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(&line).and_then(|()| output.flush());
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
        "all" => Ok(Transports(Transport::CHOICES.to_vec())),
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

fn parse_payload(text: &str) -> Result<u32, String> {
    parse(text, scenario::check_payload_bytes)
}
