//! Whether a run has repeated enough: each headline difference between two transports is resolved,
//! or is shown to be small.
//!
//! Looking again after each round would find differences that are none: of two equal normal
//! samples, ten looks at 5 % call 19 % different (Armitage, McPherson and Rowe, J. R. Stat. Soc. A
//! 132, 1969). Here the looks share the error, as in Lan and DeMets ("Discrete sequential
//! boundaries for clinical trials", Biometrika 70, 1983):
//!
//! - There is a look after [`LEAST_ROUNDS`], and another each time the rounds have grown by a
//!   quarter. Looks at growing distances cost few of them (Howard, Ramdas, McAuliffe and Sekhon,
//!   "Time-uniform, nonparametric, nonasymptotic confidence sequences", Ann. Stat. 49, 2021).
//! - Look k may err in 5 % / (k (k + 1)). The sum over all looks is 5 %, so that their number need
//!   not be known, and a budget may end the run at any of them.
//! - The differences share that equally (Bonferroni).
//!
//! So a run that ends as soon as it may calls an A/A pair different in any of its figures in fewer
//! than 5 of 100 cases. Simulated, see the test: in 0 of 3,000 runs where both scatter alike, and
//! in 8 of 1,000 where one scatters 15 times as much.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::results::{Metric, TrialRow, metric};
use crate::stats::compare::{self, CellPair};
use crate::stats::statistics::{Interval, ratio, ratio_interval_at};
use crate::texts::Texts;

/// Rounds before the first look. Values of equal medians lie all on one side of each other in up
/// to 2^(1 − n) of all experiments, whatever interval is made of them: 0.8 % at n = 8, for each of
/// four figures.
pub const LEAST_ROUNDS: u32 = 8;

/// In how many of 100 runs something may be said that is not so, divided by 100.
const ERROR: f64 = 0.05;

/// The figures by which transports are compared in a sentence: where something is published, and
/// where clients only wait.
const HEADLINES: [&str; 4] = [
    "latency_p50_us",
    "latency_p99_us",
    "all_layers_bytes_per_delivery",
    "server_cpu_us_per_delivery",
];
const HEADLINES_WAITING: [&str; 2] = ["wire_bytes_per_client_s", "server_cpu_percent"];

/// What is known of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is there: the interval excludes 0.
    Resolved,
    /// It is smaller than the bound: the interval lies within.
    Below,
    Open,
}

/// Why a run that repeats until differences are known has no further round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// Every difference is resolved or below the bound.
    Known,
    /// Another round would not fit into the budget.
    Budget,
    /// It has as many trials as a run may have.
    MostTrials,
}

/// A headline figure of two transports.
#[derive(Clone, Debug)]
pub struct HeadlineDifference {
    /// `sse/websocket`.
    pub pair: String,
    /// The factors of both cells: `100 clients`.
    pub setting: String,
    pub metric: &'static Metric,
    pub known: Known,
    /// The rounds after which it may be known, if they go on as before; `None` of one that is, and
    /// where the trials do not tell.
    pub foreseen_rounds: Option<u32>,
}

/// The differences of a run after its rounds.
#[derive(Clone, Debug)]
pub struct Look {
    /// Rounds in which every cell was measured.
    pub rounds: u32,
    pub differences: Vec<HeadlineDifference>,
}

impl Look {
    /// Looks at the trials of a run whose first look is after `least` rounds. `bound` is the
    /// relative difference that is small, such as 0.1.
    pub fn at(trials: &[TrialRow], bound: f64, least: u32, texts: &Texts) -> Self {
        let rounds = rounds(trials);
        let pairs = compare::transports(trials, None, texts).pairs;
        let is_compared = |pair: &&CellPair| {
            let [a, b] = [&pair.base, &pair.other].map(|cell| cell.transport());
            a != b && !pair.other.is_again() && !pair.base.is_again()
        };
        let figures = headlines(trials);
        let compared: Vec<_> = pairs
            .iter()
            .filter(is_compared)
            .flat_map(|pair| figures.iter().map(move |metric| (pair, *metric)))
            .map(|(pair, metric)| (pair, metric, samples(pair, metric)))
            .filter(|(.., samples)| samples.iter().all(|sample| !sample.is_empty()))
            .collect();
        let confidence = confidence(rounds, least, compared.len());
        let difference = |(pair, metric, [base, other]): (&CellPair, _, [Vec<f64>; 2])| {
            let interval = interval(&base, &other, confidence).filter(|_| rounds >= least);
            let known = interval.map_or(Known::Open, |interval| known(interval, bound));
            let growth = ratio(&base, &other)
                .zip(interval)
                .filter(|_| known == Known::Open)
                .and_then(|(ratio, interval)| needed_growth(ratio, interval, bound));
            HeadlineDifference {
                pair: pair.short_label(),
                setting: pair.other.setting.clone(),
                metric,
                known,
                foreseen_rounds: growth.map(|growth| (f64::from(rounds) * growth).ceil() as u32),
            }
        };
        Look {
            rounds,
            differences: compared.into_iter().map(difference).collect(),
        }
    }

