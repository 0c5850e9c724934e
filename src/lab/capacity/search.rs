//! The search over a scenario: its next trial, and what it has found.

use std::path::Path;
use std::time::Duration;

use crate::lab::capacity::objective;
use crate::lab::capacity::settings::{CapacitySearch, SearchFactor};
use crate::lab::cells::{Cell, Factors};
use crate::lab::factors::{MAX_CLIENTS, MAX_RATE_HZ};
use crate::lab::progress::RunLength;
use crate::lab::scenario::Scenario;
use crate::results::{self, CapacityRow, SearchVerdict, TrialRow};
use crate::stats::bracket::{SearchBounds, Step, StepOutcome};
use crate::transport::Transport;

/// Why a search ended at a step that holds.
const MAX_REACHED: &str = "no more was to be tried";
const POLL_IS_FULL: &str = "more does not fit into the answer to one poll";

/// A scenario that searches, with its settings.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    scenario: &'a Scenario,
    settings: &'a CapacitySearch,
}

impl<'a> Search<'a> {
    /// The search of a scenario that has passed its check; none where it does not search.
    pub fn of(scenario: &'a Scenario) -> Option<Self> {
        let settings = scenario.capacity.as_ref()?;
        Some(Search { scenario, settings })
    }

    /// The next trial after `trials`: its repetition and its cell. The transports
    /// take turns, so that a drift of the machine does not fall on one of them. `None` at the end.
    pub fn next(self, trials: &[TrialRow]) -> Option<(u32, Cell)> {
        let vary = self.settings.vary;
        let open = self.scenario.transports.iter().filter_map(|&transport| {
            let steps = self.steps(trials, transport);
            let value = self.bounds(transport).next(&steps)?;
            Some((steps.len(), transport, value))
        });
        let (_, transport, value) = open.min_by_key(|(tried, ..)| *tried)?;
        let same = |t: &&TrialRow| t.transport == transport && vary.of(t) == value;
        let before = trials.iter().filter(same);
        let cells = trials.iter().map(|trial| trial.cell).max().unwrap_or(0);
        let mut factors = self.first(transport);
        match vary {
            SearchFactor::Clients => factors.clients = value as u32,
            SearchFactor::Rate => factors.rate_hz = value,
        }
        let cell = Cell {
            number: before.clone().next().map_or(cells + 1, |trial| trial.cell),
            factors,
            aa_of: None,
        };
        Some((before.count() as u32 + 1, cell))
    }

    /// Where the search begins.
    fn first(self, transport: Transport) -> Factors {
        Factors {
            transports: transport,
            ..self.scenario.first()
        }
    }

    /// The wait before the next trial of a cell: one window for each of its last trials in a row
    /// that other processes disturbed.
    pub fn rest(self, cell: &Cell, trials: &[TrialRow]) -> Duration {
        let own = trials.iter().filter(|trial| trial.cell == cell.number);
        let outcomes = own.rev().map(|trial| self.judge(trial));
        let disturbed = outcomes.take_while(|outcome| matches!(outcome, StepOutcome::Disturbed(_)));
        self.scenario.window.0 * disturbed.count() as u32
    }

    /// How long the search takes at most, where no trial is doubtful: each step at the most that
    /// is tried.
    pub fn length(self) -> RunLength {
        let trials = self.scenario.transports.iter().flat_map(|&transport| {
            let bounds = self.bounds(transport);
            let mut factors = self.first(transport);
            if self.settings.vary == SearchFactor::Clients {
                factors.clients = bounds.max as u32;
            }
            std::iter::repeat_n(factors.length(), bounds.most_steps())
        });
        RunLength {
            trials: trials.collect(),
            at_most: true,
            until: None,
        }
    }

    /// What is known of the limit of one transport, in brackets: ` (200 holds, 400 fails)`.
    pub fn bracket(self, trials: &[TrialRow], transport: Transport) -> String {
        let found = self
            .bounds(transport)
            .finding(&self.steps(trials, transport));
        let held = found.held.map(|factor| format!("{factor} holds"));
        let failed = found.failed.map(|(factor, _)| format!("{factor} fails"));
        let known: Vec<String> = held.into_iter().chain(failed).collect();
        match known.is_empty() {
            true => String::new(),
            false => format!(" ({})", known.join(", ")),
        }
    }

