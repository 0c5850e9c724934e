//! Which texts a report has. A language is one value of [`Texts`], complete or it does not compile.

use crate::texts::{
    AdviceTexts, AnswerTexts, CheckTexts, ClaimTexts, ConditionTexts, DemoTexts, LessonTexts,
    Numbers, PlotTexts, Plural, RecoveryTexts, UntilTexts,
};

/// All texts of a language.
#[derive(Debug)]
pub struct Texts {
    /// The language's tag in HTML.
    pub html_lang: &'static str,
    pub numbers: Numbers,
    pub plural: fn(f64) -> Plural,
    /// The words of a metric, a warning or a fact of the machine, given in English, as they stand
    /// in `results` and `lab`.
    pub translate: fn(&str) -> &str,
    pub cell: CellTexts,
    pub condition: ConditionTexts,
    pub answer: AnswerTexts,
    pub advice: AdviceTexts,
    pub until: UntilTexts,
    pub recovery: RecoveryTexts,
    pub page: PageTexts,
    pub runs: RunsTexts,
    pub table: TableTexts,
    pub capacity: CapacityTexts,
    pub compare: CompareTexts,
    pub list: ListTexts,
    pub predict: PredictTexts,
    pub claim: ClaimTexts,
    pub lesson: LessonTexts,
    pub plot: PlotTexts,
    pub demo: DemoTexts,
    pub check: CheckTexts,
}

/// Names of cells, factors and what repetitions are. Arguments that are texts are numbers or names
/// already written.
#[derive(Debug)]
pub struct CellTexts {
    pub clients: fn(f64) -> String,
    pub feeds: fn(f64) -> String,
    pub trials: fn(f64) -> String,
    /// Trials from least to most.
    pub trials_between: fn(f64, f64) -> String,
    /// Messages a second to each feed.
    pub rate: fn(f64) -> String,
    /// Messages a second.
    pub messages_a_second: fn(f64) -> String,
    pub payload: fn(f64) -> String,
    pub tls: &'static str,
    pub no_tls: &'static str,
    /// Of no proxy an empty name.
    pub proxy: fn(&str) -> String,
    pub schedule: fn(&str) -> String,
    pub poll_interval: fn(&str) -> String,
    pub hold: fn(&str) -> String,
    pub keep_alive: fn(&str) -> String,
    /// The second half of an A/A pair.
    pub again: &'static str,
    /// Follows a verdict that only some trials have: how many, of how many.
    pub of_trials: fn(usize, usize) -> String,
    /// Trials counted, of all.
    pub counted_of: fn(usize, usize) -> String,
    pub least_to_most: fn(&str, &str) -> String,
    pub left_out: &'static str,
    /// The latency figures that a warning touches.
    pub touches: fn(&str) -> String,
    /// The figures by which a warning judged a trial.
    pub judged_by: fn(&str) -> String,
    /// A figure with the group and the title of its metric.
    pub named_figure: fn(&str, &str, &str) -> String,
    /// What this mark of a figure means: a warning touches it.
    pub doubted: fn(&str) -> String,
    /// What this mark of a percentile means: too few messages decide it.
    pub of_few: fn(&str) -> String,
    /// The same in a line.
    pub of_few_short: fn(&str) -> String,
    /// A cell, and by how much its repetition differs.
    pub noise: fn(&str, &str) -> String,
    /// A percentage, and of which percentile.
    pub noise_in: fn(&str, &str) -> String,
    pub and: &'static str,
    /// What the marks around a median are.
    pub marks: fn(&str) -> String,
    pub marks_interval: fn(&str) -> String,
    pub marks_range: fn(&str) -> String,
    /// Interval, range, and the cells that have the range.
    pub marks_both: fn(&str, &str, &str) -> String,
    pub no_trial: (&'static str, &'static str),
    /// The cells of which trials are missing.
    pub incomplete: fn(&str) -> String,
    /// A cell, how many of its trials are missing, and of how many.
    pub missing_of: fn(&str, u32, u32) -> String,
}

/// A section of the page with a table: its title, and how to read it.
#[derive(Debug)]
pub struct SectionText {
    pub title: &'static str,
    pub note: &'static str,
}

/// A term and what it means.
pub type Definition = (&'static str, &'static str);

