//! Whether what the user demanded is so.

use std::fmt;

use serde::Serialize;

/// What came of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    Passed,
    Failed,
    /// The trials do not show it, which is no pass.
    Unjudged,
}

/// A demand, judged for one cell or one pair of cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// As it was given: `latency_p99_us > +10%`, `p99<50ms`.
    pub demand: String,
    /// The cell or the pair; empty where there is none.
    pub of: String,
    pub conclusion: Conclusion,
    /// The finding, or why there is none.
    pub why: String,
    /// Of a bound on a figure: the figure, in its metric's unit.
    pub figure: Option<f64>,
    /// How far that is from the bound; below 0 where it is beyond.
    pub margin: Option<f64>,
}

impl Judgement {
    pub fn passed(&self) -> bool {
        self.conclusion == Conclusion::Passed
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.demand)?;
        if !self.of.is_empty() {
            write!(f, "{}: ", self.of)?;
        }
        f.write_str(&self.why)
    }
}
