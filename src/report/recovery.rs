//! What faults did to the cells of a run: rows of `recovery.csv` by fault, their figures, and what
//! they say in sentences.

use crate::report::cells::{ReportCell, Spread, settings};
use crate::report::columns::{ABSENT, least_to_most};
use crate::results::{MetricOf, RecoveryRow, Verdict, recovery_metric};
use crate::stats::groups::MAY_BE_NOISE;
use crate::texts::Texts;

/// The rows of one fault.
pub(super) struct FaultGroup<'a> {
    /// As in the scenario.
    pub fault: &'a str,
    /// At least one.
    pub cells: Vec<RecoveredCell<'a>>,
}

/// What a fault did to the trials of a cell.
pub(super) struct RecoveredCell<'a> {
    pub cell: &'a ReportCell<'a>,
    /// Where there are several settings, the cell's name ends with its own.
    several: bool,
    rows: Vec<&'a RecoveryRow>,
}

/// The time by which cells are compared.
const CAUGHT_UP: &str = "caught_up_last_us";

/// What went wrong with messages.
const LOST: [&str; 3] = ["missed", "duplicate", "reordered"];

/// The faults in their order in the trials, each with the cells that it met.
pub(super) fn faults<'a>(
    cells: &'a [ReportCell<'a>],
    rows: &'a [RecoveryRow],
) -> Vec<FaultGroup<'a>> {
    let several = settings(cells).len() > 1;
    let mut groups: Vec<FaultGroup> = Vec::new();
    for cell in cells {
        let is_of = |row: &&RecoveryRow| {
            let mut trials = cell.trials.iter();
            trials.any(|trial| (trial.cell, trial.trial) == (row.cell, row.trial))
        };
        let mut own: Vec<&RecoveryRow> = rows.iter().filter(is_of).collect();
        own.sort_by_key(|row| row.number);
        for same in own.chunk_by(|a, b| a.number == b.number) {
            let (fault, rows) = (same[0].fault.as_str(), same.to_vec());
            let recovered = RecoveredCell {
                cell,
                several,
                rows,
            };
            match groups.iter_mut().find(|group| group.fault == fault) {
                Some(group) => group.cells.push(recovered),
                None => groups.push(FaultGroup {
                    fault,
                    cells: vec![recovered],
                }),
            }
        }
    }
    groups
}

impl RecoveredCell<'_> {
    pub fn name(&self) -> String {
        match self.several {
            true => format!("{}, {}", self.cell.name(), self.cell.setting),
            false => self.cell.name(),
        }
    }

    /// The median over the trials that are not INVALID, as in other tables.
    pub fn median(&self, metric: &MetricOf<RecoveryRow>) -> Option<f64> {
        let counted = self.cell.counted();
        let is_counted = |row: &&&RecoveryRow| counted.iter().any(|it| it.trial == row.trial);
        let rows = self.rows.iter().filter(is_counted);
        let figures = rows.filter_map(|row| metric.figure(row));
        Spread::of(figures).map(|spread| spread.median)
    }

    /// The same of a column.
    pub fn figure(&self, column: &str) -> Option<f64> {
        self.median(recovery_metric(column)?)
    }

    /// The most of any trial.
    pub fn most(&self, column: &str) -> f64 {
        let metric = recovery_metric(column);
        let figures = self.rows.iter();
        let figures = figures.filter_map(|row| metric?.figure(row));
        figures.fold(0.0, f64::max)
    }

    /// What a table shows of a column: the figure, and in further lines what belongs beneath.
    pub fn value(&self, metric: &MetricOf<RecoveryRow>) -> String {
        let texts = self.cell.texts;
        let write = |figure| metric.unit.write(texts.numbers, figure);
        if metric.breakage {
            let figures = self.rows.iter().filter_map(|row| metric.figure(row));
            return least_to_most(figures, write, texts);
        }
        let Some(figure) = self.median(metric) else {
            return ABSENT.to_owned();
        };
        let beneath = metric.beneath.iter().filter_map(|(word, column)| {
            let metric = recovery_metric(column)?;
            let figure = metric.unit.write(texts.numbers, self.median(metric)?);
            Some(format!("{} {figure}", (texts.translate)(word)))
        });
        let lines: Vec<String> = [write(figure)].into_iter().chain(beneath).collect();
        lines.join("\n")
    }

    /// A time from half of the clients to the last of them: `99.6–199 ms`.
    pub fn time(&self, metric: &MetricOf<RecoveryRow>) -> String {
        let last = metric
            .beneath
            .last()
            .and_then(|(_, last)| self.figure(last));
        let numbers = self.cell.texts.numbers;
        match (self.median(metric), last) {
            (Some(half), Some(last)) => numbers.range(half, last, |us| numbers.duration_us(us)),
            _ => ABSENT.to_owned(),
        }
    }
}

/// What the faults of a run show.
pub(super) struct Findings {
    /// Of each fault: which transports caught up first.
    pub first: Vec<String>,
    /// Of each fault, which its table has too.
    pub others: Vec<Vec<String>>,
    /// That nothing was lost, and of how many trials figures are.
    pub closing: Vec<String>,
    /// What is not VALID.
    pub verdicts: Vec<String>,
}

