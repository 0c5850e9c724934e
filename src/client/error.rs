//! Why a client ends a connection, and what its parsers return.

use std::io;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("the server closed the WebSocket: {0}")]
    ClosedFor(String),
    #[error("the server answered {0}")]
    Status(u16),
    #[error("not understood: {0}")]
    Protocol(String),
}

impl ClientError {
    /// Whether the connection was lost, and no wrong data arrived.
    pub fn is_loss(&self) -> bool {
        matches!(self, ClientError::Io(_) | ClientError::Closed)
    }

    /// An answer that violates its protocol, or that this client does not know.
    pub fn protocol(what: impl ToString) -> Self {
        ClientError::Protocol(what.to_string())
    }
}

/// A parser's number of used bytes, and its result if it has one.
pub type Parsed<T> = Result<(usize, Option<T>), ClientError>;
