//! Parses the command line, runs the command, and prints its error.

use std::io::Write;
use std::process::ExitCode;

use wslab::cli::Cli;
use wslab::error::exit_code;

fn main() -> ExitCode {
    match Cli::read().and_then(Cli::execute) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}
