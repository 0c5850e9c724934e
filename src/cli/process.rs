//! What the commands share as processes: their CPUs, their end, and their parent.

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

/// Returns when standard input ends: the parent has ended.
pub(super) fn wait_for_parent() {
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
}
