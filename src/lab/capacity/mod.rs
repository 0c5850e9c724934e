//! Capacity: the most clients, or messages a second, that each transport holds within an objective
//! on this machine.
//!
//! The search of a transport is a pure function of how its trials went ([`bracket`]), and how a
//! trial went follows from its row ([`objective`]). So `capacity.csv` is made of `trials.csv` and
//! `scenario.toml` alone, while the search is under way as well as long after.

pub mod objective;

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::UsageError;
use crate::lab::capacity::objective::Objective;
use crate::lab::scenario::{Cell, MAX_CLIENTS, MAX_RATE_HZ, Scenario};
use crate::results::{self, CapacityRow, SearchVerdict, TrialRow};
use crate::stats::bracket::{SearchBounds, Step, StepOutcome};
use crate::transport::Transport;

/// Why a search ended at a step that holds.
const MAX_REACHED: &str = "no more was to be tried";
const POLL_IS_FULL: &str = "more does not fit into the answer to one poll";

/// What is searched for: the table `[capacity]` of a scenario. Where it begins, the scenario's own
/// `clients` and `rate_hz` say; its `repeats` are the trials that must hold at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapacitySearch {
    /// All of them must hold.
    pub slo: Vec<Objective>,
    pub vary: SearchFactor,
    /// The most that is tried; without it, what this machine allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// How close the least that fails must come to the most that holds.
    pub within_percent: f64,
}

impl Default for CapacitySearch {
    fn default() -> Self {
        CapacitySearch {
            slo: Vec::new(),
            vary: SearchFactor::Clients,
            max: None,
            within_percent: 5.0,
        }
    }
}

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum SearchFactor {
    /// Subscribers.
    Clients,
    /// Messages a second to each feed.
    Rate,
}

impl SearchFactor {
    /// The column of `trials.csv` that holds it, with its unit.
    pub const fn column(self) -> &'static str {
        match self {
            SearchFactor::Clients => "clients",
            SearchFactor::Rate => "rate_hz",
        }
    }

    fn of(self, trial: &TrialRow) -> f64 {
        match self {
            SearchFactor::Clients => trial.clients.into(),
            SearchFactor::Rate => trial.rate_hz,
        }
    }
}

impl CapacitySearch {
    /// Checks what no value shows alone.
    pub fn check(&self, scenario: &Scenario) -> Result<(), UsageError> {
        let error = |text: String| Err(UsageError(text));
        let &[clients] = &scenario.clients[..] else {
            return error("clients: a search begins with one number; write only that".into());
        };
        if self.slo.is_empty() {
            return error("slo: say what is to hold, such as --slo 'p99<100ms'".into());
        }
        if scenario.rate_hz == 0.0 {
            return error("rate: where nothing is published, there is no latency to judge".into());
        }
        if !(0.1..=100.0).contains(&self.within_percent) {
            return error("within: write 0.1% to 100%, such as --within 5%".into());
        }
        let start = self.start(scenario);
        if let Some(max) = self.max
            && f64::from(max) < start
        {
            let factor = self.vary.column();
            return error(format!(
                "max, {factor}: {max} is below {start}, with which the search begins; write other \
                 ones of the two"
            ));
        }
        let expected = deliveries(scenario, clients);
        self.slo.iter().try_for_each(|slo| slo.check(expected))
    }

    /// The factor's value with which the search begins.
    fn start(&self, scenario: &Scenario) -> f64 {
        match self.vary {
            SearchFactor::Clients => scenario.clients[0].into(),
            SearchFactor::Rate => scenario.rate_hz,
        }
    }

    /// Where the search of a transport ends.
    fn bounds(&self, scenario: &Scenario, transport: Transport) -> SearchBounds {
        let start = self.start(scenario);
        // Fewer deliveries would tell nothing.
        let told = objective::needed(&self.slo) / deliveries(scenario, scenario.clients[0]) * start;
        let (min, most) = match self.vary {
            SearchFactor::Clients => (told.ceil().max(scenario.feeds.into()), MAX_CLIENTS.into()),
            SearchFactor::Rate => (told, scenario.most_rate_hz(transport).min(MAX_RATE_HZ)),
        };
        SearchBounds {
            start,
            min: min.min(start),
            max: self.max.map_or(most, |max| most.min(max.into())),
            within: self.within_percent / 100.0,
            whole: self.vary == SearchFactor::Clients,
            confirmations: scenario.repeats as usize,
        }
    }

    /// The trials of one transport, as the search sees them.
    fn steps(&self, trials: &[TrialRow], transport: Transport) -> Vec<Step> {
        let own = trials.iter().filter(|trial| trial.transport == transport);
        let step = |trial| Step {
            factor: self.vary.of(trial),
            outcome: objective::judge(trial, &self.slo),
        };
        own.map(step).collect()
    }

