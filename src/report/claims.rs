//! Claims and what was measured of them: judged, and as a table for a terminal.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::report::conditions::factor_words;
use crate::report::lines::{TextStyle, aligned, joined, padded, widths};
use crate::report::marks::DOUBTED;
use crate::results::{METRICS, TrialRow};
use crate::stats::claim::{ClaimVerdict, MeasuredFigure, NotShownReason, Reference, verdict_of};
use crate::stats::statistics::Interval;
use crate::texts::{ClaimTexts, Locale, Texts};

/// What a claim says, in the report's language.
#[derive(Clone, Copy, Debug)]
pub struct StatedClaim<'c> {
    pub name: &'c str,
    pub text: &'c str,
    pub source: &'c str,
    /// The number that it states.
    pub says: f64,
    /// The figures by which it holds.
    pub range: &'c RangeInclusive<f64>,
    pub depends_on: &'c str,
    pub note: &'c str,
}

/// A claim, and what its run says of it.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedClaim {
    pub name: String,
    pub text: String,
    pub source: String,
    pub depends_on: String,
    pub note: String,
    /// The number that it states, and the range in which it holds, as texts.
    #[serde(skip)]
    pub says: String,
    #[serde(skip)]
    pub range: String,
    pub verdict: ClaimVerdict,
    pub figures: Vec<JudgedFigure>,
    /// The report of its run, as a path from the page's folder.
    pub link: Option<String>,
}

/// A figure, and whether the claim holds by it.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedFigure {
    pub claim: String,
    /// The metric's column.
    pub metric: &'static str,
    /// What distinguishes it from the other figures of the claim.
    pub figure: String,
    pub says: f64,
    /// The unit of the numbers; `×` of a multiple.
    pub unit: &'static str,
    pub measured: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The fewest trials of a cell.
    pub trials: usize,
    pub verdict: ClaimVerdict,
    pub not_shown: Option<NotShownReason>,
    /// Whether a warning touches the figure.
    pub doubted: bool,
    /// Figure and interval as text.
    #[serde(skip)]
    pub written: String,
}

impl JudgedClaim {
    /// Judges a claim by the figures that show it.
    pub fn new(claim: StatedClaim, figures: &[MeasuredFigure], locale: Locale) -> Self {
        let texts = locale.texts();
        let names = names(figures, texts);
        let judged = figures.iter().zip(names);
        let judged: Vec<JudgedFigure> = judged
            .map(|(figure, name)| JudgedFigure::new(&claim, figure, name, texts))
            .collect();
        let found: Vec<_> = figures.iter().map(|it| it.is_within(claim.range)).collect();
        let write = |value| match figures {
            [first, ..] => round(first, value, texts),
            [] => String::new(),
        };
        let (low, high) = (*claim.range.start(), *claim.range.end());
        JudgedClaim {
            name: claim.name.to_owned(),
            text: claim.text.to_owned(),
            source: claim.source.to_owned(),
            depends_on: claim.depends_on.to_owned(),
            note: claim.note.to_owned(),
            says: write(claim.says),
            range: texts.numbers.range(low, high, write),
            figures: judged,
            verdict: verdict_of(&found),
            link: None,
        }
    }
}

impl JudgedFigure {
    fn new(
        claim: &StatedClaim,
        figure: &MeasuredFigure,
        name: String,
        texts: &Texts,
    ) -> JudgedFigure {
        let found = figure.is_within(claim.range);
        let (measured, interval) = (figure.value(), figure.interval());
        let doubted = measured.is_some() && figure.is_doubted();
        let mark = if doubted { DOUBTED } else { "" };
        let interval = interval.filter(|it| it.high.is_finite() && measured.is_some());
        let written = match (measured, interval) {
            (None, _) => "–".to_owned(),
            (Some(value), None) => format!("{}{mark}", write(figure, value, texts)),
            (Some(value), Some(Interval { low, high })) => {
                let value = write(figure, value, texts);
                let interval = texts
                    .numbers
                    .range(low, high, |it| write(figure, it, texts));
                format!("{value}{mark} ({interval})")
            }
        };
        JudgedFigure {
            claim: claim.name.to_owned(),
            metric: figure.metric.name,
            figure: name,
            says: claim.says,
            unit: match figure.reference {
                Reference::Over => "×",
                Reference::None | Reference::Minus => figure.metric.unit_name(),
            },
            measured,
            low: interval.map(|it| it.low),
            high: interval.map(|it| it.high),
            trials: figure.trial_count(),
            verdict: verdict_of(&[found]),
            not_shown: found.err(),
            doubted,
            written,
        }
    }