#[derive(Debug)]
pub struct PageTexts {
    /// The document's title, for a scenario.
    pub title: fn(&str) -> String,
    /// What a scenario asks, given in English or as its author wrote it.
    pub question: fn(&str) -> String,
    pub run: fn(&str) -> String,
    pub workload: fn(&str) -> String,
    /// The list of the sections.
    pub contents: &'static str,
    pub scorecard: &'static str,
    /// What is wrong with files follows.
    pub unread: &'static str,
    /// What a run asks whose scenario has no question.
    pub any_question: &'static str,
    /// Follows the setting that stands first.
    pub of_settings: &'static str,
    pub objective: &'static str,
    /// What the letters are. Without intervals: below which ratio differences may be noise, of all
    /// figures, and of bytes.
    pub groups: fn(Option<[f64; 2]>) -> String,
    /// What the marks of a figure are.
    pub suspect_mark: &'static str,
    pub invalid_mark: &'static str,
    pub comparison: &'static str,
    /// What a figure is where there are several trials; with intervals or without.
    pub medians: fn(bool) -> &'static str,
    pub comparison_note: &'static str,
    pub ratios: SectionText,
    pub beyond: SectionText,
    pub theory: SectionText,
    pub all_trials: &'static str,
    pub name_column: &'static str,
    pub setting_column: &'static str,
    pub trials_column: &'static str,
    pub trial_column: &'static str,
    pub warnings_column: &'static str,
    pub doubts: &'static str,
    pub doubts_note: &'static str,
    pub unknown_warning: &'static str,
    pub no_reason: &'static str,
    pub plots: &'static str,
    pub nothing_delivered: (&'static str, &'static str),
    /// A claim about bytes, and what was measured of short polling and WebSocket: protocol, then all
    /// layers.
    pub claim: fn([&str; 2], [&str; 2]) -> String,
    /// Links to files beside the page follow.
    pub data: &'static str,
    /// A link to the place where it stands.
    pub link: &'static str,
    /// What marks are, and those of single seconds.
    pub plot_marks: fn(&str) -> String,
    pub machine: &'static str,
    pub how_measured: &'static str,
    pub definitions: &'static [Definition],
    pub columns: &'static str,
    pub lower_is_better: &'static str,
    pub higher_is_better: &'static str,
    pub empty_if: &'static str,
    /// The names of columns follow.
    pub empty_columns: &'static str,
}

/// The tables at the end of a run.
#[derive(Debug)]
pub struct TableTexts {
    pub no_trial: &'static str,
    pub transport: &'static str,
    pub verdict: &'static str,
    /// The title of a column in the first table, where room is scarce; given translated.
    pub short: fn(&str) -> &str,
    /// The path of the page follows.
    pub report: &'static str,
    pub intervals: &'static str,
    pub beyond: &'static str,
    pub ratios: &'static str,
    pub theory: &'static str,
    pub medians_of: fn(usize) -> String,
    pub again: &'static str,
    /// What the columns mean.
    pub columns: &'static str,
    pub columns_waiting: &'static str,
    /// What stands for a figure that does not exist.
    pub absent: fn(&str) -> String,
    pub unknown_warning: &'static str,
    /// A warning has all of so many cells; and so many, of how many.
    pub all_cells: fn(usize) -> String,
    pub cells_of: fn(usize, usize) -> String,
    /// Names of warnings that are not explained.
    pub more_warnings: fn(&str) -> String,
}

/// A report on several runs.
#[derive(Debug)]
pub struct RunsTexts {
    pub title: &'static str,
    /// The run of a cell, by its id.
    pub of_cell: fn(&str) -> String,
    /// The scenario of several runs, and what their report asks.
    pub scenario: &'static str,
    pub question: &'static str,
    /// Over what differs, and over what cannot be compared for that reason.
    pub differs: &'static str,
    pub limits: &'static str,
    pub alike: &'static str,
    pub note: &'static str,
    /// That runs are of different machines, below plots whose panels share an axis.
    pub machines: &'static str,
    /// What cannot be compared between runs that differ in a fact or factor of this name.
    pub limits_of: fn(&str) -> &'static str,
}

