//! Which samples the data can tell apart: places instead of ranks.
//!
//! Two samples are linked where their difference is not shown, or is shown to be small. Samples
//! that links connect share a place. A place may so hold two samples that do differ, if a third
//! one lies between them; its `within` covers them all the same.
//!
//! The intervals are widened for the number of pairs (Bonferroni): all of them hold together in 95
//! of 100 runs. So two samples of one source stand in different places in fewer than 5 of 100 runs,
//! whatever else is measured beside them. Simulated, see the test: 0 to 5 %.

use crate::stats::statistics::{
    FEWEST, Interval, difference_interval_at, median, ratio, ratio_interval_at,
};

/// A difference that is shown to be smaller than this separates no places.
const SMALL: f64 = 1.1;
/// Where too few trials have no interval, medians that differ by less share a place. Repeated
/// trials of one cell differ by up to 20 % on a quiet machine, and by more on a busy one.
pub const MAY_BE_NOISE: f64 = 1.5;

/// Samples that share a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Indexes of the samples, their medians in growing order.
    pub members: Vec<usize>,
    /// The least and the greatest median.
    pub low: f64,
    pub high: f64,
    /// No two true medians are further apart than this; `None` with one member, or without
    /// intervals.
    pub within: Option<f64>,
    /// Its medians as multiples of the first place's; `None` for that, and where it is 0.
    pub times: Option<Times>,
}

/// How many times as much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    pub ratio: f64,
    /// The interval, or without intervals the least and the greatest ratio of two medians.
    pub low: f64,
    pub high: f64,
    pub is_interval: bool,
}

/// The places of these samples, least first. A sample has a value a trial, each 0 or more; those
/// without any are in no place.
pub fn places(samples: &[Vec<f64>]) -> Vec<Place> {
    let present = samples.iter().filter(|sample| !sample.is_empty()).count();
    let confidence = 1.0 - 0.05 / (present * present.saturating_sub(1) / 2).max(1) as f64;
    let connected = connected(samples, confidence);
    let places = connected.iter().map(|members| Place {
        members: members.iter().map(|(at, _)| *at).collect(),
        low: members[0].1,
        high: members[members.len() - 1].1,
        within: within(members, samples, confidence),
        times: times(&connected[0], members, samples, confidence),
    });
    places.collect()
}

/// The samples that links connect, each with its median; all in growing order.
fn connected(samples: &[Vec<f64>], confidence: f64) -> Vec<Vec<(usize, f64)>> {
    let mut present: Vec<(usize, f64)> = (samples.iter().enumerate())
        .filter_map(|(at, sample)| Some((at, median(sample)?)))
        .collect();
    present.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut connected: Vec<Vec<(usize, f64)>> = Vec::new();
    for sample in present {
        let is_linked =
            |other: &(usize, f64)| linked(&samples[other.0], &samples[sample.0], confidence);
        let (joined, apart) = std::mem::take(&mut connected)
            .into_iter()
            .partition::<Vec<_>, _>(|place| place.iter().any(is_linked));
        connected = apart;
        connected.push([joined.concat(), vec![sample]].concat());
    }
    for place in &mut connected {
        place.sort_by(|a, b| a.1.total_cmp(&b.1));
    }
    connected.sort_by(|a, b| a[0].1.total_cmp(&b[0].1));
    connected
}

/// Whether no difference is shown, or only a small one.
fn linked(a: &[f64], b: &[f64], confidence: f64) -> bool {
    match ratio_interval_at(a, b, confidence) {
        Some(interval) => {
            let is_small = interval.low >= 1.0 / SMALL && interval.high <= SMALL;
            interval.contains(1.0) || is_small
        }
        None => {
            ratio(a, b).is_some_and(|ratio| (1.0 / MAY_BE_NOISE..MAY_BE_NOISE).contains(&ratio))
        }
    }
}

fn within(members: &[(usize, f64)], samples: &[Vec<f64>], confidence: f64) -> Option<f64> {
    let sample = |at: usize| &samples[members[at].0];
    let pairs = (0..members.len()).flat_map(|a| (a + 1..members.len()).map(move |b| (a, b)));
    let furthest = |(a, b)| {
        let Interval { low, high } = difference_interval_at(sample(a), sample(b), confidence)?;
        Some(low.abs().max(high.abs()))
    };
    let all: Vec<f64> = pairs.map(furthest).collect::<Option<_>>()?;
    all.into_iter().reduce(f64::max)
}

