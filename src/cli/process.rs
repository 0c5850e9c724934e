//! What the commands share as processes: their CPUs, their end, and their parent.

use std::io::{self, BufRead};

use anyhow::Context;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Interrupted, UsageError};
use crate::system::cpus::Cpus;
use crate::system::process::{is_ignored, restore_default};

/// Confines this process to the CPUs that it was given. It must have one thread only.
pub(super) fn confine(cpus: Option<&Cpus>) -> Result<(), UsageError> {
    cpus.map_or(Ok(()), Cpus::confine)
        .map_err(|error| UsageError(format!("cpus: {error}")))
}

/// A runtime of this thread alone.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Waits for a signal that ends this process: also for one that comes before the future is polled.
/// One that is ignored at the start, as nohup(1) and the shell's background jobs have it, stays
/// ignored. Must be called within a runtime.
pub(super) fn interrupted() -> impl Future<Output = Interrupted> {
    let receive = |kind: SignalKind, name| {
        let number = kind.as_raw_value();
        let stream = (!is_ignored(number)).then(|| signal(kind).ok()).flatten();
        async move {
            match stream {
                Some(mut stream) => stream.recv().await,
                None => std::future::pending().await,
            };
            Interrupted {
                name,
                number: number as u8,
            }
        }
    };
    let interrupt = receive(SignalKind::interrupt(), "Ctrl-C");
    let terminate = receive(SignalKind::terminate(), "SIGTERM");
    let hangup = receive(SignalKind::hangup(), "SIGHUP");
    async {
        tokio::select! {
            it = interrupt => it,
            it = terminate => it,
            it = hangup => it,
        }
    }
}

/// From now on the signals that [`interrupted`] has waited for end this process at once.
pub(super) fn end_when_interrupted() {
    let signals = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let numbers = signals.map(|kind| kind.as_raw_value()).into_iter();
    numbers
        .filter(|&number| !is_ignored(number))
        .for_each(restore_default);
}

/// The job that `wslab COMMAND` gets from the run that started it: the first line of standard input.
pub(super) fn job<J: DeserializeOwned>(command: &str) -> anyhow::Result<J> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let job = serde_json::from_str(&line);
    job.with_context(|| format!("wslab {command} is for wslab run, which gives it its job"))
}

/// Returns when standard input ends: the parent has ended.
pub(super) fn wait_for_parent() {
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
}
