//! When deliveries arrived and how late: a panel a transport, in which a column is a second, a row
//! a range of latencies, and the darkness of a tile how many deliveries it has.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::cells::ReportCell;
use crate::report::content::Report;
use crate::report::leading::leading_setting;
use crate::report::plots::axis::Axis;
use crate::report::plots::cell_style::{cell_colour, latency_of};
use crate::report::plots::legend::{Key, Sample};
use crate::report::plots::panels::{Panel, Panels, STROKE_INK, draw_small};
use crate::report::plots::regions;
use crate::report::plots::sheet::Sheet;
use crate::report::plots::tiles::{Stretch, Tile, Tiles};
use crate::report::plots::timeline::phases;
use crate::results::{LatencyInterval, TimelineRow, Verdict};
use crate::texts::{Numbers, Texts};

/// Rows in a decade of latencies.
const ROWS_PER_DECADE: f64 = 6.0;

/// From which share of an average second's deliveries on a tile has an opacity.
const STEPS: [(f64, f64); 5] = [
    (0.0, 0.14),
    (0.01, 0.32),
    (0.03, 0.5),
    (0.1, 0.72),
    (0.3, 1.0),
];

/// Of fewer seconds there is no course to see.
const FEWEST_SECONDS: i64 = 3;
/// Of more seconds several are one column, as wide as a few pixels.
const MOST_COLUMNS: i64 = 90;
/// Stretches of time that say what they hold.
const SAID: i64 = 6;

/// What was delivered to a cell, over all its trials.
#[derive(Default)]
struct Heat {
    /// Deliveries by row and second, which is counted from the window's beginning.
    counts: BTreeMap<(i64, i64), u64>,
    phases: Vec<(Stretch, String)>,
}

/// `None` where the latencies of seconds were not recorded, or only those of a few.
pub(super) fn sheet(title: &str, cells: &[ReportCell], report: &Report) -> Option<Sheet> {
    let texts = cells.first()?.texts;
    let (setting, group) = leading_setting(cells)?;
    let heats: Vec<Heat> = group.iter().map(|cell| heat(cell, report)).collect();
    let all = || heats.iter().flat_map(|heat| heat.counts.keys());
    let (lowest, highest) = (all().map(|at| at.0).min()?, all().map(|at| at.0).max()?);
    let (first, last) = (all().map(|at| at.1).min()?, all().map(|at| at.1).max()?);
    let seconds = last + 1 - first;
    if seconds <= FEWEST_SECONDS {
        return None;
    }
    let x = Axis::between(first as f64, last as f64 + 1.0, 6);
    let y = Axis::logarithmic(row_begins_us(lowest), row_begins_us(highest + 1), 1.0);
    let panels = group.iter().zip(&heats).map(|(cell, heat)| {
        let mut notes = Vec::new();
        if cell.verdict() != Verdict::Valid {
            notes.push(cell.verdict_words());
        }
        if heat.counts.is_empty() {
            notes.push(texts.plot.not_measured.to_owned());
        }
        Panel {
            title: cell.name(),
            notes,
            x_labels: x
                .ticks
                .iter()
                .map(|at| (*at, texts.numbers.plain(*at)))
                .collect(),
            x: x.clone(),
            y: y.clone(),
            y_label: Numbers::round_duration_us,
            numbers: texts.numbers,
            curves: Vec::new(),
            tiles: Some(Tiles {
                colour: cell_colour(cell),
                tiles: heat.tiles((seconds + MOST_COLUMNS - 1) / MOST_COLUMNS),
                said: heat.said((seconds + SAID - 1) / SAID, texts),
                phases: heat.phases.clone(),
            }),
            regions: regions::regions(&[cell], report),
        }
    });
    let panels = panels.collect();
    Some(draw_small(&Panels {
        title: title.to_owned(),
        setting: setting.to_owned(),
        x_title: texts.plot.axes.time.to_owned(),
        y_title: texts.plot.axes.latency.to_owned(),
        legend: [legend(texts), regions::keys(report, texts)].concat(),
        panels,
    }))
}

/// The shares that the steps stand for.
fn legend(texts: &Texts) -> Vec<Key> {
    let percent = |share: f64| texts.numbers.plain(share * 100.0);
    let keys = STEPS.iter().enumerate().map(|(at, (from, opacity))| Key {
        label: match (at, STEPS.get(at + 1)) {
            (0, Some((to, _))) => (texts.plot.tiles_below)(&percent(*to)),
            (_, Some((to, _))) => {
                let range = format!("{}–{}", percent(*from), percent(*to));
                texts.numbers.with_unit(&range, "%")
            }
            (_, None) => (texts.plot.tiles_above)(&percent(*from)),
        },
        colour: STROKE_INK,
        sample: Sample::Tile(*opacity),
    });
    keys.collect()
}

