//! The fast HTTP/1.1 engine: it answers plain requests of readers straight on their connection.

pub mod conn;
pub mod request;
