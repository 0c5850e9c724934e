//! Which samples the data can tell apart: places instead of ranks.
//!
//! Two samples are linked where their difference is not shown, or is shown to be too small to
//! matter. Samples that links connect share a place. A place may so hold two samples that do
//! differ, if a third one lies between them; its `within` covers them all the same.
//!
//! The intervals are widened for the number of pairs (Bonferroni): all of them hold together in 95
//! of 100 runs. So two samples of one source stand in different places in fewer than 5 of 100 runs,
//! whatever else is measured beside them. Simulated, see the test: 0 to 5 %.

use crate::stats::statistics::{
    FEWEST, Interval, difference_interval_at, median, ratio, ratio_interval_at,
};

/// A difference that is shown to be smaller than this is too small to matter: the same cell
/// measured on another day differs by more, and no choice between transports rests on it.
const SMALL: f64 = 1.1;
/// The noise of times, CPU and memory. Repeated trials of one cell differ by up to 20 % on a quiet
/// machine, and by more on a busy one.
pub const MAY_BE_NOISE: f64 = 1.5;

/// Differences that tell no samples apart.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Those below this are too small to matter, in the figure's own unit.
    pub small: f64,
    /// Medians without intervals share a place where they differ by fewer times than this.
    pub noise: f64,
}

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
    /// How far the two members that differ most are told apart.
    pub apart: Apart,
    /// Its medians as multiples of the first place's; `None` for that, and where it is 0.
    pub times: Option<Effect>,
    /// Its medians less those of the first place; `None` for that.
    pub more: Option<Effect>,
}

/// What the data say of a difference, in the order of growing importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Apart {
    /// There is none that matters.
    Same,
    /// There is one, and it is too small to matter.
    Small,
    /// None is shown, and one that matters is not ruled out.
    NotShown,
    Shown,
}

/// How far a place lies from the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    pub size: f64,
    /// The interval, or without intervals the least and the greatest of two medians.
    pub low: f64,
    pub high: f64,
    pub is_interval: bool,
}

/// The places of these samples, least first. A sample has a value a trial, each 0 or more; those
/// without any are in no place.
pub fn places(samples: &[Vec<f64>], bounds: Bounds) -> Vec<Place> {
    let present = samples.iter().filter(|sample| !sample.is_empty()).count();
    let confidence = 1.0 - 0.05 / (present * present.saturating_sub(1) / 2).max(1) as f64;
    let told = |a: usize, b: usize| apart(&samples[a], &samples[b], bounds, confidence);
    let connected = connected(samples, |a, b| told(a, b) != Apart::Shown);
    let first = &connected.first().cloned().unwrap_or_default();
    let places = connected.iter().map(|members| {
        let effect = |of: &Effects| match first == members {
            true => None,
            false => of.effect(first, members, samples, confidence),
        };
        Place {
            members: members.iter().map(|(at, _)| *at).collect(),
            low: members[0].1,
            high: members[members.len() - 1].1,
            within: within(members, samples, confidence),
            apart: pairs(members)
                .map(|(a, b)| told(a, b))
                .max()
                .unwrap_or(Apart::Same),
            times: effect(&RATIOS),
            more: effect(&DIFFERENCES),
        }
    });
    places.collect()
}

/// The samples that links connect, each with its median; all in growing order.
fn connected(
    samples: &[Vec<f64>],
    is_linked: impl Fn(usize, usize) -> bool,
) -> Vec<Vec<(usize, f64)>> {
    let mut present: Vec<(usize, f64)> = (samples.iter().enumerate())
        .filter_map(|(at, sample)| Some((at, median(sample)?)))
        .collect();
    present.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut connected: Vec<Vec<(usize, f64)>> = Vec::new();
    for sample in present {
        let (joined, apart) = std::mem::take(&mut connected)
            .into_iter()
            .partition::<Vec<_>, _>(|place| place.iter().any(|one| is_linked(one.0, sample.0)));
        connected = apart;
        connected.push([joined.concat(), vec![sample]].concat());
    }
    for place in &mut connected {
        place.sort_by(|a, b| a.1.total_cmp(&b.1));
    }
    connected.sort_by(|a, b| a[0].1.total_cmp(&b[0].1));
    connected
}

/// What the data say of two samples, neither of them empty.
fn apart(a: &[f64], b: &[f64], bounds: Bounds, confidence: f64) -> Apart {
    let Bounds { small, noise } = bounds;
    let ratios = ratio_interval_at(a, b, confidence);
    let differences = difference_interval_at(a, b, confidence);
    let (Some(ratios), Some(differences)) = (ratios, differences) else {
        let may_be_noise = |ratio| (1.0 / noise..noise).contains(&ratio);
        let apart = median(a).zip(median(b)).map(|(a, b)| (a - b).abs());
        let is_small = apart.is_some_and(|apart| apart < small);
        return match is_small || ratio(a, b).is_some_and(may_be_noise) {
            true => Apart::NotShown,
            false => Apart::Shown,
        };
    };
    let is_small = ratios.low >= 1.0 / SMALL && ratios.high <= SMALL
        || differences.low >= -small && differences.high <= small;
    match (ratios.contains(1.0), is_small) {
        (true, true) => Apart::Same,
        (false, true) => Apart::Small,
        (true, false) => Apart::NotShown,
        (false, false) => Apart::Shown,
    }
}

fn pairs(members: &[(usize, f64)]) -> impl Iterator<Item = (usize, usize)> {
    let all = members.iter().enumerate();
    all.flat_map(|(at, a)| members[at + 1..].iter().map(move |b| (a.0, b.0)))
}

