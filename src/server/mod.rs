//! The server: an accept loop, and two engines for its connections.
//!
//! [`run`] takes a bound listener and a future that ends it, so that tests bind port 0.
//!
//! - [`listener`]: the accept loop · [`shards`]: several of them · [`connection`]: one connection
//! - [`http1`]: the fast engine, for the usual requests of clients
//! - [`general`]: the general engine, for all others: hyper, and axum with [`routes`] and
//!   [`transport_routes`], over a [`client_half`] · [`addresses`]: the list of them
//! - [`page`]: the pages · [`classroom_routes`], [`gated_stream`]: the class of a demonstration
//! - [`captures`]: the bytes of a visitor's own connection, for the microscope
//! - [`access`], [`host`]: what is admitted
//! - [`metrics`], [`access_log`], [`counted_stream`], [`tls_stream`]: what is counted and logged

pub mod access;
pub mod access_log;
pub mod addresses;
pub mod captures;
pub mod classroom_routes;
pub mod client_half;
pub mod closing;
pub mod connection;
pub mod context;
pub mod counted_stream;
pub mod extract;
pub mod gated_stream;
pub mod general;
pub mod head_timer;
pub mod host;
pub mod http1;
pub mod listener;
pub mod metrics;
pub mod page;
pub mod routes;
pub mod settings;
pub mod shards;
pub mod tls;
pub mod tls_stream;
pub mod transport_routes;

pub use listener::{Server, bind, run};
pub use settings::ServerSettings;
