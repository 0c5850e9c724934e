//! A run: every trial of a scenario, one after the other, and its folder of results, which is
//! complete after each of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::client::discover;
use crate::client::target::Target;
use crate::client::tls::Trust;
use crate::client::token::Token;
use crate::error::UsageError;
use crate::lab::capacity;
use crate::lab::capacity::search::Search;
use crate::lab::environment::Environment;
use crate::lab::factors::Switch;
use crate::lab::preflight;
use crate::lab::progress::ProgressDisplay;
use crate::lab::scenario::{Cell, Scenario};
use crate::lab::trial::{Trial, TrialResult};
use crate::results::{self, TimelineRow, TrialRow, Verdict};
use crate::system::doctor::{self, Requirements};
use crate::system::pinning::Pinning;

/// Where a run's results lie, and how its user wants it.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// A server that already runs; without it each trial has a server of its own.
    pub target: Option<String>,
    /// Which certificate it must show, if its URL says https.
    pub trust: Option<Trust>,
    /// What it asks of those who come in, if it does.
    pub token: Option<Token>,
    /// A program that serves instead of this one, with the same flags.
    pub server: Option<PathBuf>,
    pub results: PathBuf,
    pub quiet: bool,
    /// Where server and load run; without it, where the kernel likes.
    pub pinning: Option<Pinning>,
    /// A network interface whose counters are read beside the ledger.
    pub interface: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every trial was measured.
    Complete,
    /// It stopped early, for this reason; what was measured before is on disk.
    CutShort(String),
}

/// A run's folder and what has been measured so far.
#[derive(Debug)]
pub struct Run {
    pub folder: PathBuf,
    pub trials: Vec<TrialRow>,
    pub scenario: Scenario,
    options: RunOptions,
    target: Option<Target>,
    began: Instant,
    timeline: Vec<TimelineRow>,
    latencies: Vec<Latency>,
}

/// The delivery latencies of one trial.
#[derive(Debug)]
struct Latency {
    tag: String,
    /// Since the run began.
    start: Duration,
    length: Duration,
    histogram: Histogram<u64>,
}

/// Runs a scenario that has been checked, until it is done or `interrupted` tells by what.
pub async fn run(
    scenario: &Scenario,
    options: &RunOptions,
    interrupted: impl Future<Output = &'static str>,
) -> anyhow::Result<(Run, Ending)> {
    let target = match &options.target {
        Some(url) => {
            let (trust, token) = (options.trust.as_ref(), options.token.as_ref());
            Some(discover::find(url, trust, token).await?)
        }
        None => None,
    };
    let address = target.as_ref().map(|target| target.address);
    let mut scenario = preflight::bounded(scenario, address);
    if let Some(target) = &target {
        scenario.tls = match (&target.tls, scenario.tls) {
            (None, Switch::On) => {
                let why = "tls: the target's URL says whether it speaks TLS; write https://…";
                return Err(UsageError(why.to_owned()).into());
            }
            (None, Switch::Off) => Switch::Off,
            (Some(_), _) => Switch::On,
        };
    }
    scenario.check()?;
    let largest = scenario.at_its_largest();
    preflight::capacity(&largest, address)?;
    let remote = target.as_ref().is_some_and(|target| !target.same_host);
    let doubts = doctor::doubts(Requirements::of(&largest, remote));
    let mut run = Run::begin(scenario, options, target, &doubts)?;
    let mut display = ProgressDisplay::new(options.quiet);
    if let Some(hint) = doctor::hint(&doubts) {
        display.say(&hint);
    }
    let ending = tokio::select! {
        ending = run.measure(&mut display) => ending,
        name = interrupted => Ok(Ending::CutShort(format!("stopped by {name}"))),
    };
    display.finish();
    // Whatever went wrong, the trials before it stand.
    let ending = ending.unwrap_or_else(|error| Ending::CutShort(format!("{error:#}")));
    Ok((run, ending))
}

impl Run {
    /// Makes the run's folder, with what is known before anything is measured.
    fn begin(
        scenario: Scenario,
        options: &RunOptions,
        target: Option<Target>,
        doubts: &[String],
    ) -> anyhow::Result<Self> {
        let parent = options.results.join(&scenario.name);
        let folder = new_folder(&parent)
            .with_context(|| format!("cannot write results to {}", parent.display()))?;
        let environment = Environment {
            doubts: Some(doubts.to_vec()),
            ..Environment::look(
                scenario.seed,
                options.target.as_deref(),
                options.pinning.as_ref(),
            )
        };
        let toml = toml::to_string(&scenario).context("the scenario as TOML")?;
        let json = serde_json::to_vec_pretty(&environment).context("the environment as JSON")?;
        results::write_whole(&folder.join("scenario.toml"), toml.as_bytes())?;
        results::write_whole(&folder.join("environment.json"), &json)?;
        Ok(Run {
            folder,
            trials: Vec::new(),
            scenario,
            options: options.clone(),
            target,
            began: Instant::now(),
            timeline: Vec::new(),
            latencies: Vec::new(),
        })
    }

