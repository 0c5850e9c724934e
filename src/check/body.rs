//! The body of a response while it comes (RFC 9112, section 6).

use tokio::time::Instant;

use crate::check::bench::Asked;
use crate::check::head::RawHead;
use crate::check::link::{Arrival, Link};
use crate::client::http::ChunkedDecoder;

/// What came of a body.
#[derive(Debug)]
pub enum Piece {
    Bytes(Vec<u8>),
    /// The body is whole. It was cut off if its framing says that more belongs to it.
    End {
        cut_off: bool,
    },
    /// The chunks are malformed.
    BadChunk,
    /// Nothing came in time.
    Late,
}

/// A response whose body is being read.
pub struct Body {
    pub head: RawHead,
    link: Link,
    /// Bytes that came and were not read.
    rest: Vec<u8>,
    framing: Framing,
}

enum Framing {
    Chunked(ChunkedDecoder),
    Length(usize),
    UntilEnd,
}

impl Body {
    pub fn of(asked: Asked) -> Self {
        let head = asked.head;
        let framing = match (head.is_chunked(), head.content_length()) {
            (true, _) => Framing::Chunked(ChunkedDecoder::default()),
            (false, Some(length)) => Framing::Length(length),
            (false, None) if matches!(head.status, 204 | 304) => Framing::Length(0),
            (false, None) => Framing::UntilEnd,
        };
        Body {
            head,
            link: asked.link,
            rest: asked.rest,
            framing,
        }
    }

    pub async fn next(&mut self, until: Instant) -> Piece {
        loop {
            if self.is_whole() {
                return Piece::End { cut_off: false };
            }
            if !self.rest.is_empty() {
                match self.decode() {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => return Piece::Bytes(bytes),
                    Err(()) => return Piece::BadChunk,
                }
                continue;
            }
            match self.link.receive(until).await {
                Arrival::Bytes(bytes) => self.rest = bytes,
                Arrival::Late => return Piece::Late,
                Arrival::Ended | Arrival::Reset => {
                    let cut_off = !matches!(self.framing, Framing::UntilEnd);
                    return Piece::End { cut_off };
                }
            }
        }
    }

    fn is_whole(&self) -> bool {
        match &self.framing {
            Framing::Chunked(decoder) => decoder.ended(),
            Framing::Length(left) => *left == 0,
            Framing::UntilEnd => false,
        }
    }

    /// The part of the body in the bytes that came.
    fn decode(&mut self) -> Result<Vec<u8>, ()> {
        let rest = std::mem::take(&mut self.rest);
        match &mut self.framing {
            Framing::UntilEnd => Ok(rest),
            Framing::Length(left) => {
                let taken = rest.len().min(*left);
                *left -= taken;
                self.rest = rest[taken..].to_vec();
                Ok(rest[..taken].to_vec())
            }
            Framing::Chunked(decoder) => {
                let mut body = Vec::new();
                let used = decoder.decode(&rest, |data| {
                    body.extend_from_slice(data);
                    Ok(())
                });
                self.rest = rest[used.map_err(drop)?..].to_vec();
                Ok(body)
            }
        }
    }

    /// Bytes behind the body, at most until `until`.
    pub async fn behind(&mut self, until: Instant) -> Arrival {
        match std::mem::take(&mut self.rest) {
            rest if !rest.is_empty() => Arrival::Bytes(rest),
            _ => self.link.receive(until).await,
        }
    }

    /// The connection, for another request.
    pub fn into_link(self) -> Link {
        self.link
    }
}
