//! What a check is. Adding one is an entry in a list of [`crate::check::table`] and its function.

use std::pin::Pin;
use std::sync::Arc;

use crate::check::bench::Bench;
use crate::check::outcome::Outcome;
use crate::transport::Transport;

/// A check while it runs.
pub type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// One check. Its texts are English; `texts` has those of other languages.
pub struct Check {
    /// Its name in JSON, which stays.
    pub name: &'static str,
    pub section: Section,
    /// The transports that it applies to.
    pub of: &'static [Transport],
    /// What is right.
    pub title: &'static str,
    /// What a user notices where it is wrong.
    pub means: &'static str,
    /// The clause that demands or explains it.
    pub clause: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// What else runs meanwhile.
    pub company: Company,
    pub run: fn(Arc<Bench>) -> Running,
}

/// Whether a check runs beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// Its connections do not disturb others.
    Together,
    /// It loads the server, or judges what it does under load.
    Alone,
    /// It only reads what the others saw.
    Last,
}

/// A group of checks, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Section {
    Handshake,
    Messages,
    Control,
    Rules,
    Utf8,
    Closing,
    Answer,
    Stream,
    Events,
    Polling,
    Clients,
}

impl Section {
    pub fn title(self) -> &'static str {
        match self {
            Section::Handshake => "Handshake",
            Section::Messages => "Messages",
            Section::Control => "Ping and pong",
            Section::Rules => "Broken rules",
            Section::Utf8 => "Text is UTF-8",
            Section::Closing => "Closing",
            Section::Answer => "HTTP answer",
            Section::Stream => "Stream",
            Section::Events => "Events",
            Section::Polling => "Polling",
            Section::Clients => "Several clients",
        }
    }
}
