//! The lab: a scenario becomes trials, a trial becomes a row, and a row has a verdict.

pub mod capacity;
mod children;
pub mod compare;
pub mod doctor;
pub mod environment;
pub mod figures;
pub mod machine;
pub mod pinning;
pub mod preflight;
mod progress;
pub mod recorded;
pub mod results;
mod row;
pub mod run;
pub mod scenario;
pub mod statistics;
pub mod summary;
mod trial;
mod verdict;