#[derive(Debug)]
pub struct CapacityTexts {
    pub columns: [&'static str; 5],
    pub transport: &'static str,
    pub why: &'static str,
    /// Factor, and the conditions.
    pub heading: fn(&str, &str) -> String,
    pub within: fn(&str) -> String,
    /// The title of `method`.
    pub how: &'static str,
    /// Objective, and the factor that stayed as it was.
    pub conditions: fn(&str, &str) -> String,
    pub clients: &'static str,
    pub rate: &'static str,
    /// How the search goes.
    pub method: &'static str,
    /// Why a search ended, given as `capacity.csv` has it.
    pub reason: fn(&str) -> String,
    pub at_least: fn(&str) -> String,
    pub so_far: fn(&str) -> String,
    pub none: &'static str,
    pub verdict_found: &'static str,
    pub verdict_at_least: &'static str,
    pub verdict_fails: &'static str,
    pub verdict_not_told: &'static str,
    pub verdict_unfinished: &'static str,
    /// An amount of at least 2, and the reason.
    pub why_found: fn(&str, &str) -> String,
    /// The amount that held, the one that failed, the one without a VALID trial, the reason.
    pub why_not_told_above: fn(&str, Option<&str>, &str, &str) -> String,
    /// A number, the amount that it makes, and the reason; so is the next.
    pub why_max: fn(f64, &str, &str) -> String,
    pub why_fails: fn(f64, &str, &str) -> String,
    pub why_not_told: fn(&str, &str) -> String,
    pub why_unfinished: &'static str,
    pub not_told_at: fn(&str, &str) -> String,
}

#[derive(Debug)]
pub struct CompareTexts {
    pub header: [&'static str; 4],
    /// A cell or its letter, and what its trials are.
    pub side: fn(&str, &str) -> String,
    /// A letter, and its cell.
    pub letter: fn(&str, &str) -> String,
    pub of_them_suspect: fn(usize) -> String,
    pub invalid_left_out: fn(usize) -> String,
    /// The greatest differences, how many figures differ, in how many no difference is shown, and
    /// how many cannot be told.
    pub closing: fn(&[String], usize, usize, usize) -> String,
    /// How many gates failed, cannot tell, and passed.
    pub gates: fn(usize, usize, usize) -> String,
    /// Follows comparisons that leave out INVALID trials.
    pub invalid_counted: &'static str,
    /// INVALID trials that name no reason.
    pub no_reason: &'static str,
    /// The windows of A and B in seconds.
    pub windows_differ: fn(f64, f64) -> String,
    pub not_compared: fn(&str) -> String,
    pub only_in_a: fn(&str) -> String,
    pub only_in_b: fn(&str) -> String,
    /// A cell that no other of its run can be compared with, or none of this transport.
    pub alone: fn(&str, Option<&str>) -> String,
    /// INVALID trials of B, all trials of B, and why they are INVALID.
    pub invalid_in_b: fn(usize, usize, &str) -> String,
    /// INVALID trials, all trials, and why they are INVALID.
    pub invalid_of: fn(usize, usize, &str) -> String,
    /// A metric, its figure, the distance from a bound, whether it is below, and the bound.
    pub margin: fn(&str, &str, &str, bool, &str) -> String,
    /// What came of a demand: passed, failed, cannot tell.
    pub conclusions: [&'static str; 3],
    /// Cells that could not be judged, and why the first could not.
    pub many_unjudged: fn(&[String], &str) -> String,
    /// A cell, of how many of its trials warnings touch a figure, of how many, and the warnings.
    pub mostly_doubted: fn(&str, usize, usize, &str) -> String,
    pub no_figure: &'static str,
    /// Follows a cell without a partner.
    pub unjudged: &'static str,
    /// Follows a cell that was not measured.
    pub never_measured: fn(&str) -> String,
    /// A number of clients without separators.
    pub clients: fn(u32) -> String,
    /// A transport, and the one that it is compared with.
    pub against: fn(&str, &str) -> String,
    /// How many lines have a finding, and how many of them may be chance.
    pub explanation: fn(usize, f64) -> String,
    /// What a table of differences shows.
    pub differences: &'static str,
    /// The least and the greatest difference of an interval that holds 0.
    pub not_shown: fn(&str, &str) -> String,
    /// How many trials there are, and how many are needed.
    pub too_few: fn(usize, usize) -> String,
    /// Follows a table in which there are too few trials: how many are needed.
    pub repeat: fn(usize) -> String,
    /// Trials of B in which something went wrong that did not in A, and all of B.
    pub broken: fn(usize, usize) -> String,
    pub one_sided: &'static str,
    pub lower: &'static str,
    pub higher: &'static str,
    /// `higher`, from 0.
    pub from_zero: fn(&str) -> String,
    /// `higher`, by at least so many percent.
    pub by_or_more: fn(&str, &str) -> String,
    /// `higher`, at least so many times as much.
    pub times_or_more: fn(&str, &str) -> String,
    /// `lower`, by so many percent.
    pub by: fn(&str, &str) -> String,
}

/// The list of runs.
#[derive(Debug)]
pub struct ListTexts {
    /// When, trials, verdicts, size, folder, scenario, question, transports.
    pub columns: [&'static str; 8],
    pub not_complete: &'static str,
}

/// Guesses before a run.
#[derive(Debug)]
pub struct PredictTexts {
    /// Mean latency: guess, theory, measured.
    pub columns: [&'static str; 4],
    pub ask: &'static str,
}
