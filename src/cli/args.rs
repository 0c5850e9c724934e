//! Groups of arguments that several commands share.

use std::convert::Infallible;
use std::fmt::Display;
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Arg, Args, ValueHint};

use crate::cli::help::{headings, with_default};
use crate::client::tls::{Fingerprint, Trust};
use crate::client::token::{self, Token};
use crate::error::UsageError;
use crate::lab::config::Config;
use crate::lab::written::{Written, check_within};

/// The folder of the results where nothing names another.
const RESULTS: &str = "results";

/// How the server of an https URL proves that it is the right one.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = headings::NETWORK)]
pub(super) struct TrustArgs {
    /// Certificate of an https server
    ///
    /// The SHA-256 fingerprint of the certificate that the server of an https URL must show. wslab
    /// serve --tls prints it.
    #[arg(
        long,
        value_name = "SHA256",
        conflicts_with = "ca",
        hide_short_help = true
    )]
    fingerprint: Option<Fingerprint>,
    /// Authorities of an https server (PEM)
    ///
    /// Authorities that may have signed the certificate. On Debian, the file of the public ones is
    /// /etc/ssl/certs/ca-certificates.crt.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    ca: Option<PathBuf>,
}

impl TrustArgs {
    pub(super) fn trust(&self) -> Option<Trust> {
        let fingerprint = self.fingerprint.map(Trust::Fingerprint);
        fingerprint.or_else(|| self.ca.clone().map(Trust::Authorities))
    }
}

/// What the server of a URL asks of its clients.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = headings::NETWORK)]
pub(super) struct TokenArgs {
    /// Token of the server
    ///
    /// The token with which the server was started, if it has one. The environment variable hides
    /// it from other users of this machine.
    #[arg(long, value_name = "TOKEN", env = token::VARIABLE, hide_env_values = true)]
    #[arg(value_parser = parse_token, hide_short_help = true)]
    pub(super) token: Option<GivenToken>,
}

/// Where the runs are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = headings::OUTPUT, mut_args(with_results_default))]
pub(super) struct ResultsArgs {
    /// Folder of the results
    ///
    /// The environment variable WSLAB_RESULTS, and results = "DIR" in wslab.toml, name another
    /// folder where this flag is absent.
    #[arg(long, value_name = "DIR", env = "WSLAB_RESULTS", hide_env = true)]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from))]
    #[arg(value_hint = ValueHint::DirPath, hide_short_help = true)]
    results: Option<PathBuf>,
}

impl ResultsArgs {
    /// The folder, and whether the configuration names it.
    pub(super) fn folder(&self, config: &Config) -> (PathBuf, bool) {
        let given = self.results.as_ref();
        // An empty variable is as none.
        match (
            given.filter(|it| !it.as_os_str().is_empty()),
            &config.results,
        ) {
            (Some(given), _) => (given.clone(), false),
            (None, Some(configured)) => (configured.clone(), true),
            (None, None) => (RESULTS.into(), false),
        }
    }

    /// The same, which is not a file.
    pub(super) fn checked_folder(&self, config: &Config) -> Result<(PathBuf, bool), UsageError> {
        let (folder, is_configured) = self.folder(config);
        match folder.is_file() {
            false => Ok((folder, is_configured)),
            true => {
                let file = folder.display();
                let why = format!("--results {file}: this is a file; write the path of a folder");
                Err(UsageError(why))
            }
        }
    }

    /// The folder, with a line for the user where the configuration names it.
    pub(super) fn find(&self) -> anyhow::Result<PathBuf> {
        let config = Config::find()?;
        let (results, is_configured) = self.checked_folder(&config)?;
        write_defaults(&config, if is_configured { &["results"] } else { &[] });
        Ok(results)
    }
}

fn with_results_default(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "results" => with_default(arg, RESULTS),
        _ => arg,
    }
}

/// Says which keys of a configuration file are in use, since defaults that are not seen deceive.
pub(super) fn write_defaults(config: &Config, keys: &[&str]) {
    if !keys.is_empty() {
        let (file, keys) = (config.file.display(), keys.join(", "));
        let _ = writeln!(std::io::stderr(), "defaults from {file}: {keys}");
    }
}

/// Reads a value within a range, as the values of factors are read.
pub(super) fn within<T>(
    range: RangeInclusive<T>,
    unit: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: Written + Display,
{
    move |text| {
        let value = T::read(text)?;
        check_within(&value, &range, unit)?;
        Ok(value)
    }
}

/// A token, or why it is none. Clap would print a token that it refuses, so clap refuses none.
pub(super) type GivenToken = Result<Token, String>;

pub(super) fn parse_token(text: &str) -> Result<GivenToken, Infallible> {
    Ok(text.parse())
}

pub(super) fn check_token(given: Option<&GivenToken>) -> Result<Option<Token>, UsageError> {
    let token = given.cloned().transpose();
    token.map_err(|error| UsageError(format!("--token: {error}")))
}
