//! The files of a report.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::report::content::Report;
use crate::report::page::html;
use crate::report::plots::{Plot, names, plots};
use crate::results::write_whole;

/// Writes `plots/*.svg`, `plots/*.png` and `report.html` into a run's folder, replaces what an
/// earlier report left there, and returns the path of `report.html`.
pub fn write(run_dir: &Path, report: &Report) -> anyhow::Result<PathBuf> {
    let plots = plots(report)?;
    let plot_dir = run_dir.join("plots");
    fs::create_dir_all(&plot_dir).with_context(|| format!("cannot make {}", plot_dir.display()))?;
    for plot in &plots {
        let file = |kind| plot_dir.join(format!("{}.{kind}", plot.name));
        write_whole(&file("svg"), plot.svg_file().as_bytes())?;
        write_whole(&file("png"), &plot.png)?;
    }
    remove_other_plots(&plot_dir, &plots)?;
    let page = run_dir.join("report.html");
    write_whole(&page, html(report, &plots).as_bytes())?;
    Ok(page)
}

/// Removes the plots of an earlier report that this one leaves out. Other files stay. Another one
/// of the same run may be written at the same time, so a plot may be gone already.
fn remove_other_plots(plot_dir: &Path, plots: &[Plot]) -> anyhow::Result<()> {
    for name in names().filter(|name| plots.iter().all(|plot| plot.name != *name)) {
        for kind in ["svg", "png"] {
            let old = plot_dir.join(format!("{name}.{kind}"));
            match fs::remove_file(&old) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", old.display()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
