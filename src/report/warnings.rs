//! The warnings of some cells, a line for each kind: its name, the cells that have it, by which
//! figure, and what to do.

use std::cmp::Reverse;

use crate::report::cells::{ReportCell, settings};
use crate::report::lines::TextStyle;
use crate::results::{TrialRow, Unit, Verdict, Warning, metric};
use crate::texts::Texts;

/// Kinds of warnings that are explained; any more are named, unless all details are shown.
const MOST_KINDS: usize = 3;

/// A cell, by a name that tells it from the others.
pub(super) struct NamedCell<'r> {
    pub name: String,
    pub trials: Vec<&'r TrialRow>,
}

/// A warning, and the trials that have it, by the index of their cell.
pub(super) struct Kind<'r> {
    /// Empty for trials that name no reason.
    pub name: &'r str,
    pub cells: Vec<(usize, Vec<&'r TrialRow>)>,
}

/// The cells of a run.
pub(super) fn named<'r>(cells: &[ReportCell<'r>]) -> Vec<NamedCell<'r>> {
    let several = settings(cells).len() > 1;
    let name = |cell: &ReportCell| match several {
        true => format!("{}, {}", cell.name(), cell.setting),
        false => cell.name(),
    };
    let named = cells.iter().map(|cell| NamedCell {
        name: name(cell),
        trials: cell.trials.clone(),
    });
    named.collect()
}

/// The warnings of these cells, INVALID ones first, then those of most trials.
pub(super) fn kinds<'r>(cells: &[NamedCell<'r>]) -> Vec<Kind<'r>> {
    let mut kinds: Vec<Kind> = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        for &trial in cell.trials.iter().filter(|trial| is_doubted(trial)) {
            for name in reasons(trial) {
                match kinds.iter_mut().find(|kind| kind.name == name) {
                    Some(known) => known.add(at, trial),
                    None => kinds.push(Kind {
                        name,
                        cells: vec![(at, vec![trial])],
                    }),
                }
            }
        }
    }
    kinds.sort_by_key(|kind| Reverse((kind.verdict(), kind.trials().count())));
    kinds
}

/// A line for each kind of warning.
pub(super) fn lines(cells: &[NamedCell], style: TextStyle, texts: &Texts) -> Vec<String> {
    let kinds = kinds(cells);
    let most = if style.details {
        usize::MAX
    } else {
        MOST_KINDS
    };
    let (explained, others) = kinds.split_at(most.min(kinds.len()));
    let lines = explained
        .iter()
        .flat_map(|kind| kind.lines(cells, style, texts));
    let mut lines: Vec<String> = lines.collect();
    let others: Vec<String> = others
        .iter()
        .map(|kind| kind.title(texts).to_owned())
        .collect();
    if !others.is_empty() {
        let text = (texts.table.more_warnings)(&(texts.answer.list)(&others));
        lines.extend(style.folded(&text, "  "));
    }
    lines
}

fn is_doubted(trial: &TrialRow) -> bool {
    trial.verdict != Verdict::Valid || !trial.warnings.is_empty()
}

/// The warnings of a trial; an empty one where it names none.
fn reasons(trial: &TrialRow) -> Vec<&str> {
    match trial.warnings.split_whitespace().collect::<Vec<_>>() {
        none if none.is_empty() => vec![""],
        names => names,
    }
}

impl<'r> Kind<'r> {
    fn add(&mut self, cell: usize, trial: &'r TrialRow) {
        match self.cells.last_mut() {
            Some((last, trials)) if *last == cell => trials.push(trial),
            _ => self.cells.push((cell, vec![trial])),
        }
    }

    fn trials(&self) -> impl Iterator<Item = &'r TrialRow> {
        self.cells
            .iter()
            .flat_map(|(_, trials)| trials.iter().copied())
    }

    /// The verdict to which it leads; of one that this version does not know, the worst of the
    /// trials that have it.
    pub fn verdict(&self) -> Verdict {
        let worst = || self.trials().map(|trial| trial.verdict).max();
        let known = self.name.parse().map(Warning::verdict);
        known.unwrap_or_else(|_| worst().unwrap_or(Verdict::Suspect))
    }

    fn title(&self, texts: &Texts) -> &'r str
    where
        'static: 'r,
    {
        match self.name {
            "" => texts.compare.no_reason,
            name => name,
        }
    }

    fn lines(&self, all: &[NamedCell], style: TextStyle, texts: &Texts) -> Vec<String> {
        let concerned = [Some(self.concerned(all, texts)), self.figure(texts)];
        let concerned: Vec<String> = concerned.into_iter().flatten().collect();
        let advice = match self.name.parse().map(Warning::advice) {
            Ok(advice) => (texts.translate)(advice),
            Err(_) if self.name.is_empty() => "",
            Err(_) => texts.table.unknown_warning,
        };
        let (verdict, title) = (self.verdict(), self.title(texts));
        let text = format!("{verdict} {title} ({}): {advice}", concerned.join(", "));
        let mut lines = style.folded(text.trim_end_matches([':', ' ']), "  ");
        let word = verdict.to_string();
        lines[0] = lines[0].replacen(&word, &style.verdict(verdict), 1);
        lines
    }

    /// The cells: `all 5 cells`, `3 of 5 cells`, or the name of one, with how many of its trials.
    fn concerned(&self, all: &[NamedCell], texts: &Texts) -> String {
        let words = &texts.table;
        let name = |(at, trials): &(usize, Vec<_>)| {
            let cell = &all[*at];
            match cell.trials.len() {
                whole if whole == trials.len() => cell.name.clone(),
                whole => {
                    let of_trials = (texts.cell.of_trials)(trials.len(), whole);
                    format!("{} {of_trials}", cell.name)
                }
            }
        };
        match self.cells.len() {
            some if some == all.len() && some > 1 => (words.all_cells)(some),
            some if some > 1 => (words.cells_of)(some, all.len()),
            _ => self.cells.iter().map(name).collect(),
        }
    }

    /// The figure by which it judged, of the trial that it concerns most.
    fn figure(&self, texts: &Texts) -> Option<String> {
        let columns = self.name.parse().map_or(&[][..], Warning::judged_by);
        let metric = metric(columns.first()?)?;
        let figures = self.trials().filter_map(|trial| metric.figure(trial));
        let worst = figures.max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
        let written = metric.unit.write(texts.numbers, worst);
        Some(match metric.unit {
            Unit::Count => format!("{written} {}", (texts.translate)(metric.title)),
            _ => written,
        })
    }
}