    pub fn count(&self, known: Known) -> usize {
        self.of(known).count()
    }

    pub fn of(&self, known: Known) -> impl Iterator<Item = &HeadlineDifference> {
        self.differences
            .iter()
            .filter(move |one| one.known == known)
    }

    /// The rounds after which nothing may be open; `None` where the trials do not tell.
    pub fn foreseen_rounds(&self, least: u32) -> Option<u32> {
        let needed = self.of(Known::Open).map(|one| one.foreseen_rounds);
        let needed = needed.collect::<Option<Vec<u32>>>()?.into_iter().max()?;
        looks(least).find(|look| *look >= needed.max(self.rounds + 1))
    }
}

/// The rounds after which there is a look.
fn looks(least: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(least), |rounds| rounds.checked_add(rounds.div_ceil(4)))
}

/// Whether there is a look after so many rounds.
pub fn is_look(rounds: u32, least: u32) -> bool {
    looks(least).find(|look| *look >= rounds) == Some(rounds)
}

/// The confidence of each of the intervals at a look. One between two looks, at the end of a
/// budget, has that of the next.
fn confidence(rounds: u32, least: u32, intervals: usize) -> f64 {
    let earlier = looks(least).take_while(|look| *look < rounds).count();
    let number = earlier as f64 + 1.0;
    1.0 - ERROR / (number * (number + 1.0)) / intervals.max(1) as f64
}

fn rounds(trials: &[TrialRow]) -> u32 {
    let mut counts = BTreeMap::new();
    for trial in trials {
        *counts.entry(trial.cell).or_insert(0) += 1;
    }
    counts.into_values().min().unwrap_or(0)
}

fn headlines(trials: &[TrialRow]) -> Vec<&'static Metric> {
    let waiting = trials.iter().all(|trial| trial.rate_hz == 0.0);
    let names = match waiting {
        true => &HEADLINES_WAITING[..],
        false => &HEADLINES,
    };
    names.iter().filter_map(|name| metric(name)).collect()
}

fn samples(pair: &CellPair, metric: &Metric) -> [Vec<f64>; 2] {
    [&pair.base, &pair.other].map(|cell| cell.values(metric))
}

/// The interval of `other` over `base`; `None` where trials are INVALID and too few are left.
fn interval(base: &[f64], other: &[f64], confidence: f64) -> Option<Interval> {
    let enough = base.len().min(other.len()) >= LEAST_ROUNDS as usize;
    ratio_interval_at(base, other, confidence).filter(|_| enough)
}

/// What an interval of a ratio shows. A difference that is certain and small is small, as in
/// [`groups`](crate::stats::groups).
fn known(interval: Interval, bound: f64) -> Known {
    if interval.low >= 1.0 / (1.0 + bound) && interval.high <= 1.0 + bound {
        Known::Below
    } else if interval.contains(1.0) {
        Known::Open
    } else {
        Known::Resolved
    }
}

