//! The load: thousands of subscribers and the publishers of one trial, in processes of its own.
//!
//! The lab sends a controller its plan over a [link]. The controller takes the trial through
//! the phases of its [timeline], and asks workers, in its own process or in agents, for
//! what they recorded.
//!
//! - [`protocol`]: what lab, controller and agents send each other
//! - [`outcome`]: what a trial found
//! - [`link`]: how they send it
//! - [`controller`]: one trial · [`timeline`]: its phases on one clock
//! - [`messages`]: what became of its messages
//! - [`trial_ledger`]: when bytes and CPU time count · [`usage`]: what was used
//! - [`processes`]: the processes of one host · [`agent`]: one of them · [`child_process`]
//! - [`worker`]: a thread of subscribers · `loop_watch`: how late its event loop is
//! - [`client_faults`]: what is done to its clients on purpose
//! - [`publisher`]: a thread that follows the [`schedule`] · [`http_publisher`]: one connection

pub mod agent;
pub mod child_process;
pub mod client_faults;
pub mod controller;
#[cfg(test)]
mod example;
pub mod http_publisher;
pub mod link;
mod loop_watch;
pub mod messages;
pub mod outcome;
pub mod processes;
pub mod protocol;
pub mod publisher;
pub mod schedule;
pub mod timeline;
pub mod trial_ledger;
pub mod usage;
pub mod worker;
