//! What a report is made of.

use crate::results::{CapacityRow, TimelineRow, TrialRow};
use crate::texts::Locale;

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
    /// The trials that finished; an interrupted run may have none.
    pub trials: &'a [TrialRow],
    pub timeline: &'a [TimelineRow],
    /// The result of a search for capacity; empty for any other run.
    pub capacity: &'a [CapacityRow],
}
