//! Capacity: the most clients, or messages per second, that each transport holds within an
//! objective on this machine.
//!
//! The search of a transport is a pure function of its trials ([`crate::stats::bracket`]), and the
//! outcome of a trial follows from its row ([`objective`]). So `capacity.csv` follows from
//! `trials.csv` and `scenario.toml` alone, during the search and long after it.

pub mod objective;
pub mod search;
pub mod settings;

pub use search::{rows, write};
pub use settings::CapacitySearch;
