//! `wslab chat`: reads and writes a feed.

use std::process::ExitCode;

use clap::Args;

use crate::chat::{self, ChatOptions};
use crate::cli::args::{TokenArgs, TrustArgs, check_token};
use crate::cli::process::interrupted;
use crate::client::config::ClientConfig;
use crate::client::discover;
use crate::feed::{FeedError, check_feed_name, check_name};
use crate::lab::factors::Span;
use crate::transport::Transport;

#[derive(Debug, Args)]
#[command(after_help = "\
At a terminal, the last line shows the feed, the transport, its latency and the number of members.
Otherwise each line of standard input is published, which needs --user, and standard output has one
line a message (\"alice: oi\", \"* bob joined\"). The state of the connection goes to standard
error. With --user the command ends after its input. The exit code is 0 if all of it was seen in the
feed, and 1 if something was lost, such as a line that is not UTF-8.")]
pub(super) struct ChatArgs {
    /// The server, as http://HOST:PORT or https://HOST:PORT
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    access: TokenArgs,
    /// Your name, which all members see. Without it you only read and are no member
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    user: Option<String>,
    #[arg(long, value_name = "T", default_value_t = Transport::WebSocket)]
    #[arg(help = format!("Transport of the messages: {}", Transport::choice_names()))]
    transport: Transport,
    /// The feed to read and to write
    #[arg(long, value_name = "NAME", default_value = "lobby", value_parser = parse_feed)]
    feed: String,
    /// Earlier messages that are shown first
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(..=1_000))]
    history: u32,
    /// Pause between short polls
    #[arg(long, value_name = "TIME", default_value = "1s")]
    poll_interval: Span,
}

impl ChatArgs {
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
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
