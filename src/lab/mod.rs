//! The lab: a scenario becomes trials, a trial becomes a row, and a row has a verdict.

pub mod calibrate;
pub mod calibration;
pub mod capacity;
pub mod cell_figure;
pub mod cells;
pub mod claim;
pub mod claim_cells;
pub mod config;
pub mod environment;
mod explained;
pub mod factors;
#[cfg(test)]
mod fake;
pub mod fault;
pub mod fault_plan;
mod kept_cells;
pub mod lesson;
pub mod pattern;
pub mod preflight;
pub mod processes;
pub mod progress;
pub mod proxy;
pub mod purpose;
pub mod recorded_run;
mod recovery;
pub mod rounds;
pub mod row;
pub mod run;
pub mod run_folder;
pub mod scenario;
mod server_files;
pub mod trial;
pub mod until;
pub mod values;
pub mod verdict;
pub mod written;
