//! The folder of a run: `results/<scenario>/<run id>/`. It is complete after every trial.
//!
//! `scenario.toml` and `environment.json` are written before the first trial. After each trial, all
//! other files are written again from what is in memory, each in one step
//! ([`results::write_whole`]). A reader therefore finds the files of the last finished trial at any
//! time, and a run that is cut off, even by SIGKILL, keeps its finished trials. `wslab report`
//! works on such a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::lab::capacity;
use crate::lab::environment::Environment;
use crate::lab::scenario::Scenario;
use crate::lab::trial::TrialResult;
use crate::results::{self, TimelineRow, TrialRow};
use crate::stats::summary;

/// A folder, and what has been measured so far.
#[derive(Debug)]
pub struct RunFolder {
    pub path: PathBuf,
    pub trials: Vec<TrialRow>,
    /// Those of `trials` that are on disk.
    pub kept: usize,
    timeline: Vec<TimelineRow>,
    latencies: Vec<TrialLatency>,
}

/// The delivery latencies of one trial, in ns.
#[derive(Debug)]
struct TrialLatency {
    tag: String,
    /// Since the run began.
    start: Duration,
    length: Duration,
    histogram: Histogram<u64>,
}

impl RunFolder {
    /// Makes the folder of a new run below `results`, with the two files that are known before
    /// anything is measured.
    pub fn create(
        results: &Path,
        scenario: &Scenario,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let parent = results.join(&scenario.name);
        let path = new_folder(&parent)
            .with_context(|| format!("cannot write results to {}", parent.display()))?;
        let toml = toml::to_string(scenario).context("the scenario as TOML")?;
        results::write_whole(&path.join("scenario.toml"), toml.as_bytes())?;
        let folder = RunFolder {
            path,
            trials: Vec::new(),
            kept: 0,
            timeline: Vec::new(),
            latencies: Vec::new(),
        };
        folder.write_environment(environment)?;
        Ok(folder)
    }

    pub fn write_environment(&self, environment: &Environment) -> anyhow::Result<()> {
        let json = serde_json::to_vec_pretty(environment).context("the environment as JSON")?;
        results::write_whole(&self.path.join("environment.json"), &json)
    }

    /// The id of the run: the name of its folder.
    pub fn id(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Adds a trial and writes the files anew. `start` counts from the beginning of the run.
    pub fn add(
        &mut self,
        scenario: &Scenario,
        trial: TrialResult,
        tag: String,
        start: Duration,
        length: Duration,
    ) -> anyhow::Result<()> {
        self.trials.push(trial.row);
        self.timeline.extend(trial.timeline);
        self.latencies.push(TrialLatency {
            tag,
            start,
            length,
            histogram: trial.latency,
        });
        self.write(scenario).map_err(|error| {
            let path = self.path.display();
            match self.path.is_dir() {
                true => error,
                false => anyhow::anyhow!("the run's folder {path} was removed while it ran"),
            }
        })
    }

    /// Writes all files that follow from the trials.
    fn write(&mut self, scenario: &Scenario) -> anyhow::Result<()> {
        results::write_rows(&self.path.join("trials.csv"), &self.trials)?;
        self.kept = self.trials.len();
        results::write_rows(&self.path.join("timeline.csv"), &self.timeline)?;
        summary::write(&self.path, &self.trials)?;
        if scenario.capacity.is_some() {
            let rows = capacity::rows(scenario, &self.id(), &self.trials);
            capacity::write(&self.path, &rows)?;
        }
        results::write_whole(&self.path.join("latency.hlog"), &self.latency_log()?)
    }

    /// The latencies as an HdrHistogram log, with one tag a transport and trial.
    fn latency_log(&self) -> anyhow::Result<Vec<u8>> {
        let (mut log, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
        let mut writer = IntervalLogWriterBuilder::new()
            .add_comment("wslab: delivery latency in ns")
            .begin_log_with(&mut log, &mut serializer)?;
        for latency in &self.latencies {
            let tag = Tag::new(&latency.tag).context("a tag has no commas, spaces or line ends")?;
            writer
                .write_histogram(&latency.histogram, latency.start, latency.length, Some(tag))
                .map_err(|error| anyhow::anyhow!("latency.hlog: {error:?}"))?;
        }
        Ok(log)
    }
}

/// Makes a folder that no other run has, named after the time.
pub fn new_folder(parent: &Path) -> std::io::Result<PathBuf> {
    fs::create_dir_all(parent)?;
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let name = now.replace([':', '-'], "").to_lowercase();
    for attempt in 1.. {
        let folder = parent.join(match attempt {
            1 => name.clone(),
            _ => format!("{name}-{attempt}"),
        });
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            result => return result.map(|()| folder),
        }
    }
    unreachable!("there are more names than folders")
}
