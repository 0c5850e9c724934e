//! Which cells can be compared.

use crate::results::{Kind, METRICS, Metric, TrialRow, Verdict, Warning};
use crate::texts::Texts;
use crate::transport::Transport;

/// The trials of one cell, of which there is at least one.
#[derive(Clone, Debug)]
pub struct CellTrials<'r> {
    pub trials: Vec<&'r TrialRow>,
    factors: Vec<String>,
}

/// Two cells that can be compared.
#[derive(Clone, Debug)]
pub struct CellPair<'r> {
    /// `sse, 1000 clients`, or `sse against short-polling, 1000 clients`.
    pub name: String,
    /// A, what the other is compared to.
    pub base: CellTrials<'r>,
    /// B.
    pub other: CellTrials<'r>,
}

/// The cells of two runs that agree in every factor, and the names of those without a partner.
pub fn runs<'r>(
    a: &'r [TrialRow],
    b: &'r [TrialRow],
    texts: &Texts,
) -> (Vec<CellPair<'r>>, Vec<String>) {
    let (of_a, mut of_b) = (cells(a), cells(b));
    let varying = varying(of_a.iter().chain(&of_b));
    let (mut pairs, mut unpaired) = (Vec::new(), Vec::new());
    for base in of_a {
        let name = base.name(&varying, texts, None);
        match of_b.iter().position(|cell| cell.factors == base.factors) {
            Some(found) => pairs.push(CellPair {
                name,
                other: of_b.remove(found),
                base,
            }),
            None => unpaired.push((texts.compare.only_in_a)(&name)),
        }
    }
    let rest = of_b.iter().map(|cell| cell.name(&varying, texts, None));
    unpaired.extend(rest.map(|name| (texts.compare.only_in_b)(&name)));
    (pairs, unpaired)
}

/// Each cell of a run with the first one of the same setting; the second half of an A/A pair with
/// the cell that it repeats. Also the names of the cells without any such partner.
pub fn transports<'r>(run: &'r [TrialRow], texts: &Texts) -> (Vec<CellPair<'r>>, Vec<String>) {
    let cells = cells(run);
    let varying = varying(&cells);
    let (mut pairs, mut unpaired) = (Vec::new(), Vec::new());
    for (at, other) in cells.iter().enumerate() {
        let mut before = cells[..at].iter();
        let repeated = before
            .clone()
            .find(|cell| Some(cell.first().cell) == other.first().aa_of);
        let setting = other.setting();
        let first = before.find(|cell| cell.setting() == setting);
        if let Some(base) = repeated.or(first) {
            pairs.push(CellPair {
                name: other.name(&varying, texts, Some(base)),
                base: base.clone(),
                other: other.clone(),
            });
        } else if !cells[at + 1..].iter().any(|cell| cell.setting() == setting) {
            let name = other.name(&varying, texts, None);
            unpaired.push((texts.compare.alone)(&name));
        }
    }
    (pairs, unpaired)
}

/// What a trial was asked for, factor by factor; empty where a factor does not apply.
fn factors(trial: &TrialRow) -> Vec<String> {
    let factors = METRICS.iter().filter(|metric| metric.is_factor());
    factors.map(|factor| factor.text(trial)).collect()
}

/// The cells of a run in growing order.
fn cells(run: &[TrialRow]) -> Vec<CellTrials<'_>> {
    let mut cells: Vec<CellTrials> = Vec::new();
    for trial in run {
        let factors = factors(trial);
        match cells.iter_mut().find(|cell| cell.factors == factors) {
            Some(cell) => cell.trials.push(trial),
            None => cells.push(CellTrials {
                trials: vec![trial],
                factors,
            }),
        }
    }
    cells.sort_by_key(|cell| cell.first().cell);
    cells
}

/// The factors that a name must state beside transport and clients: those in which cells of one
/// transport differ.
fn varying<'c, 'r: 'c>(
    cells: impl IntoIterator<Item = &'c CellTrials<'r>>,
) -> Vec<&'static Metric> {
    let rows: Vec<&TrialRow> = cells.into_iter().map(CellTrials::first).collect();
    let differ = |factor: &Metric, a: &TrialRow, b: &TrialRow| {
        a.transport == b.transport && factor.text(a) != factor.text(b)
    };
    let factors = METRICS.iter().filter(|metric| metric.is_factor());
    factors
        .filter(|factor| !["transport", "clients"].contains(&factor.name))
        .filter(|factor| {
            rows.iter()
                .any(|a| rows.iter().any(|b| differ(factor, a, b)))
        })
        .collect()
}

impl<'r> CellTrials<'r> {
    fn first(&self) -> &'r TrialRow {
        self.trials[0]
    }

    pub fn transport(&self) -> Transport {
        self.first().transport
    }

    /// The factors that cells of different transports must share to be compared.
    fn setting(&self) -> Vec<String> {
        let factors = METRICS.iter().filter(|metric| metric.kind == Kind::Factor);
        factors.map(|factor| factor.text(self.first())).collect()
    }

    /// Transport, the transport of `base` if it is compared with that, clients and what varies.
    fn name(&self, varying: &[&Metric], texts: &Texts, base: Option<&CellTrials>) -> String {
        let row = self.first();
        let mut transport = row.transport.to_string();
        if let Some(base) = base {
            transport = (texts.compare.against)(&transport, base.first().transport.name());
        }
        // Without separators, as flags and files have numbers.
        let clients = (texts.compare.clients)(row.clients);
        let mut name = format!("{transport}, {clients}");
        if row.aa_of.is_some() {
            name.push_str(&format!(" {}", texts.cell.again));
        }
        for factor in varying.iter().filter(|factor| factor.name != "aa_of") {
            match factor.text(row).as_str() {
                "" => {}
                value => name.push_str(&format!(", {} {value}", factor.name)),
            }
        }
        name
    }

    /// How many of its trials have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |trial: &&&TrialRow| trial.verdict == verdict;
        self.trials.iter().filter(same).count()
    }

    /// Why trials are INVALID, with how many name each reason: `5 × missed-messages`.
    pub fn invalid_reasons(&self, texts: &Texts) -> String {
        let mut reasons: Vec<(&str, usize)> = Vec::new();
        let all = self.trials.iter();
        let invalid = all.filter(|trial| trial.verdict == Verdict::Invalid);
        for name in invalid.flat_map(|trial| trial.warnings.split_whitespace()) {
            // A reason that this version does not know may be the one.
            if name
                .parse()
                .is_ok_and(|known: Warning| known.verdict() != Verdict::Invalid)
            {
                continue;
            }
            match reasons.iter_mut().find(|(known, _)| *known == name) {
                Some((_, trials)) => *trials += 1,
                None => reasons.push((name, 1)),
            }
        }
        let reasons = reasons
            .iter()
            .map(|(name, trials)| format!("{trials} × {name}"));
        match reasons.collect::<Vec<_>>() {
            none if none.is_empty() => texts.compare.no_reason.to_owned(),
            reasons => reasons.join(", "),
        }
    }

    /// A metric's figures, without those of trials that it does not count.
    pub(super) fn values(&self, metric: &Metric) -> Vec<f64> {
        let counted = self.trials.iter();
        counted
            .filter(|trial| metric.counts(trial))
            .filter_map(|trial| metric.value(trial))
            .collect()
    }

    /// Whether any of its trials has the metric.
    pub(super) fn has(&self, metric: &Metric) -> bool {
        self.trials
            .iter()
            .any(|trial| metric.value(trial).is_some())
    }
}
