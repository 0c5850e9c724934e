//! Reading a stream for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::check::bench::Bench;
use crate::check::body::{Body, Piece};
use crate::check::head::RawHead;
use crate::check::link::Manner;
use crate::check::transcript::{SeenStream, Transcript};
use crate::texts::Seen;
use crate::transport::Transport;

/// The fields that EventSource sends.
pub const ACCEPT: &str = "Accept: text/event-stream\r\nCache-Control: no-cache\r\n";

/// A stream that is being read.
pub struct Watch {
    pub body: Body,
    pub transcript: Transcript,
}

impl Watch {
    /// Opens the stream with these header lines, beside those of EventSource.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn open(bench: &Arc<Bench>, fields: &str) -> Result<Self, Seen> {
        Watch::open_as(bench, fields, Manner::default()).await
    }

    pub async fn open_as(bench: &Arc<Bench>, fields: &str, manner: Manner) -> Result<Self, Seen> {
        let accept = match bench.kind {
            Transport::Sse => ACCEPT,
            _ => "",
        };
        let request = bench.get(&format!("{accept}{fields}"));
        let asked = bench.ask(request.as_bytes(), manner).await?;
        Ok(Watch {
            body: Body::of(asked),
            transcript: Transcript::begun(),
        })
    }

    pub fn head(&self) -> &RawHead {
        &self.body.head
    }

    /// Reads until it is enough, or the stream ends, but no longer than `until`.
    pub async fn read(&mut self, until: Instant, is_enough: impl Fn(&Transcript) -> bool) {
        while !is_enough(&self.transcript) {
            match self.body.next(until).await {
                Piece::Bytes(bytes) => self.transcript.take(&bytes),
                Piece::Late => return,
                piece @ (Piece::End { .. } | Piece::BadChunk) => {
                    self.transcript.bad_chunk = matches!(piece, Piece::BadChunk);
                    let time: Duration = self.transcript.started.elapsed();
                    self.transcript.ended_after = Some(time);
                    return;
                }
            }
        }
    }
}

/// The events of a transcript, by the kind of the stream.
pub fn events(bench: &Bench, transcript: &Transcript) -> SeenStream {
    match bench.kind {
        Transport::Ndjson => transcript.ndjson(),
        _ => transcript.event_stream(),
    }
}
