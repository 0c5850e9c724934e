//! What wslab is compared with: a minimal server and a minimal reader on epoll. `scripts/bench`
//! runs them.
//!
//! They have one thread and no limits, timeouts or heartbeats, and the server has no resuming
//! streams. Their CPU time is what this machine takes at least for the same task.

#[path = "reference/flood.rs"]
mod flood;
#[path = "reference/reader.rs"]
mod reader;
#[path = "reference/server.rs"]
mod server;
#[path = "reference/wire.rs"]
mod wire;

use clap::Parser;

#[derive(Parser)]
enum Role {
    /// Stands in for `wslab serve`, with the same flags
    Serve(server::ServeArgs),
    /// Reads a feed of a server as so many clients
    Read(reader::ReadArgs),
    /// Publishes to clients that read when all is sent
    Flood(flood::FloodArgs),
}

fn main() -> anyhow::Result<()> {
    // `cargo bench` passes this flag to all benchmarks; these do nothing by themselves.
    if std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    match Role::parse() {
        Role::Serve(args) => server::serve(&args),
        Role::Read(args) => reader::read(&args),
        Role::Flood(args) => flood::flood(&args),
    }
}
