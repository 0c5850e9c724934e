//! `wslab report`: plots and page of a run, from what is on disk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::cli::args::ResultsArgs;
use crate::cli::browser;
use crate::cli::display::{LangArgs, TableArgs};
use crate::cli::help::{self, headings};
use crate::cli::list::{list, newest_run};
use crate::cli::result::{Format, Shown, ShownRun, missing, show_capacity, show_run, until};
use crate::cli::together::Together;
use crate::error::UsageError;
use crate::lab::capacity;
use crate::lab::recorded_run::RecordedRun;
use crate::report::{self, Report, TextStyle};
use crate::results::{self, CapacityRow, TimelineRow, TrialRow};
use crate::stats::objective::TransportObjective;
use crate::stats::summary;
use crate::system::output;
use crate::texts::Locale;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::REPORT))]
#[command(after_long_help = help::full(help::REPORT, help::REPORT_CODES))]
pub(super) struct ReportArgs {
    /// Folders of runs; the newest run if none is named
    ///
    /// Several runs make one report, in a folder of its own below together/ in the folder of the
    /// results. It says by what they differ, and what cannot be compared for that reason.
    #[arg(value_name = "RUN_DIR")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    table: TableArgs,
    /// How the result is printed
    ///
    /// table (or html) also writes report.html and the plots, and prints where. The others print
    /// the result of one run and write nothing.
    ///
    /// table: for a terminal. json: one document, also where the command fails. csv: rows with a
    /// header. md: tables for a pull request on GitHub.
    #[arg(long, value_name = "table|json|csv|md", value_enum, default_value_t)]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    format: Format,
    #[command(flatten)]
    lang: LangArgs,
    /// List the runs, the newest first
    ///
    /// When, size, trials with their verdicts, folder, and question of each.
    #[arg(long, conflicts_with = "runs", help_heading = headings::OUTPUT)]
    list: bool,
    /// Open the report in the browser
    ///
    /// In the browser that the variable BROWSER names, or else in the desktop's.
    #[arg(long, conflicts_with = "list", help_heading = headings::OUTPUT)]
    open: bool,
}

impl ReportArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let locale = self.lang.find()?;
        if self.list {
            output::write(list(&self.results.find()?, self.format, locale)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let runs = match self.runs.is_empty() {
            true => vec![newest_run(&self.results.find()?)?],
            false => self.runs.clone(),
        };
        if self.format != Format::Table && runs.len() > 1 {
            let why = "--format: the result of one run is one document; name one run";
            return Err(UsageError(why.to_owned()).into());
        }
        let mut files = Vec::new();
        for folder in &runs {
            files.push(RunFiles::read(folder)?);
        }
        let [run] = &files[..] else {
            files.iter().try_for_each(RunFiles::check)?;
            return self.several(files, locale);
        };
        let result = run.result(self.format, (self.table.style(), locale));
        if self.format != Format::Table && !self.open {
            run.check()?;
            output::write(result?.text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let page = run.write_report(locale)?;
        let Shown { text, answer } = result?;
        output::write(text)?;
        self.show(&page, locale)?;
        output::write(answer)?;
        run.check()?;
        Ok(ExitCode::SUCCESS)
    }

    /// Says where a page is, and opens it.
    fn show(&self, page: &Path, locale: Locale) -> anyhow::Result<()> {
        if self.format == Format::Table {
            output::write_link(locale.texts().table.report, page)?;
        }
        if self.open {
            browser::open(page);
        }
        Ok(())
    }

    /// One report on several runs, in a folder of its own.
    fn several(&self, files: Vec<RunFiles>, locale: Locale) -> anyhow::Result<ExitCode> {
        let together = Together::of(files, locale)?;
        let folder = self.results.find()?.join("together").join(together.name());
        let page = together.write_report(&folder)?;
        let style = self.table.style();
        output::write(report::text_table(&together.trials, &[], style, locale))?;
        self.show(&page, locale)?;
        output::write(report::text_answer(&together.trials, style, locale))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What a run left on disk.
pub(super) struct RunFiles {
    pub(super) folder: PathBuf,
    pub(super) id: String,
    pub(super) recorded: RecordedRun,
    pub(super) trials: Vec<TrialRow>,
    pub(super) timeline: Vec<TimelineRow>,
    /// What a search has found; empty for any other run.
    pub(super) capacity: Vec<CapacityRow>,
    /// What is wrong with its files, so that it is left out.
    unread: Vec<String>,
}

/// The most lines that a report names which cannot be read.
const MOST_UNREAD: usize = 5;

impl RunFiles {
    /// Reads what can be read.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let (recorded, mut unread) = RecordedRun::read_sound(folder)?;
        let (trials, of_trials) = results::read_sound_rows(&folder.join("trials.csv"));
        let (timeline, of_timeline) = results::read_sound_rows(&folder.join("timeline.csv"));
        for mut lines in [of_trials, of_timeline] {
            let all = lines.len();
            lines.truncate(MOST_UNREAD);
            unread.extend(lines);
            unread.extend((all > MOST_UNREAD).then(|| format!("and {} more", all - MOST_UNREAD)));
        }
        // The run's id is the name of its folder, which a path such as "." does not end with.
        let whole = folder.canonicalize()?;
        let id = whole
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(RunFiles {
            capacity: capacity::rows(&recorded.scenario, &id, &trials),
            timeline,
            unread,
            folder: folder.to_owned(),
            id,
            recorded,
            trials,
        })
    }

    /// Fails where something could not be read.
    fn check(&self) -> Result<(), UsageError> {
        match self.unread.is_empty() {
            true => Ok(()),
            false => Err(UsageError(self.unread.join("\n  "))),
        }
    }

    /// Rebuilds the report, and returns the page's path.
    pub(super) fn write_report(&self, locale: Locale) -> anyhow::Result<PathBuf> {
        let RunFiles {
            folder,
            recorded,
            trials,
            ..
        } = self;
        if !trials.is_empty() {
            summary::write(folder, trials)?;
        }
        if !self.capacity.is_empty() {
            capacity::write(folder, &self.capacity)?;
        }
        let scenario = &recorded.scenario;
        let until = until(scenario, &recorded.environment, trials, locale);
        let report = Report {
            locale,
            scenario: &scenario.name,
            run: &self.id,
            question: Some(scenario.question.as_str()).filter(|question| !question.is_empty()),
            machine: &recorded.environment.lines(locale.texts()),
            runs: &[],
            trials,
            missing: &missing(scenario, trials, locale),
            unread: &self.unread,
            until: until.as_deref(),
            timeline: &self.timeline,
            objectives: &self.objectives(),
            capacity: &self.capacity,
        };
        report::write(folder, &report)
    }

    /// What the command demanded that made the run. A search has its objectives in its scenario.
    fn objectives(&self) -> Vec<TransportObjective> {
        let demands = match self.capacity.is_empty() {
            true => self.recorded.environment.values_of("--slo"),
            false => Vec::new(),
        };
        let read = demands.iter().map(|demand| demand.parse());
        // Another version may know other objectives.
        read.filter_map(Result::ok).collect()
    }

    /// What the command printed that made the run.
    fn result(&self, format: Format, shown: (TextStyle, Locale)) -> anyhow::Result<Shown> {
        let run = ShownRun {
            id: &self.id,
            folder: &self.folder,
            scenario: &self.recorded.scenario,
            environment: &self.recorded.environment,
            trials: &self.trials,
        };
        match self.capacity.is_empty() {
            true => show_run(&run, &[], format, shown),
            false => show_capacity(&run, &self.capacity, format, shown),
        }
    }
}