    /// What a trial showed, as text for the user.
    pub fn remark(self, trial: &TrialRow) -> String {
        match self.judge(trial) {
            StepOutcome::Holds => "holds".to_owned(),
            StepOutcome::Fails(why) => format!("fails: {why}"),
            StepOutcome::Doubtful(why) | StepOutcome::Disturbed(why) => {
                format!("tells nothing: {why}")
            }
        }
    }

    fn judge(self, trial: &TrialRow) -> StepOutcome {
        objective::judge(trial, &self.settings.slo)
    }

    /// The trials of one transport, as the search sees them.
    fn steps(self, trials: &[TrialRow], transport: Transport) -> Vec<Step> {
        let own = trials.iter().filter(|trial| trial.transport == transport);
        let step = |trial| Step {
            factor: self.settings.vary.of(trial),
            outcome: self.judge(trial),
        };
        own.map(step).collect()
    }

    fn bounds(self, transport: Transport) -> SearchBounds {
        let Search { scenario, settings } = self;
        let first = self.first(transport);
        let (clients, rate_hz) = (first.clients, first.rate_hz);
        // With fewer deliveries in a window, no trial shows the percentiles of the objectives.
        let share = objective::needed(&settings.slo) / first.deliveries();
        let (start, min, most) = match settings.vary {
            SearchFactor::Clients => {
                let start = f64::from(clients);
                let min = (share * start).ceil().max(first.feeds.into());
                (start, min, MAX_CLIENTS.into())
            }
            SearchFactor::Rate => {
                let most = first.max_rate_hz().min(MAX_RATE_HZ);
                (rate_hz, share * rate_hz, most)
            }
        };
        SearchBounds {
            start,
            min: min.min(start),
            max: settings.max.map_or(most, |max| most.min(max.into())),
            within: settings.within_percent / 100.0,
            whole: settings.vary == SearchFactor::Clients,
            confirmations: scenario.repeats as usize,
        }
    }

    fn row(self, run: &str, trials: &[TrialRow], transport: Transport) -> CapacityRow {
        let bounds = self.bounds(transport);
        let steps = self.steps(trials, transport);
        let found = bounds.finding(&steps);
        let ended_by = found.not_told.as_ref().or(found.failed.as_ref());
        let cut_by_transport = |max: u32| bounds.max < max.into();
        let why = match (found.verdict, ended_by) {
            (SearchVerdict::Unfinished, _) => "",
            (_, Some((_, why))) => why,
            (_, None) if self.settings.max.is_some_and(cut_by_transport) => POLL_IS_FULL,
            (_, None) => MAX_REACHED,
        };
        CapacityRow {
            scenario: self.scenario.name.clone(),
            run: run.to_owned(),
            transport,
            factor: self.settings.vary.column().to_owned(),
            objective: self.settings.objective(),
            held: found.held,
            failed_at: found.failed.as_ref().map(|(factor, _)| *factor),
            not_told_at: found.not_told.as_ref().map(|(factor, _)| *factor),
            max: bounds.max,
            verdict: found.verdict,
            why: why.to_owned(),
            trials: steps.len(),
        }
    }
}

/// What a search has found so far, a row a transport. Empty where the scenario does not search.
pub fn rows(scenario: &Scenario, run: &str, trials: &[TrialRow]) -> Vec<CapacityRow> {
    let row = |search: Search<'_>, transport| search.row(run, trials, transport);
    let transports = scenario.transports.iter();
    transports
        .filter_map(|&transport| Some(row(Search::of(scenario)?, transport)))
        .collect()
}

/// Writes `capacity.csv`, replacing the one before.
pub fn write(folder: &Path, rows: &[CapacityRow]) -> anyhow::Result<()> {
    results::write_rows(&folder.join("capacity.csv"), rows)
}
