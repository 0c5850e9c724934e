//! The order of a scenario's trials, round by round, and when a run has had enough of them.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::lab::cells::Cell;
use crate::lab::factors::Until;
use crate::lab::scenario::{MAX_TRIALS, Scenario};
use crate::results::TrialRow;
use crate::stats::until::{LEAST_ROUNDS, Stopped};
use crate::texts::Numbers;
use crate::transport::Transport;

/// How far a run with [`Until::Below`] has come.
#[derive(Clone, Copy, Debug)]
pub struct RoundsDone {
    /// At least 1.
    pub rounds: u32,
    /// Trials of a round.
    pub cells: usize,
    /// Since the run began.
    pub took: Duration,
    pub budget: Duration,
    /// Differences that are open, where this is after a round with a look.
    pub open: Option<usize>,
}

impl RoundsDone {
    /// Why there is no further round; `None` if there is one. It takes as long as those before.
    pub fn stopped(&self) -> Option<Stopped> {
        let next = u64::from(self.rounds) + 1;
        if self.open == Some(0) {
            Some(Stopped::Known)
        } else if self.took + self.took / self.rounds > self.budget {
            Some(Stopped::Budget)
        } else if next * self.cells as u64 > MAX_TRIALS {
            Some(Stopped::MostTrials)
        } else {
            None
        }
    }
}

/// The rounds of a scenario without end, each with every cell once.
///
/// A drift of the machine therefore does not fall on one transport. With several repetitions, each
/// has its own order, which follows from the seed, so that a cell does not always follow the same
/// other cell.
#[derive(Debug)]
pub struct Rounds {
    cells: Vec<Cell>,
    shuffled: bool,
    random: StdRng,
    done: u32,
}

impl Iterator for Rounds {
    /// Repetitions (from 1) and cells.
    type Item = Vec<(u32, Cell)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.done += 1;
        let mut round = self.cells.clone();
        if self.shuffled {
            round.shuffle(&mut self.random);
        }
        Some(round.into_iter().map(|cell| (self.done, cell)).collect())
    }
}

impl Scenario {
    /// The rounds that a run has at least.
    pub fn least_rounds(&self) -> u32 {
        match self.until {
            Until::Off => self.repeats,
            Until::Below(_) => self.repeats.max(LEAST_ROUNDS),
        }
    }

    pub fn rounds(&self) -> Rounds {
        Rounds {
            cells: self.cells(),
            shuffled: self.least_rounds() > 1,
            random: StdRng::seed_from_u64(self.seed),
            done: 0,
        }
    }

    /// The trials that a run has at least, in the order in which they run.
    pub fn trials(&self) -> Vec<(u32, Cell)> {
        let rounds = self.rounds().take(self.least_rounds() as usize);
        rounds.flatten().collect()
    }

    /// The rounds that a run with such trials was to have.
    pub fn asked_rounds(&self, trials: &[TrialRow]) -> u32 {
        let done = trials.iter().map(|row| row.trial).max().unwrap_or(0);
        done.max(self.least_rounds())
    }

    /// The cells of which `trials` lacks some, each with how many. Of a search there are none: it
    /// ends where its trials say so. Nor of a scenario that could not be read, which has no repeats.
    pub fn missing(&self, trials: &[TrialRow]) -> Vec<(Cell, u32)> {
        if self.capacity.is_some() || self.repeats == 0 {
            return Vec::new();
        }
        let is_there = |cell: &Cell, trial: u32| {
            let mut rows = trials.iter();
            rows.any(|row| row.cell == cell.number && row.trial == trial)
        };
        let rounds = self.asked_rounds(trials);
        let missing = |cell: Cell| {
            let missing = (1..=rounds).filter(|trial| !is_there(&cell, *trial));
            (cell, missing.count() as u32)
        };
        let cells = self.cells().into_iter().map(missing);
        cells.filter(|(_, missing)| *missing > 0).collect()
    }

    /// How many trials a run has at least. Lists multiply, so that too many cells are not made.
    pub fn trial_count(&self) -> u64 {
        let cells = match self.cell_count() {
            few if few <= MAX_TRIALS => self.cells().len() as u64,
            many => many,
        };
        cells.saturating_mul(self.least_rounds().into())
    }

    /// How long the trials of a round take, about.
    pub fn round_length(&self) -> Vec<Duration> {
        let cells = self.cells().into_iter();
        cells.map(|cell| cell.factors.length()).collect()
    }

    /// Checks that there are differences to repeat for, and that the budget holds what shows them.
    pub(super) fn check_until(&self) -> Result<(), (&'static str, String)> {
        if self.until == Until::Off {
            return Ok(());
        }
        if self.capacity.is_some() {
            let why = "a search for capacity ends where its trials say so; leave out until";
            return Err(("until", why.into()));
        }
        let compared = self
            .transports
            .iter()
            .filter(|one| **one != Transport::BASELINE);
        if compared.count() < 2 {
            let why = "it is differences between transports that are shown; write two or more";
            return Err(("until, transports", why.into()));
        }
        let (rounds, round) = (self.least_rounds(), self.round_length());
        let needed = round.iter().sum::<Duration>() * rounds;
        if needed > self.budget.0 {
            let why = format!(
                "{} is too short: {rounds} rounds of {} trials take about {}, and fewer show no \
                 difference; write a longer one, or a shorter window",
                self.budget,
                round.len(),
                Numbers::ENGLISH.rough_time(needed),
            );
            return Err(("budget", why));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_is_off_or_a_percentage() {
        for (text, until) in [
            ("off", Until::Off),
            ("10%", Until::Below(10.0)),
            ("2.5 %", Until::Below(2.5)),
        ] {
            assert_eq!(text.parse(), Ok(until));
            assert_eq!(until.to_string().parse(), Ok(until));
        }
        for text in ["", "10", "0%", "200%", "ten%", "%", "-5%", "nan%"] {
            let error = text.parse::<Until>().unwrap_err();
            assert!(error.contains("such as 10%, or off"), "{error}");
        }
    }

    #[test]
    fn a_run_stops_when_nothing_is_open_or_another_round_does_not_fit() {
        let secs = Duration::from_secs;
        for (rounds, took, open, stopped) in [
            (1, 10, None, None),
            (8, 80, Some(3), None),
            (8, 80, Some(0), Some(Stopped::Known)),
            // A round takes 10 s, and 100 s are allowed.
            (9, 90, None, None),
            (9, 91, None, Some(Stopped::Budget)),
            (10, 100, Some(1), Some(Stopped::Budget)),
            (10, 100, Some(0), Some(Stopped::Known)),
            (1, 51, None, Some(Stopped::Budget)),
            (1, 500, None, Some(Stopped::Budget)),
            (1_665, 0, None, None),
            (1_666, 0, None, Some(Stopped::MostTrials)),
        ] {
            let done = RoundsDone {
                rounds,
                cells: 6,
                took: secs(took),
                budget: secs(100),
                open,
            };
            assert_eq!(done.stopped(), stopped, "{done:?}");
        }
    }
}
