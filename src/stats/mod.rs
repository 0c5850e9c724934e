//! Statistics over trials: intervals, summaries, comparisons, the bracket of a search.

pub mod bracket;
pub mod compare;
pub mod figures;
pub mod statistics;
pub mod summary;
