//! Which cells of a scenario's matrix are measured: what `only` and `skip` keep.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::error::UsageError;
use crate::lab::cells::{Factors, concerns};
use crate::lab::factors::{Factor, factors};
use crate::lab::pattern::{CellPattern, LISTS};
use crate::lab::scenario::{MAX_TRIALS, Scenario, place};

macro_rules! factor_texts {
    ($($(#[$doc:meta])+ $key:ident: $type:ident $(<$of:ident>)? = $default:expr,
        flag $given:ident($($flag:tt)+)
        $(, range($range:expr, $unit:literal))? $(, column($column:literal))?
        $(, only($($only:ident),+))? $(, tag($tag:literal))?;)+) => {
        impl Factors {
            /// A factor's value as text.
            fn text(&self, key: &str) -> String {
                $(if key == stringify!($key) {
                    return self.$key.to_string();
                })+
                String::new()
            }
        }

        impl Scenario {
            /// All values of a factor as texts.
            fn texts(&self, key: &str) -> Vec<String> {
                $(if key == stringify!($key) {
                    return self.$key.values().iter().map(ToString::to_string).collect();
                })+
                Vec::new()
            }
        }
    };
}
factors!(factor_texts);

impl CellPattern {
    pub(super) fn matches(&self, cell: &Factors) -> bool {
        self.0.iter().all(|(key, values)| {
            concerns(key, cell.transport()) && values.contains(&cell.text(key))
        })
    }

    /// Whether two cells agree in all factors that both have and this pattern does not name.
    pub(super) fn agrees(&self, one: &Factors, other: &Factors) -> bool {
        let both = |key: &str| [one, other].iter().all(|it| concerns(key, it.transport()));
        let mut keys = LISTS.iter().filter(|key| !self.0.contains_key(*key));
        keys.all(|key| !both(key) || one.text(key) == other.text(key))
    }

    /// Why no cell matches.
    pub(super) fn matches_none(&self, scenario: &Scenario, cells: &[Factors]) -> Option<String> {
        if cells.iter().any(|cell| self.matches(cell)) {
            return None;
        }
        let unknown = self.0.iter().find_map(|(key, values)| {
            let known = scenario.texts(key);
            let value = values.iter().find(|value| !known.contains(value))?;
            let known = known.join(", ");
            Some(format!(
                "{key}: {value} is no value of the scenario, which has {known}"
            ))
        });
        Some(unknown.unwrap_or_else(|| "no cell has all of these values".to_owned()))
    }
}

impl Scenario {
    /// Whether a cell of the matrix is measured.
    pub(super) fn keeps(&self, cell: &Factors) -> bool {
        let any = |patterns: &[CellPattern]| patterns.iter().any(|one| one.matches(cell));
        (self.only.is_empty() || any(&self.only)) && !any(&self.skip)
    }

    /// Checks that each pattern matches a cell. An error names its line of the file. Flags may
    /// still change the cells.
    pub(super) fn check_patterns(&self, text: &str, file: &Path) -> Result<(), UsageError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Places {
            only: Vec<Spanned<IgnoredAny>>,
            skip: Vec<Spanned<IgnoredAny>>,
        }
        if self.cell_count() > MAX_TRIALS {
            return Ok(());
        }
        let (cells, places) = (self.matrix(), toml::from_str::<Places>(text));
        let places = places.expect("it was read before");
        let named = [
            ("only", &self.only, places.only),
            ("skip", &self.skip, places.skip),
        ];
        for (key, patterns, places) in named {
            for (pattern, at) in patterns.iter().zip(places) {
                if let Some(why) = pattern.matches_none(self, &cells) {
                    let place = place(text, file, Some(at.span()));
                    return Err(UsageError(format!("{place}: {key}: {why}")));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::factors::List;

    fn read(patterns: &str) -> Result<Scenario, String> {
        let text = format!(
            "transports = [\"short-polling\", \"sse\"]\nclients = [100, 1000]\n\
             tls = [\"off\", \"on\"]\npoll_interval = [\"200ms\", \"1s\"]\n{patterns}"
        );
        Scenario::parse(&text, Path::new("matrix.toml")).map_err(|error| error.to_string())
    }

    fn cells(patterns: &str) -> Vec<String> {
        let scenario = read(patterns).unwrap();
        let cells = scenario.cells().into_iter();
        let name = |cell: Factors| {
            format!(
                "{}-{}{}",
                cell.transport(),
                cell.clients,
                scenario.tag(&cell)
            )
        };
        cells.map(|cell| name(cell.factors)).collect()
    }

    #[test]
    fn a_matrix_has_the_cells_that_are_kept_and_not_skipped() {
        assert_eq!(cells("").len(), 2 * 2 * (2 + 1));
        let kept = cells(
            "only = [{ tls = \"on\" }]\n\
             skip = [{ transport = \"short-polling\", clients = \"1k\" }]",
        );
        let expected = [
            "short-polling-100-200ms-on-tls",
            "short-polling-100-1s-on-tls",
            "sse-100-on-tls",
            "sse-1000-on-tls",
        ];
        assert_eq!(kept, expected);
        // SSE has no poll interval.
        let skipped = cells("[[skip]]\npoll_interval = [\"200ms\", 1]\n[[skip]]\ntls = \"on\"");
        assert_eq!(skipped, ["sse-100-off-tls", "sse-1000-off-tls"]);
    }

    #[test]
    fn numbers_and_trials_are_those_of_the_cells_that_are_kept() {
        let mut scenario = read("only = [{ clients = 100, transports = \"sse\" }]").unwrap();
        scenario.repeats = 3;
        let numbers: Vec<u32> = scenario.cells().iter().map(|cell| cell.number).collect();
        assert_eq!(numbers, [1, 2, 3], "two, and an A/A pair");
        assert_eq!(scenario.trial_count(), 9);
        let text = toml::to_string(&scenario).unwrap();
        let again = Scenario::parse(&text, Path::new("scenario.toml")).unwrap();
        assert_eq!(again.cells(), scenario.cells(), "{text}");
    }

    #[test]
    fn what_matches_nothing_is_told_with_its_line() {
        for (patterns, says) in [
            (
                "skip = [\n  { tls = \"on\" },\n  { clients = [100, 10000] },\n\
                 { clients = 10000 },\n]",
                "matrix.toml:8: skip: clients: 10000 is no value of the scenario, which has 100, \
                 1000",
            ),
            (
                "only = [{ transport = \"sse\", poll_interval = \"1s\" }]",
                "matrix.toml:5: only: no cell has all of these values",
            ),
            (
                "only = [{ clinets = 5 }]",
                "clinets: write one of transports, clients, workload",
            ),
            (
                "skip = [{ clients = \"few\" }]",
                "clients: \"few\": write a whole number",
            ),
            ("skip = [{ repeats = 3 }]", "repeats: write one of"),
            ("skip = [{}]", "name at least one factor"),
        ] {
            let error = read(patterns).unwrap_err();
            assert!(error.contains(says), "{patterns}: {error}");
            assert!(error.starts_with("matrix.toml:"), "{error}");
        }
    }

    #[test]
    fn flags_may_leave_a_pattern_without_cells_but_not_the_run() {
        let mut scenario = read("skip = [{ clients = 1000 }]").unwrap();
        scenario.clients = List::from([5]);
        assert!(scenario.check().is_ok());
        scenario.clients = List::from([1_000]);
        let error = scenario.check().unwrap_err().to_string();
        assert!(error.contains("they leave no cell to measure"), "{error}");
    }
}