/// How many times the rounds are needed until an interval shows something: its width falls with
/// the square root of their number. `None` where it has no width on a scale of ratios.
fn needed_growth(ratio: f64, interval: Interval, bound: f64) -> Option<f64> {
    let half = (interval.high.ln() - interval.low.ln()) / 2.0;
    let apart = ratio.ln().abs();
    let enough = apart.max((1.0 + bound).ln() - apart);
    let growth = (half / enough).powi(2);
    growth.is_finite().then_some(growth)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::texts::Locale;
    use crate::transport::Transport;

    const LEAST: u32 = LEAST_ROUNDS;

    #[test]
    fn looks_are_a_quarter_apart_and_share_the_error() {
        let first: Vec<u32> = looks(8).take(8).collect();
        assert_eq!(first, [8, 10, 13, 17, 22, 28, 35, 44]);
        for (rounds, least, is_one) in [
            (0, 8, false),
            (7, 8, false),
            (8, 8, true),
            (9, 8, false),
            (10, 8, true),
            (20, 20, true),
            (25, 20, true),
            (26, 20, false),
        ] {
            assert_eq!(is_look(rounds, least), is_one, "{rounds}, {least}");
        }
        let errors = looks(8).take(60).map(|look| 1.0 - confidence(look, 8, 1));
        assert!((0.045..0.05).contains(&errors.sum::<f64>()));
        let error = |rounds, intervals| 1.0 - confidence(rounds, 8, intervals);
        assert!((error(8, 40) * 40.0 - error(8, 1)).abs() < 1e-12);
        assert!(
            (error(9, 1) - error(10, 1)).abs() < 1e-12,
            "that of the next look"
        );
    }

    #[test]
    fn a_difference_is_resolved_or_below_the_bound_or_open() {
        for (low, high, bound, expected) in [
            (1.2, 1.4, 0.1, Known::Resolved),
            (0.1, 0.8, 0.1, Known::Resolved),
            (80.0, f64::INFINITY, 0.1, Known::Resolved),
            (0.95, 1.05, 0.1, Known::Below),
            (1.02, 1.05, 0.1, Known::Below),
            (1.0, 1.0, 0.1, Known::Below),
            (0.95, 1.05, 0.01, Known::Open),
            (1.02, 1.05, 0.01, Known::Resolved),
            (0.95, 1.3, 0.1, Known::Open),
            (0.0, f64::INFINITY, 0.1, Known::Open),
        ] {
            let found = known(Interval { low, high }, bound);
            assert_eq!(found, expected, "{low} {high} {bound}");
        }
    }

    #[test]
    fn what_is_needed_follows_from_width_and_distance() {
        let growth = |ratio: f64, half: f64| {
            let [low, high] = [-half, half].map(|half| ratio * half.exp());
            needed_growth(ratio, Interval { low, high }, 0.1)
        };
        let is_near = |found: Option<f64>, expected: f64| {
            found.is_some_and(|found| (found / expected - 1.0).abs() < 0.01)
        };
        // Equal ones need an interval as wide as the bound: a half of the width, four times.
        assert!(is_near(growth(1.0, 2.0 * 1.1_f64.ln()), 4.0));
        assert!(is_near(growth(1.3, 1.3_f64.ln()), 1.0));
        assert_eq!(
            needed_growth(
                1.0,
                Interval {
                    low: 0.0,
                    high: 2.0
                },
                0.1
            ),
            None
        );
    }

    /// Rows of one transport, whose figures in a trial are a median times a noise that is drawn.
    struct Source {
        random: StdRng,
    }

    impl Source {
        fn row(&mut self, cell: u32, transport: Transport, figures: [(f64, f64); 4]) -> TrialRow {
            let mut draw = |(median, noise): (f64, f64)| {
                // Box and Muller 1958; 1 − u, since the logarithm of 0 does not exist.
                let (u, v) = (
                    1.0 - self.random.random::<f64>(),
                    self.random.random::<f64>(),
                );
                let deviate = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                median * (noise * deviate).exp()
            };
            let [p50, p99, bytes, cpu] = figures.map(&mut draw);
            TrialRow {
                cell,
                transport,
                clients: 100,
                rate_hz: 10.0,
                latency_p50_us: Some(p50),
                latency_p99_us: Some(p99),
                payload_bytes_per_delivery: Some(bytes),
                envelope_bytes_per_delivery: Some(0.0),
                protocol_bytes_per_delivery: Some(0.0),
                tls_bytes_per_delivery: Some(0.0),
                tcp_ip_bytes_per_delivery: Some(0.0),
                server_cpu_user_us_per_delivery: Some(cpu),
                server_cpu_sys_us_per_delivery: Some(0.0),
                delivered: 100_000,
                expected: 100_000,
                ..TrialRow::default()
            }
        }
    }

    /// Repeats rounds until nothing is open, or so many are done. Returns the last look.
    fn run(
        cells: &[(Transport, [(f64, f64); 4])],
        bound: f64,
        most: u32,
        source: &mut Source,
    ) -> Look {
        let mut trials = Vec::new();
        for round in 1.. {
            let cells = cells.iter().zip(1..);
            trials.extend(
                cells.map(|((transport, figures), cell)| source.row(cell, *transport, *figures)),
            );
            if is_look(round, LEAST) || round == most {
                let look = Look::at(&trials, bound, LEAST, Locale::En.texts());
                if look.count(Known::Open) == 0 || round == most {
                    return look;
                }
            }
        }
        unreachable!("rounds end")
    }

    fn source() -> Source {
        Source {
            random: StdRng::seed_from_u64(1),
        }
    }

    #[test]
    fn a_run_ends_when_large_differences_are_resolved_and_small_ones_are_below_the_bound() {
        let cells = [
            (
                Transport::ShortPolling,
                [
                    (50_000.0, 0.05),
                    (99_000.0, 0.05),
                    (500.0, 0.0),
                    (20.0, 0.05),
                ],
            ),
            (
                Transport::Sse,
                [(600.0, 0.02), (900.0, 0.02), (275.0, 0.0), (8.0, 0.02)],
            ),
            (
                Transport::WebSocket,
                [(600.0, 0.02), (900.0, 0.02), (297.0, 0.0), (10.0, 0.02)],
            ),
        ];
        let look = run(&cells, 0.1, 100, &mut source());
        let known = |known| {
            let all = look.of(known);
            let names = all.map(|one| format!("{} {}", one.pair, one.metric.name));
            names.collect::<Vec<_>>()
        };
        assert_eq!(known(Known::Open), [""; 0]);
        let below = [
            "sse/websocket latency_p50_us",
            "sse/websocket latency_p99_us",
            "sse/websocket all_layers_bytes_per_delivery",
        ];
        assert_eq!(known(Known::Below), below);
        assert_eq!(known(Known::Resolved).len(), 9);
        assert!((8..30).contains(&look.rounds), "{}", look.rounds);
    }

    #[test]
    fn what_stays_open_is_foreseen_for_a_later_look() {
        let noisy = [(600.0, 0.2); 4];
        let cells = [(Transport::Sse, noisy), (Transport::WebSocket, noisy)];
        let look = run(&cells, 0.1, 12, &mut source());
        assert_eq!(look.rounds, 12);
        assert!(look.count(Known::Open) > 0);
        let foreseen = look.foreseen_rounds(LEAST).unwrap();
        assert!(
            is_look(foreseen, LEAST) && (20..2_000).contains(&foreseen),
            "{foreseen}"
        );
        let few = run(&cells, 0.1, 7, &mut source());
        assert_eq!(
            few.count(Known::Open),
            4,
            "nothing is known before the first look"
        );
        assert_eq!(few.foreseen_rounds(LEAST), None);
    }

    /// In which share of runs that end as soon as they may, two equal transports differ in a
    /// figure. Only `noisy` figures scatter; the others end no run.
    fn differ(runs: u32, noise: [f64; 2], noisy: usize, source: &mut Source) -> f64 {
        let figures = |noise: f64| {
            let mut figures = [(600.0, noise), (900.0, noise), (275.0, noise), (9.0, noise)];
            figures[noisy..]
                .iter_mut()
                .for_each(|figure| figure.1 = 0.0);
            figures
        };
        let cells = [
            (Transport::Sse, figures(noise[0])),
            (Transport::WebSocket, figures(noise[1])),
        ];
        let differ = (0..runs).filter(|_| {
            let look = run(&cells, 0.1, 22, source);
            look.count(Known::Resolved) > 0
        });
        differ.count() as f64 / f64::from(runs)
    }

    #[test]
    fn an_a_a_pair_differs_in_five_of_100_runs_at_the_most_however_often_it_is_looked_at() {
        let mut source = source();
        for (noise, noisy) in [
            ([0.02, 0.02], 4),
            ([0.3, 0.3], 1),
            ([0.02, 0.3], 1),
            ([0.002, 0.3], 4),
        ] {
            let share = differ(100, noise, noisy, &mut source);
            assert!(share <= 0.05, "{noise:?}, {noisy}: {share}");
        }
    }
}
