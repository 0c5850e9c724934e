//! The sequencer gives each message its `seq` and puts it into the ring.

use crate::feed::message::Message;
use crate::feed::ring::Ring;

/// Why a message was not appended.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error("the feed accepts no messages at the moment: try again soon")]
    Unavailable,
}

/// The source of a feed's numbers.
#[derive(Debug, Default)]
pub enum Sequencer {
    /// This process numbers the messages. An append is ready at its first poll and never fails.
    #[default]
    Local,
}

impl Sequencer {
    /// Appends a message and returns its `seq`. `message.seq` is ignored.
    pub async fn append(&self, ring: &Ring, message: Message<'_>) -> Result<u64, AppendError> {
        match self {
            Sequencer::Local => Ok(number(ring, message)),
        }
    }

    /// Appends a message without waiting for its `seq`. Announcements appear in the feed in the
    /// order of these calls.
    pub fn announce(&self, ring: &Ring, message: Message<'_>) -> Result<(), AppendError> {
        match self {
            Sequencer::Local => number(ring, message),
        };
        Ok(())
    }
}

fn number(ring: &Ring, message: Message<'_>) -> u64 {
    ring.push(|last| Message {
        seq: last + 1,
        ..message
    })
}
