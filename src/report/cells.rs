//! Rows grouped into cells: what a table shows in one line and a plot as one mark.

use crate::report::cell_names::{name, setting, variant};
use crate::results::{
    FIGURES, Metric, TrialRow, Verdict, Warning, metric, touched, warning_counts,
};
use crate::stats::statistics::{self, Interval};
use crate::texts::{Locale, Texts};
use crate::transport::Transport;

/// One combination of factors with all its trials, of which there is at least one.
pub(super) struct ReportCell<'a> {
    /// The language of its words.
    pub texts: &'static Texts,
    pub number: u32,
    pub transport: Transport,
    /// The factors that every transport has and that vary within the run, clients always first:
    /// `1,000 clients, 10 messages a second to each feed`. Cells of the same setting can be
    /// compared.
    pub setting: String,
    /// The factors that only this transport has, where they vary (`poll every 500 ms`), or empty.
    pub variant: String,
    /// Which shade of the transport's colour this variant has: 0 (the colour itself) to 1.
    pub shade: f64,
    pub trials: Vec<&'a TrialRow>,
    /// Those of the baseline in the same setting; empty where it was not measured.
    pub baseline: Vec<&'a TrialRow>,
}

impl ReportCell<'_> {
    /// The transport, and its variant where there are several: what a legend says.
    pub fn name(&self) -> String {
        name(self.transport, &self.variant)
    }

    /// The worst verdict of its trials.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.trials.iter().map(|t| t.verdict);
        verdicts.max().unwrap_or(Verdict::Valid)
    }

    /// `SUSPECT`, with the number of trials that have it if not all do: `SUSPECT (1 of 3 trials)`.
    pub fn verdict_words(&self) -> String {
        let verdict = self.verdict().to_string();
        [verdict, self.trials_concerned()]
            .join(" ")
            .trim_end()
            .to_owned()
    }

    /// `(1 of 3 trials)` where only these have the cell's verdict, otherwise nothing.
    pub fn trials_concerned(&self) -> String {
        let (worst, all) = (self.verdict(), self.trials.len());
        match self.trials.iter().filter(|t| t.verdict == worst).count() {
            bad if bad < all => (self.texts.cell.of_trials)(bad, all),
            _ => String::new(),
        }
    }

    /// Names of warnings and how many trials have each, in the order of their first appearance.
    pub fn warnings(&self) -> Vec<(&str, usize)> {
        warning_counts(self.trials.iter().copied())
    }

    /// ` (2 of 3 trials)` for a warning that so many have; nothing where there is one trial.
    pub fn of_trials(&self, some: usize) -> String {
        match self.trials.len() {
            1 => String::new(),
            all => format!(" {}", (self.texts.cell.of_trials)(some, all)),
        }
    }

    /// What a warning means and what it found here; `unknown` if this version does not know it.
    pub fn meaning(&self, warning: &str, unknown: &'static str) -> String {
        let sentence = sentence(warning, unknown, self.texts);
        let parts = [sentence.to_owned(), self.finding(warning)];
        parts.join(" ").trim_end().to_owned()
    }

    /// Where these are not all, the figures that a warning touches in any trial; and the figures
    /// by which it judged.
    pub fn finding(&self, warning: &str) -> String {
        let trials = self.trials.iter();
        let figures: Vec<_> = trials
            .filter_map(|trial| touched(trial.doubted_figures.as_deref(), warning))
            .flatten()
            .collect();
        let names = FIGURES.map(|(name, _)| name).into_iter();
        let names: Vec<_> = names.filter(|name| figures.contains(name)).collect();
        let touches = (!names.is_empty()).then(|| (self.texts.cell.touches)(&names.join(", ")));
        let parts = [touches, self.judged_by(warning)].into_iter().flatten();
        parts.collect::<Vec<_>>().join(" ")
    }

    /// The figures by which a warning judged: those of the trial that it concerns most.
    fn judged_by(&self, warning: &str) -> Option<String> {
        let columns = warning.parse().map_or(&[][..], Warning::judged_by);
        let metrics: Vec<&Metric> = columns.iter().filter_map(|name| metric(name)).collect();
        let first = metrics.first()?;
        let has_it = |trial: &&&TrialRow| trial.warnings.split_whitespace().any(|w| w == warning);
        let figure = |trial: &TrialRow| first.figure(trial).map_or(0.0, f64::abs);
        let trials = self.trials.iter().filter(has_it);
        let worst = trials.max_by(|a, b| figure(a).total_cmp(&figure(b)))?;
        let words = metrics.iter().filter_map(|metric| {
            let figure = self.written(metric, metric.figure(worst)?);
            let [group, title] = [metric.group, metric.title].map(self.texts.translate);
            Some((self.texts.cell.named_figure)(group, title, &figure))
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| (self.texts.cell.judged_by)(&words.join(", ")))
    }

    /// A figure as text, in its metric's unit.
    pub fn written(&self, metric: &Metric, value: f64) -> String {
        metric.unit.write(self.texts.numbers, value)
    }

    /// The trials that a median counts: those that are not INVALID, as in `summary.csv`. A
    /// cell that has no other still shows its figures, beside its verdict.
    pub fn counted(&self) -> Vec<&TrialRow> {
        counted(&self.trials)
    }

    /// This cell's figure as a multiple of the baseline's; `None` where either has none.
    pub fn ratio(&self, figure: impl Fn(&TrialRow) -> Option<f64>) -> Option<f64> {
        let baseline = Spread::of(counted(&self.baseline).into_iter().filter_map(&figure));
        let baseline = baseline.filter(|baseline| baseline.median > 0.0)?;
        Some(self.median(&figure)? / baseline.median)
    }

    /// A figure over the counted trials that have it; `None` where none has.
    pub fn spread(&self, figure: impl Fn(&TrialRow) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.counted().into_iter().filter_map(figure))
    }

    /// The 95 % interval of a figure's median; `None` where too few trials have it.
    pub fn interval(&self, figure: impl Fn(&TrialRow) -> Option<f64>) -> Option<Interval> {
        let values: Vec<f64> = self.counted().into_iter().filter_map(figure).collect();
        statistics::median_interval(&values)
    }

    /// Its trials, each as a cell of its own.
    pub fn each_trial(&self) -> impl Iterator<Item = ReportCell<'_>> {
        self.trials.iter().map(|trial| ReportCell {
            setting: self.setting.clone(),
            variant: self.variant.clone(),
            trials: vec![trial],
            baseline: Vec::new(),
            ..*self
        })
    }

    pub fn median(&self, figure: impl Fn(&TrialRow) -> Option<f64>) -> Option<f64> {
        self.spread(figure).map(|s| s.median)
    }
}

