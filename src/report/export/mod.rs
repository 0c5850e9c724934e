//! Results for scripts: JSON, CSV and Markdown. Pure: rows in, text out.
//!
//! Keys of JSON and columns of CSV are the columns of `trials.csv` and the metrics of
//! `summary.csv`. A figure that does not exist is null in JSON and an empty cell in CSV. JSON is
//! one document, CSV has one header.
//!
//! - `run`: the cells of a run · `comparison`: pairs of cells · `recovery`: what faults did · `markdown`: tables for GitHub

mod comparison;
mod markdown;
mod recovery;
mod run;

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;

use crate::results;

pub use comparison::ComparisonDocument;
pub use markdown::{
    capacity_markdown, checks_markdown, claims_markdown, comparison_markdown, run_markdown,
    runs_markdown,
};
pub use run::{CapacityDocument, NamedRun, RunDocument, conditions};

/// A document as JSON, with a line break at its end.
pub fn json(document: &impl Serialize) -> anyhow::Result<String> {
    let text = serde_json::to_string_pretty(document).context("a document as JSON")?;
    Ok(text + "\n")
}

/// Rows as CSV with a header; nothing without rows.
pub fn csv<R: Serialize>(rows: &[R]) -> anyhow::Result<String> {
    let bytes = results::csv_bytes(rows)?;
    String::from_utf8(bytes).context("rows of text")
}

/// A number, whole where it is; null where it does not exist or is not finite.
fn number(figure: Option<f64>) -> Value {
    match figure {
        Some(figure) if figure.fract() == 0.0 && figure.abs() < 1e15 => (figure as i64).into(),
        Some(figure) => figure.into(),
        None => Value::Null,
    }
}
