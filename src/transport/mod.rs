//! The transports: each is a file or a folder with both ends, a model and a [`Descriptor`].
//!
//! A new transport is its own file, its `mod` line here and one line in [`table`].
//!
//! - [`table`]: the list of the transports
//! - [`descriptor`]: what a transport states about itself
//! - [`ask`]: a request, as the server's end of a transport sees it
//! - [`reply`]: what the server's end answers; [`stream`] and [`answer`] are its parts
//! - [`body`]: the client's end of a body that never ends
//! - [`theory`]: the conditions of a prediction
//! - [`polling`]: what short and long polling share

pub mod answer;
pub mod ask;
pub mod body;
pub mod descriptor;
pub mod long_polling;
pub mod ndjson;
pub mod polling;
pub mod raw_tcp;
pub mod reply;
pub mod short_polling;
pub mod sse;
pub mod stream;
pub mod table;
pub mod theory;
pub mod websocket;

pub use descriptor::Descriptor;
pub use table::Transport;
