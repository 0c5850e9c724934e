//! `wslab wire`: one connection, a few messages, and what each byte of them is for.

mod dialogue;
mod listing;
mod own_server;
mod place;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueHint};

use crate::cli::args::{TokenArgs, TrustArgs, check_token, within};
use crate::cli::display::{ColorArgs, DocumentFormat, LangArgs};
use crate::cli::help::{self, headings};
use crate::cli::process::interrupted;
use crate::cli::wire::dialogue::{Dialogue, Outcome};
use crate::cli::wire::own_server::OwnServer;
use crate::cli::wire::place::Place;
use crate::feed::{FeedError, check_feed_name};
use crate::lab::factors::Span;
use crate::lab::values::Bytes;
use crate::service::state::LOBBY;
use crate::system::output;
use crate::transport::Transport;
use crate::wire::document::document;
use crate::wire::pcap::pcap;
use crate::wire::{Direction, annotate_within};

/// What a WebSocket client sends to the server that the command itself starts.
const OWN_TEXT: &str = r#"{"text":"from the client"}"#;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::WIRE))]
#[command(after_long_help = help::full(help::WIRE, help::WIRE_CODES))]
pub(super) struct WireArgs {
    /// The server: a URL of http, https, ws or wss
    ///
    /// A URL without a path, as http://localhost:8080, is a wslab server: its feed is read. Any
    /// other URL is asked as it is. Without a URL the command starts a server of its own, whose
    /// feed has three messages a second.
    #[arg(value_name = "URL")]
    url: Option<String>,
    #[arg(long, value_name = "T", default_value_t = Transport::WebSocket)]
    #[arg(help_heading = headings::NETWORK, help = "Transport of the connection")]
    #[arg(long_help = format!("Transport of the connection: {}", Transport::choice_names()))]
    transport: Transport,
    /// Messages after which the connection ends
    #[arg(long, value_name = "N", default_value = "3", help_heading = headings::LOAD)]
    #[arg(value_parser = within::<u32>(1..=1_000, "messages"))]
    messages: u32,
    /// Longest time that the connection lasts
    #[arg(long, value_name = "TIME", default_value = "10s", help_heading = headings::LOAD)]
    time: Span,
    /// What a WebSocket client sends
    ///
    /// A text frame after the handshake. The command's own server gets a message without it.
    #[arg(long, value_name = "TEXT", help_heading = headings::LOAD)]
    send: Option<String>,
    /// The feed of a wslab server
    #[arg(long, value_name = "NAME", default_value = LOBBY, value_parser = parse_feed)]
    #[arg(help_heading = headings::FEEDS)]
    feed: String,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    access: TokenArgs,
    /// Write the packets to a file
    ///
    /// For Wireshark and tshark. What one read or write moved is one packet; handshake and end of
    /// TCP are made up.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = headings::OUTPUT)]
    pcap: Option<PathBuf>,
    /// How the bytes are printed
    ///
    /// text: for a terminal. json: one document with all bytes, fields, sentences in both
    /// languages, and commands.
    #[arg(long, value_name = "text|json", value_enum, default_value_t)]
    #[arg(hide_possible_values = true, help_heading = headings::OUTPUT)]
    format: DocumentFormat,
    #[command(flatten)]
    lang: LangArgs,
    #[command(flatten)]
    color: ColorArgs,
}

impl WireArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let locale = self.lang.find()?;
        let token = check_token(self.access.token.as_ref())?;
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build()?;
        let outcome = runtime.block_on(async {
            let own = match &self.url {
                None => Some(OwnServer::start()?),
                Some(_) => None,
            };
            let url = match (&self.url, &own) {
                (Some(url), _) => url.clone(),
                (None, own) => own.as_ref().map_or(String::new(), |own| own.url()),
            };
            let trust = self.trust.trust();
            let mut place = Place::find(&url, self.transport, &self.feed, trust.as_ref()).await?;
            if own.is_some() && self.transport.descriptor().publishes_in_band {
                place.target += "?user=wire";
            }
            let own_text = own.as_ref().map(|_| OWN_TEXT.to_owned());
            let dialogue = Dialogue {
                place,
                transport: self.transport,
                messages: self.messages as usize,
                authorization: token.map(|token| token.line()).unwrap_or_default(),
                send: self.send.clone().or(own_text),
            };
            tokio::select! {
                outcome = dialogue.run(self.time.0) => outcome,
                interrupted = interrupted() => Err(interrupted.into()),
            }
        });
        runtime.shutdown_timeout(Duration::from_millis(100));
        let Outcome { recording, failure } = outcome?;
        let annotated = annotate_within(&recording, MAX_SPANS);
        let style = self.color.style();
        output::write(match self.format {
            DocumentFormat::Text => {
                listing::write(&recording, &annotated, locale, style).into_bytes()
            }
            DocumentFormat::Json => [document(&recording, &annotated), b"\n".to_vec()].concat(),
        })?;
        if let Some(file) = &self.pcap {
            let written = std::fs::write(file, pcap(&recording));
            written.with_context(|| format!("--pcap {}", file.display()))?;
        }
        if recording.bytes(Direction::Down).is_empty() {
            let why = failure.unwrap_or("it ended the connection".to_owned());
            bail!("the server sent nothing: {why}");
        }
        let refused = annotated.answers.iter().find(|it| it.status >= 300);
        if let Some(answer) = refused {
            bail!("the server answered with status {}", answer.status);
        }
        match failure {
            Some(failure) => bail!(failure),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

fn parse_feed(name: &str) -> Result<String, FeedError> {
    check_feed_name(name).map(str::to_owned)
}

/// The most bytes that are recorded, of both directions.
const MAX_BYTES: Bytes = Bytes(1 << 20);

/// The most spans that are explained: 64 of each of 1,000 messages. One on SSE has 8, or more where
/// its server cuts it into chunks.
const MAX_SPANS: usize = 64_000;
