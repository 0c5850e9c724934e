//! The registry of metrics: what trials have figures of.
//!
//! CSV, summary, comparison, tables, plots, page and the objectives of a search read it.

use std::sync::LazyLock;

use crate::error::did_you_mean;
use crate::results::derived::derived;
use crate::results::metric::{Kind, MetricOf, Place, Table};
use crate::results::recovery_row::{RECOVERY_METRICS, RecoveryRow};
use crate::results::trial_row::{TrialRow, columns};
use crate::results::{Verdict, touched};

/// A column of `trials.csv`, or a figure that is derived from its columns.
pub type Metric = MetricOf<TrialRow>;

/// All columns in the order of the file, then all derived metrics.
pub static METRICS: LazyLock<Vec<Metric>> =
    LazyLock::new(|| columns().into_iter().chain(derived()).collect());

/// A metric in a table, with its words there.
#[derive(Debug)]
pub struct TableColumnOf<M: 'static> {
    pub group: &'static str,
    pub title: &'static str,
    pub metric: &'static M,
}

impl<M> Copy for TableColumnOf<M> {}

// Derived, it would ask that the metric be Copy too.
impl<M> Clone for TableColumnOf<M> {
    fn clone(&self) -> Self {
        *self
    }
}

/// A metric of trials in a table.
pub type TableColumn = TableColumnOf<Metric>;

impl Metric {
    /// Whether a trial counts in this metric's statistics: an INVALID one only where the metric
    /// counts what went wrong.
    pub fn counts(&self, trial: &TrialRow) -> bool {
        self.breakage || trial.verdict != Verdict::Invalid
    }

    /// Whether this warning of a trial touches this figure.
    pub fn is_touched(&self, trial: &TrialRow, warning: &str) -> bool {
        let is_named =
            |figures: Vec<&str>| self.alias.is_some_and(|alias| figures.contains(&alias));
        touched(trial.doubted_figures.as_deref(), warning).is_none_or(is_named)
    }

    /// Whether tables mark this figure of a trial: a warning touches it, and not all figures. What
    /// touches all is the trial's verdict.
    pub fn is_marked(&self, trial: &TrialRow) -> bool {
        let Some(name) = self.alias else {
            return false;
        };
        let mut warnings = trial.warnings.split_whitespace();
        let figures = |warning| touched(trial.doubted_figures.as_deref(), warning);
        warnings.any(|warning| figures(warning).is_some_and(|all| all.contains(&name)))
    }

    /// Whether some warning of a trial touches this figure. None touches a count of what went
    /// wrong.
    pub fn is_doubted(&self, trial: &TrialRow) -> bool {
        let mut warnings = trial.warnings.split_whitespace().peekable();
        let unexplained = trial.verdict == Verdict::Suspect && warnings.peek().is_none();
        !self.breakage && (unexplained || warnings.any(|warning| self.is_touched(trial, warning)))
    }
}

/// Names of the warnings of some trials and how many trials have each, in the order of their first
/// appearance.
pub fn warning_counts<'r>(trials: impl IntoIterator<Item = &'r TrialRow>) -> Vec<(&'r str, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let trials = trials.into_iter();
    for name in trials.flat_map(|trial| trial.warnings.split_whitespace()) {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, trials)) => *trials += 1,
            None => counts.push((name, 1)),
        }
    }
    counts
}

/// The metric of this name.
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The metric of summary and comparison that a user names, by its alias or its column.
///
/// # Errors
/// There is none: which name is like it, and which aliases there are.
pub fn named_metric(name: &str) -> Result<&'static Metric, String> {
    let is_alias = |alias: &str| alias == name || alias.replace('.', "") == name;
    let is_it = |metric: &&Metric| metric.name == name || metric.alias.is_some_and(is_alias);
    measured().find(is_it).ok_or_else(|| {
        let names = measured().flat_map(|metric| metric.alias.into_iter().chain([metric.name]));
        let near = did_you_mean(name, names);
        let aliases: Vec<&str> = measured().filter_map(|metric| metric.alias).collect();
        let aliases = aliases.join(", ");
        format!("there is no metric \"{name}\"{near}: write {aliases} or a column of trials.csv")
    })
}

/// The metrics that summary and comparison know: columns in the order of the file, then derived
/// ones.
pub fn measured() -> impl Iterator<Item = &'static Metric> {
    let listed = |metric: &&Metric| matches!(metric.kind, Kind::Measured | Kind::Derived);
    METRICS.iter().filter(listed)
}

/// The columns of a table of trials, in their order.
pub fn shown_in(table: Table) -> Vec<TableColumn> {
    placed(&METRICS, table)
}

/// The columns of a table of recoveries, in their order.
pub fn recovery_shown_in(table: Table) -> Vec<TableColumnOf<MetricOf<RecoveryRow>>> {
    placed(&RECOVERY_METRICS, table)
}

fn placed<R>(metrics: &'static [MetricOf<R>], table: Table) -> Vec<TableColumnOf<MetricOf<R>>> {
    let places = metrics.iter().flat_map(|metric| {
        let places = metric.places.iter().filter(|place| place.table == table);
        places.map(move |place| (place, metric))
    });
    let mut places: Vec<(&Place, &MetricOf<R>)> = places.collect();
    places.sort_by_key(|(place, _)| place.order);
    let columns = places.into_iter().map(|(place, metric)| TableColumnOf {
        group: place.group,
        title: place.title,
        metric,
    });
    columns.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_every_metric_says_what_it_is() {
        let mut names = HashSet::new();
        for metric in METRICS.iter() {
            assert!(names.insert(metric.name), "{} twice", metric.name);
            assert!(metric.definition.ends_with('.'), "{}", metric.name);
            let says_when = !metric.absent.is_empty();
            assert!(says_when || !metric.cells.optional, "{}", metric.name);
            let others = metric.beneath.iter().map(|(_, other)| *other);
            for other in others.chain(metric.instead.map(|(other, _)| other)) {
                assert!(super::metric(other).is_some(), "{other} of {}", metric.name);
            }
        }
    }

    #[test]
    fn no_two_metrics_have_one_place() {
        let mut taken = HashSet::new();
        for place in METRICS.iter().flat_map(|metric| &metric.places) {
            let (table, order) = (format!("{:?}", place.table), place.order);
            assert!(taken.insert((table, order)), "{place:?}");
            assert!(!place.title.is_empty(), "{place:?}");
        }
    }
}
