//! The client's end of a body that never ends.

use std::convert::Infallible;

use crate::client::connection::Connection;
use crate::client::error::ClientError;
use crate::client::http::{BodyFraming, ChunkedDecoder};

/// Gives the data of a body to `take` until the body or the connection ends.
pub fn read_body(
    connection: &mut Connection,
    framing: BodyFraming,
    mut take: impl FnMut(&[u8]) -> Result<(), ClientError>,
) -> impl Future<Output = Result<Infallible, ClientError>> {
    let mut chunked = (framing == BodyFraming::Chunked).then(ChunkedDecoder::default);
    connection.read(move |bytes| match &mut chunked {
        None => {
            take(bytes)?;
            Ok((bytes.len(), None))
        }
        Some(chunked) => {
            let used = chunked.decode(bytes, &mut take)?;
            match chunked.ended() {
                true => Err(ClientError::Closed),
                false => Ok((used, None)),
            }
        }
    })
}

/// Bytes on the wire of `data_bytes` that a server writes at once: with chunked coding, one chunk
/// (RFC 9112, section 7.1).
pub fn chunk_bytes(data_bytes: usize, framing: BodyFraming) -> usize {
    match framing {
        BodyFraming::Chunked => format!("{data_bytes:X}\r\n\r\n").len() + data_bytes,
        _ => data_bytes,
    }
}
