//! The client's HTTP/1.1: request heads, responses, and bodies that never end.

mod chunked;
mod request;
mod response;

pub use chunked::ChunkedDecoder;
pub use request::{Headers, encode, host};
pub use response::{
    BodyFraming, EVENT_STREAM, JSON, NDJSON, OPEN_METRICS, Response, ResponseHead, Wanted,
};
