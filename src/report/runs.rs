//! The runs of a report on several: by what they differ, and what cannot be compared for that
//! reason.

use maud::{Markup, html};

use crate::report::columns::ABSENT;
use crate::report::conditions::factor_words;
use crate::report::content::{Report, ReportedRun};
use crate::report::markup::scrolling;
use crate::results::{METRICS, metric};
use crate::texts::Texts;

/// A fact that is not the same in all runs.
struct Difference {
    name: String,
    /// Of each run.
    values: Vec<String>,
    /// What cannot be compared where it differs.
    limits: &'static str,
}

/// The facts that tell a machine.
const MACHINE: [&str; 3] = ["Processor", "Memory", "System"];

/// That the runs are of different machines, where they are.
pub(super) fn other_machines(report: &Report, texts: &Texts) -> Option<&'static str> {
    let machine = |run: &ReportedRun| -> Vec<(String, String)> {
        let facts = run.facts.iter();
        let of_machine = facts.filter(|(name, _)| MACHINE.contains(&name.as_str()));
        of_machine.cloned().collect()
    };
    let mut machines = report.runs.iter().map(machine);
    let first = machines.next();
    machines
        .any(|machine| Some(machine) != first)
        .then_some(texts.runs.machines)
}

/// A table with a line a difference; `None` for a report on one run.
pub(super) fn runs(report: &Report, texts: &Texts) -> Option<Markup> {
    let (runs, words) = (report.runs, &texts.runs);
    let differences = differences(report, texts);
    let table = html! {
        table.facts-of-runs {
            thead { tr {
                th scope="col" { (words.differs) }
                @for run in runs { th scope="col" { (run.id) br; small { (run.started_at) } } }
                th scope="col" { (words.limits) }
            } }
            tbody {
                @for difference in &differences {
                    tr {
                        th scope="row" { ((texts.translate)(&difference.name)) }
                        @for value in &difference.values { td { (value) } }
                        td { (difference.limits) }
                    }
                }
            }
        }
    };
    (!runs.is_empty()).then(|| {
        html! {
            @if differences.is_empty() { p { (words.alike) } } @else { (scrolling(&table)) }
            p.note { (words.note) }
        }
    })
}

fn differences(report: &Report, texts: &Texts) -> Vec<Difference> {
    let facts = report.runs.first().map_or(&[][..], |run| &run.facts);
    let of_machine = facts.iter().map(|(name, _)| {
        let value = |run: &ReportedRun| {
            let mut facts = run.facts.iter();
            let found = facts.find(|(known, _)| known == name);
            found.map_or_else(|| ABSENT.to_owned(), |(_, value)| value.clone())
        };
        (name.clone(), report.runs.iter().map(value).collect())
    });
    let factors = METRICS.iter().filter(|metric| metric.is_factor());
    let factors = factors.filter(|metric| metric.name != "aa_of");
    let of_cells = factors.chain(metric("window_s")).map(|factor| {
        let values = |run: &ReportedRun| {
            let mut values: Vec<String> = Vec::new();
            for trial in report.trials.iter().filter(|trial| trial.run == run.id) {
                let text = factor.text(trial);
                let words = factor_words(factor, trial, texts).unwrap_or(text.clone());
                if !text.is_empty() && !values.contains(&words) {
                    values.push(words);
                }
            }
            match values.is_empty() {
                true => ABSENT.to_owned(),
                false => values.join(", "),
            }
        };
        let values = report.runs.iter().map(values);
        (factor.name.to_owned(), values.collect())
    });
    let differs = |(_, values): &(String, Vec<String>)| values.iter().any(|it| *it != values[0]);
    let all = of_machine.chain(of_cells).filter(differs);
    all.map(|(name, values)| Difference {
        limits: (texts.runs.limits_of)(&name),
        name,
        values,
    })
    .collect()
}
