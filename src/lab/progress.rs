//! The progress of a run on standard error: one line that changes on a terminal, plain lines
//! elsewhere, nothing with `--quiet`. Standard output is for results.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use console::measure_text_width;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::lab::scenario::{MAX_TRIALS, Scenario};
use crate::lab::until::Until;
use crate::load::protocol::Progress;
use crate::load::timeline::Phase;
use crate::stats::until::{Known, Look};
use crate::system::output::error_width;
use crate::texts::{Numbers, cut, folded};

/// Time between two plain lines of one trial.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// How long the trials of a run take, as planned.
#[derive(Clone, Debug, Default)]
pub struct RunLength {
    /// One for each trial, with the pause after it.
    pub trials: Vec<Duration>,
    /// Whether there may be fewer: a search ends where its trials say so.
    pub at_most: bool,
    /// Of a run that repeats its rounds until differences are known.
    pub until: Option<UntilLength>,
}

/// How long a run may be that repeats its rounds until differences are known.
#[derive(Clone, Debug)]
pub struct UntilLength {
    /// One for each trial of a round.
    pub round: Vec<Duration>,
    /// The fewest rounds.
    pub least: u32,
    pub budget: Duration,
}

impl RunLength {
    /// The length of a run that is no search.
    pub fn of(scenario: &Scenario) -> Self {
        if scenario.until == Until::Off {
            let trials = scenario.trials();
            let trials = trials.iter().map(|(_, cell)| cell.factors.length());
            return RunLength {
                trials: trials.collect(),
                ..RunLength::default()
            };
        }
        let mut length = RunLength {
            until: Some(UntilLength {
                round: scenario.round_length(),
                least: scenario.least_rounds(),
                budget: scenario.budget.0,
            }),
            ..RunLength::default()
        };
        length.foresee(None);
        length
    }

    /// Plans so many rounds; without a number, all that the budget holds.
    fn foresee(&mut self, rounds: Option<u32>) {
        let Some(until) = &self.until else { return };
        let round: Duration = until.round.iter().sum();
        let most = until.budget.as_secs_f64() / round.as_secs_f64();
        let rounds_held = most.min(MAX_TRIALS as f64 / until.round.len() as f64) as u32;
        self.at_most = rounds.is_none_or(|rounds| rounds > rounds_held);
        let rounds = rounds.unwrap_or(rounds_held).min(rounds_held);
        self.trials = until.round.repeat(rounds as usize);
    }

    /// What is told before the run.
    pub fn announcement(&self) -> String {
        let time = |time| Numbers::ENGLISH.rough_time(time);
        if let Some(UntilLength {
            round,
            least,
            budget,
        }) = &self.until
        {
            let taken = time(round.iter().sum::<Duration>() * *least);
            return format!(
                "rounds of {} trials until every difference is known: {least} take about {taken}; \
                 at most {} (--budget)",
                round.len(),
                time(*budget),
            );
        }
        let trials = match self.trials.len() {
            1 => "1 trial".to_owned(),
            trials => format!("{} trials", Numbers::ENGLISH.count(trials as f64)),
        };
        let all = time(self.trials.iter().sum());
        match self.at_most {
            true => format!("at most about {trials}, {all}"),
            false => format!("{trials}, about {all}"),
        }
    }

    /// The time left when `done` trials took so long, and the next one runs for `current`. What is
    /// to come is as much slower or faster than planned as what has been.
    pub fn left(&self, done: usize, took: Duration, current: Duration) -> Duration {
        let (past, rest) = self.trials.split_at(done.min(self.trials.len()));
        let past: Duration = past.iter().sum();
        let pace = match past.is_zero() {
            true => 1.0,
            false => took.as_secs_f64() / past.as_secs_f64(),
        };
        let rest = rest.iter().map(|trial| trial.mul_f64(pace));
        // A trial that takes longer takes nothing from the others.
        let now = rest.clone().next().unwrap_or_default();
        let left = rest.sum::<Duration>() - current.min(now);
        match &self.until {
            Some(until) => left.min(until.budget.saturating_sub(took + current)),
            None => left,
        }
    }
}

/// Shows the progress of one run.
#[derive(Debug)]
pub struct ProgressDisplay {
    line: Option<ProgressBar>,
    quiet: bool,
    length: RunLength,
    began: Instant,
    /// Trials done, and when the present one began.
    done: usize,
    trial_began: Instant,
    last_line: Option<Instant>,
}

