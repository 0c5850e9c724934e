//! The bytes of one TCP connection, explained: which field each byte belongs to, and what for.
//! No I/O: [`annotate()`] takes a [`Recording`] and gives [`Span`]s, of which every byte is in one.
//!
//! - [`recording`]: the bytes both ways, with times and the borders of reads and writes
//! - [`span`]: what is said of a range of bytes
//! - [`annotate`](mod@annotate): requests and their responses in turn, over [`source`]
//! - [`head`], [`fields`]: heads of HTTP/1.1, and what is said of their fields
//! - [`body`]: bodies by length, in chunks and to the end; [`content`]: what is in them:
//!   [`events`], [`json`]
//! - [`frames`], [`close`]: WebSocket
//! - [`command`]: shell commands that derive a value again
//! - [`document`]: spans as JSON · [`pcap`]: the recording as packets

pub mod annotate;
pub mod body;
pub mod close;
pub mod command;
pub mod content;
pub mod document;
pub mod events;
pub mod fields;
pub mod frames;
pub mod head;
pub mod json;
pub mod pcap;
pub mod recording;
pub mod source;
pub mod span;

pub use annotate::{Annotated, annotate, annotate_within};
pub use recording::{Direction, Ends, Recording};
pub use span::{Field, Layer, Part, Section, Span};
