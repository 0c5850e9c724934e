//! What the server's end of every transport uses: state, limits, counters, presence, publishing,
//! complete answers, upgrades, and a client's connection below HTTP.

pub mod answer;
pub mod capture;
pub mod captures;
pub mod counters;
pub mod fan_out;
pub mod lazy_deadline;
pub mod limits;
pub mod marks;
pub mod peer;
pub mod presence;
pub mod publish;
pub mod rate_limiter;
pub mod rewind;
pub mod state;
pub mod totals;
pub mod upgrade;