impl ProgressDisplay {
    pub fn new(quiet: bool) -> Self {
        let line = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{wide_msg}");
            line.set_style(style.expect("the template is well-formed"));
            line
        });
        ProgressDisplay {
            line,
            quiet,
            length: RunLength::default(),
            began: Instant::now(),
            done: 0,
            trial_began: Instant::now(),
            last_line: None,
        }
    }

    /// Tells how long the run takes.
    pub fn announce(&mut self, length: RunLength) {
        self.write(&length.announcement());
        self.length = length;
    }

    /// Writes what is known of the differences, and how long the run is expected to go on.
    pub fn look(&mut self, look: &Look, until: Until, foreseen: Option<u32>) {
        let [resolved, below, open] =
            [Known::Resolved, Known::Below, Known::Open].map(|known| look.count(known));
        let (rounds, all) = (look.rounds, look.differences.len());
        let below = format!("{below} below {until}, {open} open");
        self.write(&format!(
            "{rounds} rounds: of {all} differences {resolved} resolved, {below}"
        ));
        self.length.foresee(foreseen);
    }

    /// A trial begins after `done` others.
    pub fn begin_trial(&mut self, done: usize) {
        (self.done, self.trial_began, self.last_line) = (done, Instant::now(), None);
    }

    /// The number of the present trial, of how many.
    pub fn count(&self) -> String {
        let (number, all) = (self.done + 1, self.length.trials.len());
        if let Some(UntilLength { round, .. }) = &self.length.until {
            let (rounds, trials) = (self.done / round.len(), self.done % round.len());
            return format!("[round {}: {}/{}]", rounds + 1, trials + 1, round.len());
        }
        match self.length.at_most {
            true => format!("[{number}, at most {}]", all.max(number)),
            false => format!("[{number}/{all}]"),
        }
    }

    /// Whether lines must fit a terminal.
    pub fn is_terminal(&self) -> bool {
        self.line.is_some()
    }

    /// Writes one line above the progress, cut to the terminal, unless the user wants quiet.
    pub fn write_cut(&self, line: &str) {
        match self.line {
            Some(_) => self.write(&cut(line, error_width())),
            None => self.write(line),
        }
    }

    /// Writes a text above the progress, unless the user wants quiet.
    pub fn write(&self, line: &str) {
        if !self.quiet {
            self.warn(line);
        }
    }

    /// Writes a text above the progress, even if the user wants quiet.
    pub fn warn(&self, line: &str) {
        match &self.line {
            Some(shown) => shown.suspend(|| {
                for line in fitting(line, error_width()) {
                    write_line(&line);
                }
            }),
            None => write_line(line),
        }
    }

    /// Shows how far the trial called `label` is, and its deliveries per second. Plain lines begin
    /// with the window.
    pub fn update(&mut self, label: &str, progress: &Progress, per_second: u64) {
        let took = self.trial_began.duration_since(self.began);
        let left = self
            .length
            .left(self.done, took, self.trial_began.elapsed());
        let left = Numbers::ENGLISH.rough_time(left);
        let most = if self.length.at_most { "at most " } else { "" };
        let (count, phase) = (self.count(), progress.phase);
        let state = format!(
            "{}/{} clients, {} deliveries/s",
            HumanCount(progress.connected),
            HumanCount(progress.clients),
            HumanCount(per_second),
        );
        if let Some(shown) = &self.line {
            // What matters most first: a narrow terminal cuts the rest.
            let line = format!("{count} {most}{left} left  {label}  {phase}  {state}");
            shown.set_message(cut(&line, error_width()));
        } else if !self.quiet && self.line_is_due(phase) {
            write_line(&format!(
                "{count} {label}  {phase}  {most}{left} left  {state}"
            ));
        }
    }

    /// Removes the line that changes.
    pub fn finish(&self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }

    fn line_is_due(&mut self, phase: Phase) -> bool {
        let due = match self.last_line {
            None => phase == Phase::Window || self.trial_began.elapsed() > LINE_EVERY,
            Some(at) => at.elapsed() > LINE_EVERY,
        };
        if due {
            self.last_line = Some(Instant::now());
        }
        due
    }
}

/// The text in lines that fit; as it is if it fits.
fn fitting(text: &str, width: usize) -> Vec<String> {
    match measure_text_width(text) <= width {
        true => vec![text.to_owned()],
        false => folded(text, width, "  "),
    }
}

/// Writes a plain line. An error is ignored: the run goes on without standard error.
fn write_line(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(seconds: &[u64], at_most: bool) -> RunLength {
        let trials = seconds.iter().copied().map(Duration::from_secs).collect();
        RunLength {
            trials,
            at_most,
            until: None,
        }
    }

    #[test]
    fn a_run_says_before_it_starts_how_long_it_takes() {
        for (length, says) in [
            (length(&[16; 15], false), "15 trials, about 4 min"),
            (length(&[12], false), "1 trial, about 12 s"),
            (length(&[60; 2_000], false), "2,000 trials, about 33 h"),
            (length(&[10; 40], true), "at most about 40 trials, 7 min"),
            (length(&[], false), "0 trials, about 0 s"),
        ] {
            assert_eq!(length.announcement(), says);
        }
    }

    #[test]
    fn what_is_left_of_a_run_follows_its_pace() {
        let run = length(&[10, 10, 20], false);
        for (done, took, current, left) in [
            (0, 0, 0, 40),
            (0, 0, 4, 36),
            // A trial that hangs takes nothing from the others.
            (0, 0, 500, 30),
            (1, 10, 5, 25),
            // Twice as slow as planned.
            (1, 20, 0, 60),
            (3, 40, 0, 0),
            (4, 50, 9, 0),
        ] {
            let [took, current] = [took, current].map(Duration::from_secs);
            let found = run.left(done, took, current);
            assert_eq!(found.as_secs(), left, "{done} {took:?} {current:?}");
        }
    }
}