fn heat(cell: &ReportCell, report: &Report) -> Heat {
    let mut heat = Heat::default();
    for trial in cell.counted() {
        let is_of = |row: &&TimelineRow| (row.cell, row.trial) == (trial.cell, trial.trial);
        let rows = report.timeline.iter().filter(is_of).collect();
        let Some((began_s, phases)) = phases(rows) else {
            continue;
        };
        let Some(latency) = latency_of(trial, report.latencies) else {
            continue;
        };
        for second in &latency.seconds {
            heat.add(second, began_s);
        }
        if heat.phases.is_empty() {
            let named = phases.into_iter();
            let named =
                named.map(|(phase, time)| (time, (cell.texts.translate)(&phase).to_owned()));
            heat.phases = named.collect();
        }
    }
    heat.cut_phases();
    heat
}

/// The row of a latency.
fn row_of(us: f64) -> i64 {
    (us.max(1.0).log10() * ROWS_PER_DECADE).floor() as i64
}

fn row_begins_us(row: i64) -> f64 {
    10f64.powf(row as f64 / ROWS_PER_DECADE)
}

impl Heat {
    fn add(&mut self, second: &LatencyInterval, began_s: f64) {
        let end_s = (second.start + second.length).as_secs_f64() - began_s;
        for value in second.histogram.iter_recorded() {
            let ns = second
                .histogram
                .median_equivalent(value.value_iterated_to());
            let at = (row_of(ns as f64 / 1e3), end_s.round() as i64 - 1);
            *self.counts.entry(at).or_default() += value.count_since_last_iteration();
        }
    }

    /// The first phase begins with the first delivery, and the last ends with the last.
    fn cut_phases(&mut self) {
        let seconds = || self.counts.keys().map(|at| at.1);
        let (Some(first), Some(last)) = (seconds().min(), seconds().max()) else {
            return;
        };
        let (first, end) = (first as f64, last as f64 + 1.0);
        if let Some(((_, to), _)) = self.phases.last_mut() {
            *to = end;
        }
        for ((from, to), _) in &mut self.phases {
            (*from, *to) = (from.max(first), to.min(end));
        }
        self.phases.retain(|((from, to), _)| from < to);
    }

    /// The pale tiles first, those of a step together.
    fn tiles(&self, seconds: i64) -> Vec<Tile> {
        let mut counts: BTreeMap<(i64, i64), u64> = BTreeMap::new();
        for ((row, second), count) in &self.counts {
            let column = second.div_euclid(seconds);
            *counts.entry((*row, column)).or_default() += count;
        }
        let columns: BTreeSet<i64> = counts.keys().map(|at| at.1).collect();
        let average = counts.values().sum::<u64>() as f64 / columns.len().max(1) as f64;
        let step_of = |count: u64| {
            let share = count as f64 / average;
            let step = STEPS.iter().rposition(|(from, _)| share >= *from);
            step.unwrap_or(0)
        };
        let steps = counts.iter().map(|(at, count)| (step_of(*count), *at));
        let mut steps: Vec<_> = steps.collect();
        steps.sort_unstable();
        // Neighbours of one step are one tile.
        let alike = steps.chunk_by(|(step, (row, column)), (next, (its_row, its_column))| {
            step == next && row == its_row && column + 1 == *its_column
        });
        let tiles = alike.map(|tiles| {
            let (step, (row, column)) = tiles[0];
            let end = column + tiles.len() as i64;
            Tile {
                time: ((column * seconds) as f64, (end * seconds) as f64),
                value: (row_begins_us(row), row_begins_us(row + 1)),
                opacity: STEPS[step].1,
            }
        });
        tiles.collect()
    }

    /// What each stretch of so many seconds has: when it begins, how many deliveries, and from
    /// which latency to which.
    fn said(&self, seconds: i64, texts: &Texts) -> Vec<(Stretch, String)> {
        let mut stretches: BTreeMap<i64, (u64, i64, i64)> = BTreeMap::new();
        for ((row, second), count) in &self.counts {
            let stretch = stretches.entry(second.div_euclid(seconds));
            let (delivered, low, high) = stretch.or_insert((0, *row, *row));
            *delivered += count;
            (*low, *high) = ((*low).min(*row), (*high).max(*row));
        }
        let numbers = texts.numbers;
        let said = stretches
            .into_iter()
            .map(|(stretch, (delivered, low, high))| {
                let (from, to) = ((stretch * seconds) as f64, ((stretch + 1) * seconds) as f64);
                let time = numbers.range(from, to, |s| numbers.with_unit(&numbers.plain(s), "s"));
                let (low, high) = (row_begins_us(low), row_begins_us(high + 1));
                let range = numbers.range(low, high, |us| numbers.duration_us(us));
                let said = (texts.plot.second)(&time, delivered as f64, &range);
                ((from, to), said)
            });
        said.collect()
    }
}
