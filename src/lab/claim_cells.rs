//! Which cells of a scenario show its claim, and what their trials say of it.

use crate::error::UsageError;
use crate::lab::cell_figure::{CellFigures, FigureName};
use crate::lab::cells::Cell;
use crate::lab::claim::{CLAIMS, Claim};
use crate::lab::pattern::CellPattern;
use crate::lab::scenario::Scenario;
use crate::results::TrialRow;
use crate::stats::claim::{CellRows, MeasuredFigure, Reference};

/// The claims that are built in.
pub fn claims() -> Result<Vec<Scenario>, UsageError> {
    let find = |(name, _): &(&str, &str)| Scenario::find(name.as_ref());
    CLAIMS.iter().map(find).collect()
}

impl CellFigures {
    /// The cells, each with the one that it is compared with. Without the second half of an A/A
    /// pair.
    fn pairs<'c>(&self, cells: &'c [Cell]) -> Vec<(&'c Cell, Option<&'c Cell>)> {
        let matching = |pattern: &CellPattern| {
            let once = cells.iter().filter(|cell| cell.aa_of.is_none());
            let matching = once.filter(|cell| pattern.matches(&cell.factors));
            matching.collect::<Vec<&Cell>>()
        };
        let (_, base) = self.base();
        let partners = |cell: &'c Cell| match base {
            None => vec![(cell, None)],
            Some(base) => {
                let agrees = |it: &&Cell| base.agrees(&cell.factors, &it.factors);
                let partners = matching(base).into_iter().filter(agrees);
                partners.map(|it| (cell, Some(it))).collect()
            }
        };
        matching(&self.of).into_iter().flat_map(partners).collect()
    }

    /// What trials of the scenario measured: every figure of every cell.
    pub fn measured<'r>(
        &self,
        scenario: &Scenario,
        trials: &'r [TrialRow],
    ) -> Vec<MeasuredFigure<'r>> {
        let cells = scenario.cells();
        let rows = |cell: &Cell| CellRows {
            asked: cell.row(),
            trials: trials
                .iter()
                .filter(|trial| trial.cell == cell.number)
                .collect(),
        };
        let pairs = self.pairs(&cells);
        let of_metric = |metric: &FigureName| {
            let measured = |(of, base): &(&Cell, Option<&Cell>)| MeasuredFigure {
                metric: metric.metric(),
                reference: self.base().0,
                of: rows(of),
                base: base.map(rows),
            };
            pairs.iter().map(measured).collect::<Vec<_>>()
        };
        self.figure.iter().flat_map(of_metric).collect()
    }

    /// How many figures of how many cells there are.
    pub fn count(&self, scenario: &Scenario) -> usize {
        self.figure.len() * self.pairs(&scenario.cells()).len()
    }

    /// Checks that the cells exist. The error says which key is wrong, and how.
    pub(super) fn check(&self, scenario: &Scenario) -> Result<(), String> {
        if self.over.is_some() && self.minus.is_some() {
            return Err("over and minus exclude each other; write one of them".to_owned());
        }
        if self.reference() != Reference::Over {
            let units = self.figure.iter().map(|figure| figure.metric().unit);
            let mut units: Vec<_> = units.collect();
            units.dedup();
            if units.len() > 1 {
                return Err("figure: the figures have several units; write over too".to_owned());
            }
        }
        let cells: Vec<_> = scenario.cells().iter().map(|cell| cell.factors).collect();
        let named = [
            ("of", Some(&self.of)),
            ("over", self.over.as_ref()),
            ("minus", self.minus.as_ref()),
        ];
        for (key, pattern) in named {
            if let Some(why) = pattern.and_then(|it| it.matches_none(scenario, &cells)) {
                return Err(format!("{key}: {why}"));
            }
        }
        match self.count(scenario) {
            0 => Err("no two of these cells agree in their other factors".to_owned()),
            _ => Ok(()),
        }
    }
}

