//! Which cells can be compared.

use crate::results::{Kind, METRICS, Metric, TrialRow, Verdict, Warning, warning_counts};
use crate::texts::Texts;
use crate::transport::Transport;

/// The trials of one cell, of which there is at least one.
#[derive(Clone, Debug)]
pub struct CellTrials<'r> {
    pub trials: Vec<&'r TrialRow>,
    /// The transport, with those of its own factors that vary: `short-polling every 200 ms`.
    pub name: String,
    /// Clients, and the other factors that vary: `1000 clients, rate_hz 20.0`.
    pub setting: String,
    factors: Vec<String>,
}

/// Two cells that can be compared.
#[derive(Clone, Debug)]
pub struct CellPair<'r> {
    /// A, what the other is compared to.
    pub base: CellTrials<'r>,
    /// B.
    pub other: CellTrials<'r>,
}

/// A cell without a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpaired {
    pub transport: Transport,
    /// The cell, and why it has none.
    pub text: String,
}

/// What is compared, and what cannot be.
#[derive(Clone, Debug, Default)]
pub struct Comparison<'r> {
    pub pairs: Vec<CellPair<'r>>,
    pub unpaired: Vec<Unpaired>,
}

/// The cells of two runs that agree in every factor.
pub fn runs<'r>(a: &'r [TrialRow], b: &'r [TrialRow], texts: &Texts) -> Comparison<'r> {
    let (mut of_a, mut of_b) = (unnamed(a), unnamed(b));
    let varying = varying(of_a.iter().chain(&of_b));
    for cell in of_a.iter_mut().chain(&mut of_b) {
        cell.give_names(&varying, texts);
    }
    let mut comparison = Comparison::default();
    for base in of_a {
        match of_b.iter().position(|cell| cell.factors == base.factors) {
            Some(found) => comparison.pairs.push(CellPair {
                other: of_b.remove(found),
                base,
            }),
            None => comparison
                .unpaired
                .push(base.unpaired(texts.compare.only_in_a)),
        }
    }
    let rest = of_b.iter();
    let rest = rest.map(|cell| cell.unpaired(texts.compare.only_in_b));
    comparison.unpaired.extend(rest);
    comparison
}

/// The cells of a run, each with each other one of its setting, or with those of the transport
/// `against`. SSE and WebSocket come first in each setting. The second half of an A/A pair has one
/// partner: the cell that it repeats.
pub fn transports<'r>(
    run: &'r [TrialRow],
    against: Option<Transport>,
    texts: &Texts,
) -> Comparison<'r> {
    let cells = cells(run, texts);
    let mut groups: Vec<Vec<&CellTrials>> = Vec::new();
    for cell in &cells {
        let mut known = groups.iter_mut();
        match known.find(|group| group[0].shared_factors() == cell.shared_factors()) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    let mut comparison = Comparison::default();
    for group in groups {
        let pairs = pairs_of(&group, against);
        if pairs.is_empty() {
            let why = |cell: &str| (texts.compare.alone)(cell, against.map(Transport::name));
            let alone = group.iter().map(|cell| cell.unpaired(why));
            comparison.unpaired.extend(alone);
        }
        comparison.pairs.extend(pairs);
    }
    comparison
}

/// All pairs of cells of one setting. The base is the transport `against`, or else the later one in
/// the list of transports, so that most differences are a growth. The baseline is in a pair where
/// it is `against`, or where there is no other.
fn pairs_of<'r>(group: &[&CellTrials<'r>], against: Option<Transport>) -> Vec<CellPair<'r>> {
    let others = group
        .iter()
        .filter(|cell| cell.transport() != Transport::BASELINE);
    let left_out = (against.is_none() && others.count() > 1).then_some(Transport::BASELINE);
    let mut pairs = Vec::new();
    for (at, &first) in group.iter().enumerate() {
        for &second in &group[at + 1..] {
            let repeats = second.first().aa_of == Some(first.first().cell);
            if !repeats && [first, second].iter().any(|cell| cell.is_again()) {
                continue;
            }
            let (a, b) = (first.transport(), second.transport());
            if [Some(a), Some(b)].contains(&left_out) {
                continue;
            }
            let is_second = match against {
                Some(named) if a != named && b != named => continue,
                Some(named) => a != named,
                None => b > a,
            };
            let (base, other) = if is_second {
                (second, first)
            } else {
                (first, second)
            };
            pairs.push(CellPair {
                base: base.clone(),
                other: other.clone(),
            });
        }
    }
    pairs.sort_by_key(|pair| {
        let sides = [pair.other.transport(), pair.base.transport()];
        let decided = [Transport::Sse, Transport::WebSocket];
        let first = sides == decided || sides == [decided[1], decided[0]];
        (pair.other.is_again() || pair.base.is_again(), !first)
    });
    pairs
}

impl<'r> Comparison<'r> {
    /// The cells of all pairs, A before B.
    pub fn sides(&self) -> impl Iterator<Item = &CellTrials<'r>> {
        self.pairs.iter().flat_map(|pair| [&pair.base, &pair.other])
    }
}

impl<'r> CellPair<'r> {
    /// The same pair with A and B exchanged.
    pub fn flipped(&self) -> CellPair<'r> {
        CellPair {
            base: self.other.clone(),
            other: self.base.clone(),
        }
    }

    /// What is compared: `sse`, or `sse against short-polling` within a run.
    pub fn label(&self, texts: &Texts) -> String {
        match self.base.name == self.other.name {
            true => self.other.name.clone(),
            false => (texts.compare.against)(&self.other.name, &self.base.name),
        }
    }

    /// B and A as a gate names them: `sse/websocket`.
    pub fn short_label(&self) -> String {
        match self.other.is_again() {
            true => self.other.name.clone(),
            false => format!("{}/{}", self.other.name, self.base.name),
        }
    }

    /// `sse, 1000 clients`, or `sse against short-polling, 1000 clients`.
    pub fn name(&self, texts: &Texts) -> String {
        format!("{}, {}", self.label(texts), self.other.setting)
    }
}

