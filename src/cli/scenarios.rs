//! The scenarios that are built in, as help lists them.

use std::iter::once;
use std::time::Duration;

use crate::cli::help::{default_text, hanging, width};
use crate::lab::scenario::{BUILT_IN, Scenario};
use crate::report::conditions;
use crate::results::TrialRow;
use crate::texts::{Locale, Numbers, cut, folded};

/// The scenario that runs where nothing is asked for.
pub(super) const QUICK: &str = "quick";

/// What a scenario asks, and about how long it takes.
struct Listed {
    scenario: Scenario,
    time: String,
}

fn listed() -> impl Iterator<Item = Listed> {
    BUILT_IN.iter().map(|(name, _)| {
        let scenario = Scenario::find(name.as_ref()).expect("a scenario that is built in");
        let trials = scenario.trials();
        let time: Duration = trials.iter().map(|(_, cell)| cell.factors.length()).sum();
        Listed {
            time: Numbers::ENGLISH.rough_time(time),
            scenario,
        }
    })
}

/// For `-h`: a line a scenario, and what `wslab run` alone does.
pub(super) fn brief() -> String {
    let name_width = BUILT_IN.iter().map(|(name, _)| name.len()).max();
    let name_width = name_width.unwrap_or(0);
    let line = |Listed { scenario, time }: Listed| {
        let (name, question) = (scenario.name, scenario.question);
        cut(
            &format!("  {name:name_width$}  {time:>6}  {question}"),
            width(),
        )
    };
    let quick = Scenario::find(QUICK.as_ref()).expect("a scenario that is built in");
    let (clients, rate, trials) = (quick.clients, quick.rate_hz, quick.repeats);
    let heading = format!(
        "Scenarios (wslab run alone is {QUICK}: {clients} clients, {rate} messages/s, {trials} \
         trials):"
    );
    let lines = folded(&heading, width(), "").into_iter();
    lines
        .chain(listed().map(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// For `--help`: the whole question of each scenario, and its conditions.
pub(super) fn full() -> String {
    let entry = |Listed { scenario, time }: Listed| {
        let question = hanging(&format!("  {}  ", scenario.name), &scenario.question);
        let what = format!("{}{}; about {time}", varied(&scenario), constant(&scenario));
        question + &hanging("      ", &what)
    };
    once("Scenarios:\n".to_owned())
        .chain(listed().map(entry))
        .collect()
}

/// The factors that vary: `clients 100,1000 · `.
fn varied(scenario: &Scenario) -> String {
    let keys = toml::Table::try_from(scenario).expect("a scenario as TOML");
    let all = toml::Table::try_from(Scenario::default()).expect("a scenario as TOML");
    let lists = keys
        .iter()
        .filter(|(key, value)| value.is_array() && all.get(*key) != Some(value));
    let lists = lists.map(|(key, value)| format!("{key} {} · ", default_text(value)));
    lists.collect()
}

fn constant(scenario: &Scenario) -> String {
    let trials = scenario.trials().into_iter();
    let rows: Vec<TrialRow> = trials.map(|(_, cell)| cell.row()).collect();
    conditions(&rows, Locale::En)
}
