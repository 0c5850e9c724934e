//! The files of a report.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::report::content::Report;
use crate::report::page::html;
use crate::report::plots::{names, plots};
use crate::results::write_whole;

/// Writes `plots/*.svg`, `plots/*.png` and `report.html` into a run's folder, replaces what an
/// earlier report left there, and returns the path of `report.html`.
pub fn write(run_dir: &Path, report: &Report) -> anyhow::Result<PathBuf> {
    let plots = plots(report)?;
    let plot_dir = run_dir.join("plots");
    remove_old_plots(&plot_dir)?;
    fs::create_dir_all(&plot_dir).with_context(|| format!("cannot make {}", plot_dir.display()))?;
    for plot in &plots {
        let file = |kind| plot_dir.join(format!("{}.{kind}", plot.name));
        write_whole(&file("svg"), plot.svg.as_bytes())?;
        write_whole(&file("png"), &plot.png)?;
    }
    let page = run_dir.join("report.html");
    write_whole(&page, html(report, &plots).as_bytes())?;
    Ok(page)
}

/// Removes the plots of an earlier report, which this one may leave out. Other files stay.
fn remove_old_plots(plot_dir: &Path) -> anyhow::Result<()> {
    for name in names() {
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
