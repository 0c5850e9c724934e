//! What a report is made of.

use crate::report::claims::JudgedClaim;
use crate::results::{CapacityRow, RecoveryRow, TimelineRow, TrialLatency, TrialRow};
use crate::stats::objective::TransportObjective;
use crate::texts::{Locale, Texts};
use crate::transport::Transport;

/// The rows of one run, and facts about it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub locale: Locale,
    pub scenario: &'a str,
    /// The run's id: the name of its folder.
    pub run: &'a str,
    /// What the scenario asks, in a sentence.
    pub question: Option<&'a str>,
    /// Names and values, in the order of printing: CPU, kernel, version, command line and so on.
    pub machine: &'a [(String, String)],
    /// The runs, of a report on several; their trials have numbers of cells of their own.
    pub runs: &'a [ReportedRun],
    /// The trials that finished; an interrupted run may have none.
    pub trials: &'a [TrialRow],
    /// What the scenario asks for and `trials` lacks.
    pub missing: &'a [MissingTrials],
    /// What is wrong with the run's files, so that it is left out: file, line and reason.
    pub unread: &'a [String],
    /// What is known of the differences, of a run that repeats until they are known.
    pub until: Option<&'a str>,
    /// The claim of which it is the run, judged by it.
    pub claim: Option<&'a JudgedClaim>,
    pub timeline: &'a [TimelineRow],
    /// The latencies of the trials for which they were recorded.
    pub latencies: &'a [TrialLatency],
    /// What was done to trials on purpose, and how they recovered; empty for a run without faults.
    pub recoveries: &'a [RecoveryRow],
    /// What was demanded of the figures.
    pub objectives: &'a [TransportObjective],
    /// The result of a search for capacity; empty for any other run.
    pub capacity: &'a [CapacityRow],
}

/// A run in a report on several.
#[derive(Clone, Debug)]
pub struct ReportedRun {
    pub id: String,
    pub started_at: String,
    /// Names and values: what its figures depend on beside its cells.
    pub facts: Vec<(String, String)>,
}

/// Trials of a cell that did not finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingTrials {
    pub transport: Transport,
    /// The cell: its transport and its setting.
    pub name: String,
    /// How many are missing, of how many; at least 1.
    pub trials: u32,
    pub of: u32,
}

/// That a run is not complete, and which trials it lacks; `None` where it lacks none.
pub fn incomplete(missing: &[MissingTrials], texts: &Texts) -> Option<String> {
    let cells = missing.iter().map(|missing| missing_cell(missing, texts));
    let cells: Vec<String> = cells.collect();
    (!cells.is_empty()).then(|| (texts.cell.incomplete)(&cells.join("; ")))
}

/// A cell, and how many of its trials are missing.
pub fn missing_cell(missing: &MissingTrials, texts: &Texts) -> String {
    (texts.cell.missing_of)(&missing.name, missing.trials, missing.of)
}