/// What a warning means; `unknown` if this version does not know it.
pub(super) fn sentence(warning: &str, unknown: &'static str, texts: &Texts) -> &'static str {
    match warning.parse().map(Warning::sentence) {
        Ok(sentence) => (texts.translate)(sentence),
        Err(_) => unknown,
    }
}

/// Without those that are INVALID, unless there are no others.
fn counted<'a>(trials: &[&'a TrialRow]) -> Vec<&'a TrialRow> {
    let all = || trials.iter().copied();
    let counted: Vec<_> = all().filter(|t| t.verdict != Verdict::Invalid).collect();
    match counted.is_empty() {
        true => all().collect(),
        false => counted,
    }
}

/// A figure over repeated trials, and how certain it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub median: f64,
    /// The ends of the median's 95 % interval, which needs [`statistics::FEWEST`] values; of fewer
    /// the lowest and the highest.
    pub low: f64,
    pub high: f64,
    /// Whether the ends are those of the interval.
    pub is_interval: bool,
}

impl Spread {
    /// `None` without a finite value. The median of an even number is the middle two's mean.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        let median = statistics::median(&values)?;
        let range = Interval {
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        };
        let interval = statistics::median_interval(&values);
        let Interval { low, high } = interval.unwrap_or(range);
        Some(Spread {
            median,
            low,
            high,
            is_interval: interval.is_some(),
        })
    }
}

