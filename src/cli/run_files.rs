//! The files of a run, and its report from them.

use std::path::{Path, PathBuf};

use crate::cli::judged_claim::judged_claim;
use crate::cli::result::{Format, Shown, ShownRun, missing, show_capacity, show_run, until};
use crate::error::UsageError;
use crate::lab::capacity;
use crate::lab::recorded_run::RecordedRun;
use crate::report::{self, Report, TextStyle};
use crate::results::{self, CapacityRow, RecoveryRow, TimelineRow, TrialLatency, TrialRow};
use crate::stats::objective::TransportObjective;
use crate::stats::summary;
use crate::texts::Locale;

/// What a run left on disk.
pub(super) struct RunFiles {
    pub(super) folder: PathBuf,
    pub(super) id: String,
    pub(super) recorded: RecordedRun,
    pub(super) trials: Vec<TrialRow>,
    pub(super) timeline: Vec<TimelineRow>,
    pub(super) recoveries: Vec<RecoveryRow>,
    pub(super) latencies: Vec<TrialLatency>,
    /// What a search has found; empty for any other run.
    pub(super) capacity: Vec<CapacityRow>,
    /// What is wrong with its files, so that it is left out.
    pub(super) unread: Vec<String>,
}

/// The most lines that a report names which cannot be read.
const MOST_UNREAD: usize = 5;

impl RunFiles {
    /// Reads what can be read.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let (recorded, mut unread) = RecordedRun::read_sound(folder)?;
        let (trials, of_trials) = results::read_sound_rows(&folder.join("trials.csv"));
        let (timeline, of_timeline) = results::read_sound_rows(&folder.join("timeline.csv"));
        let (recoveries, of_recoveries) = results::read_sound_rows(&folder.join("recovery.csv"));
        let (latencies, of_latencies) = results::read_latencies(folder, &trials);
        for mut lines in [of_trials, of_timeline, of_recoveries, of_latencies] {
            let all = lines.len();
            lines.truncate(MOST_UNREAD);
            unread.extend(lines);
            unread.extend((all > MOST_UNREAD).then(|| format!("and {} more", all - MOST_UNREAD)));
        }
        // The run's id is the name of its folder, which a path such as "." does not end with.
        let whole = folder.canonicalize()?;
        let id = whole
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(RunFiles {
            capacity: capacity::rows(&recorded.scenario, &id, &trials),
            timeline,
            recoveries,
            latencies,
            unread,
            folder: folder.to_owned(),
            id,
            recorded,
            trials,
        })
    }

    /// Fails where something could not be read.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        match self.unread.is_empty() {
            true => Ok(()),
            false => Err(UsageError(self.unread.join("\n  "))),
        }
    }

    /// Rebuilds the report, and returns the page's path.
    pub(super) fn write_report(&self, locale: Locale) -> anyhow::Result<PathBuf> {
        let RunFiles {
            folder,
            recorded,
            trials,
            ..
        } = self;
        if !trials.is_empty() {
            summary::write(folder, trials)?;
        }
        if !self.capacity.is_empty() {
            capacity::write(folder, &self.capacity)?;
        }
        let scenario = &recorded.scenario;
        let until = until(scenario, &recorded.environment, trials, locale);
        let claim = judged_claim(scenario, trials, locale);
        let report = Report {
            locale,
            scenario: &scenario.name,
            run: &self.id,
            question: Some(scenario.asks(locale)).filter(|question| !question.is_empty()),
            machine: &recorded.environment.lines(locale.texts()),
            runs: &[],
            trials,
            missing: &missing(scenario, trials, locale),
            unread: &self.unread,
            until: until.as_deref(),
            claim: claim.as_ref(),
            timeline: &self.timeline,
            latencies: &self.latencies,
            recoveries: &self.recoveries,
            objectives: &self.objectives(),
            capacity: &self.capacity,
        };
        report::write(folder, &report)
    }

    /// What the command demanded that made the run. A search has its objectives in its scenario.
    pub(super) fn objectives(&self) -> Vec<TransportObjective> {
        let demands = match self.capacity.is_empty() {
            true => self.recorded.environment.values_of("--slo"),
            false => Vec::new(),
        };
        let read = demands.iter().map(|demand| demand.parse());
        // Another version may know other objectives.
        read.filter_map(Result::ok).collect()
    }

    /// What the command printed that made the run.
    pub(super) fn result(
        &self,
        format: Format,
        shown: (TextStyle, Locale),
    ) -> anyhow::Result<Shown> {
        let run = ShownRun {
            id: &self.id,
            folder: &self.folder,
            scenario: &self.recorded.scenario,
            environment: &self.recorded.environment,
            trials: &self.trials,
            recoveries: &self.recoveries,
        };
        match self.capacity.is_empty() {
            true => show_run(&run, &[], format, shown),
            false => show_capacity(&run, &self.capacity, format, shown),
        }
    }
}
