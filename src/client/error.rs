//! Why a client ends a connection, and what its parsers return.

use std::io;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("the server closed the WebSocket: {0}")]
    ClosedFor(String),
    #[error("the server answered {status}: {advice}")]
    Refused { status: u16, advice: String },
    #[error("wrong answer: it redirects to {location} (status {status})")]
    Redirected { status: u16, location: String },
    /// What arrived violates its protocol, or is not what was asked for.
    #[error("wrong answer: {0}")]
    WrongAnswer(String),
}

impl ClientError {
    /// Whether the connection was lost, and no wrong data arrived.
    pub fn is_loss(&self) -> bool {
        matches!(self, ClientError::Io(_) | ClientError::Closed)
    }

    /// Whether the server would give a wrong answer to the same request again. A request that was
    /// refused for a while (RFC 9110, section 15; RFC 6585, section 4) may succeed later.
    pub fn is_final(&self) -> bool {
        match self {
            ClientError::Refused { status, .. } => !matches!(status, 408 | 425 | 429 | 500..),
            ClientError::Redirected { .. } | ClientError::WrongAnswer(_) => true,
            _ => false,
        }
    }

    pub fn wrong(what: impl ToString) -> Self {
        ClientError::WrongAnswer(what.to_string())
    }
}

/// A parser's number of used bytes, and its result if it has one.
pub type Parsed<T> = Result<(usize, Option<T>), ClientError>;
