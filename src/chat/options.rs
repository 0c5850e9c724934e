//! What a chat is for.

use crate::client::config::ClientConfig;
use crate::client::target::Target;
use crate::transport::Transport;

/// Which feed the chat reads, how, and in which name it publishes.
#[derive(Clone, Debug)]
pub struct ChatOptions {
    pub target: Target,
    pub transport: Transport,
    pub feed: String,
    /// A valid name. Without one the chat only reads, and is not a member.
    pub user: Option<String>,
    /// Earlier messages that are shown first.
    pub history: usize,
    pub client: ClientConfig,
}
