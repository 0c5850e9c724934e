//! This machine: its facts, limits and use. Only [`files`] reads /proc and /sys.

pub mod activity;
pub mod cpus;
pub mod doctor;
pub mod files;
pub mod info;
pub mod interface;
pub mod kernel_costs;
pub mod lan;
pub mod limits;
pub mod namespace;
pub mod output;
pub mod pinning;
pub mod process;
pub mod server_process;
