//! `wslab report`: plots and page of a run, from what is on disk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::cli::args::ResultsArgs;
use crate::cli::browser;
use crate::cli::claims::{self, ClaimsFolder};
use crate::cli::display::{LangArgs, TableArgs};
use crate::cli::help::{self, headings};
use crate::cli::list::{list, newest_result};
use crate::cli::result::{Format, Shown};
use crate::cli::run_files::RunFiles;
use crate::cli::together::Together;
use crate::error::UsageError;
use crate::report;
use crate::system::output;
use crate::texts::Locale;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::REPORT))]
#[command(after_long_help = help::full(help::REPORT, help::REPORT_CODES))]
pub(super) struct ReportArgs {
    /// Folders of runs; the newest run if none is named
    ///
    /// Several runs make one report, in a folder of its own below together/ in the folder of the
    /// results. It says by what they differ, and what cannot be compared for that reason. The folder
    /// of wslab run claims, as results/claims/20300101t100000z, has a page of its own kind.
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
            true => vec![newest_result(&self.results.find()?)?],
            false => self.runs.clone(),
        };
        if self.format != Format::Table && runs.len() > 1 {
            let why = "--format: the result of one run is one document; name one run";
            return Err(UsageError(why.to_owned()).into());
        }
        if let [folder] = &runs[..]
            && claims::is_claims(folder)
        {
            return self.claims(folder, locale);
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

    /// The table and the page of a run of claims.
    fn claims(&self, folder: &Path, locale: Locale) -> anyhow::Result<ExitCode> {
        let claims = ClaimsFolder::read(folder)?;
        let text = claims.text(self.format, (self.table.style(), locale))?;
        if self.format == Format::Table || self.open {
            let page = claims.write_page(locale)?;
            output::write(text)?;
            self.show(&page, locale)?;
            claims.check()?;
        } else {
            claims.check()?;
            output::write(text)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// One report on several runs, in a folder of its own.
    fn several(&self, files: Vec<RunFiles>, locale: Locale) -> anyhow::Result<ExitCode> {
        let together = Together::of(files, locale)?;
        let folder = self.results.find()?.join("together").join(together.name());
        let page = together.write_report(&folder)?;
        let style = self.table.style();
        let Together {
            trials, recoveries, ..
        } = &together;
        output::write(report::text_table(trials, &[], style, locale))?;
        let recovery = report::recovery_table(trials, recoveries, style, locale);
        if !recovery.is_empty() {
            output::write(format!("\n{recovery}"))?;
        }
        self.show(&page, locale)?;
        output::write(report::text_answer(&together.trials, style, locale))?;
        Ok(ExitCode::SUCCESS)
    }
}