    /// The verdict in words; of a figure that shows nothing the reason.
    pub(super) fn verdict_words(&self, words: &ClaimTexts) -> &'static str {
        match self.not_shown {
            Some(NotShownReason::NoFigure) => words.no_figure,
            Some(NotShownReason::Invalid) => words.invalid,
            Some(NotShownReason::FewTrials) => words.few_trials,
            Some(NotShownReason::WideInterval) => words.wide_interval,
            None => verdict_words(self.verdict, words),
        }
    }
}

pub(super) fn verdict_words(verdict: ClaimVerdict, words: &ClaimTexts) -> &'static str {
    match verdict {
        ClaimVerdict::Holds => words.holds,
        ClaimVerdict::DoesNotHold => words.does_not_hold,
        ClaimVerdict::NotShown => words.not_shown,
        ClaimVerdict::Depends => words.depends,
    }
}

/// A value of a figure in its unit, or as a multiple.
pub(super) fn write(figure: &MeasuredFigure, value: f64, texts: &Texts) -> String {
    match figure.reference {
        Reference::Over => texts.numbers.ratio(value),
        Reference::None | Reference::Minus => figure.metric.unit.write(texts.numbers, value),
    }
}

/// A number that a claim states: `7 ×`, not `7.00 ×`.
fn round(figure: &MeasuredFigure, value: f64, texts: &Texts) -> String {
    let numbers = texts.numbers;
    match figure.reference {
        Reference::Over => numbers.with_unit(&numbers.plain(value), "×"),
        Reference::None | Reference::Minus => figure.metric.unit.write_round(numbers, value),
    }
}

/// What distinguishes each figure from the others: its metric, and the factors that vary. Of one
/// figure alone the name of its metric.
fn names(figures: &[MeasuredFigure], texts: &Texts) -> Vec<String> {
    let of: Vec<&TrialRow> = figures.iter().map(|figure| &figure.of.asked).collect();
    let bases = figures.iter().filter_map(|figure| figure.base.as_ref());
    let base: Vec<&TrialRow> = bases.map(|base| &base.asked).collect();
    let several = figures.iter().any(|it| it.metric != figures[0].metric);
    let name = |figure: &MeasuredFigure| {
        let [group, title] = [figure.metric.group, figure.metric.title].map(texts.translate);
        let mut words = Vec::new();
        words.extend(several.then(|| title.to_owned()));
        words.extend(varying(&figure.of.asked, &of, texts));
        if let Some(row) = &figure.base {
            let mut others = varying(&row.asked, &base, texts);
            others.retain(|word| !words.contains(word));
            words.extend(others);
        }
        match words.is_empty() {
            true => format!("{group}, {title}"),
            false => words.join(", "),
        }
    };
    figures.iter().map(name).collect()
}

/// Names of figures of one scenario: metric, transports, and the factors that vary.
pub fn figure_names(figures: &[MeasuredFigure], locale: Locale) -> Vec<String> {
    let texts = locale.texts();
    let of: Vec<&TrialRow> = figures.iter().map(|figure| &figure.of.asked).collect();
    let name = |figure: &MeasuredFigure| {
        let row = &figure.of.asked;
        let base = figure.base.as_ref().map(|base| base.asked.transport);
        let transport = match base.filter(|base| *base != row.transport) {
            Some(base) => format!("{} / {base}", row.transport),
            None => row.transport.to_string(),
        };
        let [group, title] = [figure.metric.group, figure.metric.title].map(texts.translate);
        let metric = [group, title].into_iter().filter(|it| !it.is_empty());
        let cell = [transport].into_iter().chain(varying(row, &of, texts));
        let metric = metric.collect::<Vec<_>>().join(", ");
        format!("{metric}: {}", cell.collect::<Vec<_>>().join(", "))
    };
    figures.iter().map(name).collect()
}

