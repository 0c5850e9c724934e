//! Feeds: named, ordered streams of messages.
//!
//! A publisher appends to a [`Feed`]; its sequencer numbers the message and puts it into the ring
//! of recent messages. Every transport reads the ring after a cursor.

mod batch;
mod cursor;
mod feeds;
mod members;
mod message;
mod ring;
mod sequencer;

pub use batch::{Batch, Framing, MAX_BATCH_BYTES, StoredMessage};
pub use cursor::{Cursor, Epoch};
pub use feeds::{Feed, FeedError, Feeds, MAX_FEED_NAME_CHARS, check_feed_name};
pub use members::Members;
pub use message::{InvalidMessage, MAX_NAME_CHARS, Message, NewMessage, check_name, check_text};
pub use ring::{Reader, Retention};
pub use sequencer::AppendError;
