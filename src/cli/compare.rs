//! `wslab compare`: two runs, or the transports within one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::cli::args::ResultsArgs;
use crate::cli::display::ColorArgs;
use crate::cli::help::{self, headings};
use crate::cli::list::newest_run;
use crate::cli::result::{Format, missing};
use crate::error::UsageError;
use crate::lab::scenario::Scenario;
use crate::report::export::{self, ComparisonDocument};
use crate::report::{self, MissingTrials, TextStyle};
use crate::results::{self, Metric, Table, TrialRow};
use crate::stats::compare::{self, Comparison, Gate, Unpaired};
use crate::stats::judgement::{Conclusion, Judgement};
use crate::system::output;
use crate::texts::Locale;
use crate::transport::Transport;

const LOCALE: Locale = Locale::En;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::COMPARE))]
#[command(after_long_help = help::full(help::COMPARE, help::COMPARE_CODES))]
pub(super) struct CompareArgs {
    /// Folder of a run: A; the newest run if none is named
    ///
    /// Alone, its transports are compared with each other.
    #[arg(value_name = "RUN")]
    a: Option<PathBuf>,
    /// Folder of the run to compare with it: B
    #[arg(value_name = "RUN")]
    b: Option<PathBuf>,
    /// Within one run: compare with this transport
    ///
    /// Without it, all pairs are compared. Example: --against websocket
    #[arg(long, value_name = "TRANSPORT", conflicts_with = "b", help_heading = headings::COMPARE)]
    against: Option<Transport>,
    #[command(flatten)]
    results: ResultsArgs,
    /// All figures of each pair
    ///
    /// With their intervals, also within one run; and every warning.
    #[arg(long, help_heading = headings::OUTPUT)]
    details: bool,
    #[command(flatten)]
    color: ColorArgs,
    /// Metrics to show, or all
    ///
    /// p50, p90, p99, p99.9, max, mean, bytes, cpu, memory, or columns of trials.csv or summary.csv.
    /// Example: --metric p99,bytes,missed
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = headings::OUTPUT)]
    metric: Vec<String>,
    /// Exit 1 where B differs from A by more
    ///
    /// May be repeated.
    ///
    /// Write a metric, > or <, and percent: 'p99 > +10%', 'missed > 0%'. A transport
    /// before it is for the pairs of that transport: 'sse: p99 > +10%', and two of them
    /// for one pair of a run: 'sse/websocket: p99 > +10%' fails where SSE is more than
    /// 10 % above WebSocket. Otherwise it is for every pair that is shown. What is judged is the
    /// difference of the medians; a difference that is not shown (its 95 % interval holds 0) counts
    /// as 0 %, and what went wrong in B alone (such as messages missed) as any rise. A gate that
    /// cannot tell does not pass: too few trials (5 on each side are needed), INVALID trials of B,
    /// a figure that warnings touch in half of a side's trials or more, a figure or a cell that
    /// only one side has. Each gate that does not pass is a line of standard error that begins with
    /// "FAILED:" or with "CANNOT TELL:". Exit 2 for a metric or a transport that does not exist.
    #[arg(long, value_name = "GATE", help_heading = headings::STATISTICS)]
    fail_if: Vec<Gate>,
    /// How the result is printed
    ///
    /// table: for a terminal. json: one document, also where the command fails. csv: rows with a
    /// header. md: tables for a pull request on GitHub.
    #[arg(long, value_name = "table|json|csv|md", value_enum, default_value_t)]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    format: Format,
}