/// The cells of a run, settings in growing order and the transports within each in theirs.
pub(super) fn cells(trials: &[TrialRow], locale: Locale) -> Vec<ReportCell<'_>> {
    let texts = locale.texts();
    let all: Vec<&TrialRow> = trials.iter().collect();
    let mut cells: Vec<ReportCell> = Vec::new();
    for trial in trials {
        if let Some(cell) = cells.iter_mut().find(|c| c.number == trial.cell) {
            cell.trials.push(trial);
            continue;
        }
        cells.push(ReportCell {
            texts,
            number: trial.cell,
            transport: trial.transport,
            setting: setting(trial, &all, texts),
            variant: variant(trial, &all, texts),
            shade: 0.0,
            trials: vec![trial],
            baseline: Vec::new(),
        });
    }
    // What has no order of its own comes in the order in which it was asked for.
    let asked = |row: &TrialRow| {
        let key = |row: &TrialRow| (row.network.clone(), row.reconnect.clone());
        let same = trials.iter().filter(|trial| key(trial) == key(row));
        same.map(|trial| trial.cell).min()
    };
    cells.sort_by(|a, b| {
        let (x, y) = (a.trials[0], b.trials[0]);
        (
            x.clients,
            &x.run,
            &x.workload,
            x.feeds,
            x.payload_bytes,
            x.tls,
        )
            .cmp(&(
                y.clients,
                &y.run,
                &y.workload,
                y.feeds,
                y.payload_bytes,
                y.tls,
            ))
            .then(x.rate_hz.total_cmp(&y.rate_hz))
            .then_with(|| x.schedule.cmp(&y.schedule))
            .then_with(|| asked(x).cmp(&asked(y)))
            .then(x.transport.cmp(&y.transport))
            .then(x.cell.cmp(&y.cell))
    });
    give_shades(&mut cells);
    give_baselines(&mut cells);
    cells
}

/// Cells of equal setting, in order.
pub(super) fn settings<'c, 'a>(
    cells: &'c [ReportCell<'a>],
) -> Vec<(&'c str, Vec<&'c ReportCell<'a>>)> {
    let mut groups: Vec<(&str, Vec<&ReportCell>)> = Vec::new();
    for cell in cells {
        match groups
            .iter_mut()
            .find(|(setting, _)| *setting == cell.setting)
        {
            Some((_, group)) => group.push(cell),
            None => groups.push((&cell.setting, vec![cell])),
        }
    }
    groups
}

/// Gives each cell the baseline of its setting.
fn give_baselines(cells: &mut [ReportCell]) {
    let baselines = cells.iter().filter(|c| c.transport == Transport::BASELINE);
    let baselines: Vec<_> = baselines
        .map(|c| (c.setting.clone(), c.trials.clone()))
        .collect();
    for cell in cells {
        let same = baselines
            .iter()
            .find(|(setting, _)| *setting == cell.setting);
        if let Some((_, trials)) = same {
            cell.baseline.clone_from(trials);
        }
    }
}

/// Several variants of a transport share its colour, so the later ones have other shades.
fn give_shades(cells: &mut [ReportCell]) {
    for transport in Transport::ALL {
        let mut variants: Vec<String> = Vec::new();
        for cell in cells.iter().filter(|c| c.transport == transport) {
            if !variants.contains(&cell.variant) {
                variants.push(cell.variant.clone());
            }
        }
        for cell in cells.iter_mut().filter(|c| c.transport == transport) {
            let rank = variants
                .iter()
                .position(|v| *v == cell.variant)
                .unwrap_or(0);
            cell.shade = rank as f64 / (variants.len().max(2) - 1) as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_spread_from_lowest_to_highest_and_more_as_far_as_their_interval() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        let spread_of = |median, low, high, is_interval| {
            Some(Spread {
                median,
                low,
                high,
                is_interval,
            })
        };
        let of = |median, low, high| spread_of(median, low, high, false);
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[f64::NAN]), None);
        assert_eq!(spread(&[4.0]), of(4.0, 4.0, 4.0));
        assert_eq!(spread(&[9.0, 1.0, 4.0]), of(4.0, 1.0, 9.0));
        assert_eq!(spread(&[9.0, 1.0, 4.0, 5.0]), of(4.5, 1.0, 9.0));
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(spread(&ten), spread_of(5.5, 2.5, 8.5, true));
    }
}
