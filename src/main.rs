//! Parses the command line, runs the command, and prints its error.

use std::io::Write;
use std::process::ExitCode;

use wslab::cli::Cli;
use wslab::error::UsageError;

fn main() -> ExitCode {
    match Cli::read().and_then(Cli::execute) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            let usage = error.chain().any(|cause| cause.is::<UsageError>());
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}
