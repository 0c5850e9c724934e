//! The report: rows become plots, one page and tables.
//!
//! Everything is a pure function of rows that were read from disk, except [`write()`]. So a report
//! can be rebuilt at any time, also from what an interrupted run has left. Imports `results`,
//! `stats`, `texts`, and transports for their names and colours.
//!
//! - `content`: what a report is made of · `write`: its files
//! - `cells`: trials grouped by the combination of factors they repeat · `cell_names`: their names
//! - `leading`: which setting stands first
//! - `conditions`: what was asked for · `answer`: which transport to take, and why · `clauses`: by
//!   how much transports differ in a figure
//! - `advice`: what a run says for and against each transport, for a need
//! - `until`: what a run knows that repeats until differences are known
//! - `columns`: what a column of a table shows of a cell
//! - `marks`, `batching`: marks of figures, and why
//! - `repeats`: what there is to say about repeated cells · `capacity`: a search's result in words
//! - `recovery`: what faults did, in figures and words
//! - `runs`: by what the runs of a report on several differ
//! - `page`, `first_screen`, `scorecard`, `cell_table`, `capacity_section`,
//!   `recovery_section`, `markup`: HTML
//! - `table`, `warnings`, `details`, `capacity_table`, `recovery_table`, `comparison`, `judgements`, `lines`: text for
//!   a terminal
//! - `claims`, `claims_page`: claims and what was measured of them, for a terminal and as HTML
//! - `lesson_page`: a lesson after its run, and its sheet to print
//! - `export`: JSON, CSV and Markdown · `dictionary`: what the columns of all files are
//! - `plots`: pictures

mod advice;
mod answer;
mod batching;
mod capacity;
mod capacity_section;
mod capacity_table;
mod cell_names;
mod cell_table;
mod cells;
mod claims;
mod claims_page;
mod clauses;
mod column_terms;
mod columns;
mod comparison;
mod conditions;
mod content;
mod details;
mod dictionary;
pub mod export;
mod first_screen;
mod judgements;
mod leading;
mod lesson_page;
mod lines;
mod marks;
mod markup;
mod page;
mod plots;
mod recovery;
mod recovery_section;
mod recovery_table;
mod repeats;
mod runs;
mod scorecard;
mod table;
mod until;
mod warnings;
mod write;

pub use advice::{
    Advice, Ground, Need, Side, Statement, Theory, advice_markdown, advice_text, advise,
};
pub use answer::{Answer, answers};
pub use capacity_table::capacity_table;
pub use cell_names::cell_name;
pub use claims::{JudgedClaim, JudgedFigure, StatedClaim, claims_table, figure_names};
pub use claims_page::{ClaimsReport, claims_page};
pub use comparison::{closing, comparison, differences};
pub use conditions::conditions;
pub use content::{MissingTrials, Report, ReportedRun, incomplete, missing_cell};
pub use dictionary::dictionary;
pub use judgements::{judgement, judgements};
pub use lesson_page::{
    GuessedFigure, LessonPage, LessonSheet, SheetKey, doubt, lesson_page, lesson_sheet, written,
    written_value,
};
pub use lines::{TextStyle, paragraph};
pub use page::html;
pub use plots::{Plot, plots};
pub use recovery_table::recovery_table;
pub use table::{text_answer, text_table};
pub use until::{UntilRun, until};
pub use write::write;