/// The factors of a cell that others have with another value.
fn varying(row: &TrialRow, all: &[&TrialRow], texts: &Texts) -> Vec<String> {
    let factors = METRICS.iter().filter(|metric| metric.is_factor());
    let vary = factors.filter(|factor| {
        let own = factor.text(row);
        let mut others = all.iter().map(|it| factor.text(it));
        !own.is_empty() && others.any(|other| !other.is_empty() && other != own)
    });
    vary.filter_map(|factor| factor_words(factor, row, texts))
        .collect()
}

/// How many claims there are, and how each kind of verdict is.
pub(super) fn summary(claims: &[JudgedClaim], words: &ClaimTexts) -> String {
    let count = |verdict| {
        claims
            .iter()
            .filter(|claim| claim.verdict == verdict)
            .count()
    };
    (words.summary)([
        claims.len(),
        count(ClaimVerdict::Holds),
        count(ClaimVerdict::DoesNotHold),
        count(ClaimVerdict::Depends),
        count(ClaimVerdict::NotShown),
    ])
}

/// The claims as a table: at most `style.width` columns wide. Ends with a line break.
pub fn claims_table(claims: &[JudgedClaim], style: TextStyle, locale: Locale) -> String {
    let words = &locale.texts().claim;
    let header = words.columns.map(str::to_owned).to_vec();
    let row = |claim: &JudgedClaim| {
        let verdict = verdict_words(claim.verdict, words).to_owned();
        vec![
            claim.name.clone(),
            claim.says.clone(),
            String::new(),
            verdict,
        ]
    };
    let of_figure = |it: &JudgedFigure| {
        let (measured, verdict) = (it.written.clone(), it.verdict_words(words).to_owned());
        vec![it.figure.clone(), String::new(), measured, verdict]
    };
    let mut rows = vec![header.clone()];
    for claim in claims {
        rows.push(row(claim));
        rows.extend(claim.figures.iter().map(of_figure));
    }
    let mut widths = widths(&rows);
    let others: usize = widths[1..].iter().map(|width| width + 2).sum();
    let room = style.width.saturating_sub(others).max(12);
    widths[0] = (widths[0] + 2).min(room);
    let line = |row: &[String]| aligned(row, &widths, &[0, 3]);
    let mut lines = vec![style.dim(&line(&header))];
    for claim in claims {
        lines.push(style.bold(&line(&row(claim))));
        let text = format!("\u{a0}\u{a0}{}", claim.text);
        lines.extend(style.folded(&text, "  "));
        for figure in &claim.figures {
            let mut row = of_figure(figure);
            let name = crate::texts::folded(&row[0], widths[0] - 2, "  ");
            row[0] = format!("  {}", name[0]);
            lines.push(line(&row));
            let rest = name[1..].iter();
            lines.extend(rest.map(|part| padded(&format!("  {part}"), widths[0], true)));
        }
        if claim.verdict == ClaimVerdict::Depends {
            let text = format!("\u{a0}\u{a0}{}", claim.depends_on);
            lines.extend(style.folded(&text, "  "));
        }
    }
    lines.extend(
        remarks(claims, words)
            .iter()
            .flat_map(|it| style.folded(it, "")),
    );
    lines.push(String::new());
    lines.extend(style.folded(&summary(claims, words), ""));
    joined(&lines)
}

/// What the marks and the verdicts mean.
pub(super) fn remarks(claims: &[JudgedClaim], words: &ClaimTexts) -> Vec<String> {
    let mut figures = claims.iter().flat_map(|claim| &claim.figures);
    let doubted = figures.any(|figure| figure.doubted);
    let doubted = doubted.then(|| (words.doubted)(DOUBTED));
    doubted
        .into_iter()
        .chain([words.intervals.to_owned()])
        .collect()
}