fn times(
    first: &[(usize, f64)],
    members: &[(usize, f64)],
    samples: &[Vec<f64>],
    confidence: f64,
) -> Option<Times> {
    let middle = |place: &[(usize, f64)]| median(&place.iter().map(|m| m.1).collect::<Vec<_>>());
    let ratio = middle(members)? / middle(first)?;
    if first == members || !ratio.is_finite() {
        return None;
    }
    let pairs = || {
        first
            .iter()
            .flat_map(|a| members.iter().map(move |b| (a, b)))
    };
    let is_interval = pairs().all(|(a, b)| samples[a.0].len().min(samples[b.0].len()) >= FEWEST);
    let ends = pairs().map(|(a, b)| match is_interval {
        true => ratio_interval_at(&samples[a.0], &samples[b.0], confidence),
        false => Some(Interval {
            low: b.1 / a.1,
            high: b.1 / a.1,
        }),
    });
    let ends = ends.collect::<Option<Vec<Interval>>>()?;
    Some(Times {
        ratio,
        low: ends.iter().map(|end| end.low).fold(f64::INFINITY, f64::min),
        high: ends.iter().map(|end| end.high).fold(0.0, f64::max),
        is_interval,
    })
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn members(places: &[Place]) -> Vec<&[usize]> {
        places.iter().map(|place| &place.members[..]).collect()
    }

    #[test]
    fn samples_that_overlap_share_a_place_and_others_do_not() {
        let around = |median: f64| {
            (-2..=2)
                .map(|i| median * (1.0 + 0.01 * f64::from(i)))
                .collect()
        };
        let samples = [around(490.0), around(6.0), vec![], around(6.05)];
        let places = places(&samples);
        assert_eq!(members(&places), [&[1, 3][..], &[0]]);
        assert!(
            places[0]
                .within
                .is_some_and(|within| (0.05..0.5).contains(&within))
        );
        let times = places[1].times.unwrap();
        assert!(
            times.is_interval && (75.0..80.0).contains(&times.low),
            "{times:?}"
        );
        assert!((81.0..86.0).contains(&times.high) && (81.0..82.0).contains(&times.ratio));
    }

    #[test]
    fn a_small_difference_that_is_certain_separates_nothing_and_a_large_one_does() {
        let exact = |bytes| vec![bytes; 5];
        let samples = [exact(275.0), exact(297.0), exact(600.0)];
        let places = places(&samples);
        assert_eq!(members(&places), [&[0, 1][..], &[2]]);
        assert_eq!(places[0].within, Some(22.0));
    }

    #[test]
    fn single_trials_have_ratios_without_intervals_and_may_differ_by_noise() {
        let places = places(&[vec![500.0], vec![2.5], vec![3.3], vec![0.0]]);
        assert_eq!(members(&places), [&[3][..], &[1, 2], &[0]]);
        // Nothing is a multiple of 0.
        assert!(
            places
                .iter()
                .all(|place| place.times.is_none() && place.within.is_none())
        );
        let places = super::places(&[vec![500.0], vec![2.5], vec![3.2]]);
        let times = places[1].times.unwrap();
        assert!((times.low, times.high, times.is_interval) == (156.25, 200.0, false));
    }

    /// In which share of 400 runs two samples of one source, of which the second may be noisier,
    /// are separated.
    fn separated(trials: usize, noise: f64, others: &[(f64, f64)], random: &mut StdRng) -> f64 {
        let mut draw = |median: f64, noise: f64| -> Vec<f64> {
            let mut deviate = || {
                // Box and Muller 1958; 1 − u, since the logarithm of 0 does not exist.
                let (u, v) = (1.0 - random.random::<f64>(), random.random::<f64>());
                (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
            };
            (0..trials)
                .map(|_| median * (noise * deviate()).exp())
                .collect()
        };
        let pairs = (others.len() + 2) * (others.len() + 1) / 2;
        let apart = (0..400).filter(|_| {
            let mut samples = vec![draw(100.0, 0.02), draw(100.0, noise)];
            samples.extend(others.iter().map(|&(median, noise)| draw(median, noise)));
            let places = connected(&samples, 1.0 - 0.05 / pairs as f64);
            let has = |place: &[(usize, f64)], one| place.iter().any(|(at, _)| *at == one);
            !places.iter().any(|place| has(place, 0) && has(place, 1))
        });
        apart.count() as f64 / 400.0
    }

    #[test]
    fn an_a_a_pair_stands_in_two_places_in_five_of_100_runs_at_the_most() {
        let mut random = StdRng::seed_from_u64(1);
        let far = [(8_000.0, 0.05), (130.0, 0.02), (300.0, 0.4)];
        for (trials, noise, others) in [
            (5, 0.02, &[][..]),
            (5, 0.3, &[]),
            (5, 0.3, &far),
            (7, 0.3, &[]),
            (9, 0.3, &far[1..2]),
        ] {
            let share = separated(trials, noise, others, &mut random);
            assert!(share <= 0.05, "{trials} trials, {noise}: {share}");
        }
    }
}
