//! `wslab lesson`: a question of the lecture, predicted, measured and read.

use std::io::{IsTerminal, Write, stderr, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::cli::args::ResultsArgs;
use crate::cli::browser;
use crate::cli::display::LangArgs;
use crate::cli::help::{self, headings};
use crate::cli::list::folders_of_runs;
use crate::cli::process::{end_when_interrupted, interrupted, runtime};
use crate::cli::run_args::complete;
use crate::cli::run_files::RunFiles;
use crate::error::UsageError;
use crate::lab::lesson::{LESSONS, Lesson};
use crate::lab::progress::RunLength;
use crate::lab::purpose::lessons;
use crate::lab::run::{self, RunOptions};
use crate::lab::scenario::Scenario;
use crate::report::{
    GuessedFigure, LessonPage, LessonSheet, SheetKey, doubt, figure_names, lesson_page,
    lesson_sheet, paragraph, written, written_value,
};
use crate::results::{self, TrialRow, Unit, Verdict};
use crate::stats::claim::{MeasuredFigure, Reference};
use crate::stats::objective::read_figure;
use crate::system::output;
use crate::texts::Locale;

/// The page of a lesson, in its run's folder.
const PAGE: &str = "lesson.html";

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::LESSON))]
#[command(after_long_help = help::full(help::LESSON, help::RUN_CODES))]
pub(super) struct LessonArgs {
    /// A lesson, or a scenario's file with one
    ///
    /// Without it, the lessons are listed with their questions and the time that each takes.
    #[arg(value_name = "NAME")]
    name: Option<PathBuf>,
    /// The prediction
    ///
    /// With its unit, as 500ms, 22B, 50% or 2.5. Without it, it is asked for where standard input
    /// is a terminal, and left out elsewhere.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, help_heading = headings::WHAT)]
    predict: Option<String>,
    /// Write a sheet to print instead of a run
    ///
    /// Two pages: predict, run, read, explain, hand in. It lies below sheets/ in the folder of the
    /// results.
    #[arg(long, help_heading = headings::OUTPUT, conflicts_with = "predict", requires = "name")]
    sheet: bool,
    /// The sheet with the teacher's answers
    ///
    /// With the figures of the newest run of the lesson, if there is one.
    #[arg(long, requires = "sheet", help_heading = headings::OUTPUT)]
    key: bool,
    #[command(flatten)]
    results: ResultsArgs,
    /// No progress, only the result
    #[arg(long, short, help_heading = headings::OUTPUT)]
    quiet: bool,
    #[command(flatten)]
    lang: LangArgs,
    /// Open the page in the browser
    #[arg(long, help_heading = headings::OUTPUT, requires = "name")]
    open: bool,
}

