//! `wslab capacity`: the most that each transport holds within an objective.

use std::process::ExitCode;

use clap::{Arg, Args};

use crate::cli::help::{self, headings};
use crate::cli::result::show_capacity;
use crate::cli::run_args::RunArgs;
use crate::error::UsageError;
use crate::lab::capacity;
use crate::lab::capacity::settings::{CapacitySearch, SearchFactor};
use crate::lab::config::Config;
use crate::lab::recorded_run::RecordedRun;
use crate::lab::scenario::Scenario;
use crate::lab::written::Written;
use crate::results::SearchVerdict;
use crate::stats::objective::Objective;

/// Trials that must hold at the end of a search, unless a flag or a file says how many.
const CONFIRMATIONS: u32 = 3;

#[derive(Debug, Args)]
#[command(mut_args(with_search_default))]
#[command(after_help = help::brief(help::CAPACITY))]
#[command(after_long_help = help::full(help::CAPACITY, help::CAPACITY_CODES))]
pub(super) struct CapacityArgs {
    /// What must hold, such as 'p99<100ms'
    ///
    /// p50, p90, p99, p99.9 or max, <, and a time. May be repeated: then all must hold. Example:
    /// --slo 'p50<10ms' --slo 'p99<100ms'
    #[arg(long, value_name = "OBJECTIVE", help_heading = headings::SEARCH)]
    slo: Vec<Objective>,
    /// What is raised until it fails
    ///
    /// clients: the search is for the most subscribers. rate: for the most messages per second to
    /// each feed.
    #[arg(long, value_name = "clients|rate", help_heading = headings::SEARCH)]
    vary: Option<SearchFactor>,
    /// The highest value to try
    ///
    /// Default: as many clients as the open files allow, or 100,000 messages per second.
    #[arg(long, value_name = "N", value_parser = u32::read, help_heading = headings::SEARCH)]
    max: Option<u32>,
    /// How exact the result is
    ///
    /// How close the lowest value that fails must come to the highest that holds.
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    #[arg(help_heading = headings::SEARCH)]
    within: Option<f64>,
    #[command(flatten)]
    run: RunArgs,
}

impl CapacityArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let recorded = self.run.recorded()?;
        let config = self.run.config()?;
        let scenario = self.scenario(recorded.as_ref(), &config)?;
        let (run, ending) = self.run.measure(&scenario, recorded.as_ref(), &config)?;
        let found = capacity::rows(&run.scenario, &run.folder.id(), &run.folder.trials);
        let locale = self.run.lang.locale(&config);
        self.run.finish(&run, ending, locale, |shown| {
            let style = (self.run.table.style(), locale);
            show_capacity(shown, &found, self.run.format, style)
        })?;
        let is_told = |told: SearchVerdict| {
            !matches!(told, SearchVerdict::NotTold | SearchVerdict::Unfinished)
        };
        match found.iter().all(|row| is_told(row.verdict)) {
            true => Ok(ExitCode::SUCCESS),
            false => Ok(ExitCode::from(3)),
        }
    }

    /// The search that was recorded, or the one that the flags ask for.
    fn scenario(
        &self,
        recorded: Option<&RecordedRun>,
        config: &Config,
    ) -> Result<Scenario, UsageError> {
        let mut scenario = self.run.scenario(recorded, config)?;
        if scenario.capacity.is_none() {
            scenario.name = "capacity".to_owned();
            scenario.question.clear();
            let repeats = self.run.factors.repeats.or(config.repeats);
            scenario.repeats = repeats.unwrap_or(CONFIRMATIONS);
        }
        let mut search = scenario.capacity.take().unwrap_or_default();
        if !self.slo.is_empty() {
            search.slo.clone_from(&self.slo);
        }
        search.vary = self.vary.unwrap_or(search.vary);
        search.max = self.max.or(search.max);
        search.within_percent = self.within.unwrap_or(search.within_percent);
        if scenario.question.is_empty() {
            let what = match search.vary {
                SearchFactor::Clients => "clients",
                SearchFactor::Rate => "messages a second to each feed",
            };
            let objective = search.objective();
            scenario.question = format!("How many {what} does each transport hold at {objective}?");
        }
        scenario.capacity = Some(search);
        self.run.check(&scenario, config)?;
        Ok(scenario)
    }
}

/// Adds the default to the help of a flag of the search.
fn with_search_default(arg: Arg) -> Arg {
    let search = CapacitySearch::default();
    let default = match arg.get_id().as_str() {
        "vary" => search.vary.to_string(),
        "within" => format!("{}%", search.within_percent),
        "repeats" => CONFIRMATIONS.to_string(),
        // A search ends where its trials say so.
        "until" | "budget" => return arg.hide(true),
        _ => return arg,
    };
    help::with_default(arg, &default)
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or_default().trim_end();
    number
        .parse()
        .map_err(|_| "write a number and %, such as 5%".to_owned())
}