fn within(members: &[(usize, f64)], samples: &[Vec<f64>], confidence: f64) -> Option<f64> {
    let furthest = |(a, b): (usize, usize)| {
        let interval = difference_interval_at(&samples[a], &samples[b], confidence)?;
        Some(interval.low.abs().max(interval.high.abs()))
    };
    let all: Vec<f64> = pairs(members).map(furthest).collect::<Option<_>>()?;
    all.into_iter().reduce(f64::max)
}

/// A way to say how far a sample lies from another.
struct Effects {
    of_medians: fn(f64, f64) -> f64,
    interval: fn(&[f64], &[f64], f64) -> Option<Interval>,
}

const RATIOS: Effects = Effects {
    of_medians: |first, other| other / first,
    interval: ratio_interval_at,
};
const DIFFERENCES: Effects = Effects {
    of_medians: |first, other| other - first,
    interval: difference_interval_at,
};

impl Effects {
    fn effect(
        &self,
        first: &[(usize, f64)],
        members: &[(usize, f64)],
        samples: &[Vec<f64>],
        confidence: f64,
    ) -> Option<Effect> {
        let middle = |place: &[(usize, f64)]| {
            let medians: Vec<f64> = place.iter().map(|member| member.1).collect();
            median(&medians)
        };
        let size = (self.of_medians)(middle(first)?, middle(members)?);
        let pairs = first
            .iter()
            .flat_map(|a| members.iter().map(move |b| (a, b)));
        let mut both = pairs.clone();
        let is_interval = both.all(|(a, b)| samples[a.0].len().min(samples[b.0].len()) >= FEWEST);
        let ends = pairs.map(|(a, b)| match is_interval {
            true => (self.interval)(&samples[a.0], &samples[b.0], confidence),
            false => {
                let end = (self.of_medians)(a.1, b.1);
                Some(Interval {
                    low: end,
                    high: end,
                })
            }
        });
        let ends = ends.collect::<Option<Vec<Interval>>>()?;
        let (lows, highs) = (
            ends.iter().map(|end| end.low),
            ends.iter().map(|end| end.high),
        );
        size.is_finite().then_some(Effect {
            size,
            low: lows.fold(f64::INFINITY, f64::min),
            high: highs.fold(f64::NEG_INFINITY, f64::max),
            is_interval,
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn bounds(small: f64) -> Bounds {
        let noise = MAY_BE_NOISE;
        Bounds { small, noise }
    }

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
        let places = places(&samples, bounds(0.0));
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
        assert!((81.0..86.0).contains(&times.high) && (81.0..82.0).contains(&times.size));
    }

    #[test]
    fn a_small_difference_that_is_certain_separates_nothing_and_a_large_one_does() {
        let exact = |bytes| vec![bytes; 5];
        let samples = [exact(275.0), exact(297.0), exact(600.0)];
        let places = places(&samples, bounds(0.0));
        assert_eq!(members(&places), [&[0, 1][..], &[2]]);
        assert_eq!(
            (places[0].within, places[0].apart),
            (Some(22.0), Apart::Small)
        );
    }

    #[test]
    fn a_difference_below_what_matters_in_its_unit_separates_nothing() {
        let around = |median: f64| [-2.0, -1.0, 0.0, 1.0, 2.0].map(|i| median + i).to_vec();
        let samples = [around(300.0), around(900.0), around(5_000.0)];
        let places = places(&samples, bounds(1_000.0));
        assert_eq!(members(&places), [&[0, 1][..], &[2]]);
        assert_eq!(places[0].apart, Apart::Small);
        let more = places[1].more.unwrap();
        assert!(more.is_interval && more.size == 4_400.0, "{more:?}");
        assert!((4_090.0..4_100.0).contains(&more.low), "{more:?}");
        // The same to two samples that overlap, and to one trial of each.
        let alike = super::places(&[around(300.0), around(301.0)], bounds(1_000.0));
        assert_eq!(alike[0].apart, Apart::Same);
        let single = super::places(&[vec![300.0], vec![900.0], vec![5_000.0]], bounds(1_000.0));
        assert_eq!(members(&single), [&[0, 1][..], &[2]]);
        assert_eq!(single[0].apart, Apart::NotShown);
    }

    #[test]
    fn single_trials_have_ratios_without_intervals_and_may_differ_by_noise() {
        let places = places(&[vec![500.0], vec![2.5], vec![3.3], vec![0.0]], bounds(0.0));
        assert_eq!(members(&places), [&[3][..], &[1, 2], &[0]]);
        // Nothing is a multiple of 0.
        assert!(
            places
                .iter()
                .all(|place| place.times.is_none() && place.within.is_none())
        );
        let places = super::places(&[vec![500.0], vec![2.5], vec![3.2]], bounds(0.0));
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
        let separated = (0..400).filter(|_| {
            let mut samples = vec![draw(100.0, 0.02), draw(100.0, noise)];
            samples.extend(others.iter().map(|&(median, noise)| draw(median, noise)));
            let confidence = 1.0 - 0.05 / pairs as f64;
            let is_linked = |a: usize, b: usize| {
                apart(&samples[a], &samples[b], bounds(0.0), confidence) < Apart::Shown
            };
            let places = connected(&samples, is_linked);
            let has = |place: &[(usize, f64)], one| place.iter().any(|(at, _)| *at == one);
            !places.iter().any(|place| has(place, 0) && has(place, 1))
        });
        separated.count() as f64 / 400.0
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
