//! The report: rows become plots, one page and one table.
//!
//! Everything here is a pure function of rows that were read from disk, except [`write`]. So a
//! report can be rebuilt at any time, from what a run that was cut off has left as well.
//!
//! * `cells` groups trials by the combination of factors they repeat,
//! * `number`, `warning` and `repeats` say figures, doubts and repetitions in people's words,
//! * `plot` draws cells, `html` and `table` set them as text; both take their columns from
//!   `columns`,
//! * `capacity` says what a search found, which has a table and a plot of its own.

pub mod capacity;
pub mod cells;
pub mod columns;
pub mod comparison;
pub mod number;
pub mod page;
pub mod plots;
pub mod repeats;
pub mod table;
pub mod warning;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::results::{CapacityRow, TimelineRow, TrialRow, write_whole};

pub use capacity::capacity_table;
pub use comparison::comparison;
pub use page::html;
pub use plots::{Plot, plots};
pub use table::text_table;

/// What a report is made of: the rows of one run and what is to be said about it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub scenario: &'a str,
    /// The run's id, as the name of its directory.
    pub run: &'a str,
    /// What the scenario wants to know, in a sentence.
    pub question: Option<&'a str>,
    /// Names and values, in the order of printing: CPU, kernel, version, command line and so on.
    pub machine: &'a [(String, String)],
    /// The trials that finished; a run that was cut off early has none.
    pub trials: &'a [TrialRow],
    pub timeline: &'a [TimelineRow],
    /// What a search for capacity found; of any other run nothing.
    pub capacity: &'a [CapacityRow],
}

/// Writes `plots/*.svg`, `plots/*.png` and `report.html` into a run's directory, replacing what
/// an earlier report left there, and returns the path of `report.html`.
pub fn write(run_dir: &Path, report: &Report) -> anyhow::Result<PathBuf> {
    let plots = plots(report)?;
    let plot_dir = run_dir.join("plots");
    remove_old_plots(&plot_dir)?;
    fs::create_dir_all(&plot_dir).with_context(|| format!("cannot make {}", plot_dir.display()))?;
    for plot in &plots {
        write_whole(
            &plot_dir.join(format!("{}.svg", plot.name)),
            plot.svg.as_bytes(),
        )?;
        write_whole(&plot_dir.join(format!("{}.png", plot.name)), &plot.png)?;
    }
    let page = run_dir.join("report.html");
    write_whole(&page, html(report, &plots).as_bytes())?;
    Ok(page)
}

/// A plot that this report leaves out must not survive from the report before; files that wslab
/// did not make stay.
fn remove_old_plots(plot_dir: &Path) -> anyhow::Result<()> {
    for name in plots::names() {
        for kind in ["svg", "png"] {
            let old = plot_dir.join(format!("{name}.{kind}"));
            if old.exists() {
                fs::remove_file(&old)
                    .with_context(|| format!("cannot remove {}", old.display()))?;
            }
        }
    }
    Ok(())
}
