//! Claims: what is said of transports, and the figures that show whether it is so.
//!
//! ```toml
//! [claim]
//! text = "Push costs the server seven times the CPU time of pull."
//! text_pt = "…"
//! source = "Bozdag, Mesbah and van Deursen, …, 2007"
//! says = 7                 # in the unit of the figure, or a multiple
//! within = 2               # a factor, or a range such as [3.5, 14]
//! figure = "cpu"           # one metric or several
//! of = { transport = "sse" }
//! over = { transport = "short-polling" }     # or minus
//! depends_on = "…"         # where there are several figures or cells
//! depends_on_pt = "…"
//! note = "…"               # what is not measured
//! note_pt = "…"
//! ```

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::lab::cell_figure::{CellFigures, FigureName};
use crate::lab::pattern::CellPattern;
use crate::lab::written::List;
use crate::texts::Locale;

/// The claims in the binary: the names of their scenarios, and their files.
pub const CLAIMS: [(&str, &str); 8] = [
    (
        "claims/header-ratio",
        include_str!("../../scenarios/claims/header-ratio.toml"),
    ),
    (
        "claims/poll-overhead",
        include_str!("../../scenarios/claims/poll-overhead.toml"),
    ),
    (
        "claims/sse-bytes",
        include_str!("../../scenarios/claims/sse-bytes.toml"),
    ),
    (
        "claims/websocket-bytes",
        include_str!("../../scenarios/claims/websocket-bytes.toml"),
    ),
    (
        "claims/reconnection",
        include_str!("../../scenarios/claims/reconnection.toml"),
    ),
    (
        "claims/throughput",
        include_str!("../../scenarios/claims/throughput.toml"),
    ),
    (
        "claims/push-cpu",
        include_str!("../../scenarios/claims/push-cpu.toml"),
    ),
    (
        "claims/keep-alive",
        include_str!("../../scenarios/claims/keep-alive.toml"),
    ),
];

/// The `[claim]` of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim in one sentence.
    pub text: String,
    pub text_pt: String,
    /// Author, year and title.
    pub source: String,
    /// The number that the claim states, in the unit of the figure; with `over` a multiple.
    pub says: f64,
    pub within: Within,
    pub figure: List<FigureName>,
    /// What the truth depends on, in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub depends_on: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub depends_on_pt: String,
    /// What is measured and what is not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note_pt: String,
    pub of: CellPattern,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<CellPattern>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minus: Option<CellPattern>,
}

/// How far a figure may be from what a claim states.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "write a factor such as 1.5, or a range such as [50, 200]"
)]
pub enum Within {
    Factor(f64),
    Range([f64; 2]),
}

impl Claim {
    /// The figures that show it.
    pub fn figures(&self) -> CellFigures {
        CellFigures {
            figure: self.figure.clone(),
            of: self.of.clone(),
            over: self.over.clone(),
            minus: self.minus.clone(),
        }
    }

    /// The figures by which the claim holds.
    pub fn range(&self) -> RangeInclusive<f64> {
        match self.within {
            Within::Factor(factor) => self.says / factor..=self.says * factor,
            Within::Range([low, high]) => low..=high,
        }
    }

    pub fn text(&self, locale: Locale) -> &str {
        locale.choose(&self.text, &self.text_pt)
    }

    /// What the truth depends on; empty where that is not said.
    pub fn depends_on(&self, locale: Locale) -> &str {
        locale.choose(&self.depends_on, &self.depends_on_pt)
    }

    /// What is measured and what is not; empty where that is not said.
    pub fn note(&self, locale: Locale) -> &str {
        locale.choose(&self.note, &self.note_pt)
    }

    /// Checks its numbers. The error says which key is wrong, and how.
    pub(super) fn check_numbers(&self) -> Result<(), String> {
        let range = self.range();
        let is_finite = range.start().is_finite() && range.end().is_finite();
        match self.within {
            Within::Factor(factor) if factor.is_nan() || factor < 1.0 => {
                Err("within: a factor is 1 or more".to_owned())
            }
            _ if !is_finite || !range.contains(&self.says) => Err(format!(
                "within: {} is not in the range; write a factor such as 1.5, or a range such as \
                 [50, 200]",
                self.says
            )),
            _ => Ok(()),
        }
    }

    /// Checks its texts, where so many figures are measured.
    pub(super) fn check_texts(&self, figures: usize) -> Result<(), String> {
        let both = [
            ("text", &self.text, &self.text_pt),
            ("depends_on", &self.depends_on, &self.depends_on_pt),
            ("note", &self.note, &self.note_pt),
        ];
        for (key, english, portuguese) in both {
            if english.is_empty() != portuguese.is_empty() {
                return Err(format!("{key}, {key}_pt: write both or neither"));
            }
        }
        if self.text.is_empty() || self.source.is_empty() {
            return Err("text, source: write them".to_owned());
        }
        if figures > 1 && self.depends_on.is_empty() {
            return Err(format!(
                "depends_on: {figures} figures are measured; write what the truth depends on"
            ));
        }
        Ok(())
    }
}