impl LessonArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let locale = self.lang.find()?;
        let Some(name) = &self.name else {
            output::write(list(locale)?)?;
            return Ok(ExitCode::SUCCESS);
        };
        let scenario = find(name)?;
        let Some(lesson) = scenario.lesson.clone() else {
            let why = format!("{}: it has no [lesson]; wslab run runs it", name.display());
            return Err(UsageError(why).into());
        };
        scenario.check().map_err(UsageError::from)?;
        match self.sheet {
            true => self.write_sheet(&scenario, &lesson, locale),
            false => self.run(&scenario, &lesson, locale),
        }
    }

    fn run(
        &self,
        scenario: &Scenario,
        lesson: &Lesson,
        locale: Locale,
    ) -> anyhow::Result<ExitCode> {
        let results = self.results.find()?;
        let asked = lesson.measured(&lesson.answer, scenario, &[]);
        let asked = asked.context("the answer of a lesson is one of its figures")?;
        let guess = self.guess(lesson, &asked, locale)?;
        let options = RunOptions {
            results,
            quiet: self.quiet,
            ..RunOptions::default()
        };
        let runtime = runtime()?;
        let (run, ending) =
            runtime.block_on(async { run::run(scenario, &options, interrupted()).await })?;
        end_when_interrupted();
        if run.folder.trials.is_empty() {
            complete(&run, ending)?;
            return Ok(ExitCode::FAILURE);
        }
        let files = RunFiles::read(&run.folder.path)?;
        files.write_report(locale)?;
        let taught = Taught::new(scenario, lesson, &files.trials, guess, locale);
        let page = taught.write_page(&files.folder)?;
        output::write(taught.text())?;
        output::write_link(locale.texts().table.report, &page)?;
        if self.open {
            browser::open(&page);
        }
        complete(&run, ending)?;
        Ok(match run.verdict() {
            Verdict::Invalid => ExitCode::from(3),
            Verdict::Valid | Verdict::Suspect => ExitCode::SUCCESS,
        })
    }

    /// The prediction: of the flag, or of the terminal.
    fn guess(
        &self,
        lesson: &Lesson,
        asked: &MeasuredFigure,
        locale: Locale,
    ) -> anyhow::Result<Option<f64>> {
        let words = &locale.texts().lesson;
        let refuse = |text: &str| (words.no_prediction)(text, example(asked));
        if let Some(text) = &self.predict {
            let guess = read_guess(asked, text);
            let guess = guess.ok_or_else(|| UsageError(format!("--predict: {}", refuse(text))))?;
            return Ok(Some(guess));
        }
        let mut error = stderr();
        let ask = [lesson.question(locale), lesson.ask(locale)].join("\n\n");
        for part in ask.split("\n\n") {
            writeln!(error, "{}", paragraph(part, output::error_width()))?;
        }
        if !stdin().is_terminal() {
            return Ok(None);
        }
        writeln!(error, "{}", (words.predict)(example(asked)))?;
        loop {
            write!(error, "{}: ", words.prediction)?;
            error.flush()?;
            let mut line = String::new();
            let read = stdin().read_line(&mut line)?;
            match line.trim() {
                "" => return Ok(None),
                _ if read == 0 => return Ok(None),
                text => match read_guess(asked, text) {
                    Some(guess) => return Ok(Some(guess)),
                    None => writeln!(error, "{}", refuse(text))?,
                },
            }
        }
    }

    fn write_sheet(
        &self,
        scenario: &Scenario,
        lesson: &Lesson,
        locale: Locale,
    ) -> anyhow::Result<ExitCode> {
        let results = self.results.find()?;
        let key = match self.key {
            true => Some(key(scenario, lesson, &results, locale)?),
            false => None,
        };
        let empty = figures(scenario, lesson, &[]);
        let explain = explanations(lesson, locale);
        let time: std::time::Duration = RunLength::of(scenario).trials.iter().sum();
        let sheet = LessonSheet {
            locale,
            name: &scenario.name,
            question: lesson.question(locale),
            ask: lesson.ask(locale),
            time: &locale.texts().numbers.rough_time(time),
            figures: &figure_names(&empty, locale),
            explain: &explain,
            capture: lesson.capture.name(),
            key: key.as_ref(),
        };
        let folder = results.join("sheets");
        let made = std::fs::create_dir_all(&folder);
        made.with_context(|| format!("cannot write to {}", folder.display()))?;
        let kind = if self.key { "-key" } else { "" };
        let page = folder.join(format!("{}{kind}.html", scenario.name));
        results::write_whole(&page, lesson_sheet(&sheet).as_bytes())?;
        output::write_link("", &page)?;
        if self.open {
            browser::open(&page);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The lesson of this name, or in this file.
fn find(named: &Path) -> Result<Scenario, UsageError> {
    let built_in = Path::new("lessons").join(named);
    let is_name = named.components().count() == 1 && !named.is_file();
    Scenario::find(if is_name { &built_in } else { named })
}

/// The lessons, each with its time and question.
fn list(locale: Locale) -> anyhow::Result<String> {
    let texts = locale.texts();
    let width = LESSONS
        .iter()
        .map(|(name, _)| name.len() - "lessons/".len());
    let width = width.max().unwrap_or(0);
    let mut list = String::new();
    for scenario in lessons()? {
        let time: std::time::Duration = RunLength::of(&scenario).trials.iter().sum();
        let time = texts.numbers.rough_time(time);
        let term = format!("{:width$}  {time:>6}  ", scenario.name);
        list += &help::hanging(&term, scenario.asks(locale));
    }
    Ok(format!(
        "{list}\n{}",
        paragraph(texts.lesson.how, output::width())
    ))
}

/// The figures of a lesson, in the order of its reading.
fn figures<'r>(
    scenario: &Scenario,
    lesson: &Lesson,
    trials: &'r [TrialRow],
) -> Vec<MeasuredFigure<'r>> {
    let names = lesson.names().into_iter();
    names
        .filter_map(|name| lesson.measured(name, scenario, trials))
        .collect()
}

fn explanations(lesson: &Lesson, locale: Locale) -> Vec<(&str, &str)> {
    let all = lesson.explain.iter();
    all.map(|it| (it.ask(locale), it.answer(locale))).collect()
}

fn reading(scenario: &Scenario, lesson: &Lesson, trials: &[TrialRow], locale: Locale) -> String {
    lesson.reading(locale, |name| {
        let figure = lesson.measured(name, scenario, trials);
        figure.map_or("–".to_owned(), |figure| written(&figure, locale))
    })
}

