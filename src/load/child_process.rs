//! A child process: this same binary with other arguments.
//!
//! It ends with its parent whatever happens to that: it reads its standard input and ends when that
//! does, which the kernel sees to even when the parent is killed. It is in a process group of its
//! own, so that a Ctrl-C meant for the run reaches the run alone, which then ends it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::client::token;
use crate::system::cpus::Cpus;

/// The very file that runs now, even if another has taken its place meanwhile: all trials of a run
/// are of one program.
pub const THIS_PROGRAM: &str = "/proc/self/exe";

/// How long the kernel may take to end a process that was killed, with all its sockets.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// A child process: when this is dropped, it has ended.
#[derive(Debug)]
pub struct ChildProcess {
    pub child: Child,
    /// Held open: the process ends when it is closed.
    pub input: ChildStdin,
    pub lines: Lines<BufReader<ChildStdout>>,
}

impl ChildProcess {
    /// Starts one of this program. With `cpus` the child confines itself to these, before it has a
    /// second thread; otherwise it runs where its parent may.
    pub fn start(arguments: &[&str], cpus: Option<&Cpus>) -> anyhow::Result<Self> {
        ChildProcess::start_of(THIS_PROGRAM.as_ref(), arguments, cpus)
    }

    /// Starts one of another program, which understands the same arguments.
    pub fn start_of(
        program: &Path,
        arguments: &[&str],
        cpus: Option<&Cpus>,
    ) -> anyhow::Result<Self> {
        let cpus = cpus.map(|cpus| format!("--cpus={cpus}"));
        let mut child = Command::new(program)
            .args(arguments)
            .args(cpus)
            // Whoever serves or loads for this process is told what it needs.
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

    /// Writes a line of JSON to its standard input.
    pub async fn tell(&mut self, what: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(what)?;
        line.push(b'\n');
        Ok(self.input.write_all(&line).await?)
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < END_PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
