//! The search for the largest factor that holds: given the trials so far, which factor is next.
//!
//! It doubles until a step fails, or halves until one holds. Then it halves the bracket between
//! the two, and repeats what it found. The list of trials is its only state, so a search on disk is
//! read with the functions that made it.
//!
//! The search assumes one limit: below a factor that holds, all hold. A single failure fails a
//! step, so a noisy limit is found too low rather than too high.

use crate::results::SearchVerdict;

/// Trials in a row of one step that may show nothing. Then the step counts as not told.
const MOST_DOUBTFUL: usize = 3;
/// The same for trials that other programs disturbed: one, and three more after growing rests.
const MOST_DISTURBED: usize = 4;
/// Trials of one search, beside its confirmations. From 1 to a million by doubling takes 20 steps,
/// and from there to 0.1 % another 10; only doubts and a limit that moves under the search need
/// more.
const MOST_TRIALS: usize = 200;
/// Significant digits of a factor that need not be whole.
const DIGITS: i32 = 3;

/// What a trial showed of its step, with a reason in words. The order is that of weight: of several
/// objectives the worst counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepOutcome {
    Holds,
    /// Nothing: the trial is not VALID.
    Doubtful(String),
    /// Nothing: other programs used this machine, and may stop.
    Disturbed(String),
    Fails(String),
}

/// One trial of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub factor: f64,
    pub outcome: StepOutcome,
}

/// Where a search begins and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchBounds {
    pub start: f64,
    pub min: f64,
    pub max: f64,
    /// How far apart the ends of the bracket may be: 0.05 is 5 %.
    pub within: f64,
    /// Whether the factor is a whole number.
    pub whole: bool,
    /// Trials that must hold at the end, beside the one that found the step.
    pub confirmations: usize,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchResult {
    pub verdict: SearchVerdict,
    /// The most that held.
    pub held: Option<f64>,
    /// The least that failed, and why.
    pub failed: Option<(f64, String)>,
    /// Below that, the least that never had a VALID trial, and why.
    pub not_told: Option<(f64, String)>,
}

/// What is known about one factor.
enum FactorStatus {
    /// No trial yet, or none that counts.
    Open,
    /// It held, and so often again.
    Held(usize),
    Failed(String),
    NotTold(String),
}

/// The bracket that the trials have closed so far.
struct BracketView {
    open: Option<f64>,
    held: Option<(f64, usize)>,
    failed: Option<(f64, String)>,
    not_told: Option<(f64, String)>,
}

impl BracketView {
    /// The least factor above which nothing is known to hold.
    fn upper(&self) -> Option<f64> {
        let ends = [&self.failed, &self.not_told];
        let ends = ends.into_iter().flatten().map(|(factor, _)| *factor);
        ends.reduce(f64::min)
    }
}

impl SearchBounds {
    /// The factor to try next; `None` when the search is over.
    pub fn next(&self, steps: &[Step]) -> Option<f64> {
        let question = self.question(&self.view(steps));
        question.filter(|_| steps.len() < MOST_TRIALS + self.confirmations)
    }

    /// The most steps of a search of which no trial is doubtful: to the maximum by doubling or to
    /// the minimum by halving, then into the bracket, then the confirmations.
    pub fn most_steps(&self) -> usize {
        let halvings = |ratio: f64| ratio.log2().ceil().clamp(0.0, 64.0) as usize;
        let out = halvings(self.max / self.start).max(halvings(self.start / self.min));
        1 + out + halvings(1.0 / self.within) + self.confirmations
    }

    /// What the search has found so far.
    pub fn finding(&self, steps: &[Step]) -> SearchResult {
        let view = self.view(steps);
        let asks = self.question(&view).is_some();
        let (upper, held) = (view.upper(), view.held.map(|(factor, _)| factor));
        let failed_at = view.failed.as_ref().map(|(factor, _)| *factor);
        let verdict = match held {
            _ if asks => SearchVerdict::Unfinished,
            Some(_) if upper.is_some() && upper == failed_at => SearchVerdict::Found,
            Some(_) => SearchVerdict::AtLeast,
            None if upper == failed_at => SearchVerdict::Fails,
            None => SearchVerdict::NotTold,
        };
        SearchResult {
            verdict,
            held,
            failed: view.failed,
            not_told: view.not_told,
        }
    }

