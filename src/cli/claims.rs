//! `wslab run claims`: every claim that is built in, each as a run of its own below one folder; and
//! the table and the page of such a folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use crate::cli::args::write_defaults;
use crate::cli::browser;
use crate::cli::judged_claim::judged_claim;
use crate::cli::process::{end_when_interrupted, interrupted, runtime};
use crate::cli::result::{Format, missing};
use crate::cli::run_args::RunArgs;
use crate::cli::run_files::RunFiles;
use crate::error::{Interrupted, UsageError};
use crate::lab::claim::CLAIMS;
use crate::lab::claim_cells::claims;
use crate::lab::config::Config;
use crate::lab::factors::Until;
use crate::lab::progress::RunLength;
use crate::lab::run::{self, Ending, Run, RunOptions};
use crate::lab::run_folder::new_folder;
use crate::lab::scenario::Scenario;
use crate::report::{
    ClaimsReport, JudgedClaim, TextStyle, claims_page, claims_table, export, incomplete, paragraph,
};
use crate::results::{self, TrialRow, Verdict};
use crate::system::output;
use crate::texts::Locale;

/// What names all claims instead of a scenario, and the folder of their results.
pub(super) const ALL: &str = "claims";

/// The file that says which claims a folder is to have.
pub(super) const FILE: &str = "claims.json";

/// That file.
#[derive(Debug, Serialize, Deserialize)]
struct ClaimsFile {
    wslab_version: String,
    claims: Vec<String>,
}

