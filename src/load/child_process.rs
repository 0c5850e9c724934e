//! A child process: this program with other arguments.
//!
//! It ends when its standard input does, which the kernel closes even when the parent is killed. It
//! has a process group of its own, so that Ctrl-C reaches only the run, which then ends it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::client::token;
use crate::system::cpus::Cpus;
use crate::system::namespace::Namespace;

/// The file that runs now, even if another has taken its place since: all trials of a run are of
/// one program.
pub const THIS_PROGRAM: &str = "/proc/self/exe";

/// The longest wait for the kernel to end a killed process and its sockets.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// A child process. It has ended once this is dropped.
#[derive(Debug)]
pub struct ChildProcess {
    pub child: Child,
    /// The process ends when this is closed.
    pub input: ChildStdin,
    pub lines: Lines<BufReader<ChildStdout>>,
}

impl ChildProcess {
    /// Starts this program. With `cpus` it runs on these only, otherwise on those of its parent.
    pub fn start(arguments: &[&str], cpus: Option<&Cpus>) -> anyhow::Result<Self> {
        ChildProcess::start_in(None, THIS_PROGRAM.as_ref(), arguments, cpus)
    }

    /// Starts this or another program that understands the same arguments, in a network namespace
    /// if one is given.
    pub fn start_in(
        namespace: Option<Namespace>,
        program: &Path,
        arguments: &[&str],
        cpus: Option<&Cpus>,
    ) -> anyhow::Result<Self> {
        let cpus = cpus.map(|cpus| format!("--cpus={cpus}"));
        let mut command = Command::new(program);
        if let Some(namespace) = namespace {
            // SAFETY: between fork and exec this makes system calls, and allocates nothing.
            unsafe { command.pre_exec(move || namespace.enter()) };
        }
        let mut child = command
            .args(arguments)
            .args(cpus)
            // A child gets its token by its job, if it needs one.
            .env_remove(token::VARIABLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {} {}", program.display(), arguments[0]))?;
        let input = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let lines = BufReader::new(output).lines();
        Ok(ChildProcess {
            child,
            input,
            lines,
        })
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Kills a process and waits for its end.
pub fn end(child: &mut Child) {
    let _ = child.start_kill();
    let started = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && started.elapsed() < END_PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
}
