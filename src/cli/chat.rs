//! `wslab chat`: a person in a feed.

use std::process::ExitCode;

use clap::Args;

use crate::chat::{self, ChatOptions};
use crate::cli::{TokenArgs, TrustArgs, check_token, interrupted, parse};
use crate::client::config::ClientConfig;
use crate::client::discover;
use crate::feed::check_name;
use crate::lab::scenario::Span;
use crate::transport::Transport;

#[derive(Debug, Args)]
#[command(after_help = "\
At a terminal, the last line shows the feed, the transport, its latency and how many are there.
Otherwise lines of standard input are published, and standard output has one line a message
(\"alice: oi\", \"* bob joined\"); how the connection fares goes to standard error. When the input
has ended and all of it was seen in the feed, this ends with 0; with 1 if something was lost.")]
pub(super) struct ChatArgs {
    /// The server, as http://HOST:PORT or https://HOST:PORT
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    pass: TokenArgs,
    /// Your name, which all who are there are told. Without it you only read, and nobody is told
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    user: Option<String>,
    /// How messages come: short-polling, long-polling, sse or websocket
    #[arg(long, value_name = "T", default_value_t = Transport::WebSocket)]
    transport: Transport,
    /// The feed to read, and to write to
    #[arg(long, value_name = "NAME", default_value = "lobby")]
    feed: String,
    /// Messages shown of those that were there before
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = parse_history)]
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
        let (trust, token) = (self.trust.trust(), check_token(self.pass.token.as_ref())?);
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
            let stop = async {
                interrupted().await;
            };
            chat::run(options, stop).await
        })?;
        Ok(ExitCode::from(u8::from(!all_seen)))
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    let name = check_name(text).map_err(|error| error.to_string())?;
    Ok(name.to_owned())
}

fn parse_history(text: &str) -> Result<u32, String> {
    parse(text, |messages: &u32| match messages {
        0..=1_000 => Ok(()),
        _ => Err(format!("{messages} messages are more than 1000")),
    })
}
