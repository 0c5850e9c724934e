//! What a column of `trials.csv` is: its meaning, unit, and the places that show it.
//!
//! A metric is one entry of [`METRICS`]. CSV, summary, comparison, tables, plots, page and the
//! objectives of a search all read it from there. Words are English; a locale translates them.

use std::sync::LazyLock;

use crate::results::TrialRow;
use crate::results::derived::derived;
use crate::results::trial_row::columns;
use crate::texts::Numbers;

/// All columns in the order of the file, then all derived metrics.
pub static METRICS: LazyLock<Vec<Metric>> =
    LazyLock::new(|| columns().into_iter().chain(derived()).collect());

/// A column, or a figure that is derived from columns.
#[derive(Clone, Debug)]
pub struct Metric {
    /// The column; its last words are the unit.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub definition: &'static str,
    pub kind: Kind,
    pub unit: Unit,
    pub better: Better,
    /// Stands over neighbouring columns of a table that belong together.
    pub group: &'static str,
    pub title: &'static str,
    /// The title in a printed table, where room is scarce. Stands before `on` in an entry.
    pub short: &'static str,
    /// Whether a table shows the median's interval.
    pub interval: bool,
    /// Whether a table shows the lowest and highest figure of all trials, not the median.
    pub range: bool,
    /// Metrics that a cell of a table shows below this one, each with a word before it.
    pub beneath: &'static [(&'static str, &'static str)],
    /// The metric shown below, with a word after it, where this one does not exist.
    pub instead: Option<(&'static str, &'static str)>,
    /// The percentile that an objective names, and its share of all deliveries: `p99`, 0.99.
    pub objective: Option<(&'static str, f64)>,
    places: Vec<Place>,
    figure: fn(&TrialRow) -> Option<f64>,
    text: fn(&TrialRow) -> String,
}

/// What a metric is to a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something measured.
    Measured,
    /// Something asked for. Trials that agree in all factors repeat each other.
    Factor,
    /// A factor that only one transport has. Cells that differ in no other are comparable.
    TransportFactor,
    /// Neither factor nor figure.
    Label,
    /// Derived from columns; the summary and the comparison list it.
    Derived,
    /// Derived from columns for a table alone.
    Shown,
}

/// The unit of a figure, which decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Microseconds,
    Bytes,
    Percent,
    /// A whole number of things.
    Count,
    /// A number without unit, or in the unit that the name ends in.
    Number,
    /// A frequency, with two decimals.
    Rate,
    /// Percent above (+) or below (−) something.
    Deviation,
}

impl Unit {
    /// A figure in this unit.
    pub fn write(self, numbers: Numbers, value: f64) -> String {
        match self {
            Unit::Microseconds => numbers.duration_us(value),
            Unit::Bytes => numbers.bytes(value),
            Unit::Percent => numbers.percent(value),
            Unit::Count => numbers.count(value),
            Unit::Number => numbers.plain(value),
            Unit::Rate => numbers.fixed(value, 2),
            Unit::Deviation => numbers.deviation(value),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    Neither,
}

/// Where metrics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// What transports are compared by.
    Comparison,
    /// The same, where nothing was published.
    Waiting,
    /// Columns of the table of all trials beyond the comparison's.
    Details,
    /// What the average client does not show.
    Beyond,
    /// Theory beside practice.
    Theory,
    /// Multiples of the baseline.
    Ratios,
    /// What `wslab compare` shows by default.
    Headline,
    /// The points of the latency plot.
    Percentiles,
    /// The tables at the end of a run, in a terminal.
    Printed,
    PrintedIntervals,
    PrintedWaiting,
    PrintedBeyond,
    PrintedTheory,
    PrintedRatios,
}

#[derive(Clone, Debug)]
struct Place {
    table: Table,
    /// Tables show their metrics in growing order.
    order: u8,
    group: &'static str,
    title: &'static str,
}

/// A metric in a table, with its words there.
#[derive(Clone, Copy, Debug)]
pub struct TableColumn {
    pub group: &'static str,
    pub title: &'static str,
    pub metric: &'static Metric,
}

/// The metric of this name.
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The metrics that summary and comparison know: columns in the order of the file, then derived
/// ones.
pub fn measured() -> impl Iterator<Item = &'static Metric> {
    let listed = |metric: &&Metric| matches!(metric.kind, Kind::Measured | Kind::Derived);
    METRICS.iter().filter(listed)
}

