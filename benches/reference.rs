//! What wslab is compared with: servers and a reader that are as plain as they can be, on epoll and
//! nothing else. `scripts/bench` runs them.
//!
//! They do what the bytes ask for and no more: no limits, no time-outs, no heartbeats, one thread.
//! So they are what the machine costs a program that is written for this one task.

#[path = "reference/reader.rs"]
mod reader;
#[path = "reference/server.rs"]
mod server;

use clap::Parser;

#[derive(Parser)]
enum Role {
    /// Stands in for `wslab serve`, with the same flags
    Serve(server::ServeArgs),
    /// Reads a feed of a server as so many clients
    Read(reader::ReadArgs),
}

fn main() -> anyhow::Result<()> {
    // So says `cargo bench` to all benchmarks; these do nothing on their own.
    if std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    match Role::parse() {
        Role::Serve(args) => server::serve(&args),
        Role::Read(args) => reader::read(&args),
    }
}
