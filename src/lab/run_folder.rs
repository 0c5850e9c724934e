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

use crate::lab::capacity;
use crate::lab::environment::Environment;
use crate::lab::scenario::Scenario;
use crate::lab::trial::TrialResult;
use crate::results::{
    self, LATENCY_LOG_HEAD, LatencyInterval, RecoveryRow, TimelineRow, TrialRow, latency_log,
};
use crate::stats::summary;
use anyhow::Context;

/// A folder, and what has been measured so far.
#[derive(Debug)]
pub struct RunFolder {
    pub path: PathBuf,
    pub trials: Vec<TrialRow>,
    /// Those of `trials` that are on disk.
    pub kept: usize,
    timeline: Vec<TimelineRow>,
    pub recoveries: Vec<RecoveryRow>,
    /// What `latency.hlog` and `timeline.hlog` hold.
    latencies: [Vec<u8>; 2],
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
            recoveries: Vec::new(),
            latencies: [0, 1].map(|_| LATENCY_LOG_HEAD.into()),
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
        self.recoveries.extend(trial.recoveries);
        let window = LatencyInterval {
            start,
            length,
            histogram: trial.latency,
        };
        let [windows, seconds] = &mut self.latencies;
        windows.extend(latency_log(&tag, &[window])?);
        seconds.extend(latency_log(&tag, &trial.seconds)?);
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
        if !self.recoveries.is_empty() {
            results::write_rows(&self.path.join("recovery.csv"), &self.recoveries)?;
        }
        summary::write(&self.path, &self.trials)?;
        if scenario.capacity.is_some() {
            let rows = capacity::rows(scenario, &self.id(), &self.trials);
            capacity::write(&self.path, &rows)?;
        }
        let [windows, seconds] = &self.latencies;
        results::write_whole(&self.path.join("latency.hlog"), windows)?;
        results::write_whole(&self.path.join("timeline.hlog"), seconds)
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