/// What a trial was asked for, factor by factor; empty where a factor does not apply.
fn factors(trial: &TrialRow) -> Vec<String> {
    let factors = METRICS.iter().filter(|metric| metric.is_factor());
    factors.map(|factor| factor.text(trial)).collect()
}

/// The cells of a run in growing order.
pub fn cells<'r>(run: &'r [TrialRow], texts: &Texts) -> Vec<CellTrials<'r>> {
    let mut cells = unnamed(run);
    let varying = varying(&cells);
    for cell in &mut cells {
        cell.give_names(&varying, texts);
    }
    cells
}

fn unnamed(run: &[TrialRow]) -> Vec<CellTrials<'_>> {
    let mut cells: Vec<CellTrials> = Vec::new();
    for trial in run {
        let factors = factors(trial);
        match cells.iter_mut().find(|cell| cell.factors == factors) {
            Some(cell) => cell.trials.push(trial),
            None => cells.push(CellTrials {
                trials: vec![trial],
                name: String::new(),
                setting: String::new(),
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

    /// Whether this is the second half of an A/A pair.
    pub fn is_again(&self) -> bool {
        self.first().aa_of.is_some()
    }

    /// The factors that cells of different transports must share to be compared.
    fn shared_factors(&self) -> Vec<String> {
        let factors = METRICS.iter().filter(|metric| metric.kind == Kind::Factor);
        factors.map(|factor| factor.text(self.first())).collect()
    }

    fn give_names(&mut self, varying: &[&Metric], texts: &Texts) {
        let row = self.first();
        self.name = row.transport.to_string();
        // Without separators, as flags and files have numbers.
        self.setting = (texts.compare.clients)(row.clients);
        for factor in varying {
            match (factor.text(row).as_str(), factor.kind) {
                ("", _) => {}
                (value, Kind::Factor) => {
                    self.setting.push_str(&format!(", {} {value}", factor.name));
                }
                (value, _) => {
                    let words = own_factor(factor, value, row, texts);
                    self.name.push_str(&format!(" {words}"));
                }
            }
        }
    }

    /// This cell as one without a partner, for a reason in words.
    fn unpaired(&self, why: impl Fn(&str) -> String) -> Unpaired {
        Unpaired {
            transport: self.transport(),
            text: why(&format!("{}, {}", self.name, self.setting)),
        }
    }

    /// How many of its trials have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |trial: &&&TrialRow| trial.verdict == verdict;
        self.trials.iter().filter(same).count()
    }

    /// How many of its trials are not INVALID.
    pub fn usable(&self) -> usize {
        self.trials.len() - self.count(Verdict::Invalid)
    }

    /// Why trials have this verdict, with how many name each reason: `5 × missed-messages`.
    pub fn reasons(&self, verdict: Verdict, texts: &Texts) -> String {
        let all = self.trials.iter().copied();
        let concerned = all.filter(|trial| trial.verdict == verdict);
        // A reason that this version does not know may be the one.
        let is_reason = |name: &str| {
            name.parse()
                .map_or(true, |known: Warning| known.verdict() == verdict)
        };
        let counts = warning_counts(concerned).into_iter();
        let reasons = counts.filter(|(name, _)| is_reason(name));
        let reasons = reasons.map(|(name, trials)| format!("{trials} × {name}"));
        match reasons.collect::<Vec<_>>() {
            none if none.is_empty() => texts.compare.no_reason.to_owned(),
            reasons => reasons.join(", "),
        }
    }

    /// A metric's figures, without those of trials that it does not count.
    pub fn values(&self, metric: &Metric) -> Vec<f64> {
        let counted = self.counted(metric);
        counted.filter_map(|trial| metric.value(trial)).collect()
    }

    /// Of how many trials a warning touches this figure, and of how many there are figures.
    pub fn doubted(&self, metric: &Metric) -> (usize, usize) {
        let with_figure = || {
            let counted = self.counted(metric);
            counted.filter(|trial| metric.value(trial).is_some())
        };
        let doubted = with_figure().filter(|trial| metric.is_doubted(trial));
        (doubted.count(), with_figure().count())
    }

    /// Whether tables mark this figure: see [`Metric::is_marked`].
    pub(super) fn is_marked(&self, metric: &Metric) -> bool {
        self.counted(metric).any(|trial| metric.is_marked(trial))
    }

    fn counted<'s>(&'s self, metric: &'s Metric) -> impl Iterator<Item = &'r TrialRow> + 's {
        let trials = self.trials.iter().copied();
        trials.filter(move |trial| metric.counts(trial))
    }

    /// Whether any of its trials has the metric.
    pub(super) fn has(&self, metric: &Metric) -> bool {
        self.trials
            .iter()
            .any(|trial| metric.value(trial).is_some())
    }
}

/// A factor that only some transports have, in words.
fn own_factor(factor: &Metric, value: &str, row: &TrialRow, texts: &Texts) -> String {
    let time = |ms: f64| texts.numbers.round_duration_us(ms * 1000.0);
    let words = &texts.cell;
    match (factor.name, factor.figure(row)) {
        ("aa_of", _) => words.again.to_owned(),
        ("poll_interval_ms", Some(ms)) => (words.poll_interval)(&time(ms)),
        ("hold_ms", Some(ms)) => (words.hold)(&time(ms)),
        ("keep_alive", _) => (words.keep_alive)(value),
        (name, _) => format!("{name} {value}"),
    }
}