impl Findings {
    pub fn of(groups: &[FaultGroup], texts: &Texts) -> Findings {
        let words = &texts.recovery;
        let nothing_lost = groups.iter().all(|group| lost(group, texts).is_none());
        let cells = groups.iter().flat_map(|group| &group.cells);
        let trials = match cells.map(|one| one.rows.len()).max() {
            Some(most) if most > 1 => (texts.table.medians_of)(most),
            _ => words.one_trial.to_owned(),
        };
        let nothing_lost = nothing_lost.then(|| words.nothing_lost.to_owned());
        Findings {
            first: groups.iter().map(|group| caught_up(group, texts)).collect(),
            others: groups.iter().map(|group| others(group, texts)).collect(),
            closing: nothing_lost.into_iter().chain([trials]).collect(),
            verdicts: verdicts(groups, texts),
        }
    }

    /// All sentences, those of a fault together.
    pub fn paragraphs(&self) -> Vec<String> {
        let faults = self.first.iter().zip(&self.others);
        let faults = faults.map(|(first, others)| [std::slice::from_ref(first), others].concat());
        let all = faults.chain([[&self.closing[..], &self.verdicts].concat()]);
        all.map(|sentences| sentences.join(" ")).collect()
    }
}

/// Clients that stayed behind, and what was lost.
fn others(group: &FaultGroup, texts: &Texts) -> Vec<String> {
    let words = &texts.recovery;
    let behind = listed(group, texts, |one| {
        let behind = one.most("behind");
        (behind > 0.0).then(|| texts.numbers.count(behind))
    });
    let told = listed(group, texts, |one| {
        let messages = one.most("told_missed");
        (messages > 0.0).then(|| texts.numbers.count(messages))
    });
    let sentences = [
        behind.map(|cells| (words.behind)(&cells)),
        lost(group, texts).map(|cells| (words.lost)(&cells)),
        told.map(|cells| (words.told)(&cells)),
    ];
    sentences.into_iter().flatten().collect()
}

/// Which transports caught up first, and which last. Those whose times may differ by chance are
/// named together.
fn caught_up(group: &FaultGroup, texts: &Texts) -> String {
    let words = &texts.recovery;
    let counts = |one: &&RecoveredCell| one.cell.verdict() != Verdict::Invalid;
    let cells = group.cells.iter().filter(counts);
    let cells = cells.filter(|one| one.most("behind") == 0.0);
    let mut times: Vec<(f64, String)> = cells
        .filter_map(|one| Some((one.figure(CAUGHT_UP)?, one.name())))
        .collect();
    times.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (Some((least, _)), Some((most, slowest))) = (times.first(), times.last()) else {
        return (words.none)(group.fault);
    };
    let write = |us| texts.numbers.duration_us(us);
    let range = |low, high| texts.numbers.range(low, high, write);
    let first: Vec<&(f64, String)> = times
        .iter()
        .filter(|(time, _)| *time < least * MAY_BE_NOISE)
        .collect();
    let names: Vec<String> = first.iter().map(|(_, name)| name.clone()).collect();
    let names = (texts.answer.list)(&names);
    let within = range(*least, first[first.len() - 1].0);
    match first.len() {
        all if all == times.len() && all > 1 && all == group.cells.len() => {
            (words.together)(group.fault, &within)
        }
        all if all == times.len() => (words.first)(group.fault, &names, &within),
        _ => (words.first_and_last)(group.fault, [&names, slowest], [&within, &write(*most)]),
    }
}

/// Cells with what was missed, duplicate or out of order in any trial; `None` where nothing was.
fn lost(group: &FaultGroup, texts: &Texts) -> Option<String> {
    listed(group, texts, |one| {
        let counts = LOST.iter().filter_map(|column| {
            let count = Some(one.most(column)).filter(|count| *count > 0.0)?;
            let title = recovery_metric(column)?.title;
            let count = texts.numbers.count(count);
            Some(format!("{count} {}", (texts.translate)(title)))
        });
        let counts: Vec<String> = counts.collect();
        (!counts.is_empty()).then(|| counts.join(", "))
    })
}

/// `sse (3), websocket (1)`: the cells of which there is something to say.
fn listed(
    group: &FaultGroup,
    texts: &Texts,
    what: impl Fn(&RecoveredCell) -> Option<String>,
) -> Option<String> {
    let cells = group.cells.iter();
    let cells = cells.filter_map(|one| Some(format!("{} ({})", one.name(), what(one)?)));
    let cells: Vec<String> = cells.collect();
    (!cells.is_empty()).then(|| (texts.answer.list)(&cells))
}

/// The cells whose verdict is not VALID.
fn verdicts(groups: &[FaultGroup], texts: &Texts) -> Vec<String> {
    let with = |verdict: Verdict, words: fn(&str) -> String| {
        let mut names: Vec<String> = Vec::new();
        for one in groups.iter().flat_map(|group| &group.cells) {
            let name = format!("{} {}", one.name(), one.cell.trials_concerned());
            let name = name.trim_end().to_owned();
            if one.cell.verdict() == verdict && !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| words(&(texts.answer.list)(&names)))
    };
    let (left_out, suspect) = (texts.recovery.left_out, texts.recovery.suspect);
    let sentences = [
        with(Verdict::Invalid, left_out),
        with(Verdict::Suspect, suspect),
    ];
    sentences.into_iter().flatten().collect()
}
