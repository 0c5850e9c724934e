//! What a column of a file of rows is: its meaning, unit, and the places that show it.
//!
//! Words are English; a locale translates them.

use strum::EnumIter;

use crate::results::ColumnKind;
use crate::texts::Numbers;

/// A column of rows of type `R`, or a figure that is derived from such columns.
#[derive(Clone, Debug)]
pub struct MetricOf<R> {
    /// The column; its last words are the unit.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub definition: &'static str,
    pub kind: Kind,
    /// What its cells hold.
    pub cells: ColumnKind,
    /// When a cell is empty: what follows "Empty if". Empty for never.
    pub absent: &'static str,
    pub unit: Unit,
    pub better: Better,
    /// Stands over neighbouring columns of a table that belong together.
    pub group: &'static str,
    pub title: &'static str,
    /// The title in a printed table, where room is scarce. Stands before `on` in an entry.
    pub short: &'static str,
    /// Whether a table shows the median's interval.
    pub interval: bool,
    /// Whether tables have it only where some trial does.
    pub rare: bool,
    /// Whether this counts what went wrong. A bad value may make a trial INVALID, so all trials
    /// count, and a table shows the lowest and the highest instead of the median.
    pub breakage: bool,
    /// Metrics that a cell of a table shows below this one, each with a word before it.
    pub beneath: &'static [(&'static str, &'static str)],
    /// The metric shown below, with a word after it, where this one does not exist.
    pub instead: Option<(&'static str, &'static str)>,
    /// What users write instead of the column: `p99`, `bytes`. Warnings name percentiles by it.
    pub alias: Option<&'static str>,
    /// Of a percentile: its share of all deliveries, such as 0.99; of the maximum 1.
    pub share: Option<f64>,
    pub(super) places: Vec<Place>,
    figure: fn(&R) -> Option<f64>,
    /// Whether the figure of a trial tells anything.
    tells: fn(&R) -> bool,
    text: fn(&R) -> String,
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
    /// Derived from columns, and only for tables.
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

    /// A round figure, such as a bound: `200 ms`, not `200.0 ms`.
    pub fn write_round(self, numbers: Numbers, value: f64) -> String {
        match self {
            Unit::Microseconds => numbers.round_duration_us(value),
            Unit::Bytes => numbers.round_bytes(value),
            Unit::Percent => numbers.with_unit(&numbers.plain(value), "%"),
            unit => unit.write(numbers, value),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
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
    /// What a fault did, of [`RecoveryRow`](crate::results::RecoveryRow)s.
    Recovery,
    /// The tables at the end of a run, in a terminal.
    Printed,
    PrintedIntervals,
    PrintedWaiting,
    PrintedBeyond,
    PrintedTheory,
    PrintedRatios,
    PrintedRecovery,
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    pub table: Table,
    /// Tables show their metrics in growing order.
    pub order: u8,
    pub group: &'static str,
    pub title: &'static str,
}

impl<R> PartialEq for MetricOf<R> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl<R> MetricOf<R> {
    /// A metric without name, figures and places.
    pub(super) fn new(kind: Kind, unit: Unit, group: &'static str, title: &'static str) -> Self {
        MetricOf {
            name: "",
            definition: "",
            kind,
            cells: ColumnKind::NUMBER,
            absent: "",
            unit,
            better: Better::Neither,
            group,
            title,
            short: "",
            interval: matches!(unit, Unit::Microseconds | Unit::Bytes | Unit::Percent),
            rare: false,
            breakage: false,
            beneath: &[],
            instead: None,
            alias: None,
            share: None,
            places: Vec::new(),
            figure: |_| None,
            tells: |_| true,
            text: |_| String::new(),
        }
    }

    /// The figure of a trial in the metric's unit; `None` where it does not exist, or tells nothing.
    pub fn figure(&self, trial: &R) -> Option<f64> {
        (self.figure)(trial).filter(|_| (self.tells)(trial))
    }

    /// The figure for statistics: finite and not below 0. Only clocks that disagree give others.
    pub fn value(&self, trial: &R) -> Option<f64> {
        let value = self.figure(trial);
        value.filter(|value| value.is_finite() && *value >= 0.0)
    }

    /// A trial's cell of `trials.csv`; empty where the figure does not exist.
    pub fn text(&self, trial: &R) -> String {
        (self.text)(trial)
    }

    /// The alias, or else the column.
    pub fn short_name(&self) -> &'static str {
        self.alias.unwrap_or(self.name)
    }

    /// The unit of its numbers; empty for none.
    pub fn unit_name(&self) -> &'static str {
        match self.unit {
            Unit::Microseconds => "µs",
            Unit::Bytes => "bytes",
            Unit::Percent | Unit::Deviation => "%",
            Unit::Rate => "1/s",
            Unit::Count => "",
            Unit::Number => match self.name.rsplit('_').next() {
                Some("hz") => "1/s",
                Some("bps") => "bit/s",
                Some("s") if self.name.ends_with("_per_s") => "1/s",
                Some("s") => "s",
                Some("ms") => "ms",
                Some("bytes") => "bytes",
                _ => "",
            },
        }
    }

    /// Whether this is something asked for.
    pub fn is_factor(&self) -> bool {
        matches!(self.kind, Kind::Factor | Kind::TransportFactor)
    }

    pub(super) fn lower(self) -> Self {
        let better = Better::Lower;
        MetricOf { better, ..self }
    }

    pub(super) fn higher(self) -> Self {
        let better = Better::Higher;
        MetricOf { better, ..self }
    }

    pub(super) fn short(self, short: &'static str) -> Self {
        MetricOf { short, ..self }
    }

    /// Shows the figure only where it tells something.
    pub(super) fn only_if(self, tells: fn(&R) -> bool) -> Self {
        MetricOf { tells, ..self }
    }

    pub(super) fn without_interval(self) -> Self {
        let interval = false;
        MetricOf { interval, ..self }
    }

    pub(super) fn rare(self) -> Self {
        let rare = true;
        MetricOf { rare, ..self }
    }

    pub(super) fn breakage(self) -> Self {
        let (better, breakage) = (Better::Lower, true);
        MetricOf {
            better,
            breakage,
            ..self
        }
    }

    pub(super) fn absent(self, absent: &'static str) -> Self {
        MetricOf { absent, ..self }
    }

    pub(super) fn beneath(self, beneath: &'static [(&'static str, &'static str)]) -> Self {
        MetricOf { beneath, ..self }
    }

    pub(super) fn instead(self, metric: &'static str, word: &'static str) -> Self {
        let instead = Some((metric, word));
        MetricOf { instead, ..self }
    }

    pub(super) fn alias(self, alias: &'static str) -> Self {
        let alias = Some(alias);
        MetricOf { alias, ..self }
    }

    pub(super) fn percentile(self, alias: &'static str, share: f64) -> Self {
        let share = Some(share);
        MetricOf {
            share,
            ..self.alias(alias)
        }
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
                | Table::PrintedRatios
                | Table::PrintedRecovery => self.short,
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
        figure: fn(&R) -> Option<f64>,
        text: fn(&R) -> String,
        cells: ColumnKind,
    ) -> Self {
        MetricOf {
            name,
            definition,
            figure,
            text,
            cells,
            ..self
        }
    }

    pub(super) fn derived(
        self,
        name: &'static str,
        definition: &'static str,
        kind: Kind,
        figure: fn(&R) -> Option<f64>,
    ) -> Self {
        MetricOf {
            name,
            definition,
            kind,
            figure,
            ..self
        }
    }
}
