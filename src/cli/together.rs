//! `wslab report A B …`: several runs in one report.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::run_files::RunFiles;
use crate::error::UsageError;
use crate::report::{self, Report, ReportedRun};
use crate::results::{self, RecoveryRow, TimelineRow, TrialLatency, TrialRow};
use crate::stats::summary;
use crate::texts::Locale;

/// The most runs of a report: the name of its folder has all of theirs.
const MOST: usize = 8;

/// Facts that are of one run each.
const OWN_FACTS: [&str; 3] = ["Started", "Command", "Seed"];

/// The rows of several runs, each with numbers of cells of its own.
pub(super) struct Together {
    locale: Locale,
    runs: Vec<ReportedRun>,
    /// What all of them ask.
    question: Option<String>,
    pub trials: Vec<TrialRow>,
    timeline: Vec<TimelineRow>,
    pub recoveries: Vec<RecoveryRow>,
    latencies: Vec<TrialLatency>,
}

impl Together {
    pub(super) fn of(files: Vec<RunFiles>, locale: Locale) -> Result<Self, UsageError> {
        let refuse = |why: String| Err(UsageError(why));
        if files.len() > MOST {
            return refuse(format!("a report is on at most {MOST} runs; name fewer"));
        }
        let mut questions: Vec<_> = files
            .iter()
            .map(|run| &run.recorded.scenario.question)
            .collect();
        questions.dedup();
        let question = match &questions[..] {
            [question] if !question.is_empty() => Some((*question).clone()),
            _ => None,
        };
        let mut together = Together {
            locale,
            runs: Vec::new(),
            question,
            trials: Vec::new(),
            timeline: Vec::new(),
            recoveries: Vec::new(),
            latencies: Vec::new(),
        };
        for run in files {
            if !run.capacity.is_empty() {
                let folder = run.folder.display();
                return refuse(format!(
                    "{folder} is a search for capacity; report on it alone"
                ));
            }
            if together.runs.iter().any(|known| known.id == run.id) {
                return refuse(format!("the run {} is named twice", run.id));
            }
            together.add(run);
        }
        Ok(together)
    }

    fn add(&mut self, run: RunFiles) {
        let cells = self.trials.iter().map(|trial| trial.cell);
        let before = cells.max().unwrap_or(0);
        self.trials
            .extend(run.trials.into_iter().map(|trial| TrialRow {
                run: run.id.clone(),
                cell: before + trial.cell,
                aa_of: trial.aa_of.map(|cell| before + cell),
                ..trial
            }));
        self.timeline
            .extend(run.timeline.into_iter().map(|second| TimelineRow {
                run: run.id.clone(),
                cell: before + second.cell,
                ..second
            }));
        self.recoveries
            .extend(run.recoveries.into_iter().map(|fault| RecoveryRow {
                run: run.id.clone(),
                cell: before + fault.cell,
                ..fault
            }));
        let latencies = run.latencies.into_iter().map(|latency| TrialLatency {
            cell: before + latency.cell,
            ..latency
        });
        self.latencies.extend(latencies);
        let mut facts = run.recorded.environment.lines(self.locale.texts());
        facts.retain(|(name, _)| !OWN_FACTS.contains(&name.as_str()));
        self.runs.push(ReportedRun {
            id: run.id,
            started_at: run.recorded.environment.started_at,
            facts,
        });
    }

    /// The name of the folder.
    pub(super) fn name(&self) -> String {
        let ids: Vec<&str> = self.runs.iter().map(|run| run.id.as_str()).collect();
        ids.join("-")
    }

    /// Writes the rows and the report into a folder, and returns the page's path.
    pub(super) fn write_report(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        results::write_rows(&folder.join("trials.csv"), &self.trials)?;
        results::write_rows(&folder.join("timeline.csv"), &self.timeline)?;
        if !self.recoveries.is_empty() {
            results::write_rows(&folder.join("recovery.csv"), &self.recoveries)?;
        }
        summary::write(folder, &self.trials)?;
        let locale = self.locale;
        let words = &locale.texts().runs;
        let report = Report {
            locale,
            scenario: words.scenario,
            run: &self.name(),
            question: Some(self.question.as_deref().unwrap_or(words.question)),
            machine: &[],
            runs: &self.runs,
            trials: &self.trials,
            missing: &[],
            unread: &[],
            until: None,
            claim: None,
            timeline: &self.timeline,
            latencies: &self.latencies,
            recoveries: &self.recoveries,
            objectives: &[],
            capacity: &[],
        };
        report::write(folder, &report)
    }
}
