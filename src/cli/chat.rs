//! `wslab chat`: reads and writes a feed.

use std::process::ExitCode;

use clap::Args;

use crate::chat::{self, ChatOptions};
use crate::cli::args::{TokenArgs, TrustArgs, check_token, within};
use crate::cli::help::{self, headings};
use crate::cli::process::{interrupted, runtime};
use crate::client::config::ClientConfig;
use crate::client::discover;
use crate::feed::{FeedError, check_feed_name, check_name};
use crate::lab::factors::Span;
use crate::transport::Transport;

#[derive(Debug, Args)]
#[command(after_help = help::brief(help::CHAT))]
#[command(after_long_help = help::full(help::CHAT, help::CHAT_CODES))]
pub(super) struct ChatArgs {
    /// The server, as localhost:8080 or a URL
    ///
    /// An address without http:// or https:// is one of http.
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    access: TokenArgs,
    /// Your name; without it you only read
    ///
    /// All members see it. Without it you are no member.
    #[arg(long, value_name = "NAME", value_parser = parse_name, help_heading = headings::FEEDS)]
    user: Option<String>,
    #[arg(long, value_name = "T", default_value_t = Transport::WebSocket)]
    #[arg(help_heading = headings::NETWORK, help = "Transport of the messages")]
    #[arg(long_help = format!("Transport of the messages: {}", Transport::choice_names()))]
    transport: Transport,
    /// The feed to read and to write
    #[arg(long, value_name = "NAME", default_value = "lobby", value_parser = parse_feed)]
    #[arg(help_heading = headings::FEEDS)]
    feed: String,
    /// Earlier messages that are shown first
    #[arg(long, value_name = "N", default_value = "20", help_heading = headings::FEEDS)]
    #[arg(value_parser = within::<u32>(0..=1_000, "messages"))]
    history: u32,
    /// Pause between short polls
    #[arg(long, value_name = "TIME", help_heading = headings::NETWORK)]
    #[arg(default_value_t = Span(ClientConfig::DEFAULT.poll_interval))]
    poll_interval: Span,
}

impl ChatArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let runtime = runtime()?;
        let (trust, token) = (self.trust.trust(), check_token(self.access.token.as_ref())?);
        let all_seen = runtime.block_on(async {
            let options = ChatOptions {
                target: discover::find(&self.url, trust.as_ref(), token.as_ref()).await?,
                transport: self.transport,
                feed: self.feed,
                user: self.user,
                history: self.history as usize,
                client: ClientConfig {
                    poll_interval: self.poll_interval.0,
                    ..ClientConfig::DEFAULT
                },
            };
            chat::run(options, interrupted()).await
        })?;
        Ok(ExitCode::from(u8::from(!all_seen)))
    }
}

fn parse_feed(name: &str) -> Result<String, FeedError> {
    check_feed_name(name).map(str::to_owned)
}

fn parse_name(text: &str) -> Result<String, String> {
    let name = check_name(text).map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}
