//! Claims and what was measured of them: which texts there are.

/// The words of the claims' table and page.
#[derive(Debug)]
pub struct ClaimTexts {
    pub title: &'static str,
    /// What the page is about.
    pub about: &'static str,
    /// The columns of the table: claim, says, measured, verdict.
    pub columns: [&'static str; 4],
    pub figure: &'static str,
    pub holds: &'static str,
    pub does_not_hold: &'static str,
    pub not_shown: &'static str,
    pub depends: &'static str,
    /// Why a figure shows nothing.
    pub no_figure: &'static str,
    pub invalid: &'static str,
    pub few_trials: &'static str,
    pub wide_interval: &'static str,
    /// The number that a claim states, and the range in which it holds.
    pub range: fn(&str, &str) -> String,
    pub source: &'static str,
    pub note: &'static str,
    pub trials: &'static str,
    /// The link to the report of a claim's run.
    pub run: &'static str,
    /// How many claims there are, hold, do not hold, depend and are not shown.
    pub summary: fn([usize; 5]) -> String,
    /// What a mark of a figure means.
    pub doubted: fn(&str) -> String,
    pub intervals: &'static str,
    /// A claim of which nothing is on disk.
    pub not_measured: fn(&str) -> String,
}
