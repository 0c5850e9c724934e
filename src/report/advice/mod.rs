//! Advice: what a run says for and against each transport, for a need. Rows in, statements out.
//!
//! There are statements of four kinds only: measured, with the figure; what follows from a protocol,
//! with its section; theory; and what is not known, with what to run. Nothing is extrapolated, and
//! no INVALID trial is used.
//!
//! - `need`: what is needed, and how far a cell is from it · `command`: what to run to know more
//! - `statement`: what is said · `facts`: what follows from protocols · `measured`: what figures
//!   and objectives say · `advise`: all of it, and the answer
//! - `text`, `markup`: as text, Markdown and HTML

mod advise;
mod command;
mod facts;
mod markup;
mod measured;
mod need;
mod statement;
mod text;

pub(super) use markup::section;

pub use advise::{Advice, Theory, advise};
pub use need::Need;
pub use statement::{Ground, Side, Statement};
pub use text::{advice_markdown, advice_text};