/// Runs every claim.
pub(super) fn run_all(args: &RunArgs, config: &Config) -> anyhow::Result<ExitCode> {
    let (locale, format) = (args.lang.locale(config), args.format);
    let scenarios = scenarios(args, config)?;
    let options = args.options(None, config)?;
    let (_, is_configured) = args.results.folder(config);
    write_defaults(config, if is_configured { &["results"] } else { &[] });
    let folder = create(&options.results.join(ALL), &scenarios)?;
    let options = RunOptions {
        below: Some(folder.clone()),
        ..options
    };
    note(args, &announcement(&scenarios));
    let ended = run_each(args, &scenarios, &options)?;
    end_when_interrupted();
    let claims = ClaimsFolder::read(&folder)?;
    let page = claims.write_page(locale)?;
    output::write(claims.text(format, (args.table.style(), locale))?)?;
    if format == Format::Table {
        output::write_link(locale.texts().table.report, &page)?;
    }
    if args.open {
        browser::open(&page);
    }
    if let Some(signal) = ended.interrupted {
        let folder = folder.display();
        let kept = format!("not complete: what was measured is in {folder}");
        return Err(anyhow::Error::from(signal).context(kept));
    }
    match (ended.failed, ended.verdict) {
        (failed, _) if !failed.is_empty() => Err(anyhow!("{}", failed.join("; "))),
        (_, Some(Verdict::Invalid)) => Ok(ExitCode::from(3)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn scenarios(args: &RunArgs, config: &Config) -> Result<Vec<Scenario>, UsageError> {
    let all = claims()?.into_iter().zip(CLAIMS);
    let all = all.map(|(scenario, (name, _))| {
        let scenario = args.changed(scenario, config);
        let scenario = scenario.map_err(|UsageError(why)| UsageError(format!("{name}: {why}")))?;
        match scenario.until {
            Until::Off => Ok(scenario),
            Until::Below(_) => Err(UsageError(
                "--until does not go with claims: write --repeats".to_owned(),
            )),
        }
    });
    all.collect()
}

fn create(parent: &Path, scenarios: &[Scenario]) -> anyhow::Result<PathBuf> {
    let folder = new_folder(parent)
        .with_context(|| format!("cannot write results to {}", parent.display()))?;
    let file = ClaimsFile {
        wslab_version: env!("CARGO_PKG_VERSION").to_owned(),
        claims: scenarios.iter().map(|it| it.name.clone()).collect(),
    };
    let json = serde_json::to_vec_pretty(&file)?;
    results::write_whole(&folder.join(FILE), &json)?;
    Ok(folder)
}

fn announcement(scenarios: &[Scenario]) -> String {
    let trials = scenarios.iter().flat_map(|it| RunLength::of(it).trials);
    let all = RunLength {
        trials: trials.collect(),
        ..RunLength::default()
    };
    format!("{} claims: {}", scenarios.len(), all.announcement())
}

/// A line of standard error, unless the user wants quiet.
fn note(args: &RunArgs, line: &str) {
    if !args.quiet {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// How the runs ended.
#[derive(Default)]
struct Ended {
    interrupted: Option<Interrupted>,
    /// Claims whose runs were cut short, and why.
    failed: Vec<String>,
    /// The worst of all trials.
    verdict: Option<Verdict>,
}

/// Runs one scenario after the other, until all are done or a signal ends them.
fn run_each(args: &RunArgs, scenarios: &[Scenario], options: &RunOptions) -> anyhow::Result<Ended> {
    let runtime = runtime()?;
    let mut ended = Ended::default();
    runtime.block_on(async {
        let mut signal = pin!(interrupted());
        for (number, scenario) in (1..).zip(scenarios) {
            let claim = scenario.claim.as_ref().map_or("", |claim| &claim.text);
            note(args, &format!("({number}/{}) {claim}", scenarios.len()));
            let (run, ending): (Run, _) = run::run(scenario, options, signal.as_mut()).await?;
            ended.verdict = ended.verdict.max(Some(run.verdict()));
            match ending {
                Ending::Complete => {}
                Ending::CutShort(why) => ended.failed.push(format!("{}: {why}", scenario.name)),
                Ending::Interrupted(signal) => {
                    ended.interrupted = Some(signal);
                    break;
                }
            }
        }
        anyhow::Ok(())
    })?;
    Ok(ended)
}

/// Whether a folder is that of a run of claims.
pub(super) fn is_claims(folder: &Path) -> bool {
    folder.join(FILE).is_file()
}

/// What a run of claims left on disk.
pub(super) struct ClaimsFolder {
    folder: PathBuf,
    /// Each claim's name and run; `None` where there is none that can be read.
    runs: Vec<(String, Option<RunFiles>)>,
    /// What is wrong with the files, so that it is left out.
    unread: Vec<String>,
}

impl ClaimsFolder {
    /// Reads what can be read.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut claims = ClaimsFolder {
            folder: folder.to_owned(),
            runs: Vec::new(),
            unread: Vec::new(),
        };
        let names = claims_of(folder).unwrap_or_else(|why| {
            claims.unread.push(format!("{why:#}"));
            let mut names: Vec<String> = folders(folder).iter().map(|it| name_of(it)).collect();
            names.sort();
            names
        });
        for name in names {
            let run = folders(&folder.join(&name)).into_iter().max();
            let files = run.map(|run| RunFiles::read(&run)).transpose();
            let files = files.unwrap_or_else(|why| {
                claims.unread.push(format!("{why:#}"));
                None
            });
            if let Some(files) = &files {
                claims.unread.extend(files.unread.iter().cloned());
            }
            claims.runs.push((name, files));
        }
        Ok(claims)
    }

    /// Fails where something could not be read.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        match self.unread.is_empty() {
            true => Ok(()),
            false => Err(UsageError(self.unread.join("\n  "))),
        }
    }

    pub(super) fn trials(&self) -> impl Iterator<Item = &TrialRow> {
        let files = self.runs.iter().filter_map(|(_, files)| files.as_ref());
        files.flat_map(|files| &files.trials)
    }

    fn judged(&self, locale: Locale) -> Vec<JudgedClaim> {
        let files = self.runs.iter().filter_map(|(_, files)| files.as_ref());
        let judged = files.filter_map(|files| {
            let claim = judged_claim(&files.recorded.scenario, &files.trials, locale)?;
            let path = files.folder.strip_prefix(&self.folder).ok()?;
            let link = format!("{}/report.html", path.display());
            let link = Some(link).filter(|_| !files.trials.is_empty());
            Some(JudgedClaim { link, ..claim })
        });
        judged.collect()
    }

    /// The claims of which there is nothing, or not everything that was to be measured.
    pub(super) fn missing(&self, locale: Locale) -> Vec<String> {
        let texts = locale.texts();
        let missing = self.runs.iter().filter_map(|(name, files)| {
            let files = files.as_ref().filter(|files| !files.trials.is_empty());
            let Some(files) = files else {
                return Some((texts.claim.not_measured)(name));
            };
            let missing = missing(&files.recorded.scenario, &files.trials, locale);
            incomplete(&missing, texts).map(|why| format!("{name}: {why}"))
        });
        missing.collect()
    }

    /// Writes the report of each run, and the page. Returns the page's path.
    pub(super) fn write_page(&self, locale: Locale) -> anyhow::Result<PathBuf> {
        let runs = self.runs.iter().filter_map(|(_, files)| files.as_ref());
        let runs: Vec<&RunFiles> = runs.filter(|files| !files.trials.is_empty()).collect();
        for files in &runs {
            files.write_report(locale)?;
        }
        let machine = runs
            .first()
            .map(|files| files.recorded.environment.lines(locale.texts()));
        let report = ClaimsReport {
            locale,
            run: &name_of(&self.folder),
            claims: &self.judged(locale),
            machine: &machine.unwrap_or_default(),
            missing: &self.missing(locale),
            unread: &self.unread,
        };
        let page = self.folder.join("report.html");
        results::write_whole(&page, claims_page(&report).as_bytes())?;
        Ok(page)
    }

    /// The table in a format.
    pub(super) fn text(
        &self,
        format: Format,
        (style, locale): (TextStyle, Locale),
    ) -> anyhow::Result<String> {
        let locale = format.locale(locale);
        let claims = self.judged(locale);
        let figures: Vec<_> = claims.iter().flat_map(|claim| &claim.figures).collect();
        match format {
            Format::Table => {
                let missing = self.missing(locale);
                let missing = missing.iter().map(|why| paragraph(why, style.width));
                Ok(claims_table(&claims, style, locale) + &missing.collect::<String>())
            }
            Format::Json => export::json(&serde_json::json!({ "claims": claims })),
            Format::Csv => export::csv(&figures),
            Format::Md => Ok(export::claims_markdown(&claims, locale)),
        }
    }
}

/// The claims that a folder is to have.
fn claims_of(folder: &Path) -> anyhow::Result<Vec<String>> {
    let path = folder.join(FILE);
    let file: ClaimsFile = serde_json::from_str(&results::read_text(&path)?)
        .with_context(|| format!("{}", path.display()))?;
    Ok(file.claims)
}

/// The folders in a folder.
pub(super) fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.is_dir()).collect()
}

fn name_of(folder: &Path) -> String {
    // A path such as "." does not end with the name.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
