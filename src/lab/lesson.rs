//! Lessons: questions of a lecture that a measurement answers, each with a prediction before it.
//!
//! ```toml
//! [lesson]
//! question = "…"           # of the lecture; question_pt and so on in Portuguese
//! ask = "…"                # the number that is predicted
//! answer = "late"          # the figure that is the truth
//! reading = "A poll is {late} late, and a push {push}."
//! plot = "poll-interval"   # of the run's plots
//! capture = "websocket"    # the transport whose bytes are handed in
//! [lesson.figures]
//! late = { figure = "mean", of = { transport = "short-polling" } }
//! push = { figure = "mean", of = { transport = "sse" } }
//! [[lesson.explain]]
//! ask = "…"
//! answer = "…"
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lab::cell_figure::CellFigures;
use crate::texts::Locale;
use crate::transport::Transport;

/// The lessons in the binary: the names of their scenarios, and their files.
pub const LESSONS: [(&str, &str); 10] = [
    (
        "lessons/interval",
        include_str!("../../scenarios/lessons/interval.toml"),
    ),
    (
        "lessons/half-duplex",
        include_str!("../../scenarios/lessons/half-duplex.toml"),
    ),
    (
        "lessons/upgrade",
        include_str!("../../scenarios/lessons/upgrade.toml"),
    ),
    (
        "lessons/rest",
        include_str!("../../scenarios/lessons/rest.toml"),
    ),
    (
        "lessons/frame",
        include_str!("../../scenarios/lessons/frame.toml"),
    ),
    (
        "lessons/heartbeat",
        include_str!("../../scenarios/lessons/heartbeat.toml"),
    ),
    (
        "lessons/sensors",
        include_str!("../../scenarios/lessons/sensors.toml"),
    ),
    (
        "lessons/reconnect",
        include_str!("../../scenarios/lessons/reconnect.toml"),
    ),
    (
        "lessons/tls",
        include_str!("../../scenarios/lessons/tls.toml"),
    ),
    (
        "lessons/proxy",
        include_str!("../../scenarios/lessons/proxy.toml"),
    ),
];

/// The `[lesson]` of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// What the lecture asks.
    pub question: String,
    pub question_pt: String,
    /// The number that is predicted.
    pub ask: String,
    pub ask_pt: String,
    /// The name of the figure that is the truth.
    pub answer: String,
    /// One sentence or two that read the result; `{name}` is a figure.
    pub reading: String,
    pub reading_pt: String,
    /// The one plot, by its name.
    pub plot: String,
    /// The transport whose bytes are handed in.
    pub capture: Transport,
    pub figures: BTreeMap<String, CellFigures>,
    /// What is to be explained after the run.
    pub explain: Vec<Explanation>,
}

/// A question after the run, and the teacher's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    pub ask: String,
    pub ask_pt: String,
    pub answer: String,
    pub answer_pt: String,
}

impl Explanation {
    pub fn ask(&self, locale: Locale) -> &str {
        locale.choose(&self.ask, &self.ask_pt)
    }

    pub fn answer(&self, locale: Locale) -> &str {
        locale.choose(&self.answer, &self.answer_pt)
    }
}

impl Lesson {
    pub fn question(&self, locale: Locale) -> &str {
        locale.choose(&self.question, &self.question_pt)
    }

    pub fn ask(&self, locale: Locale) -> &str {
        locale.choose(&self.ask, &self.ask_pt)
    }

    /// The names of its figures, in the order in which the reading has them.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.figures.keys().map(String::as_str).collect();
        names.sort_by_key(|name| {
            self.reading
                .find(&format!("{{{name}}}"))
                .unwrap_or(usize::MAX)
        });
        names
    }

    /// The reading, with each `{name}` as `written` has it.
    pub fn reading(&self, locale: Locale, written: impl Fn(&str) -> String) -> String {
        let mut reading = locale.choose(&self.reading, &self.reading_pt).to_owned();
        for name in self.figures.keys() {
            reading = reading.replace(&format!("{{{name}}}"), &written(name));
        }
        reading
    }

    /// Checks that each name of a figure is known. The error says which key is wrong, and how.
    pub(super) fn check_names(&self) -> Result<(), String> {
        let names: Vec<&str> = self.figures.keys().map(String::as_str).collect();
        let names = names.join(", ");
        if !self.figures.contains_key(&self.answer) {
            return Err(format!(
                "answer: there is no figure {}: write one of {names}",
                self.answer
            ));
        }
        for (key, locale) in [("reading", Locale::En), ("reading_pt", Locale::Pt)] {
            let reading = self.reading(locale, |_| String::new());
            if let Some((_, rest)) = reading.split_once('{') {
                let unknown = rest.split('}').next().unwrap_or_default();
                return Err(format!(
                    "{key}: there is no figure {unknown}: write one of {names}"
                ));
            }
        }
        Ok(())
    }
}
