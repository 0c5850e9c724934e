//! What a run leaves on disk.
//!
//! - `trial_row`, `timeline_row`, `recovery_row`, `capacity_row`: the rows of `trials.csv`,
//!   `timeline.csv`, `recovery.csv` and `capacity.csv`. A figure that does not exist is an empty
//!   cell, never 0.
//! - `metric`: what a column is · `entries`: its kinds · `columns`: one entry a column · `absent`: when
//!   it is empty
//! - `derived`: figures that follow from columns · `registry`: all
//! - `verdict`: how far a trial's figures can be trusted, and the warnings with their meaning
//! - `latency_log`: the histograms of latencies
//! - `csv`: reading and writing of files · `csv_cell`: how the value of a cell is read

mod absent;
mod capacity_row;
mod column_type;
mod columns;
mod csv;
mod csv_cell;
mod derived;
mod entries;
mod latency_log;
mod metric;
mod recovery_row;
mod registry;
mod timeline_row;
mod trial_row;
mod verdict;

pub use capacity_row::{CapacityRow, SearchVerdict};
pub use column_type::{ColumnKind, NetworkName};
pub use csv::{
    csv_bytes, read_rows, read_rows_if_there, read_sound_rows, read_text, write_rows, write_whole,
};
pub use latency_log::{
    LATENCY_LOG_HEAD, LatencyInterval, TrialLatency, latency_log, read_latencies,
};
pub use metric::{Better, Kind, MetricOf, Table, Unit};
pub use recovery_row::{RECOVERY_METRICS, RecoveryRow, recovery_metric};
pub use registry::{
    METRICS, Metric, TableColumn, TableColumnOf, measured, metric, named_metric, recovery_shown_in,
    shown_in, warning_counts,
};
pub use timeline_row::TimelineRow;
pub use trial_row::TrialRow;
pub use verdict::{Doubt, FIGURES, Verdict, Warning, touched};
