//! The load: thousands of subscribers and the publishers of one trial, in a process of its own.
//!
//! The controller leads a trial through ramp-up, warm-up, window and drain. It asks workers for
//! what they recorded, in this process or in agents.

pub mod agent;
pub mod child_process;
pub mod controller;
pub mod http_publisher;
pub mod processes;
pub mod protocol;
pub mod publisher;
pub mod schedule;
pub mod worker;
