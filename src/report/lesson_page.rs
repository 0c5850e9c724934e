//! A lesson as HTML: the page after its run, and the sheet to print. Both refer to nothing outside.

use maud::{Markup, PreEscaped, html};

use crate::report::claims::write;
use crate::report::marks::DOUBTED;
use crate::report::markup::{STYLE, document};
use crate::stats::claim::MeasuredFigure;
use crate::texts::Locale;

const SHEET_STYLE: &str = include_str!("sheet.css");

/// Guess, theory and truth of a figure, as texts.
#[derive(Clone, Debug)]
pub struct GuessedFigure {
    /// The figure and its cell.
    pub name: String,
    /// In the order of the columns: guess, theory, measured.
    pub values: [String; 3],
}

/// What the page of a lesson shows.
#[derive(Clone, Copy, Debug)]
pub struct LessonPage<'a> {
    pub locale: Locale,
    pub name: &'a str,
    pub question: &'a str,
    pub ask: &'a str,
    pub figure: &'a GuessedFigure,
    pub reading: &'a str,
    /// What to doubt.
    pub doubts: &'a [String],
    /// The plot as SVG; empty where the run has none.
    pub plot: &'a str,
    pub explain: &'a [(&'a str, &'a str)],
}

/// What a sheet shows.
#[derive(Clone, Copy, Debug)]
pub struct LessonSheet<'a> {
    pub locale: Locale,
    pub name: &'a str,
    pub question: &'a str,
    pub ask: &'a str,
    /// About how long the run takes.
    pub time: &'a str,
    /// The figures that are to be copied.
    pub figures: &'a [String],
    /// Questions and the teacher's answers.
    pub explain: &'a [(&'a str, &'a str)],
    pub capture: &'a str,
    /// Of the teacher's sheet.
    pub key: Option<&'a SheetKey>,
}

/// What the teacher's sheet has beside the answers.
#[derive(Clone, Debug)]
pub struct SheetKey {
    /// A value for each figure, where there was a run.
    pub values: Vec<String>,
    pub reading: Option<String>,
    /// Which run the figures are of, or that there is none.
    pub of: String,
}

/// A figure as text, with its mark.
pub fn written(figure: &MeasuredFigure, locale: Locale) -> String {
    let mark = if figure.is_doubted() { DOUBTED } else { "" };
    let value = figure.value();
    value.map_or("–".to_owned(), |value| {
        format!("{}{mark}", write(figure, value, locale.texts()))
    })
}

/// A value of a figure as text, such as what theory says of it.
pub fn written_value(figure: &MeasuredFigure, value: Option<f64>, locale: Locale) -> String {
    value.map_or("–".to_owned(), |value| {
        write(figure, value, locale.texts())
    })
}

/// What a doubted figure's mark means.
pub fn doubt(locale: Locale) -> String {
    (locale.texts().lesson.doubted)(DOUBTED)
}

/// The page after a lesson's run.
pub fn lesson_page(page: &LessonPage) -> String {
    let texts = page.locale.texts();
    let words = &texts.lesson;
    let body = html! {
        p.facts { code { "wslab lesson " (page.name) } }
        h1 { (page.question) }
        p { (page.ask) }
        p.facts { (page.figure.name) }
        table {
            thead { tr { @for column in words.columns { th scope="col" { (column) } } } }
            tbody { tr { @for value in &page.figure.values { td { (value) } } } }
        }
        p.answer { strong { (page.reading) } }
        @for doubt in page.doubts { p.notice { (doubt) } }
        @if !page.plot.is_empty() {
            figure { div.scroll tabindex="0" { (PreEscaped(page.plot)) } }
        }
        ol { @for (ask, _) in page.explain { li { (ask) } } }
        p.note { a href="report.html" { (words.whole_run) } }
    };
    document(texts, page.question, &[STYLE], &body)
}

/// A sheet to print, on two pages: predict, run, read; explain, hand in.
pub fn lesson_sheet(sheet: &LessonSheet) -> String {
    let texts = sheet.locale.texts();
    let words = &texts.lesson.sheet;
    let title = match sheet.key {
        Some(_) => words.key_title,
        None => words.title,
    };
    let [predict, run, read, explain, hand_in] = words.steps;
    let body = html! {
        p.head { strong { (title) } @for blank in words.head { span { (blank) ": " i {} } } }
        h1 { (sheet.question) }
        @if let Some(key) = sheet.key { p.key { (key.of) } }
        section {
            h2 { "1. " (predict) }
            p { (sheet.ask) }
            p.blank { (words.guess) ": " i {} }
            p.blank { (words.why) }
            div.lines {}
        }
        section {
            h2 { "2. " (run) }
            p { code { "wslab lesson " (sheet.name) } }
            p { ((words.run)(sheet.time)) }
        }
        section {
            h2 { "3. " (read) }
            p { (words.read) }
            (figures(sheet))
            @if let Some(reading) = sheet.key.and_then(|key| key.reading.as_ref()) {
                p.key { (reading) }
            }
            div.plot {}
        }
        section.second {
            h2 { "4. " (explain) }
            ol {
                li { (words.far) div.lines {} }
                @for (ask, answer) in sheet.explain {
                    li {
                        (ask)
                        @if sheet.key.is_some() { p.key { (answer) } } @else { div.lines {} }
                    }
                }
            }
        }
        section {
            h2 { "5. " (hand_in) }
            p { (words.hand_in) }
            p { code { "wslab wire --transport " (sheet.capture) " --pcap " (sheet.name) ".pcap" } }
        }
    };
    document(texts, sheet.question, &[SHEET_STYLE], &body)
}

fn figures(sheet: &LessonSheet) -> Markup {
    let words = &sheet.locale.texts().lesson.sheet;
    let value = |at: usize| sheet.key.and_then(|key| key.values.get(at));
    html! {
        table {
            thead { tr { th scope="col" { (words.figure) } th scope="col" { (words.value) } } }
            tbody { @for (at, name) in sheet.figures.iter().enumerate() { tr {
                th scope="row" { (name) }
                td { @if let Some(value) = value(at) { span.key { (value) } } }
            } } }
        }
    }
}
