//! What this machine is and does: the only folder that reads /proc and /sys.

pub mod cpus;
pub mod doctor;
pub mod info;
pub mod interface;
pub mod pinning;
pub mod process;