    /// The run's name: its folder's.
    pub fn id(&self) -> String {
        self.folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// Measures every trial, with a pause before each but the first.
    async fn measure(&mut self, display: &mut ProgressDisplay) -> anyhow::Result<Ending> {
        let listed = self.scenario.trials();
        while let Some((scenario, trial, cell)) = self.next(&listed) {
            if !self.trials.is_empty() {
                tokio::time::sleep(scenario.cool_down.0).await;
            }
            if let Some(search) = Search::of(&self.scenario) {
                let rest = search.rest(&cell, &self.trials);
                wait_for_quiet(rest, display).await;
            }
            let id = Trial {
                scenario,
                run: self.id(),
                cell,
                trial,
                pinning: self.options.pinning.clone(),
                server: self.options.server.clone(),
                interface: self.options.interface.clone(),
            };
            let fatal = self.trial(id, listed.len(), display).await?;
            // Of a search it is a step that failed, and the next trial has a server of its own.
            let goes_on = self.scenario.capacity.is_some() && self.target.is_none();
            if let Some(reason) = fatal.filter(|_| !goes_on) {
                return Ok(Ending::CutShort(reason));
            }
        }
        Ok(Ending::Complete)
    }

    /// The next trial: of those listed, or what a search asks for.
    fn next(&self, listed: &[(u32, Cell)]) -> Option<(Scenario, u32, Cell)> {
        match Search::of(&self.scenario) {
            Some(search) => search.next(&self.trials),
            None => listed
                .get(self.trials.len())
                .map(|&(trial, cell)| (self.scenario.clone(), trial, cell)),
        }
    }

    /// Measures a trial, of `listed` ones, and keeps it; tells why the run cannot go on, if it
    /// can't.
    async fn trial(
        &mut self,
        id: Trial,
        listed: usize,
        display: &mut ProgressDisplay,
    ) -> anyhow::Result<Option<String>> {
        let number = self.trials.len() + 1;
        let label = match &self.scenario.capacity {
            Some(_) => format!("[{number}] {}", id.tag()),
            None => format!("[{number}/{listed}] {}", id.tag()),
        };
        let start = self.began.elapsed();
        let measured = id
            .measure(self.target.as_ref(), |progress, per_second| {
                display.update(&label, progress, per_second);
            })
            .await?;
        let search = Search::of(&self.scenario);
        let remark = search.map(|search| format!("  {}", search.remark(&measured.row)));
        let remark = remark.unwrap_or_default();
        display.say(&format!("{label}  {}{remark}", summary(&measured.row)));
        for (error, times) in &measured.errors {
            display.warn(&format!("{label}  {times} × {error}"));
        }
        let length = self.began.elapsed() - start;
        let fatal = measured.fatal.clone();
        self.keep(measured, id.tag(), start, length)?;
        Ok(fatal)
    }

    /// Adds a trial and writes everything anew.
    fn keep(
        &mut self,
        measured: TrialResult,
        tag: String,
        start: Duration,
        length: Duration,
    ) -> anyhow::Result<()> {
        self.trials.push(measured.row);
        self.timeline.extend(measured.timeline);
        let histogram = measured.latency;
        self.latencies.push(Latency {
            tag,
            start,
            length,
            histogram,
        });
        results::write_rows(&self.folder.join("trials.csv"), &self.trials)?;
        results::write_rows(&self.folder.join("timeline.csv"), &self.timeline)?;
        crate::stats::summary::write(&self.folder, &self.trials)?;
        if self.scenario.capacity.is_some() {
            let rows = capacity::rows(&self.scenario, &self.id(), &self.trials);
            capacity::write(&self.folder, &rows)?;
        }
        results::write_whole(&self.folder.join("latency.hlog"), &self.latency_log()?)
    }

    /// The trials' latencies, in ns, in HdrHistogram's log format: one tag a transport and trial.
    fn latency_log(&self) -> anyhow::Result<Vec<u8>> {
        let (mut log, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
        let mut writer = IntervalLogWriterBuilder::new()
            .add_comment("wslab: delivery latency in ns")
            .begin_log_with(&mut log, &mut serializer)?;
        for Latency {
            tag,
            start,
            length,
            histogram,
        } in &self.latencies
        {
            let tag = Tag::new(tag).context("a tag has no commas, spaces or line ends")?;
            writer
                .write_histogram(histogram, *start, *length, Some(tag))
                .map_err(|error| anyhow::anyhow!("latency.hlog: {error:?}"))?;
        }
        Ok(log)
    }

    /// The worst verdict of all trials.
    pub fn verdict(&self) -> Verdict {
        self.trials
            .iter()
            .map(|trial| trial.verdict)
            .max()
            .unwrap_or(Verdict::Valid)
    }
}

/// Gives others on this machine time to come to rest, if they disturbed the trial before.
async fn wait_for_quiet(rest: Duration, display: &ProgressDisplay) {
    if !rest.is_zero() {
        let rest = humantime::format_duration(rest);
        display.say(&format!(
            "others are at work here: waiting {rest} before the same again"
        ));
    }
    tokio::time::sleep(rest).await;
}

/// A folder that no other run has, named after the time.
fn new_folder(parent: &Path) -> std::io::Result<PathBuf> {
    fs::create_dir_all(parent)?;
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let name = now.replace([':', '-'], "").to_lowercase();
    for attempt in 1.. {
        let suffix = if attempt == 1 {
            String::new()
        } else {
            format!("-{attempt}")
        };
        let folder = parent.join(format!("{name}{suffix}"));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            result => return result.map(|()| folder),
        }
    }
    unreachable!("there are more names than folders")
}

/// A trial in a line.
fn summary(row: &TrialRow) -> String {
    let ms = |us: Option<f64>| us.map_or("–".to_owned(), |us| format!("{:.2} ms", us / 1e3));
    let doubts = if row.warnings.is_empty() {
        String::new()
    } else {
        format!(": {}", row.warnings)
    };
    format!(
        "{}/{} delivered, p50 {}, p99 {}  {}{doubts}",
        row.delivered,
        row.expected,
        ms(row.latency_p50_us),
        ms(row.latency_p99_us),
        row.verdict,
    )
}
