//! `wslab compare`: two runs, or the transports within one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::cli::report::missing;
use crate::error::UsageError;
use crate::lab::scenario::Scenario;
use crate::report::{self, MissingTrials};
use crate::results::{self, Metric, Table, TrialRow};
use crate::stats::compare::{self, Gate};
use crate::system::output;
use crate::texts::Locale;

const LOCALE: Locale = Locale::En;

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Folder of a run: A. Alone, its transports are compared with its first
    #[arg(value_name = "RUN")]
    a: PathBuf,
    /// Folder of the run to compare with it: B
    #[arg(value_name = "RUN")]
    b: Option<PathBuf>,
    /// Metrics to show, as columns of trials.csv or summary.csv; or all
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    metric: Vec<String>,
    /// Exit 1 where B differs from A by more than this; may be repeated
    ///
    /// Write a metric, > or <, and percent: 'latency_p99_us > +10%', 'missed > 0%'. What is judged
    /// is the difference of the medians; a difference that is not shown (its 95 % interval holds
    /// 0) counts as 0 %, and what went wrong in B alone (such as messages missed) as any rise. A
    /// gate that cannot tell does not pass: too few trials (5 on each side are needed), INVALID
    /// trials of B, a figure or a cell that only one side has. Exit 2 for a metric that does not
    /// exist.
    #[arg(long, value_name = "GATE")]
    fail_if: Vec<Gate>,
}

impl CompareArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let (a, missing_a) = trials_of(&self.a)?;
        let (b, missing_b) = self.b.as_deref().map(trials_of).transpose()?.unzip();
        let texts = LOCALE.texts();
        let (pairs, unpaired) = match &b {
            Some(b) => compare::runs(&a, b, texts),
            None => compare::transports(&a, texts),
        };
        let metrics = self.metrics()?;
        let runs = self.b.as_ref().map_or(String::new(), |b| {
            format!("A: {}\nB: {}\n\n", self.a.display(), b.display())
        });
        let table = report::comparison(&pairs, &unpaired, &metrics, LOCALE);
        let of_b = self.b.as_deref().zip(missing_b.as_deref());
        let lacks = [Some((&*self.a, &*missing_a)), of_b].into_iter().flatten();
        let lacks: String = lacks
            .filter_map(|(run, cells)| lacking(run, cells))
            .collect();
        let shown = output::write(runs + &lacks + &table);
        if pairs.is_empty() {
            bail!("there is nothing to compare: no two cells share clients, rate and the rest");
        }
        if self.fail_if.is_empty() {
            return shown.map(|_| ExitCode::SUCCESS);
        }
        // A cell that neither run has is in no pair.
        let (last, missing) = of_b.unwrap_or((&*self.a, &*missing_a));
        let never = missing.iter().filter(|cell| cell.trials == cell.of);
        let never = lacking(last, &never.copied().collect::<Vec<_>>());
        let mut failures: Vec<String> = never
            .map(|line| line.trim_end().to_owned())
            .into_iter()
            .collect();
        failures.extend(compare::unjudged(&pairs, &unpaired, texts));
        let gates = self.fail_if.iter();
        failures.extend(gates.flat_map(|gate| gate.failures(&pairs, texts)));
        match failures.is_empty() {
            true => shown.map(|_| ExitCode::SUCCESS),
            false => bail!("--fail-if\n  {}", failures.join("\n  ")),
        }
    }

    /// The metrics to show, including those of the gates.
    fn metrics(&self) -> Result<Vec<&'static Metric>, UsageError> {
        let gates = self.fail_if.iter().map(|gate| find(&gate.metric));
        let gates = gates.collect::<Result<Vec<_>, _>>()?;
        let named = self.metric.iter().filter(|name| *name != "all");
        let named = named
            .map(|name| find(name))
            .collect::<Result<Vec<_>, _>>()?;
        let mut metrics: Vec<&Metric> = match &self.metric[..] {
            [] => {
                let headline = results::shown_in(Table::Headline).into_iter();
                headline.map(|column| column.metric).collect()
            }
            chosen if chosen.iter().any(|name| name == "all") => results::measured().collect(),
            _ => named,
        };
        for gate in gates {
            if !metrics.contains(&gate) {
                metrics.push(gate);
            }
        }
        Ok(metrics)
    }
}

/// A line that names the trials that a run lacks; `None` where it lacks none.
fn lacking(run: &Path, missing: &[MissingTrials]) -> Option<String> {
    let lacks = report::incomplete(missing, LOCALE.texts())?;
    Some(format!("{}: {lacks}\n", run.display()))
}

fn find(name: &str) -> Result<&'static Metric, UsageError> {
    let mut known = results::measured();
    known.find(|metric| metric.name == name).ok_or_else(|| {
        let names: Vec<&str> = results::measured().map(|metric| metric.name).collect();
        let names = names.join(", ");
        UsageError(format!(
            "there is no metric \"{name}\": write one of {names}"
        ))
    })
}

/// The trials of a run, of which there is at least one, and those that it lacks.
fn trials_of(folder: &Path) -> anyhow::Result<(Vec<TrialRow>, Vec<MissingTrials>)> {
    let file = folder.join("trials.csv");
    if !file.is_file() {
        let why = format!(
            "{} is not the folder of a run with trials: it has no trials.csv",
            folder.display()
        );
        return Err(UsageError(why).into());
    }
    let trials: Vec<TrialRow> = results::read_rows(&file)?;
    if trials.is_empty() {
        bail!("{} has no trials", file.display());
    }
    // A folder of rows alone does not say how many there should be.
    let scenario = folder.join("scenario.toml");
    let missing = match scenario.is_file() {
        true => missing(&Scenario::find(&scenario)?, &trials),
        false => Vec::new(),
    };
    Ok((trials, missing))
}
