//! Feeds: named, ordered streams of messages.
//!
//! A publisher appends to a [`Feed`]; its sequencer numbers the message and puts it into the ring
//! of recent messages. Every transport reads the ring after a cursor.

mod address_limiter;
mod batch;
mod cursor;
mod feed_name;
mod feeds;
mod members;
mod memory;
mod message;
mod one_feed;
mod reader;
mod ring;
mod saved;
mod sequencer;
mod visible;

pub use address_limiter::{AddressLimiter, AddressLimits, AddressPermit, LimitReached, network};
pub use batch::{Batch, Framing, MAX_BATCH_BYTES, StoredMessage};
pub use cursor::{Cursor, Epoch};
pub use feed_name::{FeedError, MAX_FEED_NAME_CHARS, check_feed_name};
pub use feeds::{Feeds, MAX_FEEDS};
pub use members::Members;
pub use memory::{MAX_MEMORY_BYTES, Memory, Owed, for_messages};
pub use message::{InvalidMessage, MAX_NAME_CHARS, Message, NewMessage, check_name, check_text};
pub use one_feed::Feed;
pub use reader::Reader;
pub use ring::Retention;
pub use saved::{SavedError, restore, save};
pub use sequencer::AppendError;
