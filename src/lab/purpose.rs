//! What a scenario is for beside its figures: a claim or a lesson. The checks of both.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;

use crate::error::UsageError;
use crate::lab::lesson::{LESSONS, Lesson};
use crate::lab::scenario::{Scenario, place};
use crate::results::TrialRow;
use crate::stats::claim::MeasuredFigure;

/// The lessons that are built in.
pub fn lessons() -> Result<Vec<Scenario>, UsageError> {
    let find = |(name, _): &(&str, &str)| Scenario::find(name.as_ref());
    LESSONS.iter().map(find).collect()
}

impl Lesson {
    /// What trials of the scenario measured, of the figure of this name.
    pub fn measured<'r>(
        &self,
        name: &str,
        scenario: &Scenario,
        trials: &'r [TrialRow],
    ) -> Option<MeasuredFigure<'r>> {
        let figures = self.figures.get(name)?.measured(scenario, trials);
        figures.into_iter().next()
    }

    fn check(&self, scenario: &Scenario) -> Result<(), String> {
        self.check_names()?;
        for (name, figures) in &self.figures {
            let named = |why: String| format!("figures: {name}: {why}");
            figures.check(scenario).map_err(named)?;
            match figures.count(scenario) {
                1 => {}
                several => {
                    let why = format!("it is {several} figures; name more factors in of");
                    return Err(named(why));
                }
            }
        }
        Ok(())
    }
}

impl Scenario {
    /// Checks its claim and its lesson. An error names the line of the file where that begins.
    pub(super) fn check_purpose_of(&self, text: &str, file: &Path) -> Result<(), UsageError> {
        self.check_purpose().map_err(|(key, why)| {
            let keys = toml::from_str::<BTreeMap<String, Spanned<toml::Value>>>(text);
            let span = keys.ok().and_then(|keys| Some(keys.get(key)?.span()));
            UsageError(format!("{}: {key}: {why}", place(text, file, span)))
        })
    }

    /// Checks that there are cells that show its claim, and those of its lesson.
    pub(super) fn check_purpose(&self) -> Result<(), (&'static str, String)> {
        if let Some(claim) = &self.claim {
            claim.check(self).map_err(|why| ("claim", why))?;
        }
        if let Some(lesson) = &self.lesson {
            lesson.check(self).map_err(|why| ("lesson", why))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::texts::Locale;

    #[test]
    fn built_in_lessons_can_run_in_two_minutes_and_read_back_as_they_were() {
        for scenario in lessons().unwrap() {
            scenario.check().unwrap();
            let trials = scenario.trials().into_iter();
            let length: Duration = trials.map(|(_, cell)| cell.factors.length()).sum();
            assert!(
                length < Duration::from_secs(110),
                "{}: {length:?}",
                scenario.name
            );
            let text = toml::to_string(&scenario).unwrap();
            let again = Scenario::parse(&text, Path::new("scenario.toml")).unwrap();
            assert_eq!(again, scenario, "{text}");
            assert_ne!(scenario.asks(Locale::Pt), scenario.asks(Locale::En));
        }
    }

    #[test]
    fn mistakes_in_a_lesson_are_told_with_the_line_where_it_begins() {
        let built_in = LESSONS.iter().find(|(name, _)| *name == "lessons/sensors");
        let (_, text) = built_in.unwrap();
        for (from, to, says) in [
            (
                "answer = \"stale\"",
                "answer = \"old\"",
                "answer: there is no figure old",
            ),
            (
                "in {push_stale};",
                "in {pushed};",
                "reading: there is no figure pushed",
            ),
            (
                "of = { transport = \"sse\" }",
                "of = { rate_hz = 1 }",
                "it is 2 figures",
            ),
            (
                "figure = \"mean\"",
                "figure = \"meen\"",
                "did you mean mean?",
            ),
        ] {
            let text = text.replacen(from, to, 1);
            let error = Scenario::parse(&text, Path::new("lesson.toml"))
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(says) && error.starts_with("lesson.toml:"),
                "{error}"
            );
        }
    }
}