    /// The next trial, given all before it: its scenario, its number and its cell. The transports
    /// take turns, so that what drifts on the machine does not fall on one of them.
    pub fn next(&self, scenario: &Scenario, trials: &[TrialRow]) -> Option<(Scenario, u32, Cell)> {
        let asking = scenario.transports.iter().filter_map(|&transport| {
            let steps = self.steps(trials, transport);
            let factor = self.bounds(scenario, transport).next(&steps)?;
            Some((steps.len(), transport, factor))
        });
        let (_, transport, factor) = asking.min_by_key(|(tried, ..)| *tried)?;
        let same = |t: &&TrialRow| t.transport == transport && self.vary.of(t) == factor;
        let before = trials.iter().filter(same);
        let cells = trials.iter().map(|trial| trial.cell).max().unwrap_or(0);
        let mut cell = Cell {
            number: before.clone().next().map_or(cells + 1, |trial| trial.cell),
            transport,
            clients: scenario.clients[0],
            aa_of: None,
        };
        let mut scenario = scenario.clone();
        match self.vary {
            SearchFactor::Clients => cell.clients = factor as u32,
            SearchFactor::Rate => scenario.rate_hz = factor,
        }
        Some((scenario, before.count() as u32 + 1, cell))
    }

    /// How long to wait before a cell's next trial: one window for each of those before it, in a
    /// row, that others disturbed, so that they may come to rest.
    pub fn rest(&self, scenario: &Scenario, cell: &Cell, trials: &[TrialRow]) -> Duration {
        let own = trials.iter().filter(|trial| trial.cell == cell.number);
        let outcomes = own.rev().map(|trial| objective::judge(trial, &self.slo));
        let disturbed = outcomes.take_while(|outcome| matches!(outcome, StepOutcome::Disturbed(_)));
        scenario.window.0 * disturbed.count() as u32
    }

    /// What the last trial showed, in words for whoever watches.
    pub fn remark(&self, trial: &TrialRow) -> String {
        match objective::judge(trial, &self.slo) {
            StepOutcome::Holds => "holds".to_owned(),
            StepOutcome::Fails(why) => format!("fails: {why}"),
            StepOutcome::Doubtful(why) | StepOutcome::Disturbed(why) => {
                format!("tells nothing: {why}")
            }
        }
    }

    /// The objectives as one text.
    pub fn objective(&self) -> String {
        let all: Vec<String> = self.slo.iter().map(Objective::to_string).collect();
        all.join(" and ")
    }
}

/// Deliveries that a window is to have: what is published to each feed, times its readers.
fn deliveries(scenario: &Scenario, clients: u32) -> f64 {
    let messages = (scenario.rate_hz * scenario.window.0.as_secs_f64()).floor();
    messages * f64::from(clients)
}

/// Writes a search's `capacity.csv`, replacing the one before.
pub fn write(folder: &Path, rows: &[CapacityRow]) -> anyhow::Result<()> {
    results::write_rows(&folder.join("capacity.csv"), rows)
}

/// What a search has found so far, a row a transport; nothing where the scenario is none.
pub fn rows(scenario: &Scenario, run: &str, trials: &[TrialRow]) -> Vec<CapacityRow> {
    let search = scenario.capacity.iter();
    search
        .flat_map(|search| {
            let transports = scenario.transports.iter();
            transports.map(|&transport| row(search, scenario, run, trials, transport))
        })
        .collect()
}

fn row(
    search: &CapacitySearch,
    scenario: &Scenario,
    run: &str,
    trials: &[TrialRow],
    transport: Transport,
) -> CapacityRow {
    let bounds = search.bounds(scenario, transport);
    let steps = search.steps(trials, transport);
    let found = bounds.finding(&steps);
    let ended_by = found.not_told.as_ref().or(found.failed.as_ref());
    let why = match (found.verdict, ended_by) {
        (SearchVerdict::Unfinished, _) => "",
        (_, Some((_, why))) => why,
        (_, None) if search.max.is_some_and(|max| bounds.max < max.into()) => POLL_IS_FULL,
        (_, None) => MAX_REACHED,
    };
    CapacityRow {
        scenario: scenario.name.clone(),
        run: run.to_owned(),
        transport,
        factor: search.vary.column().to_owned(),
        objective: search.objective(),
        held: found.held,
        failed_at: found.failed.as_ref().map(|(factor, _)| *factor),
        not_told_at: found.not_told.as_ref().map(|(factor, _)| *factor),
        max: bounds.max,
        verdict: found.verdict,
        why: why.to_owned(),
        trials: steps.len(),
    }
}
