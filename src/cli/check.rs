//! `wslab check`: whether a server keeps the rules of its transport.

use std::process::ExitCode;

use clap::Args;

use crate::check::{self, CheckOptions, Kind};
use crate::cli::display::{ColorArgs, DocumentFormat, LangArgs};
use crate::cli::help::{self, headings};
use crate::cli::process::runtime;
use crate::lab::values::Span;
use crate::system::output;

/// The longest wait of a check, unless a flag says otherwise.
const PATIENCE: &str = "10s";

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::CHECK))]
#[command(after_long_help = help::full(help::CHECK, help::CHECK_CODES))]
pub(super) struct CheckArgs {
    /// The server, as ws://127.0.0.1:8765/
    ///
    /// ws:// and wss:// are WebSockets. What an http:// or https:// URL speaks is told by the type
    /// of its answer, or by --as. The certificate of an encrypted server is not checked.
    #[arg(value_name = "URL", default_value = "ws://127.0.0.1:8765/")]
    url: String,
    /// ws, sse, ndjson, poll or long-poll
    ///
    /// What the URL speaks, where the type of its answer does not tell.
    #[arg(long = "as", value_name = "KIND", help_heading = headings::CHECK)]
    kind: Option<Kind>,
    /// Where messages are published by POST
    ///
    /// A URL of the same server, or its path. It gets {"from":"wslab-check","text":"…"} as JSON.
    /// With it, streams and polls are checked for what is published. Known for the feeds of wslab.
    #[arg(long, value_name = "URL", help_heading = headings::CHECK)]
    publish: Option<String>,
    /// Longest wait for a heartbeat
    ///
    /// Also for the answer of a long poll. A silence of less than 30 s is not wrong: with 30s, this
    /// check can tell.
    #[arg(long, value_name = "TIME", default_value = PATIENCE, help_heading = headings::CHECK)]
    patience: Span,
    /// The server may be on another network
    ///
    /// A check sends malformed input. Without this flag it goes to this machine and to private
    /// networks only. Check no server without leave of its owner.
    #[arg(long, help_heading = headings::NETWORK)]
    i_may: bool,
    /// How the findings are printed
    ///
    /// text: lines for a person. json: one document with names that stay, for automatic grading.
    #[arg(long, value_name = "text|json", value_enum, default_value_t)]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    format: DocumentFormat,
    #[command(flatten)]
    color: ColorArgs,
    #[command(flatten)]
    lang: LangArgs,
}

impl CheckArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let locale = self.lang.find()?;
        let options = CheckOptions {
            url: self.url,
            kind: self.kind,
            publish: self.publish,
            patience: self.patience.0,
            may_check: self.i_may,
        };
        let runtime = runtime()?;
        let report = runtime.block_on(check::check(&options))?;
        output::write(match self.format {
            DocumentFormat::Text => report.text(self.color.style(), locale),
            DocumentFormat::Json => report.json(locale),
        })?;
        Ok(ExitCode::from(u8::from(!report.is_all_right())))
    }
}
