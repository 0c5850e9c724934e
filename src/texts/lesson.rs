//! Lessons: which texts there are.

/// The words of a lesson at a terminal, on its page and on its sheet.
#[derive(Debug)]
pub struct LessonTexts {
    /// How to run one of those that are listed.
    pub how: &'static str,
    /// How a prediction is written; an example of it follows. An empty line is none.
    pub predict: fn(&str) -> String,
    pub prediction: &'static str,
    /// What is no prediction; an example of one follows.
    pub no_prediction: fn(&str, &str) -> String,
    /// The columns after the name of the figure: guess, theory, measured.
    pub columns: [&'static str; 3],
    /// The trials that are INVALID, of how many.
    pub invalid: fn(usize, usize) -> String,
    pub doubted: fn(&str) -> String,
    /// The link to the report of the whole run.
    pub whole_run: &'static str,
    pub sheet: SheetTexts,
}

/// The words of a sheet to print.
#[derive(Debug)]
pub struct SheetTexts {
    pub title: &'static str,
    pub key_title: &'static str,
    /// Blanks to fill: name, class, date.
    pub head: [&'static str; 3],
    /// The headings of the five steps.
    pub steps: [&'static str; 5],
    pub why: &'static str,
    pub guess: &'static str,
    /// What the command does, and how long it takes.
    pub run: fn(&str) -> String,
    pub read: &'static str,
    pub figure: &'static str,
    pub value: &'static str,
    pub far: &'static str,
    pub hand_in: &'static str,
    /// The teacher's key has figures of this run, or of none.
    pub of_run: fn(&str) -> String,
    pub of_no_run: fn(&str) -> String,
}
