//! Parses the command line, runs the command, and prints its error.

use std::process::ExitCode;

use wslab::cli::Cli;
use wslab::error::exit_code;
use wslab::system::output::write_error;

fn main() -> ExitCode {
    match Cli::read().and_then(Cli::execute) {
        Ok(code) => code,
        Err(error) => {
            write_error(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}
