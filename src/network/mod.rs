//! Networks between load and server: delay, jitter, loss, rate, MTU and black-outs, with real TCP at
//! both ends.
//!
//! - [`conditions`]: what a link does · [`relay`]: one way of it, as a function of time
//! - [`child`]: a run's end · [`protocol`]: what is said · [`process`]: the process with the link
//! - [`interface`]: TUN devices · [`forward`]: packets from one to the other · [`probe`]: whether
//!   the link is what was asked for · [`exact`]: the judgement

/// What a machine must have.
pub const NEEDS: &str =
    "be root, or allow user namespaces and the reading and writing of /dev/net/tun";

pub mod child;
pub mod conditions;
pub mod exact;
pub mod forward;
pub mod interface;
pub mod probe;
pub mod process;
pub mod protocol;
pub mod relay;
