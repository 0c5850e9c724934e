//! Parses the command line, does what it says, and tells the one error.

use std::process::ExitCode;

use clap::Parser;
use wslab::cli::Cli;
use wslab::lab::scenario::UsageError;

fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            let usage = error.chain().any(|cause| cause.is::<UsageError>());
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}
