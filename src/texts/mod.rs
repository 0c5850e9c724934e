//! Every sentence that a person reads in a report's page, tables and plots, and how numbers are
//! written.
//!
//! - `locale`: the languages
//! - `report`, `answer`, `advice`, `check`, `claim`, `lesson`, `until`, `recovery`, `demo`:
//!   which texts there are: a type with a field for each
//! - `en`, `en_advice`, `en_answer`, …: the texts in English
//! - `pt`, `pt_advice`, `pt_answer`, …, `pt_tables`: the same in Portuguese, which do not compile
//!   before they are complete; `pt_number`: numbers with their nouns
//! - `pt_words`, `pt_columns`, `pt_more_columns`, `pt_recovery`, `pt_warnings`, `pt_checks…`: what is English in
//!   `results`, `lab`, `check` and the scenarios
//! - `wire`, `en_wire…`, `pt_wire…`: what is said of the bytes of a connection
//! - `number`, `plural`: numbers in a language, and which form of a noun follows them
//! - `fold`: text in lines that fit a terminal
//!
//! The words of metrics and warnings stand at their entries in `results`, in English;
//! [`Texts::translate`] gives those of another language.

mod advice;
mod answer;
mod check;
mod claim;
mod demo;
mod en;
mod en_advice;
mod en_answer;
mod en_check;
mod en_claim;
mod en_demo;
mod en_lesson;
mod en_page;
mod en_plots;
mod en_recovery;
mod en_until;
mod en_wire;
mod en_wire_streams;
mod fold;
mod lesson;
mod locale;
mod number;
mod plots;
mod plural;
mod pt;
mod pt_advice;
mod pt_answer;
mod pt_check;
mod pt_checks;
mod pt_checks_http;
mod pt_checks_rules;
mod pt_checks_stream;
mod pt_claim;
mod pt_columns;
mod pt_definitions;
mod pt_demo;
mod pt_lesson;
mod pt_more_columns;
mod pt_network;
mod pt_number;
mod pt_plots;
mod pt_recovery;
mod pt_tables;
mod pt_until;
mod pt_warnings;
mod pt_wire;
mod pt_wire_streams;
mod pt_words;
mod recovery;
mod report;
mod until;
mod wire;

/// U+FEFF in UTF-8. Some editors begin a file with it; it is none of the text.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub use advice::{AdviceTexts, Distance, ProtocolFact};
pub use answer::{AnswerTexts, ClauseTexts, ConditionTexts, FirstPlace, Names};
pub use check::{CheckTexts, Seen};
pub use claim::ClaimTexts;
pub use demo::DemoTexts;
pub use fold::{NO_BREAK, cut, folded};
pub use lesson::{LessonTexts, SheetTexts};
pub use locale::Locale;
pub use number::Numbers;
pub use plots::{Axes, PlotText, PlotTexts};
pub use plural::{Plural, brazilian_plural, english_plural};
pub use recovery::RecoveryTexts;
pub use report::{
    CapacityTexts, CellTexts, CompareTexts, Definition, ListTexts, PageTexts, PredictTexts,
    RunsTexts, SectionText, TableTexts, Texts,
};
pub use until::UntilTexts;
pub use wire::{WireNote, WireTexts};
