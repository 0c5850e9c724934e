//! The processes of a test: each is gone when its test is, also when that panics or is killed.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, set_parent_process_death_signal};

/// How long anything may take that should happen at once: a busy machine is not a bug.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A program that no proxy leads astray, and that ends with the thread that starts it: no test has
/// to be alive to clean up.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("no_proxy", "*").env("NO_PROXY", "*");
    // SAFETY: between fork and exec this makes one system call, and allocates nothing.
    unsafe { command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?)) };
    command
}

/// A running program and the lines that it prints.
pub struct Process {
    name: String,
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{name} does not start ({error}): run scripts/test, which installs it")
            });
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        // Ends when the program does, or with the first line that nobody wants any more.
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Process { name, child, lines }
    }

    /// The next line, without its end; none when there are no more.
    pub fn next_line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{} printed nothing for {PATIENCE:?}", self.name)
            }
        }
    }

    /// The next line, of a program that must go on.
    pub fn line(&self) -> String {
        self.next_line()
            .unwrap_or_else(|| panic!("{} printed no further line", self.name))
    }

    /// Whether it has ended, and all that it printed was read.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_some()
    }

    /// All lines until it ends, which it must do with success.
    pub fn finish(mut self) -> Vec<String> {
        let lines: Vec<String> = std::iter::from_fn(|| self.next_line()).collect();
        let status = self.child.wait().expect("it is our child");
        assert!(status.success(), "{}: {status}\n{lines:#?}", self.name);
        lines
    }

    /// Ends it now; returns when it is gone.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// `wslab serve` on a free port.
pub struct Server {
    _process: Process,
    /// ADDR:PORT
    pub address: String,
}

impl Server {
    pub fn start() -> Self {
        Server::start_with(&[])
    }

    pub fn start_with(flags: &[&str]) -> Self {
        let mut serve = command(env!("CARGO_BIN_EXE_wslab"));
        serve.args(["serve", "--bind", "127.0.0.1:0"]).args(flags);
        let process = Process::start(serve);
        let line = process.line();
        let address = line
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("wslab serve said {line:?}"))
            .to_owned();
        Server {
            _process: process,
            address,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