    /// The factor whose trial answers what is still unknown.
    fn question(&self, view: &BracketView) -> Option<f64> {
        if view.open.is_some() {
            return view.open;
        }
        match (view.held, view.upper()) {
            (None, None) => Some(self.start.clamp(self.min, self.max)),
            (None, Some(upper)) if upper <= self.min => None,
            (None, Some(upper)) => Some(self.round(upper / 2.0).max(self.min)),
            (Some((held, _)), None) if held < self.max => {
                Some(self.round(held * 2.0).min(self.max))
            }
            (Some((held, times)), None) => self.confirmation(held, times),
            (Some((held, times)), Some(upper)) => {
                let between = self.between(held, upper);
                between.or_else(|| self.confirmation(held, times))
            }
        }
    }

    fn confirmation(&self, held: f64, times: usize) -> Option<f64> {
        (times < self.confirmations).then_some(held)
    }

    /// The middle of a bracket, as a ratio; `None` if it is narrow enough.
    fn between(&self, held: f64, upper: f64) -> Option<f64> {
        let middle = self.round((held * upper).sqrt());
        let apart = upper > held * (1.0 + self.within);
        (apart && held < middle && middle < upper).then_some(middle)
    }

    fn round(&self, factor: f64) -> f64 {
        if self.whole {
            return factor.round();
        }
        // Through text, so that no binary fraction is left over.
        let digits = DIGITS as usize - 1;
        let rounded = format!("{factor:.digits$e}").parse();
        rounded.unwrap_or(factor)
    }

    fn view(&self, steps: &[Step]) -> BracketView {
        let mut factors: Vec<f64> = steps.iter().map(|step| step.factor).collect();
        factors.sort_by(f64::total_cmp);
        factors.dedup();
        let mut view = BracketView {
            open: None,
            held: None,
            failed: None,
            not_told: None,
        };
        for factor in factors.into_iter().rev() {
            match standing(steps, factor) {
                FactorStatus::Open => view.open = Some(factor),
                FactorStatus::Held(times) if view.held.is_none() => {
                    view.held = Some((factor, times))
                }
                FactorStatus::Held(_) => {}
                FactorStatus::Failed(why) => {
                    (view.failed, view.not_told, view.held) = (Some((factor, why)), None, None);
                }
                FactorStatus::NotTold(why) => {
                    (view.not_told, view.held) = (Some((factor, why)), None);
                }
            }
        }
        view
    }
}

