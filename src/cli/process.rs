//! What the commands share as processes: their CPUs, their end, and their parent.

use std::io::BufRead;

use tokio::signal::unix::{SignalKind, signal};

use crate::error::UsageError;
use crate::system::cpus::Cpus;

/// Confines this process to the CPUs that it was given. It must have one thread only.
pub(super) fn confine(cpus: Option<&Cpus>) -> Result<(), UsageError> {
    cpus.map_or(Ok(()), Cpus::confine)
        .map_err(|error| UsageError(format!("cpus: {error}")))
}

/// Waits for a signal that ends this process, and returns its name.
pub(super) async fn interrupted() -> &'static str {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "Ctrl-C",
        _ = terminate.recv() => "SIGTERM",
        _ = hangup.recv() => "SIGHUP",
    }
}

/// Passes on each line of standard input. Returns when the parent has ended, which closes it.
pub(super) fn wait_for_parent(mut read: impl FnMut(&str)) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        read(&line);
    }
}
