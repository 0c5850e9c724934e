//! The messages of all feeds, as a file keeps them for the next process.
//!
//! The file has a JSON text on each line. The last line tells whether all are there.
//!
//! ```text
//! {"wslab_history":1,"epoch":"k3x9"}
//! {"feed":"lobby","epoch":"k3x9","last":42,"dropped_text":12}
//! {"seq":13,"from":"alice","text":"oi","intended_at_ns":1,"published_at_ns":2}
//! …
//! {"feeds":1,"messages":30}
//! ```
//!
//! Members are not saved. Neither direction holds more than a batch beside the feeds.

use std::borrow::Cow;
use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::feed::cursor::{Epoch, Position};
use crate::feed::feeds::Feeds;
use crate::feed::message::Message;
use crate::feed::one_feed::Feed;

const VERSION: u32 = 1;

/// Longest first line: files of other programs are not read further.
const MAX_HEAD_BYTES: u64 = 128;

/// Longest line: a message of 16 MiB, of which each byte is escaped.
const MAX_LINE_BYTES: u64 = 128 << 20;

#[derive(Serialize, Deserialize)]
struct Head {
    wslab_history: u32,
    /// Of feeds that are made later.
    epoch: Epoch,
}

#[derive(Serialize, Deserialize)]
struct FeedHead<'a> {
    #[serde(borrow)]
    feed: Cow<'a, str>,
    #[serde(flatten)]
    position: Position,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct End {
    feeds: u64,
    messages: u64,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is no history of a wslab server")]
    Foreign,
    #[error("its version is {0}, and this wslab reads version {VERSION}")]
    Version(u32),
    #[error("line {line} is damaged: {why}")]
    Damaged { line: u64, why: String },
}

/// Writes the messages of all feeds.
pub fn save(feeds: &Feeds, out: &mut impl Write) -> io::Result<()> {
    let (epoch, feeds) = feeds.all();
    let mut end = End::default();
    write_line(
        out,
        &Head {
            wslab_history: VERSION,
            epoch,
        },
    )?;
    for (name, feed) in feeds {
        let position = feed.position();
        let feed_head = FeedHead {
            feed: name.into(),
            position,
        };
        write_line(out, &feed_head)?;
        end.feeds += 1;
        let mut cursor = 0;
        while cursor < position.last {
            let batch = feed.read_after(cursor);
            let messages = batch.messages.iter();
            for message in messages.filter(|message| message.seq <= position.last) {
                out.write_all(&message.json)?;
                out.write_all(b"\n")?;
                end.messages += 1;
            }
            cursor = batch.last;
        }
    }
    write_line(out, &end)
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Puts the saved messages back. Returns the number of feeds for which there was no place.
///
/// # Errors
/// The file is not what [`save`] wrote. Some of its feeds may be back.
pub fn restore(feeds: &Feeds, from: impl BufRead) -> Result<usize, SavedError> {
    let mut lines = Lines {
        from,
        text: Vec::new(),
        number: 0,
    };
    let head = lines.next(MAX_HEAD_BYTES)?.unwrap_or_default();
    let head: Head = serde_json::from_slice(head).map_err(|_| SavedError::Foreign)?;
    if head.wslab_history != VERSION {
        return Err(SavedError::Version(head.wslab_history));
    }
    feeds.set_epoch(head.epoch);
    let (mut end, mut left_out) = (End::default(), 0);
    // The present feed if there is a place for it, and the numbers that its next message may have.
    let (mut feed, mut numbers): (Option<Arc<Feed>>, _) = (None, 0..=0);
    loop {
        let number = lines.number + 1;
        let damaged = |why: String| SavedError::Damaged { line: number, why };
        let json = |error: serde_json::Error| damaged(error.to_string());
        let line = lines.next(MAX_LINE_BYTES)?;
        let line = line.ok_or_else(|| damaged("the file ends in it".to_owned()))?;
        if line.starts_with(br#"{"seq":"#) {
            let message = Message::from_json(line).map_err(json)?;
            if !numbers.contains(&message.seq) {
                return Err(damaged(format!("{} is out of order", message.seq)));
            }
            numbers = message.seq + 1..=*numbers.end();
            if let Some(feed) = &feed {
                feed.put_back(&message);
            }
            end.messages += 1;
        } else if line.starts_with(br#"{"feed":"#) {
            let FeedHead {
                feed: name,
                position,
            } = serde_json::from_slice(line).map_err(json)?;
            let restored = feeds.restore(&name, position);
            feed = restored.map_err(|error| damaged(error.to_string()))?;
            numbers = 1..=position.last;
            left_out += usize::from(feed.is_none());
            end.feeds += 1;
        } else {
            let told: End = serde_json::from_slice(line).map_err(json)?;
            return match told == end {
                true => Ok(left_out),
                false => Err(damaged(format!("{told:?} are told, {end:?} are there"))),
            };
        }
    }
}

struct Lines<R> {
    from: R,
    text: Vec<u8>,
    /// Of the last line.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its end; `None` if it has no end, or is longer.
    fn next(&mut self, max_bytes: u64) -> io::Result<Option<&[u8]>> {
        self.text.clear();
        self.number += 1;
        let mut within = (&mut self.from).take(max_bytes);
        within.read_until(b'\n', &mut self.text)?;
        Ok(self.text.strip_suffix(b"\n"))
    }
}
