//! Finds the publisher's message that a delivery is of.

use crate::feed::Message;
use crate::record::identity::is_short;
use crate::record::message_record::Scheduled;
use crate::record::trial_board::TrialBoard;

/// The publisher's message that was delivered.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    pub number: u32,
    pub scheduled: Scheduled,
    /// The rest of its text is another.
    pub text_changed: bool,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A join or a leave, or a message of a chat at a terminal.
    NotOfTheLoad,
    /// No text that was published.
    Text,
    /// A text that is too short for its number, with a time at which no message was due.
    Time,
}

/// The latest search. A message reaches one subscriber after the other, and comparing its text with
/// that of the last delivery takes less time than reading its identity and hashing it.
#[derive(Debug)]
pub struct Lookup {
    feed: u32,
    intended_at_ns: u64,
    text: String,
    found: Result<Found, Unknown>,
}

impl Default for Lookup {
    fn default() -> Self {
        Lookup {
            feed: 0,
            intended_at_ns: 0,
            text: String::new(),
            found: Err(Unknown::Text),
        }
    }
}

impl Lookup {
    /// The message that was delivered in feed number `feed`.
    pub fn find(
        &mut self,
        board: &TrialBoard,
        feed: u32,
        message: &Message<'_>,
    ) -> Result<Found, Unknown> {
        if message.kind.is_some() || !board.has_records() {
            return Err(Unknown::NotOfTheLoad);
        }
        let is_last = self.text == message.text
            && (self.intended_at_ns, self.feed) == (message.intended_at_ns, feed);
        if !is_last {
            self.found = search(board, feed, message);
            (self.intended_at_ns, self.feed) = (message.intended_at_ns, feed);
            self.text.clear();
            self.text.push_str(&message.text);
        }
        self.found
    }
}

fn search(board: &TrialBoard, feed: u32, message: &Message<'_>) -> Result<Found, Unknown> {
    let texts = board.texts();
    let by_time = || board.number_by_time(feed, message.intended_at_ns);
    let number = texts.number(&message.text, by_time);
    let scheduled = number.and_then(|number| board.record(number)?.scheduled());
    match (number, scheduled) {
        (Some(number), Some(scheduled)) if scheduled.feed == feed => Ok(Found {
            number,
            scheduled,
            text_changed: texts.hash(&message.text) != scheduled.text_hash,
        }),
        _ if is_short(&message.text) && by_time().is_none() => Err(Unknown::Time),
        _ => Err(Unknown::Text),
    }
}
