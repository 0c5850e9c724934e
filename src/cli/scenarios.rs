//! The scenarios that are built in, as help lists them.

use std::iter::once;
use std::time::Duration;

use crate::cli::claims;
use crate::cli::help::{default_text, hanging, width};
use crate::lab::claim::CLAIMS;
use crate::lab::scenario::{BUILT_IN, Scenario};
use crate::report::conditions;
use crate::results::TrialRow;
use crate::texts::{Locale, NO_BREAK, Numbers, cut, folded};

/// The scenario that runs where nothing is asked for.
pub(super) const QUICK: &str = "quick";

/// What all claims together ask.
const CLAIMS_QUESTION: &str = "Numbers that articles repeat: are they so here?";

/// What a scenario asks, and about how long it takes.
struct Listed {
    scenario: Scenario,
    time: Duration,
}

impl Listed {
    fn of(name: &str) -> Self {
        let scenario = Scenario::find(name.as_ref()).expect("a scenario that is built in");
        let trials = scenario.trials();
        Listed {
            time: trials.iter().map(|(_, cell)| cell.factors.length()).sum(),
            scenario,
        }
    }
}

fn listed() -> impl Iterator<Item = Listed> {
    BUILT_IN.iter().map(|(name, _)| Listed::of(name))
}

fn rough(time: Duration) -> String {
    Numbers::ENGLISH.rough_time(time)
}

fn time_of_claims() -> String {
    rough(CLAIMS.iter().map(|(name, _)| Listed::of(name).time).sum())
}

/// Scenarios that `-h` gives a line each.
const BRIEF: usize = 10;

/// For `-h`: a line a scenario, the names of further ones, and what `wslab run` alone does.
pub(super) fn brief() -> String {
    let (first, further) = BUILT_IN.split_at(BRIEF);
    let name_width = first.iter().map(|(name, _)| name.len()).max();
    let name_width = name_width.unwrap_or(0);
    let line = |name: &str, time: &str, question: &str| {
        let line = format!("  {name:name_width$}  {time:>6}  {question}");
        cut(&line, width())
    };
    let entry = |it: Listed| line(&it.scenario.name, &rough(it.time), &it.scenario.question);
    let quick = Scenario::find(QUICK.as_ref()).expect("a scenario that is built in");
    let (clients, rate, trials) = (quick.clients, quick.rate_hz, quick.repeats);
    let heading = format!(
        "Scenarios (wslab run alone is {QUICK}: {clients} clients, {rate} messages/s, {trials} \
         trials):"
    );
    let further: Vec<&str> = further.iter().map(|(name, _)| *name).collect();
    let further = format!("{NO_BREAK}{NO_BREAK}and {}", further.join(", "));
    let lines = folded(&heading, width(), "").into_iter();
    lines
        .chain(listed().take(BRIEF).map(entry))
        .chain(folded(&further, width(), "  "))
        .chain([line(claims::ALL, &time_of_claims(), CLAIMS_QUESTION)])
        .collect::<Vec<_>>()
        .join("\n")
}

/// For `--help`: the whole question of each scenario, and its conditions.
pub(super) fn full() -> String {
    let entry = |Listed { scenario, time }: Listed| {
        let question = hanging(&format!("  {}  ", scenario.name), &scenario.question);
        let time = rough(time);
        let what = format!("{}{}; about {time}", varied(&scenario), constant(&scenario));
        question + &hanging("      ", &what)
    };
    once("Scenarios:\n".to_owned())
        .chain(listed().map(entry))
        .chain([all_claims()])
        .collect()
}

/// The claims: what all of them ask, and the name of each.
fn all_claims() -> String {
    let names: Vec<&str> = CLAIMS.iter().map(|(name, _)| *name).collect();
    let time = time_of_claims();
    let what = format!("{CLAIMS_QUESTION} All together about {time}; one alone by its name:");
    let each = hanging("      ", &names.join(", "));
    hanging(&format!("  {}  ", claims::ALL), &what) + &each
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