/// The teacher's answers, with the figures of the newest run of the lesson.
fn key(
    scenario: &Scenario,
    lesson: &Lesson,
    results: &Path,
    locale: Locale,
) -> anyhow::Result<SheetKey> {
    let words = &locale.texts().lesson.sheet;
    let of_lesson = results.join(&scenario.name);
    let runs = folders_of_runs(results).into_iter().rev();
    let newest = runs.filter(|run| run.parent() == Some(&of_lesson));
    let newest = newest
        .filter_map(|run| RunFiles::read(&run).ok())
        .find(|files| !files.trials.is_empty());
    let Some(files) = newest else {
        return Ok(SheetKey {
            values: Vec::new(),
            reading: None,
            of: (words.of_no_run)(&scenario.name),
        });
    };
    let measured = figures(scenario, lesson, &files.trials);
    Ok(SheetKey {
        values: measured.iter().map(|it| written(it, locale)).collect(),
        reading: Some(reading(scenario, lesson, &files.trials, locale)),
        of: (words.of_run)(&files.id),
    })
}

/// A prediction as an example, in the unit of the figure.
fn example(asked: &MeasuredFigure) -> &'static str {
    match (asked.reference, asked.metric.unit) {
        (Reference::Over, _) => "2.5",
        (_, Unit::Microseconds) => "50ms",
        (_, Unit::Bytes) => "50B",
        (_, Unit::Percent) => "20%",
        _ => "100",
    }
}

fn read_guess(asked: &MeasuredFigure, text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    let guess = match asked.reference {
        Reference::Over => text.trim_end_matches(['x', '×', ' ']).parse().ok(),
        Reference::None | Reference::Minus => read_figure(asked.metric, &text),
    };
    guess.filter(|guess: &f64| guess.is_finite() && *guess >= 0.0)
}

/// What a run taught.
struct Taught<'a> {
    locale: Locale,
    lesson: &'a Lesson,
    name: &'a str,
    figure: GuessedFigure,
    reading: String,
    doubts: Vec<String>,
}

impl<'a> Taught<'a> {
    fn new(
        scenario: &'a Scenario,
        lesson: &'a Lesson,
        trials: &[TrialRow],
        guess: Option<f64>,
        locale: Locale,
    ) -> Self {
        let measured = figures(scenario, lesson, trials);
        let names = lesson
            .names()
            .into_iter()
            .zip(figure_names(&measured, locale));
        let all = names.zip(&measured);
        let mut answer = all.filter(|((key, _), _)| *key == lesson.answer);
        let figure = answer.next().map(|((_, name), figure)| GuessedFigure {
            name,
            values: [
                written_value(figure, guess, locale),
                written_value(figure, figure.predicted(), locale),
                written(figure, locale),
            ],
        });
        let invalid = trials.iter().filter(|it| it.verdict == Verdict::Invalid);
        let invalid = Some(invalid.count()).filter(|count| *count > 0);
        let words = &locale.texts().lesson;
        let invalid = invalid.map(|count| (words.invalid)(count, trials.len()));
        let doubted = measured.iter().any(MeasuredFigure::is_doubted);
        let doubted = doubted.then(|| doubt(locale));
        Taught {
            locale,
            lesson,
            name: &scenario.name,
            figure: figure.expect("the answer is one of the figures"),
            reading: reading(scenario, lesson, trials, locale),
            doubts: invalid.into_iter().chain(doubted).collect(),
        }
    }

    /// For the terminal: guess, theory and truth, and the reading.
    fn text(&self) -> String {
        let (titles, width) = (self.locale.texts().lesson.columns, output::width());
        let lines = titles.iter().zip(&self.figure.values);
        let lines: String = lines
            .map(|(title, value)| format!("  {title:<10}{value:>12}\n"))
            .collect();
        let [name, reading] = [&self.figure.name, &self.reading].map(|it| paragraph(it, width));
        let doubts = self.doubts.iter().map(|doubt| paragraph(doubt, width));
        let doubts: String = doubts.collect();
        format!("{name}{lines}\n{reading}{doubts}")
    }

    /// Writes the page into the run's folder, and returns its path.
    fn write_page(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let plot = folder.join(format!("plots/{}.svg", self.lesson.plot));
        let page = LessonPage {
            locale: self.locale,
            name: self.name,
            question: self.lesson.question(self.locale),
            ask: self.lesson.ask(self.locale),
            figure: &self.figure,
            reading: &self.reading,
            doubts: &self.doubts,
            plot: &std::fs::read_to_string(plot).unwrap_or_default(),
            explain: &explanations(self.lesson, self.locale),
        };
        let path = folder.join(PAGE);
        results::write_whole(&path, lesson_page(&page).as_bytes())?;
        Ok(path)
    }
}
