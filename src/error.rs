//! The error that means exit code 2.

/// The arguments or the scenario are wrong, and this says what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