fn standing(steps: &[Step], factor: f64) -> FactorStatus {
    let (mut held, mut doubtful, mut disturbed) = (0, 0, 0);
    for step in steps.iter().filter(|step| step.factor == factor) {
        match &step.outcome {
            StepOutcome::Holds => (held, doubtful, disturbed) = (held + 1, 0, 0),
            StepOutcome::Doubtful(_) => doubtful += 1,
            StepOutcome::Disturbed(_) => disturbed += 1,
            StepOutcome::Fails(why) => return FactorStatus::Failed(why.clone()),
        }
        if let StepOutcome::Doubtful(why) | StepOutcome::Disturbed(why) = &step.outcome
            && (doubtful == MOST_DOUBTFUL || disturbed == MOST_DISTURBED)
        {
            return FactorStatus::NotTold(why.clone());
        }
    }
    match held {
        0 => FactorStatus::Open,
        held => FactorStatus::Held(held - 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    const CLIENTS: SearchBounds = SearchBounds {
        start: 100.0,
        min: 1.0,
        max: 20_000.0,
        within: 0.05,
        whole: true,
        confirmations: 3,
    };

    fn fails(why: &str) -> StepOutcome {
        StepOutcome::Fails(why.to_owned())
    }

    fn doubtful(why: &str) -> StepOutcome {
        StepOutcome::Doubtful(why.to_owned())
    }

    fn disturbed() -> StepOutcome {
        StepOutcome::Disturbed("machine-busy".to_owned())
    }

    /// Searches a made-up machine; also what it tried.
    fn search(
        bounds: SearchBounds,
        mut machine: impl FnMut(f64) -> StepOutcome,
    ) -> (SearchResult, Vec<f64>) {
        let mut steps = Vec::new();
        while let Some(factor) = bounds.next(&steps) {
            assert!((bounds.min..=bounds.max).contains(&factor), "{factor}");
            let outcome = machine(factor);
            steps.push(Step { factor, outcome });
        }
        let tried = steps.iter().map(|step| step.factor).collect();
        (bounds.finding(&steps), tried)
    }

    fn limit(most: f64) -> impl FnMut(f64) -> StepOutcome {
        move |factor| match factor <= most {
            true => StepOutcome::Holds,
            false => fails("p99 101 ms"),
        }
    }

    #[test]
    fn a_limit_is_bracketed_halved_and_confirmed() {
        let (found, tried) = search(CLIENTS, limit(1_234.0));
        assert_eq!(
            tried,
            [
                100.0, 200.0, 400.0, 800.0, 1600.0, 1131.0, 1345.0, 1233.0, 1288.0, 1233.0, 1233.0,
                1233.0
            ]
        );
        assert_eq!(
            found,
            SearchResult {
                verdict: SearchVerdict::Found,
                held: Some(1_233.0),
                failed: Some((1_288.0, "p99 101 ms".to_owned())),
                not_told: None,
            }
        );
    }

    #[test]
    fn every_limit_is_found_within_the_resolution() {
        for whole in [true, false] {
            let bounds = SearchBounds { whole, ..CLIENTS };
            for most in [
                1.0, 2.0, 3.0, 7.0, 50.0, 99.0, 100.0, 101.0, 777.0, 19_990.0,
            ] {
                let (found, tried) = search(bounds, limit(most));
                let (held, failed) = (found.held.unwrap(), found.failed.unwrap().0);
                assert_eq!(found.verdict, SearchVerdict::Found, "{most}");
                assert!(held <= most && most < failed, "{held} {most} {failed}");
                let adjacent = whole && failed - held < 1.5;
                assert!(failed / held <= 1.05 || adjacent, "{held} {failed}");
                assert!(tried.len() < 25, "{most}: {} trials", tried.len());
            }
        }
    }

    #[test]
    fn the_ends_of_what_may_be_tried_are_told_as_such() {
        let (found, tried) = search(CLIENTS, limit(f64::INFINITY));
        assert_eq!(
            (found.verdict, found.held),
            (SearchVerdict::AtLeast, Some(20_000.0))
        );
        assert_eq!((found.failed, found.not_told), (None, None));
        assert_eq!(tried[tried.len() - 4..], [20_000.0; 4], "confirmed too");

        let (found, tried) = search(CLIENTS, limit(0.0));
        assert_eq!(tried, [100.0, 50.0, 25.0, 13.0, 7.0, 4.0, 2.0, 1.0]);
        assert_eq!((found.verdict, found.held), (SearchVerdict::Fails, None));
        assert_eq!(found.failed, Some((1.0, "p99 101 ms".to_owned())));

        let small = SearchBounds {
            max: 30.0,
            ..CLIENTS
        };
        assert_eq!(search(small, limit(1e9)).1, [30.0; 4], "start beyond max");
    }

    #[test]
    fn what_never_becomes_valid_is_not_told_and_never_held() {
        let (found, tried) = search(CLIENTS, |_| doubtful("publisher-late"));
        assert_eq!((found.verdict, found.held), (SearchVerdict::NotTold, None));
        assert_eq!(found.not_told, Some((1.0, "publisher-late".to_owned())));
        assert_eq!(tried.len(), 3 * 8, "three attempts of each step");
        let (found, tried) = search(CLIENTS, |_| disturbed());
        assert_eq!(
            (found.verdict, tried.len()),
            (SearchVerdict::NotTold, 4 * 8)
        );

        // From 500 on the load process has no time to spare: the machine ends before the transport.
        let (found, _) = search(CLIENTS, |clients| match clients {
            ..500.0 => StepOutcome::Holds,
            _ => doubtful("load-saturated"),
        });
        let (not_told, why) = found.not_told.unwrap();
        assert_eq!(
            (found.verdict, found.failed),
            (SearchVerdict::AtLeast, None)
        );
        assert!(found.held.unwrap() < 500.0 && not_told >= 500.0 && why == "load-saturated");

        // Between what holds and what fails lies what can't be told.
        let (found, _) = search(CLIENTS, |clients| match clients {
            ..500.0 => StepOutcome::Holds,
            ..700.0 => doubtful("publisher-late"),
            _ => fails("p99 101 ms"),
        });
        assert_eq!(found.verdict, SearchVerdict::AtLeast);
        assert_eq!(found.failed, Some((800.0, "p99 101 ms".to_owned())));
        assert!(found.not_told.unwrap().0 < 800.0);
    }

    #[test]
    fn a_doubtful_trial_is_repeated_and_a_valid_one_then_decides() {
        let mut trials = 0;
        let (found, tried) = search(CLIENTS, |clients| {
            trials += 1;
            match trials % 3 {
                0 => limit(300.0)(clients),
                _ => doubtful("cpu-stolen"),
            }
        });
        assert_eq!(found.verdict, SearchVerdict::Found);
        assert_eq!(tried[..4], [100.0, 100.0, 100.0, 200.0]);
    }

    #[test]
    fn others_that_come_to_rest_in_time_change_nothing_but_the_number_of_trials() {
        let quiet = search(CLIENTS, limit(1_234.0));
        for at_work in 1..=3 {
            let mut trials = HashMap::new();
            let (found, tried) = search(CLIENTS, |clients| {
                let trials = trials.entry(clients.to_bits()).or_insert(0);
                *trials += 1;
                match *trials <= at_work {
                    true => disturbed(),
                    false => limit(1_234.0)(clients),
                }
            });
            assert_eq!(found, quiet.0);
            assert_eq!(tried.len(), quiet.1.len() + 9 * at_work, "of nine steps");
        }
    }

    #[test]
    fn a_step_that_does_not_hold_again_is_given_up_for_one_below() {
        // 800 holds when it is found, and not when it is confirmed.
        let mut tries = 0;
        let (found, tried) = search(CLIENTS, |clients| {
            tries += u32::from(clients == 800.0);
            let most = if tries > 2 { 790.0 } else { 810.0 };
            limit(most)(clients)
        });
        assert_eq!(found.verdict, SearchVerdict::Found);
        assert!(found.held.unwrap() <= 790.0, "{found:?}");
        assert_eq!(found.failed.unwrap().0, 800.0);
        let confirmed = found.held.unwrap();
        assert_eq!(tried[tried.len() - 3..], [confirmed; 3]);
    }

    #[test]
    fn a_noisy_limit_ends_and_is_found_too_low_rather_than_too_high() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..200 {
            let (found, tried) = search(CLIENTS, |clients| {
                let most = 1_000.0 * random.random_range(0.8..1.2);
                match random.random_bool(0.1) {
                    true => disturbed(),
                    false => limit(most)(clients),
                }
            });
            let held = found.held.unwrap();
            assert_ne!(
                found.verdict,
                SearchVerdict::Unfinished,
                "{} trials",
                tried.len()
            );
            // Four trials in a row hold there.
            assert!((400.0..1_190.0).contains(&held), "{held}");
        }
    }

    #[test]
    fn a_search_that_is_cut_off_tells_what_it_has() {
        let mut steps = Vec::new();
        assert_eq!(CLIENTS.finding(&steps).verdict, SearchVerdict::Unfinished);
        for _ in 0..6 {
            let factor = CLIENTS.next(&steps).unwrap();
            let outcome = limit(1_234.0)(factor);
            steps.push(Step { factor, outcome });
        }
        let found = CLIENTS.finding(&steps);
        assert_eq!(
            (found.verdict, found.held),
            (SearchVerdict::Unfinished, Some(1131.0))
        );
        assert_eq!(found.failed.unwrap().0, 1600.0);
    }

    #[test]
    fn rates_have_three_digits() {
        let rates = SearchBounds {
            start: 0.3,
            min: 0.1,
            max: 1e5,
            whole: false,
            ..CLIENTS
        };
        let (found, tried) = search(rates, limit(7.77));
        assert!(tried.contains(&0.6) && tried.contains(&1.2), "{tried:?}");
        let held = found.held.unwrap();
        assert_eq!(held.to_string().parse(), Ok(held));
        assert!(held.to_string().len() <= 4 && held > 7.0, "{held}");
    }
}