/// The columns of a table, in their order.
pub fn shown_in(table: Table) -> Vec<TableColumn> {
    let places = METRICS.iter().flat_map(|metric| {
        let places = metric.places.iter().filter(|place| place.table == table);
        places.map(move |place| (place, metric))
    });
    let mut places: Vec<(&Place, &Metric)> = places.collect();
    places.sort_by_key(|(place, _)| place.order);
    let columns = places.into_iter().map(|(place, metric)| TableColumn {
        group: place.group,
        title: place.title,
        metric,
    });
    columns.collect()
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Metric {
    /// The figure of a trial in the metric's unit; `None` where it does not exist.
    pub fn figure(&self, trial: &TrialRow) -> Option<f64> {
        (self.figure)(trial)
    }

    /// The figure for statistics: finite and not below 0. Only clocks that disagree give others.
    pub fn value(&self, trial: &TrialRow) -> Option<f64> {
        let value = self.figure(trial);
        value.filter(|value| value.is_finite() && *value >= 0.0)
    }

    /// A trial's cell of `trials.csv`; empty where the figure does not exist.
    pub fn text(&self, trial: &TrialRow) -> String {
        (self.text)(trial)
    }

    /// Whether this is something asked for.
    pub fn is_factor(&self) -> bool {
        matches!(self.kind, Kind::Factor | Kind::TransportFactor)
    }

    pub(super) fn lower(self) -> Self {
        let better = Better::Lower;
        Metric { better, ..self }
    }

    pub(super) fn higher(self) -> Self {
        let better = Better::Higher;
        Metric { better, ..self }
    }

    pub(super) fn short(self, short: &'static str) -> Self {
        Metric { short, ..self }
    }

    pub(super) fn without_interval(self) -> Self {
        let interval = false;
        Metric { interval, ..self }
    }

    pub(super) fn ranged(self) -> Self {
        let range = true;
        Metric { range, ..self }
    }

    pub(super) fn beneath(self, beneath: &'static [(&'static str, &'static str)]) -> Self {
        Metric { beneath, ..self }
    }

    pub(super) fn instead(self, metric: &'static str, word: &'static str) -> Self {
        let instead = Some((metric, word));
        Metric { instead, ..self }
    }

    pub(super) fn objective(self, percentile: &'static str, share: f64) -> Self {
        let objective = Some((percentile, share));
        Metric { objective, ..self }
    }

    /// Shows the metric in tables, each with its place among the others.
    pub(super) fn on<const N: usize>(mut self, places: [(Table, u8); N]) -> Self {
        for (table, order) in places {
            let title = match table {
                Table::Printed
                | Table::PrintedIntervals
                | Table::PrintedWaiting
                | Table::PrintedBeyond
                | Table::PrintedTheory
                | Table::PrintedRatios => self.short,
                _ => self.title,
            };
            let group = self.group;
            self.places.push(Place {
                table,
                order,
                group,
                title,
            });
        }
        self
    }

    /// Shows the metric in one table under other words.
    pub(super) fn on_as(
        mut self,
        (table, order): (Table, u8),
        group: &'static str,
        title: &'static str,
    ) -> Self {
        self.places.push(Place {
            table,
            order,
            group,
            title,
        });
        self
    }

    pub(super) fn column(
        self,
        name: &'static str,
        definition: &'static str,
        figure: fn(&TrialRow) -> Option<f64>,
        text: fn(&TrialRow) -> String,
    ) -> Self {
        Metric {
            name,
            definition,
            figure,
            text,
            ..self
        }
    }

    pub(super) fn derived(
        self,
        name: &'static str,
        definition: &'static str,
        kind: Kind,
        figure: fn(&TrialRow) -> Option<f64>,
    ) -> Self {
        Metric {
            name,
            definition,
            kind,
            figure,
            ..self
        }
    }
}

fn new(kind: Kind, unit: Unit, group: &'static str, title: &'static str) -> Metric {
    Metric {
        name: "",
        definition: "",
        kind,
        unit,
        better: Better::Neither,
        group,
        title,
        short: "",
        interval: matches!(unit, Unit::Microseconds | Unit::Bytes | Unit::Percent),
        range: false,
        beneath: &[],
        instead: None,
        objective: None,
        places: Vec::new(),
        figure: |_| None,
        text: |_| String::new(),
    }
}

pub(super) fn label() -> Metric {
    new(Kind::Label, Unit::Number, "", "")
}

pub(super) fn factor() -> Metric {
    new(Kind::Factor, Unit::Number, "", "")
}

pub(super) fn transport_factor() -> Metric {
    new(Kind::TransportFactor, Unit::Number, "", "")
}

pub(super) fn us(group: &'static str, title: &'static str) -> Metric {
    new(Kind::Measured, Unit::Microseconds, group, title)
}

pub(super) fn bytes(group: &'static str, title: &'static str) -> Metric {
    new(Kind::Measured, Unit::Bytes, group, title)
}

pub(super) fn percent(group: &'static str, title: &'static str) -> Metric {
    new(Kind::Measured, Unit::Percent, group, title)
}

pub(super) fn count(group: &'static str, title: &'static str) -> Metric {
    new(Kind::Measured, Unit::Count, group, title)
}

pub(super) fn number(group: &'static str, title: &'static str) -> Metric {
    new(Kind::Measured, Unit::Number, group, title)
}

pub(super) fn of_unit(unit: Unit, group: &'static str, title: &'static str) -> Metric {
    new(Kind::Measured, unit, group, title)
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
