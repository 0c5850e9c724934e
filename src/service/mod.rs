//! What the server ends of all transports share: state, limits, counters, presence.

pub mod counters;
pub mod presence;
pub mod rate_limiter;
pub mod state;
