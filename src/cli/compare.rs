//! `wslab compare`: two runs, or the transports within one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::cli::args::ResultsArgs;
use crate::cli::display::{ColorArgs, LangArgs};
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
use crate::texts::{Locale, Texts};
use crate::transport::Transport;

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
    #[command(flatten)]
    lang: LangArgs,
}

impl CompareArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let folder_a = self.folder_of_a()?;
        let locale = self.format.locale(self.lang.find()?);
        let a = ComparedRun::read(&folder_a)?;
        let b = self.b.as_deref().map(ComparedRun::read).transpose()?;
        let metrics = self.metrics()?;
        let last = b.as_ref().unwrap_or(&a);
        check_transports(self.against, &self.fail_if, [&a.trials, &last.trials])?;
        let comparison = self.compared(&a, b.as_ref(), locale);
        let judged = self.judged(&comparison, last, locale)?;
        let runs: Vec<&ComparedRun> = [Some(&a), b.as_ref()].into_iter().flatten().collect();
        let document = || {
            let folders = runs.iter().map(|run| run.folder.display().to_string());
            let complete = runs.iter().all(|run| run.missing(locale).is_empty());
            let trials = runs.iter().flat_map(|run| run.trials.iter().cloned());
            ComparisonDocument::new(
                folders.collect(),
                complete,
                &trials.collect::<Vec<_>>(),
                (&comparison, &metrics),
                &judged,
                locale.texts(),
            )
        };
        let shown = match self.format {
            Format::Table => self.table((&comparison, &metrics, &judged), &runs, locale),
            Format::Json => export::json(&document())?,
            Format::Csv => export::csv(&document().differences)?,
            Format::Md => export::comparison_markdown(
                &comparison,
                &metrics,
                &document(),
                [&a.trials, b.as_ref().map_or(&[][..], |b| &b.trials)],
                locale,
            ),
        };
        let shown = output::write(shown);
        if comparison.pairs.is_empty() {
            bail!("there is nothing to compare: no two cells share clients, rate and the rest");
        }
        // An error is English, whatever the result's language.
        let english = self.compared(&a, b.as_ref(), Locale::En);
        check_gates(&self.judged(&english, last, Locale::En)?)?;
        shown.map(|_| ExitCode::SUCCESS)
    }

    fn compared<'r>(
        &self,
        a: &'r ComparedRun,
        b: Option<&'r ComparedRun>,
        locale: Locale,
    ) -> Comparison<'r> {
        match b {
            Some(b) => compare::runs(&a.trials, &b.trials, locale.texts()),
            None => compare::transports(&a.trials, self.against, locale.texts()),
        }
    }

    /// What came of the gates; nothing where there is nothing to compare.
    fn judged(
        &self,
        comparison: &Comparison,
        last: &ComparedRun,
        locale: Locale,
    ) -> Result<Vec<Judgement>, UsageError> {
        if comparison.pairs.is_empty() {
            return Ok(Vec::new());
        }
        let texts = locale.texts();
        // A cell that neither run has is in no pair.
        let missing = last.missing(locale);
        let never = missing.iter().filter(|cell| cell.trials == cell.of);
        let never = never.map(|cell| Unpaired {
            transport: cell.transport,
            text: (texts.compare.never_measured)(&report::missing_cell(cell, texts)),
        });
        let mut judging = comparison.clone();
        judging.unpaired.extend(never);
        judge_gates(&self.fail_if, &judging, texts)
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
        runs: &[&ComparedRun],
        locale: Locale,
    ) -> String {
        let style = TextStyle {
            details: self.details,
            ..self.color.style()
        };
        let (width, mut text) = (style.width, String::new());
        for (run, letter) in runs.iter().zip(["A", "B"]) {
            let folder = run.folder.display();
            if self.b.is_some() {
                text.push_str(&format!("{letter}: {folder}\n"));
            }
            let conditions = report::conditions(&run.trials, locale);
            text.push_str(&report::paragraph(&conditions, width));
            if let Some(lacks) = report::incomplete(&run.missing(locale), locale.texts()) {
                let lacks = format!("{folder}: {lacks}");
                text.push_str(&report::paragraph(&lacks, width));
            }
        }
        text.push('\n');
        text += &match self.b.is_some() || self.details || !self.metric.is_empty() {
            true => report::comparison(comparison, metrics, style, locale),
            false => report::differences(comparison, style, locale),
        };
        if !comparison.pairs.is_empty() {
            text += &match self.b.is_some() {
                true => report::closing(comparison, metrics, style, locale),
                false => report::text_answer(&runs[0].trials, style, locale),
            };
        }
        let count = |of| judged.iter().filter(|gate| gate.conclusion == of).count();
        if !judged.is_empty() {
            let [failed, untold, passed] =
                [Conclusion::Failed, Conclusion::Unjudged, Conclusion::Passed].map(count);
            let gates = (locale.texts().compare.gates)(failed, untold, passed);
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
    texts: &Texts,
) -> Result<Vec<Judgement>, UsageError> {
    let mut judged = Vec::new();
    for gate in gates {
        let of_gate = gate.judge(comparison, texts);
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
    let lines: Vec<String> = failures
        .map(|it| report::judgement(it, Locale::En))
        .collect();
    match lines.is_empty() {
        true => Ok(()),
        false => bail!("--fail-if\n{}", lines.join("\n")),
    }
}

/// A run that is compared.
struct ComparedRun {
    folder: PathBuf,
    /// At least one.
    trials: Vec<TrialRow>,
    /// A folder of rows alone does not say how many there should be.
    scenario: Option<Scenario>,
}

impl ComparedRun {
    fn read(folder: &Path) -> anyhow::Result<Self> {
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
        let scenario = folder.join("scenario.toml");
        let scenario = scenario.is_file().then(|| Scenario::find(&scenario));
        Ok(ComparedRun {
            folder: folder.to_owned(),
            trials,
            scenario: scenario.transpose()?,
        })
    }

    /// The trials that it lacks.
    fn missing(&self, locale: Locale) -> Vec<MissingTrials> {
        let scenario = self.scenario.iter();
        let missing = scenario.flat_map(|scenario| missing(scenario, &self.trials, locale));
        missing.collect()
    }
}