impl CompareArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let folder_a = self.folder_of_a()?;
        let (a, missing_a) = trials_of(&folder_a)?;
        let (b, missing_b) = self.b.as_deref().map(trials_of).transpose()?.unzip();
        let texts = LOCALE.texts();
        let metrics = self.metrics()?;
        let comparison = match &b {
            Some(b) => compare::runs(&a, b, texts),
            None => compare::transports(&a, self.against, texts),
        };
        check_transports(self.against, &self.fail_if, [&a, b.as_ref().unwrap_or(&a)])?;
        // A cell that neither run has is in no pair.
        let last = missing_b.as_ref().unwrap_or(&missing_a).iter();
        let never = last
            .filter(|cell| cell.trials == cell.of)
            .map(|cell| Unpaired {
                transport: cell.transport,
                text: (texts.compare.never_measured)(&report::missing_cell(cell, texts)),
            });
        let never: Vec<Unpaired> = never.collect();
        let mut judging = comparison.clone();
        judging.unpaired.extend(never);
        let judged = match comparison.pairs.is_empty() {
            true => Vec::new(),
            false => judge_gates(&self.fail_if, &judging)?,
        };
        let missing = [&missing_a[..], missing_b.as_deref().unwrap_or_default()];
        let document = || {
            let runs = [Some(&folder_a), self.b.as_ref()].into_iter().flatten();
            let runs = runs.map(|run| run.display().to_string()).collect();
            let complete = missing.concat().is_empty();
            let trials = [&a[..], b.as_deref().unwrap_or_default()].concat();
            ComparisonDocument::new(runs, complete, &trials, (&comparison, &metrics), &judged)
        };
        let shown = match self.format {
            Format::Table => self.table(
                (&comparison, &metrics, &judged),
                [
                    (Some(&*folder_a), &a, missing[0]),
                    (
                        self.b.as_deref(),
                        b.as_deref().unwrap_or_default(),
                        missing[1],
                    ),
                ],
            ),
            Format::Json => export::json(&document())?,
            Format::Csv => export::csv(&document().differences)?,
            Format::Md => export::comparison_markdown(
                &comparison,
                &metrics,
                &document(),
                [&a, b.as_deref().unwrap_or_default()],
                LOCALE,
            ),
        };
        let shown = output::write(shown);
        if comparison.pairs.is_empty() {
            bail!("there is nothing to compare: no two cells share clients, rate and the rest");
        }
        check_gates(&judged)?;
        shown.map(|_| ExitCode::SUCCESS)
    }

    /// The first run, or else the newest, with a line that says which one it is.
    fn folder_of_a(&self) -> anyhow::Result<PathBuf> {
        if let Some(named) = &self.a {
            return Ok(named.clone());
        }
        let newest = newest_run(&self.results.find()?)?;
        let _ = writeln!(std::io::stderr(), "newest run: {}", newest.display());
        Ok(newest)
    }

    fn table(
        &self,
        (comparison, metrics, judged): (&Comparison, &[&'static Metric], &[Judgement]),
        runs: [(Option<&Path>, &[TrialRow], &[MissingTrials]); 2],
    ) -> String {
        let style = TextStyle {
            details: self.details,
            ..self.color.style()
        };
        let (width, mut text) = (style.width, String::new());
        let [(_, of_a, _), _] = runs;
        for ((path, trials, missing), letter) in runs.into_iter().zip(["A", "B"]) {
            let Some(path) = path else { continue };
            if self.b.is_some() {
                text.push_str(&format!("{letter}: {}\n", path.display()));
            }
            let conditions = report::conditions(trials, LOCALE);
            text.push_str(&report::paragraph(&conditions, width));
            let lacking = lacking(path, missing).unwrap_or_default();
            text.push_str(&report::paragraph(&lacking, width));
        }
        text.push('\n');
        text += &match self.b.is_some() || self.details || !self.metric.is_empty() {
            true => report::comparison(comparison, metrics, style, LOCALE),
            false => report::differences(comparison, style, LOCALE),
        };
        if !comparison.pairs.is_empty() {
            text += &match self.b.is_some() {
                true => report::closing(comparison, metrics, style, LOCALE),
                false => report::text_answer(of_a, style, LOCALE),
            };
        }
        let count = |of| judged.iter().filter(|gate| gate.conclusion == of).count();
        if !judged.is_empty() {
            let [failed, untold, passed] =
                [Conclusion::Failed, Conclusion::Unjudged, Conclusion::Passed].map(count);
            let gates = (LOCALE.texts().compare.gates)(failed, untold, passed);
            text += &report::paragraph(&gates, width);
        }
        text
    }

    /// The metrics to show, including those of the gates.
    fn metrics(&self) -> Result<Vec<&'static Metric>, UsageError> {
        let named = self.metric.iter().filter(|name| *name != "all");
        let named: Result<Vec<_>, _> = named.map(|name| results::named_metric(name)).collect();
        let named = named.map_err(|why| UsageError(format!("--metric: {why}")))?;
        let mut metrics: Vec<&Metric> = match &self.metric[..] {
            [] => {
                let headline = results::shown_in(Table::Headline).into_iter();
                headline.map(|column| column.metric).collect()
            }
            chosen if chosen.iter().any(|name| name == "all") => results::measured().collect(),
            _ => named,
        };
        for gate in &self.fail_if {
            if !metrics.contains(&gate.metric) {
                metrics.push(gate.metric);
            }
        }
        Ok(metrics)
    }
}

/// Checks that the transports which the user names are in the runs.
pub(super) fn check_transports(
    against: Option<Transport>,
    gates: &[Gate],
    runs: [&[TrialRow]; 2],
) -> Result<(), UsageError> {
    let has = |one: &Transport| {
        let mut trials = runs.into_iter().flatten();
        trials.any(|trial| trial.transport == *one)
    };
    let of_gates = gates.iter().flat_map(Gate::transports);
    if let Some(named) = against.into_iter().chain(of_gates).find(|one| !has(one)) {
        let has = Transport::ALL.into_iter().filter(has).map(Transport::name);
        let has = has.collect::<Vec<_>>().join(", ");
        let why = format!("there is no trial of {named} to compare: the transports are {has}");
        return Err(UsageError(why));
    }
    Ok(())
}

/// Judges each gate on all that it concerns, which must be something.
pub(super) fn judge_gates(
    gates: &[Gate],
    comparison: &Comparison,
) -> Result<Vec<Judgement>, UsageError> {
    let mut judged = Vec::new();
    for gate in gates {
        let of_gate = gate.judge(comparison, LOCALE.texts());
        if of_gate.is_empty() {
            let names = comparison.pairs.iter().map(|pair| {
                let [b, a] = [&pair.other, &pair.base].map(|cell| cell.transport());
                format!("{b}/{a}")
            });
            let mut names: Vec<String> = names.collect();
            names.dedup();
            let why = format!(
                "{gate}: no such pair is compared: write one of {}",
                names.join(", ")
            );
            return Err(UsageError(why));
        }
        judged.extend(of_gate);
    }
    Ok(judged)
}

/// Fails where a gate does not pass.
pub(super) fn check_gates(judged: &[Judgement]) -> anyhow::Result<()> {
    let failures = judged.iter().filter(|judgement| !judgement.passed());
    // Unfolded, so that a script reads one line a failure.
    let lines: Vec<String> = failures.map(|it| report::judgement(it, LOCALE)).collect();
    match lines.is_empty() {
        true => Ok(()),
        false => bail!("--fail-if\n{}", lines.join("\n")),
    }
}

/// A line that names the trials that a run lacks; `None` where it lacks none.
fn lacking(run: &Path, missing: &[MissingTrials]) -> Option<String> {
    let lacks = report::incomplete(missing, LOCALE.texts())?;
    Some(format!("{}: {lacks}", run.display()))
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
