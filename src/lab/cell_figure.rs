//! A figure of a scenario's cells, alone or compared with that of other cells.
//!
//! ```toml
//! figure = "server_cpu_us_per_delivery"
//! of = { transport = "sse" }
//! over = { transport = "short-polling" }
//! ```
//!
//! A cell of `of` is compared with each cell of `over` (or `minus`) that agrees with it in all
//! other factors that both have.

use serde::{Deserialize, Serialize};

use crate::lab::pattern::CellPattern;
use crate::lab::written::{List, Written};
use crate::results::{Kind, Metric, metric, named_metric};
use crate::stats::claim::Reference;

/// The name of a metric with figures.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct FigureName(&'static str);

impl FigureName {
    pub fn metric(self) -> &'static Metric {
        metric(self.0).expect("it was read as the name of a metric")
    }
}

impl Written for FigureName {
    fn read(text: &str) -> Result<Self, String> {
        let shown = metric(text).filter(|metric| metric.kind == Kind::Shown);
        let metric = shown.map_or_else(|| named_metric(text), Ok)?;
        Ok(FigureName(metric.name))
    }
}

/// Which figures of which cells, as a file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellFigures {
    pub figure: List<FigureName>,
    pub of: CellPattern,
    /// What the figure is divided by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<CellPattern>,
    /// What is subtracted from the figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minus: Option<CellPattern>,
}

impl CellFigures {
    /// What the figure is compared with.
    pub(super) fn base(&self) -> (Reference, Option<&CellPattern>) {
        match (&self.over, &self.minus) {
            (Some(over), _) => (Reference::Over, Some(over)),
            (None, Some(minus)) => (Reference::Minus, Some(minus)),
            (None, None) => (Reference::None, None),
        }
    }

    pub fn reference(&self) -> Reference {
        self.base().0
    }
}
