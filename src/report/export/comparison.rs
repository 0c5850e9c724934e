//! A comparison as a document.

use serde::Serialize;
use serde_json::{Map, Value};

use super::run::conditions;
use crate::results::{Metric, TrialRow, Verdict, warning_counts};
use crate::stats::compare::{
    CellPair, CellTrials, Comparison, DifferenceFinding, MetricDifference,
};
use crate::stats::judgement::Judgement;
use crate::texts::Texts;
use crate::transport::Transport;

/// A comparison, for scripts.
#[derive(Debug, Serialize)]
pub struct ComparisonDocument<'r> {
    /// The folders of the runs, A and B; of one run, its folder.
    pub runs: Vec<String>,
    /// Whether every trial of the runs was measured.
    pub complete: bool,
    /// The factors that all trials share.
    pub conditions: Map<String, Value>,
    pub differences: Vec<DifferenceRow>,
    pub not_compared: Vec<String>,
    /// What came of `--fail-if`.
    pub demands: &'r [Judgement],
}

/// One metric of one pair of cells, B against A.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DifferenceRow {
    pub pair: String,
    pub transport_a: Transport,
    pub transport_b: Transport,
    pub clients: u32,
    pub metric: &'static str,
    /// The medians, in the metric's unit.
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// B ÷ A − 1: 0.1 is 10 % more. Absent where it is infinite.
    pub estimate: Option<f64>,
    /// The ends of its 95 % interval.
    pub interval_low: Option<f64>,
    pub interval_high: Option<f64>,
    /// `higher`, `lower`, `not-shown`, `too-few`, `broken` or `one-sided`.
    pub finding: &'static str,
    /// Whether a warning touches the figure in some trial.
    pub doubted_a: bool,
    pub doubted_b: bool,
    /// Trials that are not INVALID, and the worst verdict of all.
    pub trials_a: usize,
    pub trials_b: usize,
    pub verdict_a: Verdict,
    pub verdict_b: Verdict,
    /// Names, separated by spaces.
    pub warnings_a: String,
    pub warnings_b: String,
}

impl<'r> ComparisonDocument<'r> {
    pub fn new(
        runs: Vec<String>,
        complete: bool,
        trials: &[TrialRow],
        (comparison, metrics): (&Comparison, &[&'static Metric]),
        demands: &'r [Judgement],
        texts: &Texts,
    ) -> Self {
        let rows = comparison.pairs.iter().flat_map(|pair| {
            let lines = metrics.iter().filter_map(|&metric| pair.line(metric));
            lines
                .map(|line| row(pair, &line, texts))
                .collect::<Vec<_>>()
        });
        let alone = comparison.unpaired.iter();
        ComparisonDocument {
            runs,
            complete,
            conditions: conditions(trials),
            differences: rows.collect(),
            not_compared: alone.map(|cell| cell.text.clone()).collect(),
            demands,
        }
    }
}

fn row(pair: &CellPair, line: &MetricDifference, texts: &Texts) -> DifferenceRow {
    let (finding, change) = match &line.finding {
        DifferenceFinding::Shown(change) if change.high < 0.0 => ("lower", Some(change)),
        DifferenceFinding::Shown(change) => ("higher", Some(change)),
        DifferenceFinding::NotShown(change) => ("not-shown", Some(change)),
        DifferenceFinding::TooFew { .. } => ("too-few", None),
        DifferenceFinding::Broken { .. } => ("broken", None),
        DifferenceFinding::OneSided => ("one-sided", None),
    };
    let finite = |end: f64| Some(end).filter(|end| end.is_finite());
    let (a, b) = (&pair.base, &pair.other);
    let verdict = |cell: &CellTrials| {
        let verdicts = cell.trials.iter().map(|trial| trial.verdict);
        verdicts.max().unwrap_or(Verdict::Valid)
    };
    DifferenceRow {
        pair: pair.name(texts),
        transport_a: a.transport(),
        transport_b: b.transport(),
        clients: b.trials[0].clients,
        metric: line.metric.name,
        a: line.base,
        b: line.other,
        estimate: change.and_then(|change| finite(change.difference)),
        interval_low: change.and_then(|change| finite(change.low)),
        interval_high: change.and_then(|change| finite(change.high)),
        finding,
        doubted_a: line.doubted[0],
        doubted_b: line.doubted[1],
        trials_a: a.usable(),
        trials_b: b.usable(),
        verdict_a: verdict(a),
        verdict_b: verdict(b),
        warnings_a: warnings(a),
        warnings_b: warnings(b),
    }
}

fn warnings(cell: &CellTrials) -> String {
    let counts = warning_counts(cell.trials.iter().copied()).into_iter();
    let names: Vec<&str> = counts.map(|(name, _)| name).collect();
    names.join(" ")
}