impl Claim {
    pub(super) fn check(&self, scenario: &Scenario) -> Result<(), String> {
        let figures = self.figures();
        figures.check(scenario)?;
        self.check_numbers()?;
        self.check_texts(figures.count(scenario))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::cells::Factors;
    use crate::texts::Locale;
    use std::path::Path;
    use std::time::Duration;

    fn read(claim: &str) -> Result<Scenario, String> {
        let text = format!(
            "transports = [\"short-polling\", \"sse\"]\nclients = [100, 1000]\n\
             poll_interval = [\"200ms\", \"1s\"]\nrepeats = 3\n[claim]\ntext = \"t\"\n\
             text_pt = \"t\"\nsource = \"s\"\n{claim}"
        );
        Scenario::parse(&text, Path::new("claim.toml")).map_err(|error| error.to_string())
    }

    const DEPENDS: &str = "depends_on = \"d\"\ndepends_on_pt = \"d\"";

    fn pairs(claim: &str) -> Vec<String> {
        let scenario = read(&format!("says = 2\nwithin = 2\n{DEPENDS}\n{claim}")).unwrap();
        let cells = scenario.cells();
        let name = |it: &Factors| format!("{} {}{}", it.transport(), it.clients, scenario.tag(it));
        let figures = scenario.claim.as_ref().unwrap().figures();
        let pairs = figures.pairs(&cells).into_iter();
        let pairs = pairs.map(|(of, base)| {
            let base = base.map_or(String::new(), |it| format!(" / {}", name(&it.factors)));
            format!("{}{base}", name(&of.factors))
        });
        pairs.collect()
    }

    #[test]
    fn a_cell_is_compared_with_those_that_agree_in_what_is_not_named() {
        let over = pairs(
            "figure = \"cpu\"\nof = { transport = \"sse\" }\n\
             over = { transport = \"short-polling\" }",
        );
        let expected = [
            "sse 100 / short-polling 100-200ms",
            "sse 100 / short-polling 100-1s",
            "sse 1000 / short-polling 1000-200ms",
            "sse 1000 / short-polling 1000-1s",
        ];
        assert_eq!(over, expected, "the second half of an A/A pair is left out");
        let minus = pairs(
            "figure = \"mean\"\nof = { transport = \"short-polling\", poll_interval = \"1s\" }\n\
             minus = { poll_interval = \"200ms\" }",
        );
        let expected = [
            "short-polling 100-1s / short-polling 100-200ms",
            "short-polling 1000-1s / short-polling 1000-200ms",
        ];
        assert_eq!(minus, expected);
        assert_eq!(pairs("figure = \"p99\"\nof = { clients = 100 }").len(), 3);
    }

    #[test]
    fn mistakes_in_a_claim_are_told_with_the_line_where_it_begins() {
        let sse = "of = { transport = \"sse\" }";
        let one = "of = { transport = \"sse\", clients = 100 }";
        for (claim, says) in [
            (
                format!("says = 2\nwithin = 2\nfigure = \"speed\"\n{one}"),
                "there is no metric \"speed\"",
            ),
            (
                format!("says = 2\nwithin = 0.5\nfigure = \"p99\"\n{one}"),
                "within: a factor is 1 or more",
            ),
            (
                format!("says = 2\nwithin = [3, 4]\nfigure = \"p99\"\n{one}"),
                "within: 2 is not in the range",
            ),
            (
                format!("says = 2\nwithin = \"ten\"\nfigure = \"p99\"\n{one}"),
                "write a factor such as 1.5, or a range",
            ),
            (
                format!("says = 2\nwithin = 2\nfigure = \"p99\"\n{sse}"),
                "depends_on: 2 figures are measured",
            ),
            (
                format!(
                    "says = 2\nwithin = 2\nfigure = \"p99\"\n{one}\n\
                     over = {{ transport = \"websocket\" }}"
                ),
                "over: transports: websocket is no value of the scenario",
            ),
            (
                format!(
                    "says = 2\nwithin = 2\nfigure = \"p99\"\n{one}\n\
                     over = {{ clients = 1000 }}\nminus = {{ clients = 1000 }}"
                ),
                "over and minus exclude each other",
            ),
            (
                format!("says = 2\nwithin = 2\nfigure = [\"p99\", \"bytes\"]\n{one}\n{DEPENDS}"),
                "the figures have several units",
            ),
            (
                format!("says = 2\nwithin = 2\nfigure = \"p99\"\n{one}\nnote = \"only English\""),
                "note, note_pt: write both or neither",
            ),
        ] {
            let error = read(&claim).unwrap_err();
            assert!(error.contains(says), "{claim}: {error}");
            assert!(error.starts_with("claim.toml:"), "{error}");
        }
    }

    #[test]
    fn built_in_claims_can_run_in_ten_minutes_and_read_back_as_they_were() {
        let mut length = Duration::ZERO;
        for scenario in claims().unwrap() {
            scenario.check().unwrap();
            let trials = scenario.trials().into_iter();
            length += trials
                .map(|(_, cell)| cell.factors.length())
                .sum::<Duration>();
            let text = toml::to_string(&scenario).unwrap();
            let again = Scenario::parse(&text, Path::new("scenario.toml")).unwrap();
            assert_eq!(again, scenario, "{text}");
            assert_ne!(scenario.asks(Locale::Pt), scenario.asks(Locale::En));
        }
        assert!(length < Duration::from_secs(480), "{length:?}");
    }
}
